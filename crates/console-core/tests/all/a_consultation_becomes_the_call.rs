//! duty officers arrange a consultation of leaders; the board counts down; it becomes the call.
#![allow(clippy::unwrap_used)]

use crate::common;
use common::*;
use trialogue_charter::Suite;
use trialogue_console_core::view::*;
use trialogue_journal::Act;

const MINUTE: u64 = 60_000;

/// A duty officer and a leader of each party: desks 0 to 2 duty (JPN, KOR, USA), 3 to 5 leaders.
fn offices() -> World {
    let mut world = World::new(Suite::XWing);
    for office in ["jpn-duty", "kor-duty", "usa-duty", "jpn-leaders", "kor-leaders", "usa-leaders"] {
        world.desk(office);
    }
    world.until(10, |world| world.desks.iter().all(|desk| desk.console.view().node == NodeLink::Up));
    world
}

fn propose(world: &mut World, desk: usize, minutes: u64) -> f64 {
    let at_ms = (world.wall_ms() + minutes * MINUTE) as f64;
    let command = Command::Propose {
        line: "duty".into(),
        subject: "missile-launch".into(),
        level: "leaders".into(),
        at_ms,
        precedence: Precedence::Immediate,
    };
    world.command(desk, command);
    at_ms
}

fn shown(world: &World, desk: usize) -> &ConsultationView {
    &world.view(desk).consultations[0]
}

fn everyone(world: &World, count: usize) -> bool {
    world.desks.iter().all(|desk| desk.console.view().consultations.len() == count)
}

fn attend(world: &mut World, desk: usize, office: Option<&str>) {
    let id = shown(world, desk).id.clone();
    world.command(desk, Command::Attend { id, office: office.map(Into::into), at_ms: None });
}

fn answer_of(world: &World, desk: usize, party: &str) -> AnswerView {
    shown(world, desk).parties.iter().find(|said| said.party == party).unwrap().answer.clone()
}

fn refused(world: &World, desk: usize, reason: Refusal) -> bool {
    world.view(desk).trouble == Some(Trouble::ActRefused { reason })
}

#[test]
fn proposed_answered_counted_down_and_begun() {
    let mut world = offices();
    let at_ms = propose(&mut world, 2, 5);
    world.until(5, |world| everyone(world, 1));
    let view = shown(&world, 0);
    assert_eq!((view.at_ms, view.due, view.precedence), (at_ms, false, Precedence::Immediate));
    assert_eq!((view.subject.en.as_str(), view.level.as_str()), ("missile-launch", "leaders"));
    assert_eq!(view.by.party, "USA");
    // It sounds at the duty officers who are asked, not at the leaders, and not at the one who asks.
    assert_eq!([0, 1, 2, 3].map(|desk| shown(&world, desk).sounds), [true, true, false, false]);
    attend(&mut world, 0, Some("jpn-leaders"));
    world.until(5, |world| !shown(world, 0).sounds && shown(world, 1).sounds);
    assert!(matches!(answer_of(&world, 2, "JPN"), AnswerView::Coming { at_ms: said, .. } if said == at_ms));
    attend(&mut world, 1, None);
    world.until(5, |world| answer_of(world, 5, "KOR") == AnswerView::Declined);
    assert_eq!(answer_of(&world, 2, "USA"), AnswerView::Silent, "no word yet is shown as such");
    // A later word counts.
    attend(&mut world, 4, Some("kor-leaders"));
    world.until(5, |world| matches!(answer_of(world, 2, "KOR"), AnswerView::Coming { .. }));
    // Not before its time.
    let id = shown(&world, 3).id.clone();
    world.command(3, Command::Begin { id: id.clone() });
    world.until(1, |world| refused(world, 3, Refusal::Time));
    world.until(400, |world| world.desks.iter().all(|desk| desk.console.view().consultations[0].due));
    assert!(!shown(&world, 2).may_begin && shown(&world, 3).may_begin);
    world.command(3, Command::Begin { id });
    world.until(5, |world| everyone(world, 0));
    world.until(5, |world| world.desks[4].ringing && world.desks[5].ringing);
    assert_eq!(world.call(3).precedence, Precedence::Immediate);
    world.answer(4);
    world.answer(5);
    world.until(10, |world| world.all_ready(&[3, 4, 5]));
    for desk in [3, 4, 5] {
        world.command(desk, Command::HangUp);
    }
    world.run(5_000_000);
    assert!(everyone(&world, 0), "it has been");
}

#[test]
fn the_sound_is_short_and_whoever_sits_down_later_is_asked() {
    let mut world = offices();
    propose(&mut world, 2, 60);
    world.until(5, |world| everyone(world, 1));
    assert!(shown(&world, 0).sounds);
    world.until(31, |world| !shown(world, 0).sounds);
    let late = world.desk("jpn-duty");
    world.until(10, |world| world.view(late).consultations.first().is_some_and(|view| view.sounds));
    attend(&mut world, late, Some("jpn-leaders"));
    world.until(5, |world| !shown(world, late).sounds);
}

