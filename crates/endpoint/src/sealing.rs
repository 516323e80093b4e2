//! Sealing what is sent and opening what comes, with frames that came before their key held for a moment.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};
use trialogue_charter::DeviceId;
use trialogue_console_core::{OpenKey, SealKey};
use trialogue_e2ee::sealing::{BaseKey, KeyId, OpenError, Opener, Sealer, vp8_clear};

/// Longest a frame waits for its key.
const HOLD: Duration = Duration::from_millis(500);
/// Most frames that wait: about a second of voice and picture of a dozen senders.
const HOLD_MAX: usize = 1_024;

/// A frame as it came.
pub struct Sealed {
    pub device: DeviceId,
    pub voice: bool,
    pub time: u64,
    pub bytes: std::sync::Arc<[u8]>,
    pub since: Instant,
}

/// A frame that was opened, or could not be.
pub struct Opened {
    pub device: DeviceId,
    pub voice: bool,
    pub time: u64,
    /// None: lost for good.
    pub frame: Option<Vec<u8>>,
    /// Key id and number of the frame under it, as the sender counted.
    pub number: Option<(KeyId, u64)>,
}

/// Both directions.
#[derive(Default)]
pub struct Sealing {
    sealer: Option<Sealer>,
    opener: Opener,
    owners: BTreeMap<KeyId, DeviceId>,
    held: VecDeque<Sealed>,
    out: Vec<u8>,
}

impl Sealing {
    /// Seals with this key from now on, or not at all.
    pub fn seal_with(&mut self, key: Option<SealKey>) {
        self.sealer = key.and_then(|key| Sealer::new(KeyId::from_u64(key.key_id)?, &BaseKey::new(*key.base_key)).ok());
    }

    /// The sealed frame; none: nothing may be sent.
    pub fn seal(&mut self, voice: bool, frame: &[u8]) -> Option<&[u8]> {
        let clear = if voice { 0 } else { vp8_clear(frame) };
        self.sealer.as_mut()?.seal(clear, frame, &mut self.out).ok()?;
        Some(&self.out)
    }

    /// A key of another console.
    pub fn open_with(&mut self, key: OpenKey) {
        let Some(id) = KeyId::from_u64(key.key_id) else { return };
        if self.opener.insert(id, &BaseKey::new(*key.base_key)).is_ok() {
            self.owners.insert(id, key.device);
        }
    }

    /// Not used any more.
    pub fn forget(&mut self, key_id: u64) {
        if let Some(id) = KeyId::from_u64(key_id) {
            self.opener.remove(id);
            self.owners.remove(&id);
        }
    }

    /// A frame came; what can be opened now follows from [`Sealing::release`].
    pub fn push(&mut self, sealed: Sealed) {
        if self.held.len() >= HOLD_MAX {
            self.held.pop_front();
        }
        self.held.push_back(sealed);
    }

    /// Opens what can be opened, drops what waited too long; `missing` hears of key ids that are not here.
    pub fn release(&mut self, now: Instant, mut missing: impl FnMut(u64), mut each: impl FnMut(Opened)) {
        for _ in 0..self.held.len() {
            let Some(sealed) = self.held.pop_front() else { return };
            let clear = if sealed.voice { 0 } else { vp8_clear(&sealed.bytes) };
            let mut number = None;
            let frame = match self.opener.open(clear, &sealed.bytes, &mut self.out) {
                Ok(id) if self.owners.get(&id) == Some(&sealed.device) => {
                    number = Opener::number(clear, &sealed.bytes).map(|count| (id, count));
                    Some(self.out.clone())
                }
                Err(OpenError::UnknownKey(id)) => {
                    missing(id.to_u64());
                    if now.saturating_duration_since(sealed.since) < HOLD {
                        self.held.push_back(sealed);
                        continue;
                    }
                    None
                }
                _ => None,
            };
            each(Opened { device: sealed.device, voice: sealed.voice, time: sealed.time, frame, number });
        }
    }

    /// Frames wait for keys.
    pub fn waits(&self) -> bool {
        !self.held.is_empty()
    }
}

/// Seals and opens a frame under a key made for that, as those of a call are: does sealing work here at all?
pub fn probe() -> bool {
    let (mut key, mut frame, mut sealed, mut opened) = ([0; BaseKey::LEN], [0; 160], Vec::new(), Vec::new());
    if getrandom::fill(&mut key).is_err() || getrandom::fill(&mut frame).is_err() {
        return false;
    }
    let (Some(id), key) = (KeyId::from_u64(0), BaseKey::new(key)) else { return false };
    let Ok(mut sealer) = Sealer::new(id, &key) else { return false };
    let mut opener = Opener::default();
    opener.insert(id, &key).is_ok()
        && sealer.seal(0, &frame, &mut sealed).is_ok()
        && opener.open(0, &sealed, &mut opened).is_ok()
        && opened == frame
}
