//! SIGKILL at any instant: every entry that was said to be on disk is there after it, in its place and whole.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use trialogue_charter::NodeId;
use trialogue_node::store::{Lasting, Store, StoreError, Write};
use trialogue_wire::Bundle;

const DIR: &str = "TRIALOGUE_TEST_STORE";

fn node(id: &str) -> NodeId {
    NodeId::new(id).unwrap()
}

fn entry(whose: &NodeId, seq: u64) -> Write {
    let bundle = Bundle {
        entry: format!("entry {seq} of {whose}").into_bytes(),
        bodies: vec![vec![seq as u8; 3_000].into(), b"the same every time".to_vec().into()],
    };
    Write::Entry { node: whose.clone(), seq, bundle, lasting: Lasting::Entry, chunks: Vec::new() }
}

fn heads(dir: &Path) -> BTreeMap<String, u64> {
    let mut heads = BTreeMap::new();
    let store = Store::open(dir, &node("usa-1")).unwrap();
    store
        .entries(|kept| {
            assert_eq!(
                entry(&kept.node, kept.seq),
                Write::Entry {
                    node: kept.node.clone(),
                    seq: kept.seq,
                    bundle: kept.bundle,
                    lasting: Lasting::Entry,
                    chunks: Vec::new()
                }
            );
            heads.insert(kept.node.to_string(), kept.seq);
        })
        .unwrap();
    heads
}

/// A child that is just being started has the locks of this process until it has become its program.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs in a process of its own, until it is killed: writes, waits for the disk, says how far it is.
#[test]
#[ignore = "only as a child of the test below"]
fn child() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let (own, other) = (node("usa-1"), node("jpn-1"));
    let begin = heads(Path::new(&dir));
    let store = Store::open(Path::new(&dir), &own).unwrap().start().unwrap();
    let mut progress = store.progress();
    let (mut seq, mut theirs) = (begin.get("usa-1").copied().unwrap_or(0), begin.get("jpn-1").copied().unwrap_or(0));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    loop {
        for _ in 0..5 {
            seq += 1;
            theirs += 1;
            store.write(entry(&own, seq)).unwrap();
            store.write(entry(&other, theirs)).unwrap();
        }
        let done = runtime.block_on(progress.wait_for(|p| p.appended > 0 && p.appended + 5 > seq)).unwrap().appended;
        println!("\ndone {done}");
        std::io::stdout().flush().unwrap();
    }
}

#[test]
fn killed_at_any_instant() {
    let _alone = ALONE.lock();
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "child", "--nocapture"])
            .env(DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = 0;
        for line in lines {
            let Ok(line) = line else { break };
            let Some(done) = line.strip_prefix("done ").and_then(|n| n.parse::<u64>().ok()) else { continue };
            acknowledged = acknowledged.max(done);
            said += 1;
            if said == 3 + round {
                // What it had already said meanwhile is still read and counts.
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let held = heads(dir.path());
        assert!(held["usa-1"] >= acknowledged, "round {round}: {held:?}, acknowledged {acknowledged}");
    }
    assert!(acknowledged > 0);
}

fn some_entries(dir: &Path) {
    let store = Store::open(dir, &node("usa-1")).unwrap().start().unwrap();
    for seq in 1..=9 {
        store.write(entry(&node("usa-1"), seq)).unwrap();
        store.write(entry(&node("jpn-1"), seq)).unwrap();
    }
}

fn sql(dir: &Path, text: &str) {
    rusqlite::Connection::open(dir.join("journal.sqlite")).unwrap().execute_batch(text).unwrap();
}

#[test]
fn a_damaged_own_journal_is_refused() {
    for (change, why) in [
        ("UPDATE entries SET entry = x'00' WHERE node = 'usa-1' AND seq = 4", "were changed"),
        ("DELETE FROM entries WHERE node = 'usa-1' AND seq = 4", "missing"),
        ("UPDATE bodies SET bytes = x'00'", "body"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        some_entries(dir.path());
        sql(dir.path(), change);
        let error = Store::open(dir.path(), &node("usa-1")).unwrap().entries(|_| {}).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, StoreError::Damaged { .. }) && text.contains(why) && text.contains("backup"), "{text}");
    }
}

#[test]
fn a_damaged_journal_of_another_node_is_cut_and_can_be_filled_again() {
    let dir = tempfile::tempdir().unwrap();
    some_entries(dir.path());
    sql(dir.path(), "DELETE FROM entries WHERE node = 'jpn-1' AND seq = 4");
    let all = BTreeMap::from([("jpn-1".to_owned(), 3), ("usa-1".to_owned(), 9)]);
    assert_eq!(heads(dir.path()), all);
    let store = Store::open(dir.path(), &node("usa-1")).unwrap().start().unwrap();
    store.write(entry(&node("jpn-1"), 4)).unwrap();
    drop(store);
    assert_eq!(heads(dir.path())["jpn-1"], 4);
}

#[test]
fn a_journal_has_one_node_and_one_process() {
    let _alone = ALONE.lock();
    let dir = tempfile::tempdir().unwrap();
    let first = Store::open(dir.path(), &node("usa-1")).unwrap();
    assert!(matches!(Store::open(dir.path(), &node("usa-1")), Err(StoreError::Busy(_))));
    drop(first);
    assert!(matches!(Store::open(dir.path(), &node("kor-1")), Err(StoreError::OtherNode { .. })));
    sql(dir.path(), "PRAGMA user_version = 99");
    assert!(matches!(Store::open(dir.path(), &node("usa-1")), Err(StoreError::Newer { found: 99, .. })));
}
