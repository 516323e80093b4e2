//! Where a line may end, in English, Japanese and Korean: the classes of UAX #14, with Korean broken at spaces as its
//! newspapers and offices do.

use icu_properties::CodePointMapData;
use icu_properties::props::LineBreak;
use std::ops::Range;

/// Cuts one paragraph into lines no wider than `width`, of characters that are as wide as `widths` says, in any one
/// unit. Spaces at the end of a line hang over it and are not part of it. Where no rule lets a line end, it ends where
/// it is full: nothing runs off the page.
pub(super) fn lines(text: &[char], widths: &[u32], width: u32) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let (mut at, mut used, mut last) = (start, 0u32, None);
        while let (Some(&c), Some(&wide)) = (text.get(at), widths.get(at)) {
            if at > start && may_end(text[at - 1], c) {
                last = Some(at);
            }
            used = used.saturating_add(wide);
            if used > width && at > start && !is_space(c) {
                break;
            }
            at += 1;
        }
        let end = if at == text.len() { at } else { last.unwrap_or_else(|| forced(text, start, at)) };
        let hanging = text[start..end].iter().rev().take_while(|c| is_space(**c)).count();
        lines.push(start..end - hanging);
        start = end;
    }
    if lines.is_empty() {
        lines.push(0..0);
    }
    lines
}

/// Where a line ends that is full at `full` and may end nowhere: within a word, still without parting what belongs
/// together if that can be.
fn forced(text: &[char], start: usize, full: usize) -> usize {
    let parts = |at: &usize| {
        let (a, b) = (class(text[at - 1]), class(text[*at]));
        !(closes(b) || never_first(b) || never_last(a))
    };
    (start + 1..=full).rev().find(parts).unwrap_or(full)
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{3000}')
}

fn class(c: char) -> LineBreak {
    CodePointMapData::<LineBreak>::new().get(c)
}

/// May a line end between these two?
fn may_end(before: char, after: char) -> bool {
    if is_space(after) {
        return false;
    }
    let (a, b) = (class(before), class(after));
    if is_space(before) {
        return !closes(b);
    }
    let joined = matches!((a, b), (LineBreak::B2, LineBreak::B2))
        || a == LineBreak::HY && b == LineBreak::NU
        || (is_word(a) || holds_a_word(a)) && is_word(b)
        // 한국(韓國), but ABC「…」.
        || is_word(a) && b == LineBreak::OP && after.is_ascii();
    !(joined || closes(b) || never_first(b) || never_last(a))
}

/// What ends a phrase stays with it even after a space.
fn closes(class: LineBreak) -> bool {
    matches!(class, LineBreak::CL | LineBreak::CP | LineBreak::EX)
}

/// Kinsoku: small kana, 々, ー, middle dots, ellipses, commas and the like, and what belongs to the character before
/// it.
fn never_first(class: LineBreak) -> bool {
    matches!(
        class,
        LineBreak::CJ
            | LineBreak::NS
            | LineBreak::IN
            | LineBreak::IS
            | LineBreak::SY
            | LineBreak::BA
            | LineBreak::HY
            | LineBreak::HH
            | LineBreak::PO
            | LineBreak::QU
            | LineBreak::GL
            | LineBreak::WJ
            | LineBreak::ZWJ
            | LineBreak::CM
    )
}

/// What opens a bracket or a sum of money stays with what follows.
fn never_last(class: LineBreak) -> bool {
    matches!(
        class,
        LineBreak::OP | LineBreak::PR | LineBreak::QU | LineBreak::GL | LineBreak::WJ | LineBreak::ZWJ | LineBreak::BB
    )
}

/// Letters and digits make words; Hangul does as well, in contrast to the default of UAX #14.
fn is_word(class: LineBreak) -> bool {
    matches!(
        class,
        LineBreak::AL
            | LineBreak::AI
            | LineBreak::HL
            | LineBreak::NU
            | LineBreak::XX
            | LineBreak::H2
            | LineBreak::H3
            | LineBreak::JL
            | LineBreak::JV
            | LineBreak::JT
    )
}

/// Within a word or a number: `3.14`, `a/b`, `(s)he`.
fn holds_a_word(class: LineBreak) -> bool {
    matches!(class, LineBreak::IS | LineBreak::SY | LineBreak::CP | LineBreak::PO)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of so many columns: Latin letters and spaces are one wide, all else is two.
    fn wrapped(text: &str, columns: u32) -> Vec<String> {
        let text: Vec<char> = text.chars().collect();
        let widths: Vec<u32> = text.iter().map(|c| if c.is_ascii() { 1 } else { 2 }).collect();
        lines(&text, &widths, columns).into_iter().map(|line| text[line].iter().collect()).collect()
    }

    #[test]
    fn english_breaks_at_spaces() {
        assert_eq!(wrapped("The three keep in touch.", 10), ["The three", "keep in", "touch."]);
        assert_eq!(wrapped("(usa-1 41) at 3.14", 9), ["(usa-1", "41) at", "3.14"]);
    }

    #[test]
    fn japanese_breaks_between_characters_but_not_before_what_closes() {
        assert_eq!(wrapped("三か国は連絡を取り合う。", 8), ["三か国は", "連絡を取", "り合う。"]);
        // The line is full after 国; the comma takes it along.
        assert_eq!(wrapped("あい三国、彼", 8), ["あい三", "国、彼"]);
        for mark in "、。」』）！？々ーっゃュァ…・〕".chars() {
            assert_eq!(
                wrapped(&format!("漢字漢字{mark}漢"), 8),
                ["漢字漢".to_owned(), format!("字{mark}漢")],
                "{mark}"
            );
        }
    }

    #[test]
    fn an_opening_bracket_is_never_left_behind() {
        assert_eq!(wrapped("漢字漢「字」", 8), ["漢字漢", "「字」"]);
        assert_eq!(wrapped("漢字 USA（米国）", 10), ["漢字 USA", "（米国）"]);
    }

    #[test]
    fn korean_breaks_at_spaces() {
        assert_eq!(wrapped("우리 측도 확인했습니다.", 12), ["우리 측도", "확인했습니", "다."]);
        assert_eq!(wrapped("우리 측도 확인했습니다.", 14), ["우리 측도", "확인했습니다."]);
    }

    #[test]
    fn a_word_without_an_end_is_cut() {
        assert_eq!(wrapped("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrapped("、、、、", 4), ["、、", "、、"]);
        assert_eq!(wrapped("漢", 1), ["漢"], "wider than a line, and still there");
    }

    #[test]
    fn spaces_hang_over_the_end_and_stay_at_the_beginning() {
        assert_eq!(wrapped("ab      cd", 3), ["ab", "cd"]);
        assert_eq!(wrapped("  ab", 4), ["  ab"]);
        assert_eq!(wrapped("", 4), [""]);
        assert_eq!(wrapped("    ", 2), [""]);
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_too_wide(text in "[ a-c、。「」漢가-각い-ぉー…\u{20}]{0,60}", columns in 2u32..12) {
            let chars: Vec<char> = text.chars().collect();
            let widths: Vec<u32> = chars.iter().map(|c| if c.is_ascii() { 1 } else { 2 }).collect();
            let cut = lines(&chars, &widths, columns);
            let kept: String = cut.iter().flat_map(|line| chars[line.clone()].iter()).filter(|c| **c != ' ').collect();
            proptest::prop_assert_eq!(kept, text.replace(' ', ""));
            for line in cut {
                proptest::prop_assert!(widths[line].iter().sum::<u32>() <= columns);
            }
        }
    }
}
