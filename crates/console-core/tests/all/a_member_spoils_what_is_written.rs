//! What a member or the own node does to what others write: circles that cannot be joined, versions that nobody can
//! read, keys that are kept back.
#![allow(clippy::unwrap_used)]

use crate::common;
use common::rogue::Rogue;
use common::*;
use trialogue_charter::{Hash, Precedence, Suite};
use trialogue_console_core::view::*;
use trialogue_console_core::{Event, Input};
use trialogue_journal::{Act, Body, BodyRef, GroupId, Kind, UnverifiedEntry, UnverifiedStatement, Wrapped, Written};
use trialogue_wire::Bundle;
use trialogue_wire::console::{Refusal, ToConsole, ToNode};

const LINE: &str = "summit";
const OFFICES: [&str; 3] = ["usa-duty", "jpn-duty", "kor-duty"];

/// Duty officers of the three parties, each with the written line open.
fn open(world: &mut World, desks: [usize; 3]) {
    world.until(10, |world| desks.iter().all(|desk| world.view(*desk).node == NodeLink::Up));
    for desk in desks {
        world.command(desk, Command::OpenWritten { line: Some(LINE.into()) });
    }
    let ready = |world: &World, desk: usize| world.desks[desk].written.as_ref().is_some_and(|w| w.ready);
    world.until(10, |world| desks.iter().all(|desk| ready(world, *desk)));
}

fn summit() -> (World, [usize; 3]) {
    let mut world = World::new(Suite::XWing);
    let desks = OFFICES.map(|office| world.writer(office));
    open(&mut world, desks);
    world.until(10, |world| desks.iter().all(|desk| world.written(*desk).readers.len() == 3));
    (world, desks)
}

fn message(text: &str) -> Command {
    writing::message(LINE, text, Language::En)
}

/// A writing by circles that nobody can join, said by a program that keeps to the form alone.
fn writes(world: &mut World, rogue: &mut Rogue, kind: Kind, about: Option<Hash>, welcomes: &[&[u8]]) {
    let readers: Vec<_> = (0..3).map(|desk| world.desks[desk].console.device()).collect();
    let mut keys = Vec::new();
    for (at, welcome) in welcomes.iter().enumerate() {
        let mut readers = readers.clone();
        readers.sort_unstable();
        let circle = GroupId([at as u8 + 1; 16]);
        let act = Act::Circle { circle, welcome: BodyRef::of(welcome).unwrap(), readers };
        rogue.says(world, LINE, act, vec![welcome.to_vec()]).unwrap();
        keys.push(Wrapped { circle, key: [1; 48] });
    }
    let content = b"nothing that opens".to_vec();
    let written = Written {
        kind,
        about,
        keys,
        content: BodyRef::of(&content).unwrap(),
        digest: Hash([2; 48]),
        at_ms: world.wall_ms(),
        traffic: trialogue_journal::Traffic::Principal,
        precedence: Precedence::Routine,
        answer_by_ms: None,
        attached: None,
    };
    rogue.says(world, LINE, Act::Write { written }, vec![content]).unwrap();
}

/// The own node of a desk passes on everything but these bodies.
fn keeps_back(to: usize, mut is_kept: impl FnMut(&Bundle, &Hash) -> bool + 'static) -> rogue::Tamper {
    let mut kept: Vec<Hash> = Vec::new();
    Box::new(move |desk, bytes| {
        let mut message = match trialogue_wire::decode(bytes) {
            Ok(message) if desk == to => message,
            _ => return vec![bytes.to_vec()],
        };
        match &mut message {
            ToConsole::Entries { bundles } => {
                for bundle in bundles {
                    let held = std::mem::take(&mut bundle.bodies);
                    let hashes = held.iter().map(|body| Hash::of(body));
                    kept.extend(hashes.filter(|hash| is_kept(bundle, hash)));
                    // Of an entry that is told without its bodies as well.
                    let named = UnverifiedEntry::decode(&bundle.entry).unwrap().bodies();
                    kept.extend(named.iter().map(|body| body.hash).filter(|hash| is_kept(bundle, hash)));
                    bundle.bodies = held.into_iter().filter(|body| !kept.contains(&Hash::of(body))).collect();
                }
            }
            ToConsole::Bodies { bodies } => bodies.retain(|body| !kept.contains(&Hash::of(body))),
            _ => {}
        }
        vec![trialogue_wire::encode(&message)]
    })
}

