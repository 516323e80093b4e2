//! A console tells those who hear it secrets by which they know that a frame is its own (sealing.md §6).

use super::Ignored;
use super::node::{NodeState, OnLine, TagsTold};
use crate::limits::TAGS_TOLD_MAX;
use trialogue_charter::{DeviceId, LineId};

impl NodeState {
    /// Only who is in tells, and only so often: everyone who comes in later reads all lists.
    pub(super) fn may_tell_tags(&self, line: &LineId, device: &DeviceId, anew: bool) -> Result<(), Ignored> {
        let presence = self.lines.get(line).and_then(|on| on.present.get(device)).ok_or(Ignored::NotIn)?;
        if anew || presence.tags.len() < TAGS_TOLD_MAX { Ok(()) } else { Err(Ignored::Full) }
    }
}

impl OnLine {
    pub(super) fn tell_tags(&mut self, device: &DeviceId, told: TagsTold, anew: bool) {
        let Some(presence) = self.present.get_mut(device) else { return };
        if anew {
            presence.tags.clear();
        }
        presence.tags.push(told);
    }
}
