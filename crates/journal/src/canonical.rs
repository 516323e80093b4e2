//! One encoding per value: what is signed is decoded only if it is exactly what encoding it again would give.

use crate::limits::ITEMS_MAX;
use crate::strict;
use minicbor::{Decode, Encode};

/// The encoding of a value of this crate.
pub(crate) fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing into a `Vec` cannot fail, and no type of this crate refuses to be encoded.
    let _ = minicbor::encode(value, &mut bytes);
    bytes
}

/// The value, if these bytes are its one encoding; an unknown field makes them another.
pub(crate) fn decode<T: Encode<()> + for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Option<T> {
    strict::check(bytes, ITEMS_MAX).ok()?;
    let value: T = minicbor::decode(bytes).ok()?;
    (encode(&value) == bytes).then_some(value)
}
