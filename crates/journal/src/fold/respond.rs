//! What a node does with the rings of others: it has them, its consoles sound, nobody came.

use super::Ignored;
use super::speaker::Own;
use crate::limits::{NEWEST_RESPONSES, RESPONSES_MAX};
use crate::statement::DeclineReason;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{CallId, DeviceId, LineId, OfficeId};

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
    /// How long that was from when it was said, in milliseconds: by the console's clock or the node's, whichever makes
    /// it less.
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
        /// Position of the entry by which it ended first: declined or expired before, it was nobody's to join from
        /// there on.
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

/// With what a party declines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declined {
    pub(super) reason: DeclineReason,
    pub(super) call_back_ms: Option<u64>,
    pub(super) deputy: Option<OfficeId>,
}

impl Response {
    fn new(first: u64) -> Self {
        Self { first, received: None, ringing: None, acknowledged: None, alerted: None, step: None, ended: None }
    }

    /// A person has answered, or declined without the promise to call back.
    pub(super) fn is_settled(&self) -> bool {
        match &self.ended {
            Some(Ended::Joined { .. }) => true,
            Some(Ended::Declined { by, call_back_ms, .. }) => by.is_some() && call_back_ms.is_none(),
            Some(Ended::Expired { .. }) | None => false,
        }
    }

    /// Positions of the entries that it is made of.
    fn seqs(&self) -> impl Iterator<Item = u64> {
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
    fn last(&self) -> u64 {
        self.seqs().fold(self.first, u64::max)
    }

    /// A console came in while it rang.
    fn join(&mut self, by: DeviceId, order: u64) {
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
    fn end_stay(&mut self, ended: u64, seq: u64) {
        if let Some(Ended::Joined { order, end, .. }) = &mut self.ended
            && *order == ended
            && end.is_none()
        {
            *end = Some(seq);
        }
    }
}

/// What a node did with the rings of others on a line, as far as it is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub(super) struct Responses {
    #[n(0)]
    responses: BTreeMap<CallId, Response>,
}

impl Responses {
    pub(super) fn to(&self, call: &CallId) -> Option<&Response> {
        self.responses.get(call)
    }

    fn ended(&self, call: &CallId) -> Option<&Ended> {
        self.to(call)?.ended.as_ref()
    }

    /// What is remembered of a ring; begins now if nothing was. The oldest is forgotten when a new one needs its place.
    fn begin(&mut self, call: CallId, seq: u64) -> &mut Response {
        if self.responses.len() >= RESPONSES_MAX && !self.responses.contains_key(&call) {
            let oldest = self.responses.iter().min_by_key(|(_, response)| response.first).map(|(call, _)| *call);
            if let Some(oldest) = oldest {
                self.responses.remove(&oldest);
            }
        }
        self.responses.entry(call).or_insert_with(|| Response::new(seq))
    }

    /// What the node says of a ring, as long as that has not ended for it.
    pub(super) fn open(&mut self, call: CallId, seq: u64) -> Result<&mut Response, Ignored> {
        self.may_acknowledge(&call)?;
        Ok(self.begin(call, seq))
    }

    /// What is over for this node is not promised any more.
    pub(super) fn may_acknowledge(&self, call: &CallId) -> Result<(), Ignored> {
        if self.ended(call).is_some() { Err(Ignored::NotNow) } else { Ok(()) }
    }

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
        if matches!(self.ended(call), Some(Ended::Joined { .. })) { Err(Ignored::NotNow) } else { Ok(()) }
    }

    /// The node has the ring, while this console that acts for its party, if any, was in since this position.
    pub(super) fn receive(&mut self, call: CallId, first_in: Option<(u64, DeviceId)>, seq: u64) -> Result<(), Ignored> {
        let response = self.begin(call, seq);
        if response.received.is_some() {
            return Err(Ignored::NotNow);
        }
        response.received = Some(seq);
        if let Some((order, device)) = first_in {
            response.join(device, order);
        }
        Ok(())
    }

    /// A console says when its party will answer.
    pub(super) fn acknowledge(&mut self, call: CallId, said: Acknowledged) {
        self.begin(call, said.seq).acknowledged = Some(said);
    }

    /// A console has come in by this ring for its party. Named, it counts as answered even after a decline or an
    /// expiry.
    pub(super) fn answer(&mut self, call: CallId, by: DeviceId, seq: u64) {
        self.begin(call, seq).ended = Some(Ended::Joined { by, first: seq, order: seq, end: None });
    }

    /// A party declines; by none: its node does.
    pub(super) fn decline(&mut self, call: CallId, said: Declined, by: Option<DeviceId>, seq: u64) {
        let Declined { reason, call_back_ms, deputy } = said;
        let response = self.begin(call, seq);
        let first = match response.ended {
            Some(Ended::Declined { first, .. } | Ended::Expired { seq: first }) => first,
            Some(Ended::Joined { .. }) | None => seq,
        };
        response.ended = Some(Ended::Declined { reason, call_back_ms, deputy, by, seq, first });
    }

    /// A console that acts for its party has come in: all that ring end with that.
    pub(super) fn join(&mut self, by: DeviceId, order: u64) {
        self.responses.values_mut().for_each(|response| response.join(by, order));
    }

    /// A stay on the line ended.
    pub(super) fn end_stay(&mut self, order: u64, seq: u64) {
        self.responses.values_mut().for_each(|response| response.end_stay(order, seq));
    }

