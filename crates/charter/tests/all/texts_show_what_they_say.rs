//! One rule for everything that is shown to people: what hides or moves is refused where it comes from others, and
//! cleaned where an officer types it. `TRIALOGUE_WRITE_VECTORS=1` writes the table of characters, and the vectors, from
//! Unicode's own data.
#![allow(clippy::unwrap_used)]

use icu_properties::props::{
    DefaultIgnorableCodePoint, Emoji, GeneralCategory, NoncharacterCodePoint, Script, UnifiedIdeograph, WhiteSpace,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use proptest::prelude::*;
use std::fmt::Write;
use trialogue_charter::text::{BadText, Form, MARKS_MAX, UNICODE, class_of, clean, refuse};

/// Version of Unicode of the library that the table was made with.
const OF_LIBRARY: &str = "18.0.0";
const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/text/table.rs");
const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/vectors/text.json");

/// Blank, and neither white space nor ignorable by Unicode: braille, a notehead, hieroglyphs, and the place of an
/// object that is not there.
const BLANK: [u32; 6] = [0x2800, 0x1d159, 0x13441, 0x13442, 0x16fe4, 0xfffc];
/// Fillers of Korean syllables: ignorable by Unicode, and as wide as a letter.
const FILLERS: [u32; 4] = [0x115f, 0x1160, 0x3164, 0xffa0];

/// Classes by the properties, as `spec/charter.md` says them.
fn by_properties() -> Vec<u8> {
    let category = CodePointMapData::<GeneralCategory>::new();
    let script = CodePointMapData::<Script>::new();
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let (white, emoji) = (CodePointSetData::new::<WhiteSpace>(), CodePointSetData::new::<Emoji>());
    let (ideograph, none) =
        (CodePointSetData::new::<UnifiedIdeograph>(), CodePointSetData::new::<NoncharacterCodePoint>());
    let mut others = Vec::new();
    let mut class = |code: u32| {
        let (kind, of) = (category.get32(code), script.get32(code));
        if code == 0x20 || code == 0x3000 {
            return 3;
        }
        if BLANK.contains(&code)
            || FILLERS.contains(&code)
            || (white.contains32(code) && kind == GeneralCategory::SpaceSeparator)
        {
            return 2;
        }
        let hides = [
            GeneralCategory::Control,
            GeneralCategory::Format,
            GeneralCategory::LineSeparator,
            GeneralCategory::ParagraphSeparator,
        ];
        if ignorable.contains32(code) || hides.contains(&kind) || white.contains32(code) {
            return 0;
        }
        if none.contains32(code)
            || [GeneralCategory::Unassigned, GeneralCategory::PrivateUse, GeneralCategory::Surrogate].contains(&kind)
        {
            return 1;
        }
        if [GeneralCategory::NonspacingMark, GeneralCategory::EnclosingMark].contains(&kind) {
            return 4;
        }
        if ideograph.contains32(code) {
            return 6;
        }
        match of {
            Script::Common | Script::Inherited | Script::Unknown if emoji.contains32(code) && code > 0x7f => 5,
            Script::Common | Script::Inherited | Script::Unknown => 3,
            Script::Han | Script::Hiragana | Script::Katakana | Script::Bopomofo | Script::Hangul => 7,
            Script::Latin => 8,
            other => {
                let known = others.iter().position(|one| *one == other);
                let at = known.unwrap_or_else(|| {
                    others.push(other);
                    others.len() - 1
                });
                u8::try_from(9 + at).unwrap()
            }
        }
    };
    (0..=0x10_ffff).map(&mut class).collect()
}

fn ranges(classes: &[u8]) -> Vec<(u32, u8)> {
    let mut ranges: Vec<(u32, u8)> = Vec::new();
    for (code, class) in (0..).zip(classes) {
        // Surrogates are no characters: they go on with what is before them.
        let surrogate = (0xd800..0xe000).contains(&code);
        if !surrogate && ranges.last().is_none_or(|(_, last)| last != class) {
            ranges.push((code, *class));
        }
    }
    ranges
}

fn write_table(ranges: &[(u32, u8)]) {
    let mut text = format!(
        "//! Classes of all characters, by the properties of one version of Unicode. Written by `tests/texts_show_what_they_say.rs`; part of the protocol: another\n//! table is another version of it.\n\n/// Version of Unicode.\npub const UNICODE: &str = \"{OF_LIBRARY}\";\n\n/// The first character of each range, shifted left by 8, and the class of the range.\n#[rustfmt::skip]\npub(super) const RANGES: &[u32] = &[\n"
    );
    for row in ranges.chunks(16) {
        let row: Vec<String> =
            row.iter().map(|(code, class)| format!("0x{:x}", code << 8 | u32::from(*class))).collect();
        writeln!(text, "    {},", row.join(", ")).unwrap();
    }
    text.push_str("];\n");
    std::fs::write(TABLE, text).unwrap();
}

const FORMS: [(&str, Form); 4] =
    [("name", Form::Name), ("file", Form::File), ("line", Form::Line), ("prose", Form::Prose)];

/// Texts with what the rule does to them.
const TEXTS: &[&str] = &[
    "Jane Doe",
    "山田　太郎",
    "葛\u{e0100}城 太郎",
    "김철수",
    "Nguyễn Thị Hương",
    "Δοκιμή",
    "Tシャツ担当",
    "KBS뉴스 2부",
    "❤\u{fe0f} ok",
    "report.pdf",
    "report.pdf\u{3164}\u{3164}\u{3164}.exe",
    "report.pdf\u{2800}\u{2800}.exe",
    "report\u{202e}fdp.exe",
    "a\u{61c}b",
    "a\u{200b}b",
    "a\u{200c}b",
    "a\u{200d}b",
    "a\u{2028}b",
    "a\u{2029}b",
    "a\u{ad}b",
    "a\u{feff}b",
    "a\u{e0041}b",
    "a\u{fe0f}b",
    "a\u{e0100}b",
    "a\u{e000}b",
    "a\u{fdd0}b",
    "a\u{a0}b",
    "a\tb",
    "a\nb",
    "a\r\nb",
    "a  b",
    " a",
    "a ",
    "Сhair",
    "Chaіr",
    "Президент",
    "Президент USA",
    "../secret",
    "..",
    "",
    " ",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
];

fn verdicts() -> Vec<serde_json::Value> {
    let mut all = Vec::new();
    for text in TEXTS {
        for (name, form) in FORMS {
            let verdict = match refuse(text, form, 200) {
                Ok(()) => "passes".to_owned(),
                Err(why) => why.to_string(),
            };
            all.push(serde_json::json!({"text": text, "form": name, "refuse": verdict, "clean": clean(text, form)}));
        }
    }
    all
}

#[test]
fn the_table_and_the_vectors_are_what_unicode_says() {
    let classes = by_properties();
    let ranges = ranges(&classes);
    let writes = std::env::var_os("TRIALOGUE_WRITE_VECTORS").is_some();
    if writes {
        write_table(&ranges);
        // The verdicts are those of the table: a second run writes them after a change of it.
    }
    let listed: Vec<String> = ranges.iter().map(|(code, class)| format!("{code:x} {class}")).collect();
    let made = serde_json::json!({
        "about": "Which characters a text may have (charter.md §2): the first character of each range and its class, and texts with what is said of them.",
        "unicode": UNICODE,
        "ranges": listed,
        "texts": verdicts(),
    });
    if writes {
        std::fs::write(VECTORS, serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
    }
    assert_eq!(UNICODE, OF_LIBRARY, "written anew: run it again");
    for (code, class) in (0..).zip(&classes) {
        if let Some(character) = char::from_u32(code) {
            assert_eq!(class_of(character), *class, "U+{code:04X}");
        }
    }
    let held: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(VECTORS).unwrap()).unwrap();
    assert_eq!(held, made);
}

#[test]
fn what_hides_or_moves_is_refused_by_name_and_place() {
    let hidden = concat!(
        "\u{61c}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{206f}\u{feff}\u{ad}\u{34f}\u{115f}\u{1160}",
        "\u{17b4}\u{180e}\u{3164}\u{ffa0}\u{2800}\u{a0}\u{2003}\u{202f}\u{205f}\u{1680}\u{85}\u{7f}\u{9b}\u{0}\t\r\u{fff9}\u{fffc}\u{fffe}\u{e000}\u{f0000}",
        "\u{e0001}\u{e0041}\u{e007f}\u{e0fff}\u{fe0f}\u{fe00}\u{e0100}\u{1d159}\u{1d173}\u{13441}\u{16fe4}\u{110bd}\u{378}",
    );
    for character in hidden.chars() {
        for (name, form) in FORMS {
            let text = format!("ab{character}c");
            assert_eq!(
                refuse(&text, form, 80),
                Err(BadText::Hidden { character, at: 3 }),
                "{:04X} in a {name}",
                character as u32
            );
        }
    }
    let why = refuse("report.pdf\u{3164}.exe", Form::File, 80).unwrap_err().to_string();
    assert!(why.contains("character 11 is U+3164"), "{why}");
}

#[test]
fn what_people_write_passes() {
    let names = [
        "Jane Doe",
        "O’Brien-Ñuñez",
        "山田 太郎",
        "山田　太郎",
        "葛\u{e0100}城",
        "髙橋",
        "김철수",
        "金哲洙",
        "潘 基文",
        "Đặng Thị Ánh",
        "Tシャツ担当",
        "KBS뉴스",
        "国家安全保障局（NSS）",
        "Président",
        "Президент",
    ];
    for name in names {
        assert_eq!(refuse(name, Form::Name, 80), Ok(()), "{name}");
        assert_eq!(clean(name, Form::Name), name);
    }
    let prose = [
        "二\u{fe00}行目。\n\n　字下げ。",
        "❤\u{fe0f} 😀 🇯🇵 ☎\u{fe0e}",
        "μm и ΔT",
        "한국어와 漢字 and English",
        "\u{fffd}",
        "か\u{3099}",
        "a  b   c",
        "\u{1112}\u{1161}\u{11ab}",
    ];
    for text in prose {
        assert_eq!(refuse(text, Form::Prose, 200), Ok(()), "{text}");
        assert_eq!(clean(text, Form::Prose), text);
    }
}

#[test]
fn a_word_is_of_one_script_where_it_is_a_name() {
    for name in ["Сhair", "Chaіr", "Вashful", "αdmin", "USΑ"] {
        assert!(matches!(refuse(name, Form::Name, 80), Err(BadText::Scripts { .. })), "{name}");
        assert!(refuse(name, Form::Prose, 80).is_ok(), "{name}");
    }
    // Words apart may be of different scripts, and file names are whatever their writers call them.
    assert_eq!(refuse("отчёт.pdf", Form::Name, 80), Ok(()));
    assert_eq!(refuse("Δt.pdf", Form::File, 80), Ok(()));
}

#[test]
fn spaces_of_names_are_single_and_within() {
    for (name, at) in [(" a", 1), ("a ", 2), ("a  b", 3), ("a \u{3000}b", 3), ("\u{3000}", 1)] {
        assert_eq!(refuse(name, Form::Name, 80), Err(BadText::Space { at }), "{name:?}");
    }
    assert_eq!(refuse("report.pdf      .exe", Form::File, 80), Err(BadText::Space { at: 12 }));
    assert_eq!(refuse("  \n ", Form::Prose, 80), Err(BadText::Empty));
    assert_eq!(refuse("", Form::Name, 80), Err(BadText::Empty));
    assert_eq!(refuse(&"x".repeat(81), Form::Name, 80), Err(BadText::Long { most: 80 }));
}

#[test]
fn what_an_officer_pastes_is_kept() {
    let kept = [
        ("\u{feff}Line one\r\nLine\ttwo\u{a0}ends\u{2028}three\u{ad}", "Line one\nLine    two ends\nthree"),
        ("تا\u{200c}به", "تابه"),
        ("👨\u{200d}👩\u{200d}👧 family", "👨👩👧 family"),
        ("a\u{e123}b\u{378}c", "a\u{fffd}b\u{fffd}c"),
        ("a\u{3164}b\u{2800}c", "a b c"),
        ("葛\u{e0100}", "葛\u{e0100}"),
    ];
    for (pasted, meant) in kept {
        assert_eq!(clean(pasted, Form::Prose), meant);
    }
    for (typed, name) in [
        ("  report.pdf\u{3164}\u{3164} .exe ", "report.pdf .exe"),
        ("a/b\\c", "a_b_c"),
        ("..", "_.."),
        ("report\u{202e}fdp.exe", "reportfdp.exe"),
    ] {
        assert_eq!(clean(typed, Form::File), name);
    }
    assert_eq!(clean(" Jane\u{a0} \tDoe\r\n", Form::Name), "Jane Doe");
    let stacked = format!("e{}", "\u{301}".repeat(50));
    assert_eq!(clean(&stacked, Form::Prose).chars().count(), 1 + MARKS_MAX);
}

fn any_text() -> impl Strategy<Value = String> {
    let special = proptest::sample::select(vec![
        ' ',
        '\u{3000}',
        '\n',
        '\r',
        '\t',
        '/',
        '\\',
        '.',
        '\u{301}',
        '\u{fe0f}',
        '\u{e0100}',
        '葛',
        '❤',
        'С',
        'C',
        '\u{200d}',
        '\u{3164}',
        '\u{e000}',
        '\u{feff}',
    ]);
    proptest::collection::vec(prop_oneof![special, any::<char>()], 0..40).prop_map(|all| all.into_iter().collect())
}

proptest! {
    #[test]
    fn what_was_cleaned_passes(text in any_text()) {
        for (name, form) in FORMS {
            let cleaned = clean(&text, form);
            let verdict = refuse(&cleaned, form, 1_000);
            let may = matches!(verdict, Ok(()) | Err(BadText::Empty | BadText::Scripts { .. }));
            prop_assert!(may, "{name}: {text:?} to {cleaned:?}: {verdict:?}");
            prop_assert_eq!(clean(&cleaned, form), cleaned, "cleaned twice, as a {}", name);
        }
    }

    #[test]
    fn what_passes_is_left_as_it_is(text in any_text()) {
        for (_, form) in FORMS {
            if refuse(&text, form, 1_000).is_ok() {
                prop_assert_eq!(clean(&text, form), text.clone());
            }
        }
    }
}
