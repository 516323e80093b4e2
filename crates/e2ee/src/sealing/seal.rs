//! The speaking side.

use super::fill::fill;
use super::number::Numbers;
use super::tag::{FrameHash, Medium, Receiver, TAGS_MAX, Tagger};
use super::{BaseKey, FILL_MAX, FRAME_MAX, KeyId, SUITE};
use sframe::frame::{FrameCounter, MediaFrameView};
use sframe::key::EncryptionKey;
use trialogue_wire::tags;

/// Why a frame was not sealed. It must not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The number reached its bound.
    #[error("this key has sealed as many frames as it may: take a new epoch or generation")]
    Exhausted,
    /// Beyond [`FRAME_MAX`].
    #[error("a frame of {0} bytes is larger than any honest one")]
    TooLarge(usize),
    /// The frame is shorter than its clear prefix.
    #[error("the clear prefix is longer than the frame")]
    Prefix,
    /// Nobody is there who could tell whose the frame is, or more than [`TAGS_MAX`].
    #[error("a frame is sealed for 1 to {TAGS_MAX} receiving devices")]
    Receivers,
    /// A new generation begins with a new sealer.
    #[error("the key is of another generation than those of this sealer")]
    Generation,
    /// The library refused.
    #[error("the frame could not be sealed")]
    Crypto,
}

/// Seals what this console sends, under one key. Deliberately neither `Clone` nor buildable with a number: a number
/// never repeats under a key as long as each key id has one `Sealer` in its life.
pub struct Sealer {
    id: KeyId,
    key: EncryptionKey,
    numbers: Numbers,
    since_ms: u64,
    receivers: Vec<(u8, Tagger)>,
    /// Pictures are filled to a multiple of so many bytes; at least 1.
    step: usize,
    filled: Vec<u8>,
}

/// One number, for one frame.
struct One(Option<u64>);

impl FrameCounter for One {
    type Error = SealError;

    fn try_next(&mut self) -> Result<u64, SealError> {
        self.0.take().ok_or(SealError::Exhausted)
    }
}

fn prepare(id: KeyId, base: &BaseKey, to: Vec<Receiver>) -> Result<(EncryptionKey, Vec<(u8, Tagger)>), SealError> {
    if to.is_empty() || to.len() > TAGS_MAX {
        return Err(SealError::Receivers);
    }
    let key = EncryptionKey::derive_from(SUITE, id.to_u64(), base.expose()).map_err(|_| SealError::Crypto)?;
    let mut receivers: Vec<_> = to.iter().map(|to| (to.party, Tagger::new(&to.key))).collect();
    receivers.sort_by_key(|(party, _)| *party);
    Ok((key, receivers))
}

impl Sealer {
    /// The sealer of a generation, with its first key. No other sealer, in this worker or another, may ever have the
    /// same pair of id and key. `since_ms`: when the generation began, by the caller's steady clock. `receivers`:
    /// whoever is to hear.
    ///
    /// # Errors
    /// [`SealError::Receivers`], or [`SealError::Crypto`].
    pub fn new(id: KeyId, base_key: &BaseKey, since_ms: u64, receivers: Vec<Receiver>) -> Result<Self, SealError> {
        let (key, receivers) = prepare(id, base_key, receivers)?;
        Ok(Self { id, key, numbers: Numbers::new(), since_ms, receivers, step: 1, filled: Vec::new() })
    }

    /// Fills pictures to a multiple of so many bytes from now on (at most [`FILL_MAX`]), so that their sizes tell less;
    /// 0: as little as can be.
    pub fn fill_pictures(&mut self, step: u16) {
        self.step = usize::from(step).clamp(1, FILL_MAX);
    }

    /// Goes on under another key of the same generation. Numbers count on over all of its keys, so that a key may also
    /// come again.
    ///
    /// # Errors
    /// As [`Sealer::new`], and [`SealError::Generation`]; the key stays what it was.
    pub fn rekey(&mut self, id: KeyId, base_key: &BaseKey, receivers: Vec<Receiver>) -> Result<(), SealError> {
        if id.generation() != self.id.generation() {
            return Err(SealError::Generation);
        }
        (self.key, self.receivers) = prepare(id, base_key, receivers)?;
        self.id = id;
        Ok(())
    }

    /// The key id that frames carry.
    pub fn key_id(&self) -> KeyId {
        self.id
    }

    /// Frames sealed so far.
    pub fn sealed(&self) -> u64 {
        self.numbers.given()
    }

    /// Seals `frame` into `out`, replacing what is there, with a tag for each receiver; its clear prefix stays readable
    /// but is authenticated. `now_ms` is the caller's steady clock. No allocation once `out` has grown to the largest
    /// frame. After an error `out` is empty.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn seal(&mut self, medium: Medium, now_ms: u64, frame: &[u8], out: &mut Vec<u8>) -> Result<(), SealError> {
        out.clear();
        if frame.len() > FRAME_MAX {
            return Err(SealError::TooLarge(frame.len()));
        }
        let (prefix, body) = frame.split_at_checked(medium.clear(frame)).ok_or(SealError::Prefix)?;
        let body = match medium {
            Medium::Voice => body,
            Medium::Picture => {
                fill(prefix.len(), body, self.step, &mut self.filled);
                &self.filled
            }
        };
        let number = self.numbers.next(now_ms.saturating_sub(self.since_ms)).ok_or(SealError::Exhausted)?;
        let mut one = One(Some(number.to_u64()));
        let view = MediaFrameView::try_with_meta_data(&mut one, body, prefix).map_err(|_| SealError::Exhausted)?;
        if view.encrypt_into(&self.key, out).is_err() {
            // What is half written could be the plain frame.
            out.clear();
            return Err(SealError::Crypto);
        }
        self.append_tags(medium, out);
        Ok(())
    }

    fn append_tags(&self, medium: Medium, out: &mut Vec<u8>) {
        let (hash, length) = (FrameHash::of(medium, out), medium.tag_len());
        let mut tagger = tags::Appender::new(out);
        for (party, receiver) in &self.receivers {
            tagger.push(*party, &receiver.tag(&hash)[..length]);
        }
        tagger.finish();
    }
}
