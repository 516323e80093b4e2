//! Up to where journals stand under a signature that a quantum computer cannot make, and since when.

use crate::tree::{Frontier, Root};
use std::collections::BTreeMap;
use trialogue_charter::NodeId;
use trialogue_journal::TreeHead;

/// How far somebody has signed with ML-DSA-87.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Entries 1 to this one.
    pub size: u64,
    /// When it signed, by its own clock: milliseconds since 1970 UTC.
    pub time_ms: u64,
    /// Who.
    pub by: NodeId,
}

/// What is covered of one journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Covered {
    /// First signature of its own node: entries up to there are safe since then.
    pub first: Option<Mark>,
    /// Last signature of its own node.
    pub own: Option<Mark>,
    /// The one of another node that reaches furthest.
    pub other: Option<Mark>,
}

/// All that was signed so, gathered until the journals are known: one an hour of each journal and signer.
#[derive(Default)]
pub(crate) struct Coverage {
    by_journal: BTreeMap<NodeId, BTreeMap<(u64, NodeId, Root), u64>>,
}

impl Coverage {
    pub(crate) fn add(&mut self, by: &NodeId, time_ms: u64, heads: &[TreeHead]) {
        for head in heads {
            let marks = self.by_journal.entry(head.node.clone()).or_default();
            marks.entry((head.size, by.clone(), Root(head.root))).or_insert(time_ms);
        }
    }

    /// What of it is so, with the journal's leaves at hand.
    pub(crate) fn of(&self, journal: &NodeId, leaves: &[Root]) -> Covered {
        let (mut frontier, mut next) = (Frontier::new(), leaves.iter());
        let mut covered = Covered::default();
        for ((size, by, root), time_ms) in self.by_journal.get(journal).into_iter().flatten() {
            while frontier.size() < *size {
                let Some(leaf) = next.next() else { return covered };
                frontier.push(*leaf);
            }
            if frontier.root() != *root {
                continue;
            }
            let mark = Mark { size: *size, time_ms: *time_ms, by: by.clone() };
            if *by == *journal {
                covered.first.get_or_insert_with(|| mark.clone());
                covered.own = Some(mark);
            } else {
                covered.other = Some(mark);
            }
        }
        covered
    }
}
