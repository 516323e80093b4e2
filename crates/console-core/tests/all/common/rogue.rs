//! What is hostile: nodes that alter what they pass on, and a console with a program of its own making, at an honest
//! node of its party.

use super::*;
use trialogue_charter::{DeviceSecret, LineId};
use trialogue_e2ee::{Expected, Keyring};
use trialogue_journal::{Act, Body, BodyRef, GroupId, KeyOffer, Statement, UnverifiedEntry, UnverifiedStatement};
use trialogue_wire::console::{Refusal, ToConsole, ToNode};

/// What a hostile node does to a message for a console.
pub type Tamper = Box<dyn FnMut(usize, &[u8]) -> Vec<Vec<u8>>>;

/// What a hostile node does to a message for another node; nothing: it does not give it.
pub type LinkTamper = Box<dyn FnMut(usize, usize, Vec<u8>) -> Option<Vec<u8>>>;

/// What a node answers to what a console says without taking it; nothing: it takes it.
pub type SaidTamper = Box<dyn FnMut(usize, &[u8]) -> Option<Vec<u8>>>;

/// It speaks on the WebSocket of a desk, whose page hears nothing of what is written.
pub struct Rogue {
    pub desk: usize,
    pub node: usize,
    pub secret: DeviceSecret,
    number: u64,
}

impl Rogue {
    /// A console of an office, which comes on watch; deaf once it is.
    pub fn new(world: &mut World, office: &str, number: u8) -> Self {
        let identity = world.identity(office, number);
        let secret = DeviceSecret::from_seed(&identity.secret);
        let desk = world.desk_with(identity);
        world.until(10, |world| world.desks[desk].offers > 0);
        world.tamper = Some(Box::new(move |to, bytes| match trialogue_wire::decode(bytes) {
            Ok(ToConsole::Entries { .. }) if to == desk => Vec::new(),
            _ => vec![bytes.to_vec()],
        }));
        // Above all that the page itself has said.
        Self { desk, node: world.desks[desk].node, secret, number: world.wall_ms() + 10_000 }
    }

    /// Says something on a line; returns what the node answers.
    pub fn says(
        &mut self,
        world: &mut World,
        line: &str,
        act: Act,
        bodies: Vec<Vec<u8>>,
    ) -> Result<(), (Refusal, Option<u32>)> {
        self.number += 1;
        let line = LineId::new(line).unwrap();
        let statement = Statement::new(self.secret.id(), self.number, &world.occasion(self.node), line, act);
        let statement = statement.sign(&self.secret).0;
        let bodies = bodies.into_iter().map(Into::into).collect();
        let bytes = trialogue_wire::encode(&ToNode::State { statement, bodies });
        let (console, before) = (world.desks[self.desk].key.unwrap(), world.desks[self.desk].heard.len());
        world.node_input(self.node, trialogue_core::Input::ConsoleMessage { console, bytes });
        world.settle();
        let heard = &world.desks[self.desk].heard[before..];
        let own = self.number;
        let answer = heard.iter().filter_map(|bytes| trialogue_wire::decode(bytes).ok()).find_map(|said| match said {
            ToConsole::Accepted { number, .. } if number == own => Some(Ok(())),
            ToConsole::Refused { number, reason, after_ms } if number == Some(own) => Some(Err((reason, after_ms))),
            _ => None,
        });
        answer.unwrap()
    }
}

impl Rogue {
    /// It answers the call, and follows its node's group, into which the lead lets it.
    pub fn comes_in(&mut self, world: &mut World, suite: Suite, line: &LineId) -> (Keyring, GroupId) {
        let state = |world: &World, node: usize| world.nodes[node].machine.as_ref().unwrap().state().clone();
        let call = state(world, self.node).in_on(line)[0].call;
        let id = world.nodes[self.node].id.clone();
        let mut ring =
            Keyring::new(suite, self.secret.id(), &self.secret.mls_key(suite).private, &mut chance()).unwrap();
        let package = ring.key_package().unwrap();
        let offers = vec![KeyOffer { node: id.clone(), package: BodyRef::of(&package).unwrap() }];
        self.says(world, line.as_str(), Act::Answer { call, offers }, vec![package.clone()]).unwrap();
        let (node, device) = (self.node, self.secret.id());
        let added = |world: &World| {
            let group = state(world, node).line(line).groups[&id].clone();
            let record = group.handshakes.iter().find(|record| record.added.contains(&device)).cloned();
            record.map(|record| (group.id, record))
        };
        world.until(5, |world| added(world).is_some());
        let (group, record) = added(world).unwrap();
        let welcome = record.welcome.unwrap();
        let mut bodies = world.nodes[node].disk.values().flatten().flat_map(|bundle| &bundle.bodies);
        let welcome = bodies.find(|body| Hash::of(body) == welcome.hash).unwrap().to_vec();
        let packages = [Hash::of(&package)];
        let expected = Expected { group, epoch: record.epoch + 1, by: record.by, packages: &packages };
        ring.join(&welcome, &expected).unwrap();
        (ring, group)
    }
}

/// All that a console has stated, as its own node holds it, with the bodies of that node.
fn stated(world: &World, desk: usize) -> (Vec<Act>, Vec<Vec<u8>>) {
    let device = world.desks[desk].console.device();
    let all = || world.nodes[world.desks[desk].node].disk.values().flatten();
    let acts = all().filter_map(|bundle| {
        let entry = UnverifiedEntry::decode(&bundle.entry).ok()?;
        let Body::Stated { statement } = &entry.claim().body else { return None };
        let statement = UnverifiedStatement::decode(statement).ok()?.claim().clone();
        (statement.device == device).then_some(statement.act)
    });
    (acts.collect(), all().flat_map(|bundle| &bundle.bodies).map(|body| body.to_vec()).collect())
}

/// The last key package that a console has offered for the group of a node; without a node, what it lets others write
/// to it with.
pub fn offered(world: &World, desk: usize, to: Option<&NodeId>) -> (BodyRef, Vec<u8>) {
    let (acts, bodies) = stated(world, desk);
    let package = |act: Act| match (act, to) {
        (Act::Ring { offers, .. } | Act::Answer { offers, .. }, Some(to)) => {
            offers.into_iter().find(|offer| offer.node == *to).map(|offer| offer.package)
        }
        (Act::Stock { package }, None) => Some(package),
        _ => None,
    };
    let package = acts.into_iter().filter_map(package).next_back().unwrap();
    let body = bodies.into_iter().find(|body| BodyRef::of(body).as_ref() == Some(&package)).unwrap();
    (package, body)
}
