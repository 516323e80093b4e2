//! A node of the charter that is taken over in the middle of a world: its keys, its journal and all that it has heard
//! are a hostile member's, who writes and says what is not its to say; with a whole party in such hands, its root and
//! devices as well. Its journal is a sound chain, so everyone holds it and reads it: nothing in it may count but what
//! concerns its own party ([`crate::reference`]), and the others' calls go on ([`crate::witness`]).

use super::{Means, forge};
use crate::console::SimConsole;
use crate::fixture::Fixture;
use crate::node::SimNode;
use crate::trace::digest;
use crate::world::DEVICES;
use std::collections::BTreeSet;
use trialogue_charter::{CallId, DeviceId, DeviceSecret, HybridSecret, LineId, NodeId, PartyId, Revocation};
use trialogue_journal::{
    Act, Body, BodyRef, DeclineReason, Journal, Occasion, RevokedSet, Statement, UnverifiedEntry, VerifiedEntry,
};
use trialogue_wire::Bundle;
use trialogue_wire::link::LinkMessage;

/// Entries in one message.
const CHUNK: usize = 32;
/// Entries written in one stroke, at most.
const ENTRIES: u64 = 4;

/// The hostile member.
pub(crate) struct Taken {
    /// Position of its node.
    node: usize,
    journal: Journal,
    /// Its journal from the beginning.
    written: Vec<Bundle>,
    /// Root and devices of its party are in the same hands.
    secrets: bool,
    /// Its clock, which begins with the last entry and never runs back; numbers of its devices' statements are taken
    /// from it.
    clock_ms: u64,
    /// Statements that devices of its party have signed for it.
    stated: BTreeSet<u64>,
}

/// What an entry says, for people.
fn in_words(body: &Body) -> String {
    match body {
        Body::Suspended { device, on } => format!("Suspended of {device:?}, {on}"),
        body => format!("{body:?}").chars().take_while(|c| c.is_alphanumeric()).collect(),
    }
}

impl Taken {
    /// A node whose power is gone, with the journal that its disk holds; none: it has written nothing.
    pub(super) fn of(at: usize, node: &SimNode, fixture: &Fixture) -> Option<Self> {
        let id = &node.id;
        let own = |bundle: &Bundle| UnverifiedEntry::decode(&bundle.entry).is_ok_and(|entry| entry.claim().node == *id);
        let written: Vec<Bundle> = node.disk.read().into_iter().filter(own).collect();
        let last = VerifiedEntry::open(&written.last()?.entry, &fixture.charter).ok()?;
        let party = fixture.sites[at].party;
        let secrets = fixture.sites.iter().filter(|site| site.party == party).count() == 1;
        let journal = Journal::resume(id.clone(), written.len() as u64, last.hash());
        let clock_ms = last.entry().time_ms;
        Some(Self { node: at, journal, written, secrets, clock_ms, stated: BTreeSet::new() })
    }

    /// Position of its node.
    pub(crate) fn node(&self) -> usize {
        self.node
    }

    pub(super) fn in_words(&self, node: &SimNode) -> String {
        format!("{} is in hostile hands{}", node.id, if self.secrets { ", and all of its party" } else { "" })
    }

    /// Did a device of its party sign this for it?
    pub(crate) fn stated(&self, statement: &[u8]) -> bool {
        self.stated.contains(&digest(statement))
    }

    /// One stroke; false: there was nobody to do it to.
    pub(super) fn strike(&mut self, means: &mut Means) -> bool {
        let (from, nodes) = (self.node, means.nodes.len());
        let to = (from + 1 + means.rng.below(nodes as u64 - 1) as usize) % nodes;
        if means.nodes[to].machine.is_none() {
            return false;
        }
        if means.rng.below(4) == 0 {
            forge(from, to, means);
            return true;
        }
        let mut said = Vec::new();
        for _ in 0..=means.rng.below(ENTRIES) {
            if let Some((body, bodies)) = self.what_is_not_its_to_say(to, means) {
                said.push(in_words(&body));
                self.write(body, bodies, means.fixture);
            }
        }
        let words = format!("{} writes as a hostile member: {}", means.nodes[from].id, said.join(", "));
        means.witness.tell(means.agenda.now_us(), words);
        self.tell(to, means);
        true
    }

