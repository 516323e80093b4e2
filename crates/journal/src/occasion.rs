//! Where and when something is said: for which node, under which charter, and until when it may be written down.

use crate::limits::{SAID_MS, SAID_WITH_BODIES_MS};
use crate::statement::{Act, Statement};
use trialogue_charter::{DeviceId, Hash, LineId, NodeId};

/// For whom a console speaks, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occasion {
    /// The node that is to write it down.
    pub node: NodeId,
    /// Hash of the charter by which the console speaks: the one that the node has told it.
    pub charter: Hash,
    /// Now, milliseconds since 1970 UTC.
    pub now_ms: u64,
}

impl Statement {
    /// The one way to make a statement: it is for one node, one charter and one time.
    pub fn new(device: DeviceId, number: u64, at: &Occasion, line: LineId, act: Act) -> Self {
        let not_after_ms = at.now_ms.saturating_add(act.lasts_ms());
        Self { device, number, line, act, node: at.node.clone(), charter: at.charter, not_after_ms }
    }
}

impl Act {
    /// How long after it was said a node may write it down, in milliseconds.
    pub fn lasts_ms(&self) -> u64 {
        match self {
            // Their bodies take minutes on a narrow way; and said late they move nothing: an epoch passes, a circle and
            // a key package are replaced.
            Self::Handshake { .. }
            | Self::Tags { .. }
            | Self::Stock { .. }
            | Self::Circle { .. }
            | Self::Write { .. } => SAID_WITH_BODIES_MS,
            Self::Ring { .. }
            | Self::Answer { .. }
            | Self::Attach { .. }
            | Self::Decline { .. }
            | Self::Acknowledge { .. }
            | Self::Dismiss { .. }
            | Self::Leave { .. }
            | Self::Confirm { .. }
            | Self::Ready { .. }
            | Self::ComeOn { .. }
            | Self::Hold { .. }
            | Self::Remove { .. }
            | Self::Drop { .. }
            | Self::TakeDuty { .. }
            | Self::Propose { .. }
            | Self::Attend { .. }
            | Self::Withdraw { .. }
            | Self::StationTested { .. }
            | Self::Alive { .. }
            | Self::SendTest { .. }
            | Self::Certify { .. }
            | Self::Shown { .. }
            | Self::AcknowledgeWriting { .. }
            | Self::CertifyWriting { .. }
            | Self::Approve { .. }
            | Self::Archive { .. } => SAID_MS,
        }
    }
}
