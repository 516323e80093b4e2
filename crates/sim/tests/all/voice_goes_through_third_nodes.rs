//! Voice goes by third nodes as well as straight, pictures do not; and not through a party that the charter bars.

#![allow(clippy::unwrap_used)]

use trialogue_charter::{Barred, Charter, PartyId, UnverifiedCharter};
use trialogue_core::Route;
use trialogue_sim::{JPN, KOR, LEADERS, USA, World};
use trialogue_wire::console::{Medium, PathMeasure};

/// The route of what a console sends, at a node.
fn route(world: &World, node: usize, console: usize, medium: Medium) -> Option<Route> {
    let device = world.device(console);
    world.nodes[node].routes.values().find(|route| route.device == device && route.medium == medium).cloned()
}

/// Nodes that a node hands a console's voice to, and nodes that get a further copy from it.
fn voice(world: &World, node: usize, console: usize) -> (Vec<String>, Vec<String>) {
    let texts = |nodes: &[trialogue_charter::NodeId]| nodes.iter().map(ToString::to_string).collect::<Vec<_>>();
    route(world, node, console, Medium::Voice).map_or((vec![], vec![]), |r| (texts(&r.links), texts(&r.spare)))
}

fn lists(links: &[&str], spare: &[&str]) -> (Vec<String>, Vec<String>) {
    let texts = |of: &[&str]| of.iter().map(ToString::to_string).collect();
    (texts(links), texts(spare))
}

/// These are in a call on the leaders' line.
fn call_of(seed: u64, consoles: &[usize]) -> World {
    let mut world = World::on_watch(3, seed);
    consoles.iter().for_each(|console| world.offer(*console));
    let call = world.ring(consoles[0], LEADERS);
    for console in &consoles[1..] {
        assert!(world.run_until(|w| w.consoles[*console].rings_here(w.fixture, LEADERS).is_some()));
        world.answer(*console, LEADERS, call);
    }
    assert!(world.run_until(|w| (0..3).all(|n| consoles.iter().all(|c| w.is_in(n, *c, LEADERS)))));
    world.run(2_000_000);
    world
}

/// Media of the one party is not relayed by the other from now on.
fn bar(world: &mut World, party: &str, via: &str) {
    let mut charter = Charter::clone(world.nodes[2].charter());
    charter.serial += 1;
    charter.policy.relays = vec![Barred { party: PartyId::new(party).unwrap(), via: PartyId::new(via).unwrap() }];
    let mut draft = UnverifiedCharter::draft(charter).unwrap();
    for party in &world.fixture.parties {
        draft.sign(&party.id, &party.root).unwrap();
    }
    world.install(2, &draft.verify(None).unwrap()).unwrap();
    let serial = world.nodes[2].charter().serial;
    assert!(world.run_until(|w| w.nodes.iter().all(|node| node.charter().serial == serial)));
    world.run(2_000_000);
}

#[test]
fn each_of_three_hands_on_the_voice_of_the_others() {
    let world = call_of(11, &[USA, JPN, KOR]);
    assert_eq!(voice(&world, 2, USA), lists(&["jpn-1", "kor-1"], &[]), "both hear it anyway");
    assert_eq!(voice(&world, 0, USA), lists(&[], &["kor-1"]));
    assert_eq!(voice(&world, 1, USA), lists(&[], &["jpn-1"]));
    for node in 0..3 {
        assert!(route(&world, node, USA, Medium::Picture).unwrap().spare.is_empty());
    }
    world.check_honest();
}

#[test]
fn a_node_without_anybody_in_the_call_is_a_relay_and_the_only_way_after_a_cut() {
    let mut world = call_of(12, &[USA, JPN]);
    assert_eq!(voice(&world, 2, USA), lists(&["jpn-1"], &["kor-1"]));
    assert_eq!(voice(&world, 1, USA), lists(&[], &["jpn-1"]));
    assert_eq!(voice(&world, 0, USA), lists(&[], &[]));
    world.cut(0, 2);
    assert!(world.run_until(|w| voice(w, 2, USA) == lists(&["kor-1"], &[])));
    assert!(world.run_until(|w| voice(w, 1, USA) == lists(&["jpn-1"], &[])));
    world.check_honest();
}

#[test]
fn a_party_that_the_charter_bars_gets_nothing_to_relay_and_relays_nothing() {
    let mut world = call_of(13, &[USA, JPN]);
    bar(&mut world, "USA", "KOR");
    assert_eq!(voice(&world, 2, USA), lists(&["jpn-1"], &[]));
    assert_eq!(voice(&world, 1, USA), lists(&[], &[]));
    assert_eq!(voice(&world, 1, JPN), lists(&[], &["usa-1"]), "the other direction is not barred");
    world.cut(0, 2);
    assert!(world.run_until(|w| voice(w, 1, JPN) == lists(&["usa-1"], &[])));
    world.run(5_000_000);
    assert_eq!((voice(&world, 2, USA), voice(&world, 1, USA)), (lists(&[], &[]), lists(&[], &[])), "not even then");
    // The record goes round all the same.
    world.leave(USA, LEADERS);
    assert!(world.run_until(|w| !w.is_in(0, USA, LEADERS)));
    world.check_honest();
}

#[test]
fn a_barred_party_hears_its_own_copy_and_hands_none_on() {
    let mut world = call_of(14, &[USA, JPN, KOR]);
    bar(&mut world, "USA", "KOR");
    assert_eq!(voice(&world, 2, USA), lists(&["jpn-1", "kor-1"], &[]));
    assert_eq!(voice(&world, 1, USA), lists(&[], &[]));
    assert_eq!(voice(&world, 0, USA), lists(&[], &["kor-1"]), "Japan may");
    world.check_honest();
}

#[test]
fn a_voice_is_said_with_where_it_begins_and_never_before_that_is_known() {
    let mut world = World::on_watch(3, 16);
    [USA, JPN, KOR].iter().for_each(|console| world.offer(*console));
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS).is_some()));
    world.answer(JPN, LEADERS, call);
    // Nobody has sent a packet. Of a voice that is not quiet a relay could make up whatever it likes.
    let begins = |w: &World, node: usize| route(w, node, USA, Medium::Voice).map(|route| route.quiet_after);
    assert!(!world.run_until(|w| begins(w, 0) == Some(None) || begins(w, 1) == Some(None)));
    let at_home = begins(&world, 2);
    assert!(at_home.is_some_and(|after| after.is_some()), "the forwarder begins there");
    assert_eq!((begins(&world, 0), begins(&world, 1)), (at_home, at_home));
}

#[test]
fn consoles_hear_of_the_paths_of_each_link() {
    let mut world = World::on_watch(3, 15);
    let path = |address: &str, up| PathMeasure { address: address.into(), up, ..PathMeasure::default() };
    let paths = vec![path("a:1", true), path("b:1", false)];
    let to = world.nodes[0].id.clone();
    world.input(2, trialogue_core::Input::LinkPaths { node: to.clone(), paths: paths.clone() });
    let told = |w: &World| w.consoles[USA].paths.iter().find(|p| p.node == to).map(|p| p.paths.clone());
    assert!(world.run_until(|w| told(w) == Some(paths.clone())));
    world.input(2, trialogue_core::Input::LinkPaths { node: to.clone(), paths: vec![path("a:1", true); 99] });
    assert!(world.run_until(|w| told(w).is_some_and(|p| p.len() == trialogue_wire::limits::PATHS_SHOWN_MAX)));
}
