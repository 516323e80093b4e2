//! A node's MLS group on a line, as its journal orders it.

use super::line::{LineView, Participant};
use super::present::Presence;
use crate::entry::BodyRef;
use crate::limits::MEMBERS_MAX;
use crate::statement::GroupId;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, NodeId};

/// A node's current group on a line.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Group {
    /// Its id.
    #[n(0)]
    pub id: GroupId,
    /// The epoch that it is at. The next handshake starts from it.
    #[n(1)]
    pub epoch: u64,
    /// Who created it.
    #[n(2)]
    pub creator: DeviceId,
    /// Who its handshakes say is a member, with the position of the handshake that made it one.
    #[n(3)]
    pub members: BTreeMap<DeviceId, u64>,
    /// Its handshakes, in order, from the one that created it.
    #[n(4)]
    pub handshakes: Vec<HandshakeRecord>,
}

/// One accepted handshake.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct HandshakeRecord {
    /// Position in the node's journal.
    #[n(0)]
    pub seq: u64,
    /// Who moved the group.
    #[n(1)]
    pub by: DeviceId,
    /// The epoch that it started from.
    #[n(2)]
    pub epoch: u64,
    /// The commit.
    #[n(3)]
    pub commit: Option<BodyRef>,
    /// The welcome.
    #[n(4)]
    pub welcome: Option<BodyRef>,
    /// Who was added.
    #[n(5)]
    pub added: Vec<DeviceId>,
    /// Who was removed.
    #[n(6)]
    pub removed: Vec<DeviceId>,
}

impl Group {
    /// Who is a member when this epoch begins, as the handshakes before it say. Whoever follows the group holds its
    /// leaves against that.
    pub fn members_at(&self, epoch: u64) -> BTreeSet<DeviceId> {
        let mut members = BTreeSet::from([self.creator]);
        for record in self.handshakes.iter().filter(|record| record.epoch < epoch) {
            members.retain(|device| !record.removed.contains(device));
            members.extend(&record.added);
        }
        members
    }

    /// Is the console, in its present stay on the line, a member? One that came in anew after it was added has lost its
    /// keys.
    pub fn holds(&self, device: &DeviceId, presence: &Presence) -> bool {
        self.members.get(device).is_some_and(|added| *added > presence.order)
    }
}

impl<'a> LineView<'a, '_> {
    /// Seats that a party has in each group of a line: an equal share of what a group holds.
    pub(super) fn share(self) -> usize {
        MEMBERS_MAX / self.charter().parties_on_line(self.id()).count().max(1)
    }

    /// The console that moves the node's group on the line: the earliest by its node's order that the group holds, or,
    /// without a group, the earliest that is in.
    pub(super) fn lead(self, node: &NodeId, participants: &[Participant]) -> Option<DeviceId> {
        let here: Vec<&Participant> = participants.iter().filter(|participant| participant.node == *node).collect();
        let group = self.nodes().get(node)?.group(self.id());
        let held = |device: &DeviceId| match (group, self.presence(node, device)) {
            (Some(group), Some(presence)) => group.holds(device, presence),
            _ => false,
        };
        let earliest = |of: &mut dyn Iterator<Item = &&Participant>| of.min_by_key(|p| p.order).map(|p| p.device);
        earliest(&mut here.iter().filter(|p| held(&p.device))).or_else(|| earliest(&mut here.iter()))
    }

    /// The stay of a console at a node, whether or not it has come in at another one since.
    pub(super) fn presence(self, node: &NodeId, device: &DeviceId) -> Option<&'a Presence> {
        self.nodes().get(node)?.presence(self.id(), device)
    }
}
