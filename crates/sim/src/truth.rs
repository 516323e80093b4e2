//! What was really said, and by whom: what nodes and consoles show is held against it.

use crate::node::SimNode;
use crate::trace::digest;
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{CallId, DeviceId, LineId, NodeId};
use trialogue_journal::{Body, Chain, State, UnverifiedEntry, UnverifiedStatement, VerifiedEntry};
use trialogue_wire::Bundle;

/// Everything that a node's machine has signed, and what was acknowledged.
#[derive(Default)]
pub(crate) struct Said {
    /// By node and position; several where a node lost one to a crash before anybody saw it.
    entries: BTreeSet<(NodeId, u64, u64)>,
    /// Where the statement of a device stands: node's index, device, number.
    stands: BTreeMap<(usize, DeviceId, u64), u64>,
    /// What consoles were told is on disk: node's index and position.
    acknowledged: BTreeSet<(usize, u64)>,
    /// When a ring was last said to have come in: node's index, line, call.
    received_us: BTreeMap<(usize, LineId, CallId), u64>,
}

impl SimNode {
    /// It holds this entry from now on.
    pub(crate) fn know(&mut self, node: &NodeId, seq: u64, bundle: &Bundle) {
        self.known.insert((node.clone(), seq), bundle.entry.clone());
    }

    /// It holds what its disk has, and nothing else.
    pub(crate) fn know_all(&mut self, held: &[Bundle]) {
        let entries = held.iter().filter_map(|bundle| {
            let entry = UnverifiedEntry::decode(&bundle.entry).ok()?;
            Some(((entry.claim().node.clone(), entry.claim().seq), bundle.entry.clone()))
        });
        self.known = entries.collect();
    }
}

impl World {
    /// A line of the trace.
    pub(crate) fn tell(&mut self, line: String) {
        self.trace.line(self.agenda.now_us(), line);
    }

    /// A node has made an entry.
    ///
    /// # Panics
    /// When it ends a ring too early.
    pub(crate) fn note_append(&mut self, at: usize, seq: u64, bundle: &Bundle) {
        let node = self.nodes[at].id.clone();
        self.nodes[at].know(&node, seq, bundle);
        let short = digest(&bundle.entry);
        let new = self.said.entries.insert((node.clone(), seq, short));
        if self.real.is_empty() {
            self.trace.note(self.agenda.now_us(), short);
        }
        if !new {
            // It said that before, and was given it back.
            return;
        }
        let Ok(entry) = UnverifiedEntry::decode(&bundle.entry) else { return };
        match &entry.claim().body {
            Body::Stated { statement } => {
                let Ok(statement) = UnverifiedStatement::decode(statement) else { return };
                let claim = statement.claim();
                self.said.stands.insert((at, claim.device, claim.number), seq);
            }
            Body::Received { call, line } => {
                self.said.received_us.insert((at, line.clone(), *call), self.agenda.now_us());
            }
            // What a party did with a ring begins anew for it.
            Body::Lost { .. } | Body::Restarted {} => self.changed_us = self.agenda.now_us(),
            Body::Expired { call, line } => {
                let since = self.said.received_us.get(&(at, line.clone(), *call)).copied();
                let sounded = since.map(|since| self.agenda.now_us() - since);
                assert!(
                    sounded.is_none_or(|us| us + 100_000 >= crate::console::RING_US),
                    "{node} let a ring expire after {} ms",
                    sounded.unwrap_or_default() / 1_000
                );
            }
            _ => {}
        }
        if self.trace.told || !self.real.is_empty() {
            let body = format!("{:?}", entry.claim().body);
            let kind: String = body.chars().take_while(|c| c.is_alphanumeric()).collect();
            let says = match &entry.claim().body {
                Body::Stated { statement } => UnverifiedStatement::decode(statement).map_or(kind, |statement| {
                    let act = format!("{:?}", statement.claim().act);
                    let act: String = act.chars().take_while(|c| c.is_alphanumeric()).collect();
                    format!("{} by {} on {}", act, self.name(&statement.claim().device), statement.claim().line)
                }),
                _ => kind,
            };
            let line = format!("{node} writes {seq}: {says}");
            if !self.real.is_empty() {
                // Bytes and hashes of what real consoles say differ between two runs of a seed.
                self.trace.line(self.agenda.now_us(), line);
            } else {
                self.trace.aside(self.agenda.now_us(), line);
            }
        }
    }

