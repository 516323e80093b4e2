//! On a staged line duty officers talk first, confirm each station, and say that their principals are ready; principals
//! come on together. Also the roles: who acts for a party, who only listens, who disposes of whom.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::World;
use trialogue_charter::Suite;
use trialogue_console_core::view::*;

const SUMMIT: &str = "summit";
const DUTY: [usize; 3] = [0, 1, 2];
const PRINCIPALS: [usize; 3] = [3, 4, 5];
const INTERPRETER: usize = 6;
const NOTES: usize = 7;
const PARTIES: [&str; 3] = ["JPN", "KOR", "USA"];

fn everyone() -> World {
    let mut world = World::new(Suite::XWing);
    for office in [
        "jpn-duty",
        "kor-duty",
        "usa-duty",
        "jpn-leaders",
        "kor-leaders",
        "usa-leaders",
        "usa-interpreter",
        "kor-notes",
    ] {
        world.desk(office);
    }
    world.until(20, |world| world.desks.iter().all(|desk| desk.offers > 0));
    world
}

fn line(world: &World, desk: usize) -> &LineView {
    world.view(desk).lines.iter().find(|line| line.id == SUMMIT).unwrap()
}

fn join(world: &mut World, desk: usize) {
    world.command(desk, Command::Answer { line: SUMMIT.into() });
    world.until(5, |world| world.view(desk).call.as_ref().is_some_and(|call| call.members.len() > 1));
}

fn keys_complete(world: &World, desks: &[usize]) -> bool {
    desks.iter().all(|desk| {
        let call = world.call(*desk);
        call.members.len() == desks.len()
            && call.members.iter().all(|m| m.keys == KeyState::Ready)
            && !call.code.is_empty()
    })
}

/// Nobody of another party could open what the speaker's console may have sealed.
fn is_unheard(world: &World, speaker: usize) -> bool {
    let device = world.desks[speaker].console.device();
    world.desks[speaker].seal.is_none()
        && world.desks.iter().all(|desk| desk.open.values().all(|(of, _)| *of != device))
}

/// Duty officers of these parties and their principals are in, with keys.
fn in_the_call(world: &mut World, parties: &[usize]) -> Vec<usize> {
    world.command(DUTY[parties[0]], Command::Ring { line: SUMMIT.into(), precedence: Precedence::Routine });
    let first = DUTY[parties[1]];
    world.until(5, |world| line(world, first).ring.is_some());
    for party in &parties[1..] {
        join(world, DUTY[*party]);
    }
    for party in parties {
        join(world, PRINCIPALS[*party]);
    }
    let all: Vec<usize> = parties.iter().flat_map(|party| [DUTY[*party], PRINCIPALS[*party]]).collect();
    world.until(20, |world| keys_complete(world, &all));
    all
}

fn confirm(world: &mut World, party: usize, others: &[usize]) {
    for other in others.iter().filter(|other| **other != party) {
        world.command(DUTY[party], Command::Confirm { party: PARTIES[*other].into() });
    }
    let count = others.iter().filter(|other| **other != party).count();
    world.until(5, |world| {
        world.call(DUTY[party]).stations.iter().filter(|station| !station.own && station.confirmed).count() >= count
    });
}

#[test]
fn principals_come_on_together_when_all_are_ready_and_not_before() {
    let mut world = everyone();
    let all = in_the_call(&mut world, &[0, 1, 2]);
    assert!(PRINCIPALS.iter().all(|principal| is_unheard(&world, *principal)));
    assert!(
        DUTY.iter().all(|duty| all.iter().all(|other| other == duty || world.hears(*other, *duty))),
        "duty officers talk"
    );
    assert_eq!(world.call(3).floor, Floor::Waiting);
    assert_eq!(world.call(3).sealing, Sealing::Silent);
    assert_eq!(world.call(0).words.len(), 6);
    assert!(all.iter().all(|desk| world.call(*desk).words == world.call(0).words));

    assert!(!world.call(DUTY[0]).may_be_ready, "nobody is confirmed yet");
    world.command(DUTY[0], Command::Ready { ready: true });
    world.settle();
    assert_eq!(world.view(0).trouble, Some(Trouble::ActRefused { reason: Refusal::NotNow }));

    for party in 0..3 {
        confirm(&mut world, party, &[0, 1, 2]);
    }
    for party in [0, 1] {
        world.command(DUTY[party], Command::Ready { ready: true });
    }
    world.run(2 * common::SECOND);
    assert!(PRINCIPALS.iter().all(|principal| is_unheard(&world, *principal)), "one is not ready");
    world.command(DUTY[2], Command::Ready { ready: true });
    world.until(2, |world| {
        PRINCIPALS.iter().all(|speaker| all.iter().all(|other| other == speaker || world.hears(*other, *speaker)))
    });
    assert!(PRINCIPALS.iter().all(|principal| world.call(*principal).floor == Floor::Open));

    // The duty officers may go: whoever is on stays on.
    for duty in DUTY {
        world.command(duty, Command::HangUp);
    }
    world.until(20, |world| keys_complete(world, &PRINCIPALS));
    assert!(PRINCIPALS.iter().all(|one| PRINCIPALS.iter().all(|other| one == other || world.hears(*other, *one))));
}

