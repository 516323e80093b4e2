//! The lines of one node: what its consoles say in calls, and what the node does with the rings of others.

use super::enrolled::Enrolled;
use super::forged::Forgery;
use super::on_line::OnLine;
use super::respond::{Declined, Ended, Response};
use super::speaker::{At, Own, Speaker};
use super::{Applied, Ignored};
use crate::statement::{DeclineReason, Statement};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{CallId, DeviceId, LineId, NodeId, Role};

/// Lines of which the node's journal has said something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub(super) struct Lines {
    #[n(0)]
    lines: BTreeMap<LineId, OnLine>,
}

impl Lines {
    pub(super) fn on(&self, line: &LineId) -> Option<&OnLine> {
        self.lines.get(line)
    }

    fn entry(&mut self, line: &LineId) -> &mut OnLine {
        self.lines.entry(line.clone()).or_default()
    }

    /// Everyone who is in, by line.
    pub(super) fn everyone(&self) -> Vec<(LineId, DeviceId)> {
        let all = self.lines.iter().flat_map(|(id, on)| on.present.all().keys().map(|device| (id.clone(), *device)));
        all.collect()
    }

    /// Lines that the device is in on.
    pub(super) fn of(&self, device: &DeviceId) -> Vec<LineId> {
        self.lines.iter().filter(|(_, on)| on.present.has(device)).map(|(id, _)| id.clone()).collect()
    }

    /// What the node did with another's ring.
    pub(super) fn response(&self, line: &LineId, call: &CallId) -> Option<&Response> {
        self.on(line)?.responses.to(call)
    }

    /// Forged frames that the node has told of.
    pub(super) fn forgeries(&self, line: &LineId) -> &[Forgery] {
        self.on(line).map(|on| on.forgeries.told()).unwrap_or_default()
    }

    /// What the rules of the line say to an act in a call.
    pub(super) fn may(&self, by: &Speaker<'_>, enrolled: &Enrolled, statement: &Statement) -> Result<(), Ignored> {
        match self.on(&statement.line) {
            Some(on) => on.may(by, enrolled, statement),
            None => OnLine::default().may(by, enrolled, statement),
        }
    }

    /// Does what [`Lines::may`] has found allowed, but for leaving and removing ([`Lines::depart`]).
    pub(super) fn take(&mut self, role: Role, statement: Statement, at: At) -> Applied {
        self.entry(&statement.line).take(role, statement, at)
    }

    /// The console is out; false: it was not in.
    pub(super) fn depart(&mut self, device: &DeviceId, line: &LineId, seq: u64) -> bool {
        self.lines.get_mut(line).is_some_and(|on| on.depart(device, seq))
    }

    /// Frames were given to the node's consoles as a device's that are not its own.
    pub(super) fn forged(
        &mut self,
        own: Own<'_>,
        line: &LineId,
        device: &DeviceId,
        via: &[NodeId],
        at: At,
    ) -> Result<Applied, Ignored> {
        if own.charter.line(line).is_none() {
            return Err(Ignored::NotOnLine);
        }
        self.entry(line).forgeries.tell(*device, via, at);
        Ok(Applied::Forged { line: line.clone(), device: *device })
    }

    pub(super) fn receive(&mut self, own: Own<'_>, line: &LineId, call: CallId, seq: u64) -> Result<Applied, Ignored> {
        own.on_line(line)?;
        let on = self.entry(line);
        on.responses.receive(call, on.present.first_acting(), seq)?;
        Ok(Applied::Received { line: line.clone(), call })
    }

    /// What the node says of a ring, as long as that has not ended for it.
    fn open(&mut self, own: Own<'_>, line: &LineId, call: CallId, seq: u64) -> Result<&mut Response, Ignored> {
        own.on_line(line)?;
        // Of a line that is not there yet nothing has ended: nothing is made by what is ignored.
        self.entry(line).responses.open(call, seq)
    }

    pub(super) fn sound(
        &mut self,
        own: Own<'_>,
        line: &LineId,
        call: CallId,
        consoles: u16,
        seq: u64,
    ) -> Result<Applied, Ignored> {
        self.open(own, line, call, seq)?.ringing = Some((consoles, seq));
        Ok(Applied::Ringing { line: line.clone(), call, consoles })
    }

    pub(super) fn alert(
        &mut self,
        own: Own<'_>,
        line: &LineId,
        call: CallId,
        done: bool,
        seq: u64,
    ) -> Result<Applied, Ignored> {
        self.open(own, line, call, seq)?.alerted = Some((done, seq));
        Ok(Applied::Alerted { line: line.clone(), call, done })
    }

    pub(super) fn escalate(
        &mut self,
        own: Own<'_>,
        line: &LineId,
        call: CallId,
        step: u8,
        seq: u64,
    ) -> Result<Applied, Ignored> {
        let offices = own.charter.acting_offices(own.party, line).count();
        let before = self.response(line, &call).and_then(|response| response.step).map_or(0, |(step, _)| step);
        if step <= before || usize::from(step) >= offices {
            return Err(Ignored::NotNow);
        }
        self.open(own, line, call, seq)?.step = Some((step, seq));
        Ok(Applied::Escalated { line: line.clone(), call, step })
    }

