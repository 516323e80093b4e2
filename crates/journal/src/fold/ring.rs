//! A console rings the line, and is in.

use super::Ignored;
use super::node::{NodeState, OnLine, OwnRing, Presence, Word};
use super::respond::Ended;
use crate::entry::BodyRef;
use crate::limits::{MEMBERS_MAX, NODES_MAX};
use crate::statement::{KeyOffer, Statement};
use std::collections::BTreeMap;
use trialogue_charter::{CallId, DeviceId, NodeId, Role};

impl NodeState {
    /// Its device is in on its line.
    pub(super) fn is_in(&self, statement: &Statement) -> bool {
        self.lines.get(&statement.line).is_some_and(|line| line.present.contains_key(&statement.device))
    }

    pub(super) fn may_come_in(&self, statement: &Statement) -> Result<(), Ignored> {
        let Some(line) = self.lines.get(&statement.line) else { return Ok(()) };
        if line.present.len() >= MEMBERS_MAX && !line.present.contains_key(&statement.device) {
            return Err(Ignored::Full);
        }
        Ok(())
    }
}

impl Presence {
    /// A console that comes in.
    pub(super) fn new(call: CallId, role: Role, order: u64, since_ms: u64, offers: BTreeMap<NodeId, BodyRef>) -> Self {
        let (word, tags) = (Word::default(), Vec::new());
        Self { call, order, since_ms, ring: None, offers, role, held: None, word, tags, offered: order }
    }
}

impl OnLine {
    /// Rings. A console that is in already keeps its place and its keys: it rings again for those who are missing, or offers new key packages alone. Those that
    /// it does not list stay.
    pub(super) fn ring(&mut self, device: DeviceId, ring: OwnRing, offers: Vec<KeyOffer>, role: Role) {
        if let Some(presence) = self.present.get_mut(&device) {
            presence.offered = ring.seq;
            if role.acts_for_party() {
                presence.ring = Some(ring);
            }
            let listed = by_node(offers);
            presence.offers.retain(|node, _| !listed.contains_key(node));
            if presence.offers.len() + listed.len() > NODES_MAX {
                // Among them are some for nodes that left with an amendment.
                presence.offers.clear();
            }
            presence.offers.extend(listed);
            return;
        }
        let offers = by_node(offers);
        let mut presence = Presence::new(ring.call, role, ring.seq, ring.time_ms, offers);
        presence.ring = Some(ring);
        self.come(device, presence);
        // Whoever stays in the call may go on ringing with its id for others: not for those who began it and have left.
        if role.acts_for_party() {
            let seq = ring.seq;
            self.response(ring.call, seq).ended = Some(Ended::Joined { by: device, first: seq, order: seq, end: None });
        }
    }

    /// A console is in from here on; a stay that it had before ends.
    pub(super) fn come(&mut self, device: DeviceId, presence: Presence) {
        let (order, acts) = (presence.order, presence.role.acts_for_party());
        if let Some(before) = self.present.insert(device, presence) {
            self.end_stay(before.order, order, true);
        }
        if acts {
            for response in self.responses.values_mut() {
                response.join(device, order);
            }
        }
    }
}

pub(super) fn by_node(offers: Vec<KeyOffer>) -> BTreeMap<NodeId, BodyRef> {
    offers.into_iter().map(|offer| (offer.node, offer.package)).collect()
}
