//! Consoles in a call that are out of touch.

use crate::journals::After;
use crate::machine::Machine;
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, LineId};
use trialogue_journal::Body;

/// Devices in a call that are out of touch, and until when they may come back. No more than are in on some line.
#[derive(Default)]
pub(crate) struct Lost(BTreeMap<DeviceId, u64>);

impl Lost {
    fn wait(&mut self, device: DeviceId, until_us: u64) {
        self.0.insert(device, until_us);
    }

    /// It is back, or is nobody's any more.
    pub(crate) fn forget(&mut self, device: &DeviceId) {
        self.0.remove(device);
    }

    /// The node is in service no more: it writes of nobody.
    pub(crate) fn retire(&mut self) {
        self.0.clear();
    }

    /// When something is due next.
    pub(crate) fn next_us(&self) -> Option<u64> {
        self.0.values().min().copied()
    }

    /// Those who did not come back in time, each once.
    fn take_due(&mut self, now_us: u64) -> Vec<DeviceId> {
        self.0.extract_if(.., |_, until_us| now_us >= *until_us).map(|(device, _)| device).collect()
    }
}

impl Machine {
    /// A device has no WebSocket any more. In a call it keeps its place and its leg for `policy.lost_seconds`.
    pub(crate) fn out_of_touch(&mut self, device: DeviceId) {
        // One that is in at another site of the party may be on its way here: its voice is heard over this leg already.
        let mut lines = self.here.charter.lines.iter();
        let in_call =
            lines.any(|line| self.journals.state().in_on(&line.id).iter().any(|member| member.device == device));
        if !in_call && self.lines_of(&device).is_empty() {
            self.close_leg(&device);
        } else {
            let due = self.here.now.us + u64::from(self.here.charter.policy.lost_seconds) * 1_000_000;
            self.lost.wait(device, due);
        }
    }

    pub(crate) fn back_in_touch(&mut self, device: DeviceId) {
        self.lost.forget(&device);
    }

    /// Writes that those who did not come back in time have left.
    pub(crate) fn write_lost(&mut self) {
        for device in self.lost.take_due(self.here.now.us) {
            for line in self.lines_of(&device) {
                let body = Body::Lost { device, line };
                if self.append(body, Vec::new(), After::Nothing).is_err() {
                    self.lost.wait(device, self.here.now.us + 1_000_000);
                }
            }
            self.close_leg(&device);
        }
    }

    /// Lines that a device of this node is in on, by the own journal as far as it is made.
    pub(crate) fn lines_of(&self, device: &DeviceId) -> Vec<LineId> {
        self.journals.ahead().node(&self.here.node).map(|own| own.lines_of(device)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_come_back_in_time_is_lost_once() {
        let (one, other) = (DeviceId([1; 32]), DeviceId([2; 32]));
        let mut lost = Lost::default();
        lost.wait(one, 30);
        lost.wait(other, 20);
        assert_eq!(lost.next_us(), Some(20));
        lost.forget(&other);
        assert!(lost.take_due(29).is_empty());
        assert_eq!((lost.take_due(30), lost.take_due(31)), (vec![one], Vec::new()));
        lost.wait(one, 40);
        lost.retire();
        assert_eq!(lost.next_us(), None);
    }
}
