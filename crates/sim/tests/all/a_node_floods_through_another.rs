//! A node of the charter has another one flood the links to the others: each of its messages would have that one say
//! something to all.

#![allow(clippy::unwrap_used)]

use crate::common;

use common::*;
use trialogue_charter::{CallId, Hash, LineId};
use trialogue_core::Count;
use trialogue_journal::Act;
use trialogue_journal::fold::RingResponse;
use trialogue_sim::{JPN, KOR, LEADERS, USA, World};
use trialogue_wire::console::Medium;
use trialogue_wire::link::LinkMessage;
use trialogue_wire::word::{What, Word};

/// Messages that Japan's node has sent to the American one.
fn to_usa(world: &World) -> usize {
    world.nodes[0].sent.get(&2).copied().unwrap_or(0)
}

#[test]
fn what_brings_nothing_new_is_answered_on_its_own_link_alone() {
    let mut hostile = Hostile::new(70);
    hostile.hello();
    let (before, again) = (to_usa(&hostile.world), hostile.world.nodes[0].sent.get(&1).copied().unwrap_or(0));
    let nothing = trialogue_wire::encode(&LinkMessage::Entries { bundles: Vec::new() });
    for _ in 0..300 {
        for _ in 0..10 {
            hostile.world.say_as(KOREA, 0, nothing.clone());
        }
        hostile.world.run(3_000);
    }
    let told = to_usa(&hostile.world) - before;
    assert!(told < 10, "{told} messages to another for 3,000 that say nothing");
    let told = hostile.world.nodes[0].sent.get(&1).copied().unwrap_or(0) - again;
    assert!(told < 200, "{told} messages to itself");

    // Old entries, again and again: after some they are not looked at.
    let bundle = hostile.world.nodes[0].disk.read().into_iter().next().unwrap();
    let before = hostile.count(Count::OverBound);
    let old = trialogue_wire::encode(&LinkMessage::Entries { bundles: vec![bundle; 100] });
    for _ in 0..100 {
        hostile.world.say_as(KOREA, 0, old.clone());
    }
    hostile.world.run(400_000);
    assert!(hostile.count(Count::OverBound) - before > 5_000);
    hostile.the_others_call();
}

#[test]
fn who_says_hello_by_turns_or_comes_and_goes_is_told_of_to_others_now_and_then() {
    let mut hostile = Hostile::new(71);
    hostile.hello();
    hostile.the_others_talk();
    for own in [JPN, USA] {
        hostile.world.sends(own, LEADERS);
    }
    hostile.world.run(2_000_000);
    let (node, charter) = (hostile.world.nodes[KOREA].id.clone(), hostile.world.fixture.charter.hash());
    let hello = |charter, serial| {
        trialogue_wire::encode(&LinkMessage::Hello { protocol: 1, node: node.clone(), charter, heads: vec![], serial })
    };
    let (before, over) = (to_usa(&hostile.world), hostile.world.nodes[2].count(Count::OverBound));
    for _ in 0..1_000 {
        hostile.world.say_as(KOREA, 0, hello(Hash([9; 48]), 2));
        hostile.world.say_as(KOREA, 0, hello(charter, 1));
        hostile.world.run(2_000);
    }
    let told = to_usa(&hostile.world) - before;
    assert!(told < 30, "{told} messages to another");

    let before = to_usa(&hostile.world);
    for _ in 0..200 {
        hostile.world.cut(0, KOREA);
        hostile.world.run(20_000);
        hostile.world.mend(0, KOREA);
        hostile.world.run(60_000);
        hostile.world.say_as(KOREA, 0, hello(charter, 1));
        hostile.world.run(20_000);
    }
    let told = to_usa(&hostile.world) - before;
    assert!(told < 200, "{told} messages to another in twenty seconds");
    assert_eq!(hostile.world.nodes[2].count(Count::OverBound), over, "the other lost nothing that Japan said");
}

#[test]
fn words_that_are_passed_on_take_no_room_of_those_of_who_passes_them() {
    let mut hostile = Hostile::new(72);
    hostile.hello();
    let call = hostile.the_others_talk();
    let (korea, device) = (hostile.world.nodes[KOREA].id.clone(), hostile.world.fixture.parties[KOREA].devices[0].id);
    let bundle = hostile.states(0, 1_000, LEADERS, Act::Answer { call, offers: vec![] });
    hostile.entries(vec![bundle]);
    assert!(hostile.world.run_until(|w| w.is_in(0, KOR, LEADERS) && w.is_in(2, JPN, LEADERS)));
    // Japan alone hears Korea's node, and passes on what it says: another number of its voice each time.
    hostile.world.cut(KOREA, 2);
    hostile.say(&LinkMessage::Neighbours { nodes: Vec::new() });
    let (before, over) = (to_usa(&hostile.world), hostile.world.nodes[2].count(Count::OverBound));
    for n in 0..3_000u16 {
        let what = What::Stream { number: n, medium: Medium::Voice, quiet_after: None };
        let word = Word { node: korea.clone(), number: 10_000 + u64::from(n), device, line: line(), what };
        let bytes = hostile.world.word_by(KOREA, &word);
        hostile.world.say_as(KOREA, 0, bytes);
        hostile.world.run(10_000);
    }
    let told = to_usa(&hostile.world) - before;
    assert!((100..500).contains(&told), "{told} messages in half a minute");
    assert_eq!(hostile.world.nodes[2].count(Count::OverBound), over);
    // The last one is passed on all the same.
    let last =
        |world: &World| world.nodes[2].routes.values().any(|route| route.device == device && route.number == 2_999);
    assert!(hostile.world.run_until(last));
}

#[test]
fn rings_without_end_leave_an_honest_journal_within_what_others_take_of_it() {
    let mut hostile = Hostile::new(73);
    hostile.hello();
    let said = hostile.world.nodes[0].machine.as_ref().unwrap().head();
    // A ring in each second, for half an hour.
    for n in 0..1_800u64 {
        let mut call = [0; 16];
        call[..8].copy_from_slice(&n.to_be_bytes());
        hostile.rings(0, 1_000 + n, LEADERS, CallId(call));
        hostile.world.run(1_000_000);
    }
    let more = hostile.world.nodes[0].machine.as_ref().unwrap().head() - said;
    // Two entries in each second are what others take.
    assert!(more < 1_000, "{more} entries in answer to 1,800 rings");
}

#[test]
fn a_console_that_rings_without_end_takes_no_ring_of_another_of_its_node() {
    let mut hostile = Hostile::new(74);
    hostile.hello();
    let honest = CallId([7; 16]);
    for n in 0..40 {
        hostile.rings(0, 1_000 + u64::from(n), LEADERS, CallId([n; 16]));
        hostile.world.run(1_000_000);
    }
    hostile.rings(1, 1_000, "duty", honest);
    // It goes on, by turns under two ids that come before all others.
    for n in 0..25 {
        hostile.rings(0, 2_000 + u64::from(n), LEADERS, CallId([n % 2; 16]));
        hostile.world.run(1_000_000);
    }
    let (jpn, duty) = (hostile.world.fixture.parties[0].id.clone(), LineId::new("duty").unwrap());
    let said = hostile.world.nodes[0].machine.as_ref().unwrap().state().response(&duty, &jpn, &honest);
    assert_ne!(said, RingResponse::None);
}
