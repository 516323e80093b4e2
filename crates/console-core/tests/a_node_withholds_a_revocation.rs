//! A device was stolen, and its party's root has said so. A console whose own node is in other hands is kept from that word: it remembers what it has
//! heard once, it is told by others that there is something that it does not have, and in the end it seals for nobody of whom it hears nothing.
#![allow(clippy::unwrap_used)]

mod common;

use common::{SECOND, World, revocations};
use trialogue_charter::{Hash, ListName, NodeId, PartyId, Suite};
use trialogue_console_core::view::*;
use trialogue_core::{Errand, Input as NodeInput};
use trialogue_journal::{Body, Entry, PartyList, UnverifiedEntry};
use trialogue_wire::Bundle;
use trialogue_wire::console::ToConsole;

const HOUR_MS: u64 = 3_600_000;
const JPN: usize = 0;
const KOR: usize = 1;
const USA: usize = 2;

/// The American node leaves entries out.
fn withhold(world: &mut World, kept_back: fn(&Body) -> bool) {
    world.tamper = Some(Box::new(move |desk, bytes| {
        let Ok(ToConsole::Entries { mut bundles }) = trialogue_wire::decode(bytes) else { return vec![bytes.to_vec()] };
        if desk != USA {
            return vec![bytes.to_vec()];
        }
        bundles
            .retain(|bundle| UnverifiedEntry::decode(&bundle.entry).is_ok_and(|entry| !kept_back(&entry.claim().body)));
        vec![trialogue_wire::encode(&ToConsole::Entries { bundles })]
    }));
}

fn japan() -> PartyId {
    PartyId::new("JPN").unwrap()
}

fn is_list(body: &Body) -> bool {
    matches!(body, Body::Revoked { .. })
}

fn is_list_or_word(body: &Body) -> bool {
    is_list(body) || matches!(body, Body::Listed { .. })
}

fn notices(world: &World, desk: usize) -> Vec<(String, RevocationState)> {
    world.view(desk).revocations.iter().map(|notice| (notice.party.clone(), notice.state)).collect()
}

/// The Japanese root revokes the Japanese console, at the Japanese node.
fn revoke_japan(world: &mut World) {
    let device = world.desks[JPN].console.device();
    let list = revocations(world, "JPN", 1, &[device]);
    world.node_input(JPN, NodeInput::Revoke { list, errand: Errand(1) });
}

#[test]
fn what_a_console_has_heard_once_it_remembers_over_a_restart() {
    let mut world = World::new(Suite::XWing);
    for office in ["jpn-leaders", "kor-leaders", "usa-leaders"] {
        world.writer(office);
    }
    world.until(10, |world| world.desks.iter().all(|desk| desk.console.view().node == NodeLink::Up));
    let device = world.desks[JPN].console.device();
    revoke_japan(&mut world);
    world.until(10, |world| world.desks[USA].console.knows_revoked(&japan(), &device));
    // From now on its node says nothing of it.
    withhold(&mut world, is_list_or_word);
    let identity = world.identity("usa-leaders", USA as u8 + 1);
    world.reload_writer(USA, identity);
    world.until(10, |world| world.view(USA).node == NodeLink::Up);
    assert!(world.desks[USA].console.knows_revoked(&japan(), &device));
}

#[test]
fn it_is_told_by_others_that_a_list_is_kept_from_it() {
    let mut world = World::leaders(Suite::XWing);
    withhold(&mut world, is_list);
    revoke_japan(&mut world);
    let device = world.desks[JPN].console.device();
    world.until(10, |world| world.desks[KOR].console.knows_revoked(&japan(), &device));
    world.until(120, |world| notices(world, USA) == [("JPN".to_owned(), RevocationState::Missing)]);
    assert!(!world.desks[USA].console.knows_revoked(&japan(), &device));
    assert!(notices(&world, KOR).is_empty());
}

#[test]
fn who_hears_nothing_is_warned_and_then_seals_for_nobody() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(USA);
    world.until(5, |world| world.desks[JPN].ringing && world.desks[KOR].ringing);
    world.answer(JPN);
    world.answer(KOR);
    world.until(5, |world| world.all_ready(&[JPN, KOR, USA]));
    withhold(&mut world, is_list_or_word);
    world.run(2 * SECOND);
    assert!(notices(&world, USA).is_empty());
    // Half of the charter's day: the officer is told, and the call goes on.
    world.desks[USA].off_ms = (13 * HOUR_MS).cast_signed();
    world.until(5, |world| {
        notices(world, USA).iter().filter(|(_, state)| *state == RevocationState::Quiet).count() == 3
    });
    assert!(world.desks[USA].seal.is_some());
    world.desks[USA].off_ms = (25 * HOUR_MS).cast_signed();
    world.until(5, |world| {
        notices(world, USA).iter().filter(|(_, state)| *state == RevocationState::Stale).count() == 3
    });
    world.until(5, |world| world.desks[USA].seal.is_none());
    // The others have heard everybody, and go on without it.
    world.until(30, |world| world.keys_match(&[JPN, KOR]));
}

#[test]
fn a_node_that_names_a_list_which_does_not_exist_silences_nobody() {
    let mut world = World::leaders(Suite::XWing);
    // A Japanese node in other hands says so to whoever listens.
    let list = ListName { serial: u64::MAX, hash: Hash([9; 48]) };
    let said = Body::Listed { lists: vec![PartyList { party: PartyId::new("JPN").unwrap(), list }] };
    let (node, previous) = (NodeId::new("jpn-1").unwrap(), Hash([0; 48]));
    let time_ms = world.wall_ms();
    let entry = Entry { node: node.clone(), seq: 1, previous, time_ms, body: said };
    let entry = entry.sign(world.fixture.journal(&node)).0;
    world.tamper = Some(Box::new(move |desk, bytes| match trialogue_wire::decode(bytes) {
        Ok(ToConsole::Entries { mut bundles }) if desk == USA => {
            bundles.push(Bundle { entry: entry.clone(), bodies: Vec::new() });
            vec![trialogue_wire::encode(&ToConsole::Entries { bundles })]
        }
        _ => vec![bytes.to_vec()],
    }));
    world.ring(USA);
    world.until(5, |world| world.desks[JPN].ringing && world.desks[KOR].ringing);
    world.answer(JPN);
    world.answer(KOR);
    world.until(5, |world| world.all_ready(&[JPN, KOR, USA]));
    world.until(120, |world| notices(world, USA) == [("JPN".to_owned(), RevocationState::Missing)]);
    assert!(world.all_ready(&[JPN, KOR, USA]));
    assert!(world.desks[USA].seal.is_some());
}
