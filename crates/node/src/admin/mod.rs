//! The operator's socket: what a person on the node's own machine may ask a running node, as one line of JSON each way.
//!
//! A Unix socket in the node's data directory, for the node's account and root alone; nothing of it is reached over a network.

mod ask;
mod serve;

pub use ask::{AskError, ask};
pub(crate) use serve::{Asked, Door};

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Longest line either way, in bytes: a thousand devices with long names.
const LINE_MAX: usize = 1 << 20;

/// Where the socket of a node is.
pub fn socket(data_dir: &Path) -> PathBuf {
    data_dir.join("operator.sock")
}

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "do")]
pub enum Request {
    /// All devices of the party that were ever enrolled, as far as this node knows.
    Devices,
    /// Take a revocation list of any party, signed by that party's root: those devices are out of every call, and of every group with the next epoch.
    /// For good.
    Revoke {
        /// The signed list, in hexadecimal digits.
        list: String,
    },
    /// Let a device in no more at this node, or do again: without the root's word, and for this node alone.
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
        /// The party's newest revocation list, signed, in hexadecimal digits; none: there is none.
        #[serde(default)]
        list: Option<String>,
        /// There are more after these.
        #[serde(default)]
        more: bool,
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
    /// The party's root has revoked it.
    pub revoked: bool,
    /// This node lets it in no more, by its operator's word.
    #[serde(default)]
    pub suspended: bool,
    /// Its certificate, in hexadecimal digits, where the security officer asked: it proves what is said here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}
