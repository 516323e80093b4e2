//! What media asks of the other parts: who is in, at which node, which consoles are here, and by which links nodes are
//! reached.

use crate::consoles::Consoles;
use crate::here::Here;
use crate::links::Links;
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_journal::State;

/// As it is now.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) here: &'a Here,
    pub(crate) state: &'a State,
    /// Position of the last own entry, on disk or not.
    pub(crate) head: u64,
    /// The own journal has gone on in this run: numbers that are given now are not those of the run before.
    pub(crate) open: bool,
    pub(crate) links: &'a Links,
    pub(crate) consoles: &'a Consoles,
}

impl At<'_> {
    /// Devices in on a line, with the node in whose journal they are.
    pub(crate) fn members(self, line: &LineId) -> Vec<(DeviceId, NodeId)> {
        self.state.in_on(line).iter().map(|member| (member.device, member.node.clone())).collect()
    }

    /// The node in whose journal a device is in on some line.
    pub(crate) fn node_of(self, device: &DeviceId) -> Option<NodeId> {
        let mut lines = self.here.charter.lines.iter();
        lines.find_map(|line| self.members(&line.id).into_iter().find(|(d, _)| d == device).map(|(_, node)| node))
    }
}
