//! A console's statement: may it say that, and then what happens.

use super::course::is_for;
use super::missed::MissedRings;
use super::node::NodeState;
use super::speaker::{At, Own, Speaker};
use super::{Applied, Ignored};
use crate::stated::{StatementError, UnverifiedStatement, VerifiedStatement};
use crate::statement::{Act, Statement};
use std::sync::Arc;
use trialogue_charter::{Device, VerifiedCharter};

/// A statement that its journal's rules allow, and the device that said it.
pub(super) struct Allowed {
    pub(super) statement: VerifiedStatement,
    device: Arc<Device>,
}

impl NodeState {
    /// Opens a statement and holds it against every rule that concerns this journal alone. Changes nothing.
    /// `now_ms`: the time of the entry.
    pub(super) fn open(
        &self,
        charter: &VerifiedCharter,
        unverified: &UnverifiedStatement,
        now_ms: u64,
    ) -> Result<Allowed, Ignored> {
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
            Act::TakeDuty { until_ms } => {
                by.must_act()?;
                super::duty::may_take(*until_ms, now_ms)
            }
            Act::Dismiss { party, .. } => MissedRings::may_dismiss(by, &statement.line, party),
            Act::Propose { .. } | Act::Attend { .. } | Act::Withdraw { .. } => {
                self.consultations.may(by, statement, now_ms)
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
            Act::Ring { .. }
            | Act::Answer { .. }
            | Act::Attach { .. }
            | Act::Acknowledge { .. }
            | Act::Decline { .. }
            | Act::Leave { .. }
            | Act::Remove { .. }
            | Act::Confirm { .. }
            | Act::Ready { .. }
            | Act::ComeOn { .. }
            | Act::Drop { .. }
            | Act::Hold { .. }
            | Act::Tags { .. }
            | Act::Handshake { .. } => self.lines.may(by, &self.enrolled, statement),
        }
    }

    /// Does what [`NodeState::open`] has found allowed.
    pub(super) fn perform(
        &mut self,
        charter: &VerifiedCharter,
        Allowed { statement, device }: Allowed,
        at: At,
    ) -> Applied {
        let (by, number, line) = (statement.device, statement.number, statement.line.clone());
        self.enrolled.says(&by, number);
        match &statement.act {
            Act::TakeDuty { until_ms } => self.duties.take(&device, *until_ms, at),
            Act::Dismiss { party, calls } => {
                self.missed.dismiss(&line, party, calls, by, at.seq);
                Applied::Dismissed { line, device: by }
            }
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
            Act::Ring { call, .. } | Act::Answer { call, .. } | Act::Attach { call, .. } => {
                self.enrolled.comes_in(&by, &line, number, at.seq);
                self.consultations.begin(&line, call, at.time_ms);
                self.lines.take(self.own(charter).speaker(&device).role, Statement::clone(&statement), at)
            }
            Act::Leave { cause } => {
                self.depart(&by, &line, at.seq);
                Applied::Left { line, device: by, cause: *cause }
            }
            Act::Remove { device } => {
                self.depart(device, &line, at.seq);
                Applied::Removed { line, device: *device, by }
            }
            Act::Acknowledge { .. }
            | Act::Decline { .. }
            | Act::Confirm { .. }
            | Act::Ready { .. }
            | Act::ComeOn { .. }
            | Act::Drop { .. }
            | Act::Hold { .. }
            | Act::Tags { .. }
            | Act::Handshake { .. } => {
                self.lines.take(self.own(charter).speaker(&device).role, Statement::clone(&statement), at)
            }
        }
    }
}