#[test]
fn one_who_comes_later_is_kept_apart_until_both_sides_have_confirmed() {
    let mut world = everyone();
    in_the_call(&mut world, &[0, 2]);
    for party in [0, 2] {
        confirm(&mut world, party, &[0, 2]);
        world.command(DUTY[party], Command::Ready { ready: true });
    }
    world.until(5, |world| world.hears(5, 3) && world.hears(3, 5));

    join(&mut world, DUTY[1]);
    join(&mut world, PRINCIPALS[1]);
    let all = [0, 1, 2, 3, 4, 5];
    world.until(20, |world| keys_complete(world, &all));
    assert!(world.hears(5, 3) && world.hears(3, 5), "those who are on are not disturbed");
    assert!(!world.hears(DUTY[1], 3) && !world.hears(PRINCIPALS[1], 5), "and not heard by the one who came");
    assert!(is_unheard(&world, PRINCIPALS[1]));

    confirm(&mut world, 1, &[0, 1, 2]);
    world.command(DUTY[1], Command::Ready { ready: true });
    world.run(common::SECOND);
    assert!(is_unheard(&world, PRINCIPALS[1]), "nobody has confirmed it");
    confirm(&mut world, 0, &[0, 1, 2]);
    confirm(&mut world, 2, &[0, 1, 2]);
    world.until(5, |world| {
        PRINCIPALS.iter().all(|one| PRINCIPALS.iter().all(|other| one == other || world.hears(*other, *one)))
    });
}

/// A code is of those who are in: the tick does not go on to stand for somebody who came later.
#[test]
fn who_came_in_after_the_code_was_compared_is_named_until_it_is_compared_again() {
    let mut world = everyone();
    world.command(DUTY[0], Command::Ring { line: SUMMIT.into(), precedence: Precedence::Routine });
    world.until(5, |world| line(world, DUTY[2]).ring.is_some());
    join(&mut world, DUTY[2]);
    world.until(20, |world| keys_complete(world, &[DUTY[0], DUTY[2]]));
    let newcomers = |world: &World, desk: usize| -> Vec<String> {
        world.call(desk).stations.iter().flat_map(|station| station.newcomers.clone()).collect()
    };
    confirm(&mut world, 0, &[0, 2]);
    assert!(newcomers(&world, DUTY[0]).is_empty());
    let code = world.call(DUTY[0]).code.clone();
    for party in [0, 2] {
        join(&mut world, PRINCIPALS[party]);
    }
    world.until(20, |world| keys_complete(world, &[DUTY[0], DUTY[2], PRINCIPALS[0], PRINCIPALS[2]]));
    assert_ne!(world.call(DUTY[0]).code, code);
    let named = newcomers(&world, DUTY[0]);
    assert_eq!(named.len(), 1, "of the other party alone: {named:?}");
    assert!(newcomers(&world, PRINCIPALS[0]).is_empty(), "a principal compares nothing");
    assert!(newcomers(&world, DUTY[2]).is_empty(), "it has compared nothing yet");
    confirm(&mut world, 0, &[0, 2]);
    world.until(5, |world| newcomers(world, DUTY[0]).is_empty());
    // Who leaves and comes back is the same device.
    world.command(PRINCIPALS[2], Command::HangUp);
    world.until(10, |world| world.call(DUTY[0]).members.len() == 3);
    join(&mut world, PRINCIPALS[2]);
    world.until(20, |world| keys_complete(world, &[DUTY[0], DUTY[2], PRINCIPALS[0], PRINCIPALS[2]]));
    assert!(newcomers(&world, DUTY[0]).is_empty());
}

