//! A member's console and node together write into their journal that they let others into a group, and the welcome is
//! for another one: for the group that the others speak in. Those who talk go on talking.
#![allow(clippy::unwrap_used)]

use crate::common;
use crate::common::chance;

use common::rogue::offered;
use common::{SECOND, World};
use trialogue_charter::{CallId, DeviceSecret, LineId, NodeId, Suite};
use trialogue_e2ee::{GroupId, Invite, Keyring};
use trialogue_journal::{Act, Body, BodyRef, Journal, KeyOffer, Statement, UnverifiedEntry};
use trialogue_wire::Bundle;
use trialogue_wire::link::{LinkMessage, PROTOCOL};

const JPN: usize = 0;
const KOR: usize = 1;
const SUITE: Suite = Suite::XWing;

/// JPN's console with a program of its own making, and JPN's node, which journals whatever it says.
struct Hostile {
    secret: DeviceSecret,
    ring: Keyring,
    number: u64,
    journal: Journal,
    bundles: Vec<Bundle>,
}

impl Hostile {
    fn says(&mut self, world: &World, act: Act, bodies: Vec<Vec<u8>>) {
        self.number += 1;
        let line = LineId::new("leaders").unwrap();
        let statement =
            Statement::new(self.secret.id(), self.number, &world.occasion(JPN), line, act).sign(&self.secret).0;
        let entry = self.journal.append(world.wall_ms(), Body::Stated { statement });
        let entry = entry.sign(world.fixture.journal(&world.nodes[JPN].id)).0;
        self.bundles.push(Bundle { entry, bodies: bodies.into_iter().map(Into::into).collect() });
    }
}

fn group_of(world: &World, node: &NodeId) -> GroupId {
    let held = world.nodes[KOR].machine.as_ref().unwrap().state();
    held.line(&LineId::new("leaders").unwrap()).groups[node].id
}

/// KOR and USA talk with JPN, whose node is taken over: `named` is the group that its journal says, by the index of its
/// node or not.
fn they_go_on_talking(named: impl FnOnce(&World) -> GroupId) {
    let mut world = World::new(SUITE);
    let identity = world.identity("jpn-leaders", 1);
    let secret = DeviceSecret::from_seed(&identity.secret);
    world.desk_with(identity);
    world.desk("kor-leaders");
    world.desk("usa-leaders");
    world.until(10, |world| world.desks.iter().all(|desk| desk.offers > 0));
    world.run(3 * SECOND);
    world.ring(2);
    world.until(5, |world| world.desks[KOR].ringing && world.desks[JPN].ringing);
    world.answer(KOR);
    world.answer(JPN);
    world.until(20, |world| world.all_ready(&[0, 1, 2]));
    let nodes: Vec<NodeId> = world.nodes.iter().map(|node| node.id.clone()).collect();
    let spoken = group_of(&world, &nodes[KOR]);
    let named = named(&world);
    world.kill_node(JPN);
    world.cut(JPN, true);
    world.run(SECOND / 2);

    let held = &world.nodes[JPN].disk[&nodes[JPN]];
    let last = UnverifiedEntry::decode(&held[held.len() - 1].entry).unwrap().verify(&world.fixture.charter).unwrap();
    let ring = Keyring::new(SUITE, secret.id(), &secret.mls_key(SUITE).private, &mut chance()).unwrap();
    let journal = Journal::resume(nodes[JPN].clone(), last.entry().seq, last.hash());
    let mut hostile = Hostile { secret, ring, number: common::START_MS * 2, journal, bundles: Vec::new() };

    let packages: Vec<_> = nodes.iter().map(|_| hostile.ring.key_package().unwrap()).collect();
    let offers = nodes.iter().zip(&packages);
    let offers = offers.map(|(node, body)| KeyOffer { node: node.clone(), package: BodyRef::of(body).unwrap() });
    let answer = Act::Answer { call: CallId([7; 16]), offers: offers.collect() };
    hostile.says(&world, answer, packages);

    // A group of the name of the one that they speak in, some epochs further on, and a welcome into it.
    hostile.ring.create(spoken).unwrap();
    for other in 100..104 {
        let secret = DeviceSecret::from_seed(&[other; 32]);
        let mut guest = Keyring::new(SUITE, secret.id(), &secret.mls_key(SUITE).private, &mut chance()).unwrap();
        let (key, package) = (guest.signature_key().to_vec(), guest.key_package().unwrap());
        let invite = Invite { device: secret.id(), signature_key: &key, key_package: &package };
        hostile.ring.add_and_remove(&spoken, &[invite], &[]).unwrap();
        hostile.ring.confirm(&spoken).unwrap();
    }
    let victims = [1, 2].map(|desk| {
        let device = world.desks[desk].console.device();
        let state = world.nodes[KOR].machine.as_ref().unwrap().state();
        (device, state.device(&device).unwrap().mls_public(SUITE).to_vec(), offered(&world, desk, Some(&nodes[JPN])).1)
    });
    let invites: Vec<Invite<'_>> = victims
        .iter()
        .map(|(device, key, package)| Invite { device: *device, signature_key: key, key_package: package })
        .collect();
    let pending = hostile.ring.add_and_remove(&spoken, &invites, &[]).unwrap();
    let welcome = pending.welcome.unwrap();
    let added = victims.iter().map(|(device, _, _)| *device).collect();
    let welcome_ref = BodyRef::of(&welcome);
    let act = Act::Handshake { group: named, epoch: 0, commit: None, welcome: welcome_ref, added, removed: Vec::new() };
    hostile.says(&world, act, vec![welcome]);

    let hello = LinkMessage::Hello {
        protocol: PROTOCOL,
        node: nodes[JPN].clone(),
        charter: world.fixture.charter.hash(),
        heads: Vec::new(),
        serial: 1,
    };
    for other in [1, 2] {
        world.node_input(other, trialogue_core::Input::LinkUp { node: nodes[JPN].clone(), round_trip_us: None });
        for message in [&hello, &LinkMessage::Entries { bundles: hostile.bundles.clone() }] {
            let bytes = trialogue_wire::encode(message);
            world.node_input(other, trialogue_core::Input::LinkMessage { node: nodes[JPN].clone(), bytes });
        }
    }
    world.run(3 * SECOND);
    for other in [1, 2] {
        let disk = &world.nodes[other].disk[&nodes[JPN]];
        assert!(hostile.bundles.iter().all(|bundle| disk.iter().any(|held| held.entry == bundle.entry)));
    }
    assert!(world.keys_match(&[1, 2]), "they no longer open each other");
    assert_eq!(group_of(&world, &nodes[KOR]), spoken, "the group that they speak in was given up");
}

#[test]
fn a_welcome_for_the_group_that_they_speak_in() {
    they_go_on_talking(|world| {
        let mut id = [66; GroupId::LEN];
        let jpn = world.nodes[JPN].id.clone();
        id[GroupId::LEN - 1] = world.fixture.charter.node_index(&jpn).unwrap();
        GroupId(id)
    });
}

#[test]
fn a_journal_that_gives_its_group_the_name_of_anothers() {
    they_go_on_talking(|world| group_of(world, &world.nodes[KOR].id.clone()));
}
