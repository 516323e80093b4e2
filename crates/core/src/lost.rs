//! Consoles in a call that are out of touch.

use crate::append::After;
use crate::machine::Machine;
use trialogue_charter::{DeviceId, LineId};
use trialogue_journal::Body;

impl Machine {
    /// A device has no WebSocket any more. In a call it keeps its place and its leg for `policy.lost_seconds`.
    pub(crate) fn out_of_touch(&mut self, device: DeviceId) {
        // One that is in at another site of the party may be on its way here: its voice is heard over this leg already.
        let mut lines = self.here.charter.lines.iter();
        let in_call = lines.any(|line| self.state.in_on(&line.id).iter().any(|member| member.device == device));
        if !in_call && self.lines_of(&device).is_empty() {
            self.close_leg(&device);
        } else {
            let due = self.here.now.us + u64::from(self.here.charter.policy.lost_seconds) * 1_000_000;
            self.lost_due.insert(device, due);
        }
    }

    pub(crate) fn back_in_touch(&mut self, device: DeviceId) {
        self.lost_due.remove(&device);
    }

    /// When [`Machine::write_lost`] is due.
    pub(crate) fn next_lost_us(&self) -> Option<u64> {
        self.lost_due.values().min().copied()
    }

    /// Writes that those who did not come back in time have left.
    pub(crate) fn write_lost(&mut self) {
        let due: Vec<DeviceId> =
            self.lost_due.iter().filter(|(_, due)| self.here.now.us >= **due).map(|(device, _)| *device).collect();
        for device in due {
            self.lost_due.remove(&device);
            for line in self.lines_of(&device) {
                let body = Body::Lost { device, line };
                if self.append(body, Vec::new(), After::Nothing).is_err() {
                    self.lost_due.insert(device, self.here.now.us + 1_000_000);
                }
            }
            self.close_leg(&device);
        }
    }

    /// Lines that a device of this node is in on, by the own journal as far as it is made.
    pub(crate) fn lines_of(&self, device: &DeviceId) -> Vec<LineId> {
        self.ahead.node(&self.here.node).map(|own| own.lines_of(device)).unwrap_or_default()
    }
}
