//! Clocks that differ: an act that its node would refuse for its time is said anew by the node's clock; where the clocks are too far apart, the officer
//! is told before the line is needed, and the act is not done later.

mod common;

use common::{SECOND, World};
use trialogue_charter::Suite;
use trialogue_console_core::view::*;

const MINUTE_MS: i64 = 60_000;

fn reconnect(world: &mut World, desk: usize) {
    world.cut(desk, true);
    world.run(SECOND);
    world.cut(desk, false);
    world.until(20, |world| world.view(desk).node == NodeLink::Up);
    world.run(SECOND);
}

#[test]
fn a_console_whose_clock_is_minutes_off_rings_by_its_nodes() {
    for off_ms in [-4 * MINUTE_MS, 4 * MINUTE_MS] {
        let mut world = World::leaders(Suite::XWing);
        world.desks[2].off_ms = off_ms;
        reconnect(&mut world, 2);
        assert_eq!(world.view(2).trouble, None);
        world.ring(2);
        world.until(5, |world| world.desks[0].ringing && world.desks[1].ringing);
    }
}

#[test]
fn one_whose_clock_is_hours_off_is_told_so_and_what_it_said_is_not_done_later() {
    let mut world = World::leaders(Suite::XWing);
    world.desks[2].off_ms = -60 * MINUTE_MS;
    reconnect(&mut world, 2);
    assert_eq!(world.view(2).trouble, Some(Trouble::Clock));
    world.ring(2);
    let refused = Trouble::ActRefused { reason: "outdated".into() };
    world.until(5, |world| world.view(2).trouble == Some(refused.clone()));
    assert!(world.view(2).call.is_none());
    // Somebody sets the clock: what was refused stays undone, and the next ring rings.
    world.desks[2].off_ms = 0;
    world.run(90 * SECOND);
    assert!(!world.desks[0].ringing && !world.desks[1].ringing);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing && world.desks[1].ringing);
}

#[test]
fn a_console_that_is_ahead_by_hours_is_refused_too() {
    let mut world = World::leaders(Suite::XWing);
    world.desks[2].off_ms = 60 * MINUTE_MS;
    reconnect(&mut world, 2);
    world.ring(2);
    world.until(5, |world| world.view(2).trouble == Some(Trouble::ActRefused { reason: "ahead".into() }));
    assert!(!world.desks[0].ringing);
}

#[test]
fn the_clock_of_a_node_is_told_to_consoles_when_it_leaps() {
    let mut world = World::leaders(Suite::XWing);
    world.nodes[2].off_ms = 4 * MINUTE_MS;
    world.run(6 * SECOND);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing && world.desks[1].ringing);
    world.command(2, Command::HangUp);
    world.until(5, |world| !world.desks[0].ringing);
    // Set back while it runs: its journal goes on, and so do its consoles.
    world.nodes[2].off_ms = 0;
    world.run(6 * SECOND);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing && world.desks[1].ringing);
}