    /// Responses to rings that are live, and those of which something was said last: a ring may come here later than
    /// what others said to it.
    fn wanted(&self, live: Option<&BTreeSet<CallId>>) -> impl Iterator<Item = &Response> {
        let mut last: Vec<u64> = self.responses.values().map(Response::last).collect();
        last.sort_unstable();
        let newest = last.iter().rev().nth(NEWEST_RESPONSES - 1).copied().unwrap_or(0);
        let wanted = move |call: &CallId, response: &Response| {
            response.last() >= newest || live.is_some_and(|live| live.contains(call))
        };
        self.responses.iter().filter(move |(call, response)| wanted(call, response)).map(|(_, response)| response)
    }

    /// Devices whose statements say what a console needs of them.
    pub(super) fn speakers(&self, live: Option<&BTreeSet<CallId>>, devices: &mut BTreeSet<DeviceId>) {
        for response in self.wanted(live) {
            devices.extend(response.acknowledged.map(|acknowledged| acknowledged.by));
            match &response.ended {
                Some(Ended::Declined { by, .. }) => devices.extend(by),
                Some(Ended::Joined { by, .. }) => {
                    devices.insert(*by);
                }
                _ => {}
            }
        }
    }

    /// Positions of the entries that say it.
    pub(super) fn relevant(&self, live: Option<&BTreeSet<CallId>>, seqs: &mut BTreeSet<u64>) {
        seqs.extend(self.wanted(live).flat_map(Response::seqs));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::scene::{call, device, duty, office, own, party};
    use super::*;

    fn busy() -> Declined {
        Declined { reason: DeclineReason::Busy, call_back_ms: None, deputy: None }
    }

    fn seqs(responses: &Responses, live: &[u8]) -> Vec<u64> {
        let (live, mut seqs) = (live.iter().map(|number| call(*number)).collect(), BTreeSet::new());
        responses.relevant(Some(&live), &mut seqs);
        seqs.into_iter().collect()
    }

    #[test]
    fn a_ring_is_received_once_and_joined_by_who_is_in() {
        let mut responses = Responses::default();
        assert_eq!(responses.receive(call(1), Some((3, device(1))), 5), Ok(()));
        assert_eq!(responses.receive(call(1), None, 6), Err(Ignored::NotNow));
        let joined = |first, order, end| Some(Ended::Joined { by: device(1), first, order, end });
        assert_eq!(responses.to(&call(1)).unwrap().ended, joined(3, 3, None));
        responses.end_stay(3, 8);
        assert_eq!(responses.to(&call(1)).unwrap().ended, joined(3, 3, Some(8)));
        responses.join(device(1), 8);
        assert_eq!(responses.to(&call(1)).unwrap().ended, joined(3, 8, None), "it is back in a new stay");
        assert_eq!(responses.may_acknowledge(&call(1)), Err(Ignored::NotNow));
        assert!(responses.open(call(1), 9).is_err());
    }

    #[test]
    fn what_was_declined_is_answered_all_the_same_and_not_the_other_way() {
        let (mut responses, japan) = (Responses::default(), party("JPN"));
        let may = |responses: &Responses, deputy: Option<&OfficeId>| {
            responses.may_decline(own(&japan), &duty(), &call(1), deputy)
        };
        assert_eq!(may(&responses, Some(&office("kor-duty"))), Err(Ignored::Malformed));
        assert_eq!(may(&responses, Some(&office("jpn-duty"))), Ok(()));
        responses.open(call(1), 4).unwrap().ended = Some(Ended::Expired { seq: 4 });
        responses.decline(call(1), busy(), Some(device(1)), 6);
        let Some(Ended::Declined { first, seq, .. }) = responses.to(&call(1)).unwrap().ended else { panic!() };
        assert_eq!((first, seq), (4, 6), "from its end on it was nobody's to join");
        assert_eq!(may(&responses, None), Ok(()), "for another reason");
        responses.answer(call(1), device(2), 7);
        assert_eq!(may(&responses, None), Err(Ignored::NotNow));
    }

    #[test]
    fn the_oldest_makes_room() {
        let mut responses = Responses::default();
        for number in 0..=RESPONSES_MAX as u8 {
            responses.open(call(number), u64::from(number) + 1).unwrap().ringing = Some((1, u64::from(number) + 1));
        }
        assert!(responses.to(&call(0)).is_none() && responses.to(&call(1)).is_some());
        assert_eq!(responses.responses.len(), RESPONSES_MAX);
    }

    #[test]
    fn a_console_needs_what_was_said_last_and_to_what_rings() {
        let mut responses = Responses::default();
        for number in 1..=NEWEST_RESPONSES as u8 + 2 {
            responses.decline(call(number), busy(), Some(device(number)), u64::from(number));
        }
        assert_eq!(seqs(&responses, &[]), [3, 4, 5, 6]);
        assert_eq!(seqs(&responses, &[1]), [1, 3, 4, 5, 6]);
        let wait = Acknowledged { by: device(9), ready_ms: 1, wait_ms: 1, seq: 10 };
        responses.acknowledge(call(2), wait);
        assert_eq!(seqs(&responses, &[]), [2, 4, 5, 6, 10]);
        let mut devices = BTreeSet::new();
        responses.speakers(None, &mut devices);
        assert_eq!(devices, BTreeSet::from([2, 4, 5, 6, 9].map(device)));
    }
}
