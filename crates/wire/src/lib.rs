//! Bytes between console and node, between nodes, and around a media frame. Pure, bounded, fuzzed.
//! Specified in `spec/console.md`, `spec/link.md` and `spec/media.md`.

pub mod codec;
pub mod console;
pub mod frame;
pub mod leg;
pub mod limits;
pub mod link;
pub mod media;
pub mod path;
mod refusal;
pub mod tags;
pub mod word;

pub use codec::{Message, WireError, decode, encode};
pub use frame::{FrameError, FrameReader, frame};

use minicbor::{Decode, Encode};

/// An entry with the bodies that it refers to, as far as they have not expired.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Bundle {
    /// The signed entry (COSE_Sign1).
    #[cbor(n(1), with = "minicbor::bytes")]
    pub entry: Vec<u8>,
    /// Bodies, each found by its SHA-384.
    #[n(2)]
    pub bodies: Vec<minicbor::bytes::ByteVec>,
}
