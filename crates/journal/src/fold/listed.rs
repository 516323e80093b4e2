//! What a node says of the revocations that stand in its journal, so that what is kept from somebody is missed.

use super::Applied;
use super::node::NodeState;
use crate::entry::RevokedSet;
use minicbor::{Decode, Encode};
use trialogue_charter::{DeviceId, Hash, PartyId};

/// What a node said last of the revocations in its journal.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Listed {
    /// One per party of which there is any, by party.
    #[n(0)]
    pub sets: Vec<RevokedSet>,
    /// The node's time, milliseconds since 1970 UTC. A claim.
    #[n(1)]
    pub time_ms: u64,
    /// Position of the entry.
    #[n(2)]
    pub seq: u64,
}

impl RevokedSet {
    /// Of these devices of a party; none of nobody.
    pub fn of<'a>(party: &PartyId, devices: impl ExactSizeIterator<Item = &'a DeviceId>) -> Option<Self> {
        let count = u32::try_from(devices.len()).ok().filter(|count| *count > 0)?;
        let all: Vec<u8> = devices.flat_map(|device| device.0).collect();
        Some(Self { party: party.clone(), count, digest: Hash::of(&all) })
    }
}

impl NodeState {
    /// What the node said last of the revocations in its journal.
    pub fn listed(&self) -> Option<&Listed> {
        self.listed.as_ref()
    }

    /// What it would say now.
    pub fn sets(&self) -> Vec<RevokedSet> {
        self.barred.sets()
    }

    /// Replaces what the node said before.
    pub(super) fn list(&mut self, sets: &[RevokedSet], seq: u64, time_ms: u64) -> Applied {
        self.listed = Some(Listed { sets: sets.to_vec(), time_ms, seq });
        Applied::Listed
    }
}
