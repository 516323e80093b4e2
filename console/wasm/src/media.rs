//! Sealing and opening, for the media worker. It knows keys of this call's epochs and nothing else.

use trialogue_charter::DeviceId;
use trialogue_e2ee::sealing::{BaseKey, KeyId, Medium, OpenError, Opener, Receiver, Sealer, Source, TagKey, probe};
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
    /// It comes much later than what its sender sent before.
    Late,
    /// Opened; what its sender says comes later than before from now on.
    Longer,
    /// It is not its sender's.
    Forged,
    /// No sealed frame at all.
    Malformed,
}

/// Sealer and opener of one media worker.
#[wasm_bindgen]
#[derive(Default)]
pub struct Media {
    sealer: Option<Sealer>,
    /// The sealer may be used: otherwise it waits for the next key.
    on: bool,
    opener: Opener,
    out: Vec<u8>,
    fate: Fate,
}

#[wasm_bindgen]
impl Media {
    /// Without keys: seals nothing, opens nothing.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Seals from now on with this key. One of the same generation goes on with the numbers of those before it,
    /// whatever was between. `parties`: the number of each receiver's party; `tag_keys`: 32 bytes for each. Keys are
    /// wiped where they came from. `picture_step`: pictures are filled to a multiple of so many bytes; 0: they are not.
    /// `now_ms`: the worker's steady clock.
    ///
    /// # Errors
    /// Not a key id, or keys of other sizes: then nothing is sealed.
    pub fn seal_with(
        &mut self,
        key_id: &str,
        base_key: &mut [u8],
        parties: &[u8],
        tag_keys: &mut [u8],
        picture_step: u16,
        now_ms: f64,
    ) -> Result<(), JsError> {
        self.on = false;
        let base = take_key(base_key);
        let tags: Vec<[u8; TagKey::LEN]> =
            tag_keys.chunks_exact(TagKey::LEN).filter_map(|key| key.try_into().ok()).collect();
        tag_keys.zeroize();
        let (id, base) = (parse(key_id)?, base?);
        if tags.len() != parties.len() {
            return Err(JsError::new("a tag key of 32 bytes for each party is needed"));
        }
        let receivers = parties.iter().zip(tags).map(|(party, key)| Receiver { party: *party, key: TagKey::new(key) });
        let receivers = receivers.collect();
        match self.sealer.as_mut().filter(|sealer| sealer.key_id().generation() == id.generation()) {
            Some(sealer) => sealer.rekey(id, &base, receivers)?,
            None => self.sealer = Some(Sealer::new(id, &base, ms(now_ms), receivers)?),
        }
        if let Some(sealer) = &mut self.sealer {
            sealer.fill_pictures(picture_step);
        }
        self.on = true;
        Ok(())
    }

    /// Seals nothing from now on.
    pub fn stop(&mut self) {
        self.on = false;
    }

    /// The sealed frame, or `undefined`: then nothing may be sent. `now_ms`: the worker's steady clock.
    pub fn seal(&mut self, voice: bool, now_ms: f64, frame: &[u8]) -> Option<Vec<u8>> {
        let sealer = self.sealer.as_mut().filter(|_| self.on)?;
        sealer.seal(medium(voice), ms(now_ms), frame, &mut self.out).ok()?;
        Some(self.out.clone())
    }

    /// Opens frames of `device` (64 hexadecimal digits) with this key. `party`: the own party's number; `turn`,
    /// `fellows`, `floor`: as the machine gave them.
    ///
    /// # Errors
    /// Not a key id, a device and keys of their sizes, or too many keys.
    #[allow(clippy::too_many_arguments)]
    pub fn open_with(
        &mut self,
        key_id: &str,
        device: &str,
        base_key: &mut [u8],
        tag_key: &mut [u8],
        party: u8,
        turn: u32,
        fellows: u8,
        floor: f64,
    ) -> Result<(), JsError> {
        let base = take_key(base_key);
        let tag = take_key(tag_key);
        let (base, tag) = (base?, TagKey::new(*tag?.expose()));
        let device = device_of(device).ok_or_else(|| JsError::new("not a device id"))?;
        // One that changes its keys faster than that is not heard for a while, and nobody else feels it.
        let _ =
            self.opener.insert(parse(key_id)?, &base, &Source { device, party, turn, fellows, tag, floor: ms(floor) });
        Ok(())
    }

