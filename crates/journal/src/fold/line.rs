//! A line as all journals together show it.

use super::floor::{Floor, Prepared};
use super::group::Group;
use super::respond::{Acknowledged, Ended, Response};
use super::{NodeState, State, TagsTold};
use crate::entry::BodyRef;
use crate::statement::DeclineReason;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trialogue_charter::{CallId, DeviceId, LineId, NodeId, OfficeId, PartyId, Precedence, Role};

/// A line now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineState {
    /// Everyone who is in, by node and order.
    pub participants: Vec<Participant>,
    /// Rings whose ringer is still in, by call id.
    pub rings: Vec<Ring>,
    /// The call: the smallest id of the rings, or else of what the participants answered; none: nobody is in.
    pub call: Option<CallId>,
    /// What each party with an office on the line did with the ring that stands for it: the one with the smallest id that is
    /// not its own.
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

impl State {
    /// The line now. Parties and lines that the charter does not have are not there.
    pub fn line(&self, line: &LineId) -> LineState {
        let participants = self.in_on(line);
        let rings = self.rings(line);
        let ringing = rings.first().map(|ring| ring.call);
        let call = ringing.or_else(|| participants.iter().map(|participant| participant.call).min());
        let parties = self.charter.parties_on_line(line).map(|party| &party.id);
        let responses = parties.map(|party| (party.clone(), self.party_response(line, party, &participants, &rings)));
        // A node that still believes a console to be there that has moved on leads its group no more.
        let led = |id: &NodeId| participants.iter().any(|participant| participant.node == *id);
        let groups = self.nodes.iter().filter(|(id, _)| led(id));
        let groups = groups.filter_map(|(id, node)| Some((id.clone(), node.group(line)?.clone())));
        let groups = groups.collect();
        let (prepared, drops) = (self.prepared(line), self.drops(line));
        LineState { responses: responses.collect(), groups, participants, rings, call, prepared, drops }
    }

    /// Everyone who is in on the line, by node and order. A device that has moved to another node of its party is in there only.
    pub fn in_on(&self, line: &LineId) -> Vec<Participant> {
        let (mut all, dropped, prepared) = (Vec::new(), self.dropped(line), self.prepared(line));
        let staged = self.charter.line(line).is_some_and(|line| line.staged);
        for (id, node) in self.nodes.iter().filter(|(_, node)| !dropped.contains(&node.party)) {
            let here = node.present(line).filter(|(device, _)| self.is_at(node, device));
            let mut here: Vec<Participant> = here
                .map(|(device, presence)| Participant {
                    device: *device,
                    node: id.clone(),
                    party: node.party.clone(),
                    call: presence.call,
                    order: presence.order,
                    since_ms: presence.since_ms,
                    offers: presence.offers.clone(),
                    role: presence.role,
                    floor: presence.floor(staged, &node.party, &prepared),
                    tags: presence.tags.clone(),
                })
                .collect();
            here.sort_by_key(|participant| participant.order);
            all.append(&mut here);
        }
        all
    }

    /// Rings on the line whose ringer is still in, by call id.
    pub fn rings(&self, line: &LineId) -> Vec<Ring> {
        let (mut rings, dropped) = (Vec::new(), self.dropped(line));
        for (id, node) in self.nodes.iter().filter(|(_, node)| !dropped.contains(&node.party)) {
            for (device, presence) in node.present(line).filter(|(device, _)| self.is_at(node, device)) {
                let Some(ring) = presence.ring else { continue };
                rings.push(Ring {
                    line: line.clone(),
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
    pub fn response(&self, line: &LineId, party: &PartyId, call: &CallId) -> RingResponse {
        let nodes = self.nodes.values().filter(|node| node.party == *party);
        let said: Vec<&Response> = nodes.filter_map(|node| node.response(line, call)).collect();
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

    /// Has a party alerted people beyond its consoles to a ring that still sounds there? None: not (yet); otherwise whether it worked at
    /// any of its nodes.
    pub fn alerted(&self, line: &LineId, party: &PartyId, call: &CallId) -> Option<bool> {
        let nodes = self.nodes.values().filter(|node| node.party == *party);
        let said = nodes.filter_map(|node| node.response(line, call)).filter(|response| response.ended.is_none());
        said.filter_map(|response| response.alerted).map(|(done, _)| done).max()
    }

    fn party_response(&self, line: &LineId, party: &PartyId, present: &[Participant], rings: &[Ring]) -> RingResponse {
        if present.iter().any(|participant| participant.acts_for(party)) {
            return RingResponse::Answered;
        }
        match rings.iter().find(|ring| ring.party != *party) {
            Some(ring) => match self.response(line, party, &ring.call) {
                // Nobody is in, whatever a node of it may still say about one that has moved.
                RingResponse::Answered => RingResponse::Left,
                other => other,
            },
            None => RingResponse::None,
        }
    }

    /// Is this node where the device came in last, and is the device still accepted by its party?
    pub(super) fn is_at(&self, node: &NodeState, device: &DeviceId) -> bool {
        let last = |node: &NodeState| {
            node.enrolled.get(device).and_then(|known| known.last_stay.as_ref()).map(|stay| stay.number)
        };
        let others = self.nodes.values().filter(|other| other.party == node.party && other.id != node.id);
        // One statement in two journals, as a console may have to say it again at the other site, leaves the device at one of them.
        let here = last(node).map(|number| (number, &node.id));
        others.filter_map(|other| Some((last(other)?, &other.id))).all(|there| Some(there) < here)
            && !self.is_revoked(device)
    }
}
