//! A party's other site says that an eleventh device of it is in the call. It has no seat in any group; those who have
//! compare their code all the same.
#![allow(clippy::unwrap_used)]

use crate::common;
use crate::common::chance;

use common::{SECOND, World};
use trialogue_charter::{CallId, DeviceSecret, HybridSecret, LineId, Suite};
use trialogue_e2ee::Keyring;
use trialogue_journal::limits::MEMBERS_MAX;
use trialogue_journal::{Act, Body, BodyRef, Journal, KeyOffer, Statement, UnverifiedEntry};
use trialogue_wire::Bundle;
use trialogue_wire::link::{LinkMessage, PROTOCOL};

const SUITE: Suite = Suite::XWing;
/// The American party's other site.
const OTHER: usize = 3;

fn leaders() -> LineId {
    LineId::new("leaders").unwrap()
}

/// A device comes into the call at the other site, which an honest node would refuse it.
fn comes_in_there(world: &mut World, call: CallId) {
    let node = world.nodes[OTHER].id.clone();
    world.kill_node(OTHER);
    world.run(SECOND);
    let held = &world.nodes[0].disk[&node];
    let last = UnverifiedEntry::decode(&held[held.len() - 1].entry).unwrap().verify(&world.fixture.charter).unwrap();
    let mut journal = Journal::resume(node.clone(), last.entry().seq, last.hash());
    let identity = world.identity("usa-leaders", 100);
    let secret = DeviceSecret::from_seed(&identity.secret);
    let mut ring = Keyring::new(SUITE, secret.id(), &secret.mls_key(SUITE).private, &mut chance()).unwrap();
    let packages: Vec<_> = world.nodes.iter().map(|_| ring.key_package().unwrap()).collect();
    let offers = world.nodes.iter().zip(&packages);
    let offers = offers.map(|(node, body)| KeyOffer { node: node.id.clone(), package: BodyRef::of(body).unwrap() });
    let act = Act::Answer { call, offers: offers.collect() };
    let statement =
        Statement::new(secret.id(), common::START_MS + 1, &world.occasion(OTHER), leaders(), act).sign(&secret).0;
    let enrolled = Body::Enrolled { device: secret.id(), certificate: BodyRef::of(&identity.certificate).unwrap() };
    let (key, time_ms) = (HybridSecret::from_seed(&[5; 32]), world.wall_ms());
    let mut bundle = |body: Body, bodies: Vec<Vec<u8>>| {
        let entry = journal.append(time_ms, body).sign(&key).0;
        Bundle { entry, bodies: bodies.into_iter().map(Into::into).collect() }
    };
    let bundles =
        vec![bundle(enrolled, vec![identity.certificate.clone()]), bundle(Body::Stated { statement }, packages)];
    let (charter, serial) = (world.fixture.charter.hash(), world.fixture.charter.serial);
    let hello = LinkMessage::Hello { protocol: PROTOCOL, node: node.clone(), charter, heads: Vec::new(), serial };
    for other in 0..OTHER {
        world.node_input(other, trialogue_core::Input::LinkUp { node: node.clone(), round_trip_us: None });
        for message in [&hello, &LinkMessage::Entries { bundles: bundles.clone() }] {
            let bytes = trialogue_wire::encode(message);
            world.node_input(other, trialogue_core::Input::LinkMessage { node: node.clone(), bytes });
        }
    }
    world.settle();
}

#[test]
fn the_code_is_of_those_who_have_one() {
    let mut world = World::with_alternate(SUITE);
    let share = MEMBERS_MAX / 3;
    for office in ["jpn-leaders", "kor-leaders"] {
        world.desk(office);
    }
    for _ in 0..share {
        world.desk("usa-leaders");
    }
    world.until(20, |world| world.desks.iter().all(|desk| desk.offers > 0));
    world.run(5 * SECOND);
    world.ring(0);
    for desk in 1..world.desks.len() {
        world.until(5, |world| world.desks[desk].ringing || world.line(desk).active);
        world.answer(desk);
        world.run(SECOND);
    }
    let all: Vec<usize> = (0..world.desks.len()).collect();
    world.until(60, |world| world.all_ready(&all));
    let state = |world: &World| world.nodes[0].machine.as_ref().unwrap().state().clone();
    let call = state(&world).in_on(&leaders())[0].call;

    comes_in_there(&mut world, call);
    world.run(20 * SECOND);
    assert_eq!(state(&world).in_on(&leaders()).len(), all.len() + 1, "it is in, by its node's journal");
    let code = world.call(0).code.clone();
    assert_eq!(code.len(), 30);
    assert!(all.iter().all(|desk| world.call(*desk).code == code));
    for (own, other) in [(0, "USA"), (2, "JPN"), (2, "KOR")] {
        let station = world.call(own).stations.iter().find(|station| station.id == other).unwrap();
        assert_eq!(station.code.len(), 30, "{other}");
    }
    assert!(world.keys_match(&all));
}
