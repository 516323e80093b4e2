//! A node of the charter that is taken over in the middle of a world: its keys, its journal and all that it has heard
//! are a hostile member's, who writes and says what is not its to say; with a whole party in such hands, its root and
//! devices as well. Its journal is a sound chain, so everyone holds it and reads it: nothing in it may count but what
//! concerns its own party ([`crate::reference`]), and the others' calls go on ([`crate::quiet`]).

use crate::console::SimConsole;
use crate::trace::digest;
use crate::world::{DEVICES, World};
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
    pub(crate) node: usize,
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

impl Taken {
    /// Did a device of its party sign this for it?
    pub(crate) fn stated(&self, statement: &[u8]) -> bool {
        self.stated.contains(&digest(statement))
    }
}

impl World {
    /// A node that runs falls into hostile hands; not one that may have lost what others hold of its journal.
    pub(crate) fn take_over(&mut self) {
        let node = self.rng.below(self.nodes.len() as u64) as usize;
        if self.nodes[node].machine.is_none() || self.nodes[node].excused {
            return;
        }
        let id = self.nodes[node].id.clone();
        self.make_hostile(node);
        let own = |bundle: &Bundle| UnverifiedEntry::decode(&bundle.entry).is_ok_and(|entry| entry.claim().node == id);
        let written: Vec<Bundle> = self.nodes[node].disk.read().into_iter().filter(own).collect();
        let last = written.last().and_then(|last| VerifiedEntry::open(&last.entry, &self.fixture.charter).ok());
        let Some((hash, clock_ms)) = last.map(|last| (last.hash(), last.entry().time_ms)) else { return };
        self.nodes[node].dishonest = true;
        let party = self.fixture.sites[node].party;
        let secrets = self.fixture.sites.iter().filter(|site| site.party == party).count() == 1;
        let journal = Journal::resume(id.clone(), written.len() as u64, hash);
        self.taken = Some(Taken { node, journal, written, secrets, clock_ms, stated: BTreeSet::new() });
        self.note_change();
        self.tell(format!("{id} is in hostile hands{}", if secrets { ", and all of its party" } else { "" }));
    }

    /// One stroke of the hostile member, if there is one.
    pub(crate) fn taken_strikes(&mut self) {
        let Some(from) = self.taken.as_ref().map(|taken| taken.node) else { return };
        let to = (from + 1 + self.rng.below(self.nodes.len() as u64 - 1) as usize) % self.nodes.len();
        if self.nodes[to].machine.is_none() {
            return;
        }
        match self.rng.below(4) {
            0 => {
                self.forge(from, to);
            }
            _ => {
                let before = self.taken.as_ref().map_or(0, |taken| taken.written.len());
                for _ in 0..=self.rng.below(ENTRIES) {
                    if let Some((body, bodies)) = self.what_is_not_its_to_say(from, to) {
                        self.taken_writes(body, bodies);
                    }
                }
                let wrote = self.taken.as_ref().map_or(0, |taken| taken.written.len()) - before;
                self.tell(format!("{} writes {wrote} entries of a hostile member", self.nodes[from].id));
                self.taken_tells(to);
            }
        }
        self.note_change();
    }

    /// Its link to a node has come up: it says who it is, and shows its journal.
    pub(crate) fn taken_greets(&mut self, node: usize, other: &NodeId) {
        if self.taken.as_ref().is_none_or(|taken| taken.node != node) {
            return;
        }
        let Some(to) = self.nodes.iter().position(|node| node.id == *other) else { return };
        let (node_id, charter) = (self.nodes[node].id.clone(), self.nodes[node].charter());
        let (charter, serial) = (charter.hash(), charter.serial);
        let hello = LinkMessage::Hello { protocol: 1, node: node_id, charter, heads: Vec::new(), serial };
        self.say_as(node, to, trialogue_wire::encode(&hello));
        self.taken_tells(to);
    }

