//! A console's statement: may it say that, and then what happens.

use super::course::is_for;
use super::device::Stay;
use super::node::{NodeState, OwnRing};
use super::respond::Acknowledged;
use super::{Applied, Ignored};
use crate::stated::{StatementError, UnverifiedStatement};
use crate::statement::{Act, Statement};
use trialogue_charter::VerifiedCharter;

impl NodeState {
    /// Opens a statement and holds it against every rule that concerns this journal alone. Changes nothing.
    /// `now_ms`: the time of the entry.
    pub(super) fn open(&self, charter: &VerifiedCharter, bytes: &[u8], now_ms: u64) -> Result<Statement, Ignored> {
        let unverified = UnverifiedStatement::decode(bytes).map_err(|_| Ignored::Malformed)?;
        is_for(unverified.claim(), &self.id)?;
        let known = self.devices.get(&unverified.claim().device).ok_or(Ignored::UnknownDevice)?;
        if self.has_barred(&known.device.id) {
            return Err(Ignored::Revoked);
        }
        let statement = unverified.verify(&known.device).map_err(|error| match error {
            StatementError::Malformed => Ignored::Malformed,
            StatementError::OtherDevice | StatementError::Signature => Ignored::Signature,
        })?;
        self.course.permits(&statement, now_ms)?;
        if statement.number <= known.last_number {
            return Err(Ignored::Replayed);
        }
        if !charter.is_on_line(&known.device.office, &statement.line) {
            return Err(Ignored::NotOnLine);
        }
        self.allows(charter, &statement, now_ms)?;
        Ok(statement)
    }

    fn allows(&self, charter: &VerifiedCharter, statement: &Statement, now_ms: u64) -> Result<(), Ignored> {
        match &statement.act {
            // Whoever is in may offer new key packages by it; only who acts for the party rings by it.
            Act::Ring { .. } if self.is_in(statement) && self.must_act(charter, &statement.device).is_err() => Ok(()),
            Act::Ring { precedence, .. } => {
                self.must_act(charter, &statement.device)?;
                self.may_ring(charter, statement, *precedence)?;
                self.may_come_in(statement)
            }
            Act::Answer { .. } => self.may_come_in(statement),
            Act::Attach { ring, word, .. } => self.may_attach(charter, statement, *ring, word),
            Act::Acknowledge { call, .. } => {
                self.must_act(charter, &statement.device)?;
                self.may_acknowledge(&statement.line, call)
            }
            Act::Decline { call, deputy, .. } => {
                self.must_act(charter, &statement.device)?;
                self.may_decline(charter, &statement.line, call, deputy.as_ref())
            }
            Act::Confirm { party } => self.may_confirm(charter, statement, party),
            Act::Ready { with } => self.may_be_ready(charter, statement, with),
            Act::ComeOn { with } => self.may_come_on(charter, statement, with),
            Act::Tags { anew, .. } => self.may_tell_tags(&statement.line, &statement.device, *anew),
            Act::Hold { device, .. } => self.may_hold(charter, statement, device),
            Act::Remove { device } => self.may_remove(charter, statement, device),
            Act::Drop { party, .. } => self.may_drop(charter, statement, party),
            Act::TakeDuty { until_ms } => {
                self.must_act(charter, &statement.device)?;
                super::duty::may_take(*until_ms, now_ms)
            }
            Act::StationTested { .. } | Act::Alive { .. } | Act::SendTest { .. } | Act::Certify { .. } => {
                self.may_test(charter, statement, now_ms)
            }
            Act::Stock { .. }
            | Act::Circle { .. }
            | Act::Write { .. }
            | Act::Shown { .. }
            | Act::AcknowledgeWriting { .. }
            | Act::CertifyWriting { .. }
            | Act::Approve { .. }
            | Act::Archive { .. } => self.may_write(charter, statement, now_ms),
            Act::Propose { .. } | Act::Attend { .. } | Act::Withdraw { .. } => {
                self.may_consult(charter, statement, now_ms)
            }
            Act::Leave { .. } => self.may_leave(&statement.line, &statement.device),
            Act::Handshake { group, epoch, added, removed, .. } => {
                self.may_move(&statement.line, &statement.device, group, *epoch, added, removed)
            }
        }
    }

