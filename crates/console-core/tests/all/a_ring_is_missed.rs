//! A ring that nobody answered stays on the boards of who was rung until somebody calls back or dismisses it, whatever
//! was switched off meanwhile.

use crate::common;

use common::World;
use trialogue_charter::Suite;
use trialogue_console_core::Input;
use trialogue_console_core::view::*;

const JPN: usize = 0;
const KOR: usize = 1;
const USA: usize = 2;

/// Whom a console shows as having rung in vain, oldest first.
fn missed(world: &World, desk: usize) -> Vec<String> {
    world.line(desk).missed.iter().map(|ring| ring.party.clone()).collect()
}

fn rings_in_vain(world: &mut World, desk: usize) {
    world.ring(desk);
    world.until(5, |world| world.line(JPN).ring.is_some());
    world.command(desk, Command::HangUp);
    world.until(5, |world| world.line(JPN).ring.is_none());
}

fn dismiss(world: &mut World, desk: usize, party: &str) {
    let rings = world.line(desk).missed.iter().filter(|ring| ring.party == party);
    let calls = rings.map(|ring| ring.call.clone()).collect();
    world.command(desk, Command::DismissMissed { line: "leaders".into(), party: party.into(), calls });
}

#[test]
fn it_waits_at_every_console_of_the_party_until_one_dismisses_it() {
    let mut world = World::leaders(Suite::XWing);
    rings_in_vain(&mut world, KOR);
    world.until(5, |world| missed(world, JPN) == ["KOR"] && missed(world, USA) == ["KOR"]);
    let ring = world.line(JPN).missed[0].clone();
    assert_eq!(
        (ring.office.en.as_str(), ring.precedence, ring.call_back_ms),
        ("leaders of KOR", Precedence::Routine, None)
    );
    assert!(ring.at_ms > 0.0 && ring.at_ms <= world.wall_ms() as f64);
    assert!(missed(&world, KOR).is_empty(), "it is no concern of the others");
    rings_in_vain(&mut world, KOR);
    world.until(5, |world| missed(world, JPN) == ["KOR", "KOR"]);
    let late = world.desk_with(world.identity("jpn-leaders", 7));
    world.until(10, |world| world.view(late).lines.iter().any(|line| line.missed.len() == 2));
    dismiss(&mut world, late, "USA");
    world.until(1, |world| world.view(late).trouble == Some(Trouble::ActRefused { reason: Refusal::NotNow }));
    dismiss(&mut world, late, "KOR");
    world.until(5, |world| missed(world, JPN).is_empty() && missed(world, late).is_empty());
    assert_eq!(missed(&world, USA), ["KOR", "KOR"], "each party sees to its own");
    world.kill_node(JPN);
    world.start_node(JPN);
    world.until(40, |world| world.view(JPN).node == NodeLink::Up);
    assert!(missed(&world, JPN).is_empty(), "it is in the journal");
}

#[test]
fn it_is_seen_to_when_people_of_both_parties_are_in_together() {
    let mut world = World::leaders(Suite::XWing);
    rings_in_vain(&mut world, KOR);
    world.until(5, |world| missed(world, JPN) == ["KOR"] && missed(world, USA) == ["KOR"]);
    world.ring(JPN);
    world.until(5, |world| world.line(USA).ring.is_some() && world.line(KOR).ring.is_some());
    assert_eq!(missed(&world, JPN), ["KOR"], "nobody has answered yet");
    world.answer(KOR);
    world.until(5, |world| missed(world, JPN).is_empty());
    assert_eq!(missed(&world, USA), ["KOR"]);
    world.answer(USA);
    world.until(5, |world| missed(world, USA).is_empty());
}

#[test]
fn one_that_came_and_went_while_the_node_was_down_is_shown_when_it_is_back() {
    let mut world = World::leaders(Suite::XWing);
    world.input(JPN, Input::Closed);
    world.kill_node(JPN);
    world.ring(KOR);
    world.until(5, |world| world.line(USA).ring.is_some());
    world.command(KOR, Command::HangUp);
    world.until(5, |world| missed(world, USA) == ["KOR"]);
    world.start_node(JPN);
    world.until(60, |world| world.view(JPN).node == NodeLink::Up && missed(world, JPN) == ["KOR"]);
}

#[test]
fn one_that_rang_when_the_node_died_and_was_over_when_it_came_back_is_shown() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(KOR);
    world.until(5, |world| world.line(JPN).ring.is_some() && world.line(USA).ring.is_some());
    world.input(JPN, Input::Closed);
    world.kill_node(JPN);
    world.command(KOR, Command::HangUp);
    world.until(5, |world| missed(world, USA) == ["KOR"]);
    world.start_node(JPN);
    world.until(60, |world| world.view(JPN).node == NodeLink::Up && missed(world, JPN) == ["KOR"]);
}

#[test]
fn what_was_declined_is_not_missed_unless_somebody_promised_to_call_back() {
    let mut world = World::leaders(Suite::XWing);
    let decline = |world: &mut World, desk, reason, call_back_ms| {
        world.command(desk, Command::Decline { line: "leaders".into(), reason, call_back_ms, deputy: None });
    };
    world.ring(KOR);
    world.until(5, |world| world.line(JPN).ring.is_some() && world.line(USA).ring.is_some());
    let promised = world.wall_ms() as f64 + 900_000.0;
    decline(&mut world, JPN, DeclineReason::CallBack, Some(promised));
    decline(&mut world, USA, DeclineReason::Busy, None);
    world.until(5, |world| world.view(KOR).call.is_none());
    world.until(5, |world| missed(world, JPN) == ["KOR"]);
    assert_eq!(world.line(JPN).missed[0].call_back_ms, Some(promised));
    world.run(3_000_000);
    assert!(missed(&world, USA).is_empty());
}

#[test]
fn what_somebody_answered_is_not_missed() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(KOR);
    world.until(5, |world| world.line(JPN).ring.is_some());
    world.answer(JPN);
    world.until(5, |world| world.all_ready(&[JPN, KOR]));
    world.command(JPN, Command::HangUp);
    world.command(KOR, Command::HangUp);
    world.until(5, |world| missed(world, USA) == ["KOR"]);
    world.run(3_000_000);
    assert!(missed(&world, JPN).is_empty());
}
