//! Sealing media frames (SFrame, RFC 9605) between consoles.
//!
//! ```text
//! sealed frame = clear prefix ‖ SFrame header ‖ ciphertext ‖ tag (16 bytes)
//! ```
//! The clear prefix (none for Opus, 3 or 10 bytes for VP8) is what packetisers read; it is authenticated as SFrame metadata.
//! The cipher suite is AES_256_GCM_SHA512_128 (RFC 9605 §4.5, 0x0005) whatever the charter's MLS suite.

mod key_id;
mod open;
mod seal;
mod vp8;

pub use key_id::{GENERATION_MAX, KeyId, KeyIdError, LEAF_MAX, NODE_MAX};
pub use open::{KEYS_MAX, OpenError, Opener, REPLAY_WINDOW, TooManyKeys};
pub use seal::{COUNTER_MAX, SealError, Sealer};
pub use vp8::{VP8_DELTA_CLEAR, VP8_KEY_CLEAR, is_vp8_key_frame, vp8_clear};

use sframe::CipherSuite;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The one SFrame suite in use.
const SUITE: CipherSuite = CipherSuite::AesGcm256Sha512;

/// Largest frame sealed or opened, in bytes, before sealing. A 1080p key frame is below 300 kB; raising it costs memory per frame held.
pub const FRAME_MAX: usize = 1 << 20;
/// Most bytes that sealing adds: header (1 + 7 key id + 4 counter) and tag (16).
pub const OVERHEAD_MAX: usize = 28;

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
