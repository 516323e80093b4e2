//! Sealing a content, and its key for each circle. Every key here is used once, so the nonce is zero.

use super::circle::CircleKey;
use super::content::Content;
use crate::chance::Chance;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hkdf::Hkdf;
use sha2::Sha512;
use trialogue_charter::{DeviceId, Hash};
use trialogue_journal::GroupId;
use zeroize::Zeroizing;

/// Largest content before sealing, in bytes, padding included.
pub const CONTENT_MAX: usize = trialogue_journal::limits::CONTENT_MAX - 16;
/// Contents are padded to a multiple of this: their length says little about what they say.
const PAD: usize = 256;
const WRAP_INFO: &[u8] = b"trialogue written wrap 1";

/// Whose key it is: the writer's device, the number of its statement and the circle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrap {
    /// Who writes.
    pub by: DeviceId,
    /// Number of the statement; a device uses each once.
    pub number: u64,
    /// For whom.
    pub circle: GroupId,
}

/// A sealed content.
pub struct Sealed {
    /// Travels beside the entry.
    pub content: Vec<u8>,
    /// Hash of the content itself.
    pub digest: Hash,
    /// Its key, for each circle, in the order asked for.
    pub keys: Vec<[u8; 48]>,
}

/// Why a content cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    /// Too large, or not what was sealed under that key.
    #[error("the content was not sealed with that key, or was changed on its way")]
    Seal,
    /// What was sealed is not what was signed.
    #[error("the content is not the one that the writer has signed")]
    Digest,
    /// Not in a form of this protocol.
    #[error("the content is in no form that this program knows; it may be of a newer one")]
    Form,
    /// The platform has no random numbers, or the content is over the bound.
    #[error("the content cannot be sealed: it is too long, or the system gives no random numbers")]
    Make,
}

impl Wrap {
    fn key(&self, circle: &CircleKey) -> Result<Zeroizing<[u8; 32]>, UnsealError> {
        let mut info = WRAP_INFO.to_vec();
        info.extend_from_slice(&self.by.0);
        info.extend_from_slice(&self.number.to_be_bytes());
        info.extend_from_slice(&self.circle.0);
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha512>::new(None, &*circle.0).expand(&info, &mut *key).map_err(|_| UnsealError::Make)?;
        Ok(key)
    }
}

fn cipher(key: &[u8; 32]) -> Aes256Gcm {
    Aes256Gcm::new(key.into())
}

/// Its length, it, and zeros to a multiple of [`PAD`].
pub(super) fn pad(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut padded = Zeroizing::new(Vec::with_capacity(bytes.len() + 4 + PAD));
    padded.extend_from_slice(&u32::try_from(bytes.len()).ok()?.to_be_bytes());
    padded.extend_from_slice(bytes);
    let whole = padded.len().next_multiple_of(PAD);
    padded.resize(whole, 0);
    Some(padded)
}

/// What was padded.
pub(super) fn unpad(padded: &[u8]) -> Option<&[u8]> {
    let (len, rest) = padded.split_first_chunk::<4>()?;
    rest.get(..usize::try_from(u32::from_be_bytes(*len)).ok()?)
}

/// Seals a content under a fresh key, and that key for each circle.
///
/// # Errors
/// [`UnsealError::Make`].
pub fn seal(content: &Content, circles: &[(Wrap, &CircleKey)], chance: &mut Chance) -> Result<Sealed, UnsealError> {
    let bytes = Zeroizing::new(content.encode());
    let padded = pad(&bytes).ok_or(UnsealError::Make)?;
    if padded.len() > CONTENT_MAX {
        return Err(UnsealError::Make);
    }
    let key = chance.secret().map_err(|_| UnsealError::Make)?;
    let sealed = cipher(&key).encrypt(&Nonce::default(), padded.as_slice()).map_err(|_| UnsealError::Make)?;
    let mut keys = Vec::with_capacity(circles.len());
    for (wrap, circle) in circles {
        let wrapped =
            cipher(&*wrap.key(circle)?).encrypt(&Nonce::default(), key.as_slice()).map_err(|_| UnsealError::Make)?;
        keys.push(<[u8; 48]>::try_from(wrapped.as_slice()).map_err(|_| UnsealError::Make)?);
    }
    Ok(Sealed { content: sealed, digest: Hash::of(&bytes), keys })
}

/// Opens a content with the key of one circle, and holds it against what was signed.
///
/// # Errors
/// When the key does not open it, it is not what was signed, or not in a form of this protocol.
pub fn unseal(
    wrap: Wrap,
    wrapped: &[u8; 48],
    circle: &CircleKey,
    sealed: &[u8],
    digest: &Hash,
) -> Result<Content, UnsealError> {
    if sealed.len() > CONTENT_MAX + 16 {
        return Err(UnsealError::Seal);
    }
    let open = |key: &[u8; 32], bytes: &[u8]| {
        cipher(key).decrypt(&Nonce::default(), Payload::from(bytes)).map(Zeroizing::new).map_err(|_| UnsealError::Seal)
    };
    let key = open(&*wrap.key(circle)?, wrapped)?;
    let key = Zeroizing::new(<[u8; 32]>::try_from(key.as_slice()).map_err(|_| UnsealError::Seal)?);
    let padded = open(&key, sealed)?;
    let bytes = unpad(&padded).ok_or(UnsealError::Form)?;
    if Hash::of(bytes) != *digest {
        return Err(UnsealError::Digest);
    }
    Content::decode(bytes).ok_or(UnsealError::Form)
}
