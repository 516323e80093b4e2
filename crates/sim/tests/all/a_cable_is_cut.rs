//! What a cut between two nodes costs while a third still reaches both: nothing but the way round.

#![allow(clippy::unwrap_used)]

use trialogue_core::{Input, Route, Source};
use trialogue_journal::fold::RingResponse;
use trialogue_sim::{DEVICES, JPN, KOR, LEADERS, USA, World};
use trialogue_wire::console::Medium;

/// The route of a console's voice at a node.
fn voice(world: &World, node: usize, console: usize) -> Option<Route> {
    let device = world.device(console);
    let mut routes = world.nodes[node].routes.values();
    routes.find(|route| route.device == device && route.medium == Medium::Voice).cloned()
}

/// Nodes that a node sends a console's voice to.
fn hops(world: &World, node: usize, console: usize) -> Vec<String> {
    voice(world, node, console).map_or(Vec::new(), |r| r.links.iter().map(ToString::to_string).collect())
}

fn call_of_three(seed: u64) -> World {
    let mut world = World::on_watch(3, seed);
    [JPN, KOR, USA].into_iter().for_each(|console| world.offer(console));
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS).is_some()));
    assert!(world.run_until(|w| w.consoles[KOR].rings_here(w.fixture, LEADERS).is_some()));
    world.answer(JPN, LEADERS, call);
    world.answer(KOR, LEADERS, call);
    assert!(world.run_until(|w| (0..3).all(|n| [JPN, KOR, USA].iter().all(|c| w.is_in(n, *c, LEADERS)))));
    assert!(world.run_until(|w| (0..3).all(|n| [JPN, KOR, USA].iter().all(|c| voice(w, n, *c).is_some()))));
    world.run(1_000_000);
    world
}

#[test]
fn media_goes_straight_to_everyone_and_is_not_passed_on() {
    let world = call_of_three(1);
    assert_eq!(hops(&world, 2, USA), ["jpn-1", "kor-1"]);
    assert_eq!(hops(&world, 0, USA), Vec::<String>::new());
    assert_eq!(hops(&world, 1, USA), Vec::<String>::new());
    let heard = voice(&world, 0, USA).unwrap();
    assert_eq!(heard.source, Source::Links);
    assert_eq!(heard.legs.len(), 1);
    let said = voice(&world, 2, USA).unwrap();
    assert!(matches!(said.source, Source::Leg(_)));
    assert!(said.legs.is_empty(), "nobody hears themselves");
    world.check_honest();
}

#[test]
fn after_a_cut_the_third_node_passes_media_and_entries_on() {
    let mut world = call_of_three(2);
    world.cut(0, 2);
    let before = voice(&world, 0, USA).unwrap().number;
    assert!(world.run_until(|w| hops(w, 1, USA) == ["jpn-1"] && hops(w, 1, JPN) == ["usa-1"]));
    assert!(world.run_until(|w| hops(w, 2, USA) == ["kor-1"] && hops(w, 0, JPN) == ["kor-1"]));
    let after = voice(&world, 0, USA).unwrap();
    assert_eq!((after.number, after.legs.len()), (before, 1), "Japan still hears, at the same place");

    let path = |w: &World, console: usize, to: &str| {
        w.consoles[console].paths.iter().find(|p| p.node.as_str() == to).map(|p| (p.direct, p.reached))
    };
    assert!(world.run_until(|w| path(w, USA, "jpn-1") == Some((false, true))));
    world.leave(USA, LEADERS);
    assert!(world.run_until(|w| !w.is_in(0, USA, LEADERS)), "the entry came round through Korea");
    let call = world.ring(USA + 1, LEADERS);
    assert!(world.run_until(|w| w.is_in(0, USA + 1, LEADERS)));
    let seen = |w: &World| w.consoles[JPN].state.rings(w.lines(LEADERS).unwrap()).to_vec();
    assert!(world.run_until(|w| seen(w).iter().any(|ring| ring.call == call)));

    world.mend(0, 2);
    assert!(world.run_until(|w| path(w, USA, "jpn-1") == Some((true, true))));
    world.run(10_000_000);
    assert_eq!(hops(&world, 1, JPN), Vec::<String>::new(), "Korea passes nothing on any more");
    world.check_converged();
    world.check_honest();
}

#[test]
fn a_cable_that_hangs_costs_a_second() {
    let mut world = World::on_watch(3, 6);
    world.hang(0, 2, true);
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.consoles[KOR].rings_here(w.fixture, LEADERS) == Some(call)));
    assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)), "Korea passed it on");
    world.decline(JPN, LEADERS, call);
    assert!(world.run_until(|w| matches!(w.response(USA, LEADERS, 0), RingResponse::Declined { .. })));
    world.leave(USA, LEADERS);
    world.run(2_000_000);
    world.hang(0, 2, false);
    world.run(25_000_000);
    world.check_converged();
    world.check_honest();
}

#[test]
fn a_chain_of_five_still_talks_from_end_to_end() {
    let mut world = World::on_watch(5, 3);
    for a in 0..5 {
        (a + 2..5).for_each(|b| world.cut(a, b));
    }
    world.run(3_000_000);
    let (first, last) = (0, 4 * DEVICES);
    world.offer(first);
    world.offer(last);
    let call = world.ring(first, LEADERS);
    assert!(world.run_until(|w| w.consoles[last].rings_here(w.fixture, LEADERS) == Some(call)));
    world.answer(last, LEADERS, call);
    assert!(world.run_until(|w| w.is_in(0, last, LEADERS)));
    assert!(world.run_until(|w| voice(w, 4, first).is_some_and(|route| route.legs.len() == 1)));
    assert!(world.run_until(|w| voice(w, 0, last).is_some_and(|route| route.legs.len() == 1)));
    // Every hop on the way passes it to the next.
    for node in 0..4 {
        let next = world.nodes[node + 1].id.to_string();
        assert!(hops(&world, node, first).contains(&next), "node {node} passes on");
    }
    world.check_honest();
}

#[test]
fn a_node_that_is_alone_says_so_and_catches_up() {
    let mut world = World::on_watch(3, 4);
    world.cut(0, 1);
    world.cut(0, 2);
    assert!(world.run_until(|w| w.consoles[JPN].paths.iter().all(|path| !path.reached)));
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.consoles[KOR].rings_here(w.fixture, LEADERS) == Some(call)));
    world.answer(KOR, LEADERS, call);
    assert!(world.run_until(|w| w.is_in(2, KOR, LEADERS)), "the other two talk, whatever happens to the third");
    world.run(20_000_000);
    world.mend(0, 1);
    assert!(
        world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)),
        "late, and still ringing"
    );
    world.answer(JPN, LEADERS, call);
    assert!(world.run_until(|w| w.is_in(2, JPN, LEADERS)));
    world.check_honest();
}

#[test]
fn a_key_frame_is_asked_for_across_links_and_not_too_often() {
    let mut world = call_of_three(5);
    world.run(2_000_000);
    let asked = world.nodes[2].key_frames.len();
    assert!(asked > 0, "who joined needs a picture");
    let usa = world.device(USA);
    for _ in 0..50 {
        world.input(0, Input::KeyFrameWanted { device: usa });
        world.run(4_000);
    }
    world.run(1_000_000);
    let more = world.nodes[2].key_frames.len() - asked;
    assert!((1..=3).contains(&more), "fifty wishes in 200 ms are {more} requests");
}
