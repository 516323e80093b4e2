//! Where one item of a CBOR sequence (RFC 8742) ends, found out before anything is decoded.

use crate::limits::{ITEM_MAX, ITEMS_MAX};

/// Bytes that no item of a record begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoItem;

/// The length of the item that `bytes` begin with; none: more bytes are needed to say.
///
/// # Errors
/// When it has more parts or bytes than any item of a record, or parts of another kind.
pub fn span(bytes: &[u8]) -> Result<Option<usize>, NoItem> {
    let (mut at, mut left) = (0usize, 1u64);
    for _ in 0..ITEMS_MAX * 2 {
        if left == 0 {
            return Ok(Some(at));
        }
        let Some(&first) = bytes.get(at) else { return Ok(None) };
        let width = match first & 0x1f {
            0..=23 => 0,
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return Err(NoItem),
        };
        let Some(digits) = bytes.get(at + 1..at + 1 + width) else { return Ok(None) };
        let value = match width {
            0 => u64::from(first & 0x1f),
            _ => digits.iter().fold(0u64, |value, digit| value << 8 | u64::from(*digit)),
        };
        at += 1 + width;
        left -= 1;
        match first >> 5 {
            0 => {}
            2 | 3 => at = usize::try_from(value).ok().and_then(|len| at.checked_add(len)).ok_or(NoItem)?,
            4 | 5 if value <= ITEMS_MAX as u64 => left += if first >> 5 == 5 { value * 2 } else { value },
            _ => return Err(NoItem),
        }
        if at > ITEM_MAX {
            return Err(NoItem);
        }
    }
    if left == 0 { Ok(Some(at)) } else { Err(NoItem) }
}
