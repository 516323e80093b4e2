//! A device was stolen, and its party's root has said so. A console whose own node is in other hands is kept from that
//! word: it remembers what it has heard once, it is told by others that there is something that it does not have, and
//! in the end it seals for nobody of whom nothing is confirmed.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::{SECOND, World};
use trialogue_charter::{DeviceId, Hash, NodeId, PartyId, Suite, fixture};
use trialogue_console_core::view::*;
use trialogue_core::{Errand, Input as NodeInput};
use trialogue_journal::{Body, Entry, RevokedSet, UnverifiedEntry};
use trialogue_wire::console::ToConsole;

const HOUR_MS: u64 = 3_600_000;
const HOUR: u64 = HOUR_MS * 1_000;
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

fn is_revocation(body: &Body) -> bool {
    matches!(body, Body::Revoked { .. })
}

fn is_revocation_or_word(body: &Body) -> bool {
    is_revocation(body) || matches!(body, Body::Listed { .. })
}

fn notices(world: &World, desk: usize) -> Vec<(String, RevocationState)> {
    world.view(desk).revocations.iter().map(|notice| (notice.party.clone(), notice.state)).collect()
}

/// The Japanese root revokes a Japanese device, at the Japanese node.
fn revoke(world: &mut World, device: DeviceId) {
    let revocation = fixture::revocation("JPN", &device);
    world.node_input(JPN, NodeInput::Revoke { revocation, errand: Errand(1) });
}

fn knows(world: &World, desk: usize, device: &DeviceId) -> bool {
    world.desks[desk].console.knows_revoked(&PartyId::new("JPN").unwrap(), device)
}

fn in_call(world: &mut World) {
    world.ring(USA);
    world.until(5, |world| world.desks[JPN].ringing && world.desks[KOR].ringing);
    world.answer(JPN);
    world.answer(KOR);
    world.until(5, |world| world.all_ready(&[JPN, KOR, USA]));
}

#[test]
fn what_a_console_has_heard_once_it_remembers_over_a_restart() {
    let mut world = World::new(Suite::XWing);
    for office in ["jpn-leaders", "kor-leaders"] {
        world.writer(office);
    }
    let identity = world.identity("usa-leaders", 3);
    world.desk_with(identity.clone());
    world.desks[USA].console.keep_writings(None);
    world.until(10, |world| world.desks.iter().all(|desk| desk.console.view().node == NodeLink::Up));
    let device = world.desks[JPN].console.device();
    revoke(&mut world, device);
    world.until(10, |world| knows(world, USA, &device));
    world.run(SECOND);
    // From now on its node says nothing of it.
    withhold(&mut world, is_revocation_or_word);
    world.reload_writer(USA, identity);
    world.until(10, |world| world.view(USA).node == NodeLink::Up);
    assert!(knows(&world, USA, &device));
}

#[test]
fn it_is_told_by_others_that_something_is_kept_from_it() {
    let mut world = World::leaders(Suite::XWing);
    withhold(&mut world, is_revocation);
    let device = DeviceId([9; 32]);
    revoke(&mut world, device);
    world.until(10, |world| knows(world, KOR, &device));
    world.until(120, |world| notices(world, USA) == [("JPN".to_owned(), RevocationState::Missing)]);
    assert!(!knows(&world, USA, &device));
    assert!(notices(&world, KOR).is_empty());
    // Once it is given it, all is well.
    world.tamper = None;
    world.cut(USA, true);
    world.run(SECOND);
    world.cut(USA, false);
    world.until(30, |world| notices(world, USA).is_empty());
    assert!(knows(&world, USA, &device));
}

#[test]
fn who_hears_nothing_is_warned_and_then_seals_for_nobody() {
    let mut world = World::leaders(Suite::XWing);
    in_call(&mut world);
    withhold(&mut world, is_revocation_or_word);
    world.run(2 * SECOND);
    assert!(notices(&world, USA).is_empty());
    // Half of the day: the officer is told, and the call goes on.
    world.desks[USA].off_us += 13 * HOUR;
    let all = |world: &World, state| {
        let told = notices(world, USA);
        told.len() == 3 && told.iter().all(|(_, said)| *said == state)
    };
    world.until(5, |world| all(world, RevocationState::Quiet));
    world.until(60, |world| world.all_ready(&[JPN, KOR, USA]));
    world.desks[USA].off_us += 12 * HOUR;
    world.until(5, |world| all(world, RevocationState::Stale));
    world.until(5, |world| world.desks[USA].seal.is_none());
    // The others have heard everybody, and go on without it.
    assert!(notices(&world, JPN).is_empty() && notices(&world, KOR).is_empty());
    world.until(60, |world| world.keys_match(&[JPN, KOR]));
}

#[test]
fn a_node_that_tells_of_what_does_not_exist_silences_nobody() {
    let mut world = World::leaders(Suite::XWing);
    // A Japanese node in other hands says so in its journal, in place of what it holds.
    let (party, node) = (PartyId::new("JPN").unwrap(), NodeId::new("jpn-1").unwrap());
    let key = world.fixture.journal(&node).clone();
    world.tamper = Some(Box::new(move |_, bytes| {
        let Ok(ToConsole::Entries { mut bundles }) = trialogue_wire::decode(bytes) else { return vec![bytes.to_vec()] };
        for bundle in &mut bundles {
            let said = UnverifiedEntry::decode(&bundle.entry).unwrap();
            if let Body::Listed { .. } = said.claim().body
                && said.claim().node == node
            {
                let sets = vec![RevokedSet { party: party.clone(), count: 7, digest: Hash([9; 48]) }];
                bundle.entry = Entry { body: Body::Listed { sets }, ..said.claim().clone() }.sign(&key).0;
            }
        }
        vec![trialogue_wire::encode(&ToConsole::Entries { bundles })]
    }));
    world.until(120, |world| notices(world, USA) == [("JPN".to_owned(), RevocationState::Missing)]);
    assert_eq!(notices(&world, KOR), notices(&world, USA), "it is shown whom it is about");
    in_call(&mut world);
    assert!(world.desks[USA].seal.is_some());
}

#[test]
fn what_the_other_site_tells_holds_at_the_one_in_use() {
    let mut world = World::with_alternate(Suite::XWing);
    for office in ["jpn-leaders", "kor-leaders", "usa-leaders"] {
        world.desk(office);
    }
    world.until(20, |world| world.desks.iter().all(|desk| desk.offers > 0) && world.desks[USA].other.1.is_some());
    world.run(5 * SECOND);
    in_call(&mut world);
    let device = world.desks[JPN].console.device();
    // The node in use gives nothing of it; the party's other one does.
    withhold(&mut world, is_revocation_or_word);
    revoke(&mut world, device);
    world.until(10, |world| knows(world, USA, &device));
    assert_eq!(world.desks[USA].active, 0);
    world.until(10, |world| world.call(USA).members.len() == 2 && world.all_ready(&[KOR, USA]));
    assert!(world.desks[USA].open.values().all(|(of, _)| *of != device), "it is not heard");
}
