//! A consultation is proposed, answered, withdrawn: what one node's journal says of it.

use super::node::NodeState;
use super::{Applied, Ignored};
use crate::limits::{
    ATTENDANCES_MAX, BEGIN_EARLY_MS, BELIEVED_AHEAD_MS, CONSULTATION_OVER_MS, PROPOSALS_MAX, PROPOSE_MS,
};
use crate::statement::{Act, Coming, Statement};
use minicbor::{Decode, Encode};
use trialogue_charter::{CallId, DeviceId, Hash, LineId, OfficeId, Precedence, SubjectId, VerifiedCharter};

/// What a console has proposed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Proposal {
    /// Who proposed it.
    #[n(0)]
    pub by: DeviceId,
    /// On which line it was asked.
    #[n(1)]
    pub line: LineId,
    /// On which line to meet.
    #[n(2)]
    pub level: LineId,
    /// About what.
    #[n(3)]
    pub subject: SubjectId,
    /// How urgently it was asked.
    #[n(4)]
    pub precedence: Precedence,
    /// When to meet, milliseconds since 1970 UTC.
    #[n(5)]
    pub at_ms: u64,
    /// Hash of the statement's payload, which answers name.
    #[n(6)]
    pub hash: Hash,
    /// The node's time of the entry, milliseconds since 1970 UTC. A claim.
    #[n(7)]
    pub time_ms: u64,
    /// Position of the entry.
    #[n(8)]
    pub seq: u64,
}

impl Proposal {
    /// Its time has been over for so long that nobody waits for it.
    pub fn is_over(&self, now_ms: u64) -> bool {
        now_ms >= self.at_ms.saturating_add(CONSULTATION_OVER_MS)
    }

    /// Whoever reads it now is asked to meet: no further ahead than one may be proposed for, as far as clocks agree. A
    /// node that writes of years to come would have it on everybody's board until then.
    pub fn is_asked(&self, now_ms: u64) -> bool {
        self.at_ms <= now_ms.saturating_add(PROPOSE_MS + BELIEVED_AHEAD_MS)
    }

    /// A call with its id is this consultation by now.
    pub fn may_begin(&self, now_ms: u64) -> bool {
        now_ms.saturating_add(BEGIN_EARLY_MS) >= self.at_ms
    }
}

/// What a console has answered for its party.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Attendance {
    /// Who said so.
    #[n(0)]
    pub by: DeviceId,
    /// On which line.
    #[n(1)]
    pub line: LineId,
    /// The line on which to meet, as it understood.
    #[n(2)]
    pub level: LineId,
    /// Who comes; none: nobody.
    #[n(3)]
    pub coming: Option<Coming>,
    /// The node's time of the entry, milliseconds since 1970 UTC. A claim.
    #[n(4)]
    pub time_ms: u64,
    /// Position of the entry.
    #[n(5)]
    pub seq: u64,
}

impl NodeState {
    /// Proposals of this node that wait for their time.
    pub fn proposals(&self) -> impl Iterator<Item = (&CallId, &Proposal)> {
        self.proposals.iter()
    }

    pub(super) fn may_consult(
        &self,
        charter: &VerifiedCharter,
        statement: &Statement,
        now_ms: u64,
    ) -> Result<(), Ignored> {
        self.must_act(charter, &statement.device)?;
        match &statement.act {
            Act::Propose { id, subject, level, at_ms, precedence } => {
                self.may_ring(charter, statement, *precedence)?;
                self.on_line(charter, level)?;
                if charter.subjects.iter().all(|known| known.id != *subject) {
                    return Err(Ignored::Malformed);
                }
                if *at_ms <= now_ms || *at_ms > now_ms.saturating_add(PROPOSE_MS) {
                    return Err(Ignored::Time);
                }
                let waiting = self.proposals.values().filter(|p| p.line == statement.line && !p.is_over(now_ms));
                if self.proposals.contains_key(id) {
                    return Err(Ignored::NotNow);
                }
                if waiting.count() >= PROPOSALS_MAX { Err(Ignored::Full) } else { Ok(()) }
            }
            Act::Attend { level, coming, .. } => {
                self.on_line(charter, level)?;
                let Some(Coming { office, at_ms }) = coming else { return Ok(()) };
                self.is_own(charter, office, level)?;
                let furthest = now_ms.saturating_add(PROPOSE_MS + CONSULTATION_OVER_MS);
                if *at_ms > furthest { Err(Ignored::Time) } else { Ok(()) }
            }
            Act::Withdraw { id } => match self.proposals.get(id) {
                Some(proposal) if proposal.line == statement.line => Ok(()),
                _ => Err(Ignored::NoConsultation),
            },
            _ => Ok(()),
        }
    }