    pub(super) fn expire(&mut self, own: Own<'_>, line: &LineId, call: CallId, seq: u64) -> Result<Applied, Ignored> {
        self.open(own, line, call, seq)?.ended = Some(Ended::Expired { seq });
        Ok(Applied::Expired { line: line.clone(), call })
    }

    /// The node declines a ring by policy.
    pub(super) fn refuse(
        &mut self,
        own: Own<'_>,
        line: &LineId,
        call: CallId,
        reason: DeclineReason,
        seq: u64,
    ) -> Result<Applied, Ignored> {
        own.on_line(line)?;
        let on = self.entry(line);
        on.responses.may_decline(own, line, &call, None)?;
        on.responses.decline(call, Declined { reason, call_back_ms: None, deputy: None }, None, seq);
        Ok(Applied::Declined { line: line.clone(), call, reason, by: None })
    }

    /// Devices whose statements are among the relevant entries. `live`: the calls on each line.
    pub(super) fn speakers(&self, live: &BTreeMap<LineId, BTreeSet<CallId>>, devices: &mut BTreeSet<DeviceId>) {
        self.lines.iter().for_each(|(id, on)| on.speakers(live.get(id), devices));
    }

    /// Positions of the entries that a console needs to have the same lines.
    pub(super) fn relevant(&self, live: &BTreeMap<LineId, BTreeSet<CallId>>, seqs: &mut BTreeSet<u64>) {
        self.lines.iter().for_each(|(id, on)| on.relevant(live.get(id), seqs));
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{Console, at, call, device, duty, line, own, party};
    use super::*;
    use crate::statement::Act;

    #[test]
    fn a_node_speaks_of_its_party_s_lines_alone_and_what_is_ignored_leaves_nothing() {
        let (mut lines, japan) = (Lines::default(), party("JPN"));
        let (own, nowhere, one) = (own(&japan), line("nowhere"), call(1));
        assert_eq!(lines.receive(own, &nowhere, one, 1), Err(Ignored::NotOnLine));
        assert_eq!(lines.sound(own, &nowhere, one, 1, 1), Err(Ignored::NotOnLine));
        assert_eq!(lines.refuse(own, &nowhere, one, DeclineReason::Busy, 1), Err(Ignored::NotOnLine));
        assert_eq!(lines.forged(own, &nowhere, &device(1), &[], at(1)), Err(Ignored::NotOnLine));
        assert_eq!(lines.escalate(own, &nowhere, one, 1, 1), Err(Ignored::NotNow), "it has no office there");
        assert_eq!(lines, Lines::default());
        assert!(lines.forged(own, &duty(), &device(1), &[], at(2)).is_ok());
        assert_eq!(lines.forgeries(&duty()).len(), 1);
    }

    #[test]
    fn a_ring_sounds_goes_on_to_the_next_office_and_ends_once() {
        let (mut lines, japan) = (Lines::default(), party("JPN"));
        let (own, one) = (own(&japan), call(1));
        assert!(lines.receive(own, &duty(), one, 1).is_ok());
        assert!(lines.sound(own, &duty(), one, 2, 2).is_ok());
        assert!(lines.alert(own, &duty(), one, true, 3).is_ok());
        let offices = own.charter.acting_offices(&japan, &duty()).count() as u8;
        assert_eq!(lines.escalate(own, &duty(), one, offices, 4), Err(Ignored::NotNow), "there is none further");
        assert!(lines.expire(own, &duty(), one, 5).is_ok());
        assert_eq!(lines.sound(own, &duty(), one, 1, 6), Err(Ignored::NotNow));
        assert_eq!(lines.expire(own, &duty(), one, 6), Err(Ignored::NotNow));
        assert!(lines.refuse(own, &duty(), one, DeclineReason::Busy, 7).is_ok(), "with a reason after all");
        let said = lines.response(&duty(), &one);
        assert_eq!(said.map(|said| (said.ringing, said.alerted)), Some((Some((2, 2)), Some((true, 3)))));
    }

    #[test]
    fn who_is_in_is_in_on_its_line_until_it_departs() {
        let (mut lines, japan) = (Lines::default(), Console::new("jpn-duty", 1));
        let answer = japan.says(1, &duty(), Act::Answer { call: call(1), offers: Vec::new() });
        lines.take(Role::DutyOfficer, answer, at(1));
        assert_eq!((lines.of(&japan.id()), lines.everyone()), (vec![duty()], vec![(duty(), japan.id())]));
        assert!(!lines.depart(&japan.id(), &line("another"), 2));
        assert!(lines.depart(&japan.id(), &duty(), 2) && lines.everyone().is_empty());
    }
}
