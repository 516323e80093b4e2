//! What was really said, and by whom: what nodes and consoles show is held against it.

use super::Sight;
use crate::trace::digest;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{CallId, DeviceId, LineId, NodeId};
use trialogue_core::{Machine, Output};
use trialogue_journal::{Act, Body, Chain, Entry, State, UnverifiedEntry, UnverifiedStatement, VerifiedEntry};
use trialogue_wire::Bundle;
use trialogue_wire::console::ToConsole;
use trialogue_wire::link::LinkMessage;

/// Everything that a node's machine has signed, and what was acknowledged.
#[derive(Default)]
pub(super) struct Said {
    /// By node and position; several where a node lost one to a crash before anybody saw it.
    entries: BTreeSet<(NodeId, u64, u64)>,
    /// Where the statement of a device stands: node's index, device, number.
    stands: BTreeMap<(usize, DeviceId, u64), u64>,
    /// What consoles were told is on disk: node's index and position.
    acknowledged: BTreeSet<(usize, u64)>,
    /// When a ring was last said to have come in: node's index, line, call.
    received_us: BTreeMap<(usize, LineId, CallId), u64>,
}

/// What an entry says, for people: by whom and on which line, where a console states it.
pub(super) fn in_words(entry: &Entry, sight: &Sight) -> String {
    let word = |text: String| -> String { text.chars().take_while(|c| c.is_alphanumeric()).collect() };
    let kind = word(format!("{:?}", entry.body));
    let Body::Stated { statement } = &entry.body else { return kind };
    let Ok(statement) = UnverifiedStatement::decode(statement) else { return kind };
    let claim = statement.claim();
    let act = match &claim.act {
        Act::Hold { device, on } => format!("Hold of {}, {on},", sight.name(device)),
        act => word(format!("{act:?}")),
    };
    format!("{act} by {} on {}", sight.name(&claim.device), claim.line)
}

impl Said {
    /// A node has made an entry. False: it has said that before, and was given it back.
    pub(super) fn signed(&mut self, node: &NodeId, seq: u64, bundle: &Bundle) -> bool {
        self.entries.insert((node.clone(), seq, digest(&bundle.entry)))
    }

    /// What a new entry says: a ring ends no sooner than the charter says.
    pub(super) fn note(&mut self, at: usize, entry: &Entry, now_us: u64) {
        match &entry.body {
            Body::Stated { statement } => {
                let Ok(statement) = UnverifiedStatement::decode(statement) else { return };
                let claim = statement.claim();
                self.stands.insert((at, claim.device, claim.number), entry.seq);
            }
            Body::Received { call, line } => {
                self.received_us.insert((at, line.clone(), *call), now_us);
            }
            Body::Expired { call, line } => {
                let since = self.received_us.get(&(at, line.clone(), *call)).copied();
                let sounded = since.map(|since| now_us - since);
                assert!(
                    sounded.is_none_or(|us| us + 100_000 >= crate::console::RING_US),
                    "{} let a ring expire after {} ms",
                    entry.node,
                    sounded.unwrap_or_default() / 1_000
                );
            }
            _ => {}
        }
    }

    /// Nobody holds an entry that its node has not signed.
    pub(super) fn check_kept(&self, at: usize, node: &NodeId, seq: u64, bundle: &Bundle, sight: &Sight) {
        let hostile = sight.nodes.iter().any(|other| other.id == *node && other.hostile);
        let said = || self.entries.contains(&(node.clone(), seq, digest(&bundle.entry)));
        assert!(hostile || said(), "{} holds entry {seq} of {node}, which {node} never signed", sight.nodes[at].id);
    }

    /// Nothing of the own journal goes out before it is on disk, unless the disk fails; and nothing is acknowledged
    /// that a crash could take back.
    #[allow(clippy::expect_used)]
    pub(super) fn check_output(&mut self, at: usize, output: &Output, sight: &Sight) {
        let node = &sight.nodes[at];
        match output {
            Output::SendLink { bytes, .. } => {
                let message = trialogue_wire::decode(bytes).expect("a node sends only messages of the protocol");
                if let LinkMessage::Entries { bundles } = message {
                    bundles.iter().for_each(|bundle| check_durable(at, bundle, sight));
                }
            }
            Output::SendConsole { console, bytes, .. } if !bytes.is_empty() => {
                match trialogue_wire::decode(bytes).expect("a node sends only messages of the protocol") {
                    ToConsole::Entries { bundles } => {
                        bundles.iter().for_each(|bundle| check_durable(at, bundle, sight));
                    }
                    ToConsole::Accepted { number, unrecorded } => {
                        assert!(!unrecorded || node.excused, "unrecorded on a disk that works");
                        let model = || sight.consoles.owner(console).map(|console| sight.consoles.device(console));
                        let Some(device) = sight.real.device_at(console).or_else(model) else { return };
                        if !unrecorded {
                            self.acknowledge(at, device, number, sight);
                        }
                    }
                    _ => {}
                }
            }
            Output::Route(route) => {
                let state = node.machine.as_ref().expect("it runs").state();
                let here = state.in_on(&route.line);
                assert!(here.iter().any(|p| p.device == route.device), "media of somebody who is not in");
            }
            _ => {}
        }
    }

