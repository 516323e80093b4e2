//! A node's journal orders the handshakes of its group: the first for an epoch counts, the second is told so and tries
//! again.

#![allow(clippy::unwrap_used)]

use trialogue_sim::{DEVICES, JPN, LEADERS, USA, World};
use trialogue_wire::console::{Refusal, ToConsole, ToNode};

fn epoch(world: &World, console: usize, node: &str) -> Option<u64> {
    let line = world.consoles[console].state.line(world.lines(LEADERS).unwrap());
    line.groups.iter().find(|(id, _)| id.as_str() == node).map(|(_, group)| group.epoch)
}

/// Two Americans and a Japanese are in.
fn call(seed: u64) -> World {
    let mut world = World::on_watch(3, seed);
    let call = world.ring(USA, LEADERS);
    assert!(world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
    world.answer(JPN, LEADERS, call);
    world.answer(USA + 1, LEADERS, call);
    assert!(world.run_until(|w| (0..3).all(|n| [JPN, USA, USA + 1].iter().all(|c| w.is_in(n, *c, LEADERS)))));
    world.run(1_000_000);
    world
}

#[test]
fn two_consoles_of_one_node_move_its_group_at_once() {
    let mut world = call(1);
    world.commit(USA, LEADERS);
    world.commit(USA + 1, LEADERS);
    assert!(world.run_until(|w| epoch(w, JPN, "usa-1") == Some(1)));
    let refused =
        |w: &World, console: usize| w.consoles[console].refused.iter().filter(|r| r.1 == Refusal::Epoch).count();
    assert_eq!(refused(&world, USA) + refused(&world, USA + 1), 1, "one of the two came first");

    world.leave(JPN, LEADERS);
    assert!(world.run_until(|w| !w.is_in(2, JPN, LEADERS)));
    world.run(500_000);
    world.commit(USA, LEADERS);
    assert!(world.run_until(|w| epoch(w, JPN, "usa-1") == Some(2)));
    world.run(10_000_000);
    world.check_converged();
    world.check_honest();
}

#[test]
fn a_statement_must_bring_its_bodies_and_nothing_else() {
    let mut world = call(2);
    let offers = trialogue_sim::SimConsole::offers(world.fixture, &mut world.rng);
    let call = trialogue_charter::CallId([3; 16]);
    let ring = |offers| trialogue_journal::Act::Ring { call, offers, precedence: Default::default() };
    world.act(USA, LEADERS, ring(offers.0.clone()), offers.1[1..].to_vec());
    let mut more = offers.1.clone();
    more.push(vec![1; 9]);
    world.act(USA, LEADERS, ring(offers.0.clone()), more);
    assert!(world.run_until(|w| w.consoles[USA].refused.iter().filter(|r| r.1 == Refusal::Malformed).count() == 2));
    world.act(USA, LEADERS, ring(offers.0), offers.1);
    let number = world.consoles[USA].number;
    assert!(world.run_until(|w| w.consoles[USA].accepted.contains(&(number, false))));
}

#[test]
fn a_console_that_misses_a_body_gets_it_and_one_that_comes_late_is_shown_all_it_needs() {
    let mut world = call(3);
    world.commit(USA, LEADERS);
    assert!(world.run_until(|w| epoch(w, JPN, "usa-1") == Some(1)));
    let state = world.nodes[0].machine.as_ref().unwrap().state();
    let line = state.line(world.lines(LEADERS).unwrap());
    let welcome = line.groups.values().next().unwrap().handshakes[0].welcome.clone().unwrap();
    world.send(
        JPN,
        trialogue_wire::encode(&ToNode::Want { hashes: vec![welcome.hash, trialogue_charter::Hash([0; 48])] }),
    );
    let got = |message: &ToConsole| matches!(message, ToConsole::Bodies { bodies } if bodies.len() == 1);
    assert!(world.run_until(|w| w.consoles[JPN].heard.iter().any(got)));

    world.disconnect(JPN + 1);
    world.run(200_000);
    world.connect(JPN + 1);
    assert!(world.run_until(|w| epoch(w, JPN + 1, "usa-1") == Some(1)));
    assert!(
        world.consoles[JPN + 1].bodies.iter().any(|body| body.len() == welcome.len as usize),
        "the welcome came along"
    );
}

#[test]
fn what_a_console_says_that_it_sends_reaches_those_in_the_call_only() {
    let mut world = call(4);
    let line = world.lines(LEADERS).unwrap().clone();
    world.send(USA, trialogue_wire::encode(&ToNode::Sending { line: line.clone(), voice: true, picture: false }));
    let usa = world.fixture.parties[2].devices[0].id;
    let heard = |w: &World, console: usize| {
        let says = ToConsole::Sending { device: usa, voice: true, picture: false };
        w.consoles[console].heard.iter().filter(|message| **message == says).count()
    };
    assert!(world.run_until(|w| heard(w, JPN) > 0 && heard(w, USA + 1) > 0));
    assert_eq!(heard(&world, JPN + 1) + heard(&world, DEVICES), 0, "who is not in is not told");
    // Who is not in says nothing, either.
    world.send(DEVICES, trialogue_wire::encode(&ToNode::Sending { line, voice: true, picture: true }));
    world.run(2_000_000);
    let korea = world.fixture.parties[1].devices[0].id;
    let of_korea = |m: &ToConsole| matches!(m, ToConsole::Sending { device, .. } if *device == korea);
    assert!(world.consoles.iter().all(|console| !console.heard.iter().any(of_korea)));
    world.answer(JPN + 2, LEADERS, trialogue_charter::CallId([0; 16]));
    assert!(world.run_until(|w| heard(w, JPN + 2) > 0), "who joins hears what was said before");
}
