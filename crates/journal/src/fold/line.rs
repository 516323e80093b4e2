//! A line as all journals together show it.

use super::floor::{Floor, Prepared};
use super::group::Group;
use super::people::People;
use super::present::Presence;
use super::respond::{Acknowledged, Ended, Response};
use super::{NodeState, TagsTold};
use crate::entry::BodyRef;
use crate::statement::DeclineReason;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trialogue_charter::{CallId, DeviceId, LineId, NodeId, OfficeId, PartyId, Precedence, Role, VerifiedCharter};

/// A line now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineState {
    /// Everyone who is in, by node and order.
    pub participants: Vec<Participant>,
    /// Rings whose ringer is still in, by call id.
    pub rings: Vec<Ring>,
    /// The call: the smallest id of the rings, or else of what the participants answered; none: nobody is in.
    pub call: Option<CallId>,
    /// What each party with an office on the line did with the ring that stands for it: the one with the smallest id
    /// that is not its own.
    pub responses: BTreeMap<PartyId, RingResponse>,
    /// The groups that can be used now, by node.
    pub groups: BTreeMap<NodeId, Arc<Group>>,
    /// How far each party that is in has prepared the call.
    pub prepared: BTreeMap<PartyId, Prepared>,
    /// Which parties want which party dropped.
    pub drops: BTreeMap<PartyId, BTreeSet<PartyId>>,
}

/// A console that is in on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// Who.
    pub device: DeviceId,
    /// At which node.
    pub node: NodeId,
    /// Of which party.
    pub party: PartyId,
    /// What it rang or answered.
    pub call: CallId,
    /// Position in its node's journal of the entry by which it came in.
    pub order: u64,
    /// That node's time of the entry, milliseconds since 1970 UTC. A claim.
    pub since_ms: u64,
    /// Its key packages, by the node whose group they are for.
    pub offers: BTreeMap<NodeId, BodyRef>,
    /// What its holder does in the call.
    pub role: Role,
    /// Whom its voice and picture reach.
    pub floor: Floor,
    /// Lists of secrets that it has told those who hear it, in order.
    pub tags: Vec<TagsTold>,
}

impl Participant {
    /// Is the party there by it?
    pub fn acts_for(&self, party: &PartyId) -> bool {
        self.party == *party && self.role.acts_for_party()
    }
}

/// A ring whose ringer is still in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring {
    /// On which line.
    pub line: LineId,
    /// Its id.
    pub call: CallId,
    /// Who rings.
    pub device: DeviceId,
    /// At which node.
    pub node: NodeId,
    /// Of which party.
    pub party: PartyId,
    /// How urgent.
    pub precedence: Precedence,
    /// Position in that node's journal.
    pub seq: u64,
    /// That node's time, milliseconds since 1970 UTC. A claim.
    pub time_ms: u64,
}

/// What a party did with a ring. Each but the first stands on an entry that the party has signed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RingResponse {
    /// No ring for it; or, while another party rings, nothing was heard from it.
    #[default]
    None,
    /// Its node has the ring.
    Received,
    /// Its node has the ring and no console on watch for the line.
    Unstaffed,
    /// So many of its consoles sound.
    Ringing(u32),
    /// It fetches somebody.
    Acknowledged {
        /// Which console said so.
        by: DeviceId,
        /// When it expects to answer, milliseconds since 1970 UTC.
        ready_ms: u64,
    },
    /// A console of it is in.
    Answered,
    /// It was in while it rang, and left.
    Left,
    /// It declined.
    Declined {
        /// Why.
        reason: DeclineReason,
        /// When it will call back, milliseconds since 1970 UTC.
        call_back_ms: Option<u64>,
        /// Who could answer instead.
        deputy: Option<OfficeId>,
        /// Which console declined; none: its node, by policy.
        by: Option<DeviceId>,
    },
    /// Nobody answered in time.
    Expired,
}

impl RingResponse {
    /// The party is done with the ring: it sounds there no more, whoever rings on with its id.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Left | Self::Declined { .. } | Self::Expired)
    }
}

