//! Who is in a call is reached by a more urgent ring, and taken out of the call only by the own hand, after three
//! seconds of tone; both ends see the cause. A ring that is no more urgent waits.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::World;
use trialogue_charter::Suite;
use trialogue_console_core::view::*;

const JPN: usize = 0;
const KOR: usize = 1;
const USA: usize = 2;

/// The duty officers of Japan and the USA are in a routine call on the staged line.
fn in_a_call() -> World {
    let mut world = World::new(Suite::XWing);
    for office in ["jpn-duty", "kor-duty", "usa-duty"] {
        world.desk(office);
    }
    world.until(20, |world| world.desks.iter().all(|desk| desk.offers > 0));
    world.command(JPN, Command::Ring { line: "summit".into(), precedence: Precedence::Routine });
    world.until(5, |world| line(world, USA, "summit").ring.is_some());
    world.command(USA, Command::Answer { line: "summit".into() });
    world.until(5, |world| world.view(USA).call.as_ref().is_some_and(|call| call.members.len() == 2));
    world
}

fn line<'a>(world: &'a World, desk: usize, id: &str) -> &'a LineView {
    world.view(desk).lines.iter().find(|line| line.id == id).unwrap()
}

fn ring(world: &World) -> Option<&RingView> {
    line(world, USA, "duty").ring.as_ref()
}

#[test]
fn a_flash_of_urgency_is_answered_after_three_seconds_and_everyone_sees_why() {
    let mut world = in_a_call();
    world.command(KOR, Command::Ring { line: "duty".into(), precedence: Precedence::Immediate });
    world.until(5, |world| ring(world).is_some());
    let held = ring(&world).unwrap();
    assert_eq!(held.standing, Standing::TakesOver);
    assert_eq!(held.answer_from_ms, Some(held.since_ms + 3_000.0));

    world.command(USA, Command::Answer { line: "duty".into() });
    world.settle();
    assert_eq!(world.view(USA).trouble, Some(Trouble::ActRefused { reason: Refusal::NotNow }), "too early");
    assert_eq!(world.call(USA).line, "summit");
    world.run(3_100_000);
    assert_eq!(world.call(USA).line, "summit", "nobody is torn away");
    world.command(USA, Command::Answer { line: "duty".into() });
    world.until(5, |world| world.call(USA).line == "duty" && world.call(USA).members.len() == 2);
    // Japan is left alone when its ring has run out, and knows for what.
    world.until(90, |world| line(world, JPN, "summit").outcome == Some(Outcome::CalledAway));
}

#[test]
fn a_ring_that_is_no_more_urgent_waits() {
    let mut world = in_a_call();
    world.command(KOR, Command::Ring { line: "duty".into(), precedence: Precedence::Routine });
    world.until(5, |world| ring(world).is_some());
    assert_eq!(ring(&world).unwrap().standing, Standing::Waits);
    assert_eq!(ring(&world).unwrap().answer_from_ms, None, "the officer may leave for it at once");
    world.command(USA, Command::HangUp);
    world.until(5, |world| ring(world).is_some_and(|ring| ring.standing == Standing::TakesOver));
}

#[test]
fn a_promised_ring_is_quiet_until_its_time() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing);
    let ready_ms = (world.wall_ms() + 20_000) as f64;
    world.command(0, Command::Acknowledge { line: "leaders".into(), ready_ms });
    world.until(5, |world| world.line(0).ring.as_ref().is_some_and(|ring| ring.standing == Standing::Promised));
    world.until(25, |world| world.line(0).ring.as_ref().is_some_and(|ring| ring.standing == Standing::TakesOver));
    assert!(world.wall_ms() as f64 >= ready_ms);
}
