//! the board shows who is on duty; shifts and hand-over.
#![allow(clippy::unwrap_used)]

use crate::common;
use common::*;
use trialogue_charter::Suite;
use trialogue_console_core::view::*;

const HOUR: u64 = 3_600_000;

fn takes(world: &mut World, desk: usize, hours: u64) -> f64 {
    let until_ms = (world.wall_ms() + hours * HOUR) as f64;
    world.command(desk, Command::TakeDuty { until_ms });
    until_ms
}

fn of(world: &World, desk: usize, party: &str) -> Option<DutyView> {
    world.party(desk, party).duty.first().cloned()
}

#[test]
fn the_one_who_is_relieved_sees_it_and_so_do_the_others() {
    let mut world = World::leaders(Suite::XWing);
    assert!(of(&world, 2, "JPN").is_none());
    let until_ms = takes(&mut world, 0, 4);
    world.until(5, |world| of(world, 2, "JPN").is_some());
    let shown = of(&world, 2, "JPN").unwrap();
    assert_eq!((shown.until_ms, shown.state, shown.relieved), (until_ms, DutyState::OnDuty, None));
    assert_eq!(shown.name.as_ref(), world.view(0).me.as_ref().map(|me| &me.name));
    assert!(world.view(0).duty.as_ref().unwrap().mine);
    // The next officer sits down at another console of the office and takes over.
    let next = world.desk("jpn-leaders");
    world.until(10, |world| world.view(next).duty.as_ref().is_some_and(|duty| duty.held.is_some()));
    takes(&mut world, next, 8);
    world.until(5, |world| world.view(0).duty.as_ref().unwrap().relieved);
    for desk in [0, 1, 2, next] {
        let shown = of(&world, desk, "JPN").unwrap();
        assert_eq!(shown.name, world.view(next).me.as_ref().map(|me| me.name.clone()));
        assert_eq!(shown.relieved, world.view(0).me.as_ref().map(|me| me.name.clone()), "both are on screen");
    }
    assert!(world.view(next).duty.as_ref().unwrap().mine && !world.view(0).duty.as_ref().unwrap().mine);
}

#[test]
fn who_is_not_at_the_console_is_shown_as_away() {
    let mut world = World::leaders(Suite::XWing);
    takes(&mut world, 0, 4);
    world.until(5, |world| of(world, 2, "JPN").is_some());
    // Another console of the office stays on watch: that is not the person who has the duty.
    let other = world.desk("jpn-leaders");
    world.until(10, |world| world.view(other).node == NodeLink::Up);
    world.cut(0, true);
    world.until(5, |world| of(world, 2, "JPN").unwrap().state == DutyState::Away);
    world.cut(0, false);
    world.until(30, |world| of(world, 2, "JPN").unwrap().state == DutyState::OnDuty);
    // The duty outlasts the node.
    world.kill_node(0);
    world.run(SECOND);
    world.start_node(0);
    world.until(60, |world| of(world, 2, "JPN").unwrap().state == DutyState::OnDuty);
}

#[test]
fn a_shift_that_is_over_is_shown_as_such() {
    let mut world = World::leaders(Suite::XWing);
    let until_ms = (world.wall_ms() + 20_000) as f64;
    world.command(0, Command::TakeDuty { until_ms });
    world.until(5, |world| of(world, 2, "JPN").is_some());
    world.until(25, |world| of(world, 2, "JPN").unwrap().state == DutyState::Over);
    // A console that comes on watch later sees the same.
    let late = world.desk("usa-leaders");
    world.until(10, |world| of_line(world, late).is_some_and(|duty| duty.state == DutyState::Over));
}

fn of_line(world: &World, desk: usize) -> Option<DutyView> {
    let line = world.view(desk).lines.first()?;
    line.parties.iter().find(|party| party.id == "JPN")?.duty.first().cloned()
}

#[test]
fn nobody_takes_it_for_longer_than_a_day() {
    let mut world = World::leaders(Suite::XWing);
    takes(&mut world, 0, 25);
    world.until(1, |world| world.view(0).trouble == Some(Trouble::ActRefused { reason: Refusal::Time }));
    world.run(2 * SECOND);
    assert!(of(&world, 2, "JPN").is_none());
}