    /// Its link to a node has come up: it says who it is, and shows its journal.
    pub(super) fn greet(&self, other: &NodeId, means: &mut Means) {
        let Some(to) = means.nodes.iter().position(|node| node.id == *other) else { return };
        let own = &means.nodes[self.node];
        let (charter, serial) = (own.charter().hash(), own.charter().serial);
        let hello = LinkMessage::Hello { protocol: 1, node: own.id.clone(), charter, heads: Vec::new(), serial };
        means.say(self.node, to, trialogue_wire::encode(&hello));
        self.tell(to, means);
    }

    /// Shows a node that runs what that does not hold of its journal.
    pub(super) fn tell(&self, to: usize, means: &mut Means) {
        let (id, other) = (means.nodes[self.node].id.clone(), &means.nodes[to]);
        if other.machine.is_none() {
            return;
        }
        let held = other.known.range((id.clone(), 0)..=(id, u64::MAX)).next_back();
        let held = held.map_or(0, |((_, seq), _)| *seq as usize);
        for bundles in self.written.get(held..).unwrap_or_default().chunks(CHUNK) {
            let message = LinkMessage::Entries { bundles: bundles.to_vec() };
            means.say(self.node, to, trialogue_wire::encode(&message));
        }
    }

    fn write(&mut self, body: Body, bodies: Vec<Vec<u8>>, fixture: &Fixture) {
        let entry = self.journal.append(self.clock_ms, body);
        let entry = entry.sign(&fixture.sites[self.node].journal).0;
        self.written.push(Bundle { entry, bodies: bodies.into_iter().map(Into::into).collect() });
    }

    /// An entry about devices and calls of others, and now and then of its own.
    fn what_is_not_its_to_say(&mut self, to: usize, means: &mut Means) -> Option<(Body, Vec<Vec<u8>>)> {
        let console = means.rng.below(means.consoles.len() as u64) as usize;
        let (device, line) = (means.consoles.device(console), some_line(means));
        let call = some_call(to, &line, means);
        let plain = |body| Some((body, Vec::new()));
        match means.rng.below(16) {
            0..=1 => plain(Body::Stated { statement: self.recorded(to, means)? }),
            2..=3 => plain(Body::Stated { statement: self.invented(to, device, &line, means) }),
            4..=6 => {
                let (statement, bodies) = self.own_statement(to, device, &line, means)?;
                Some((Body::Stated { statement }, bodies))
            }
            7..=8 => plain(Body::Revoked { revocation: self.a_revocation(console, means) }),
            9 => {
                let keys = &means.fixture.parties[console / DEVICES].devices[console % DEVICES];
                let (device, body) = (keys.id, keys.certificate.clone());
                let certificate = BodyRef::of(&body)?;
                Some((Body::Enrolled { device, certificate }, vec![body]))
            }
            10 => plain(Body::Lost { device, line }),
            11 => plain(Body::Suspended { device, on: means.rng.one_in(2) }),
            12 => plain(Body::Refused { call, line, reason: DeclineReason::Busy }),
            13 => plain(Body::Received { call, line }),
            14 => {
                let sets = RevokedSet::of(&means.fixture.parties[console / DEVICES].id, [device].iter());
                plain(Body::Listed { sets: sets.into_iter().collect() })
            }
            _ => {
                let via = means.nodes[to].id.clone();
                plain(Body::Forged { line, device, via: vec![via] })
            }
        }
    }

    /// What some device said once, in whatever journal; at times with a bit changed.
    fn recorded(&self, at: usize, means: &mut Means) -> Option<Vec<u8>> {
        // With the devices in hand there are better ways than to say again what they said.
        let own = self.secrets.then(|| &means.nodes[self.node].id);
        let known = means.nodes[at].known.iter().filter(|((node, _), _)| own != Some(node));
        let all: Vec<_> = known.map(|(_, entry)| entry).collect();
        if all.is_empty() {
            return None;
        }
        let first = means.rng.below(all.len() as u64) as usize;
        let said = all[first..].iter().chain(&all[..first]).find_map(|entry| {
            match &UnverifiedEntry::decode(entry).ok()?.claim().body {
                Body::Stated { statement } => Some(statement.clone()),
                _ => None,
            }
        });
        let mut said = said?;
        if means.rng.one_in(3) {
            let bit = means.rng.below(8 * said.len() as u64);
            said[bit as usize / 8] ^= 1 << (bit % 8);
        }
        Some(said)
    }

