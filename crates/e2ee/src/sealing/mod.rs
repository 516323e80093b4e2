//! Sealing media frames (SFrame, RFC 9605) between consoles.
//!
//! ```text
//! sealed frame = clear prefix ‖ SFrame header ‖ ciphertext ‖ seal (16 bytes)
//! tagged frame = sealed frame ‖ a tag for each receiving device
//! ```
//! The clear prefix (none for Opus, 3 or 10 bytes for VP8) is what packetisers read; it is authenticated as SFrame
//! metadata. The cipher suite is AES_256_GCM_SHA512_128 (RFC 9605 §4.5, 0x0005) whatever the charter's MLS suite. That
//! a frame is by its sender, and not by another member of the group, is shown by the tag ([`tag`]); that it is said
//! now, and in its order, by its number ([`number`], [`order`]).

mod fill;
mod key_id;
pub mod number;
mod open;
pub mod order;
mod probe;
mod seal;
pub mod tag;
mod vp8;

pub use key_id::{GENERATION_MAX, KeyId, KeyIdError, LEAF_MAX, NODE_MAX};
pub use number::Number;
pub use open::{Frame, HISTORIES_EACH, HISTORIES_MAX, KEYS_EACH, KEYS_MAX, OpenError, Opener, Source, TooManyKeys};
pub use probe::probe;
pub use seal::{SealError, Sealer};
pub use tag::{Medium, Receiver, TagKey, TagSecret};
pub use vp8::{VP8_DELTA_CLEAR, VP8_KEY_CLEAR, is_vp8_key_frame, vp8_clear};

use sframe::CipherSuite;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The one SFrame suite in use.
const SUITE: CipherSuite = CipherSuite::AesGcm256Sha512;

/// Largest frame sealed or opened, in bytes, before sealing. A 1080p key frame is below 300 kB; raising it costs memory
/// per frame held.
pub const FRAME_MAX: usize = 1 << 20;
/// Most bytes that a picture is filled with: the largest step that a charter can have.
pub const FILL_MAX: usize = *trialogue_charter::limits::PICTURE_STEP.end() as usize;
/// Most bytes that sealing adds: header (1 + 7 key id + 5 number) and seal (16).
pub const OVERHEAD_MAX: usize = 29;
/// Most bytes that tags add: 256 of 8 bytes, in blocks of as many parties as there are nodes.
pub const TAGGED_MAX: usize = 256 * tag::PICTURE_TAG + 64 * trialogue_wire::tags::BLOCK;

/// Base key of one sender in one epoch (RFC 9605 §4.4.2). No `Debug`, wiped on drop.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct BaseKey([u8; Self::LEN]);

impl BaseKey {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// From bytes: of the exporter, or carried from the keys worker to the media worker.
    pub fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes, for carrying to the media worker and nowhere else.
    pub fn expose(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}
