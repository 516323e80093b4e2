//! Glare, and two consoles of one party that answer in the same instant: always one call, one group per node, matching
//! keys.

use crate::common;

use common::World;
use trialogue_charter::Suite;
use trialogue_console_core::view::*;

#[test]
fn two_rings_at_once_are_one_call() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(0);
    world.ring(2);
    world.until(5, |world| world.all_ready(&[0, 2]));
    assert_eq!(world.call(0).call, world.call(2).call);
    world.until(5, |world| world.desks[1].ringing);
    world.answer(1);
    world.until(5, |world| world.all_ready(&[0, 1, 2]));
}

#[test]
fn three_rings_at_once_are_one_call() {
    let mut world = World::leaders(Suite::XWing);
    for desk in 0..3 {
        world.ring(desk);
    }
    world.until(5, |world| world.all_ready(&[0, 1, 2]));
    assert_eq!(world.call(0).call, world.call(1).call);
}

#[test]
fn two_consoles_of_one_party_answer_at_once() {
    let mut world = World::leaders(Suite::XWing);
    world.desk("usa-leaders");
    world.until(5, |world| world.view(3).node == NodeLink::Up);
    world.run(1_000_000);
    world.ring(0);
    world.until(5, |world| world.desks[2].ringing && world.desks[3].ringing);
    world.answer(2);
    world.answer(3);
    world.until(5, |world| world.all_ready(&[0, 2, 3]));
    assert!(!world.desks[2].ringing && !world.desks[3].ringing);
    // The lead goes: the other one takes its place.
    world.command(2, Command::HangUp);
    world.until(5, |world| world.all_ready(&[0, 3]));
    world.answer(1);
    world.until(5, |world| world.all_ready(&[0, 1, 3]));
    world.answer(2);
    world.until(5, |world| world.all_ready(&[0, 1, 2, 3]));
}

#[test]
fn an_officer_moves_from_one_line_to_another() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(0);
    world.until(5, |world| world.desks[2].ringing);
    world.answer(2);
    world.until(5, |world| world.all_ready(&[0, 2]));
    world.command(0, Command::HangUp);
    world.until(5, |world| world.view(2).call.is_none());
    // Again on the same line, at once.
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing);
    world.answer(0);
    world.until(5, |world| world.all_ready(&[0, 2]));
}
