//! The line is tested at all times: what stays away or fails is amber, then red, at every party, and people are told of
//! their own.

#![allow(clippy::unwrap_used)]

use trialogue_charter::PartyId;
use trialogue_core::{Count, Note};
use trialogue_journal::{Body, Grade, Level, UnverifiedEntry};
use trialogue_sim::{DEVICES, JPN, KOR, USA, World};

const MINUTE_US: u64 = 60_000_000;

fn party(id: &str) -> PartyId {
    PartyId::new(id).unwrap()
}

fn grade(world: &World, node: usize, a: &str, b: &str, level: Level) -> Grade {
    let pairs = world.nodes[node].machine.as_ref().unwrap().tests();
    pairs.iter().find(|pair| pair.a == party(a) && pair.b == party(b)).unwrap().levels[&level].grade
}

/// A grade as every node says it.
fn everywhere(world: &World, a: &str, b: &str, level: Level) -> [Grade; 3] {
    [0, 1, 2].map(|node| grade(world, node, a, b, level))
}

fn after_minutes(minutes: u64) -> World {
    let mut world = World::on_watch(3, 7);
    world.consoles.iter_mut().for_each(|console| console.proves = true);
    world.run(minutes * MINUTE_US);
    world
}

#[test]
fn every_node_measures_every_path_once_in_a_period() {
    let world = after_minutes(5);
    for (a, b) in [("JPN", "KOR"), ("JPN", "USA"), ("KOR", "USA")] {
        assert_eq!(everywhere(&world, a, b, Level::Path), [Grade::Good; 3], "{a} {b}");
    }
    for node in &world.nodes {
        let own = node.disk.read().into_iter().map(|bundle| UnverifiedEntry::decode(&bundle.entry).unwrap());
        let own = own.filter(|entry| entry.claim().node == node.id);
        let tested = own.filter(|entry| matches!(entry.claim().body, Body::Tested { .. })).count();
        assert_eq!(tested, 5, "one entry for all paths together");
        let last = node.machine.as_ref().unwrap().state().node(&node.id).unwrap().tested().unwrap();
        assert_eq!(last.results.len(), 2);
        assert!(last.results.iter().all(|result| result.ok && result.kbit.is_some()), "the probes came back");
    }
    world.check_honest();
}

#[test]
fn a_cut_between_two_is_red_at_all_three_until_it_heals() {
    let mut world = after_minutes(3);
    world.cut(0, 1);
    let seen = |world: &World, grade| everywhere(world, "JPN", "KOR", Level::Path) == [grade; 3];
    assert!(world.run_until(|world| seen(world, Grade::Amber)));
    assert!(world.nodes.iter().all(|node| node.test_alerts.is_empty()));
    for _ in 0..2 {
        world.run(MINUTE_US);
    }
    assert!(world.run_until(|world| seen(world, Grade::Red)));
    for (a, b) in [("JPN", "USA"), ("KOR", "USA")] {
        assert_eq!(everywhere(&world, a, b, Level::Path), [Grade::Good; 3], "each still reaches the third");
    }
    // Each end tells its people once; the third logs it.
    assert_eq!(world.nodes[0].test_alerts, [(party("KOR"), Level::Path)]);
    assert_eq!(world.nodes[1].test_alerts, [(party("JPN"), Level::Path)]);
    assert_eq!(world.nodes[2].test_alerts, []);
    let failed = Note::TestFailed { a: party("JPN"), b: party("KOR"), level: Level::Path };
    assert!(world.nodes.iter().all(|node| node.notes.contains(&failed)));
    world.mend(0, 1);
    world.run(2 * MINUTE_US);
    assert!(seen(&world, Grade::Good));
    let good = Note::TestGood { a: party("JPN"), b: party("KOR"), level: Level::Path };
    assert!(world.nodes.iter().all(|node| node.notes.contains(&good)));
    world.check_honest();
}

#[test]
fn a_node_that_died_is_missed_by_the_others() {
    let mut world = after_minutes(3);
    world.crash(2);
    world.run(4 * MINUTE_US);
    for node in [0, 1] {
        assert_eq!(grade(&world, node, "JPN", "USA", Level::Path), Grade::Red);
        assert_eq!(grade(&world, node, "KOR", "USA", Level::Path), Grade::Red);
        assert_eq!(grade(&world, node, "JPN", "KOR", Level::Path), Grade::Good);
    }
    world.start(2);
    world.run(3 * MINUTE_US);
    assert_eq!(everywhere(&world, "KOR", "USA", Level::Path), [Grade::Good; 3]);
}

#[test]
fn consoles_on_watch_prove_that_they_live() {
    let mut world = after_minutes(1);
    for console in [JPN, KOR, USA] {
        assert_eq!(world.consoles[console].accepted.len(), 1, "asked once in a period");
    }
    assert_eq!(everywhere(&world, "JPN", "USA", Level::Station), [Grade::Good; 3]);
    // The browsers of one party hang: their sockets stand, and nothing is sealed or opened there any more.
    (JPN..JPN + DEVICES).for_each(|console| world.consoles[console].proves = false);
    world.run(100 * MINUTE_US);
    assert_eq!(everywhere(&world, "JPN", "USA", Level::Station), [Grade::Amber; 3]);
    assert_eq!(everywhere(&world, "KOR", "USA", Level::Station), [Grade::Good; 3]);
    world.run(60 * MINUTE_US);
    assert_eq!(everywhere(&world, "JPN", "USA", Level::Station), [Grade::Red; 3]);
    assert_eq!(world.nodes[2].count(Count::TestFailed), 2, "with Japan, and between Japan and Korea");
}
