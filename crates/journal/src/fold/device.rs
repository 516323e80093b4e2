//! Devices that are enrolled.

use super::State;
use crate::entry::{Body, Entry};
use crate::stated::UnverifiedStatement;
use minicbor::{Decode, Encode};
use std::sync::Arc;
use trialogue_charter::{Device, DeviceId, LineId, NodeId};

/// A device as one node's journal knows it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Enrolment {
    /// What its verified certificate says.
    #[cbor(n(0), with = "super::kept::shared")]
    pub device: Arc<Device>,
    /// Position of the `Enrolled` entry.
    #[n(1)]
    pub seq: u64,
    /// When, by the clock of the node, milliseconds since 1970 UTC.
    #[n(2)]
    pub since_ms: u64,
    /// Number of its last statement in this journal; the next must be above.
    #[n(3)]
    pub last_number: u64,
    /// Its last `Ring` or `Answer` in this journal: of the nodes of a party, the device is at the one with the highest number.
    #[n(4)]
    pub(super) last_stay: Option<Stay>,
}

/// A device's last coming in at one node.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(super) struct Stay {
    /// On which line.
    #[n(0)]
    pub(super) line: LineId,
    /// Number of the statement.
    #[n(1)]
    pub(super) number: u64,
    /// Position of its entry.
    #[n(2)]
    pub(super) seq: u64,
    /// Position of the entry by which it left again.
    #[n(3)]
    pub(super) end: Option<u64>,
}

impl State {
    /// A device that is enrolled at any node of its party, and not revoked.
    pub fn device(&self, device: &DeviceId) -> Option<&Device> {
        if self.is_revoked(device) { None } else { self.known_device(device) }
    }

    /// A device that was ever enrolled, revoked or not: for showing who said something in the past.
    pub fn known_device(&self, device: &DeviceId) -> Option<&Device> {
        self.nodes.values().find_map(|node| node.enrolled.get(device)).map(|known| known.device.as_ref())
    }

    /// When the device was first enrolled, by the clock of a node of its party, milliseconds since 1970 UTC.
    pub fn enrolled_ms(&self, device: &DeviceId) -> Option<u64> {
        self.nodes.values().filter_map(|node| node.enrolled.get(device)).map(|known| known.since_ms).min()
    }

    /// The highest number that the device has used at any node: its next statement must be above.
    pub fn last_number(&self, device: &DeviceId) -> u64 {
        let known = self.nodes.values().filter_map(|node| node.enrolled.get(device));
        known.map(|known| known.last_number).max().unwrap_or(0)
    }

    /// Position of the `Enrolled` entry that a reader must have before it can fold this one, which counts. A node sends that entry to a console
    /// first, if it has not sent it before.
    pub fn depends_on(&self, claim: &Entry) -> Option<(NodeId, u64)> {
        let Body::Stated { statement } = &claim.body else { return None };
        let statement = UnverifiedStatement::decode(statement).ok()?;
        let known = self.nodes.get(&claim.node)?.enrolled.get(&statement.claim().device)?;
        Some((claim.node.clone(), known.seq))
    }
}