    /// Opens with this key no more; `over`: nor ever again.
    ///
    /// # Errors
    /// Not a key id.
    pub fn forget(&mut self, key_id: &str, over: bool) -> Result<(), JsError> {
        let id = parse(key_id)?;
        if over {
            self.opener.remove(id)
        } else {
            self.opener.close(id)
        }
        Ok(())
    }

    /// Opens a frame received at the place of `device`. `undefined`: not opened; `fate` tells why. `now_ms`: when it
    /// came, by the worker's steady clock.
    pub fn open(&mut self, voice: bool, device: &str, now_ms: f64, sealed: &[u8]) -> Option<Vec<u8>> {
        let Some(device) = device_of(device) else {
            self.fate = Fate::OtherSender;
            return None;
        };
        self.fate = match self.opener.open(medium(voice), &device, ms(now_ms), sealed, &mut self.out) {
            Ok(frame) => {
                self.fate = if frame.longer { Fate::Longer } else { Fate::Opened };
                return Some(self.out.clone());
            }
            Err(OpenError::UnknownKey(_)) => Fate::UnknownKey,
            Err(OpenError::OtherSender) => Fate::OtherSender,
            Err(OpenError::Replayed) => Fate::Replayed,
            Err(OpenError::Late) => Fate::Late,
            Err(OpenError::Forged) => Fate::Forged,
            Err(OpenError::Malformed) => Fate::Malformed,
        };
        None
    }

    /// What was opened so far, as `key id, number, key id, number, …`: a worker after this one opens none of it again.
    #[must_use]
    pub fn heard(&self) -> Vec<String> {
        let pair = |(id, number): (KeyId, trialogue_e2ee::sealing::Number)| [hex(id), number.to_u64().to_string()];
        self.opener.highest().flat_map(pair).collect()
    }

    /// Seals and opens a frame under a key made for that, as those of a call are: does sealing work in this worker at
    /// all? `random` is 192 bytes: keys and a frame.
    #[must_use]
    pub fn probe(random: &[u8]) -> bool {
        random.try_into().is_ok_and(probe)
    }

    /// Why the last frame was not opened.
    #[must_use]
    pub fn fate(&self) -> Fate {
        self.fate
    }
}

fn medium(voice: bool) -> Medium {
    if voice { Medium::Voice } else { Medium::Picture }
}

/// A steady clock of the page in whole milliseconds; below zero is zero.
fn ms(value: f64) -> u64 {
    value.max(0.0) as u64
}

fn hex(id: KeyId) -> String {
    format!("{:014x}", id.to_u64())
}

pub(crate) fn device_of(hex: &str) -> Option<DeviceId> {
    let bytes = hex.as_bytes();
    let mut out = [0; DeviceId::LEN];
    if bytes.len() != 2 * DeviceId::LEN {
        return None;
    }
    for (to, pair) in out.iter_mut().zip(bytes.chunks_exact(2)) {
        *to = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(DeviceId(out))
}

fn parse(key_id: &str) -> Result<KeyId, JsError> {
    u64::from_str_radix(key_id, 16).ok().and_then(KeyId::from_u64).ok_or_else(|| JsError::new("not a key id"))
}

/// Takes the key and wipes where it came from.
fn take_key(bytes: &mut [u8]) -> Result<BaseKey, JsError> {
    let key = <[u8; BaseKey::LEN]>::try_from(&*bytes).map(BaseKey::new);
    bytes.zeroize();
    key.map_err(|_| JsError::new("a key has 32 bytes"))
}
