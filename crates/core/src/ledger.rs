//! The journals that this node holds, as bytes, with the bodies beside them.

use crate::bodies::Bodies;
use minicbor::bytes::ByteVec;
use std::collections::BTreeMap;
use trialogue_charter::{Hash, NodeId};
use trialogue_wire::Bundle;
use trialogue_wire::link::Head;

/// One entry that was verified before it came here.
pub(crate) struct Held {
    /// Signed.
    pub(crate) entry: Vec<u8>,
    /// Bodies that it refers to, held or not.
    pub(crate) bodies: Vec<Hash>,
}

/// All journals.
#[derive(Default)]
pub(crate) struct Ledger {
    journals: BTreeMap<NodeId, Vec<Held>>,
    /// Bodies of all of them.
    pub(crate) bodies: Bodies,
}

impl Ledger {
    /// Journals of these nodes, empty.
    pub(crate) fn new(nodes: impl Iterator<Item = NodeId>) -> Self {
        Self { journals: nodes.map(|node| (node, Vec::new())).collect(), bodies: Bodies::default() }
    }

    /// Journals of exactly these nodes from now on; those of others are forgotten here, not on the disk.
    pub(crate) fn keep_nodes<'a>(&mut self, nodes: impl Iterator<Item = &'a NodeId>) {
        let mut before = std::mem::take(&mut self.journals);
        self.journals = nodes.map(|node| (node.clone(), before.remove(node).unwrap_or_default())).collect();
    }

    /// Position of the last entry held.
    pub(crate) fn head(&self, node: &NodeId) -> u64 {
        self.journals.get(node).map_or(0, |journal| journal.len() as u64)
    }

    /// How far each journal is held.
    pub(crate) fn heads(&self) -> Vec<Head> {
        self.journals.iter().map(|(node, held)| Head { node: node.clone(), seq: held.len() as u64 }).collect()
    }

    /// The entry at a position, counted from 1.
    pub(crate) fn get(&self, node: &NodeId, seq: u64) -> Option<&Held> {
        let at = usize::try_from(seq.checked_sub(1)?).ok()?;
        self.journals.get(node)?.get(at)
    }

    /// Takes the next entry of a journal. The caller has verified that it is the next one.
    pub(crate) fn push(&mut self, node: &NodeId, held: Held) {
        if let Some(journal) = self.journals.get_mut(node) {
            journal.push(held);
        }
    }

    /// The entry at a position with the bodies that are held.
    pub(crate) fn bundle(&self, node: &NodeId, seq: u64) -> Option<Bundle> {
        let held = self.get(node, seq)?;
        let bodies = held.bodies.iter().filter_map(|hash| self.bodies.get(hash)).cloned().collect();
        Some(Bundle { entry: held.entry.clone(), bodies })
    }
}

/// Bytes of a bundle on the wire, rounded up.
pub(crate) fn weight(bundle: &Bundle) -> usize {
    bundle.entry.len() + 16 + bundle.bodies.iter().map(|body| body.len() + 8).sum::<usize>()
}

/// Bodies as the fold takes them.
pub(crate) fn plain(bodies: &[ByteVec]) -> Vec<&[u8]> {
    bodies.iter().map(|body| body.as_slice()).collect()
}

/// Finds the body of each hash; the rest are strays.
pub(crate) fn sort_bodies(hashes: &[Hash], bodies: Vec<ByteVec>) -> (Vec<(Hash, ByteVec)>, usize) {
    let mut found: Vec<(Hash, ByteVec)> = Vec::new();
    let mut strays = 0;
    for body in bodies {
        let hash = Hash::of(&body);
        if hashes.contains(&hash) && found.iter().all(|(known, _)| *known != hash) {
            found.push((hash, body));
        } else {
            strays += 1;
        }
    }
    (found, strays)
}
