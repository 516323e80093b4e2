//! The listening side.

use super::fill::unfill;
use super::number::Number;
use super::order::{Opened, Pace, Untimely};
use super::tag::{FrameHash, Medium, TagKey, Tagger};
use super::{BaseKey, FILL_MAX, FRAME_MAX, KeyId, OVERHEAD_MAX, SUITE, TAGGED_MAX};
use sframe::frame::EncryptedFrameView;
use sframe::header::SframeHeader;
use sframe::key::DecryptionKey;
use std::collections::BTreeMap;
use trialogue_charter::DeviceId;
use trialogue_wire::tags;

/// Most keys held: 32 senders heard with [`KEYS_EACH`], and room. Raising it costs about 1 kB each.
pub const KEYS_MAX: usize = 512;
/// Most keys of one sender held: two epochs, two generations, two groups, and room. Of one whose keys change faster, by
/// its own doing or by others who come and go in its group, the oldest is closed: the newest is what it speaks under.
/// It takes nothing from others.
pub const KEYS_EACH: usize = 12;
/// Most keys of which it is remembered what they have opened, held or not. They go when their epoch is over for good;
/// raising it costs about 30 kB each where a source was heard for long.
pub const HISTORIES_MAX: usize = 2_048;
/// The same of one sender. Beyond, its oldest one goes that has no key any more: a generation so far back is never
/// heard again.
pub const HISTORIES_EACH: usize = 32;

/// Why a frame was not opened. Nothing of it may be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Its key is not here, or not yet.
    #[error("no key for the frame: hold it for a moment")]
    UnknownKey(KeyId),
    /// Seen before, or too old to tell.
    #[error("the frame was seen before or is too old")]
    Replayed,
    /// It comes much later than what its sender sent before.
    #[error("the frame was held back on its way")]
    Late,
    /// Neither its sender nor anybody else with the key of the group could have made it for this device: no tag of its
    /// sender, or the seal does not verify.
    #[error("the frame is not by its sender")]
    Forged,
    /// No sealed frame at all.
    #[error("the bytes are no sealed frame")]
    Malformed,
    /// A frame of another sender than the one at whose place it came.
    #[error("the frame is of another sender than its place")]
    OtherSender,
}

/// Too many keys at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {KEYS_MAX} keys at once: drop the old ones first")]
pub struct TooManyKeys;

/// A key under which another console seals, with all that is known of it.
pub struct Source {
    /// Who seals under it.
    pub device: DeviceId,
    /// Counts the generations of its keys that this console has learnt of: one that is lower than another that was
    /// heard already is over.
    pub turn: u32,
    /// The number of this console's own party: the lowest index of a node of it in the charter.
    pub party: u8,
    /// Devices of that party for which it can seal under this key: a frame has no more tags for them. With more, one
    /// packet would be as many tries to hit this device's tag.
    pub fellows: u8,
    /// Key of the tags that it makes for this device.
    pub tag: TagKey,
    /// Numbers below this are not opened: a worker before this one may have opened them.
    pub floor: u64,
}

struct Held {
    key: DecryptionKey,
    device: DeviceId,
    turn: u32,
    fellows: u8,
    tag: Tagger,
    /// Not used from this time on, in the caller's milliseconds.
    until_ms: Option<u64>,
}

struct History {
    device: DeviceId,
    /// Grows with every new one.
    order: u64,
    opened: Opened,
}

struct Heard {
    turn: u32,
    pace: Pace,
}

/// A frame that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Under which key.
    pub id: KeyId,
    /// Its number.
    pub number: Number,
    /// Its way has become longer by more than [`super::order::LATE_MS`]: the officer must know that this was said
    /// earlier.
    pub longer: bool,
}

