//! How a ring ends for the caller: declined with a reason, not answered, given up; silence is told from a broken line.

use crate::common;

use common::World;
use trialogue_charter::Suite;
use trialogue_console_core::view::*;

fn decline(world: &mut World, desk: usize, reason: DeclineReason) {
    let call_back_ms = (reason == DeclineReason::CallBack).then_some(1_700_000_900_000.0);
    let command = Command::Decline { line: "leaders".into(), reason, call_back_ms, deputy: None };
    world.command(desk, command);
}

#[test]
fn when_all_decline_the_caller_sees_who_and_why() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing && world.desks[1].ringing);
    decline(&mut world, 0, DeclineReason::Busy);
    world.until(5, |world| !world.desks[0].ringing);
    let busy = |ring: &RingState| matches!(ring, RingState::Declined { reason: DeclineReason::Busy, .. });
    world.until(5, |world| busy(&world.party(2, "JPN").ring));
    assert!(world.view(2).call.is_some(), "KOR may still answer");
    decline(&mut world, 1, DeclineReason::CallBack);
    world.until(5, |world| world.view(2).call.is_none());
    assert_eq!(world.line(2).outcome, Some(Outcome::Declined));
    let RingState::Declined { reason, call_back_ms, .. } = &world.party(2, "KOR").ring else {
        panic!("shown as declined")
    };
    assert_eq!((*reason, *call_back_ms), (DeclineReason::CallBack, Some(1_700_000_900_000.0)));
    assert!(!world.line(2).active && !world.line(0).active);
    world.command(2, Command::Dismiss { line: Some("leaders".into()) });
    world.until(1, |world| world.line(2).outcome.is_none());
    assert_eq!(world.party(2, "KOR").ring, RingState::None);
}

#[test]
fn what_cannot_be_said_as_it_was_meant_is_not_said() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing);
    let say = |world: &mut World, call_back_ms, deputy: Option<&str>| {
        let (line, reason, deputy) = ("leaders".into(), DeclineReason::CallBack, deputy.map(Into::into));
        world.command(0, Command::Decline { line, reason, call_back_ms, deputy });
    };
    let is_refused = |world: &World, reason| world.view(0).trouble == Some(Trouble::ActRefused { reason });
    say(&mut world, Some(f64::NAN), None);
    world.until(1, |world| is_refused(world, Refusal::Time));
    say(&mut world, None, Some("no office!"));
    world.until(1, |world| is_refused(world, Refusal::OtherOffice));
    world.run(2_000_000);
    assert!(world.desks[0].ringing, "nothing was signed: it rings on");
}

#[test]
fn when_nobody_comes_it_expires() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing);
    world.until(70, |world| world.view(2).call.is_none());
    assert_eq!(world.line(2).outcome, Some(Outcome::Unanswered));
    assert_eq!(world.party(2, "JPN").ring, RingState::Expired);
    assert!(!world.desks[0].ringing && !world.desks[1].ringing);
}

#[test]
fn a_caller_waits_for_the_one_who_is_being_fetched() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing && world.desks[1].ringing);
    let ready_ms = (world.wall_ms() + 300_000) as f64;
    world.command(0, Command::Acknowledge { line: "leaders".into(), ready_ms });
    world.until(5, |world| matches!(world.party(2, "JPN").ring, RingState::Acknowledged { .. }));
    let RingState::Acknowledged { ready_ms: shown, by } = &world.party(2, "JPN").ring else { panic!("just seen") };
    assert_eq!((*shown, by.is_some()), (ready_ms, true));
    assert!(!world.desks[0].ringing, "who has promised is left in peace");
    assert_eq!(world.line(0).ring.as_ref().map(|ring| ring.ready_ms), Some(Some(ready_ms)), "and can still answer");
    // KOR lets it expire; the caller goes on waiting for JPN.
    world.until(80, |world| world.party(2, "KOR").ring == RingState::Expired);
    world.run(120_000_000);
    assert!(world.view(2).call.is_some());
    world.answer(0);
    world.until(5, |world| world.party(2, "JPN").ring == RingState::Answered);
}