    /// The office is one of the own party's on the line.
    fn is_own(&self, charter: &VerifiedCharter, office: &OfficeId, line: &LineId) -> Result<(), Ignored> {
        let mut own = charter.offices_of_party_on_line(&self.party, line);
        if own.any(|own| own.id == *office) { Ok(()) } else { Err(Ignored::OtherOffice) }
    }

    /// Does what is said for the office or the party and is no part of any call; none: the act is another.
    pub(super) fn stand(&mut self, statement: &Statement, seq: u64, time_ms: u64) -> Option<Applied> {
        let (device, line) = (statement.device, statement.line.clone());
        let applied = match &statement.act {
            Act::TakeDuty { until_ms } => self.take_duty(device, *until_ms, seq, time_ms),
            Act::Propose { id, subject, level, at_ms, precedence } => {
                let proposal = Proposal {
                    by: device,
                    line: line.clone(),
                    level: level.clone(),
                    subject: subject.clone(),
                    precedence: *precedence,
                    at_ms: *at_ms,
                    hash: Hash::of(&statement.payload()),
                    time_ms,
                    seq,
                };
                self.proposals.insert(*id, proposal);
                Applied::Consulted { line, device }
            }
            Act::Attend { proposal, level, coming } => {
                self.attend(
                    *proposal,
                    Attendance {
                        by: device,
                        line: line.clone(),
                        level: level.clone(),
                        coming: coming.clone(),
                        time_ms,
                        seq,
                    },
                );
                Applied::Consulted { line, device }
            }
            Act::Withdraw { id } => {
                self.proposals.remove(id);
                Applied::Consulted { line, device }
            }
            act => match self.test(act, statement, seq, time_ms) {
                Some(applied) => applied,
                None => self.write(act, statement, seq, time_ms)?,
            },
        };
        if let Some(known) = self.devices.get_mut(&device) {
            known.last_number = statement.number;
        }
        Some(applied)
    }

    fn attend(&mut self, proposal: Hash, attendance: Attendance) {
        if self.attendances.len() >= ATTENDANCES_MAX && !self.attendances.contains_key(&proposal) {
            let oldest = self.attendances.iter().min_by_key(|(_, held)| held.seq).map(|(hash, _)| *hash);
            if let Some(oldest) = oldest {
                self.attendances.remove(&oldest);
            }
        }
        self.attendances.insert(proposal, attendance);
    }

    /// Somebody rings the line on which to meet with the consultation's id, or answers there: it is the call now, if its time has come. Everybody on its lines
    /// knows the id beforehand, and a ring before that is any ring.
    pub(super) fn begin(&mut self, line: &LineId, call: &CallId, time_ms: u64) {
        if self.proposals.get(call).is_some_and(|proposal| proposal.level == *line && proposal.may_begin(time_ms)) {
            self.proposals.remove(call);
        }
    }

    /// What is over at the time of the node's own entry goes.
    pub(super) fn forget_consultations(&mut self, time_ms: u64) {
        self.proposals.retain(|_, proposal| !proposal.is_over(time_ms));
        let longest = PROPOSE_MS + CONSULTATION_OVER_MS;
        self.attendances.retain(|_, said| time_ms < said.time_ms.saturating_add(longest));
    }
}
