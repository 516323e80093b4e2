//! The speaking side.

use super::{BaseKey, FRAME_MAX, KeyId, SUITE};
use sframe::frame::{FrameCounter, MediaFrameView};
use sframe::key::EncryptionKey;

/// Highest counter of one key. At 80 frames a second it lasts 20 months, and stays far below what AES-GCM allows (RFC 9605 §9.1,
/// NIST SP 800-38D §8.3).
pub const COUNTER_MAX: u64 = u32::MAX as u64;

/// Why a frame was not sealed. It must not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The counter reached its bound.
    #[error("this key has sealed as many frames as it may: take a new epoch or generation")]
    Exhausted,
    /// Beyond [`FRAME_MAX`].
    #[error("a frame of {0} bytes is larger than any honest one")]
    TooLarge(usize),
    /// The prefix is longer than the frame.
    #[error("the clear prefix is longer than the frame")]
    Prefix,
    /// The library refused.
    #[error("the frame could not be sealed")]
    Crypto,
}

/// Seals what this console sends, under one key. Deliberately neither `Clone` nor buildable with a counter: a counter never
/// repeats under a key as long as each key id has one `Sealer` in its life.
pub struct Sealer {
    id: KeyId,
    key: EncryptionKey,
    counter: Counter,
}

struct Counter(u64);

impl FrameCounter for Counter {
    type Error = SealError;

    fn try_next(&mut self) -> Result<u64, SealError> {
        if self.0 > COUNTER_MAX {
            return Err(SealError::Exhausted);
        }
        let now = self.0;
        self.0 += 1;
        Ok(now)
    }
}

impl Sealer {
    /// A sealer that starts at counter 0. The pair must never have been used before, in this worker or another.
    pub fn new(id: KeyId, base_key: &BaseKey) -> Result<Self, SealError> {
        let key = EncryptionKey::derive_from(SUITE, id.to_u64(), base_key.expose()).map_err(|_| SealError::Crypto)?;
        Ok(Self { id, key, counter: Counter(0) })
    }

    /// The key id that frames carry.
    pub fn key_id(&self) -> KeyId {
        self.id
    }

    /// Frames sealed so far.
    pub fn sealed(&self) -> u64 {
        self.counter.0
    }

    /// Seals `frame`, of which the first `clear` bytes stay readable but are authenticated, into `out`, replacing what is there. No
    /// allocation once `out` has grown to the largest frame. After an error `out` is empty.
    pub fn seal(&mut self, clear: usize, frame: &[u8], out: &mut Vec<u8>) -> Result<(), SealError> {
        out.clear();
        if frame.len() > FRAME_MAX {
            return Err(SealError::TooLarge(frame.len()));
        }
        let (prefix, body) = frame.split_at_checked(clear).ok_or(SealError::Prefix)?;
        let view =
            MediaFrameView::try_with_meta_data(&mut self.counter, body, prefix).map_err(|_| SealError::Exhausted)?;
        if view.encrypt_into(&self.key, out).is_err() {
            // What is half written could be the plain frame.
            out.clear();
            return Err(SealError::Crypto);
        }
        Ok(())
    }

    /// For tests of the bound: jumps ahead, never back.
    #[doc(hidden)]
    pub fn skip_to(&mut self, counter: u64) {
        self.counter.0 = self.counter.0.max(counter);
    }
}