    /// Nobody holds an entry that its node has not signed.
    ///
    /// # Panics
    /// When somebody does.
    pub(crate) fn check_kept(&self, at: usize, node: &NodeId, seq: u64, bundle: &Bundle) {
        let hostile = self.nodes.iter().any(|other| other.id == *node && other.hostile);
        let said = || self.said.entries.contains(&(node.clone(), seq, digest(&bundle.entry)));
        assert!(hostile || said(), "{} holds entry {seq} of {node}, which {node} never signed", self.nodes[at].id);
    }

    /// A console is told that its statement is on disk.
    pub(crate) fn note_acknowledged(&mut self, at: usize, device: DeviceId, number: u64) {
        if let Some(seq) = self.said.stands.get(&(at, device, number)) {
            self.said.acknowledged.insert((at, *seq));
        }
    }

    /// Where a statement stands in a node's journal.
    pub(crate) fn stands(&self, at: usize, device: &DeviceId, number: u64) -> Option<u64> {
        self.said.stands.get(&(at, *device, number)).copied()
    }

    /// Everything that was ever acknowledged is held by every node that runs, and the state of none has it twice: an
    /// entry has one position.
    ///
    /// # Panics
    /// When something is missing.
    pub fn check_everyone_has_everything(&self) {
        for (at, seq) in &self.said.acknowledged {
            let journal = &self.nodes[*at].id;
            for node in self.nodes.iter().filter(|node| node.machine.is_some()) {
                let there = node.known.contains_key(&(journal.clone(), *seq));
                assert!(there, "{} does not hold entry {seq} of {journal}", node.id);
            }
        }
    }

    /// A node that starts has everything that it ever acknowledged.
    ///
    /// # Panics
    /// When it does not.
    pub(crate) fn check_restored(&self, at: usize) {
        let node = &self.nodes[at];
        let held = node.disk.read();
        let own = held.iter().filter_map(|bundle| UnverifiedEntry::decode(&bundle.entry).ok());
        let own: BTreeSet<u64> =
            own.filter(|entry| entry.claim().node == node.id).map(|entry| entry.claim().seq).collect();
        for (_, seq) in self.said.acknowledged.range((at, 0)..=(at, u64::MAX)) {
            let there = own.contains(seq);
            assert!(there, "{} lost entry {seq}, which it had acknowledged", node.id);
        }
    }

    /// A node that starts from a snapshot has read what one reads that has none.
    ///
    /// # Panics
    /// When it has read something else.
    pub(crate) fn check_read(&self, at: usize, machine: &trialogue_core::Machine) {
        let charter = self.nodes[at].charter();
        let mut state = State::new(charter.clone());
        let mut chain = Chain::new();
        for bundle in self.nodes[at].disk.read() {
            let Ok(entry) = VerifiedEntry::open(&bundle.entry, charter) else { continue };
            if chain.accept(&entry).is_ok() {
                let _ = state.apply(&entry, &bundle.bodies.iter().map(|body| body.as_slice()).collect::<Vec<_>>());
            }
        }
        assert!(*machine.state() == state, "{} reads something else from its snapshot", self.nodes[at].id);
    }

    /// A console's name for people: party and device.
    pub fn name(&self, device: &DeviceId) -> String {
        for party in &self.fixture.parties {
            if let Some(at) = party.devices.iter().position(|keys| keys.id == *device) {
                return format!("{}/{at}", party.id);
            }
        }
        "?".to_owned()
    }
}
