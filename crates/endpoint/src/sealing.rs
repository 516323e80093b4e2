//! Sealing what is sent and opening what comes, with frames that came before their key held for a moment.

use std::collections::VecDeque;
use std::time::{Duration, Instant};
use trialogue_charter::DeviceId;
use trialogue_console_core::{OpenKey, SealKey, Suspicion};
use trialogue_e2ee::sealing::{BaseKey, KeyId, Medium, Number, OpenError, Opener, Receiver, Sealer, Source, TagKey};

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
    pub number: Option<(KeyId, Number)>,
}

/// Both directions.
pub struct Sealing {
    /// The zero of the clock by which frames are numbered and judged.
    start: Instant,
    sealer: Option<Sealer>,
    /// The sealer waits: nothing may be sent.
    paused: bool,
    opener: Opener,
    held: VecDeque<Sealed>,
    out: Vec<u8>,
}

impl Default for Sealing {
    fn default() -> Self {
        let (held, out) = (VecDeque::new(), Vec::new());
        Self { start: Instant::now(), sealer: None, paused: true, opener: Opener::new(), held, out }
    }
}

impl Sealing {
    fn ms(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.start).as_millis().try_into().unwrap_or(u64::MAX)
    }

    /// Seals with this key from now on, or not at all.
    pub fn seal_with(&mut self, key: Option<SealKey>) {
        self.paused = true;
        let Some((key, id)) = key.and_then(|key| KeyId::from_u64(key.key_id).map(|id| (key, id))) else { return };
        let receivers = key.receivers.iter();
        let receivers: Vec<Receiver> =
            receivers.map(|to| Receiver { party: to.party, key: TagKey::new(*to.tag_key) }).collect();
        let base = BaseKey::new(*key.base_key);
        let same = self.sealer.as_mut().filter(|sealer| sealer.key_id().generation() == id.generation());
        let done = match same {
            Some(sealer) => sealer.rekey(id, &base, receivers),
            None => Sealer::new(id, &base, self.ms(Instant::now()), receivers).map(|sealer| self.sealer = Some(sealer)),
        };
        if let Some(sealer) = &mut self.sealer {
            sealer.fill_pictures(key.picture_step);
        }
        self.paused = done.is_err();
    }

    /// The sealed frame; none: nothing may be sent.
    pub fn seal(&mut self, voice: bool, frame: &[u8]) -> Option<&[u8]> {
        let now_ms = self.ms(Instant::now());
        let sealer = self.sealer.as_mut().filter(|_| !self.paused)?;
        sealer.seal(medium(voice), now_ms, frame, &mut self.out).ok()?;
        Some(&self.out)
    }

    /// A key of another console.
    pub fn open_with(&mut self, key: OpenKey) {
        let Some(id) = KeyId::from_u64(key.key_id) else { return };
        let OpenKey { device, party, turn, fellows, floor, .. } = key;
        let source = Source { device, party, turn, fellows, tag: TagKey::new(*key.tag_key), floor };
        let _ = self.opener.insert(id, &BaseKey::new(*key.base_key), &source);
    }

    /// Not used any more; `over`: nor ever again.
    pub fn forget(&mut self, key_id: u64, over: bool) {
        match KeyId::from_u64(key_id) {
            Some(id) if over => self.opener.remove(id),
            Some(id) => self.opener.close(id),
            None => {}
        }
    }

    /// A frame came; what can be opened now follows from [`Sealing::release`].
    pub fn push(&mut self, sealed: Sealed) {
        if self.held.len() >= HOLD_MAX {
            self.held.pop_front();
        }
        self.held.push_back(sealed);
    }

    /// Opens what can be opened, drops what waited too long; `suspect` hears of frames that are not their sender's, or late.
    pub fn release(
        &mut self,
        now: Instant,
        mut suspect: impl FnMut(DeviceId, Suspicion),
        mut each: impl FnMut(Opened),
    ) {
        for _ in 0..self.held.len() {
            let Some(sealed) = self.held.pop_front() else { return };
            let (medium, since_ms) = (medium(sealed.voice), self.ms(sealed.since));
            let mut number = None;
            let frame = match self.opener.open(medium, &sealed.device, since_ms, &sealed.bytes, &mut self.out) {
                Ok(frame) => {
                    number = Some((frame.id, frame.number));
                    if frame.longer {
                        suspect(sealed.device, Suspicion::Late);
                    }
                    Some(self.out.clone())
                }
                Err(OpenError::UnknownKey(_)) => {
                    if now.saturating_duration_since(sealed.since) < HOLD {
                        self.held.push_back(sealed);
                        continue;
                    }
                    None
                }
                Err(OpenError::Forged) => {
                    suspect(sealed.device, Suspicion::Forged);
                    None
                }
                Err(_) => None,
            };
            each(Opened { device: sealed.device, voice: sealed.voice, time: sealed.time, frame, number });
        }
    }

    /// Frames wait for keys.
    pub fn waits(&self) -> bool {
        !self.held.is_empty()
    }
}

fn medium(voice: bool) -> Medium {
    if voice { Medium::Voice } else { Medium::Picture }
}

/// Seals and opens a frame under a key made for that, as those of a call are: does sealing work here at all?
pub fn probe() -> bool {
    let mut random = [0; 192];
    getrandom::fill(&mut random).is_ok() && trialogue_e2ee::sealing::probe(&random)
}
