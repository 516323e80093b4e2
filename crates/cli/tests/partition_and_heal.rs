//! Networks part and heal, in every combination of three parties, and two and two of four: each half rings and talks;
//! afterwards the calls on one line are one call, everybody hears everybody, and all nodes hold the same record.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use std::path::PathBuf;
use std::time::{Duration, Instant};
use trialogue_impair::{Carrier, Endpoint, Extra, Kind, Plan, Suite, World, why_not};

const CARRIERS: [Carrier; 1] = [Carrier { name: "fibre", kind: Kind::Veth }];

struct Parties {
    // End before the world that they run in.
    officers: Vec<Endpoint>,
    devices: Vec<String>,
    world: World,
    _dir: tempfile::TempDir,
}

impl Parties {
    fn meet(count: usize) -> Option<Self> {
        if let Some(why) = why_not() {
            eprintln!("skipped: {why}");
            return None;
        }
        let target = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/assets"));
        let assets = std::env::var_os("TRIALOGUE_ASSETS").map_or_else(target, PathBuf::from);
        assert!(assets.join("speech-1.wav").exists(), "{} is missing: run `cargo xtask assets`", assets.display());
        let dir = tempfile::tempdir().unwrap();
        let world = World::build(&Plan {
            binary: env!("CARGO_BIN_EXE_trialogue").as_ref(),
            assets: &assets,
            dir: dir.path(),
            parties: count,
            extra: Extra::Nothing,
            carriers: &CARRIERS,
            suite: Suite::Xwing,
        });
        let world = world.unwrap();
        let officers = world.parties().iter().map(|party| world.officer(party.node, false, None).unwrap()).collect();
        let mut parties = Self { officers, devices: Vec::new(), world, _dir: dir };
        parties.until_reached(&[&(0..count).collect::<Vec<_>>()]);
        parties.devices = parties.officers.iter().map(Endpoint::device).collect();
        Some(parties)
    }

    /// Each reaches those of its own group and nobody else.
    fn until_reached(&mut self, groups: &[&[usize]]) {
        let ids: Vec<_> = self.world.parties().iter().map(|party| party.id).collect();
        for group in groups {
            for at in *group {
                let others: Vec<_> = group.iter().filter(|other| *other != at).map(|other| ids[*other]).collect();
                self.officers[*at].until_reaches(&others).unwrap();
            }
        }
    }

    fn part(&mut self, groups: &[&[usize]]) {
        let nodes: Vec<_> = self.world.parties().iter().map(|party| party.node).collect();
        let names: Vec<Vec<&str>> = groups.iter().map(|group| group.iter().map(|at| nodes[*at]).collect()).collect();
        let names: Vec<&[&str]> = names.iter().map(Vec::as_slice).collect();
        self.world.lab.partition(&names).unwrap();
        self.until_reached(groups);
    }

    /// One of the group rings, the others answer, and each hears each.
    fn ring_and_talk(&mut self, group: &[usize]) {
        self.officers[group[0]].ring().unwrap();
        for at in &group[1..] {
            self.officers[*at].answer_ring().unwrap();
        }
        self.talk(group);
    }

    /// All of the group and nobody else are in one call, and each hears each.
    fn talk(&mut self, group: &[usize]) {
        let devices: Vec<_> = group.iter().map(|at| self.devices[*at].clone()).collect();
        for at in group {
            self.officers[*at].until_sealed_for(&devices).unwrap();
        }
        self.hear(group);
    }

    fn hear(&mut self, group: &[usize]) {
        for at in group {
            for speaker in group.iter().filter(|speaker| *speaker != at) {
                self.officers[*at].until_more(&self.devices[*speaker], "voice", 25).unwrap();
            }
        }
    }

    fn hang_up(&mut self) {
        for officer in &mut self.officers {
            officer.hang_up().unwrap();
        }
    }

    /// Every node holds the same entries of every journal.
    fn until_one_record(&self) {
        let end = Instant::now() + Duration::from_secs(90);
        loop {
            let mut records = self.world.parties().iter().map(|party| record(&self.world.data(party.node).unwrap()));
            let first = records.next().unwrap();
            if first.len() > self.devices.len() && records.all(|record| record == first) {
                return;
            }
            assert!(Instant::now() < end, "the records of the nodes differ");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// Node, number and hash of every entry that a node holds.
fn record(data: &std::path::Path) -> Vec<(String, i64, Vec<u8>)> {
    // A copy is read, so that the node is left alone; what its readers share is made anew.
    let dir = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(data).unwrap() {
        let file = file.unwrap();
        let shared = file.file_name().to_string_lossy().ends_with("-shm");
        if file.file_type().unwrap().is_file() && !shared {
            std::fs::copy(file.path(), dir.path().join(file.file_name())).unwrap();
        }
    }
    let Ok(db) = rusqlite::Connection::open(dir.path().join("journal.sqlite")) else { return Vec::new() };
    let mut all = db.prepare("SELECT node, seq, hash FROM entries ORDER BY node, seq").unwrap();
    let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    // A copy taken while it was written is looked at again.
    rows.and_then(Iterator::collect).unwrap_or_default()
}

#[test]
fn three_parties_part_in_every_way_and_are_one_again() {
    let Some(mut parties) = Parties::meet(3) else { return };
    let cuts: [&[&[usize]]; 4] = [&[&[0], &[1, 2]], &[&[1], &[0, 2]], &[&[2], &[0, 1]], &[&[0], &[1], &[2]]];
    for groups in cuts {
        // In a call when the cut comes: each half goes on. Nobody can know of those beyond it that they have left.
        parties.ring_and_talk(&[0, 1, 2]);
        parties.part(groups);
        for group in groups.iter().filter(|group| group.len() > 1) {
            parties.hear(group);
        }
        parties.world.lab.heal().unwrap();
        parties.talk(&[0, 1, 2]);
        parties.hang_up();
        parties.until_one_record();
    }
}

#[test]
fn two_and_two_of_four_ring_apart_and_are_in_one_call_when_they_meet() {
    let Some(mut parties) = Parties::meet(4) else { return };
    parties.part(&[&[0, 1], &[2, 3]]);
    parties.ring_and_talk(&[0, 1]);
    parties.ring_and_talk(&[2, 3]);
    parties.world.lab.heal().unwrap();
    parties.talk(&[0, 1, 2, 3]);
    parties.hang_up();
    parties.until_one_record();
}
