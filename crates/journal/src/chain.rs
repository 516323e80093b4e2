//! Does an entry follow on what is held of its node's journal?

use crate::signed::VerifiedEntry;
use std::collections::{BTreeMap, VecDeque};
use trialogue_charter::{Hash, NodeId};

/// Hashes kept per journal to tell a repeated entry from a fork. More finds forks further back, at 48 bytes each.
pub const RECENT_MAX: usize = 1_024;

/// Why an entry was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// Entries before it are missing; ask for them.
    #[error("entry {got} came and {held} is the last held: those between are missing and will be asked for")]
    Gap {
        /// Last position held.
        held: u64,
        /// Position that came.
        got: u64,
    },
    /// The node has signed two histories. The first one that was seen stays; the other is kept as evidence.
    #[error("the node signed two different histories up to entry {seq}: tell its party, and show the kept evidence")]
    Fork {
        /// Where they are seen to differ.
        seq: u64,
    },
    /// It is signed with a key that its node no longer has.
    #[error(
        "entry {seq} is signed with a journal key that its node has replaced: whoever has the old key may have made it"
    )]
    FormerKey {
        /// Its position.
        seq: u64,
    },
    /// It is held already.
    #[error("entry {seq} is held already")]
    Replayed {
        /// Its position.
        seq: u64,
    },
}

/// A second, different entry for a position, or one that names another predecessor. With the entry that is held, it
/// proves to anyone that the node signed two histories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// Position at which the histories are seen to differ.
    pub seq: u64,
    /// Hash of the payload that is held for that position.
    pub held: Hash,
    /// The entry that contradicts it.
    pub other: VerifiedEntry,
}

#[derive(Debug, Clone)]
struct Held {
    seq: u64,
    /// Hashes of the last entries, the newest last.
    recent: VecDeque<Hash>,
    /// Key of the last entry, counted from the node's oldest.
    key: u8,
}

/// What is held of every journal.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    held: BTreeMap<NodeId, Held>,
    forks: BTreeMap<NodeId, Fork>,
}

impl Chain {
    /// Nothing is held.
    pub fn new() -> Self {
        Self::default()
    }

    /// A journal is held (in storage) up to this position, whose payload has this hash.
    pub fn resume(&mut self, node: NodeId, seq: u64, head: Hash) {
        self.held.insert(node, Held { seq, recent: VecDeque::from([head]), key: 0 });
    }

    /// Goes on after entries that were taken before: hashes of the last payloads, the newest last, and the key of the
    /// last entry.
    pub fn go_on(&mut self, node: NodeId, seq: u64, recent: impl IntoIterator<Item = Hash>, key: u8) {
        self.held.insert(node, Held { seq, recent: recent.into_iter().collect(), key });
    }

    /// With which of its node's keys the last entry was signed, counted from the oldest.
    pub fn key(&self, node: &NodeId) -> u8 {
        self.held.get(node).map_or(0, |held| held.key)
    }

    /// Forgets the journals of all other nodes.
    pub fn keep(&mut self, keeps: impl Fn(&NodeId) -> bool) {
        self.held.retain(|node, _| keeps(node));
    }

    /// Last position held of a journal; 0: nothing.
    pub fn seq(&self, node: &NodeId) -> u64 {
        self.held.get(node).map_or(0, |held| held.seq)
    }

    /// Hash of the last entry held of a journal; zeros: nothing.
    pub fn head(&self, node: &NodeId) -> Hash {
        self.held.get(node).and_then(|held| held.recent.back().copied()).unwrap_or(Hash([0; 48]))
    }

    /// Nodes that were caught signing two histories: the first proof against each.
    pub fn forks(&self) -> &BTreeMap<NodeId, Fork> {
        &self.forks
    }

    /// Takes the entry as the next of its journal.
    ///
    /// # Errors
    /// When it is not the next; nothing changes then, but that the first fork of a node is kept.
    pub fn accept(&mut self, entry: &VerifiedEntry) -> Result<(), ChainError> {
        let claim = entry.entry();
        let (seq, node) = (claim.seq, &claim.node);
        let (last, head) = (self.seq(node), self.head(node));
        if seq > last.saturating_add(1) {
            return Err(ChainError::Gap { held: last, got: seq });
        }
        if seq <= last {
            return match self.held_hash(node, last - seq) {
                Some(held) if held != entry.hash() => Err(self.fork(seq, held, entry)),
                _ => Err(ChainError::Replayed { seq }),
            };
        }
        if claim.previous != head {
            return Err(self.fork(last, head, entry));
        }
        let held = self.held.entry(node.clone()).or_insert_with(|| Held { seq: 0, recent: VecDeque::new(), key: 0 });
        if entry.key() < held.key {
            return Err(ChainError::FormerKey { seq });
        }
        (held.seq, held.key) = (seq, entry.key());
        held.recent.push_back(entry.hash());
        if held.recent.len() > RECENT_MAX {
            held.recent.pop_front();
        }
        Ok(())
    }

    fn held_hash(&self, node: &NodeId, back: u64) -> Option<Hash> {
        let back = usize::try_from(back).ok()?;
        self.held.get(node)?.recent.iter().rev().nth(back).copied()
    }

    fn fork(&mut self, seq: u64, held: Hash, other: &VerifiedEntry) -> ChainError {
        let node = other.entry().node.clone();
        self.forks.entry(node).or_insert_with(|| Fork { seq, held, other: other.clone() });
        ChainError::Fork { seq }
    }
}
