//! Sealing what is sent and opening what comes, with frames that came before their key held for a moment.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};
use trialogue_charter::DeviceId;
use trialogue_console_core::{OpenKey, SealKey, Suspicion};
use trialogue_e2ee::sealing::{BaseKey, KeyId, Medium, Number, OpenError, Opener, Receiver, Sealer, Source, TagKey};

/// Longest a frame waits for its key.
const HOLD: Duration = Duration::from_millis(500);
/// Most frames that wait: about a second of voice and picture of a dozen senders.
const HOLD_MAX: usize = 1_024;
/// And of one sender: three times what voice and picture of one bring in [`HOLD`]. More lets one whose keys nobody has
/// told make all others' wait in a longer queue; less loses frames that came before their key.
const HOLD_EACH: usize = 128;

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
        let own = self.held.iter().filter(|held| held.device == sealed.device).count();
        let full = self.held.len() >= HOLD_MAX;
        // Where there is no room, whoever has the most loses its oldest.
        let loses = if own >= HOLD_EACH { Some(sealed.device) } else { full.then(|| self.most()).flatten() };
        let oldest = loses.and_then(|device| self.held.iter().position(|held| held.device == device));
        oldest.map(|at| self.held.remove(at));
        self.held.push_back(sealed);
    }

    /// The sender of most of what is held.
    fn most(&self) -> Option<DeviceId> {
        let mut counts: BTreeMap<DeviceId, usize> = BTreeMap::new();
        self.held.iter().for_each(|held| *counts.entry(held.device).or_default() += 1);
        counts.into_iter().max_by_key(|(_, count)| *count).map(|(device, _)| device)
    }

    /// Opens what can be opened, drops what waited too long; `suspect` hears of frames that are not their sender's, or
    /// late.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(device: u8, time: u64, since: Instant) -> Sealed {
        // Of a key that nobody has told.
        Sealed { device: DeviceId([device; 32]), voice: true, time, bytes: vec![7; 100].into(), since }
    }

    #[test]
    fn one_senders_unknown_keys_push_out_no_frame_of_another() {
        let (mut sealing, now) = (Sealing::default(), Instant::now());
        (0..50).for_each(|time| sealing.push(frame(1, time, now)));
        // Many at once of one sender, and then as many of a dozen.
        (0..5_000).for_each(|time| sealing.push(frame(2, time, now)));
        (0..10_000).for_each(|n| sealing.push(frame(3 + (n % 12) as u8, n / 12, now)));
        let of = |device: u8| sealing.held.iter().filter(move |sealed| sealed.device == DeviceId([device; 32]));
        assert_eq!(of(1).map(|sealed| sealed.time).collect::<Vec<_>>(), (0..50).collect::<Vec<_>>());
        assert!(sealing.held.len() <= HOLD_MAX);
        assert_eq!(of(3).next_back().map(|sealed| sealed.time), Some(833), "the newest of each is held");
    }
}
