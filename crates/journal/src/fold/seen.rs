//! What a node has signed that it holds of all journals.

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
