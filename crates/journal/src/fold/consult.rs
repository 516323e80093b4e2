//! A consultation is proposed, answered, withdrawn: what one node's journal says of it.

use super::kept::in_a_row;
use super::speaker::{At, Speaker};
use super::{Applied, Ignored};
use crate::limits::{
    ATTENDANCES_MAX, BEGIN_EARLY_MS, BELIEVED_AHEAD_MS, CONSULTATION_OVER_MS, PROPOSALS_MAX, PROPOSE_MS,
};
use crate::statement::{Act, Coming, Statement};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;
use trialogue_charter::{CallId, DeviceId, Hash, LineId, Precedence, SubjectId};

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

/// Consultations, as one node's journal says them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Consultations {
    /// What consoles of this node have proposed and that waits for its time.
    proposals: BTreeMap<CallId, Proposal>,
    /// What its consoles have answered, by the hash of what was proposed.
    attendances: BTreeMap<Hash, Attendance>,
}

in_a_row!(Consultations { proposals, attendances });

impl Consultations {
    /// What waits for its time.
    pub(super) fn proposals(&self) -> &BTreeMap<CallId, Proposal> {
        &self.proposals
    }

    /// What was answered, by the hash of what was proposed.
    pub(super) fn attendances(&self) -> &BTreeMap<Hash, Attendance> {
        &self.attendances
    }

