//! What a character is, for the rule of texts.

use super::table::RANGES;

/// A class of characters, as numbered in the table and in `spec/vectors/text.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Class(pub(super) u8);

impl Class {
    /// Nobody has assigned it, or everybody may for themselves: readers would see different things.
    pub(super) const UNKNOWN: Self = Self(1);
    /// A gap that is no space: it shows nothing and takes room.
    pub(super) const GAP: Self = Self(2);
    /// Seen, and of no script: digits, punctuation, symbols. The first class that is seen; the one before the three
    /// above (0) hides or moves others.
    const COMMON: Self = Self(3);
    /// A mark on the letter before.
    pub(super) const MARK: Self = Self(4);
    /// A symbol that has a form in colour and one without.
    pub(super) const SYMBOL: Self = Self(5);
    /// A Chinese character, also as Japanese and Korean write it.
    pub(super) const IDEOGRAPH: Self = Self(6);
    /// A letter of Chinese, Japanese or Korean besides.
    const EAST_ASIAN: Self = Self(7);
    /// A Latin letter.
    const LATIN: Self = Self(8);

    pub(super) fn of(character: char) -> Self {
        let code = character as u32;
        // Entries are the first code point of a range, and its class in the lowest byte.
        let after = RANGES.partition_point(|entry| entry >> 8 <= code);
        let entry = after.checked_sub(1).and_then(|at| RANGES.get(at)).copied().unwrap_or_default();
        Self(entry.to_le_bytes()[0])
    }

    pub(super) fn is_seen(self) -> bool {
        self.0 >= Self::COMMON.0
    }

    /// The script of a letter, as far as words are of one: East Asian words take Latin letters in (UTS #39 §5.2, highly
    /// restrictive).
    pub(super) fn script(self) -> Option<Self> {
        match self {
            Self::IDEOGRAPH | Self::EAST_ASIAN | Self::LATIN => Some(Self::LATIN),
            of_another if of_another.0 > Self::LATIN.0 => Some(of_another),
            _ => None,
        }
    }
}
