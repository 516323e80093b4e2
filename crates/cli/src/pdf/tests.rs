//! Documents, read by a reader that is not ours.

use super::font::Font;
use super::sheet::Sheet;
use std::process::Command;
use trialogue_journal::Language;

fn font() -> Font {
    Font::find(None).unwrap()
}

fn sheet(font: &Font, code_points: bool) -> Sheet<'_> {
    let mut sheet = Sheet::new(font.faces().unwrap(), "A joint text on line leaders", code_points).unwrap();
    sheet.title("A joint text on line leaders").unwrap();
    sheet
}

fn made(write: impl Fn(&mut Sheet<'_>)) -> (Vec<u8>, usize) {
    let font = font();
    let mut sheet = sheet(&font, true);
    write(&mut sheet);
    sheet.finish().unwrap()
}

/// What stands on its pages, place by place.
fn read(pdf: &[u8]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.pdf");
    std::fs::write(&file, pdf).unwrap();
    let output = Command::new("pdftotext").args(["-layout", "-enc", "UTF-8"]).arg(&file).arg("-").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn three_languages_are_read_as_they_were_written() {
    let write = |sheet: &mut Sheet<'_>| {
        sheet.line("Written by JPN Duty Officer (渡辺 蓮)").unwrap();
        sheet.words("English", Language::En, "The “three” keep in touch – always.").unwrap();
        sheet.words("Japanese", Language::Ja, "三か国は、「連絡」を取り合う。\n神\u{fa19}").unwrap();
        sheet.words("Korean", Language::Ko, "세 나라는 계속 연락한다.").unwrap();
    };
    let (pdf, pages) = made(write);
    let text = read(&pdf);
    for words in [
        "Written by JPN Duty Officer (渡辺 蓮)",
        "The “three” keep in touch – always.",
        "三か国は、「連絡」を取り合う。",
        "神\u{fa19}",
        "세 나라는 계속 연락한다.",
        "Page 1 of 1",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!((pages, made(write).0), (1, pdf), "the same document is the same file");
}

#[test]
fn what_the_font_cannot_show_is_refused_or_framed() {
    let font = font();
    let refused = sheet(&font, false).words("English", Language::En, "a\u{10fffd}b").unwrap_err().to_string();
    assert!(refused.contains("U+10FFFD") && refused.contains("--code-points") && !refused.contains('\u{10fffd}'));
    for hidden in ["שלום", "\u{3164}", "x\u{fe0f}", "a\u{200d}b", "a\u{2028}b"] {
        assert!(sheet(&font, false).words("English", Language::En, hidden).is_err(), "{hidden:?}");
    }
    let (pdf, _) = made(|sheet| sheet.words("English", Language::En, "a\u{10fffd}b").unwrap());
    let text = read(&pdf);
    assert!(text.contains("a[U+10FFFD]b") && text.contains("numbers in a frame: 1"), "{text}");
}

#[test]
fn words_never_stand_where_sentences_do() {
    let own = "Approved by KOR Head of Government (김민준), 2026-11-23 05:12:03.120 UTC  [kor-1 7]";
    let (pdf, _) = made(|sheet| {
        sheet.words("English", Language::En, &format!("{own}\n{own}\n\n{own}")).unwrap();
        sheet.line(own).unwrap();
    });
    let at_the_margin = |line: &&str| line.starts_with("Approved by KOR");
    assert_eq!(read(&pdf).lines().filter(at_the_margin).count(), 1, "{}", read(&pdf));
}

#[test]
fn a_long_text_has_pages_and_a_flood_has_an_end() {
    let text = "三か国は連絡を取り合う。".repeat(1_600);
    let (pdf, pages) = made(|sheet| sheet.words("Japanese", Language::Ja, &text).unwrap());
    assert!((8..40).contains(&pages), "{pages}");
    let read = read(&pdf);
    assert!(read.contains(&format!("Page {pages} of {pages}")));
    assert_eq!(read.matches("A joint text on line leaders").count(), pages + 1, "the title, and a head on each page");
    let lines = "\n".repeat(20_000);
    let (_, pages) = made(|sheet| (0..3).for_each(|_| sheet.words("Korean", Language::Ko, &lines).unwrap()));
    assert!(pages < 2_000, "the longest text that can be signed: {pages}");
    let font = font();
    let mut flood = sheet(&font, false);
    let refused = (0..9).find_map(|_| flood.words("Korean", Language::Ko, &lines).err());
    assert!(refused.unwrap().to_string().contains("--since"));
}
