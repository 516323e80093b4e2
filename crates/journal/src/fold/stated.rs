//! A console's statement: may it say that, and then what happens.

use super::course::is_for;
use super::node::{NodeState, OwnRing};
use super::respond::Acknowledged;
use super::speaker::{At, Own, Speaker};
use super::{Applied, Ignored};
use crate::stated::{StatementError, UnverifiedStatement};
use crate::statement::{Act, Statement};
use std::sync::Arc;
use trialogue_charter::{Device, Role, VerifiedCharter};

/// A statement that its journal's rules allow, and the device that said it.
pub(super) struct Allowed {
    pub(super) statement: Statement,
    device: Arc<Device>,
}

impl NodeState {
    /// Opens a statement and holds it against every rule that concerns this journal alone. Changes nothing.
    /// `now_ms`: the time of the entry.
    pub(super) fn open(&self, charter: &VerifiedCharter, bytes: &[u8], now_ms: u64) -> Result<Allowed, Ignored> {
        let unverified = UnverifiedStatement::decode(bytes).map_err(|_| Ignored::Malformed)?;
        is_for(unverified.claim(), &self.id)?;
        let known = self.enrolled.get(&unverified.claim().device).ok_or(Ignored::UnknownDevice)?;
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
        let own = self.own(charter);
        self.allows(&own.speaker(&known.device), &statement, now_ms)?;
        Ok(Allowed { statement, device: known.device.clone() })
    }

    /// By this charter.
    pub(super) fn own<'a>(&'a self, charter: &'a VerifiedCharter) -> Own<'a> {
        Own { charter, party: &self.party }
    }

    fn allows(&self, by: &Speaker<'_>, statement: &Statement, now_ms: u64) -> Result<(), Ignored> {
        match &statement.act {
            // Whoever is in may offer new key packages by it; only who acts for the party rings by it.
            Act::Ring { .. } if self.is_in(statement) && by.must_act().is_err() => Ok(()),
            Act::Ring { precedence, .. } => {
                by.must_act()?;
                by.may_ring(&statement.line, *precedence)?;
                self.may_come_in(statement)
            }
            Act::Answer { .. } => self.may_come_in(statement),
            Act::Attach { ring, word, .. } => self.may_attach(by, statement, *ring, word),
            Act::Acknowledge { call, .. } => {
                by.must_act()?;
                self.may_acknowledge(&statement.line, call)
            }
            Act::Decline { call, deputy, .. } => {
                by.must_act()?;
                self.may_decline(by.own, &statement.line, call, deputy.as_ref())
            }
            Act::Confirm { party } => self.may_confirm(by, statement, party),
            Act::Ready { with } => self.may_be_ready(by, statement, with),
            Act::ComeOn { with } => self.may_come_on(by, statement, with),
            Act::Tags { anew, .. } => self.may_tell_tags(&statement.line, &statement.device, *anew),
            Act::Hold { device, .. } => self.may_hold(by, statement, device),
            Act::Remove { device } => self.may_remove(by, statement, device),
            Act::Drop { party, .. } => self.may_drop(by, statement, party),
            Act::TakeDuty { until_ms } => {
                by.must_act()?;
                super::duty::may_take(*until_ms, now_ms)
            }
            Act::StationTested { .. } | Act::Alive { .. } | Act::SendTest { .. } | Act::Certify { .. } => {
                self.tests.may(by, statement, now_ms)
            }
            Act::Stock { .. }
            | Act::Circle { .. }
            | Act::Write { .. }
            | Act::Shown { .. }
            | Act::AcknowledgeWriting { .. }
            | Act::CertifyWriting { .. }
            | Act::Approve { .. }
            | Act::Archive { .. } => self.writings.may(by, statement, now_ms),
            Act::Propose { .. } | Act::Attend { .. } | Act::Withdraw { .. } => {
                self.consultations.may(by, statement, now_ms)
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
        Allowed { statement, device }: Allowed,
        at: At,
    ) -> Applied {
        self.enrolled.says(&statement.device, statement.number);
        match &statement.act {
            Act::TakeDuty { until_ms } => self.duties.take(&device, *until_ms, at),
            Act::Propose { .. } | Act::Attend { .. } | Act::Withdraw { .. } => self.consultations.take(&statement, at),
            Act::StationTested { .. } | Act::Alive { .. } | Act::SendTest { .. } | Act::Certify { .. } => {
                self.tests.take(&device, &statement, at)
            }
            Act::Stock { .. }
            | Act::Circle { .. }
            | Act::Write { .. }
            | Act::Shown { .. }
            | Act::AcknowledgeWriting { .. }
            | Act::CertifyWriting { .. }
            | Act::Approve { .. }
            | Act::Archive { .. } => self.writings.take(&statement, at),
            _ => self.perform_on_line(self.own(charter).speaker(&device).role, statement, at),
        }
    }

    fn perform_on_line(&mut self, role: Role, statement: Statement, At { seq, time_ms }: At) -> Applied {
        let Statement { device, number, line, act, .. } = statement;
        if matches!(act, Act::Ring { .. } | Act::Answer { .. } | Act::Attach { .. }) {
            self.enrolled.comes_in(&device, &line, number, seq);
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
                self.consultations.begin(&line, &call, time_ms);
                Applied::Rang { line, call, device }
            }
            Act::Answer { call, offers } => {
                on.answer(device, call, offers, role, seq, time_ms);
                self.consultations.begin(&line, &call, time_ms);
                Applied::Answered { line, call, device }
            }
            Act::Attach { call, offers, ring, word } => {
                on.attach(device, call, offers, ring, word, role, (seq, time_ms));
                self.consultations.begin(&line, &call, time_ms);
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
            _ => Applied::Said { line, device },
        }
    }
}
