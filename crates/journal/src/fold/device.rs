//! Devices that are enrolled.

use minicbor::{Decode, Encode};
use std::sync::Arc;
use trialogue_charter::{Device, LineId};

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
    /// Its last `Ring` or `Answer` in this journal: of the nodes of a party, the device is at the one with the highest
    /// number.
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
