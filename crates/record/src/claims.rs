//! What nodes have signed that they hold of each other's journals, gathered until the journals are known.

use crate::tree::{Frontier, Root};
use std::collections::BTreeMap;
use trialogue_charter::NodeId;
use trialogue_journal::TreeHead;

/// Who has signed a head first, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The root that was signed.
    pub root: Root,
    /// By which node.
    pub by: NodeId,
    /// In which entry of its journal.
    pub seq: u64,
}

/// All of them. One head that many have signed is kept once, so memory grows with how often heads were signed and not
/// by how many. What is kept is the word of the journal's own node where it has signed it, which proves more than that
/// of others, else that of the first.
#[derive(Debug, Clone, Default)]
pub struct Claims {
    /// By journal and size.
    by_journal: BTreeMap<NodeId, BTreeMap<u64, BTreeMap<Root, Claim>>>,
    count: u64,
}

impl Claims {
    /// A node has signed these heads.
    pub fn add(&mut self, by: &NodeId, seq: u64, heads: &[TreeHead]) {
        for head in heads {
            self.count += 1;
            let root = Root(head.root);
            let known = self.by_journal.entry(head.node.clone()).or_default().entry(head.size).or_default();
            let claim = known.entry(root).or_insert_with(|| Claim { root, by: by.clone(), seq });
            if *by == head.node && claim.by != head.node {
                *claim = Claim { root, by: by.clone(), seq };
            }
        }
    }

    /// How many heads were signed, each of them counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Journals that somebody has signed for.
    pub fn journals(&self) -> impl Iterator<Item = &NodeId> {
        self.by_journal.keys()
    }

    /// Heads of a journal that its entries, given by their leaves from the first on, do not have.
    pub fn contradictions(&self, journal: &NodeId, leaves: &[Root]) -> Vec<(u64, Claim)> {
        let mut found = Vec::new();
        let (mut frontier, mut next) = (Frontier::new(), leaves.iter());
        for (size, claims) in self.by_journal.get(journal).into_iter().flatten() {
            while frontier.size() < *size {
                let Some(leaf) = next.next() else { return found };
                frontier.push(*leaf);
            }
            let root = frontier.root();
            found.extend(claims.values().filter(|claim| claim.root != root).map(|claim| (*size, claim.clone())));
        }
        found
    }

    /// The longest that a journal was seen.
    pub fn longest(&self, journal: &NodeId) -> Option<(u64, &Claim)> {
        let (size, claims) = self.by_journal.get(journal)?.last_key_value()?;
        claims.values().next().map(|claim| (*size, claim))
    }
}