    /// Does what [`NodeState::open`] has found allowed.
    pub(super) fn perform(
        &mut self,
        charter: &VerifiedCharter,
        statement: Statement,
        seq: u64,
        time_ms: u64,
    ) -> Applied {
        if let Some(applied) = self.stand(&statement, seq, time_ms) {
            return applied;
        }
        let Statement { device, number, line, act, .. } = statement;
        let role = self.role(charter, &device);
        if let Some(known) = self.devices.get_mut(&device) {
            known.last_number = number;
            if matches!(act, Act::Ring { .. } | Act::Answer { .. } | Act::Attach { .. }) {
                known.last_stay = Some(Stay { line: line.clone(), number, seq, end: None });
            }
        }
        if let Act::Leave { cause } = act {
            self.depart(&device, &line, seq);
            return Applied::Left { line, device, cause };
        }
        if let Act::Remove { device: removed } = act {
            self.depart(&removed, &line, seq);
            return Applied::Removed { line, device: removed, by: device };
        }
        let on = self.lines.entry(line.clone()).or_default();
        match act {
            Act::Ring { call, offers, precedence } => {
                on.ring(device, OwnRing { call, precedence, seq, time_ms }, offers, role);
                self.begin(&line, &call, time_ms);
                Applied::Rang { line, call, device }
            }
            Act::Answer { call, offers } => {
                on.answer(device, call, offers, role, seq, time_ms);
                self.begin(&line, &call, time_ms);
                Applied::Answered { line, call, device }
            }
            Act::Attach { call, offers, ring, word } => {
                on.attach(device, call, offers, ring, word, role, (seq, time_ms));
                self.begin(&line, &call, time_ms);
                Applied::CameOver { line, device }
            }
            Act::Decline { call, reason, call_back_ms, deputy } => {
                on.decline(call, reason, call_back_ms, deputy, Some(device), seq);
                Applied::Declined { line, call, reason, by: Some(device) }
            }
            Act::Confirm { .. } | Act::Ready { .. } | Act::ComeOn { .. } | Act::Drop { .. } => {
                on.say(&device, act, seq);
                Applied::Said { line, device }
            }
            Act::Hold { device: held, on: hold } => {
                on.hold(&held, hold, device, seq);
                Applied::Held { line, device: held, on: hold, by: device }
            }
            Act::Remove { device: removed } => Applied::Removed { line, device: removed, by: device },
            Act::Leave { cause } => Applied::Left { line, device, cause },
            // Done above: no part of any call.
            Act::TakeDuty { .. } | Act::Propose { .. } | Act::Attend { .. } | Act::Withdraw { .. } => {
                Applied::Consulted { line, device }
            }
            Act::StationTested { .. } | Act::Alive { .. } | Act::SendTest { .. } | Act::Certify { .. } => {
                Applied::Tested { device }
            }
            Act::Stock { .. }
            | Act::Circle { .. }
            | Act::Write { .. }
            | Act::Shown { .. }
            | Act::AcknowledgeWriting { .. }
            | Act::CertifyWriting { .. }
            | Act::Approve { .. }
            | Act::Archive { .. } => Applied::Written { line, device },
            Act::Acknowledge { call, ready_ms } => {
                let wait_ms = ready_ms.saturating_sub(number.max(time_ms));
                on.response(call, seq).acknowledged = Some(Acknowledged { by: device, ready_ms, wait_ms, seq });
                Applied::Acknowledged { line, call, device }
            }
            Act::Tags { generation, anew, secrets } => {
                on.tell_tags(&device, super::TagsTold { seq, generation, secrets }, anew);
                Applied::Tagged { line, device }
            }
            Act::Handshake { group, epoch, commit, welcome, added, removed } => {
                let record = super::HandshakeRecord { seq, by: device, epoch, commit, welcome, added, removed };
                let (epoch, created) = on.handshake(group, record);
                Applied::Moved { line, group, epoch, created, device }
            }
        }
    }
}
