//! Consoles say that frames which came as somebody's are not; the node knows by which links they came, and says so in its journal.

use crate::io::Output;
use crate::journals::After;
use crate::limits::FORGED_AGAIN_US;
use crate::machine::Machine;
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_journal::Body;

/// Devices as which frames were forged, and when that was looked into last.
#[derive(Default)]
pub(crate) struct Forgeries {
    looked_into: BTreeMap<DeviceId, u64>,
}

impl Forgeries {
    /// May it be looked into again? Old ones are forgotten, so that the list is as long as the roster at the most.
    fn is_due(&mut self, device: DeviceId, now_us: u64) -> bool {
        self.looked_into.retain(|_, at| now_us < *at + FORGED_AGAIN_US);
        match self.looked_into.entry(device) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(now_us);
                true
            }
            std::collections::btree_map::Entry::Occupied(_) => false,
        }
    }
}

impl Machine {
    /// A console of this node was given such a frame. Asks the media thread how frames of that device came.
    pub(crate) fn frame_was_forged(&mut self, device: DeviceId) {
        let is_in = self.line_of_member(&device).is_some();
        if is_in && self.forgeries.is_due(device, self.here.now.us) {
            self.push_out(Output::TraceFrames { device });
        }
    }

    /// How they came.
    pub(crate) fn frames_traced(&mut self, device: DeviceId, mut via: Vec<NodeId>) {
        via.sort();
        via.dedup();
        via.retain(|node| *node != self.here.node);
        let line = self.line_of_member(&device);
        if let Some(line) = line {
            let _ = self.append(Body::Forged { line, device, via }, Vec::new(), After::Nothing);
        }
    }

    fn line_of_member(&self, device: &DeviceId) -> Option<LineId> {
        let lines = self.here.charter.lines.iter().map(|line| &line.id);
        lines.into_iter().find(|line| self.at().members(line).iter().any(|(member, _)| member == device)).cloned()
    }
}
