//! On a staged line a party whose console says nothing, has no keys or takes its time holds up what concerns itself,
//! and nothing else: the others have a code of their own, confirm each other, and their principals come on.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::{SECOND, World};
use trialogue_charter::{CallId, DeviceSecret, LineId, Suite};
use trialogue_console_core::view::*;
use trialogue_journal::{Act, BodyRef, KeyOffer, Statement};
use trialogue_wire::console::{ToConsole, ToNode};

const SUMMIT: &str = "summit";
const JPN: usize = 0;
const KOR: usize = 1;
const USA: usize = 2;
const DUTY: [usize; 3] = [0, 1, 2];
const PRINCIPALS: [usize; 3] = [3, 4, 5];
const PARTIES: [&str; 3] = ["JPN", "KOR", "USA"];

/// And the secret of KOR's duty officer, for a program of another making.
fn everyone() -> (World, DeviceSecret) {
    let mut world = World::new(Suite::XWing);
    world.desk("jpn-duty");
    let identity = world.identity("kor-duty", KOR as u8 + 1);
    let secret = DeviceSecret::from_seed(&identity.secret);
    world.desk_with(identity);
    for office in ["usa-duty", "jpn-leaders", "kor-leaders", "usa-leaders"] {
        world.desk(office);
    }
    world.until(20, |world| world.desks.iter().all(|desk| desk.offers > 0));
    (world, secret)
}

fn line(world: &World, desk: usize) -> &LineView {
    world.view(desk).lines.iter().find(|line| line.id == SUMMIT).unwrap()
}

fn join(world: &mut World, desk: usize) {
    world.command(desk, Command::Answer { line: SUMMIT.into() });
    world.until(5, |world| world.view(desk).call.as_ref().is_some_and(|call| call.members.len() > 1));
}

fn station(world: &World, desk: usize, party: usize) -> &Station {
    world.call(desk).stations.iter().find(|station| station.id == PARTIES[party]).unwrap()
}

/// Duty officers and principals of these parties are in.
fn in_the_call(world: &mut World, parties: &[usize]) {
    world.command(DUTY[parties[0]], Command::Ring { line: SUMMIT.into(), precedence: Precedence::Routine });
    let first = DUTY[parties[1]];
    world.until(5, |world| line(world, first).ring.is_some());
    for party in &parties[1..] {
        join(world, DUTY[*party]);
    }
    for party in parties {
        join(world, PRINCIPALS[*party]);
    }
}

fn confirm(world: &mut World, party: usize, other: usize) {
    world.command(DUTY[party], Command::Confirm { party: PARTIES[other].into() });
    world.until(5, |world| station(world, DUTY[other], party).confirms_us);
}

fn ready(world: &mut World, party: usize) {
    world.command(DUTY[party], Command::Ready { ready: true });
    world.settle();
}

/// KOR's duty officer is in with key packages that are none, and its console says nothing more.
fn a_console_without_keys_answers(world: &mut World, secret: &DeviceSecret) {
    world.tamper = Some(Box::new(|desk, bytes| match trialogue_wire::decode(bytes) {
        Ok(ToConsole::Entries { .. }) if desk == DUTY[KOR] => Vec::new(),
        _ => vec![bytes.to_vec()],
    }));
    let garbage: Vec<Vec<u8>> = world.nodes.iter().map(|node| node.id.as_str().as_bytes().repeat(40)).collect();
    let offers = world.nodes.iter().zip(&garbage);
    let offers = offers.map(|(node, body)| KeyOffer { node: node.id.clone(), package: BodyRef::of(body).unwrap() });
    let act = Act::Answer { call: CallId([7; 16]), offers: offers.collect() };
    let at = world.occasion(KOR);
    let number = world.wall_ms() + 1_000_000;
    let line = LineId::new(SUMMIT).unwrap();
    let statement = Statement::new(secret.id(), number, &at, line, act).sign(secret).0;
    let bodies = garbage.into_iter().map(Into::into).collect();
    let bytes = trialogue_wire::encode(&ToNode::State { statement, bodies });
    let console = world.desks[DUTY[KOR]].key.unwrap();
    world.node_input(KOR, trialogue_core::Input::ConsoleMessage { console, bytes });
    let kor = world.desks[DUTY[KOR]].console.device().to_string();
    world.until(5, |world| {
        [JPN, USA].iter().all(|own| world.call(DUTY[*own]).members.iter().any(|m| m.person.device == kor))
    });
}

#[test]
fn a_console_without_keys_keeps_neither_code_nor_readiness_from_the_others() {
    let (mut world, secret) = everyone();
    in_the_call(&mut world, &[JPN, USA]);
    a_console_without_keys_answers(&mut world, &secret);
    world.run(10 * SECOND);

    // No code for all, a code for the two, the same at both; and the screen says whose keys are missing.
    for (own, other) in [(JPN, USA), (USA, JPN)] {
        assert!(world.call(DUTY[own]).code.is_empty());
        assert_eq!(station(&world, DUTY[own], other).code.len(), 30);
        assert_eq!(station(&world, DUTY[own], other).words.len(), 6);
        assert!(station(&world, DUTY[own], other).keyless.is_empty());
        assert!(station(&world, DUTY[own], KOR).code.is_empty());
        assert_eq!(station(&world, DUTY[own], KOR).keyless.len(), 1);
        assert_eq!(world.call(DUTY[own]).sealing, Sealing::Sealed);
    }
    assert_eq!(station(&world, DUTY[JPN], USA).code, station(&world, DUTY[USA], JPN).code);
    assert_eq!(station(&world, PRINCIPALS[JPN], USA).code, station(&world, DUTY[USA], JPN).code);

    world.command(DUTY[JPN], Command::Confirm { party: "KOR".into() });
    world.settle();
    let refused = Trouble::ActRefused { reason: Refusal::NotNow };
    assert_eq!(world.view(DUTY[JPN]).trouble, Some(refused), "there is nothing to compare with it");
    confirm(&mut world, JPN, USA);
    confirm(&mut world, USA, JPN);
    assert!(world.call(DUTY[JPN]).may_be_ready);
    ready(&mut world, JPN);
    ready(&mut world, USA);
    let (jpn, usa) = (PRINCIPALS[JPN], PRINCIPALS[USA]);
    world.until(5, |world| world.hears(usa, jpn) && world.hears(jpn, usa));
    let kor = world.desks[DUTY[KOR]].console.device();
    let members = &world.call(jpn).members;
    assert!(members.iter().any(|member| member.person.device == kor.to_string()), "it stands on the roster");
}

