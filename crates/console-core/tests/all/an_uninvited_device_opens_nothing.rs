//! An enrolled device whose office is not on the line, and a node that shows it everything that passes: it comes into
//! no roster, joins no group and opens no frame.
#![allow(clippy::unwrap_used)]

use crate::common;
use crate::common::chance;

use common::{SECOND, World};
use std::collections::BTreeMap;
use trialogue_charter::{CallId, DeviceId, DeviceSecret, Hash, LineId, NodeId, Suite};
use trialogue_console_core::view::*;
use trialogue_e2ee::sealing::Source;
use trialogue_e2ee::{BaseKey, Expected, GroupId, KeyId, Keyring, Medium, Opener, Receiver, Sealer, TagKey};
use trialogue_journal::{
    Act, Body, BodyRef, Journal, KeyOffer, Occasion, Statement, UnverifiedEntry, UnverifiedStatement,
};
use trialogue_wire::Bundle;
use trialogue_wire::console::{Refusal, ToConsole, ToNode};
use trialogue_wire::link::{LinkMessage, PROTOCOL};

const JPN: usize = 0;
const FRAME: &[u8] = b"what is said here is for three parties, and for nobody else";

/// The uninvited device with a program of its own making: it says what it likes, and has kept all its keys.
struct Stranger {
    secret: DeviceSecret,
    device: DeviceId,
    ring: Keyring,
    number: u64,
}

impl Stranger {
    fn new(suite: Suite, seed: &[u8; 32]) -> Self {
        let secret = DeviceSecret::from_seed(seed);
        let device = secret.id();
        let ring = Keyring::new(suite, device, &secret.mls_key(suite).private, &mut chance()).unwrap();
        Self { secret, device, ring, number: common::START_MS + 3_600_000 }
    }

    fn says(&mut self, world: &World, act: Act) -> Vec<u8> {
        self.number += 1;
        let line = LineId::new("leaders").unwrap();
        let (node, charter) = (world.nodes[JPN].id.clone(), world.fixture.charter.hash());
        let at = Occasion { node, charter, now_ms: world.wall_ms() };
        Statement::new(self.device, self.number, &at, line, act).sign(&self.secret).0
    }

    /// A key package for the group of every node, and the bodies.
    fn offers(&mut self, nodes: &[NodeId]) -> (Vec<KeyOffer>, Vec<Vec<u8>>) {
        let bodies: Vec<_> = nodes.iter().map(|_| self.ring.key_package().unwrap()).collect();
        let offer =
            |(node, body): (&NodeId, &Vec<u8>)| KeyOffer { node: node.clone(), package: BodyRef::of(body).unwrap() };
        (nodes.iter().zip(&bodies).map(offer).collect(), bodies)
    }
}

/// What the nodes hold of each other's journals and their own, with every body.
fn stored(world: &World) -> Vec<Bundle> {
    world.nodes.iter().flat_map(|node| node.disk.values().flatten().cloned()).collect()
}

fn handshakes(bundles: &[Bundle]) -> Vec<(GroupId, DeviceId, Vec<DeviceId>)> {
    let act = |bundle: &Bundle| {
        let entry = UnverifiedEntry::decode(&bundle.entry).ok()?;
        let Body::Stated { statement } = &entry.claim().body else { return None };
        let statement = UnverifiedStatement::decode(statement).ok()?.claim().clone();
        let Act::Handshake { group, added, .. } = statement.act else { return None };
        Some((group, statement.device, added))
    };
    bundles.iter().filter_map(act).collect()
}

fn contains(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret)
}

fn nobody_sees(world: &World, stranger: &Stranger) {
    for desk in 0..3 {
        let members = world.view(desk).call.iter().flat_map(|call| &call.members);
        assert!(members.into_iter().all(|member| member.person.device != stranger.device.to_string()));
        assert!(world.desks[desk].open.values().all(|(device, _)| *device != stranger.device));
    }
    let handshakes = handshakes(&stored(world));
    assert!(!handshakes.is_empty());
    for (_, by, added) in handshakes {
        assert!(by != stranger.device && !added.contains(&stranger.device), "it was let into a group");
    }
}

