//! Real consoles over the simulator's queue, with nothing wrong: they ring, answer, decline, leave, and at each moment
//! whoever can open what one of them seals is on its screen.

#![allow(clippy::expect_used)]

use trialogue_charter::Suite;
use trialogue_console_core::view::{Command, RingState};
use trialogue_sim::{LEADERS, World, with_real_consoles};

/// The leaders of the first three parties in a world of two consoles each.
const LEADS: [usize; 3] = [0, 2, 4];

fn ring_shown(world: &World, desk: usize, party: usize) -> RingState {
    let line = world.real.shown(desk).lines.iter().find(|line| line.id == LEADERS).expect("it is on it");
    let party = world.fixture.parties[party].id.as_str();
    line.parties.iter().find(|view| view.id == party).expect("it is on it").ring.clone()
}

fn talk(suite: Suite) {
    let mut world = with_real_consoles(&[1, 1, 1], suite, 1);
    assert_eq!(world.seated().incomplete(), None);
    world.seated().press_ring(LEADS[0], LEADERS);
    assert!(
        world.run_until(|w| LEADS[1..].iter().all(|desk| w.real.shown(*desk).lines.iter().any(|l| l.ring.is_some())))
    );
    world.seated().press_answer(LEADS[1], LEADERS);
    world.seated().until_complete();
    assert_eq!(world.real.seals_for(LEADS[0]), 1);
    world.seated().press_decline(LEADS[2], LEADERS);
    world.run(1_000_000);
    for desk in [LEADS[0], LEADS[2]] {
        assert!(matches!(ring_shown(&world, desk, 2), RingState::Declined { .. }));
        assert_eq!(ring_shown(&world, desk, 1), RingState::Answered);
    }
    world.seated().until_outcomes();
    world.seated().press_answer(LEADS[2], LEADERS);
    world.run(1_000_000);
    world.seated().until_complete();
    assert!(LEADS.iter().all(|desk| world.real.seals_for(*desk) == 2));
    world.seated().press(LEADS[0], Command::HangUp);
    world.run(1_000_000);
    world.seated().until_complete();
    assert_eq!(LEADS.map(|desk| world.real.seals_for(desk)), [0, 1, 1]);
    world.seated().press(LEADS[1], Command::HangUp);
    world.run(15_000_000);
    world.seated().check_over();
    world.check_reference();
    world.check_honest();
}

#[test]
fn three_leaders_talk() {
    talk(Suite::XWing);
}

#[test]
fn three_leaders_talk_with_the_larger_suite() {
    talk(Suite::Cnsa2);
}

/// Whose network changes in a call, at a party with two sites, and who then hangs up can be rung again at once.
#[test]
fn a_ring_after_a_change_of_networks_at_two_sites_sounds() {
    let mut world = with_real_consoles(&[2, 1], Suite::XWing, 1);
    let (japan, usa) = (0, 2);
    world.seated().press_ring(usa, LEADERS);
    world.run(1_000_000);
    world.seated().press_answer(japan, LEADERS);
    world.run(1_000_000);
    world.seated().until_complete();
    world.seated().change_network(japan);
    world.run(3_000_000);
    world.seated().until_complete();
    world.seated().press(japan, Command::HangUp);
    world.seated().press(usa, Command::HangUp);
    world.run(500_000);
    world.seated().press_ring(usa, LEADERS);
    world.run(2_000_000);
    let line = world.real.shown(japan).lines.iter().find(|line| line.id == LEADERS).expect("it is on it");
    assert!(line.ring.is_some(), "{:?}", ring_shown(&world, usa, 0));
}