#[test]
fn a_circle_that_cannot_be_joined_is_tried_once() {
    let (mut world, [usa, jpn, _]) = summit();
    let mut rogue = Rogue::new(&mut world, "kor-duty", 2);
    let (broken, withheld): (&[u8], &[u8]) = (b"no welcome", b"a welcome that never comes");
    let never = Hash::of(withheld);
    world.tamper = Some(keeps_back(usa, move |_, hash| *hash == never));
    let deaf = rogue.desk;
    let mut keeps = world.tamper.take().unwrap();
    world.tamper = Some(Box::new(move |to, bytes| match trialogue_wire::decode(bytes) {
        Ok(ToConsole::Entries { .. }) if to == deaf => Vec::new(),
        _ => keeps(to, bytes),
    }));
    writes(&mut world, &mut rogue, Kind::Message, None, &[broken, withheld]);
    world.until(10, |world| world.written(usa).messages.len() == 1);
    for _ in 0..50 {
        world.input(usa, Input::Tick);
        world.settle();
    }
    world.command(jpn, message("in the meantime"));
    world.until(10, |world| world.written(usa).messages.iter().any(|m| m.text == "in the meantime"));
    assert!(world.written(usa).messages.iter().any(|message| message.reading == Reading::Arriving));
    let tried = |event: &&Event| matches!(event, Event::BadHandshake { step: "circle of another", .. });
    assert_eq!(world.desks[usa].events.iter().filter(tried).count(), 1);
}

#[test]
fn a_version_that_nobody_can_read_takes_no_approved_one_off_the_screens() {
    let (mut world, desks) = summit();
    let [usa, jpn, kor] = desks;
    let texts = vec![ReadoutText { language: Language::En, text: "The parties spoke.".into() }];
    world.command(usa, Command::WriteReadout { line: LINE.into(), replaces: None, texts });
    for desk in desks {
        world.until(10, |world| world.written(desk).readouts.first().is_some_and(|readout| readout.may_approve));
        let id = world.written(desk).readouts[0].version_id.clone();
        world.command(desk, Command::ApproveReadout { id });
    }
    world.until(10, |world| desks.iter().all(|desk| world.written(*desk).readouts[0].complete));
    let line = trialogue_charter::LineId::new(LINE).unwrap();
    let approved = world.nodes[0].machine.as_ref().unwrap().state().writings(&line)[0].0;
    let mut rogue = Rogue::new(&mut world, "kor-duty", 2);
    writes(&mut world, &mut rogue, Kind::Readout, Some(approved), &[b"no welcome"]);
    world.until(10, |world| world.written(jpn).readouts[0].version == 2);
    for desk in [usa, jpn, kor] {
        world.until(10, |world| world.written(desk).readouts[0].reading == Reading::Damaged);
        let shown = &world.written(desk).readouts;
        assert_eq!(shown.len(), 2, "the last one, and the last that all have approved");
        assert!(shown[1].complete && shown[1].version == 1 && !shown[1].may_approve && shown[0].id != shown[1].id);
        assert_eq!(shown[1].texts[0].text, "The parties spoke.");
    }
}