    /// Shows everyone its whole journal: what it has shown one of them comes to all.
    pub(crate) fn taken_tells_all(&mut self) {
        if self.taken.is_some() {
            (0..self.nodes.len()).for_each(|to| self.taken_tells(to));
        }
    }

    fn taken_tells(&mut self, to: usize) {
        let Some(taken) = &self.taken else { return };
        let (from, id) = (taken.node, self.nodes[taken.node].id.clone());
        let held = self.nodes[to].known.range((id.clone(), 0)..=(id, u64::MAX)).next_back();
        let held = held.map_or(0, |((_, seq), _)| *seq as usize);
        let lacks = taken.written.get(held..).unwrap_or_default();
        let messages = lacks.chunks(CHUNK).map(|bundles| LinkMessage::Entries { bundles: bundles.to_vec() });
        let messages: Vec<_> = messages.map(|message| trialogue_wire::encode(&message)).collect();
        if self.nodes[to].machine.is_some() {
            messages.into_iter().for_each(|bytes| self.say_as(from, to, bytes));
        }
    }

    fn taken_writes(&mut self, body: Body, bodies: Vec<Vec<u8>>) {
        let Some(taken) = &mut self.taken else { return };
        let entry = taken.journal.append(taken.clock_ms, body);
        let entry = entry.sign(&self.fixture.sites[taken.node].journal).0;
        taken.written.push(Bundle { entry, bodies: bodies.into_iter().map(Into::into).collect() });
    }

    /// An entry about devices and calls of others, and now and then of its own.
    fn what_is_not_its_to_say(&mut self, from: usize, to: usize) -> Option<(Body, Vec<Vec<u8>>)> {
        let console = self.rng.below(self.consoles.len() as u64) as usize;
        let (device, line) = (self.device(console), self.some_line());
        let call = self.some_call(to, &line);
        let plain = |body| Some((body, Vec::new()));
        match self.rng.below(16) {
            0..=1 => plain(Body::Stated { statement: self.recorded(to)? }),
            2..=3 => plain(Body::Stated { statement: self.invented(from, to, device, &line) }),
            4..=6 => {
                let (statement, bodies) = self.own_statement(from, to, device, &line)?;
                Some((Body::Stated { statement }, bodies))
            }
            7..=8 => plain(Body::Revoked { revocation: self.a_revocation(from, console) }),
            9 => {
                let keys = &self.fixture.parties[console / DEVICES].devices[console % DEVICES];
                let (device, body) = (keys.id, keys.certificate.clone());
                let certificate = BodyRef::of(&body)?;
                Some((Body::Enrolled { device, certificate }, vec![body]))
            }
            10 => plain(Body::Lost { device, line }),
            11 => plain(Body::Suspended { device, on: self.rng.one_in(2) }),
            12 => plain(Body::Refused { call, line, reason: DeclineReason::Busy }),
            13 => plain(Body::Received { call, line }),
            14 => {
                let sets = RevokedSet::of(&self.fixture.parties[console / DEVICES].id, [device].iter());
                plain(Body::Listed { sets: sets.into_iter().collect() })
            }
            _ => {
                let via = self.nodes[to].id.clone();
                plain(Body::Forged { line, device, via: vec![via] })
            }
        }
    }

    fn some_line(&mut self) -> LineId {
        let lines = &self.fixture.charter.lines;
        lines[self.rng.below(lines.len() as u64) as usize].id.clone()
    }

    /// A call that a node knows, or one that there is not.
    fn some_call(&mut self, at: usize, line: &LineId) -> CallId {
        let machine = self.nodes[at].machine.as_ref();
        let ring = machine.and_then(|machine| machine.state().rings(line).first().map(|ring| ring.call));
        ring.filter(|_| !self.rng.one_in(4)).unwrap_or(CallId(self.rng.bytes()))
    }