/// It asks its own node, with acts that an honest console would not say.
fn an_honest_node_refuses(world: &mut World, stranger: &mut Stranger, desk: usize, nodes: &[NodeId]) {
    let (offers, bodies) = stranger.offers(nodes);
    let call = CallId([7; 16]);
    let group = handshakes(&stored(world))[0].0;
    let created = Act::Handshake { group, epoch: 0, commit: None, welcome: None, added: vec![], removed: vec![] };
    let acts = [
        Act::Ring { call, offers: offers.clone(), precedence: Default::default() },
        Act::Answer { call, offers },
        created,
        Act::Leave { cause: None },
    ];
    for (at, act) in acts.into_iter().enumerate() {
        let statement = stranger.says(world, act);
        let bodies = if at < 2 { bodies.iter().cloned().map(Into::into).collect() } else { Vec::new() };
        let bytes = trialogue_wire::encode(&ToNode::State { statement, bodies });
        let console = world.desks[desk].key.unwrap();
        let before = world.desks[desk].heard.len();
        world.node_input(JPN, trialogue_core::Input::ConsoleMessage { console, bytes });
        world.run(SECOND);
        let refused = world.desks[desk].heard[before..].iter().any(|bytes| {
            matches!(trialogue_wire::decode(bytes), Ok(ToConsole::Refused { number: Some(number), reason: Refusal::NotOnLine, .. }) if number == stranger.number)
        });
        assert!(refused, "act {at}");
    }
}

/// Its party's node is on its side: it journals the answer with the node's own key and shows it to the others.
fn a_hostile_node_vouches(world: &mut World, stranger: &mut Stranger, nodes: &[NodeId]) {
    world.kill_node(JPN);
    world.run(SECOND);
    let id = nodes[JPN].clone();
    let held = &world.nodes[JPN].disk[&id];
    let last = UnverifiedEntry::decode(&held[held.len() - 1].entry).unwrap().verify(&world.fixture.charter).unwrap();
    let mut journal = Journal::resume(id.clone(), last.entry().seq, last.hash());
    let (offers, bodies) = stranger.offers(nodes);
    let statement = stranger.says(world, Act::Answer { call: CallId([7; 16]), offers });
    let entry = journal.append(world.wall_ms(), Body::Stated { statement });
    let entry = entry.sign(world.fixture.journal(&id)).0;
    let bundle = Bundle { entry: entry.clone(), bodies: bodies.into_iter().map(Into::into).collect() };
    let hello = LinkMessage::Hello {
        protocol: PROTOCOL,
        node: id.clone(),
        charter: world.fixture.charter.hash(),
        heads: Vec::new(),
        serial: 1,
    };
    for other in 1..nodes.len() {
        world.node_input(other, trialogue_core::Input::LinkUp { node: id.clone(), round_trip_us: None });
        for message in [&hello, &LinkMessage::Entries { bundles: vec![bundle.clone()] }] {
            let bytes = trialogue_wire::encode(message);
            world.node_input(other, trialogue_core::Input::LinkMessage { node: id.clone(), bytes });
        }
    }
    world.run(5 * SECOND);
    for other in 1..nodes.len() {
        assert!(world.nodes[other].disk[&id].iter().any(|held| held.entry == entry), "the entry itself is in order");
    }
}