#[test]
fn whose_key_the_own_node_keeps_back_is_named_with_the_message() {
    let mut world = World::new(Suite::XWing);
    let desks = OFFICES.map(|office| world.writer(office));
    let [usa, jpn, kor] = desks;
    let device = world.desks[jpn].console.device();
    world.tamper = Some(keeps_back(usa, move |bundle, _| {
        let entry = UnverifiedEntry::decode(&bundle.entry).unwrap();
        let Body::Stated { statement } = &entry.claim().body else { return false };
        let statement = UnverifiedStatement::decode(statement).unwrap();
        statement.claim().device == device && matches!(statement.claim().act, Act::Stock { .. })
    }));
    open(&mut world, desks);
    world.until(10, |world| world.written(usa).readers.len() == 3);
    world.command(usa, message("for all"));
    world.until(60, |world| world.written(kor).messages.first().is_some_and(|message| message.text == "for all"));
    for desk in desks {
        world.until(10, |world| !world.written(desk).messages.is_empty());
        let left_out: Vec<&str> =
            world.written(desk).messages[0].without.iter().map(|person| person.office_id.as_str()).collect();
        assert_eq!(left_out, ["jpn-duty"], "everybody sees it");
    }
    // And from then on before anything is sent.
    let without: Vec<&str> = world.written(usa).without.iter().map(|person| person.office_id.as_str()).collect();
    assert_eq!((without, world.written(usa).readers.len()), (vec!["jpn-duty"], 2));
    // Who writes with all keys leaves nobody out.
    world.command(kor, message("for all again"));
    world.until(20, |world| world.written(jpn).messages.iter().any(|message| message.text == "for all again"));
    assert!(
        world.written(usa).messages.iter().all(|message| message.without.is_empty() == (message.text != "for all"))
    );
}

#[test]
fn a_message_waits_where_the_node_takes_no_circle_for_now() {
    let (mut world, [usa, jpn, _]) = summit();
    let mut refused = 0;
    world.said_tamper = Some(Box::new(move |desk, bytes| {
        let Ok(ToNode::State { statement, .. }) = trialogue_wire::decode(bytes) else { return None };
        let statement = UnverifiedStatement::decode(&statement).unwrap();
        let circle = desk == usa && matches!(statement.claim().act, Act::Circle { .. });
        refused += u32::from(circle);
        let number = Some(statement.claim().number);
        let busy = ToConsole::Refused { number, reason: Refusal::Busy, after_ms: Some(2_000) };
        (circle && refused <= 2).then(|| trialogue_wire::encode(&busy))
    }));
    world.command(usa, message("patience"));
    world.until(1, |world| world.written(usa).outbox.len() == 1);
    world.until(60, |world| world.written(jpn).messages.iter().any(|message| message.text == "patience"));
    world.until(5, |world| world.written(usa).outbox.is_empty());
}

#[test]
fn that_it_was_shown_is_said_again_where_the_node_takes_nothing_for_now() {
    let (mut world, [usa, jpn, _]) = summit();
    world.command(usa, message("seen?"));
    world.until(60, |world| world.written(jpn).messages.iter().any(|message| message.text == "seen?"));
    let mut refused = 0;
    world.said_tamper = Some(Box::new(move |desk, bytes| {
        let Ok(ToNode::State { statement, .. }) = trialogue_wire::decode(bytes) else { return None };
        let statement = UnverifiedStatement::decode(&statement).unwrap();
        let shown = desk == jpn && matches!(statement.claim().act, Act::Shown { .. });
        refused += u32::from(shown);
        let number = Some(statement.claim().number);
        // For want of room, and then for no reason that a console could do anything about.
        let (reason, after_ms) = if refused == 1 { (Refusal::Busy, Some(2_000)) } else { (Refusal::NotNow, None) };
        let answer = ToConsole::Refused { number, reason, after_ms };
        (shown && refused <= 2).then(|| trialogue_wire::encode(&answer))
    }));
    let id = world.written(jpn).messages[0].id.clone();
    world.command(jpn, Command::Shown { ids: vec![id] });
    world.until(60, |world| world.written(usa).messages[0].shown.len() == 1);
}

#[test]
fn what_was_on_screen_while_the_connection_went_is_said_to_be_shown_when_it_is_back() {
    let (mut world, [usa, jpn, _]) = summit();
    world.command(usa, message("seen?"));
    world.until(60, |world| world.written(jpn).messages.iter().any(|message| message.text == "seen?"));
    let id = world.written(jpn).messages[0].id.clone();
    world.cut(jpn, true);
    world.settle();
    world.command(jpn, Command::Shown { ids: vec![id] });
    world.cut(jpn, false);
    world.until(60, |world| world.written(usa).messages[0].shown.len() == 1);
}
