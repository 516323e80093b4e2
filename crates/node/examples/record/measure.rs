//! The measurements, each of the whole program where there is one to run.

use crate::house::{House, Running, id};
use crate::make::Maker;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use trialogue_node::store::{Lasting, Store, StoreHandle, Write};

/// Starts of the node with the whole record; the median counts.
const STARTS: usize = 3;
/// Own entries for the figure of appends, so that it does not take minutes.
const APPENDS: u64 = 50_000;
/// How long a node has after its start to do by itself what it does then.
const SETTLE: Duration = Duration::from_secs(5);

/// Key, value, what it is.
pub type Figure = (&'static str, f64, &'static str);

pub fn all(binary: &Path, dir: &Path, entries: u64) -> Vec<Figure> {
    let house = House::new(dir);
    let appends = appends(&house, dir, entries.min(APPENDS));
    fill(&house, entries);
    let verified = verify(binary, &house, dir, entries);
    let mut starts: Vec<f64> = (0..STARTS).map(|_| start(binary, &house)).collect();
    starts.sort_by(f64::total_cmp);
    let (caught_up, rss_mb) = catch_up(binary, &house, entries);
    let bytes = std::fs::metadata(house.data("usa-1").join("journal.sqlite")).unwrap().len();
    vec![
        ("appends_per_s", appends, "own entries signed and synced to disk, per second, many under one sync"),
        ("verified_per_s", verified, "entries that `record verify` reads and verifies, per second"),
        (
            "catch_up_entries_per_s",
            caught_up,
            "entries that a fresh node takes over a link, verified and kept, per second",
        ),
        ("start_up_ms", starts[STARTS / 2], "start of a node with the record until it is ready (ms)"),
        ("rss_mb", rss_mb, "memory of the larger of the two nodes after that (MB)"),
        ("bytes_per_entry", bytes as f64 / entries as f64, "disk for each entry of all journals, with indices (bytes)"),
    ]
}

fn write(store: &StoreHandle, node: &str, (seq, bundle, lasting): (u64, trialogue_wire::Bundle, bool)) {
    let lasting = if lasting { Lasting::Entry } else { Lasting::Passing };
    let write = Write::Entry { node: id(node), seq, bundle, lasting, chunks: Vec::new() };
    while store.write(write.clone()).is_err() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn wait_for_disk(store: &StoreHandle, seq: u64) {
    while store.progress().borrow().appended < seq {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// As a node appends: signed one by one, at most so many on their way to the disk.
fn appends(house: &House, dir: &Path, count: u64) -> f64 {
    let store = Store::open(&dir.join("appends"), &id("usa-1")).unwrap().start().unwrap();
    let mut maker = Maker::new(house, &["usa-1"]);
    let begun = Instant::now();
    for seq in 1..=count {
        if seq > 1_024 {
            wait_for_disk(&store, seq - 1_024);
        }
        write(&store, "usa-1", maker.next(&id("usa-1")));
    }
    wait_for_disk(&store, count);
    count as f64 / begun.elapsed().as_secs_f64()
}

/// The record of the node of the USA: its own journal and Japan's. Korea's node has not begun.
fn fill(house: &House, entries: u64) {
    let store = Store::open(&house.data("usa-1"), &id("usa-1")).unwrap().start().unwrap();
    let mut maker = Maker::new(house, &["jpn-1", "usa-1"]);
    for entry in 0..entries {
        let node = ["usa-1", "jpn-1"][(entry % 2) as usize];
        if entry > 8_192 && entry.is_multiple_of(1_024) {
            wait_for_disk(&store, entry / 2 - 4_096);
        }
        write(&store, node, maker.next(&id(node)));
    }
    let charter = &house.charter;
    store
        .write(Write::Charter { serial: charter.serial, hash: charter.hash(), bytes: charter.bytes().to_vec() })
        .unwrap();
}

fn verify(binary: &Path, house: &House, dir: &Path, entries: u64) -> f64 {
    let record = dir.join("all.record");
    let run = |arguments: &[&Path]| {
        let done = Command::new(binary).arg("record").args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    };
    run(&[Path::new("export"), Path::new("--config"), &house.config("usa-1"), Path::new("--out"), &record]);
    let begun = Instant::now();
    run(&[Path::new("verify"), &record, Path::new("--charter"), &dir.join("charter.cbor")]);
    let took = begun.elapsed();
    std::fs::remove_file(&record).unwrap();
    entries as f64 / took.as_secs_f64()
}

fn start(binary: &Path, house: &House) -> f64 {
    let node = Running::start(binary, &house.config("usa-1"));
    let ready = node.ready;
    // What it does after its first start, it does once.
    std::thread::sleep(SETTLE);
    node.stop();
    ready.as_secs_f64() * 1e3
}

/// A node that holds nothing, beside one that holds everything.
fn catch_up(binary: &Path, house: &House, entries: u64) -> (f64, f64) {
    const TAKEN: &str = "trialogue_entry_taken_total";
    let whole = Running::start(binary, &house.config("usa-1"));
    let fresh = Running::start(binary, &house.config("kor-1"));
    fresh.until(TAKEN, 1);
    let (begun, first) = (Instant::now(), fresh.counter(TAKEN));
    fresh.until(TAKEN, entries);
    let took = begun.elapsed();
    std::thread::sleep(SETTLE);
    let rss_mb = whole.rss_mb().max(fresh.rss_mb());
    fresh.stop();
    whole.stop();
    ((entries - first) as f64 / took.as_secs_f64(), rss_mb)
}
