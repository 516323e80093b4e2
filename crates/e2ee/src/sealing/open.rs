//! The listening side.

use super::{BaseKey, FRAME_MAX, KeyId, OVERHEAD_MAX, SUITE};
use sframe::error::SframeError;
use sframe::frame::EncryptedFrameView;
use sframe::frame::validation::{ReplayAttackProtection, Tolerance};
use sframe::header::SframeHeader;
use sframe::key::DecryptionKey;
use std::collections::BTreeMap;

/// Most keys held: 24 senders heard, two epochs, two generations, and room. Raising it costs about 1 kB each.
pub const KEYS_MAX: usize = 512;
/// How far a frame may lag behind the newest of its key and still be taken once: 12 s of voice and picture together.
pub const REPLAY_WINDOW: usize = 1024;

/// Why a frame was not opened. Nothing of it may be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Its key is not here, or not yet.
    #[error("no key for the frame: hold it for a moment")]
    UnknownKey(KeyId),
    /// Seen before, or too old to tell.
    #[error("the frame was seen before or is too old")]
    Replayed,
    /// The tag does not verify.
    #[error("the frame is not by its sender")]
    Forged,
    /// No sealed frame at all.
    #[error("the bytes are no sealed frame")]
    Malformed,
}

/// Too many keys at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {KEYS_MAX} keys at once: drop the old ones first")]
pub struct TooManyKeys;

struct Held {
    key: DecryptionKey,
    window: ReplayAttackProtection,
    /// Not used from this time on, in the caller's milliseconds.
    until_ms: Option<u64>,
}

/// Opens what others sealed, under any of the keys it holds.
#[derive(Default)]
pub struct Opener {
    keys: BTreeMap<KeyId, Held>,
}

impl Opener {
    /// An opener without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a key. One that is held already keeps its replay window, and is no longer about to expire.
    pub fn insert(&mut self, id: KeyId, base_key: &BaseKey) -> Result<(), TooManyKeys> {
        if let Some(held) = self.keys.get_mut(&id) {
            held.until_ms = None;
            return Ok(());
        }
        if self.keys.len() >= KEYS_MAX {
            return Err(TooManyKeys);
        }
        // Neither fails for constants as given here; if they did, the key would simply not be held.
        if let Ok(key) = DecryptionKey::derive_from(SUITE, id.to_u64(), base_key.expose())
            && let Ok(tolerance) = Tolerance::try_new(REPLAY_WINDOW)
        {
            let window = ReplayAttackProtection::new(id.to_u64(), tolerance);
            self.keys.insert(id, Held { key, window, until_ms: None });
        }
        Ok(())
    }

    /// Every key but these is dropped at `until_ms` (unless an earlier time was set): frames under way may still be opened.
    pub fn retire_others(&mut self, current: &[KeyId], until_ms: u64) {
        for (id, held) in &mut self.keys {
            if !current.contains(id) {
                held.until_ms = Some(held.until_ms.map_or(until_ms, |set| set.min(until_ms)));
            }
        }
    }

    /// Drops a key at once.
    pub fn remove(&mut self, id: KeyId) {
        self.keys.remove(&id);
    }

    /// Drops the keys whose time has come.
    pub fn expire(&mut self, now_ms: u64) {
        self.keys.retain(|_, held| held.until_ms.is_none_or(|until| until > now_ms));
    }

    /// Keys held, sorted.
    pub fn keys(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.keys.keys().copied()
    }

    /// Which key a sealed frame names, without opening it. Nothing of it is proven.
    pub fn names(clear: usize, sealed: &[u8]) -> Option<KeyId> {
        let (_, body) = sealed.split_at_checked(clear)?;
        KeyId::from_u64(SframeHeader::deserialize(body).ok()?.key_id())
    }

    /// The frame's number under its key, which the sealer counts from 0 over voice and picture alike. Nothing of it is proven until it is opened.
    pub fn number(clear: usize, sealed: &[u8]) -> Option<u64> {
        let (_, body) = sealed.split_at_checked(clear)?;
        Some(SframeHeader::deserialize(body).ok()?.counter())
    }

    /// Opens `sealed`, of which the first `clear` bytes are the clear prefix, into `out`, replacing what is there; returns whose key it
    /// was. No allocation once `out` has grown. After an error `out` is empty.
    pub fn open(&mut self, clear: usize, sealed: &[u8], out: &mut Vec<u8>) -> Result<KeyId, OpenError> {
        let opened = self.try_open(clear, sealed, out);
        if opened.is_err() {
            out.clear();
        }
        opened
    }

    fn try_open(&mut self, clear: usize, sealed: &[u8], out: &mut Vec<u8>) -> Result<KeyId, OpenError> {
        if sealed.len() > FRAME_MAX + OVERHEAD_MAX {
            return Err(OpenError::Malformed);
        }
        let (prefix, body) = sealed.split_at_checked(clear).ok_or(OpenError::Malformed)?;
        let frame = EncryptedFrameView::try_with_meta_data(body, prefix).map_err(|_| OpenError::Malformed)?;
        if frame.cipher_text().len() < SUITE.auth_tag_len() {
            return Err(OpenError::Malformed);
        }
        let id = KeyId::from_u64(frame.header().key_id()).ok_or(OpenError::Malformed)?;
        let held = self.keys.get_mut(&id).ok_or(OpenError::UnknownKey(id))?;
        match frame.validated_decrypt_into(&held.key, out, &mut held.window) {
            Ok(_) => Ok(id),
            Err(SframeError::FrameValidationFailed(_)) => Err(OpenError::Replayed),
            Err(_) => Err(OpenError::Forged),
        }
    }
}
