//! From text to what can be set one character after the other, without any shaping.

use icu_normalizer::properties::CanonicalCompositionBorrowed;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory as Category, LineBreak, Script};
use icu_properties::{CodePointMapData, CodePointSetData};

/// A character, or a part of the number that stands for one, as a font sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Letter {
    /// What it says.
    pub c: char,
    /// Its number in the font that is embedded.
    pub code: u16,
    /// Advance, thousandths of the size.
    pub width: u32,
    /// It is a part of a number that stands for a character.
    pub framed: bool,
}

/// Puts together what some systems write apart: が as か and a mark, 한 as three letters. Both are the same text (UAX
/// #15), and whoever sets character after character can only set it together. Nothing else changes: forms of one
/// character in which people write their names stay.
pub(super) fn composed(text: &str) -> Vec<char> {
    let compose = CanonicalCompositionBorrowed::new();
    let mut chars: Vec<char> = Vec::with_capacity(text.len());
    for c in text.chars() {
        match chars.last_mut().and_then(|last| Some((compose.compose(*last, c)?, last))) {
            Some((one, last)) => *last = one,
            None => chars.push(c),
        }
    }
    chars
}

/// Is it seen, by itself, where it stands? Other scripts join their letters or run the other way; marks and joiners
/// change their neighbours. Set one after the other they would say something else than what was written.
pub(super) fn stands_alone(c: char) -> bool {
    let of_ours = matches!(
        CodePointMapData::<Script>::new().get(c),
        Script::Common
            | Script::Latin
            | Script::Greek
            | Script::Cyrillic
            | Script::Han
            | Script::Hiragana
            | Script::Katakana
            | Script::Hangul
            | Script::Bopomofo
    );
    let unseen = matches!(
        CodePointMapData::<Category>::new().get(c),
        Category::Control
            | Category::Format
            | Category::Surrogate
            | Category::PrivateUse
            | Category::Unassigned
            | Category::NonspacingMark
            | Category::EnclosingMark
            | Category::SpacingMark
            | Category::LineSeparator
            | Category::ParagraphSeparator
    );
    let part_of_a_syllable =
        matches!(CodePointMapData::<LineBreak>::new().get(c), LineBreak::JL | LineBreak::JV | LineBreak::JT);
    of_ours && !unseen && !part_of_a_syllable && !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_apart_is_set_together() {
        let text = |text: &str| composed(text).into_iter().collect::<String>();
        assert_eq!(text("か\u{3099}"), "が");
        assert_eq!(text("\u{1112}\u{1161}\u{11ab}국"), "한국");
        assert_eq!(text("e\u{301}"), "é");
        // A form of 神 that stands in names is left as it is.
        assert_eq!(text("\u{fa19}"), "\u{fa19}");
    }

    #[test]
    fn what_would_be_unseen_or_change_its_neighbours_does_not_stand_alone() {
        for c in "aé渡々ーが한、。「」…·—–’“①※→○㈱ｱｶ\u{a0}\u{3000}ЖΩ".chars() {
            assert!(stands_alone(c), "{c:?}");
        }
        for c in "\u{301}\u{3099}\u{1100}\u{115f}\u{3164}\u{ffa0}\u{ad}\u{200d}\u{202e}\u{2028}\u{fe0f}\u{e0041}\u{e000}שعก\t\u{10ffff}".chars() {
            assert!(!stands_alone(c), "{c:?}");
        }
    }
}
