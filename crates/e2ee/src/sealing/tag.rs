//! Tags: for each receiving device a short proof that a frame is by its sender (`spec/sealing.md` §6).
//!
//! Everybody in a group can open what is sealed under its keys, and so could seal under them. What only the sender and
//! *one* device share is the secret that the sender drew for it; a tag under it is worth nothing to anybody else.

use super::{BaseKey, KeyId};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha384, Sha512};
use subtle::{Choice, ConstantTimeEq};
use trialogue_charter::DeviceId;
use zeroize::{Zeroize, ZeroizeOnDrop};

pub use trialogue_wire::tags::{PICTURE_TAG, TAGS_MAX, VOICE_TAG};

/// Voice or picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Medium {
    /// An Opus packet.
    Voice,
    /// A VP8 frame.
    Picture,
}

impl Medium {
    /// Length of a tag of this medium, in bytes.
    #[must_use]
    pub fn tag_len(self) -> usize {
        match self {
            Self::Voice => VOICE_TAG,
            Self::Picture => PICTURE_TAG,
        }
    }

    /// Length of the clear prefix of a frame, sealed or not; the frame may be shorter, and then it is none.
    #[must_use]
    pub fn clear(self, frame: &[u8]) -> usize {
        match self {
            Self::Voice => 0,
            Self::Picture => super::vp8_clear(frame),
        }
    }
}

/// Drawn by a sender for one receiving device. No `Debug`; wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct TagSecret(pub(crate) [u8; Self::LEN]);

impl TagSecret {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// From random bytes, or from what was opened.
    #[must_use]
    pub fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }
}

/// Key of the tags of one sender for one receiving device under one base key. No `Debug`; wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct TagKey([u8; Self::LEN]);

impl TagKey {
    /// Length in bytes.
    pub const LEN: usize = 32;
    const LABEL: &'static [u8] = b"trialogue tag 1";

    /// `HKDF-SHA-512-Expand(HKDF-Extract(base key, secret), "trialogue tag 1" ‖ key id (8, big-endian) ‖ sender (32) ‖
    /// receiver (32), 32)`: it takes both the group's epoch and the secret of these two.
    #[must_use]
    pub fn derive(secret: &TagSecret, base: &BaseKey, id: KeyId, from: &DeviceId, to: &DeviceId) -> Self {
        let mut key = [0; Self::LEN];
        let info = [Self::LABEL, &id.to_u64().to_be_bytes(), &from.0, &to.0];
        // 32 bytes are far below what HKDF gives (RFC 5869 §2.3).
        let _ = Hkdf::<Sha512>::new(Some(base.expose()), &secret.0).expand_multi_info(&info, &mut key);
        Self(key)
    }

    /// From bytes: carried from the keys worker to the media worker.
    #[must_use]
    pub fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes, for carrying to the media worker and nowhere else.
    #[must_use]
    pub fn expose(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

/// What a tag is over: the hash of the sealed frame, made once for all receivers.
pub(super) struct FrameHash([u8; 48]);

impl FrameHash {
    pub(super) fn of(medium: Medium, sealed: &[u8]) -> Self {
        let kind = [match medium {
            Medium::Voice => 0,
            Medium::Picture => 1,
        }];
        Self(Sha384::new().chain_update(kind).chain_update(sealed).finalize().into())
    }
}

/// HMAC-SHA-384 under one tag key, its key already taken in.
pub(super) struct Tagger(Hmac<Sha384>);

impl Tagger {
    pub(super) fn new(key: &TagKey) -> Self {
        // HMAC takes keys of every length (RFC 2104 §2).
        let mac = <Hmac<Sha384> as Mac>::new_from_slice(key.expose());
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
        Self(mac.expect("a key"))
    }

    pub(super) fn tag(&self, hash: &FrameHash) -> [u8; 48] {
        self.0.clone().chain_update(hash.0).finalize().into_bytes().into()
    }

    /// Is one of these tags the frame's? In constant time for each.
    pub(super) fn is_among(&self, hash: &FrameHash, tags: &[u8], length: usize) -> bool {
        let own = self.tag(hash);
        let found = tags.chunks_exact(length).map(|tag| tag.ct_eq(&own[..length]));
        bool::from(found.fold(Choice::from(0), |found, same| found | same))
    }
}

/// A device that can tell who sent what this console seals.
pub struct Receiver {
    /// Its party's number: the lowest index of a node of the party in the charter.
    pub party: u8,
    /// Shared with it alone.
    pub key: TagKey,
}
