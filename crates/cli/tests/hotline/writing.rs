//! Consoles without a screen that write, and a records office that reads.

use super::Hotline;
use super::endpoint::Endpoint;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The line on which is written, and an office of each party that writes there.
pub const WRITTEN_LINE: &str = "advisers";
pub const WRITERS: [&str; 3] = ["usa-security-adviser", "jpn-security-adviser", "kor-security-adviser"];

pub fn trialogue() -> Command {
    Command::new(env!("CARGO_BIN_EXE_trialogue"))
}

pub fn done(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

pub fn writer(hotline: &Hotline, office: &str) -> Endpoint {
    let mut command = trialogue();
    command.args(["endpoint", "--stdin", "--writings", "--link", hotline.enrolment(office), "--identity"]);
    let mut writer = Endpoint::start_as(office, command.arg(hotline.identity(office)));
    writer.tell(&json!({ "kind": "openWritten", "line": WRITTEN_LINE }));
    writer.until_view("its node", |view| view["node"] == "up");
    writer
}

pub fn until_readers(writer: &mut Endpoint, count: usize) {
    writer.until("all readers", |event| {
        let readers = event["written"]["readers"].as_array();
        event["written"]["ready"] == true && readers.is_some_and(|readers| readers.len() == count)
    });
}

pub fn write(writer: &mut Endpoint, language: &str, text: &str) {
    writer.tell(&json!({
        "kind": "write", "line": WRITTEN_LINE, "language": language, "text": text, "traffic": "principal",
        "precedence": "routine", "marking": "", "answerByMs": null, "answers": null,
    }));
}

pub fn archive_key(to: &Path) {
    done(trialogue().args(["archive", "key", "--out"]).arg(to));
}

pub fn records_office(hotline: &Hotline, to: &Path, key: &Path) -> Endpoint {
    let office = "usa-note-taker";
    let mut command = trialogue();
    command.args(["archive", "run", "--stdin", "--link", hotline.enrolment(office), "--identity"]);
    Endpoint::start_as(office, command.arg(hotline.identity(office)).arg("--to").arg(to).arg("--key").arg(key))
}

pub fn until_archived(office: &mut Endpoint) -> Value {
    office.until("a writing in the archive", |event| event["event"] == "archived")
}

/// The record that the United States' node has now, as its operator exports it while it runs.
pub fn export(hotline: &Hotline, dir: &Path) -> PathBuf {
    let record = dir.join("now.record");
    let _ = std::fs::remove_file(&record);
    let config = hotline.house().join("usa/node.toml");
    done(trialogue().args(["record", "export", "--config"]).arg(config).arg("--out").arg(&record));
    record
}
