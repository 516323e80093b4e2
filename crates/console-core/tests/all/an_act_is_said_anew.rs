//! Clocks that differ: a console counts by its node's, so that a ring rings whatever a clock shows; where they are far
//! apart, the officer is told before the line is needed.

use crate::common;

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
fn one_whose_clock_is_hours_off_rings_all_the_same_and_is_told_so() {
    for off_ms in [-60 * MINUTE_MS, 60 * MINUTE_MS] {
        let mut world = World::leaders(Suite::XWing);
        world.desks[2].off_ms = off_ms;
        reconnect(&mut world, 2);
        assert_eq!(world.view(2).trouble, Some(Trouble::Clock));
        world.ring(2);
        world.until(5, |world| world.desks[0].ringing && world.desks[1].ringing);
    }
}

#[test]
fn the_clock_of_a_node_is_told_to_consoles_when_it_leaps() {
    let mut world = World::leaders(Suite::XWing);
    world.nodes[2].off_ms = 60 * MINUTE_MS;
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
