//! A file of some megabytes goes with a message through real nodes: one of them is away while it goes, and has it later
//! from a third, because the node that it came from is gone by then. The records office keeps it, and gives it back out
//! of its archive with the offline key alone.
#![allow(clippy::unwrap_used, clippy::panic)]

mod hotline;

use hotline::Hotline;
use hotline::endpoint::Endpoint;
use hotline::writing::{
    WRITTEN_LINE, archive_key, done, export, records_office, trialogue, until_readers, write, writer,
};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const TEXT: &str = "海図をお送りします。";
const NAME: &str = "海図 第三版.tiff";

/// So many bytes in which nothing repeats.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..len / 8).flat_map(|_| next().to_le_bytes()).collect()
}

fn message<'a>(event: &'a Value, text: &str) -> Option<&'a Value> {
    event["written"]["messages"].as_array()?.iter().find(|message| message["text"] == text)
}

fn until_message(writer: &mut Endpoint, what: &str, wanted: impl Fn(&Value) -> bool) -> String {
    let event = writer.until(what, |event| message(event, TEXT).is_some_and(&wanted));
    message(&event, TEXT).unwrap()["id"].as_str().unwrap().to_owned()
}

/// Fetches both files and holds them against what was attached.
fn fetch(writer: &mut Endpoint, id: &str, dir: &Path, files: [&[u8]; 2]) {
    for (at, file) in files.into_iter().enumerate() {
        let to = dir.join(format!("{}.{at}", writer.device()));
        writer.tell(&json!({ "do": "save", "id": id, "at": at, "to": to }));
        writer.until("a file", |event| event["event"] == "saved");
        assert!(std::fs::read(&to).unwrap() == file, "it is what was attached");
    }
}

fn holds(dir: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        let held = |bytes: Vec<u8>| memchr(&bytes, needle);
        if path.is_dir() { holds(&path, needle) } else { std::fs::read(path).is_ok_and(held) }
    })
}

fn memchr(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window[0] == needle[0] && window == needle)
}

#[test]
fn files_are_attached() {
    let hotline = Hotline::start();
    let dir = tempfile::tempdir().unwrap();
    let (safe, archive) = (dir.path().join("safe"), dir.path().join("archive"));
    archive_key(&safe);
    let (large, small) = (noise(6 << 20), "어제 받은 자료입니다.\n".repeat(9).into_bytes());
    std::fs::write(dir.path().join(NAME), &large).unwrap();
    std::fs::write(dir.path().join("메모.txt"), &small).unwrap();
    let mut office = records_office(&hotline, &archive, &safe.join("archive.pub"));
    let [mut usa, mut jpn, mut kor] =
        ["usa-security-adviser", "jpn-security-adviser", "kor-security-adviser"].map(|office| writer(&hotline, office));
    [&mut usa, &mut jpn, &mut kor].into_iter().for_each(|writer| until_readers(writer, 4));

    hotline.kill_node("kor");
    for name in [NAME, "메모.txt"] {
        jpn.tell(&json!({ "do": "attach", "line": WRITTEN_LINE, "path": dir.path().join(name) }));
        jpn.until("a file attached", |event| event["event"] == "attached");
    }
    write(&mut jpn, "ja", TEXT);
    until_message(&mut jpn, "two nodes that have all of it", |message| {
        message["files"].as_array().is_some_and(|files| files.len() == 2 && files[0]["name"] == NAME)
            && message["stored"].as_array().is_some_and(|stored| stored.len() == 2)
    });
    let id = until_message(&mut usa, "the message", |message| message["reading"] == "open");
    fetch(&mut usa, &id, dir.path(), [&large, &small]);
    office.until("the message in the archive", |event| event["event"] == "archived");
    let kept = || {
        let record = export(&hotline, dir.path());
        let mut show = trialogue();
        show.args(["record", "show", "--all", "--charter"]).arg(hotline.house().join("charter.cbor")).arg(&record);
        String::from_utf8(done(&mut show).stdout).unwrap()
    };
    hotline::wait_for("the archive's word that it has all of it", || {
        kept().contains("has these contents in the party's archive")
    });

    // The node that it came from is gone; Korea's comes back and has it from the United States'.
    hotline.kill_node("jpn");
    let _kor = hotline.restart_node("kor");
    kor.until_view("its node", |view| view["node"] == "up");
    let id = until_message(&mut kor, "the message", |message| message["reading"] == "open");
    fetch(&mut kor, &id, dir.path(), [&large, &small]);

    // Out of the archive, with the key that was on no machine of the line.
    let timeline = kept();
    let line = timeline.lines().find(|line| line.contains("writes a message")).unwrap();
    let (node, position) = line.rsplit_once('[').unwrap().1.trim_end_matches(']').split_once(' ').unwrap();
    let out = dir.path().join("out");
    let files = |more: &mut dyn FnMut(&mut Command)| {
        let mut files = trialogue();
        files.args(["record", "files", "--node", node, "--position", position, "--charter"]);
        files.arg(hotline.house().join("charter.cbor")).arg("--archive").arg(&archive).arg("--archive-key");
        files.arg(safe.join("archive.key")).arg("--out").arg(&out).arg(dir.path().join("now.record"));
        more(&mut files);
        files
    };
    done(&mut files(&mut |_| {}));
    assert!(std::fs::read(out.join(NAME)).unwrap() == large && std::fs::read(out.join("메모.txt")).unwrap() == small);
    let again = files(&mut |_| {}).output().unwrap();
    assert!(!again.status.success(), "nothing is overwritten");

    // No disk of the line has any of it in the clear.
    let identities = ["usa-note-taker", "usa-security-adviser", "jpn-security-adviser", "kor-security-adviser"];
    let places = identities.map(|office| hotline.identity(office));
    for place in places.iter().chain([&archive, &hotline.house()]) {
        assert!(!holds(place, &large[4_096..4_160]) && !holds(place, &small[..60]), "{}", place.display());
    }
}