#[test]
fn one_that_confirms_and_is_never_ready_is_waited_for_as_long_as_the_others_like() {
    let (mut world, _) = everyone();
    in_the_call(&mut world, &[JPN, KOR, USA]);
    world.until(20, |world| DUTY.iter().all(|duty| !world.call(*duty).code.is_empty()));
    for (own, other) in [(JPN, KOR), (JPN, USA), (KOR, JPN), (KOR, USA), (USA, JPN), (USA, KOR)] {
        confirm(&mut world, own, other);
    }
    ready(&mut world, JPN);
    ready(&mut world, USA);
    world.run(2 * SECOND);
    let (jpn, kor, usa) = (PRINCIPALS[JPN], PRINCIPALS[KOR], PRINCIPALS[USA]);
    assert!(!world.hears(usa, jpn) && !world.hears(jpn, usa), "they come on together with all whom they have named");
    for own in [JPN, USA] {
        assert!(station(&world, DUTY[own], KOR).awaited);
        assert!(!station(&world, DUTY[own], JPN).awaited && !station(&world, DUTY[own], USA).awaited);
    }
    world.command(DUTY[JPN], Command::ReadyWithout { party: "KOR".into() });
    world.until(5, |world| world.hears(usa, jpn));
    world.run(2 * SECOND);
    assert!(!world.hears(jpn, usa), "each party decides for whom its own principal waits");
    world.command(DUTY[USA], Command::ReadyWithout { party: "KOR".into() });
    world.until(5, |world| world.hears(usa, jpn) && world.hears(jpn, usa));
    assert!(!world.hears(kor, jpn) && !world.hears(DUTY[KOR], usa), "it is not heard where nobody is ready with it");

    // It is ready after all: whoever is on comes on with it, too.
    ready(&mut world, KOR);
    world.until(5, |world| {
        PRINCIPALS.iter().all(|one| PRINCIPALS.iter().all(|other| one == other || world.hears(*other, *one)))
    });
}

/// The duty officer has compared the code with one party, the principal with another, which is never ready.
#[test]
fn a_party_is_left_behind_at_the_console_that_named_it_though_it_named_no_other() {
    let (mut world, _) = everyone();
    in_the_call(&mut world, &[JPN, KOR, USA]);
    world.until(20, |world| DUTY.iter().all(|duty| !world.call(*duty).code.is_empty()));
    confirm(&mut world, JPN, USA);
    confirm(&mut world, USA, JPN);
    let (jpn, usa) = (PRINCIPALS[JPN], PRINCIPALS[USA]);
    world.command(usa, Command::Confirm { party: "KOR".into() });
    world.until(5, |world| station(world, DUTY[USA], KOR).confirmed);
    world.command(usa, Command::Ready { ready: true });
    world.until(5, |world| station(world, usa, KOR).awaited);
    for desk in [DUTY[JPN], DUTY[USA]] {
        world.command(desk, Command::Ready { ready: true });
    }
    world.until(5, |world| world.hears(usa, jpn));
    world.run(2 * SECOND);
    assert!(!world.hears(jpn, usa), "it waits for both that its party has named");
    world.command(DUTY[USA], Command::ReadyWithout { party: "KOR".into() });
    world.settle();
    let refused = Some(Trouble::ActRefused { reason: Refusal::NotNow });
    assert_eq!(world.view(DUTY[USA]).trouble, refused, "it was not named there");
    world.command(usa, Command::ReadyWithout { party: "KOR".into() });
    world.until(5, |world| world.hears(usa, jpn) && world.hears(jpn, usa));
    assert_eq!(world.view(usa).trouble, None);
}

#[test]
fn who_is_ready_with_another_alone_hears_that_one_alone() {
    let (mut world, _) = everyone();
    in_the_call(&mut world, &[JPN, KOR, USA]);
    world.until(20, |world| DUTY.iter().all(|duty| !world.call(*duty).code.is_empty()));
    for (own, other) in [(JPN, KOR), (JPN, USA), (KOR, JPN), (USA, JPN), (USA, KOR)] {
        confirm(&mut world, own, other);
    }
    // KOR has confirmed JPN alone, and is ready with it alone.
    for party in [JPN, KOR, USA] {
        ready(&mut world, party);
    }
    world.run(SECOND);
    let (jpn, kor, usa) = (PRINCIPALS[JPN], PRINCIPALS[KOR], PRINCIPALS[USA]);
    assert!(station(&world, DUTY[USA], KOR).awaited && station(&world, DUTY[USA], KOR).ready);
    assert!(!station(&world, DUTY[USA], KOR).ready_with_us);
    world.until(5, |world| world.hears(kor, jpn) && world.hears(jpn, kor));
    world.command(DUTY[USA], Command::ReadyWithout { party: "KOR".into() });
    world.until(5, |world| world.hears(usa, jpn) && world.hears(jpn, usa));
    world.run(SECOND);
    assert!(!world.hears(kor, usa) && !world.hears(usa, kor), "each pair by itself");
}
