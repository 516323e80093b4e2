//! Deterministic CBOR, checked before anything is decoded or allocated.
//!
//! RFC 8949 §4.2.1 for the subset that this protocol uses: unsigned integers, byte and text strings, arrays, maps with
//! ascending unsigned keys, and booleans. An absent field is left out, never null. One value therefore has one
//! encoding, so that a hash or a signature over it can mean only one thing, and a small message can never ask for a
//! large allocation.

use crate::limits::DEPTH_MAX;

/// Bytes that are not deterministic CBOR of the subset, or over a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotStrict {
    /// The bytes end inside an item.
    #[error("the bytes end inside an item")]
    Cut,
    /// Bytes follow after the item.
    #[error("bytes follow after the end of the item")]
    Trailing,
    /// A length or number is not in its shortest form, or of indefinite length.
    #[error("a number is not in its shortest form")]
    NotShortest,
    /// Null, floats, tags, negative integers and the like have no place in this protocol.
    #[error("a kind of item that this protocol does not use")]
    Kind,
    /// Text is UTF-8, also where nobody reads it.
    #[error("text that is not UTF-8")]
    Text,
    /// Keys must be unsigned integers in ascending order, each once.
    #[error("map keys are not ascending unsigned integers")]
    Keys,
    /// More items, or deeper, than any message of this protocol.
    #[error("more items or deeper nesting than any message of this protocol has")]
    Bound,
}

/// One array or map that is being walked.
#[derive(Clone, Copy, Default)]
struct Level {
    /// Items still to come, keys included.
    left: u64,
    /// It is a map.
    map: bool,
    /// The last key seen, if any.
    key: Option<u64>,
}

/// Checks that `bytes` is exactly one item of the subset with at most `items` data items in it. Constant memory, one
/// pass.
pub fn check(bytes: &[u8], items: usize) -> Result<(), NotStrict> {
    let mut rest = bytes;
    let mut levels = [Level::default(); DEPTH_MAX];
    let mut depth = 0usize;
    let mut count = 0usize;
    loop {
        count += 1;
        if count > items {
            return Err(NotStrict::Bound);
        }
        let (major, value, after) = head(rest)?;
        rest = after;
        note_key(levels.get_mut(depth.wrapping_sub(1)), major, value)?;
        match major {
            0 | 7 => {}
            2 | 3 => {
                let len = usize::try_from(value).map_err(|_| NotStrict::Cut)?;
                let (part, after) = rest.split_at_checked(len).ok_or(NotStrict::Cut)?;
                if major == 3 && std::str::from_utf8(part).is_err() {
                    return Err(NotStrict::Text);
                }
                rest = after;
            }
            // An empty array or map opens nothing.
            4 | 5 if value == 0 => {}
            4 | 5 => {
                // Every item takes at least one byte, so a claim beyond the rest cannot hold.
                if value > rest.len() as u64 {
                    return Err(NotStrict::Cut);
                }
                let left = if major == 5 { value * 2 } else { value };
                *levels.get_mut(depth).ok_or(NotStrict::Bound)? = Level { left, map: major == 5, key: None };
                depth += 1;
            }
            _ => return Err(NotStrict::Kind),
        }
        while depth > 0 && levels[depth - 1].left == 0 {
            depth -= 1;
        }
        if depth == 0 {
            return if rest.is_empty() { Ok(()) } else { Err(NotStrict::Trailing) };
        }
    }
}

/// Counts one item at its level; in a map every second item is a key and must rise.
fn note_key(level: Option<&mut Level>, major: u8, value: u64) -> Result<(), NotStrict> {
    let Some(level) = level else { return Ok(()) };
    if level.map && level.left.is_multiple_of(2) {
        if major != 0 || level.key.is_some_and(|last| last >= value) {
            return Err(NotStrict::Keys);
        }
        level.key = Some(value);
    }
    level.left -= 1;
    Ok(())
}

/// The head of one item (RFC 8949 §3): major type, argument, and what follows.
fn head(bytes: &[u8]) -> Result<(u8, u64, &[u8]), NotStrict> {
    let (&first, rest) = bytes.split_first().ok_or(NotStrict::Cut)?;
    let (major, info) = (first >> 5, first & 0x1f);
    if major == 7 {
        // 20 and 21 are false and true.
        return if matches!(info, 20 | 21) { Ok((major, 0, rest)) } else { Err(NotStrict::Kind) };
    }
    let (width, least) = match info {
        0..=23 => return Ok((major, u64::from(info), rest)),
        24 => (1, 24),
        25 => (2, 1 << 8),
        26 => (4, 1 << 16),
        27 => (8, 1 << 32),
        _ => return Err(NotStrict::NotShortest),
    };
    let digits = rest.get(..width).ok_or(NotStrict::Cut)?;
    let value = digits.iter().fold(0u64, |value, digit| value << 8 | u64::from(*digit));
    if value < least {
        return Err(NotStrict::NotShortest);
    }
    Ok((major, value, &rest[width..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_encoding() {
        assert_eq!(check(&[0x00], 1), Ok(()));
        assert_eq!(check(&[0x18, 23], 1), Err(NotStrict::NotShortest));
        assert_eq!(check(&[0x18, 24], 1), Ok(()));
        assert_eq!(check(&[0x9f, 0xff], 9), Err(NotStrict::NotShortest));
        assert_eq!(check(&[0xf6], 1), Err(NotStrict::Kind));
        assert_eq!(check(&[0x62, 0xc3, 0xa9], 1), Ok(()));
        assert_eq!(check(&[0x61, 0xff], 1), Err(NotStrict::Text));
        assert_eq!(check(&[0xa2, 1, 0, 2, 0], 9), Ok(()));
        assert_eq!(check(&[0xa2, 2, 0, 1, 0], 9), Err(NotStrict::Keys));
        assert_eq!(check(&[0xa2, 1, 0, 1, 0], 9), Err(NotStrict::Keys));
        assert_eq!(check(&[0xa1, 0x61, b'a', 0], 9), Err(NotStrict::Keys));
    }

    #[test]
    fn cut_and_trailing_bytes_are_refused() {
        assert_eq!(check(&[], 1), Err(NotStrict::Cut));
        assert_eq!(check(&[0x82, 0], 9), Err(NotStrict::Cut));
        assert_eq!(check(&[0x43, 1, 2], 9), Err(NotStrict::Cut));
        assert_eq!(check(&[0, 0], 9), Err(NotStrict::Trailing));
    }

    #[test]
    fn a_small_message_cannot_claim_much() {
        assert_eq!(check(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 9), Err(NotStrict::Cut));
        assert_eq!(check(&[0x81; 64], 99), Err(NotStrict::Bound));
        assert_eq!(check(&[0x84, 0, 0, 0, 0], 4), Err(NotStrict::Bound));
    }
}
