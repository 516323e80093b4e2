//! A node is killed at any instant and comes back with everything that it ever acknowledged.

#![allow(clippy::unwrap_used)]

use trialogue_charter::CallId;
use trialogue_core::Count;
use trialogue_journal::Body;
use trialogue_journal::fold::RingResponse;
use trialogue_sim::{Health, JPN, KOR, LEADERS, USA, World};

fn ring_and_answer(world: &mut World) -> CallId {
    let call = world.ring(USA, LEADERS);
    world.run(400_000);
    world.answer(JPN, LEADERS, call);
    world.run(400_000);
    world.answer(KOR, LEADERS, call);
    call
}

#[test]
fn power_goes_after_every_single_thing_that_happens() {
    // The world is the same each time but for the instant of the crash, some 50 of them through a whole ring and its
    // answers.
    for instant in 0..50 {
        let mut world = World::on_watch(3, 77);
        let call = world.ring(USA, LEADERS);
        world.run(instant * 12_000);
        if instant > 25 {
            world.answer(JPN, LEADERS, call);
            world.run((instant - 25) * 12_000);
        }
        let acknowledged = world.consoles[USA].accepted.clone();
        world.crash(2);
        world.run(100_000);
        world.start(2);
        world.recover();
        // What was acknowledged was checked to be on disk at that moment; now everyone must hold it, and after it the
        // restart.
        let own = world.nodes[2].disk.read();
        let restarts = own.iter().filter(|bundle| {
            let entry = trialogue_journal::UnverifiedEntry::decode(&bundle.entry).unwrap();
            entry.claim().node == world.nodes[2].id && matches!(entry.claim().body, Body::Restarted {})
        });
        assert_eq!(restarts.count(), 1);
        assert!(acknowledged.iter().all(|(_, unrecorded)| !unrecorded));
        assert!((0..3).all(|node| !world.is_in(node, USA, LEADERS)), "nobody of a node that restarted is in");
        world.check_converged();
        world.check_honest();
    }
}

#[test]
fn a_node_that_restarts_in_a_call_is_out_and_its_console_comes_back() {
    let mut world = World::on_watch(3, 5);
    let call = ring_and_answer(&mut world);
    assert!(world.run_until(|w| (0..3).all(|n| [JPN, KOR, USA].iter().all(|c| w.is_in(n, *c, LEADERS)))));
    world.crash(1);
    world.run(500_000);
    assert!(world.is_in(0, KOR, LEADERS), "until Korea's journal says otherwise");
    world.start(1);
    assert!(world.run_until(|w| !w.is_in(0, KOR, LEADERS) && !w.is_in(2, KOR, LEADERS)));
    world.connect(KOR);
    assert!(world.run_until(|w| w.consoles[KOR].welcomed));
    world.answer(KOR, LEADERS, call);
    assert!(world.run_until(|w| (0..3).all(|n| w.is_in(n, KOR, LEADERS))));
    world.run(10_000_000);
    world.check_converged();
    world.check_honest();
}

#[test]
fn a_failing_disk_does_not_stop_a_ring_and_it_is_shown_as_unrecorded() {
    for health in [Health::Failing, Health::Hanging] {
        let mut world = World::on_watch(3, 6);
        world.set_disk(2, health);
        let call = world.ring(USA, LEADERS);
        assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
        assert!(world.run_until(|w| w.consoles[USA].accepted.last().is_some_and(|(_, unrecorded)| *unrecorded)));
        assert!(world.nodes[2].count(Count::Unrecorded) > 0);
        world.set_disk(2, Health::Good);
        world.run(5_000_000);
        let number = world.consoles[USA].number;
        world.leave(USA, LEADERS);
        assert!(world.run_until(|w| w.consoles[USA].accepted.contains(&(number + 1, false))));
        world.run(10_000_000);
        world.check_converged();
        world.check_honest();
    }
}

#[test]
fn what_went_out_unrecorded_before_a_crash_is_given_back_by_the_neighbours() {
    let mut world = World::on_watch(3, 7);
    world.set_disk(2, Health::Failing);
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.response(USA, LEADERS, 0) == RingResponse::Ringing(3)));
    let said = world.nodes[2].machine.as_ref().unwrap().head();
    world.crash(2);
    world.run(2_000_000);
    world.start(2);
    assert!(world.run_until(|w| w.nodes[2].machine.as_ref().is_some_and(|machine| machine.head() > said)));
    world.recover();
    assert!(world.nodes.iter().all(|node| node.count(Count::EntryForked) == 0), "no second history");
    assert!(!world.is_in(0, USA, LEADERS));
    let again = world.ring(USA, LEADERS);
    assert_ne!(again, call);
    assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(again)));
    world.check_honest();
}

#[test]
fn a_console_that_vanishes_from_a_call_is_lost_unless_it_is_back_in_time() {
    let mut world = World::on_watch(3, 8);
    ring_and_answer(&mut world);
    assert!(world.run_until(|w| (0..3).all(|n| [JPN, KOR, USA].iter().all(|c| w.is_in(n, *c, LEADERS)))));
    world.disconnect(JPN);
    world.run(4_000_000);
    world.connect(JPN);
    world.run(10_000_000);
    assert!((0..3).all(|n| world.is_in(n, JPN, LEADERS)), "back in time");
    world.disconnect(JPN);
    assert!(world.run_until(|w| (0..3).all(|n| !w.is_in(n, JPN, LEADERS))), "gone for longer than the charter allows");
    world.consoles[KOR].silent = true;
    assert!(world.run_until(|w| (0..3).all(|n| !w.is_in(n, KOR, LEADERS))), "silent is gone, too");
    world.check_honest();
}
