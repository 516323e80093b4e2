//! A node says that its consoles were given frames that are not their sender's.

use super::node::NodeState;
use super::{Applied, Ignored, State};
use crate::limits::FORGERIES_MAX;
use minicbor::{Decode, Encode};
use trialogue_charter::{DeviceId, LineId, NodeId, VerifiedCharter};

/// Frames that are not their sender's, as one node says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Forgery {
    /// Whose they were said to be.
    #[n(0)]
    pub device: DeviceId,
    /// Nodes through whose links they may have come, sorted.
    #[n(1)]
    pub via: Vec<NodeId>,
    /// Position of the entry.
    #[n(2)]
    pub seq: u64,
    /// The node's time, milliseconds since 1970 UTC. A claim.
    #[n(3)]
    pub time_ms: u64,
}

impl NodeState {
    pub(super) fn forged(
        &mut self,
        charter: &VerifiedCharter,
        line: &LineId,
        device: &DeviceId,
        via: &[NodeId],
        seq: u64,
        time_ms: u64,
    ) -> Result<Applied, Ignored> {
        if charter.line(line).is_none() {
            return Err(Ignored::NotOnLine);
        }
        let told = &mut self.lines.entry(line.clone()).or_default().forgeries;
        told.retain(|before| before.device != *device);
        if told.len() >= FORGERIES_MAX {
            told.remove(0);
        }
        told.push(Forgery { device: *device, via: via.to_vec(), seq, time_ms });
        Ok(Applied::Forged { line: line.clone(), device: *device })
    }
}

impl State {
    /// Forged frames that nodes have told of on a line, by the node that says so; of each device what a node said last.
    pub fn forgeries(&self, line: &LineId) -> impl Iterator<Item = (&NodeId, &Forgery)> {
        let line = line.clone();
        self.nodes.iter().flat_map(move |(id, node)| {
            node.lines.get(&line).into_iter().flat_map(|on| &on.forgeries).map(move |told| (id, told))
        })
    }
}