    /// What some device said once, in whatever journal; at times with a bit changed.
    fn recorded(&mut self, at: usize) -> Option<Vec<u8>> {
        let own = self.taken.as_ref().is_some_and(|taken| taken.secrets).then(|| self.taken.as_ref().map(|t| t.node));
        let own = own.flatten().map(|node| self.nodes[node].id.clone());
        let known = &self.nodes[at].known;
        // With the devices in hand there are better ways than to say again what they said.
        let elsewhere = |((node, _), _): &(&(NodeId, u64), &Vec<u8>)| own.as_ref() != Some(node);
        let all: Vec<_> = known.iter().filter(elsewhere).map(|(_, entry)| entry).collect();
        if all.is_empty() {
            return None;
        }
        let first = self.rng.below(all.len() as u64) as usize;
        let said = all[first..].iter().chain(&all[..first]).find_map(|entry| {
            match &UnverifiedEntry::decode(entry).ok()?.claim().body {
                Body::Stated { statement } => Some(statement.clone()),
                _ => None,
            }
        });
        let mut said = said?;
        if self.rng.one_in(3) {
            let bit = self.rng.below(8 * said.len() as u64);
            said[bit as usize / 8] ^= 1 << (bit % 8);
        }
        Some(said)
    }

    /// In the name of a device, by a key that is not that device's.
    fn invented(&mut self, from: usize, to: usize, device: DeviceId, line: &LineId) -> Vec<u8> {
        let (act, _) = self.some_act(to, line, device);
        let secret = DeviceSecret::from_seed(&self.rng.bytes());
        let at = self.occasion(from);
        Statement::new(device, at.now_ms, &at, line.clone(), act).sign(&secret).0
    }

    /// Of a device of its own party, with that device's key.
    fn own_statement(
        &mut self,
        from: usize,
        to: usize,
        other: DeviceId,
        line: &LineId,
    ) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
        if !self.taken.as_ref()?.secrets {
            return None;
        }
        let (act, bodies) = self.some_act(to, line, other);
        let at = self.occasion(from);
        let keys =
            &self.fixture.parties[self.fixture.sites[from].party].devices[self.rng.below(DEVICES as u64) as usize];
        let taken = self.taken.as_mut()?;
        let statement = Statement::new(keys.id, at.now_ms, &at, line.clone(), act).sign(&keys.secret).0;
        taken.stated.insert(digest(&statement));
        Some((statement, bodies))
    }

    fn some_act(&mut self, to: usize, line: &LineId, device: DeviceId) -> (Act, Vec<Vec<u8>>) {
        let call = self.some_call(to, line);
        let (offers, bodies) = SimConsole::offers(self.fixture, &mut self.rng);
        let act = match self.rng.below(6) {
            0 => {
                // Whoever rings draws the number: at times that of a call which rings on another line.
                let other = self.some_line();
                let call = self.some_call(to, &other);
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

    /// Each time a moment later: statements of a device need growing numbers.
    fn occasion(&mut self, node: usize) -> Occasion {
        let wall_ms = self.agenda.wall_ms();
        let now_ms = self.taken.as_mut().map_or(wall_ms, |taken| {
            taken.clock_ms = wall_ms.max(taken.clock_ms + 1);
            taken.clock_ms
        });
        let node = &self.nodes[node];
        Occasion { node: node.id.clone(), charter: node.charter().hash(), now_ms }
    }

    /// Of a device of whatever party: by its own root where it has that, in the name of whichever party; else by a key
    /// that is no root.
    fn a_revocation(&mut self, from: usize, console: usize) -> Vec<u8> {
        let device = self.device(console);
        let own: &PartyId = &self.fixture.parties[self.fixture.sites[from].party].id;
        let party = if self.rng.one_in(2) { own } else { &self.fixture.parties[console / DEVICES].id };
        let said = Revocation { party: party.clone(), device };
        if self.taken.as_ref().is_some_and(|taken| taken.secrets) {
            return said.sign(&self.fixture.parties[self.fixture.sites[from].party].root);
        }
        said.sign(&HybridSecret::from_seed(&self.rng.bytes()))
    }
}
