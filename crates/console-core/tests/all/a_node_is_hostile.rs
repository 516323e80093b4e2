//! The own node, or somebody who took it over, sends what it likes: it can be silent, and nothing more.

use crate::common;

use common::{SECOND, World};
use std::cell::Cell;
use std::rc::Rc;
use trialogue_charter::fixture::{charter, root};
use trialogue_charter::{PartyId, Suite, UnverifiedCharter};
use trialogue_console_core::view::*;
use trialogue_console_core::{Event, Input};
use trialogue_journal::{Act, Body, UnverifiedEntry, UnverifiedStatement};
use trialogue_wire::console::ToConsole;

/// The device of an entry's answer, if it is one.
fn answers(entry: &[u8]) -> bool {
    let Ok(entry) = UnverifiedEntry::decode(entry) else { return false };
    let Body::Stated { statement } = &entry.claim().body else { return false };
    UnverifiedStatement::decode(statement).is_ok_and(|s| matches!(s.claim().act, Act::Answer { .. }))
}

#[test]
fn everything_twice_and_garbage_between_changes_nothing() {
    let mut world = World::leaders(Suite::XWing);
    let mut earlier: Vec<Vec<u8>> = Vec::new();
    world.tamper = Some(Box::new(move |_, bytes| {
        let mut flipped = bytes.to_vec();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 0x40;
        let mut truncated = bytes.to_vec();
        truncated.truncate(middle);
        let replayed = earlier.get(earlier.len() / 2).cloned().unwrap_or_default();
        // A challenge, welcome or refusal out of turn is another matter than an entry.
        let entries = matches!(trialogue_wire::decode::<ToConsole>(bytes), Ok(ToConsole::Entries { .. }));
        if !entries {
            return vec![bytes.to_vec(), truncated, vec![0xff; 40], Vec::new()];
        }
        earlier.push(bytes.to_vec());
        vec![truncated, flipped, bytes.to_vec(), bytes.to_vec(), replayed]
    }));
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing && world.desks[1].ringing);
    world.answer(0);
    world.answer(1);
    world.until(10, |world| world.all_ready(&[0, 1, 2]));
    assert!(world.desks[0].events.iter().any(|event| matches!(event, Event::Malformed(_) | Event::BadEntry(_))));
    world.command(1, Command::HangUp);
    world.until(10, |world| world.all_ready(&[0, 2]));
}

#[test]
fn a_member_that_the_roster_lacks_stops_the_voice() {
    let mut world = World::leaders(Suite::XWing);
    world.desk("usa-leaders");
    world.until(5, |world| world.view(3).node == NodeLink::Up);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing);
    world.answer(3);
    world.until(5, |world| world.all_ready(&[2, 3]));
    // From now on console 3 is not told who answers; its node's lead, console 2, is.
    let hiding = Rc::new(Cell::new(true));
    let hides = hiding.clone();
    world.tamper = Some(Box::new(move |desk, bytes| match trialogue_wire::decode(bytes) {
        Ok(ToConsole::Entries { mut bundles }) if desk == 3 && hides.get() => {
            bundles.retain(|bundle| !answers(&bundle.entry));
            vec![trialogue_wire::encode(&ToConsole::Entries { bundles })]
        }
        _ => vec![bytes.to_vec()],
    }));
    world.answer(0);
    world.until(5, |world| world.desks[3].events.iter().any(|event| matches!(event, Event::Stranger(_))));
    assert!(world.desks[3].seal.is_none(), "not one frame for a device that is not shown");
    let stranger = world.desks[0].console.device().to_string();
    world.until(5, |world| matches!(&world.call(3).sealing, Sealing::Stranger { who } if who.starts_with(&stranger)));
    let opens_stranger = world.desks[3].open.values().any(|(device, _)| *device == world.desks[0].console.device());
    assert!(!opens_stranger, "nor is the stranger heard");
    // The node tells the truth again when it must begin anew.
    hiding.set(false);
    world.cut(3, true);
    world.run(SECOND);
    world.cut(3, false);
    world.until(20, |world| world.all_ready(&[0, 2, 3]));
}

