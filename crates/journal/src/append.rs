//! The writing end of a node's own journal.

use crate::entry::{Body, Entry};
use trialogue_charter::{Hash, NodeId};

/// Where a node's own journal ends; makes the next entry. Signing and storing it is the caller's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    node: NodeId,
    seq: u64,
    head: Hash,
}

impl Journal {
    /// A journal without entries.
    pub fn new(node: NodeId) -> Self {
        Self { node, seq: 0, head: Hash([0; 48]) }
    }

    /// A journal whose last stored entry has this position and payload hash.
    pub fn resume(node: NodeId, seq: u64, head: Hash) -> Self {
        Self { node, seq, head }
    }

    /// The next entry; `time_ms` in milliseconds since 1970 UTC.
    pub fn append(&mut self, time_ms: u64, body: Body) -> Entry {
        let entry = Entry { node: self.node.clone(), seq: self.seq + 1, previous: self.head, time_ms, body };
        self.seq = entry.seq;
        self.head = Hash::of(&entry.payload());
        entry
    }

    /// Whose journal it is.
    pub fn node(&self) -> &NodeId {
        &self.node
    }

    /// Position of the last entry; 0: none.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Hash of the last entry's payload; zeros: none.
    pub fn head(&self) -> Hash {
        self.head
    }
}