    /// In the name of a device, by a key that is not that device's.
    fn invented(&mut self, to: usize, device: DeviceId, line: &LineId, means: &mut Means) -> Vec<u8> {
        let (act, _) = some_act(to, line, device, means);
        let secret = DeviceSecret::from_seed(&means.rng.bytes());
        let at = self.occasion(means);
        Statement::new(device, at.now_ms, &at, line.clone(), act).sign(&secret).0
    }

    /// Of a device of its own party, with that device's key.
    fn own_statement(
        &mut self,
        to: usize,
        other: DeviceId,
        line: &LineId,
        means: &mut Means,
    ) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
        if !self.secrets {
            return None;
        }
        let (act, bodies) = some_act(to, line, other, means);
        let at = self.occasion(means);
        let party = &means.fixture.parties[means.fixture.sites[self.node].party];
        let keys = &party.devices[means.rng.below(DEVICES as u64) as usize];
        let statement = Statement::new(keys.id, at.now_ms, &at, line.clone(), act).sign(&keys.secret).0;
        self.stated.insert(digest(&statement));
        Some((statement, bodies))
    }

    /// Each time a moment later: statements of a device need growing numbers.
    fn occasion(&mut self, means: &Means) -> Occasion {
        self.clock_ms = means.agenda.wall_ms().max(self.clock_ms + 1);
        let node = &means.nodes[self.node];
        Occasion { node: node.id.clone(), charter: node.charter().hash(), now_ms: self.clock_ms }
    }

    /// Of a device of whatever party: by its own root where it has that, in the name of whichever party; else by a key
    /// that is no root.
    fn a_revocation(&self, console: usize, means: &mut Means) -> Vec<u8> {
        let device = means.consoles.device(console);
        let own = &means.fixture.parties[means.fixture.sites[self.node].party];
        let party: &PartyId = if means.rng.one_in(2) { &own.id } else { &means.fixture.parties[console / DEVICES].id };
        let said = Revocation { party: party.clone(), device };
        if self.secrets {
            return said.sign(&own.root);
        }
        said.sign(&HybridSecret::from_seed(&means.rng.bytes()))
    }
}

fn some_line(means: &mut Means) -> LineId {
    let lines = &means.fixture.charter.lines;
    lines[means.rng.below(lines.len() as u64) as usize].id.clone()
}

/// A call that a node knows, or one that there is not.
fn some_call(at: usize, line: &LineId, means: &mut Means) -> CallId {
    let machine = means.nodes[at].machine.as_ref();
    let ring = machine.and_then(|machine| machine.state().rings(line).first().map(|ring| ring.call));
    ring.filter(|_| !means.rng.one_in(4)).unwrap_or(CallId(means.rng.bytes()))
}

/// An act about a device, on a line that a node knows.
fn some_act(to: usize, line: &LineId, device: DeviceId, means: &mut Means) -> (Act, Vec<Vec<u8>>) {
    let call = some_call(to, line, means);
    let (offers, bodies) = SimConsole::offers(means.fixture, means.rng);
    let act = match means.rng.below(6) {
        0 => {
            // Whoever rings draws the number: at times that of a call which rings on another line.
            let other = some_line(means);
            let call = some_call(to, &other, means);
            return (Act::Ring { call, offers, precedence: Default::default() }, bodies);
        }
        1 => return (Act::Answer { call, offers }, bodies),
        2 => Act::Decline { call, reason: DeclineReason::Busy, call_back_ms: None, deputy: None },
        3 => Act::Hold { device, on: true },
        4 => Act::Leave { cause: None },
        _ => Act::Remove { device },
    };
    (act, Vec::new())
}
