//! The key id in an SFrame header: which node's group, which epoch, which sender.

use trialogue_journal::GroupId;

/// Highest node index (6 bits): nodes of a charter.
pub const NODE_MAX: u8 = (1 << 6) - 1;
/// Highest leaf index (10 bits).
pub const LEAF_MAX: u32 = (1 << 10) - 1;
/// Highest generation (14 bits): media workers that one console may use up within one epoch.
pub const GENERATION_MAX: u16 = (1 << 14) - 1;

/// A part of a key id that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{part} {value} does not fit a key id: start a new group")]
pub struct KeyIdError {
    part: &'static str,
    value: u64,
}

/// 56 bits, most significant first: node index 6 · group tag 10 · epoch 16 · leaf index 10 · generation 14.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(u64);

impl KeyId {
    /// Packs the parts. `node` is the node's index in the charter; of the group id the first 10 bits and of the epoch
    /// the last 16 go in, which tells apart what is alive at the same time; a clash only costs an unopened frame.
    pub fn new(node: u8, group: &GroupId, epoch: u64, leaf: u32, generation: u16) -> Result<Self, KeyIdError> {
        if node > NODE_MAX {
            return Err(KeyIdError { part: "node", value: node.into() });
        }
        if leaf > LEAF_MAX {
            return Err(KeyIdError { part: "leaf", value: leaf.into() });
        }
        if generation > GENERATION_MAX {
            return Err(KeyIdError { part: "generation", value: generation.into() });
        }
        Ok(Self(
            u64::from(node) << 50
                | u64::from(group_tag(group)) << 40
                | (epoch & 0xffff) << 24
                | u64::from(leaf) << 14
                | u64::from(generation),
        ))
    }

    /// As on the wire; none if it is longer than 56 bits.
    pub fn from_u64(value: u64) -> Option<Self> {
        (value >> 56 == 0).then_some(Self(value))
    }

    /// As on the wire.
    pub fn to_u64(self) -> u64 {
        self.0
    }

    /// Index of the group's node in the charter.
    pub fn node(self) -> u8 {
        (self.0 >> 50) as u8
    }

    /// First 10 bits of the group id.
    pub fn group_tag(self) -> u16 {
        (self.0 >> 40) as u16 & 0x3ff
    }

    /// Last 16 bits of the epoch.
    pub fn epoch(self) -> u16 {
        (self.0 >> 24) as u16
    }

    /// Leaf index of the sender.
    pub fn leaf(self) -> u32 {
        (self.0 >> 14) as u32 & LEAF_MAX
    }

    /// Generation of the sender's media worker.
    pub fn generation(self) -> u16 {
        self.0 as u16 & GENERATION_MAX
    }

    /// Is this a key of that group (as far as the tag tells).
    pub fn is_of(self, node: u8, group: &GroupId) -> bool {
        self.node() == node && self.group_tag() == group_tag(group)
    }
}

fn group_tag(group: &GroupId) -> u16 {
    u16::from_be_bytes([group.0[0], group.0[1]]) >> 6
}
