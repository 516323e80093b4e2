//! Sealing and opening, for the media worker. It knows keys of this call's epochs and nothing else.

use std::collections::BTreeMap;
use trialogue_e2ee::sealing::{BaseKey, KeyId, OpenError, Opener, Sealer, vp8_clear};
use wasm_bindgen::prelude::{JsError, wasm_bindgen};
use zeroize::Zeroize;

/// What became of a frame.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// Opened.
    #[default]
    Opened,
    /// Its key is not here, or not yet.
    UnknownKey,
    /// Its key is another device's than the place's.
    OtherSender,
    /// Seen before, or too old to tell.
    Replayed,
    /// Its tag does not verify.
    Forged,
    /// No sealed frame at all.
    Malformed,
}

/// Sealer and opener of one media worker.
#[wasm_bindgen]
#[derive(Default)]
pub struct Media {
    sealer: Option<Sealer>,
    opener: Opener,
    /// Whose key it is, so that nobody is heard at another's place.
    owners: BTreeMap<KeyId, String>,
    out: Vec<u8>,
    fate: Fate,
    missing: Option<KeyId>,
}

#[wasm_bindgen]
impl Media {
    /// Without keys: seals nothing, opens nothing.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Seals from now on with this key. Each (key id, key) is given once in the life of all workers; the one in use may be repeated and
    /// goes on counting.
    ///
    /// # Errors
    /// Not a key id and a key of their sizes.
    pub fn seal_with(&mut self, key_id: &str, base_key: &mut [u8]) -> Result<(), JsError> {
        let key = take_key(base_key);
        let id = parse(key_id);
        if let (Ok(id), Some(sealer)) = (&id, &self.sealer)
            && sealer.key_id() == *id
        {
            return Ok(());
        }
        self.sealer = None;
        self.sealer = Some(Sealer::new(id?, &key?)?);
        Ok(())
    }

    /// Seals nothing from now on.
    pub fn stop(&mut self) {
        self.sealer = None;
    }

    /// The sealed frame, or `undefined`: then nothing may be sent.
    pub fn seal(&mut self, voice: bool, frame: &[u8]) -> Option<Vec<u8>> {
        let clear = if voice { 0 } else { vp8_clear(frame) };
        self.sealer.as_mut()?.seal(clear, frame, &mut self.out).ok()?;
        Some(self.out.clone())
    }

    /// Opens frames of `device` with this key.
    ///
    /// # Errors
    /// Not a key id and a key of their sizes, or too many keys.
    pub fn open_with(&mut self, key_id: &str, device: String, base_key: &mut [u8]) -> Result<(), JsError> {
        let key = take_key(base_key)?;
        let id = parse(key_id)?;
        self.opener.insert(id, &key)?;
        self.owners.insert(id, device);
        Ok(())
    }

    /// Opens with this key no more.
    ///
    /// # Errors
    /// Not a key id.
    pub fn forget(&mut self, key_id: &str) -> Result<(), JsError> {
        let id = parse(key_id)?;
        self.opener.remove(id);
        self.owners.remove(&id);
        Ok(())
    }

    /// Opens a frame received at the place of `device`. `undefined`: not opened; `fate` tells why and `missing` which key is.
    pub fn open(&mut self, voice: bool, device: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        self.missing = None;
        let clear = if voice { 0 } else { vp8_clear(sealed) };
        // Before opening: a frame at the wrong place must not use up its counter, the place may be given to its sender a moment later.
        let owner = Opener::names(clear, sealed).and_then(|id| self.owners.get(&id));
        if owner.is_some_and(|owner| owner != device) {
            self.fate = Fate::OtherSender;
            return None;
        }
        self.fate = match self.opener.open(clear, sealed, &mut self.out) {
            Ok(_) => return Some(self.out.clone()),
            Err(OpenError::UnknownKey(id)) => {
                self.missing = Some(id);
                Fate::UnknownKey
            }
            Err(OpenError::Replayed) => Fate::Replayed,
            Err(OpenError::Forged) => Fate::Forged,
            Err(OpenError::Malformed) => Fate::Malformed,
        };
        None
    }

    /// Seals and opens a frame under a key made for that, as those of a call are: does sealing work in this worker at all? `random` is
    /// 192 bytes: a key and a frame.
    #[must_use]
    pub fn probe(random: &[u8]) -> bool {
        let Some((key, frame)) = random.split_first_chunk::<{ BaseKey::LEN }>() else { return false };
        let (mut sealed, mut opened) = (Vec::new(), Vec::new());
        let (Some(id), key) = (KeyId::from_u64(0), BaseKey::new(*key)) else { return false };
        let Ok(mut sealer) = Sealer::new(id, &key) else { return false };
        let mut opener = Opener::default();
        opener.insert(id, &key).is_ok()
            && sealer.seal(0, frame, &mut sealed).is_ok()
            && opener.open(0, &sealed, &mut opened).is_ok()
            && opened == frame
    }

    /// Why the last frame was not opened.
    #[must_use]
    pub fn fate(&self) -> Fate {
        self.fate
    }

    /// The key id (14 hexadecimal digits) that the last frame asked for in vain.
    #[must_use]
    pub fn missing(&self) -> Option<String> {
        self.missing.map(|id| format!("{:014x}", id.to_u64()))
    }
}

fn parse(key_id: &str) -> Result<KeyId, JsError> {
    u64::from_str_radix(key_id, 16).ok().and_then(KeyId::from_u64).ok_or_else(|| JsError::new("not a key id"))
}

/// Takes the key and wipes where it came from.
fn take_key(bytes: &mut [u8]) -> Result<BaseKey, JsError> {
    let key = <[u8; BaseKey::LEN]>::try_from(&*bytes).map(BaseKey::new);
    bytes.zeroize();
    key.map_err(|_| JsError::new("a base key has 32 bytes"))
}
