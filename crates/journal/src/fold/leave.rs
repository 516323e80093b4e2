//! A console is no longer in: it hung up, was lost, was revoked, or its node started again.

use super::node::{NodeState, OnLine};
use super::{Applied, Ignored};
use trialogue_charter::{DeviceId, LineId};

impl NodeState {
    pub(super) fn may_leave(&self, line: &LineId, device: &DeviceId) -> Result<(), Ignored> {
        match self.lines.get(line) {
            Some(on) if on.present.contains_key(device) => Ok(()),
            _ => Err(Ignored::NotIn),
        }
    }

    pub(super) fn lose(&mut self, device: &DeviceId, line: &LineId, seq: u64) -> Result<Applied, Ignored> {
        self.may_leave(line, device)?;
        self.depart(device, line, seq);
        Ok(Applied::Lost { line: line.clone(), device: *device })
    }

    pub(super) fn restart(&mut self, seq: u64, time_ms: u64) -> Applied {
        self.course.restart(seq, time_ms);
        self.on_watch.restart();
        self.duties.restart(seq);
        let present = self.lines.iter().flat_map(|(id, on)| on.present.keys().map(|device| (id.clone(), *device)));
        let present: Vec<(LineId, DeviceId)> = present.collect();
        for (line, device) in present {
            self.depart(&device, &line, seq);
        }
        Applied::Restarted
    }

    /// The console is out. Does nothing if it was not in.
    pub(super) fn depart(&mut self, device: &DeviceId, line: &LineId, seq: u64) {
        let Some(on) = self.lines.get_mut(line) else { return };
        let Some(presence) = on.present.remove(device) else { return };
        on.end_stay(presence.order, seq, false);
        self.enrolled.leaves(device, line, seq);
    }

    /// The device is accepted no more: it has left every line here, and has no duty and no word in consultations.
    pub(super) fn take_off(&mut self, device: &DeviceId, seq: u64) -> Vec<LineId> {
        self.duties.take_off(device);
        self.consultations.take_off(device);
        let lines = self.lines_of(device);
        for line in &lines {
            self.depart(device, line, seq);
        }
        lines
    }
}

impl OnLine {
    /// A stay ends at `seq`; `again`: because the same console begins another one there.
    pub(super) fn end_stay(&mut self, order: u64, seq: u64, again: bool) {
        for response in self.responses.values_mut() {
            response.end_stay(order, seq);
        }
        self.end_span(order, seq, again);
        self.drop_unusable_group();
    }
}