/// Opens what others sealed, under any of the keys it holds.
#[derive(Default)]
pub struct Opener {
    /// The own party's number.
    party: u8,
    keys: BTreeMap<KeyId, Held>,
    /// What each key has opened: it stays when the key goes, until the key cannot come back.
    histories: BTreeMap<KeyId, History>,
    /// Of the newest history.
    order: u64,
    heard: BTreeMap<DeviceId, Heard>,
}

impl Opener {
    /// An opener without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a key, or what is new about one that is held: it is no longer about to expire. What it has opened is
    /// remembered from before.
    ///
    /// # Errors
    /// [`TooManyKeys`].
    pub fn insert(&mut self, id: KeyId, base_key: &BaseKey, source: &Source) -> Result<(), TooManyKeys> {
        if !self.keys.contains_key(&id) {
            self.make_room(&source.device);
            if self.keys.len() >= KEYS_MAX {
                return Err(TooManyKeys);
            }
        }
        if !self.histories.contains_key(&id) {
            self.make_room_for_history(&source.device)?;
        }
        // It does not fail for a suite and a key as given here; if it did, the key would simply not be held.
        let Ok(key) = DecryptionKey::derive_from(SUITE, id.to_u64(), base_key.expose()) else { return Ok(()) };
        self.order += 1;
        let (device, order) = (source.device, self.order);
        let history = self.histories.entry(id).or_insert_with(|| History { device, order, opened: Opened::default() });
        history.opened.start_above(source.floor);
        self.party = source.party;
        let tag = Tagger::new(&source.tag);
        let (turn, fellows) = (source.turn, source.fellows);
        self.keys.insert(id, Held { key, device: source.device, turn, fellows, tag, until_ms: None });
        Ok(())
    }

    /// Closes the oldest keys of a sender, so that one more is no more than it may have. What they have opened stays
    /// remembered.
    fn make_room(&mut self, device: &DeviceId) {
        loop {
            let own = self.keys.iter().filter(|(_, held)| held.device == *device);
            let mut ages: Vec<_> =
                own.map(|(id, _)| (self.histories.get(id).map(|history| history.order), *id)).collect();
            ages.sort_unstable();
            match ages.first() {
                Some((_, oldest)) if ages.len() >= KEYS_EACH => self.close(*oldest),
                _ => return,
            }
        }
    }

    fn make_room_for_history(&mut self, device: &DeviceId) -> Result<(), TooManyKeys> {
        let own = || self.histories.iter().filter(|(_, history)| history.device == *device);
        if own().count() >= HISTORIES_EACH {
            let closed = own().filter(|(id, _)| !self.keys.contains_key(id));
            let oldest = closed.min_by_key(|(_, history)| history.order).map(|(id, _)| *id).ok_or(TooManyKeys)?;
            self.histories.remove(&oldest);
        }
        if self.histories.len() >= HISTORIES_MAX { Err(TooManyKeys) } else { Ok(()) }
    }

    /// Every key but these is dropped at `until_ms` (unless an earlier time was set): frames under way may still be
    /// opened.
    pub fn retire_others(&mut self, current: &[KeyId], until_ms: u64) {
        for (id, held) in &mut self.keys {
            if !current.contains(id) {
                held.until_ms = Some(held.until_ms.map_or(until_ms, |set| set.min(until_ms)));
            }
        }
    }

    /// Opens nothing with this key from now on; what it has opened stays remembered, since it may be taken again.
    pub fn close(&mut self, id: KeyId) {
        self.keys.remove(&id);
    }

    /// Drops a key that cannot come back: its epoch is over.
    pub fn remove(&mut self, id: KeyId) {
        self.keys.remove(&id);
        self.histories.remove(&id);
    }

    /// Closes the keys whose time has come.
    pub fn expire(&mut self, now_ms: u64) {
        self.keys.retain(|_, held| held.until_ms.is_none_or(|until| until > now_ms));
    }

    /// Keys held, sorted.
    pub fn keys(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.keys.keys().copied()
    }

