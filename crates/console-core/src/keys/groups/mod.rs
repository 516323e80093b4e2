//! The MLS groups of a call as this console holds them: one of each node, and what is remembered of how it came into
//! them.

mod follow;
mod moving;

pub(super) use moving::Move;

use crate::limits::RENEWED_LATE_US;
use crate::roster::Roster;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trialogue_charter::{DeviceId, Hash, LineId, NodeId};
use trialogue_e2ee::Keyring;
use trialogue_journal::GroupId;
use trialogue_journal::fold::Group;

pub(super) struct Groups {
    ring: Keyring,
    /// An own handshake on its way.
    moving: Option<Move>,
    /// Welcomes that are not for us, by the group that they were said to be for: the same bytes may be good where
    /// somebody else says them.
    tried: BTreeSet<(GroupId, Hash)>,
    /// Groups whose commits this console cannot follow.
    broken: BTreeSet<GroupId>,
    /// The key package with which a device was added, by group and position of the handshake.
    added_with: BTreeMap<(GroupId, DeviceId, u64), Hash>,
    /// When this console last gave fresh secrets to each group that it seals for, or came into it.
    renewed: BTreeMap<GroupId, u64>,
    /// The group that this console speaks into, and since when its secrets there are the same, whatever its node says
    /// meanwhile.
    fresh: Option<(GroupId, u64)>,
}

/// The last byte of a group's id is the index of its node in the charter: what one node's journal says of a group is
/// never taken for another's, also where a node gives its group the name of another's.
fn is_group_of(group: &GroupId, index: u8) -> bool {
    group.0[GroupId::LEN - 1] == index
}

/// Groups of the line that this console is in, by node, as the fold has them. One that does not bear its own node's
/// index is nobody's.
pub(super) fn on_line<'a>(at: Roster<'a>, line: &LineId) -> BTreeMap<&'a NodeId, &'a Arc<Group>> {
    let Some(fold) = at.fold() else { return BTreeMap::new() };
    let own =
        |(node, group): &(&NodeId, &Arc<Group>)| at.index_of(node).is_some_and(|index| is_group_of(&group.id, index));
    fold.line(line).groups.iter().filter(own).collect()
}

impl Groups {
    pub(super) fn new(ring: Keyring) -> Self {
        Self {
            ring,
            moving: None,
            tried: BTreeSet::new(),
            broken: BTreeSet::new(),
            added_with: BTreeMap::new(),
            renewed: BTreeMap::new(),
            fresh: None,
        }
    }

    pub(super) fn ring(&self) -> &Keyring {
        &self.ring
    }

    pub(super) fn ring_mut(&mut self) -> &mut Keyring {
        &mut self.ring
    }

    /// Hung up: nothing of the call is held from here on.
    pub(super) fn end_call(&mut self) {
        for group in self.ring.groups().collect::<Vec<_>>() {
            self.ring.drop_group(&group);
        }
        self.moving = None;
        self.tried.clear();
        self.broken.clear();
        self.added_with.clear();
        self.renewed.clear();
        self.fresh = None;
    }

    /// The group that this console speaks into.
    pub(super) fn own(&self, at: Roster, line: &LineId) -> Option<GroupId> {
        let node = at.node()?;
        let index = at.index_of(node)?;
        let current = at.fold()?.node(node)?.group(line).map(|group| group.id);
        let current = current.filter(|group| is_group_of(group, index));
        let coming = self.moving.as_ref().filter(|own| own.is_confirmed()).map(Move::group);
        coming.or(current).filter(|group| self.ring.has(group) && !self.broken.contains(group))
    }

    /// Its welcome for this console, of those bytes, was tried already.
    pub(super) fn has_tried(&self, group: &GroupId, welcome: Hash) -> bool {
        self.tried.contains(&(*group, welcome))
    }

    /// This console cannot follow it.
    pub(super) fn is_broken(&self, group: &GroupId) -> bool {
        self.broken.contains(group)
    }

    /// With which key package a member is in a group, as far as that is known.
    pub(super) fn added_with(&self, group: &Group, device: &DeviceId) -> Option<Hash> {
        let added = group.members.get(device)?;
        self.added_with.get(&(group.id, *device, *added)).copied()
    }

    /// Notes with which key package each member of the own node's group was added: one that has offered another since
    /// then asks to be added anew, because it came in anew or could not use that one.
    pub(super) fn note_added(&mut self, at: Roster, line: &LineId) {
        let (Some(fold), Some(node)) = (at.fold(), at.node()) else { return };
        let Some(group) = fold.node(node).and_then(|node| node.group(line)) else { return };
        for participant in fold.in_on(line) {
            let added = group.members.get(&participant.device);
            if let (Some(added), Some(offer)) = (added, participant.offers.get(node)) {
                self.added_with.entry((group.id, participant.device, *added)).or_insert(offer.hash);
            }
        }
    }

    /// Since when the secrets that this console has in a group are the same; if it is not known, since then.
    pub(super) fn renewed_us(&mut self, group: GroupId, else_us: u64) -> u64 {
        *self.renewed.entry(group).or_insert(else_us)
    }

    /// Of all groups.
    pub(super) fn all_renewed_us(&self) -> impl Iterator<Item = u64> + '_ {
        self.renewed.values().copied()
    }

    /// A commit with fresh secrets of this console counts.
    fn has_renewed(&mut self, group: GroupId, now_us: u64) {
        self.renewed.insert(group, now_us);
        if let Some((_, since)) = self.fresh.as_mut().filter(|(known, _)| *known == group) {
            *since = now_us;
        }
    }

    /// This group is sealed for; none: nothing is.
    pub(super) fn speaks_into(&mut self, group: Option<GroupId>, now_us: u64) {
        if let Some(group) = group.filter(|group| self.fresh.is_none_or(|(known, _)| known != *group)) {
            self.fresh = Some((group, now_us));
        }
    }

    /// From when on the officer is told that the secrets are old, while they are used.
    pub(super) fn old_us(&self) -> Option<u64> {
        self.fresh.map(|(_, since)| since + RENEWED_LATE_US)
    }
}
