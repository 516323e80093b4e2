//! What a node has signed that it holds of all journals.

use super::Applied;
use super::node::NodeState;
use crate::entry::TreeHead;
use minicbor::{Decode, Encode};

/// What a node said last that it holds.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Seen {
    /// By node.
    #[n(0)]
    pub heads: Vec<TreeHead>,
    /// The node's time, milliseconds since 1970 UTC. A claim.
    #[n(1)]
    pub time_ms: u64,
    /// Position of the entry.
    #[n(2)]
    pub seq: u64,
}

impl NodeState {
    /// What it said last that it holds of all journals.
    pub fn seen(&self) -> Option<&Seen> {
        self.seen.as_ref()
    }

    /// Replaces what the node said before. Nothing on a line follows from it, so consoles are not told again what was said before they came.
    pub(super) fn saw(&mut self, heads: &[TreeHead], seq: u64, time_ms: u64) -> Applied {
        self.seen = Some(Seen { heads: heads.to_vec(), time_ms, seq });
        Applied::Seen
    }
}
