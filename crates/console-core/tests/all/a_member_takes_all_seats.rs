//! A member's node writes into its journal that thirty-one of its devices are in the call. The others have their seats
//! all the same.
#![allow(clippy::unwrap_used)]

use crate::common;
use crate::common::chance;

use common::{SECOND, World};
use trialogue_charter::{CallId, DeviceSecret, LineId, NodeId, Suite};
use trialogue_e2ee::Keyring;
use trialogue_journal::limits::MEMBERS_MAX;
use trialogue_journal::{Act, Body, BodyRef, Journal, KeyOffer, Statement, UnverifiedEntry};
use trialogue_wire::Bundle;
use trialogue_wire::console::{Refusal, ToConsole};
use trialogue_wire::link::{LinkMessage, PROTOCOL};

const JPN: usize = 0;
const KOR: usize = 1;
const SUITE: Suite = Suite::XWing;
const CALL: CallId = CallId([9; 16]);

fn leaders() -> LineId {
    LineId::new("leaders").unwrap()
}

/// All that one of the devices needs to be in: its enrolment, and an answer with key packages.
fn comes_in(world: &World, journal: &mut Journal, number: u8) -> Vec<Bundle> {
    let nodes: Vec<NodeId> = world.nodes.iter().map(|node| node.id.clone()).collect();
    let identity = world.identity("jpn-leaders", 100 + number);
    let secret = DeviceSecret::from_seed(&identity.secret);
    let mut ring = Keyring::new(SUITE, secret.id(), &secret.mls_key(SUITE).private, &mut chance()).unwrap();
    let certificate = BodyRef::of(&identity.certificate).unwrap();
    let enrolled = Body::Enrolled { device: secret.id(), certificate };
    let packages: Vec<_> = nodes.iter().map(|_| ring.key_package().unwrap()).collect();
    let offers = nodes.iter().zip(&packages);
    let offers = offers.map(|(node, body)| KeyOffer { node: node.clone(), package: BodyRef::of(body).unwrap() });
    let act = if number == 0 {
        Act::Ring { call: CALL, offers: offers.collect(), precedence: Default::default() }
    } else {
        Act::Answer { call: CALL, offers: offers.collect() }
    };
    let number = common::START_MS + 1;
    let statement = Statement::new(secret.id(), number, &world.occasion(JPN), leaders(), act).sign(&secret).0;
    let mut bundle = |body: Body, bodies: Vec<Vec<u8>>| {
        let entry = journal.append(world.wall_ms(), body).sign(world.fixture.journal(&nodes[JPN])).0;
        Bundle { entry, bodies: bodies.into_iter().map(Into::into).collect() }
    };
    vec![bundle(enrolled, vec![identity.certificate.clone()]), bundle(Body::Stated { statement }, packages)]
}

#[test]
fn the_others_have_theirs_all_the_same() {
    let mut world = World::new(SUITE);
    for office in ["jpn-leaders", "kor-leaders", "usa-leaders"] {
        world.desk(office);
    }
    world.until(10, |world| world.desks.iter().all(|desk| desk.offers > 0));
    let node = world.nodes[JPN].id.clone();
    world.kill_node(JPN);
    world.cut(JPN, true);
    world.run(SECOND);
    let held = &world.nodes[KOR].disk[&node];
    let last = UnverifiedEntry::decode(&held[held.len() - 1].entry).unwrap().verify(&world.fixture.charter).unwrap();
    let mut journal = Journal::resume(node.clone(), last.entry().seq, last.hash());
    let bundles: Vec<Bundle> = (0..31).flat_map(|number| comes_in(&world, &mut journal, number)).collect();
    let (charter, serial) = (world.fixture.charter.hash(), world.fixture.charter.serial);
    let hello = LinkMessage::Hello { protocol: PROTOCOL, node: node.clone(), charter, heads: Vec::new(), serial };
    for other in [1, 2] {
        world.node_input(other, trialogue_core::Input::LinkUp { node: node.clone(), round_trip_us: None });
        for message in [&hello]
            .into_iter()
            .chain(&bundles.iter().map(|b| LinkMessage::Entries { bundles: vec![b.clone()] }).collect::<Vec<_>>())
        {
            let bytes = trialogue_wire::encode(message);
            world.node_input(other, trialogue_core::Input::LinkMessage { node: node.clone(), bytes });
        }
    }
    world.until(5, |world| world.desks[1].ringing && world.desks[2].ringing);
    let state = world.nodes[KOR].machine.as_ref().unwrap().state();
    assert_eq!(state.in_on(&leaders()).len(), 31, "they are in, by JPN's journal");
    world.answer(1);
    world.run(SECOND);
    world.answer(2);
    world.until(20, |world| world.hears(1, 2) && world.hears(2, 1) && world.keys_match(&[1, 2]));
    let state = world.nodes[KOR].machine.as_ref().unwrap().state();
    for (node, group) in &state.line(&leaders()).groups {
        let of_jpn = group.members.keys().filter(|device| state.device(device).unwrap().party.as_str() == "JPN");
        assert!(of_jpn.count() <= MEMBERS_MAX / 3 && group.members.len() <= MEMBERS_MAX / 3 + 2, "{node}");
    }
}

#[test]
fn an_honest_node_says_that_there_is_no_seat() {
    let mut world = World::new(SUITE);
    for _ in 0..MEMBERS_MAX / 3 + 1 {
        world.desk("jpn-leaders");
    }
    let last = MEMBERS_MAX / 3;
    world.until(10, |world| world.desks.iter().all(|desk| desk.offers > 0));
    world.ring(0);
    for desk in 1..=last {
        world.until(5, |world| world.desks[desk].ringing || world.line(desk).active);
        world.answer(desk);
        world.run(SECOND);
    }
    let told = world.desks[last].heard.iter().filter_map(|bytes| trialogue_wire::decode(bytes).ok());
    let refused: Vec<Refusal> = told
        .filter_map(|message| match message {
            ToConsole::Refused { reason, .. } => Some(reason),
            _ => None,
        })
        .collect();
    assert_eq!(refused, [Refusal::NoSeat]);
    let state = world.nodes[JPN].machine.as_ref().unwrap().state();
    assert_eq!(state.in_on(&leaders()).len(), last);
}
