//! The Merkle tree of RFC 9162 §2.1.1 with SHA-256: what its hashes are, and its growing edge.
//!
//! Entry 1 of a journal is leaf 0 of its tree. A leaf's data is the entry's *payload*, which is what the chain names
//! too: a node that signs one payload twice has said one thing, and everybody's trees stay the same.

use sha2::{Digest as _, Sha256};
use std::fmt;
use trialogue_journal::Entry;

/// A hash of the tree: of a leaf, of a node, or the root of a whole journal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Root(pub [u8; 32]);

impl Root {
    /// The root of the empty tree.
    pub fn empty() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// The hash of a leaf with this data.
    pub fn leaf(data: &[u8]) -> Self {
        Self(Sha256::new().chain_update([0]).chain_update(data).finalize().into())
    }

    /// The leaf of an entry.
    pub fn of(entry: &Entry) -> Self {
        Self::leaf(&entry.payload())
    }

    /// The hash over two subtrees.
    pub fn over(left: &Self, right: &Self) -> Self {
        Self(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The growing edge of a tree: the roots of its complete subtrees, the largest first. At most 64 hashes, however long
/// the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Root>,
}

impl Frontier {
    /// The empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// The edge of a tree of this size with these roots of its complete subtrees, the largest first; none: so many
    /// there cannot be.
    pub fn go_on(size: u64, peaks: Vec<Root>) -> Option<Self> {
        (peaks.len() as u32 == size.count_ones()).then_some(Self { size, peaks })
    }

    /// Roots of the complete subtrees, the largest first.
    pub fn peaks(&self) -> &[Root] {
        &self.peaks
    }

    /// Adds a leaf, given by its hash.
    pub fn push(&mut self, leaf: Root) {
        let mut hash = leaf;
        // As many complete subtrees end here as the size has ones at its end.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = Root::over(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves.
    pub fn root(&self) -> Root {
        let over = |right: Root, left: &Root| Root::over(left, &right);
        let mut peaks = self.peaks.iter().rev();
        peaks.next().map_or_else(Root::empty, |last| peaks.fold(*last, over))
    }
}

/// The root over these leaves.
pub fn root(leaves: &[Root]) -> Root {
    let mut frontier = Frontier::new();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}
