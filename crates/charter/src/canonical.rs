//! Deterministic CBOR (RFC 8949 §4.2.1): one encoding for each value.

use minicbor::{Decode, Encode};

/// The encoding of a value of this crate.
pub(crate) fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    // Encoding into memory cannot fail; if it ever did, no bytes decode.
    minicbor::to_vec(value).unwrap_or_default()
}

/// Reads a value from exactly these bytes; none if they are not its one encoding (an unknown field counts as such).
pub(crate) fn decode<'b, T: Encode<()> + Decode<'b, ()>>(bytes: &'b [u8]) -> Option<T> {
    let value: T = minicbor::decode(bytes).ok()?;
    (encode(&value) == bytes).then_some(value)
}