/// One line, asked of all journals.
#[derive(Clone, Copy)]
pub(super) struct LineView<'a, 'l> {
    charter: &'a VerifiedCharter,
    people: People<'a>,
    line: &'l LineId,
}

impl<'a, 'l> LineView<'a, 'l> {
    pub(super) fn new(charter: &'a VerifiedCharter, people: People<'a>, line: &'l LineId) -> Self {
        Self { charter, people, line }
    }

    pub(super) fn people(self) -> People<'a> {
        self.people
    }

    pub(super) fn charter(self) -> &'a VerifiedCharter {
        self.charter
    }

    pub(super) fn id(self) -> &'l LineId {
        self.line
    }

    pub(super) fn nodes(self) -> &'a BTreeMap<NodeId, NodeState> {
        self.people.nodes()
    }

    /// What the nodes of a party did with a ring.
    pub(super) fn responses(self, party: &PartyId, call: &CallId) -> impl Iterator<Item = &'a Response> {
        self.people.nodes_of(party).filter_map(move |node| node.response(self.line, call))
    }

    /// Consoles that are in at a node, but for those that have come in at another one since.
    pub(super) fn present(self, node: &'a NodeState) -> impl Iterator<Item = (&'a DeviceId, &'a Presence)> {
        node.present(self.line).filter(move |(device, _)| self.people.is_at(node, device))
    }

    /// Consoles on watch of a party for the line, as its nodes say: those that could answer.
    pub(super) fn on_watch(self, party: &PartyId) -> u32 {
        self.count(party, NodeState::staffed)
    }

    /// Consoles of a party for the line that would ring and cannot sound, as its nodes say.
    pub(super) fn soundless(self, party: &PartyId) -> u32 {
        self.count(party, NodeState::soundless)
    }

    fn count(self, party: &PartyId, which: fn(&NodeState) -> &BTreeMap<OfficeId, u16>) -> u32 {
        let offices: Vec<&OfficeId> = self.charter.acting_offices(party, self.line).map(|office| &office.id).collect();
        let consoles = self.people.nodes_of(party).flat_map(which);
        consoles.filter(|(office, _)| offices.contains(office)).map(|(_, n)| u32::from(*n)).sum()
    }

    /// The line now. Parties and lines that the charter does not have are not there.
    pub(super) fn now(self) -> LineState {
        let (prepared, drops) = (self.prepared(), self.drops());
        let dropped = self.dropped(&drops);
        let participants = self.in_on(&dropped, &prepared);
        let rings = self.rings(&dropped);
        let ringing = rings.first().map(|ring| ring.call);
        let call = ringing.or_else(|| participants.iter().map(|participant| participant.call).min());
        let parties = self.charter.parties_on_line(self.line).map(|party| &party.id);
        let responses = parties.map(|party| (party.clone(), self.party_response(party, &participants, &rings)));
        // A node that still believes a console to be there that has moved on leads its group no more.
        let led = |id: &NodeId| participants.iter().any(|participant| participant.node == *id);
        let groups = self.nodes().iter().filter(|(id, _)| led(id));
        let groups = groups.filter_map(|(id, node)| Some((id.clone(), node.group(self.line)?.clone())));
        let groups = groups.collect();
        LineState { responses: responses.collect(), groups, participants, rings, call, prepared, drops }
    }

    /// Everyone who is in on the line, by node and order. A device that has moved to another node of its party is in
    /// there only.
    fn in_on(self, dropped: &BTreeSet<PartyId>, prepared: &BTreeMap<PartyId, Prepared>) -> Vec<Participant> {
        let mut all = Vec::new();
        let staged = self.charter.line(self.line).is_some_and(|line| line.staged);
        for (id, node) in self.nodes().iter().filter(|(_, node)| !dropped.contains(&node.party)) {
            let mut here: Vec<Participant> = self
                .present(node)
                .map(|(device, presence)| Participant {
                    device: *device,
                    node: id.clone(),
                    party: node.party.clone(),
                    call: presence.call,
                    order: presence.order,
                    since_ms: presence.since_ms,
                    offers: presence.offers.clone(),
                    role: presence.role,
                    floor: presence.floor(staged, &node.party, prepared),
                    tags: presence.tags.clone(),
                })
                .collect();
            here.sort_by_key(|participant| participant.order);
            all.append(&mut here);
        }
        all
    }

    /// Rings on the line whose ringer is still in, by call id.
    fn rings(self, dropped: &BTreeSet<PartyId>) -> Vec<Ring> {
        let mut rings = Vec::new();
        for (id, node) in self.nodes().iter().filter(|(_, node)| !dropped.contains(&node.party)) {
            for (device, presence) in self.present(node) {
                let Some(ring) = presence.ring else { continue };
                rings.push(Ring {
                    line: self.line.clone(),
                    call: ring.call,
                    device: *device,
                    node: id.clone(),
                    party: node.party.clone(),
                    precedence: ring.precedence,
                    seq: ring.seq,
                    time_ms: ring.time_ms,
                });
            }
        }
        rings.sort_by(|a, b| (a.call, &a.node, a.seq).cmp(&(b.call, &b.node, b.seq)));
        rings
    }

    /// What a party did with one ring, also after the ring has ended, while it is remembered.
    pub(super) fn response(self, party: &PartyId, call: &CallId) -> RingResponse {
        let said: Vec<&Response> = self.responses(party, call).collect();
        let declined = said.iter().find_map(|response| match &response.ended {
            Some(Ended::Declined { reason, call_back_ms, deputy, by, .. }) => Some(RingResponse::Declined {
                reason: *reason,
                call_back_ms: *call_back_ms,
                deputy: deputy.clone(),
                by: *by,
            }),
            _ => None,
        });
        let ended =
            |wanted: fn(&Ended) -> bool| said.iter().any(|response| response.ended.as_ref().is_some_and(wanted));
        let open = || said.iter().filter(|response| response.ended.is_none());
        // Of two sites, the later promise.
        let acknowledged = open().filter_map(|response| response.acknowledged).max_by_key(|said| said.ready_ms);
        let sounding: Vec<u16> = open().filter_map(|response| response.ringing).map(|(consoles, _)| consoles).collect();
        let consoles: u32 = sounding.iter().map(|consoles| u32::from(*consoles)).sum();
        if ended(|ended| matches!(ended, Ended::Joined { end: None, .. })) {
            RingResponse::Answered
        } else if ended(|ended| matches!(ended, Ended::Joined { .. })) {
            RingResponse::Left
        } else if let Some(declined) = declined {
            declined
        } else if let Some(Acknowledged { by, ready_ms, .. }) = acknowledged {
            RingResponse::Acknowledged { by, ready_ms }
        } else if consoles > 0 {
            RingResponse::Ringing(consoles)
        } else if ended(|ended| matches!(ended, Ended::Expired { .. })) {
            RingResponse::Expired
        } else if !sounding.is_empty() {
            RingResponse::Unstaffed
        } else if said.is_empty() {
            RingResponse::None
        } else {
            RingResponse::Received
        }
    }

    /// Has a party alerted people beyond its consoles to a ring that still sounds there? None: not (yet); otherwise
    /// whether it worked at any of its nodes.
    pub(super) fn alerted(self, party: &PartyId, call: &CallId) -> Option<bool> {
        let said = self.responses(party, call).filter(|response| response.ended.is_none());
        said.filter_map(|response| response.alerted).map(|(done, _)| done).max()
    }

    fn party_response(self, party: &PartyId, present: &[Participant], rings: &[Ring]) -> RingResponse {
        if present.iter().any(|participant| participant.acts_for(party)) {
            return RingResponse::Answered;
        }
        match rings.iter().find(|ring| ring.party != *party) {
            Some(ring) => match self.response(party, &ring.call) {
                // Nobody is in, whatever a node of it may still say about one that has moved.
                RingResponse::Answered => RingResponse::Left,
                other => other,
            },
            None => RingResponse::None,
        }
    }

    /// Is a ring over for a party that is none of these?
    pub(super) fn is_over_for_another(self, call: &CallId, but: impl Fn(&PartyId) -> bool) -> bool {
        let mut others = self.charter.parties_on_line(self.line).map(|party| &party.id).filter(|party| !but(party));
        others.any(|party| self.response(party, call).is_over())
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{
        CHARTER, Console, Journals, answer, call, duty, duty_officers, line, node, office, own, party, ring,
    };
    use super::*;
    use trialogue_charter::fixture::{SUMMIT, amended};

    fn with<T>(journals: &Journals, asks: impl FnOnce(LineView<'_, '_>) -> T) -> T {
        asks(LineView::new(&CHARTER, journals.people(), &duty()))
    }

    #[test]
    fn a_ring_sounds_at_the_others_until_they_come_in() {
        let (mut journals, usa, japan) = duty_officers();
        journals.says(&usa, &duty(), ring(1), 2);
        let sounds =
            |journals: &Journals, of: &str| with(journals, |line| line.sounding(&party(of), &line.now()).len());
        let response = |journals: &Journals, of: &str| with(journals, |line| line.response(&party(of), &call(1)));
        assert_eq!((sounds(&journals, "JPN"), sounds(&journals, "USA")), (1, 0));
        assert_eq!(response(&journals, "JPN"), RingResponse::None);
        let japanese = party("JPN");
        assert!(journals.node("jpn-1").lines.sound(own(&japanese), &duty(), call(1), 2, 2).is_ok());
        assert_eq!(response(&journals, "JPN"), RingResponse::Ringing(2));
        journals.says(&japan, &duty(), answer(1), 3);
        assert_eq!((sounds(&journals, "JPN"), response(&journals, "JPN")), (0, RingResponse::Answered));
        let now = with(&journals, |line| line.now());
        assert_eq!((now.call, now.participants.len(), now.rings.len()), (Some(call(1)), 2, 1));
        assert!(journals.node("jpn-1").depart(&japan.id(), &duty(), 4));
        assert_eq!((sounds(&journals, "JPN"), response(&journals, "JPN")), (0, RingResponse::Left));
        assert!(with(&journals, |line| line.is_over_for_another(&call(1), |party| party.as_str() == "USA")));
    }

    #[test]
    fn a_ring_goes_from_office_to_office_where_the_charter_has_them_in_turns() {
        let (mut journals, usa, _) = duty_officers();
        let (japan, summit, one) = (party("JPN"), line(SUMMIT), call(1));
        journals.says(&usa, &summit, ring(1), 2);
        for escalate_seconds in [0, 60] {
            let charter = amended(&CHARTER, |charter| charter.policy.escalate_seconds = escalate_seconds);
            let rung = LineView::new(&charter, journals.people(), &summit).rung_offices(&japan, &one).count();
            assert_eq!(rung, if escalate_seconds == 0 { 2 } else { 1 });
        }
    }

    #[test]
    fn the_earliest_that_is_in_leads_and_those_on_watch_could_answer() {
        let (mut journals, usa, japan) = duty_officers();
        let second = Console::new("usa-duty", 2);
        journals.enrol(&second, 2);
        journals.says(&second, &duty(), ring(1), 3);
        journals.says(&usa, &duty(), answer(1), 4);
        journals.says(&japan, &duty(), answer(1), 4);
        assert_eq!(with(&journals, |line| line.lead(&node("usa-1"), &line.now().participants)), Some(second.id()));
        assert!(journals.node("usa-1").depart(&second.id(), &duty(), 5));
        assert_eq!(with(&journals, |line| line.lead(&node("usa-1"), &line.now().participants)), Some(usa.id()));
        let japanese = party("JPN");
        let offices = [(office("jpn-duty"), 2)];
        assert!(journals.node("jpn-1").on_watch.staff(own(&japanese), &offices, 5).is_ok());
        assert_eq!(with(&journals, |line| (line.on_watch(&japanese), line.on_watch(&party("USA")))), (2, 0));
    }
}
