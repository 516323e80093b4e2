//! The operator's socket: what a person on the node's own machine may ask a running node, as one line of JSON each way.
//!
//! A Unix socket in the node's data directory, for the node's account and root alone; nothing of it is reached over a
//! network.

mod ask;
mod serve;

pub use ask::{AskError, ask};
pub(crate) use serve::{Asked, Door};

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where the socket of a node is.
pub fn socket(data_dir: &Path) -> PathBuf {
    data_dir.join("operator.sock")
}

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "do")]
pub enum Request {
    /// All devices that were ever enrolled at this node.
    Devices,
    /// What proves who has these devices, and which of them are revoked.
    Proofs {
        /// Their ids, 64 hexadecimal digits each, at most 16.
        devices: Vec<String>,
    },
    /// Take a revocation into the journal, of whatever party: its device is out of every call, and of every group with
    /// the next epoch. For good.
    Revoke {
        /// A signed revocation, in hexadecimal digits.
        revocation: String,
    },
    /// Let a device of the party in no more at this node, or again.
    Suspend {
        /// Its id, 64 hexadecimal digits.
        device: String,
        /// No more.
        on: bool,
    },
    /// A newer charter takes effect, here at once and at every node that this one reaches.
    Install {
        /// The signed charter, in hexadecimal digits.
        charter: String,
    },
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Reply {
    /// The devices, in the order in which they were enrolled.
    Devices {
        /// Each of them.
        devices: Vec<DeviceInfo>,
    },
    /// What proves each device that was asked for, in that order.
    Proofs {
        /// Of each.
        proofs: Vec<ProofInfo>,
    },
    /// It is done, and in the journal.
    Done,
    /// This charter is in force.
    Installed {
        /// Its serial.
        serial: u64,
        /// Hash of its payload.
        content: String,
        /// Other nodes that have a link to this one now and get it from here.
        links: usize,
    },
    /// It cannot be done.
    Refused {
        /// Why, with the remedy.
        why: String,
    },
}

/// One device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// Its id.
    pub device: String,
    /// Who has it.
    pub person: String,
    /// For which office.
    pub office: String,
    /// Since when, by the node's clock, milliseconds since 1970 UTC.
    pub since_ms: u64,
    /// It is accepted no more.
    pub revoked: bool,
    /// This node lets it in no more, by its operator's word.
    pub suspended: bool,
}

/// What proves one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofInfo {
    /// Its id.
    pub device: String,
    /// Its certificate, in hexadecimal digits; none: it is enrolled nowhere that this node knows of.
    pub certificate: Option<String>,
    /// Its revocation, in hexadecimal digits; none: it is not revoked, as far as this node knows.
    pub revocation: Option<String>,
}
