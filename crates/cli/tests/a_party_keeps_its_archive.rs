//! The United States' records office reads a line, visible to all, and keeps what Japan and Korea write there: sealed
//! for a key that is not on its machine, and readable with that key against the record, and in no other way.
#![allow(clippy::unwrap_used, clippy::panic)]

mod hotline;

use hotline::Hotline;
use hotline::document::{squeezed, words};
use hotline::writing::{
    archive_key, done, export, records_office, trialogue, until_archived, until_readers, write, writer,
};
use std::path::Path;

const JAPANESE: &str = "現場で確認しています。";
const KOREAN: &str = "우리 측도 확인했습니다.";

/// What the record of the United States' node says, read as a newcomer would: exported while it runs.
fn shown(hotline: &Hotline, dir: &Path, more: &[&str]) -> String {
    let record = export(hotline, dir);
    let mut show = trialogue();
    show.args(["record", "show", "--all", "--charter"])
        .arg(hotline.house().join("charter.cbor"))
        .args(more)
        .arg(&record);
    String::from_utf8(done(&mut show).stdout).unwrap()
}

fn holds(dir: &Path, text: &str) -> bool {
    std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        let held = |bytes: Vec<u8>| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        // Sockets hold nothing, and a running database's files come and go.
        if path.is_dir() { holds(&path, text) } else { std::fs::read(path).is_ok_and(held) }
    })
}

#[test]
fn a_party_keeps_its_archive() {
    let hotline = Hotline::start();
    let dir = tempfile::tempdir().unwrap();
    let (safe, other, archive) = (dir.path().join("safe"), dir.path().join("other"), dir.path().join("archive"));
    archive_key(&safe);
    archive_key(&other);
    let mut jpn = writer(&hotline, "jpn-security-adviser");
    let mut kor = writer(&hotline, "kor-security-adviser");
    let mut office = records_office(&hotline, &archive, &safe.join("archive.pub"));
    for writer in [&mut jpn, &mut kor] {
        until_readers(writer, 3);
    }
    write(&mut jpn, "ja", JAPANESE);
    assert_eq!(until_archived(&mut office)["readable"], true);
    write(&mut kor, "ko", KOREAN);
    assert_eq!(until_archived(&mut office)["readable"], true);

    let key = safe.join("archive.key").display().to_string();
    let wrong = other.join("archive.key").display().to_string();
    let at = archive.display().to_string();
    hotline::wait_for("the archive's word in the record", || {
        shown(&hotline, dir.path(), &[]).contains("has these contents in the party's archive")
    });
    let plain = shown(&hotline, dir.path(), &[]);
    assert!(plain.contains("writes a message (principal, routine)") && !plain.contains(JAPANESE));
    let full = shown(&hotline, dir.path(), &["--archive", &at, "--archive-key", &key]);
    assert!(full.contains(&format!("| {JAPANESE}")) && full.contains(&format!("| {KOREAN}")), "{full}");
    let json = shown(&hotline, dir.path(), &["--json", "--archive", &at, "--archive-key", &key]);
    assert!(json.contains(JAPANESE));
    let of_another = shown(&hotline, dir.path(), &["--archive", &at, "--archive-key", &wrong]);
    assert!(of_another.contains("NOT WHAT WAS SIGNED") && !of_another.contains(JAPANESE));

    // On paper: what was verified, what happened, and what was written, with the key alone.
    let pdf = dir.path().join("record.pdf").display().to_string();
    let screen = shown(&hotline, dir.path(), &["--pdf", &pdf, "--archive", &at, "--archive-key", &key]);
    assert!(screen.starts_with("Wrote ") && screen.lines().count() == 1, "{screen}");
    let paper = words(Path::new(&pdf));
    for text in
        [JAPANESE, KOREAN, "All holds", "now.record", "Charter", "writes a message (principal, routine)", "Page 1 of"]
    {
        assert!(paper.contains(&squeezed(text)), "{text}: {paper}");
    }

    // A record that was cut off says so on paper as it does by its exit code.
    let (cut, paper) = (dir.path().join("cut.record"), dir.path().join("cut.pdf"));
    let whole = std::fs::read(export(&hotline, dir.path())).unwrap();
    std::fs::write(&cut, &whole[..whole.len() - 9]).unwrap();
    let mut show = trialogue();
    show.args(["record", "show", "--charter"]).arg(hotline.house().join("charter.cbor")).arg("--pdf").arg(&paper);
    assert_eq!(show.arg(&cut).output().unwrap().status.code(), Some(4));
    assert!(words(&paper).contains(&squeezed("Altered: this file is not what was signed")), "{}", words(&paper));

    // Nothing would be shown of a line that nobody has, as if nothing had happened on it.
    let mut show = trialogue();
    show.args(["record", "show", "--line", "dutty", "--charter"]).arg(hotline.house().join("charter.cbor"));
    let refused = show.arg(export(&hotline, dir.path())).output().unwrap();
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && refused.stdout.is_empty());
    assert!(why.contains("there is no line dutty in this record; its lines are") && why.contains("duty"), "{why}");

    // Neither archive, nor what its machine keeps, nor any node has the words.
    for place in
        [&archive, &hotline.identity("usa-note-taker"), &hotline.identity("jpn-security-adviser"), &hotline.house()]
    {
        assert!(!holds(place, JAPANESE) && !holds(place, KOREAN), "{}", place.display());
    }

    // It is stopped, and started again: what came meanwhile comes into the archive, what is there already comes once.
    drop(office);
    write(&mut jpn, "ja", "海上保安庁が向かっています。");
    let mut office = records_office(&hotline, &archive, &safe.join("archive.pub"));
    assert_eq!(until_archived(&mut office)["readable"], true);
    let full = shown(&hotline, dir.path(), &["--archive", &at, "--archive-key", &key]);
    assert!(full.contains("| 海上保安庁が向かっています。"), "{full}");

    // One archive is for one key.
    drop(office);
    let mut command = trialogue();
    command.args(["archive", "run", "--identity"]).arg(hotline.identity("usa-note-taker"));
    let refused = command.arg("--to").arg(&archive).arg("--key").arg(other.join("archive.pub")).output().unwrap();
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("sealed for another key"));
}