#[test]
fn a_party_that_is_not_there_is_no_reason_to_wait() {
    let mut world = everyone();
    in_the_call(&mut world, &[0, 2]);
    assert_eq!(world.call(0).missing, vec!["KOR".to_owned()]);
    for party in [0, 2] {
        confirm(&mut world, party, &[0, 2]);
        world.command(DUTY[party], Command::Ready { ready: true });
    }
    world.until(5, |world| world.hears(5, 3) && world.hears(3, 5));
}

#[test]
fn interpreters_and_note_takers_do_not_act_for_their_party() {
    let mut world = everyone();
    assert!(!line(&world, NOTES).acts && line(&world, DUTY[0]).acts);
    for desk in [INTERPRETER, NOTES] {
        world.command(desk, Command::Ring { line: SUMMIT.into(), precedence: Precedence::Routine });
        world.settle();
        assert_eq!(world.view(desk).trouble, Some(Trouble::ActRefused { reason: Refusal::Role }));
    }
    world.command(DUTY[0], Command::Ring { line: SUMMIT.into(), precedence: Precedence::Routine });
    world.until(5, |world| world.desks[DUTY[1]].ringing && world.desks[DUTY[2]].ringing);
    assert!(!world.desks[NOTES].ringing && !world.desks[INTERPRETER].ringing);
    world.command(
        NOTES,
        Command::Decline { line: SUMMIT.into(), reason: DeclineReason::Busy, call_back_ms: None, deputy: None },
    );
    join(&mut world, NOTES);
    world.until(20, |world| keys_complete(world, &[DUTY[0], NOTES]));
    assert!(world.desks[DUTY[1]].ringing, "a note-taker does not answer for the party");
    assert_eq!(world.call(DUTY[0]).missing, vec!["KOR".to_owned(), "USA".to_owned()]);
    assert!(is_unheard(&world, NOTES));
    assert_eq!(world.call(NOTES).floor, Floor::Listening);
    assert!(world.call(DUTY[0]).members.iter().any(|member| member.role == Role::NoteTaker), "visible to all");
    join(&mut world, DUTY[2]);
    join(&mut world, INTERPRETER);
    world.until(20, |world| keys_complete(world, &[DUTY[0], DUTY[2], INTERPRETER, NOTES]));
    assert!(world.hears(DUTY[0], INTERPRETER) && world.hears(NOTES, INTERPRETER));
}

#[test]
fn who_is_held_is_silent_and_deaf_and_says_nothing_after_a_cut() {
    let mut world = everyone();
    in_the_call(&mut world, &[0, 2]);
    world.command(DUTY[0], Command::Hold { device: None, on: true });
    world.settle();
    assert!(world.desks[DUTY[0]].seal.is_none(), "at once");
    world.until(5, |world| {
        world
            .call(DUTY[2])
            .members
            .iter()
            .any(|member| member.person.office_id == "jpn-duty" && member.floor == Floor::Held)
    });
    // The node forgets it, and it comes back in a new stay: held.
    world.cut(DUTY[0], true);
    world.until(40, |world| world.call(DUTY[2]).members.iter().all(|member| member.person.office_id != "jpn-duty"));
    world.cut(DUTY[0], false);
    let now = world.now_us;
    world.desks[DUTY[0]].open_at = Some(now);
    world.until(20, |world| world.call(DUTY[2]).members.iter().any(|member| member.person.office_id == "jpn-duty"));
    world.run(5 * common::SECOND);
    assert!(world.desks[DUTY[0]].seal.is_none());
    world.command(DUTY[0], Command::Hold { device: None, on: false });
    world.until(10, |world| world.hears(DUTY[2], DUTY[0]));
}