    /// What the rules of this journal alone say to proposing, answering and withdrawing.
    pub(super) fn may(&self, by: &Speaker<'_>, statement: &Statement, now_ms: u64) -> Result<(), Ignored> {
        by.must_act()?;
        match &statement.act {
            Act::Propose { id, subject, level, at_ms, precedence } => {
                by.may_ring(&statement.line, *precedence)?;
                by.own.on_line(level)?;
                if by.own.charter.subjects.iter().all(|known| known.id != *subject) {
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
                by.own.on_line(level)?;
                let Some(Coming { office, at_ms }) = coming else { return Ok(()) };
                if !by.own.has_on(office, level) {
                    return Err(Ignored::OtherOffice);
                }
                let furthest = now_ms.saturating_add(PROPOSE_MS + CONSULTATION_OVER_MS);
                if *at_ms > furthest { Err(Ignored::Time) } else { Ok(()) }
            }
            Act::Withdraw { id } => match self.proposals.get(id) {
                Some(proposal) if proposal.line == statement.line => Ok(()),
                _ => Err(Ignored::NoConsultation),
            },
            _ => Err(Ignored::NotNow),
        }
    }

    /// Does what [`Consultations::may`] has found allowed.
    pub(super) fn take(&mut self, statement: &Statement, At { seq, time_ms }: At) -> Applied {
        let (by, line) = (statement.device, statement.line.clone());
        match &statement.act {
            Act::Propose { id, subject, level, at_ms, precedence } => {
                let proposal = Proposal {
                    by,
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
            }
            Act::Attend { proposal, level, coming } => {
                let (level, coming) = (level.clone(), coming.clone());
                self.attend(*proposal, Attendance { by, line: line.clone(), level, coming, time_ms, seq });
            }
            Act::Withdraw { id } => {
                self.proposals.remove(id);
            }
            _ => {}
        }
        Applied::Consulted { line, device: by }
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

    /// Somebody rings the line on which to meet with the consultation's id, or answers there: it is the call now, if
    /// its time has come. Everybody on its lines knows the id beforehand, and a ring before that is any ring.
    pub(super) fn begin(&mut self, line: &LineId, call: &CallId, time_ms: u64) {
        if self.proposals.get(call).is_some_and(|proposal| proposal.level == *line && proposal.may_begin(time_ms)) {
            self.proposals.remove(call);
        }
    }

    /// What is over at the time of the node's own entry goes.
    pub(super) fn forget(&mut self, time_ms: u64) {
        self.proposals.retain(|_, proposal| !proposal.is_over(time_ms));
        let longest = PROPOSE_MS + CONSULTATION_OVER_MS;
        self.attendances.retain(|_, said| time_ms < said.time_ms.saturating_add(longest));
    }

    /// The device has no word in consultations any more.
    pub(super) fn take_off(&mut self, device: &DeviceId) {
        self.proposals.retain(|_, proposal| proposal.by != *device);
        self.attendances.retain(|_, attendance| attendance.by != *device);
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{CHARTER, Console, at, call, duty, office, own};
    use super::*;

    const NOW_MS: u64 = 1_000_000;

    fn proposed(id: u8, at_ms: u64) -> Act {
        let subject = CHARTER.subjects[0].id.clone();
        Act::Propose { id: call(id), subject, level: duty(), at_ms, precedence: Precedence::default() }
    }

    fn judged(all: &Consultations, by: &Console, act: Act) -> Result<(), Ignored> {
        all.may(&own(&by.device.party).speaker(&by.device), &by.says(1, &duty(), act), NOW_MS)
    }

    #[test]
    fn a_consultation_is_proposed_once_for_a_time_to_come() {
        let (mut all, japan) = (Consultations::default(), Console::new("jpn-duty", 1));
        assert_eq!(judged(&all, &japan, proposed(1, NOW_MS)), Err(Ignored::Time));
        assert_eq!(judged(&all, &japan, proposed(1, NOW_MS + PROPOSE_MS + 1)), Err(Ignored::Time));
        assert_eq!(judged(&all, &Console::new("jpn-notes", 1), proposed(1, NOW_MS + 1)), Err(Ignored::Role));
        assert_eq!(judged(&all, &japan, proposed(1, NOW_MS + 1)), Ok(()));
        let said = japan.says(1, &duty(), proposed(1, NOW_MS + 1));
        assert_eq!(all.take(&said, at(5)), Applied::Consulted { line: duty(), device: japan.id() });
        let waits = all.proposals().get(&call(1));
        assert_eq!(
            waits.map(|waits| (waits.by, waits.seq, waits.hash)),
            Some((japan.id(), 5, Hash::of(&said.payload())))
        );
        assert_eq!(judged(&all, &japan, proposed(1, NOW_MS + 1)), Err(Ignored::NotNow));
        for id in 2..=u8::try_from(PROPOSALS_MAX).unwrap_or(u8::MAX) {
            all.take(&japan.says(1, &duty(), proposed(id, NOW_MS + 1)), at(5));
        }
        assert_eq!(judged(&all, &japan, proposed(99, NOW_MS + 1)), Err(Ignored::Full));
    }

    #[test]
    fn a_party_answers_for_its_own_offices_and_its_oldest_answer_makes_room() {
        let (mut all, japan) = (Consultations::default(), Console::new("jpn-duty", 1));
        let attends = |number: u64, id: &str| Act::Attend {
            proposal: Hash::of(&number.to_be_bytes()),
            level: duty(),
            coming: Some(Coming { office: office(id), at_ms: NOW_MS }),
        };
        assert_eq!(judged(&all, &japan, attends(0, "jpn-duty")), Ok(()));
        assert_eq!(judged(&all, &japan, attends(0, "kor-duty")), Err(Ignored::OtherOffice));
        for number in 0..=ATTENDANCES_MAX as u64 {
            all.take(&japan.says(1, &duty(), attends(number, "jpn-duty")), at(number + 1));
        }
        assert_eq!(all.attendances().len(), ATTENDANCES_MAX);
        assert!(!all.attendances().contains_key(&Hash::of(&0u64.to_be_bytes())));
    }

    #[test]
    fn what_is_begun_withdrawn_over_or_of_one_who_is_out_waits_no_more() {
        let japan = Console::new("jpn-duty", 1);
        let mut waiting = Consultations::default();
        waiting.take(&japan.says(1, &duty(), proposed(1, NOW_MS)), at(1));
        let gone = |change: &dyn Fn(&mut Consultations)| {
            let mut all = waiting.clone();
            change(&mut all);
            all.proposals().is_empty()
        };
        assert!(!gone(&|all| all.begin(&duty(), &call(1), NOW_MS - BEGIN_EARLY_MS - 1)), "too early");
        assert!(gone(&|all| all.begin(&duty(), &call(1), NOW_MS - BEGIN_EARLY_MS)));
        assert!(!gone(&|all| all.forget(NOW_MS)));
        assert!(gone(&|all| all.forget(NOW_MS + CONSULTATION_OVER_MS)));
        assert!(gone(&|all| all.take_off(&japan.id())));
        let withdraw = |id| Act::Withdraw { id: call(id) };
        assert_eq!(judged(&waiting, &japan, withdraw(2)), Err(Ignored::NoConsultation));
        assert_eq!(judged(&waiting, &japan, withdraw(1)), Ok(()));
        assert!(gone(&|all| drop(all.take(&japan.says(2, &duty(), withdraw(1)), at(2)))));
    }
}
