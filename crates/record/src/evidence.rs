//! What is kept against a journal, and whether it is against it at all.

use crate::check::two;
use crate::claims::Claim;
use crate::finding::Finding;
use crate::limits::EVIDENCE_MAX;
use trialogue_charter::{Hash, NodeId};
use trialogue_journal::{Body, VerifiedEntry};

struct Kept {
    item: u64,
    /// Against whose journal, and up to which position.
    node: NodeId,
    seq: u64,
    entry: VerifiedEntry,
    proves: bool,
}

#[derive(Default)]
pub(crate) struct Evidence {
    kept: Vec<Kept>,
    last: Option<(NodeId, u64, Hash)>,
}

impl Evidence {
    /// Takes one; none: it stands where it may not, or there are too many.
    pub(crate) fn take(&mut self, item: u64, node: NodeId, seq: u64, entry: VerifiedEntry) -> Option<Finding> {
        let place = (node.clone(), seq, Hash::of(entry.bytes()));
        if self.last.as_ref().is_some_and(|last| *last >= place) || self.kept.len() >= EVIDENCE_MAX {
            return Some(Finding::Order { item });
        }
        self.last = Some(place);
        self.kept.push(Kept { item, node, seq, entry, proves: false });
        None
    }

    /// What of it contradicts this entry of a journal.
    pub(crate) fn against(&mut self, entry: &VerifiedEntry) -> Vec<Finding> {
        let (node, seq) = (&entry.entry().node, entry.entry().seq);
        let mut findings = Vec::new();
        for kept in self.kept.iter_mut().filter(|kept| kept.entry.entry().node == *node) {
            let other = &kept.entry;
            let same = other.entry().seq == seq && other.hash() != entry.hash();
            let next = seq.checked_add(1) == Some(other.entry().seq) && other.entry().previous != entry.hash();
            if same || next {
                kept.proves |= kept.node == *node && kept.seq == seq;
                findings.push(two(node, seq, entry.bytes(), other.bytes()));
            }
        }
        findings
    }

    /// A head of this journal that is not the journal's was signed in it.
    pub(crate) fn disputes(&mut self, node: &NodeId, size: u64, claim: &Claim) {
        for kept in self.kept.iter_mut().filter(|kept| kept.node == *node && kept.seq == size) {
            let Body::Seen { heads, .. } = &kept.entry.entry().body else { continue };
            kept.proves |=
                heads.iter().any(|head| head.node == *node && head.size == size && head.root == claim.root.0);
        }
    }

    /// What of it contradicts nothing.
    pub(crate) fn idle(&self) -> impl Iterator<Item = Finding> + '_ {
        self.kept.iter().filter(|kept| !kept.proves).map(|kept| Finding::Evidence { item: kept.item })
    }
}