fn nothing_opens(suite: Suite) {
    let mut world = World::leaders(suite);
    let nodes: Vec<NodeId> = world.nodes.iter().map(|node| node.id.clone()).collect();
    let identity = world.identity("jpn-duty", 9);
    let mut stranger = Stranger::new(suite, &identity.secret);
    let desk = world.desk_with(identity);
    world.until(5, |world| world.view(desk).node == NodeLink::Up);

    // A call of USA and KOR in several epochs, and every frame of it as the nodes see it.
    let mut sealed: BTreeMap<u64, ([u8; 32], Vec<u8>)> = BTreeMap::new();
    let mut overhear = |world: &World| {
        for (id, key) in world.desks[..3].iter().filter_map(|desk| desk.seal) {
            let mut frame = Vec::new();
            let mut sealer =
                Sealer::new(KeyId::from_u64(id).unwrap(), &BaseKey::new(key), 0, vec![known_to(0)]).unwrap();
            sealer.seal(Medium::Voice, 0, FRAME, &mut frame).unwrap();
            sealed.insert(id, (key, frame));
        }
    };
    world.ring(2);
    world.until(5, |world| world.desks[1].ringing);
    world.answer(1);
    world.until(10, |world| world.all_ready(&[1, 2]));
    overhear(&world);
    an_honest_node_refuses(&mut world, &mut stranger, desk, &nodes);
    nobody_sees(&world, &stranger);
    a_hostile_node_vouches(&mut world, &mut stranger, &nodes);
    nobody_sees(&world, &stranger);
    assert!(world.all_ready(&[1, 2]), "the two who talk are not disturbed");
    world.command(1, Command::HangUp);
    world.until(10, |world| world.view(1).call.is_none());
    world.ring(2);
    world.until(10, |world| world.line(1).active);
    world.answer(1);
    world.until(10, |world| world.all_ready(&[1, 2]));
    overhear(&world);
    nobody_sees(&world, &stranger);

    it_opens_none(&world, &mut stranger, &sealed);
}

const SPEAKER: DeviceId = DeviceId([1; 32]);

fn known_to(party: u8) -> Receiver {
    Receiver { party, key: TagKey::new([3; 32]) }
}

/// Everything that the three nodes hold or pass on, and all that the device can try with it.
fn it_opens_none(world: &World, stranger: &mut Stranger, sealed: &BTreeMap<u64, ([u8; 32], Vec<u8>)>) {
    assert!(sealed.len() >= 4, "{} keys", sealed.len());
    let stored = stored(world);
    let passed = world.desks.iter().flat_map(|desk| desk.heard.iter().map(Vec::as_slice));
    let bodies = || stored.iter().flat_map(|bundle| bundle.bodies.iter().map(|body| body.as_slice()));
    let all: Vec<&[u8]> = stored.iter().map(|bundle| bundle.entry.as_slice()).chain(bodies()).chain(passed).collect();
    for (key, frame) in sealed.values() {
        assert!(!all.iter().any(|bytes| contains(bytes, key)), "a base key passed through a node");
        assert!(!contains(frame, &FRAME[..8]), "a frame is readable");
    }

    let offered: Vec<Hash> = bodies().map(Hash::of).collect();
    let mut groups: Vec<(GroupId, DeviceId)> =
        handshakes(&stored).into_iter().map(|(group, by, _)| (group, by)).collect();
    groups.sort();
    groups.dedup();
    let members: Vec<DeviceId> = world.desks.iter().map(|desk| desk.console.device()).collect();
    let mut guesses = Vec::new();
    for (group, by) in groups {
        assert!(!stranger.ring.has(&group));
        // The nearest that it can come: a group of the same name, moved by the same commits.
        stranger.ring.create(group).unwrap();
        for body in bodies() {
            for epoch in 1..4 {
                let expected = Expected { group, epoch, by, packages: &offered };
                assert!(stranger.ring.join(body, &expected).is_err(), "a welcome was for it");
            }
            assert!(stranger.ring.process(&group, &by, body).is_err(), "a commit moved it");
        }
        guesses.extend(members.iter().map(|device| *stranger.ring.base_key(&group, device, 0).unwrap().expose()));
        stranger.ring.drop_group(&group);
    }
    for (id, (key, frame)) in sealed {
        let id = KeyId::from_u64(*id).unwrap();
        let opens = |key: &[u8; 32]| {
            let mut opener = Opener::new();
            // Even if it had the secret by which the frame is known.
            let source = Source { device: SPEAKER, party: 0, turn: 0, fellows: 1, tag: known_to(0).key, floor: 0 };
            opener.insert(id, &BaseKey::new(*key), &source).unwrap();
            let mut out = Vec::new();
            opener.open(Medium::Voice, &SPEAKER, 0, frame, &mut out).is_ok() && out == FRAME
        };
        assert!(opens(key), "whoever has the key opens it");
        assert!(!guesses.is_empty() && !guesses.iter().any(opens), "the stranger opens it");
    }
}

#[test]
fn with_the_post_quantum_suite() {
    nothing_opens(Suite::Cnsa2);
}

#[test]
fn with_the_hybrid_suite() {
    nothing_opens(Suite::XWing);
}
