//! What comes of acts that cross on their way: spec/journal.md §9, row by row, and on staged lines the routes that
//! follow from floors.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use trialogue_charter::{CallId, DeviceId, PartyId};
use trialogue_journal::Act;
use trialogue_journal::fold::RingResponse;
use trialogue_sim::{DEVICES, JPN, KOR, LEADERS, SUMMIT, USA, World};
use trialogue_wire::console::Medium;

fn party(world: &World, console: usize) -> PartyId {
    world.fixture.parties[console / DEVICES].id.clone()
}

fn call(world: &World, console: usize) -> Option<CallId> {
    world.consoles[console].state.line(world.lines(LEADERS).unwrap()).call
}

/// Everyone sees exactly these consoles in, whatever the order in which they heard of it.
fn all_see(world: &World, inside: &[usize]) -> bool {
    let wanted: BTreeSet<DeviceId> = inside.iter().map(|console| world.device(*console)).collect();
    [JPN, KOR, USA].into_iter().all(|console| {
        let line = world.consoles[console].state.line(world.lines(LEADERS).unwrap());
        line.participants.iter().map(|participant| participant.device).collect::<BTreeSet<_>>() == wanted
    })
}

#[test]
fn glare_is_one_call_with_the_smaller_id() {
    for seed in 0..8 {
        let mut world = World::on_watch(3, 100 + seed);
        let rings = [USA, JPN, KOR].map(|console| world.ring(console, LEADERS));
        assert!(world.run_until(|w| all_see(w, &[USA, JPN, KOR])));
        for console in [USA, JPN, KOR] {
            assert_eq!(call(&world, console), rings.iter().min().copied());
            assert!(world.consoles[console].rings_here(world.fixture, LEADERS).is_none());
        }
        world.check_honest();
    }
}

#[test]
fn two_consoles_of_one_party_that_answer_at_once_are_both_in() {
    for seed in 0..8 {
        let mut world = World::on_watch(3, 200 + seed);
        let ring = world.ring(USA, LEADERS);
        assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS).is_some()));
        world.answer(JPN, LEADERS, ring);
        world.answer(JPN + 1, LEADERS, ring);
        assert!(world.run_until(|w| all_see(w, &[USA, JPN, JPN + 1])));
        assert_eq!(world.response(USA, LEADERS, 0), RingResponse::Answered);
        world.check_honest();
    }
}

#[test]
fn an_answer_that_crosses_the_hang_up_is_refused_or_waits_alone_and_nothing_sounds_on() {
    for seed in 0..16 {
        let mut world = World::on_watch(3, 300 + seed);
        let ring = world.ring(USA, LEADERS);
        assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS).is_some()));
        world.leave(USA, LEADERS);
        world.answer(JPN, LEADERS, ring);
        // Which of both came first at Japan's node decides; all come to see the same.
        world.run(5_000_000);
        assert!(all_see(&world, &[JPN]) || all_see(&world, &[]), "seed {seed}");
        for console in [JPN, JPN + 1, KOR, USA] {
            assert!(world.consoles[console].rings_here(world.fixture, LEADERS).is_none(), "seed {seed}");
        }
        // What nodes write by the clock may just be under way.
        assert!(world.run_until(trialogue_sim::World::agrees));
        world.check_converged();
        world.check_honest();
    }
}

#[test]
fn a_decline_that_crosses_an_answer_of_the_same_party_leaves_the_party_in() {
    for seed in 0..8 {
        let mut world = World::on_watch(3, 400 + seed);
        let ring = world.ring(USA, LEADERS);
        assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS).is_some()));
        world.decline(JPN + 1, LEADERS, ring);
        world.answer(JPN, LEADERS, ring);
        assert!(world.run_until(|w| all_see(w, &[USA, JPN])));
        assert_eq!(world.response(USA, LEADERS, 0), RingResponse::Answered);
        world.check_honest();
    }
}

#[test]
fn a_ring_made_during_a_cut_sounds_as_soon_as_a_path_is_back() {
    let mut world = World::on_watch(3, 500);
    for (a, b) in [(0, 1), (0, 2)] {
        world.cut(a, b);
    }
    let ring = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.consoles[KOR].rings_here(w.fixture, LEADERS) == Some(ring)));
    assert!(world.consoles[JPN].rings_here(world.fixture, LEADERS).is_none());
    assert_eq!(world.response(USA, LEADERS, 0), RingResponse::None, "nothing is shown that the party has not said");
    world.mend(0, 1);
    assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(ring)));
    world.answer(JPN, LEADERS, ring);
    assert!(world.run_until(|w| all_see(w, &[USA, JPN])));
    world.check_honest();
}

/// Nodes at which the voice of a console has a way on, to a leg or a link.
fn routed(world: &World, console: usize) -> Vec<usize> {
    let (device, voice) = (world.device(console), Medium::Voice);
    let on = |node: &usize| {
        let mut routes = world.nodes[*node].routes.values();
        routes.any(|r| r.device == device && r.medium == voice && !(r.legs.is_empty() && r.links.is_empty()))
    };
    (0..3).filter(on).collect()
}

#[test]
fn on_a_staged_line_no_node_routes_a_principal_before_all_are_ready() {
    let mut world = World::on_watch(3, 600);
    let duty = [JPN + 1, USA + 1];
    let leaders = [JPN, USA];
    duty.into_iter().chain(leaders).for_each(|console| world.offer(console));
    let ring = world.ring(duty[1], SUMMIT);
    let inside = |w: &World, all: &[usize]| (0..3).all(|n| all.iter().all(|c| w.is_in(n, *c, SUMMIT)));
    assert!(world.run_until(|w| inside(w, &[duty[1]])));
    for console in [duty[0], leaders[0], leaders[1]] {
        world.answer(console, SUMMIT, ring);
    }
    assert!(world.run_until(|w| inside(w, &[duty[0], duty[1], leaders[0], leaders[1]])));
    assert!(world.run_until(|w| routed(w, duty[0]).len() == 2 && routed(w, duty[1]).len() == 2));
    assert!(leaders.iter().all(|leader| routed(&world, *leader).is_empty()));

    let (japan, america) = (party(&world, JPN), party(&world, USA));
    world.act(leaders[0], SUMMIT, Act::ComeOn { with: vec![america.clone()] }, Vec::new());
    for (own, other) in [(duty[0], &america), (duty[1], &japan)] {
        world.act(own, SUMMIT, Act::Confirm { party: other.clone() }, Vec::new());
    }
    world.run(2_000_000);
    assert!(leaders.iter().all(|leader| routed(&world, *leader).is_empty()), "its own node refused it");
    for (own, other) in [(duty[0], &america), (duty[1], &japan)] {
        world.act(own, SUMMIT, Act::Ready { with: vec![other.clone()] }, Vec::new());
    }
    world.run(2_000_000);
    for (own, other) in [(leaders[0], &america), (leaders[1], &japan)] {
        world.act(own, SUMMIT, Act::ComeOn { with: vec![other.clone()] }, Vec::new());
    }
    assert!(world.run_until(|w| leaders.iter().all(|leader| routed(w, *leader) == [0, 2])));
    let held = world.device(leaders[0]);
    world.act(duty[0], SUMMIT, Act::Hold { device: held, on: true }, Vec::new());
    assert!(world.run_until(|w| routed(w, leaders[0]).is_empty()));
    let theirs = world.device(leaders[1]);
    world.act(duty[0], SUMMIT, Act::Remove { device: theirs }, Vec::new());
    world.run(2_000_000);
    assert!(inside(&world, &[leaders[1]]), "another party's people are not its to take out");
    world.check_converged();
    world.check_honest();
}
