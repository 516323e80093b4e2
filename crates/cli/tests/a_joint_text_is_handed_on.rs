//! Three parties approve one text in three languages. What each has signed goes out as one file, which proves itself to
//! anybody who has the charter, and proves nothing when a word of it is bent. As a PDF it says the same to people, to
//! the byte wherever it is made; of a bent one there is none.
#![allow(clippy::unwrap_used, clippy::panic)]

mod hotline;

use hotline::document::{squeezed, words};
use hotline::writing::{
    WRITERS, WRITTEN_LINE, archive_key, done, export, records_office, trialogue, until_archived, until_readers, writer,
};
use hotline::{Hotline, wait_for};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Output;

const ENGLISH: &str = "The three keep in touch.";
const JAPANESE: &str = "三か国は連絡を取り合う。";
const KOREAN: &str = "세 나라는 계속 연락한다.";

/// Position and journal of the joint text, once all three approvals are in the record.
fn approved(hotline: &Hotline, dir: &Path) -> Option<(String, u64)> {
    let mut show = trialogue();
    show.args(["record", "show", "--json", "--charter"]).arg(hotline.house().join("charter.cbor"));
    let shown = String::from_utf8(done(show.arg(export(hotline, dir))).stdout).unwrap();
    let events: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let text = events.iter().find(|event| event["kind"] == "write")?;
    let all = events.iter().filter(|event| event["kind"] == "approve").count() == 3;
    all.then(|| (text["node"].as_str().unwrap().to_owned(), text["position"].as_u64().unwrap()))
}

fn check(hotline: &Hotline, file: &Path) -> Output {
    let charter = hotline.house().join("charter.cbor");
    trialogue().args(["record", "check-text", "--charter"]).arg(charter).arg(file).output().unwrap()
}

fn check_to_pdf(hotline: &Hotline, file: &Path, pdf: &Path) -> Output {
    let charter = hotline.house().join("charter.cbor");
    let mut check = trialogue();
    check.args(["record", "check-text", "--charter"]).arg(charter).arg(file).arg("--pdf").arg(pdf).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The same file with something changed.
fn bent(file: &Path, change: impl FnOnce(&mut Value)) -> PathBuf {
    let mut value: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    change(&mut value);
    let to = file.with_extension("bent");
    std::fs::write(&to, value.to_string()).unwrap();
    to
}

/// One digit of a hexadecimal text is another one.
fn turn(value: &mut Value, from_the_end: usize) {
    let mut text = value.as_str().unwrap().to_owned();
    let at = text.len() - from_the_end;
    let other = if &text[at..=at] == "0" { "1" } else { "0" };
    text.replace_range(at..=at, other);
    *value = text.into();
}

#[test]
fn a_joint_text_is_handed_on() {
    let hotline = Hotline::start();
    let dir = tempfile::tempdir().unwrap();
    let (safe, archive) = (dir.path().join("safe"), dir.path().join("archive"));
    archive_key(&safe);
    let mut writers = WRITERS.map(|office| writer(&hotline, office));
    let mut office = records_office(&hotline, &archive, &safe.join("archive.pub"));
    writers.iter_mut().for_each(|writer| until_readers(writer, 4));
    let text = |language: &str, text: &str| json!({ "language": language, "text": text });
    writers[1].tell(&json!({
        "kind": "writeReadout", "line": WRITTEN_LINE, "replaces": null,
        "texts": [text("en", ENGLISH), text("ja", JAPANESE), text("ko", KOREAN)],
    }));
    until_archived(&mut office);
    for writer in &mut writers {
        let shown = writer.until("the joint text", |event| event["written"]["readouts"][0]["mayApprove"] == true);
        let id = &shown["written"]["readouts"][0]["versionId"];
        writer.tell(&json!({ "kind": "approveReadout", "id": id }));
    }
    wait_for("three approvals in the record", || approved(&hotline, dir.path()).is_some());
    let (node, position) = approved(&hotline, dir.path()).unwrap();

    let (record, file) = (export(&hotline, dir.path()), dir.path().join("joint.json"));
    let mut handed = trialogue();
    handed.args(["record", "text", "--node", &node, "--position", &position.to_string(), "--charter"]);
    handed.arg(hotline.house().join("charter.cbor")).arg("--archive").arg(&archive).arg("--archive-key");
    let first = done(handed.arg(safe.join("archive.key")).arg("--out").arg(&file).arg(&record));
    assert!(!handed.output().unwrap().status.success(), "never over a file");

    let good = check(&hotline, &file);
    assert!(good.status.success());
    for words in
        ["Written by JPN", "Approved by USA", "Approved by JPN", "Approved by KOR", "Every party of the line", JAPANESE]
    {
        assert!(said(&good).contains(words) && said(&first).contains(words), "{words}: {}", said(&good));
    }
    let pdfs = ["one.pdf", "other.pdf", "bent.pdf"].map(|name| dir.path().join(name));
    for pdf in &pdfs[..2] {
        assert!(check_to_pdf(&hotline, &file, pdf).status.success());
    }
    assert_eq!(std::fs::read(&pdfs[0]).unwrap(), std::fs::read(&pdfs[1]).unwrap(), "two parties can compare");
    assert!(!check_to_pdf(&hotline, &file, &pdfs[0]).status.success(), "never over a file");
    let brackets = format!("[{node} {position}]");
    for text in
        [ENGLISH, JAPANESE, KOREAN, "Written by JPN", "Approved by KOR", "Every party of the line", "Digest", &brackets]
    {
        assert!(words(&pdfs[0]).contains(&squeezed(text)), "{text}: {}", words(&pdfs[0]));
    }
    let altered = |file: PathBuf| {
        let output = check_to_pdf(&hotline, &file, &pdfs[2]);
        assert!(!pdfs[2].exists() && said(&output).contains("There is no PDF"), "{}", said(&output));
        assert_eq!(output.status.code(), Some(4), "{}", said(&output));
        assert!(said(&output).starts_with("Proves nothing") && !said(&output).contains("Approved"));
    };
    altered(bent(&file, |file| file["texts"][1]["text"] = "三か国は何もしない。".into()));
    altered(bent(&file, |file| turn(&mut file["content"], 9)));
    let entries = serde_json::from_slice::<Value>(&std::fs::read(&file).unwrap()).unwrap();
    let entries = entries["entries"].as_array().unwrap().len();
    for at in 0..entries {
        altered(bent(&file, |file| turn(&mut file["entries"][at]["entry"], 300)));
    }
    // Without an entry it proves less, or nothing; never more.
    for at in 0..entries {
        let less = check(&hotline, &bent(&file, |file| drop(file["entries"].as_array_mut().unwrap().remove(at))));
        assert!(!said(&less).contains("Every party of the line"), "{}", said(&less));
        assert!(less.status.code() == Some(4) || said(&less).contains("no approval by"), "{}", said(&less));
    }
}