#[test]
fn a_promise_that_is_not_kept_ends_the_ring() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing);
    let ready_ms = (world.wall_ms() + 120_000) as f64;
    world.command(0, Command::Acknowledge { line: "leaders".into(), ready_ms });
    world.until(300, |world| world.view(2).call.is_none());
    assert_eq!(world.line(2).outcome, Some(Outcome::Unanswered));
    assert_eq!(world.party(2, "JPN").ring, RingState::Expired);
}

#[test]
fn a_promise_of_one_who_is_cut_off_does_not_hold_the_caller_for_ever() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing);
    let ready_ms = (world.wall_ms() + 120_000) as f64;
    world.command(0, Command::Acknowledge { line: "leaders".into(), ready_ms });
    world.until(5, |world| matches!(world.party(2, "JPN").ring, RingState::Acknowledged { .. }));
    world.link(0, 2, false);
    world.link(0, 1, false);
    world.run(110_000_000);
    assert!(world.view(2).call.is_some(), "the time that was promised is not over");
    world.until(90, |world| world.view(2).call.is_none());
    assert_eq!(world.line(2).outcome, Some(Outcome::Unanswered));
}

#[test]
fn how_urgent_is_shown_and_no_more_than_the_charter_lets() {
    let mut world = World::leaders(Suite::XWing);
    assert_eq!(world.line(2).may_ring, Precedence::FlashOverride);
    world.command(2, Command::Ring { line: "leaders".into(), precedence: Precedence::Flash });
    world.until(5, |world| world.line(0).ring.as_ref().is_some_and(|ring| ring.precedence == Precedence::Flash));
    assert_eq!(world.call(2).precedence, Precedence::Flash);
    world.answer(0);
    world.until(5, |world| world.view(0).call.is_some() && world.call(0).members.len() == 2);
    assert_eq!(world.call(0).precedence, Precedence::Flash, "who is in it sees what it is");
}

#[test]
fn a_party_that_is_cut_off_is_silent_and_not_refusing() {
    let mut world = World::leaders(Suite::XWing);
    world.link(0, 2, false);
    world.link(0, 1, false);
    world.until(20, |world| !world.party(2, "JPN").reached);
    world.ring(2);
    world.until(5, |world| world.desks[1].ringing);
    assert_eq!(world.party(2, "JPN").ring, RingState::PathDown);
    decline(&mut world, 1, DeclineReason::Refused);
    world.until(80, |world| world.view(2).call.is_none());
    assert_eq!(world.line(2).outcome, Some(Outcome::Unanswered));
}

#[test]
fn a_caller_who_gives_up_stops_the_sound() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing && world.desks[1].ringing);
    world.command(2, Command::HangUp);
    world.until(5, |world| !world.desks[0].ringing && !world.desks[1].ringing);
    assert!(world.line(0).ring.is_none() && world.line(2).outcome.is_none());
}

#[test]
fn an_unstaffed_station_is_shown_as_such() {
    let mut world = World::new(Suite::XWing);
    world.desk("jpn-leaders");
    world.until(5, |world| world.view(0).node == NodeLink::Up);
    world.ring(0);
    world.until(5, |world| world.party(0, "USA").ring == RingState::Unstaffed);
}

#[test]
fn without_the_node_nothing_is_pretended() {
    let mut world = World::leaders(Suite::XWing);
    world.cut(2, true);
    world.settle();
    world.ring(2);
    world.until(1, |world| world.view(2).trouble == Some(Trouble::NotConnected));
    assert!(world.view(2).call.is_none());
    world.cut(2, false);
    world.run(20_000_000);
    assert!(!world.desks[0].ringing, "an act that was not done is not made up for later");
}
