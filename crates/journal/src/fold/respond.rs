//! What a node does with the rings of others: it has them, its consoles sound, nobody came.

use super::node::{NodeState, OnLine};
use super::{Applied, Ignored};
use crate::limits::RESPONSES_MAX;
use crate::statement::DeclineReason;
use minicbor::{Decode, Encode};
use trialogue_charter::{CallId, DeviceId, LineId, OfficeId, VerifiedCharter};

/// What one node's journal says about another's ring.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Response {
    /// Position of the first entry about it.
    #[n(0)]
    pub first: u64,
    /// Position of the `Received` entry, once there is one.
    #[n(1)]
    pub received: Option<u64>,
    /// How many consoles sound, and the position of the entry that said so last.
    #[n(2)]
    pub ringing: Option<(u16, u64)>,
    /// A console said that somebody is being fetched.
    #[n(3)]
    pub acknowledged: Option<Acknowledged>,
    /// People beyond the consoles were alerted: did it work, and the position of the entry.
    #[n(4)]
    pub alerted: Option<(bool, u64)>,
    /// At how many offices beyond the first it sounds, and the position of the entry.
    #[n(5)]
    pub step: Option<(u8, u64)>,
    /// How it ended; while none, the ring sounds.
    #[n(6)]
    pub ended: Option<Ended>,
}

/// A party has seen a ring and says when it will answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Acknowledged {
    /// Which console said so.
    #[n(0)]
    pub by: DeviceId,
    /// When the party expects to answer, milliseconds since 1970 UTC. Its claim.
    #[n(1)]
    pub ready_ms: u64,
    /// How long that was from when it was said, in milliseconds: by the console's clock or the node's, whichever makes it less.
    #[n(2)]
    pub wait_ms: u64,
    /// Position of the entry.
    #[n(3)]
    pub seq: u64,
}

/// How a ring ended for a node.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Ended {
    /// A console of the node was in on the line while it rang. It does not sound again when that console leaves.
    #[n(0)]
    Joined {
        /// Which console.
        #[n(0)]
        by: DeviceId,
        /// Position of the `Ring` or `Answer` by which that console was in when the ring ended.
        #[n(1)]
        first: u64,
        /// Position of its last one since, without having left between.
        #[n(2)]
        order: u64,
        /// Position of the entry by which it left, once it has.
        #[n(3)]
        end: Option<u64>,
    },
    /// Declined.
    #[n(1)]
    Declined {
        /// Why.
        #[n(0)]
        reason: DeclineReason,
        /// When the party will call back, milliseconds since 1970 UTC.
        #[n(1)]
        call_back_ms: Option<u64>,
        /// Who could answer instead.
        #[n(2)]
        deputy: Option<OfficeId>,
        /// Which console declined; none: the node, by policy.
        #[n(3)]
        by: Option<DeviceId>,
        /// Position of the entry.
        #[n(4)]
        seq: u64,
        /// Position of the entry by which it ended first: declined or expired before, it was nobody's to join from there on.
        #[n(5)]
        first: u64,
    },
    /// Nobody answered in time.
    #[n(2)]
    Expired {
        /// Position of the entry.
        #[n(0)]
        seq: u64,
    },
}

impl Response {
    pub(super) fn new(first: u64) -> Self {
        Self { first, received: None, ringing: None, acknowledged: None, alerted: None, step: None, ended: None }
    }

    /// Positions of the entries that it is made of.
    pub(super) fn seqs(&self) -> impl Iterator<Item = u64> {
        let ended = match self.ended {
            Some(Ended::Joined { first, order, end, .. }) => [Some(first), Some(order), end],
            Some(Ended::Declined { seq, first, .. }) => [Some(first), Some(seq), None],
            Some(Ended::Expired { seq }) => [Some(seq), None, None],
            None => [None; 3],
        };
        let said = [
            self.received,
            self.ringing.map(|(_, seq)| seq),
            self.step.map(|(_, seq)| seq),
            self.alerted.map(|(_, seq)| seq),
            self.acknowledged.map(|acknowledged| acknowledged.seq),
        ];
        said.into_iter().chain(ended).flatten()
    }

    /// Position of the entry by which something was said of it last.
    pub(super) fn last(&self) -> u64 {
        self.seqs().fold(self.first, u64::max)
    }