#[test]
fn a_duty_officer_disposes_of_the_own_people_and_of_nobody_else() {
    let mut world = everyone();
    in_the_call(&mut world, &[0, 2]);
    let device = |world: &World, desk: usize| world.desks[desk].console.device().to_string();
    let (own, other) = (device(&world, PRINCIPALS[0]), device(&world, PRINCIPALS[2]));
    world.command(DUTY[0], Command::Remove { device: other });
    world.settle();
    assert_eq!(world.view(DUTY[0]).trouble, Some(Trouble::ActRefused { reason: Refusal::NotOwn }));
    let duty = device(&world, DUTY[0]);
    world.command(PRINCIPALS[0], Command::Remove { device: duty });
    world.settle();
    assert_eq!(world.view(PRINCIPALS[0]).trouble, Some(Trouble::ActRefused { reason: Refusal::Role }));
    world.command(DUTY[0], Command::Remove { device: own });
    world.until(5, |world| world.view(PRINCIPALS[0]).call.is_none());
    assert_eq!(line(&world, PRINCIPALS[0]).outcome, Some(Outcome::Removed));
    world.run(10 * common::SECOND);
    assert!(world.view(PRINCIPALS[0]).call.is_none(), "it does not come back by itself");
    world.until(10, |world| keys_complete(world, &[DUTY[0], DUTY[2], PRINCIPALS[2]]));
}

#[test]
fn a_majority_drops_a_party_and_takes_it_back() {
    let mut world = everyone();
    in_the_call(&mut world, &[0, 1, 2]);
    world.command(DUTY[0], Command::Drop { party: "KOR".into(), on: true });
    world.run(2 * common::SECOND);
    assert!(world.view(DUTY[1]).call.is_some(), "one of three is no majority");
    let wishes = |world: &World| world.call(DUTY[1]).stations.iter().find(|s| s.own).unwrap().drop_wishes.clone();
    assert_eq!(wishes(&world), vec!["JPN".to_owned()], "it sees who wishes it");
    world.command(DUTY[2], Command::Drop { party: "KOR".into(), on: true });
    world.until(5, |world| world.view(DUTY[1]).call.is_none() && world.view(PRINCIPALS[1]).call.is_none());
    assert_eq!(line(&world, DUTY[1]).outcome, Some(Outcome::Dropped));
    world.until(10, |world| keys_complete(world, &[0, 2, 3, 5]));
    world.command(DUTY[1], Command::Answer { line: SUMMIT.into() });
    world.until(5, |world| world.view(DUTY[1]).trouble == Some(Trouble::ActRefused { reason: Refusal::Dropped }));
    world.command(DUTY[2], Command::Drop { party: "KOR".into(), on: false });
    world.until(5, |world| world.call(DUTY[0]).stations.iter().any(|s| s.id == "KOR" && s.drop_wishes.len() == 1));
    join(&mut world, DUTY[1]);
    world.until(20, |world| keys_complete(world, &[0, 1, 2, 3, 5]));
}

#[test]
fn a_call_is_taken_over_at_another_console_and_nobody_leaves_it() {
    let mut world = everyone();
    in_the_call(&mut world, &[0, 2]);
    // The same person at another device: the fixture's names come from office and number.
    let number = DUTY[0] as u8 + 1;
    let link = world.fixture.enrolment_again("jpn-duty", number);
    let identity = trialogue_console_core::enrol(&link.to_fragment(), common::START_MS, &mut common::chance()).unwrap();
    let tablet = world.desk_with(identity);
    world.until(10, |world| world.view(tablet).lines.iter().any(|line| line.id == SUMMIT && line.take_over));
    world.command(tablet, Command::TakeOver { line: SUMMIT.into() });
    world.until(5, |world| world.view(tablet).call.is_some());
    let device = world.desks[tablet].console.device();
    while world.view(DUTY[0]).call.is_some() {
        assert!(world.desks[tablet].seal.is_none(), "not two at once");
        let now = world.now_us;
        world.until(10, |world| world.now_us > now || world.view(DUTY[0]).call.is_none());
        assert!(world.view(DUTY[2]).call.is_some());
    }
    assert_eq!(line(&world, DUTY[0]).outcome, Some(Outcome::HandedOver));
    world.until(5, |world| world.hears(DUTY[2], tablet));
    assert!(world.call(DUTY[2]).members.iter().any(|member| member.person.device == device.to_string()));
}
