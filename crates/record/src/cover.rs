//! What is around the entries: the first item, the last, and the signature over all of it.

use crate::anchor::Anchor;
use crate::check::Reading;
use crate::finding::Finding;
use crate::in_force::InForce;
use crate::item::{Digest, Item};
use crate::seal::{Seal, UnverifiedSeal};
use crate::tree::root;
use std::collections::BTreeMap;
use trialogue_charter::{Hash, NodeId};
use trialogue_journal::TreeHead;

/// The file as a whole.
pub(crate) struct Cover {
    /// Whose record it is, and under which charter.
    header: Option<(NodeId, Hash)>,
    digest: Digest,
}

impl Cover {
    pub(crate) fn new() -> Self {
        Self { header: None, digest: Digest::new() }
    }

    /// An item before the last.
    pub(crate) fn add(&mut self, item: &Item) {
        self.digest.add(&item.encode());
    }

    /// The first item.
    pub(crate) fn header(&mut self, node: NodeId, charter: Hash) {
        self.header.get_or_insert((node, charter));
    }

    /// Whose record it is.
    pub(crate) fn node(&self) -> Option<&NodeId> {
        self.header.as_ref().map(|(node, _)| node)
    }

    /// The last item: does it name the bytes before it?
    pub(crate) fn names(&self, digest: &Hash) -> bool {
        *digest == self.digest.hash()
    }

    /// Has the node whose record it is signed all of it?
    pub(crate) fn open(
        &self,
        seal: &[u8],
        anchor: &Anchor,
        in_force: &InForce,
        journals: &BTreeMap<NodeId, Reading>,
    ) -> Result<Seal, &'static str> {
        let seal = UnverifiedSeal::decode(seal).ok_or("it is none in its one form")?;
        let claim = seal.claim();
        if self.node() != Some(&claim.node) {
            return Err("it is of another node than the record");
        }
        if !self.names(&claim.digest) {
            return Err("it is over other bytes");
        }
        if !in_force.keys(anchor, &claim.node).any(|key| seal.holds(key)) {
            return Err("the node did not sign it with both of its keys");
        }
        let head = |(node, reading): (&NodeId, &Reading)| TreeHead {
            node: node.clone(),
            size: reading.leaves.len() as u64,
            root: root(&reading.leaves).0,
        };
        let heads = journals.iter().filter(|(_, reading)| !reading.leaves.is_empty()).map(head);
        let same = heads.collect::<Vec<_>>() == claim.heads;
        if same { Ok(claim.clone()) } else { Err("its heads are not those of the journals in the file") }
    }

    /// Is the file what its first item says, and were its charters in force?
    pub(crate) fn findings(
        &self,
        anchor: &Anchor,
        in_force: &InForce,
        journals: &BTreeMap<NodeId, Reading>,
    ) -> Vec<Finding> {
        let Some((node, charter)) = &self.header else { return vec![Finding::Header { why: "there is none" }] };
        let mut found = Vec::new();
        if !in_force.has(anchor, node) {
            found.push(Finding::Header { why: "no charter that counts has the node whose record it is" });
        } else if journals.get(node).is_none_or(|reading| reading.leaves.is_empty()) {
            found.push(Finding::Header { why: "the journal of the node whose record it is is not in it" });
        }
        if anchor.last() != Some(*charter) {
            found.push(Finding::Header { why: "the newest charter in it is another one" });
        }
        found.extend(in_force.findings(anchor, node));
        found
    }
}