    /// A console came in while it rang.
    pub(super) fn join(&mut self, by: DeviceId, order: u64) {
        // The one that came in before may be back, in a new stay that ended the one before.
        match &mut self.ended {
            None => self.ended = Some(Ended::Joined { by, first: order, order, end: None }),
            Some(Ended::Joined { order: last, end, .. }) if *end == Some(order) => {
                *last = order;
                *end = None;
            }
            Some(_) => {}
        }
    }

    /// A stay on the line ended.
    pub(super) fn end_stay(&mut self, ended: u64, seq: u64) {
        if let Some(Ended::Joined { order, end, .. }) = &mut self.ended
            && *order == ended
            && end.is_none()
        {
            *end = Some(seq);
        }
    }
}

impl NodeState {
    /// What is over for this node is not promised any more.
    pub(super) fn may_acknowledge(&self, line: &LineId, call: &CallId) -> Result<(), Ignored> {
        match self.response(line, call).and_then(|response| response.ended.as_ref()) {
            Some(_) => Err(Ignored::NotNow),
            None => Ok(()),
        }
    }

    pub(super) fn receive(
        &mut self,
        charter: &VerifiedCharter,
        call: CallId,
        line: &LineId,
        (seq, time_ms): (u64, u64),
    ) -> Result<Applied, Ignored> {
        self.own(charter).on_line(line)?;
        let on = self.lines.entry(line.clone()).or_default();
        let acting = on.present.iter().filter(|(_, presence)| presence.role.acts_for_party());
        let first_in = acting.map(|(device, presence)| (presence.order, *device)).min();
        let response = on.response(call, seq);
        if response.received.is_some() {
            return Err(Ignored::NotNow);
        }
        response.received = Some(seq);
        if let Some((order, device)) = first_in {
            response.join(device, order);
        }
        self.consultations.begin(line, &call, time_ms);
        Ok(Applied::Received { line: line.clone(), call })
    }

    /// What this node says of a ring, as long as that has not ended for it.
    fn open_response(
        &mut self,
        charter: &VerifiedCharter,
        call: CallId,
        line: &LineId,
        seq: u64,
    ) -> Result<&mut Response, Ignored> {
        self.own(charter).on_line(line)?;
        if self.response(line, &call).is_some_and(|response| response.ended.is_some()) {
            return Err(Ignored::NotNow);
        }
        Ok(self.lines.entry(line.clone()).or_default().response(call, seq))
    }

    pub(super) fn sound(
        &mut self,
        charter: &VerifiedCharter,
        call: CallId,
        line: &LineId,
        consoles: u16,
        seq: u64,
    ) -> Result<Applied, Ignored> {
        self.open_response(charter, call, line, seq)?.ringing = Some((consoles, seq));
        Ok(Applied::Ringing { line: line.clone(), call, consoles })
    }

    pub(super) fn alert(
        &mut self,
        charter: &VerifiedCharter,
        call: CallId,
        line: &LineId,
        done: bool,
        seq: u64,
    ) -> Result<Applied, Ignored> {
        self.open_response(charter, call, line, seq)?.alerted = Some((done, seq));
        Ok(Applied::Alerted { line: line.clone(), call, done })
    }

    pub(super) fn escalate(
        &mut self,
        charter: &VerifiedCharter,
        call: CallId,
        line: &LineId,
        step: u8,
        seq: u64,
    ) -> Result<Applied, Ignored> {
        let offices = charter.acting_offices(&self.party, line).count();
        let before = self.response(line, &call).and_then(|response| response.step).map_or(0, |(step, _)| step);
        if step <= before || usize::from(step) >= offices {
            return Err(Ignored::NotNow);
        }
        self.open_response(charter, call, line, seq)?.step = Some((step, seq));
        Ok(Applied::Escalated { line: line.clone(), call, step })
    }

    pub(super) fn expire(
        &mut self,
        charter: &VerifiedCharter,
        call: CallId,
        line: &LineId,
        seq: u64,
    ) -> Result<Applied, Ignored> {
        self.open_response(charter, call, line, seq)?.ended = Some(Ended::Expired { seq });
        Ok(Applied::Expired { line: line.clone(), call })
    }
}

impl OnLine {
    /// Forgets the oldest response when a new one needs its place.
    pub(super) fn make_room(&mut self, call: &CallId) {
        if self.responses.len() < RESPONSES_MAX || self.responses.contains_key(call) {
            return;
        }
        let oldest = self.responses.iter().min_by_key(|(_, response)| response.first).map(|(call, _)| *call);
        if let Some(oldest) = oldest {
            self.responses.remove(&oldest);
        }
    }
}