#[test]
fn an_older_or_altered_charter_is_refused() {
    let mut world = World::new(Suite::XWing);
    let identity = world.identity("usa-leaders", 1);
    let desk = world.desk_with(identity.clone());
    world.until(5, |world| world.view(desk).node == NodeLink::Up);
    assert_eq!(world.desks[desk].charter.as_deref(), Some(world.fixture.charter.bytes()));

    // A newer one, signed by all, is held; the node still shows the older one.
    let mut newer = charter(Suite::XWing);
    newer.serial = 2;
    let mut draft = UnverifiedCharter::draft(newer).unwrap();
    for party in ["JPN", "KOR", "USA"] {
        draft.sign(&PartyId::new(party).unwrap(), &root(party)).unwrap();
    }
    world.desks[desk].charter = Some(draft.encode());
    world.reload(desk, identity.clone());
    world.until(
        5,
        |world| matches!(&world.view(desk).trouble, Some(Trouble::Charter { why }) if why.contains("serial")),
    );
    assert_eq!(world.view(desk).node, NodeLink::Refused);

    // One that a party did not sign.
    world.desks[desk].charter = None;
    let mut partly = UnverifiedCharter::draft(charter(Suite::Cnsa2)).unwrap();
    partly.sign(&PartyId::new("USA").unwrap(), &root("USA")).unwrap();
    let partly = partly.encode();
    world.tamper = Some(Box::new(move |_, bytes| match trialogue_wire::decode(bytes) {
        Ok(ToConsole::Challenge { protocol, node, nonce, .. }) => {
            vec![trialogue_wire::encode(&ToConsole::Challenge { protocol, node, nonce, charter: partly.clone() })]
        }
        _ => vec![bytes.to_vec()],
    }));
    world.reload(desk, identity);
    world.until(5, |world| matches!(&world.view(desk).trouble, Some(Trouble::Charter { why }) if why.contains("JPN")));
    assert!(world.view(desk).lines.is_empty(), "nothing of it is believed");
    // An honest node is taken at the next try.
    world.tamper = None;
    world.until(30, |world| world.view(desk).node == NodeLink::Up && world.view(desk).trouble.is_none());
}

#[test]
fn another_partys_node_gets_no_proof() {
    let mut world = World::new(Suite::XWing);
    let desk = world.desk("usa-leaders");
    world.desks[desk].node = 0;
    world.until(5, |world| matches!(world.view(desk).trouble, Some(Trouble::Charter { .. })));
    assert_eq!(world.desks[desk].heard.len(), 1, "after the challenge nothing was said that could be answered");
}

#[test]
fn a_revoked_console_is_out_at_once() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing && world.desks[1].ringing);
    world.answer(0);
    world.answer(1);
    world.until(5, |world| world.all_ready(&[0, 1, 2]));
    let device = world.desks[0].console.device();
    // Through another party's node: its own need not be asked.
    let revocation = trialogue_charter::fixture::revocation("JPN", &device);
    world.node_input(2, trialogue_core::Input::Revoke { revocation, errand: trialogue_core::Errand(1) });
    world.until(5, |world| world.all_ready(&[1, 2]));
    world.until(20, |world| world.desks[0].stopped);
    assert_eq!(world.view(0).trouble, Some(Trouble::Refused { reason: Refusal::Revoked }));
    assert!(world.desks[0].seal.is_none());
    world.input(0, Input::Command(Command::Ring { line: "leaders".into(), precedence: Default::default() }));
    world.run(SECOND);
    assert!(!world.desks[1].ringing);
}

#[test]
fn a_link_works_once() {
    let mut world = World::new(Suite::XWing);
    let first = world.identity("usa-leaders", 1);
    let second = world.identity("usa-leaders", 1);
    let first = world.desk_with(first);
    world.until(5, |world| world.view(first).node == NodeLink::Up);
    let second = world.desk_with(second);
    world.until(5, |world| world.desks[second].stopped);
    assert_eq!(world.view(second).trouble, Some(Trouble::Refused { reason: Refusal::Certificate }));
    assert_eq!(world.view(second).node, NodeLink::Refused);
}

#[test]
fn what_the_node_could_not_write_down_counts_and_is_shown_as_unrecorded() {
    let mut world = World::leaders(Suite::XWing);
    let broken = Rc::new(Cell::new(true));
    let disk = broken.clone();
    world.tamper = Some(Box::new(move |_, bytes| match trialogue_wire::decode::<ToConsole>(bytes) {
        Ok(ToConsole::Accepted { number, .. }) if disk.get() => {
            vec![trialogue_wire::encode(&ToConsole::Accepted { number, unrecorded: true })]
        }
        _ => vec![bytes.to_vec()],
    }));
    world.ring(2);
    world.until(5, |world| world.view(2).unrecorded && world.desks[0].ringing);
    assert!(!world.view(1).unrecorded, "who said nothing has nothing unrecorded");
    world.answer(0);
    world.until(5, |world| world.all_ready(&[0, 2]));
    broken.set(false);
    world.command(2, Command::HangUp);
    world.until(5, |world| !world.view(2).unrecorded);
}
