//! A backup is taken from a running node in the middle of a call. Later its machine is gone, disk and all. The node
//! comes back from the old backup, gets what it has said since from the others, and goes on at the next position:
//! nobody ever sees two histories.
#![allow(clippy::unwrap_used, clippy::panic)]

mod hotline;

use hotline::endpoint::Endpoint;
use hotline::{Hotline, line, party, wait_for};
use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use trialogue_journal::{Body, UnverifiedEntry};
use trialogue_record::Item;

fn trialogue(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trialogue")).args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn does(arguments: &[&str]) -> String {
    let output = trialogue(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    text(&output)
}

fn refused(arguments: &[&str], why: &str) {
    let output = trialogue(arguments);
    assert!(!output.status.success() && text(&output).contains(why), "{arguments:?}: {}", text(&output));
}

/// Where records and backups go.
struct Shelf {
    dir: tempfile::TempDir,
    house: PathBuf,
}

impl Shelf {
    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    fn config(&self, party: &str) -> String {
        self.house.join(party).join("node.toml").to_str().unwrap().to_owned()
    }

    /// The journal of the USA's node, as a party's node holds it now, in a record that verifies.
    fn journal(&self, party: &str, name: &str) -> Vec<Vec<u8>> {
        let (file, config, charter) = (self.path(name), self.config(party), self.house.join("charter.cbor"));
        does(&["record", "export", "--config", &config, "--out", &file]);
        let said = trialogue(&["record", "verify", &file, "--charter", charter.to_str().unwrap()]);
        // Entries that others have signed for may be on their way to this node.
        assert!(matches!(said.status.code(), Some(0 | 3)), "{}", text(&said));
        let bytes = std::fs::read(&file).unwrap();
        let (mut rest, mut journal) = (&bytes[..], Vec::new());
        while let Some((item, len)) = Item::decode(rest).unwrap() {
            rest = &rest[len..];
            if let Item::Entry { entry, .. } = item
                && UnverifiedEntry::decode(&entry).unwrap().claim().node.as_str() == "usa-1"
            {
                journal.push(entry);
            }
        }
        journal
    }
}

fn call(from: &mut Endpoint, to: &mut Endpoint) {
    from.ring();
    to.until_view("a ring", |view| !line(view)["ring"].is_null());
    to.answer();
    from.until_view("an answer", |view| party(view, "JPN")["ring"]["kind"] == "answered");
    from.hang_up();
    to.hang_up();
    for end in [from, to] {
        end.until_view("it is over", |view| view["call"].is_null() && line(view)["active"] == false);
    }
}

#[test]
fn a_node_is_restored_from_a_backup() {
    let hotline = Hotline::start();
    let [mut usa, mut jpn, _kor] = hotline.duty_officers();
    let shelf = Shelf { dir: tempfile::tempdir().unwrap(), house: hotline.house() };
    let config = shelf.config("usa");

    // In the middle of a call: nothing stops for it.
    usa.ring();
    jpn.until_view("a ring", |view| !line(view)["ring"].is_null());
    let (backup, whole) = (shelf.path("backup"), shelf.path("with-keys"));
    let said = does(&["node", "backup", "--config", &config, "--to", &backup]);
    assert!(said.contains("Backed up node usa-1") && said.contains("Secret keys are not in it"), "{said}");
    jpn.answer();
    usa.until_view("an answer", |view| party(view, "JPN")["ring"]["kind"] == "answered");
    does(&["node", "backup", "--config", &config, "--to", &whole, "--with-keys"]);
    usa.hang_up();
    jpn.hang_up();
    refused(&["node", "backup", "--config", &config, "--to", &backup], "nothing is ever overwritten");
    assert!(!Path::new(&backup).join("node_key").exists() && Path::new(&whole).join("node_key").exists());

    // It has said more by the time its machine is gone.
    for _ in 0..2 {
        call(&mut usa, &mut jpn);
    }
    let before = shelf.journal("usa", "before");
    refused(&["node", "restore", "--from", &backup, "--config", &config], "is not empty");
    hotline.kill_node("usa");
    // It may have said something more until then, and says nothing after: what both others have is all of it.
    let (turn, held) = (Cell::new(0), RefCell::new(Vec::new()));
    wait_for("both others have all of it", || {
        turn.set(turn.get() + 1);
        let [jpn, kor] = ["jpn", "kor"].map(|party| shelf.journal(party, &format!("{party}-{}", turn.get())));
        let all = jpn == kor && jpn.len() >= before.len();
        held.replace(jpn);
        all
    });
    let held = held.into_inner();
    assert!(held.starts_with(&before));
    let data = hotline.house().join("usa/data");
    std::fs::remove_dir_all(&data).unwrap();

    bent_backups_are_refused(&shelf, &backup, &config, &data);
    let said = does(&["node", "restore", "--from", &backup, "--config", &config]);
    assert!(said.contains("Restored node usa-1") && said.contains("all verified"), "{said}");
    let _node = hotline.restart_node("usa");
    usa.until_view("its node is back", |view| view["node"] == "up");
    for end in [&mut usa, &mut jpn] {
        end.until_staffed();
    }
    call(&mut usa, &mut jpn);

    let after = shelf.journal("usa", "after");
    assert!(after.len() > held.len());
    assert!(after.starts_with(&held), "everything that it had said, at its place");
    let next = UnverifiedEntry::decode(&after[held.len()]).unwrap();
    assert!(matches!(next.claim().body, Body::Restarted {}), "{:?}", next.claim().body);
    // A third sees one history.
    assert!(shelf.journal("kor", "third").starts_with(&held));
    let log = std::fs::read_to_string(hotline.house().join("usa/node.log")).unwrap();
    assert!(log.contains("this node was restored") && log.contains("gives back own entries"), "{log}");

    // Another machine, in one step.
    let moved = shelf.path("moved");
    let there = format!("{moved}/node.toml");
    let said = does(&["node", "restore", "--from", &whole, "--config", &there]);
    assert!(said.contains(&format!("Wrote {there}.")) && !said.contains("MISSING"), "{said}");
    let names = ["usa/node.key", "charter.cbor"].map(|name| std::fs::read(hotline.house().join(name)).unwrap());
    let config = trialogue_node::Config::read(Path::new(&there)).unwrap();
    assert_eq!([&config.node_key, &config.charter].map(|path| std::fs::read(path).unwrap()), names);
}

/// Whatever is changed in a backup, it is not used.
fn bent_backups_are_refused(shelf: &Shelf, backup: &str, config: &str, data: &Path) {
    let bent = shelf.path("bent");
    let fresh = || {
        let _ = std::fs::remove_dir_all(&bent);
        std::fs::create_dir(&bent).unwrap();
        for file in std::fs::read_dir(backup).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), Path::new(&bent).join(file.file_name())).unwrap();
        }
    };
    let restore = ["node", "restore", "--from", &bent, "--config", config];
    for name in ["journal.sqlite", "charter", "node.toml"] {
        fresh();
        let path = Path::new(&bent).join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        refused(&restore, "is not as it was when the backup was taken");
    }
    fresh();
    let list = Path::new(&bent).join("manifest.json");
    let said = std::fs::read_to_string(&list).unwrap().replace("\"with_keys\": false", "\"with_keys\": true");
    std::fs::write(&list, said).unwrap();
    refused(&restore, "is not signed by node usa-1");
    refused(&["node", "restore", "--from", shelf.dir.path().to_str().unwrap(), "--config", config], "is no backup");
    assert!(!data.exists(), "nothing was begun");
}