    /// A console is told that its statement is on disk.
    fn acknowledge(&mut self, at: usize, device: DeviceId, number: u64, sight: &Sight) {
        let node = &sight.nodes[at];
        let safe = self.stands.get(&(at, device, number)).filter(|seq| {
            let entry = node.known.get(&(node.id.clone(), **seq));
            entry.is_some_and(|entry| node.disk.holds(&node.id, **seq, entry))
        });
        assert!(safe.is_some(), "acknowledged and not on disk");
        self.acknowledged.extend(safe.map(|seq| (at, *seq)));
    }

    /// Everything that was ever acknowledged is held by every node that runs, and the state of none has it twice: an
    /// entry has one position.
    pub(super) fn check_everyone_has_everything(&self, sight: &Sight) {
        for (at, seq) in &self.acknowledged {
            let journal = &sight.nodes[*at].id;
            for node in sight.nodes.iter().filter(|node| node.machine.is_some()) {
                let there = node.known.contains_key(&(journal.clone(), *seq));
                assert!(there, "{} does not hold entry {seq} of {journal}", node.id);
            }
        }
    }

    /// A node that starts has everything that it ever acknowledged.
    pub(super) fn check_restored(&self, at: usize, sight: &Sight) {
        let node = &sight.nodes[at];
        let held = node.disk.read();
        let own = held.iter().filter_map(|bundle| UnverifiedEntry::decode(&bundle.entry).ok());
        let own: BTreeSet<u64> =
            own.filter(|entry| entry.claim().node == node.id).map(|entry| entry.claim().seq).collect();
        for (_, seq) in self.acknowledged.range((at, 0)..=(at, u64::MAX)) {
            let there = own.contains(seq);
            assert!(there, "{} lost entry {seq}, which it had acknowledged", node.id);
        }
    }
}

#[allow(clippy::expect_used)]
fn check_durable(at: usize, bundle: &Bundle, sight: &Sight) {
    let node = &sight.nodes[at];
    let entry = UnverifiedEntry::decode(&bundle.entry).expect("nodes send entries");
    let claim = entry.claim();
    if claim.node == node.id && !node.excused {
        assert!(node.disk.holds(&node.id, claim.seq, &bundle.entry), "shown before it was on disk");
    }
}

/// A node that starts from a snapshot has read what one reads that has none.
pub(super) fn check_read(at: usize, machine: &Machine, sight: &Sight) {
    let node = &sight.nodes[at];
    let mut state = State::new(node.charter().clone());
    let mut chain = Chain::new();
    for bundle in node.disk.read() {
        let Ok(entry) = VerifiedEntry::open(&bundle.entry, node.charter()) else { continue };
        if chain.accept(&entry).is_ok() {
            let _ = state.apply(&entry, &bundle.bodies.iter().map(|body| body.as_slice()).collect::<Vec<_>>());
        }
    }
    assert!(*machine.state() == state, "{} reads something else from its snapshot", node.id);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::RING_US;

    fn entry(body: Body) -> Entry {
        let (node, previous) = (NodeId::new("jpn-1").unwrap(), trialogue_charter::Hash::of(b""));
        Entry { node, seq: 1, previous, time_ms: 0, body }
    }

    fn a_ring() -> (CallId, LineId) {
        (CallId([1; 16]), LineId::new("leaders").unwrap())
    }

    #[test]
    fn a_ring_may_expire_when_it_has_sounded_as_long_as_it_may() {
        let (mut said, (call, line)) = (Said::default(), a_ring());
        said.note(0, &entry(Body::Received { call, line: line.clone() }), 5);
        said.note(0, &entry(Body::Expired { call, line }), 5 + RING_US);
    }

    #[test]
    #[should_panic(expected = "let a ring expire after 29000 ms")]
    fn a_ring_that_expires_too_soon_is_noticed() {
        let (mut said, (call, line)) = (Said::default(), a_ring());
        said.note(0, &entry(Body::Received { call, line: line.clone() }), 5);
        said.note(0, &entry(Body::Expired { call, line }), 5 + RING_US - 1_000_000);
    }

    #[test]
    fn what_a_node_was_given_back_it_says_once() {
        let (mut said, node) = (Said::default(), NodeId::new("jpn-1").unwrap());
        let bundle = Bundle { entry: vec![1], bodies: Vec::new() };
        assert!(said.signed(&node, 1, &bundle) && !said.signed(&node, 1, &bundle));
        assert!(said.signed(&node, 2, &bundle), "at another position it is another entry");
    }
}