    /// Highest number that each key has opened, sorted: what a worker after this one must not open again.
    pub fn highest(&self) -> impl Iterator<Item = (KeyId, Number)> + '_ {
        self.histories.iter().filter_map(|(id, history)| Some((*id, history.opened.highest()?)))
    }

    /// Which key a sealed frame names, without opening it. Nothing of it is proven.
    #[must_use]
    pub fn names(medium: Medium, sealed: &[u8]) -> Option<KeyId> {
        let (_, body) = sealed.split_at_checked(medium.clear(sealed))?;
        KeyId::from_u64(SframeHeader::deserialize(body).ok()?.key_id())
    }

    /// Opens a frame that came at the place of `at`, into `out`, replacing what is there. `now_ms`: the caller's steady
    /// clock. No allocation once `out` has grown. After an error `out` is empty, and nothing of the frame is
    /// remembered.
    ///
    /// # Errors
    /// [`OpenError`]. [`OpenError::Forged`] is what an officer must be told.
    pub fn open(
        &mut self,
        medium: Medium,
        at: &DeviceId,
        now_ms: u64,
        tagged: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<Frame, OpenError> {
        let opened = self.try_open(medium, at, now_ms, tagged, out);
        if opened.is_err() {
            out.clear();
        }
        opened
    }

    fn try_open(
        &mut self,
        medium: Medium,
        at: &DeviceId,
        now_ms: u64,
        tagged: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<Frame, OpenError> {
        if tagged.len() > FRAME_MAX + FILL_MAX + OVERHEAD_MAX + TAGGED_MAX {
            return Err(OpenError::Malformed);
        }
        let length = medium.tag_len();
        let parts = tags::split(tagged, length, self.party).ok_or(OpenError::Malformed)?;
        let (prefix, body) = parts.sealed.split_at_checked(medium.clear(parts.sealed)).ok_or(OpenError::Malformed)?;
        let frame = EncryptedFrameView::try_with_meta_data(body, prefix).map_err(|_| OpenError::Malformed)?;
        if frame.cipher_text().len() < SUITE.auth_tag_len() {
            return Err(OpenError::Malformed);
        }
        let id = KeyId::from_u64(frame.header().key_id()).ok_or(OpenError::Malformed)?;
        let number = Number::from_u64(frame.header().counter()).ok_or(OpenError::Malformed)?;
        let held = self.keys.get(&id).ok_or(OpenError::UnknownKey(id))?;
        // A frame at the wrong place must not use up its number: the place may be given to its sender a moment later.
        if held.device != *at {
            return Err(OpenError::OtherSender);
        }
        // Whatever has a key has a history.
        let opened = &mut self.histories.get_mut(&id).ok_or(OpenError::UnknownKey(id))?.opened;
        if opened.may(number).is_err() || self.heard.get(at).is_some_and(|heard| held.turn < heard.turn) {
            return Err(OpenError::Replayed);
        }
        let hash = FrameHash::of(medium, parts.sealed);
        let crowded = parts.tags.len() > usize::from(held.fellows) * length;
        if crowded || !held.tag.is_among(&hash, parts.tags, length) {
            return Err(OpenError::Forged);
        }
        frame.decrypt_into(&held.key, out).map_err(|_| OpenError::Forged)?;
        if medium == Medium::Picture && !unfill(prefix.len(), out) {
            // Its sender has sealed it so.
            return Err(OpenError::Malformed);
        }
        let heard = self.heard.entry(*at).or_insert_with(|| Heard { turn: held.turn, pace: Pace::default() });
        if heard.turn < held.turn {
            *heard = Heard { turn: held.turn, pace: Pace::default() };
        }
        let longer = heard.pace.take(medium, number, now_ms).map_err(|untimely| match untimely {
            Untimely::Again => OpenError::Replayed,
            Untimely::Late => OpenError::Late,
        })?;
        opened.note(number);
        Ok(Frame { id, number, longer })
    }
}