#[test]
fn both_leaders_begin_it_at_once() {
    let mut world = offices();
    propose(&mut world, 2, 1);
    world.until(5, |world| everyone(world, 1));
    world.until(70, |world| shown(world, 3).due && shown(world, 4).due);
    let id = shown(&world, 3).id.clone();
    world.command(3, Command::Begin { id: id.clone() });
    world.command(4, Command::Begin { id });
    world.until(10, |world| world.all_ready(&[3, 4]));
    assert!(everyone(&world, 0));
    world.until(5, |world| world.desks[5].ringing);
    world.answer(5);
    world.until(10, |world| world.all_ready(&[3, 4, 5]));
}

#[test]
fn the_proposer_takes_it_back() {
    let mut world = offices();
    propose(&mut world, 2, 5);
    world.until(5, |world| everyone(world, 1));
    let id = shown(&world, 0).id.clone();
    world.command(0, Command::Withdraw { id: id.clone() });
    world.until(1, |world| refused(world, 0, Refusal::NoConsultation));
    world.command(2, Command::Withdraw { id: id.clone() });
    world.until(5, |world| everyone(world, 0));
    world.command(0, Command::Attend { id, office: None, at_ms: None });
    world.until(1, |world| refused(world, 0, Refusal::NoConsultation));
}

#[test]
fn one_that_nobody_begins_leaves_the_boards_after_two_hours() {
    let mut world = offices();
    propose(&mut world, 2, 1);
    world.until(5, |world| everyone(world, 1));
    world.until(2 * 3_600 + 70, |world| everyone(world, 0));
}

#[test]
fn what_the_charter_does_not_allow_is_refused() {
    let mut world = offices();
    let at_ms = (world.wall_ms() + 5 * MINUTE) as f64;
    let with = |precedence, at_ms, line: &str| Command::Propose {
        line: line.into(),
        subject: "missile-launch".into(),
        level: "leaders".into(),
        at_ms,
        precedence,
    };
    world.command(2, with(Precedence::Flash, at_ms, "duty"));
    world.until(1, |world| refused(world, 2, Refusal::AboveAuthority));
    world.command(2, with(Precedence::Routine, at_ms + 8.0 * 86_400_000.0, "duty"));
    world.until(1, |world| refused(world, 2, Refusal::Time));
    world.command(2, with(Precedence::Routine, at_ms, "leaders"));
    world.until(1, |world| refused(world, 2, Refusal::NotOnLine));
    propose(&mut world, 2, 5);
    world.until(5, |world| everyone(world, 1));
    attend(&mut world, 0, Some("kor-leaders"));
    world.until(5, |world| refused(world, 0, Refusal::OtherOffice));
    assert_eq!(answer_of(&world, 2, "JPN"), AnswerView::Silent);
}

#[test]
fn a_ring_with_its_id_before_its_time_neither_begins_it_nor_uses_it_up() {
    let mut world = World::new(Suite::XWing);
    for office in ["jpn-duty", "usa-duty", "jpn-leaders", "usa-leaders"] {
        world.desk(office);
    }
    let mut rogue = rogue::Rogue::new(&mut world, "kor-leaders", 9);
    world.until(10, |world| world.desks.iter().all(|desk| desk.console.view().node == NodeLink::Up));
    let (proposes, jpn, usa) = (1, 2, 3);
    propose(&mut world, proposes, 30);
    world.until(5, |world| world.view(jpn).consultations.len() == 1 && world.view(usa).consultations.len() == 1);
    let node = world.nodes[world.desks[proposes].node].machine.as_ref().unwrap();
    let id = node.state().consultations(world.wall_ms())[0].id;

    // Korea rings under the id until that has expired everywhere, and stays in.
    let ring = Act::Ring { call: id, offers: Vec::new(), precedence: Default::default() };
    assert_eq!(rogue.says(&mut world, "leaders", ring, Vec::new()), Ok(()));
    world.until(5, |world| world.desks[jpn].ringing && world.desks[usa].ringing);
    assert_eq!(world.view(jpn).consultations.len(), 1, "it is not begun before its time");
    world.until(120, |world| !world.desks[jpn].ringing && !world.desks[usa].ringing);
    world.run(5 * SECOND);

    world.until(31 * 60, |world| world.view(usa).consultations.first().is_some_and(|waiting| waiting.due));
    let id = shown(&world, usa).id.clone();
    world.command(usa, Command::Begin { id });
    world.until(5, |world| world.desks[jpn].ringing);
    world.answer(jpn);
    world.until(10, |world| world.hears(jpn, usa) && world.hears(usa, jpn));
}
