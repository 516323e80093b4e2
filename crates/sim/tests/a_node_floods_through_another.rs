//! A node of the charter has another one flood the links to the others: each of its messages would have that one say something to all.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use trialogue_charter::{CallId, Hash};
use trialogue_core::Count;
use trialogue_journal::fold::RingResponse;
use trialogue_journal::{Act, Body, Statement};
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
    hostile.world.offer(USA);
    let call = hostile.world.ring(USA, LEADERS);
    assert!(hostile.world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
    hostile.world.answer(JPN, LEADERS, call);
    assert!(hostile.world.run_until(|w| w.is_in(2, JPN, LEADERS) && w.is_in(0, USA, LEADERS)));
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
    hostile.world.offer(USA);
    let call = hostile.world.ring(USA, LEADERS);
    assert!(hostile.world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
    hostile.world.answer(JPN, LEADERS, call);
    let (korea, device) = (hostile.world.nodes[KOREA].id.clone(), hostile.world.fixture.parties[KOREA].devices[0].id);
    let secret = &hostile.world.fixture.parties[KOREA].devices[0].secret;
    let act = Act::Answer { call, offers: vec![] };
    let statement = Statement::new(device, 1_000, &hostile.occasion(), line(), act).sign(secret).0;
    let bundle = hostile.entry(Body::Stated { statement }, vec![]);
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
    let secret = &hostile.world.fixture.parties[KOREA].devices[0].secret;
    let id = hostile.world.fixture.parties[KOREA].devices[0].id;
    let said = hostile.world.nodes[0].machine.as_ref().unwrap().head();
    let occasion = hostile.occasion();
    // A ring in each second, for half an hour.
    for n in 0..1_800u64 {
        let mut call = [0; 16];
        call[..8].copy_from_slice(&n.to_be_bytes());
        let act = Act::Ring { call: CallId(call), offers: vec![], precedence: Default::default() };
        let statement = Statement::new(id, 1_000 + n, &occasion, line(), act).sign(secret).0;
        let bundle = hostile.entry(Body::Stated { statement }, vec![]);
        hostile.world.say_as(KOREA, 0, trialogue_wire::encode(&LinkMessage::Entries { bundles: vec![bundle] }));
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
    let party = &hostile.world.fixture.parties[KOREA];
    let (rings, honest) = ([party.devices[0].id, party.devices[1].id], CallId([7; 16]));
    let secrets = [&party.devices[0].secret, &party.devices[1].secret];
    let (occasion, mut number) = (hostile.occasion(), 1_000);
    let mut ring = |hostile: &mut Hostile, by: usize, call: CallId| {
        number += 1;
        let act = Act::Ring { call, offers: vec![], precedence: Default::default() };
        let on = trialogue_charter::LineId::new(if by == 0 { LEADERS } else { "duty" }).unwrap();
        let statement = Statement::new(rings[by], number, &occasion, on, act).sign(secrets[by]).0;
        let bundle = hostile.entry(Body::Stated { statement }, vec![]);
        hostile.world.say_as(KOREA, 0, trialogue_wire::encode(&LinkMessage::Entries { bundles: vec![bundle] }));
        hostile.world.run(1_000_000);
    };
    for n in 0..40 {
        ring(&mut hostile, 0, CallId([n; 16]));
    }
    ring(&mut hostile, 1, honest);
    // It goes on, by turns under two ids that come before all others.
    for n in 0..25 {
        ring(&mut hostile, 0, CallId([n % 2; 16]));
    }
    let (jpn, duty) = (hostile.world.fixture.parties[0].id.clone(), trialogue_charter::LineId::new("duty").unwrap());
    let said = hostile.world.nodes[0].machine.as_ref().unwrap().state().response(&duty, &jpn, &honest);
    assert_ne!(said, RingResponse::None);
}
