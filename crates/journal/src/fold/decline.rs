//! A party declines a ring.

use super::node::{NodeState, OnLine};
use super::respond::Ended;
use super::speaker::Own;
use super::{Applied, Ignored};
use crate::statement::DeclineReason;
use trialogue_charter::{CallId, DeviceId, LineId, OfficeId, VerifiedCharter};

impl NodeState {
    /// Not after the party came in on the ring, and the deputy must be an office of the party on the line.
    pub(super) fn may_decline(
        &self,
        own: Own<'_>,
        line: &LineId,
        call: &CallId,
        deputy: Option<&OfficeId>,
    ) -> Result<(), Ignored> {
        if deputy.is_some_and(|deputy| !own.has_on(deputy, line)) {
            return Err(Ignored::Malformed);
        }
        match self.response(line, call).and_then(|response| response.ended.as_ref()) {
            Some(Ended::Joined { .. }) => Err(Ignored::NotNow),
            _ => Ok(()),
        }
    }

    pub(super) fn refuse(
        &mut self,
        charter: &VerifiedCharter,
        call: CallId,
        line: &LineId,
        reason: DeclineReason,
        seq: u64,
    ) -> Result<Applied, Ignored> {
        self.own(charter).on_line(line)?;
        self.may_decline(self.own(charter), line, &call, None)?;
        let on = self.lines.entry(line.clone()).or_default();
        on.decline(call, reason, None, None, None, seq);
        Ok(Applied::Declined { line: line.clone(), call, reason, by: None })
    }
}

impl OnLine {
    pub(super) fn decline(
        &mut self,
        call: CallId,
        reason: DeclineReason,
        call_back_ms: Option<u64>,
        deputy: Option<OfficeId>,
        by: Option<DeviceId>,
        seq: u64,
    ) {
        let response = self.response(call, seq);
        let first = match response.ended {
            Some(Ended::Declined { first, .. } | Ended::Expired { seq: first }) => first,
            Some(Ended::Joined { .. }) | None => seq,
        };
        response.ended = Some(Ended::Declined { reason, call_back_ms, deputy, by, seq, first });
    }
}
