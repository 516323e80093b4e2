//! Following the groups of all nodes of the call, as their journals order them. Everything is worked out from the fold
//! each time, so a message that comes twice, late or after a cut changes nothing.

use super::Groups;
use crate::around::Around;
use crate::io::Event;
use crate::keys::members::Members;
use crate::keys::offers::Offers;
use crate::limits::TRIED_MAX;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trialogue_charter::{DeviceId, NodeId};
use trialogue_e2ee::{Expected, KeyringError};
use trialogue_journal::GroupId;
use trialogue_journal::fold::{Group, HandshakeRecord};

impl Groups {
    /// `over`: one that outlives its site for a moment.
    pub(in crate::keys) fn follow(
        &mut self,
        groups: &BTreeMap<&NodeId, &Arc<Group>>,
        over: Option<GroupId>,
        offers: &mut Offers,
        members: &mut Members,
        around: &mut Around<'_>,
    ) {
        self.drop_past(groups, over);
        for (node, group) in groups {
            // Each step either moves one epoch or ends the loop; the journal bounds the number of handshakes.
            for _ in 0..=group.handshakes.len() {
                if !self.follow_one(node, group, offers, members, around) {
                    break;
                }
            }
        }
    }

    /// Groups that no journal has any more are forgotten, but for an own one that is on its way.
    fn drop_past(&mut self, groups: &BTreeMap<&NodeId, &Arc<Group>>, over: Option<GroupId>) {
        let current: BTreeSet<GroupId> = groups.values().map(|group| group.id).collect();
        let kept: Vec<GroupId> = self.moving().into_iter().chain(over).collect();
        for held in self.ring.groups().collect::<Vec<_>>() {
            if !current.contains(&held) && !kept.contains(&held) {
                self.ring.drop_group(&held);
                self.broken.remove(&held);
                self.renewed.remove(&held);
                self.added_with.retain(|(group, _, _), _| *group != held);
            }
        }
    }

    /// One step; true: there may be another.
    fn follow_one(
        &mut self,
        node: &NodeId,
        group: &Group,
        offers: &mut Offers,
        members: &mut Members,
        around: &mut Around<'_>,
    ) -> bool {
        match self.ring.epoch(&group.id) {
            Ok(epoch) => {
                let real = |record: &&HandshakeRecord| record.commit.is_some() || record.welcome.is_some();
                let next = group.handshakes.iter().find(|record| record.epoch == epoch && real(record));
                next.is_some_and(|record| self.take_commit(group, record, members, around))
            }
            Err(_) => self.take_welcome(node, group, offers, members, around),
        }
    }

    fn take_commit(
        &mut self,
        of: &Group,
        record: &HandshakeRecord,
        members: &mut Members,
        around: &mut Around<'_>,
    ) -> bool {
        let group = of.id;
        if record.by == around.at.id() && self.moving.as_ref().is_some_and(|own| own.is(group, record)) {
            return self.journalled(around.now.us);
        }
        let Some(reference) = &record.commit else {
            // It created the group and this console claims to hold it at epoch 0: not the group that the journal has.
            self.give_up(group, "creation", "another console created the group", around);
            return false;
        };
        let Some(commit) = around.bodies.get(reference).cloned() else {
            around.bodies.want(reference);
            return false;
        };
        match self.ring.process(&group, &record.by, &commit) {
            Ok(progress) => {
                // The own commit that waited for the same epoch went with it.
                self.moving.take_if(|own| own.group() == group);
                let said = record.added.iter().collect::<BTreeSet<_>>() == progress.added.iter().collect()
                    && record.removed.iter().collect::<BTreeSet<_>>() == progress.removed.iter().collect();
                if !said {
                    self.give_up_misled(group, record.by, members, around);
                }
                said
            }
            Err(error) => {
                self.give_up(group, "commit", &error.to_string(), around);
                false
            }
        }
    }

    /// This console cannot follow the group any more; it is added anew after coming in anew.
    fn give_up(&mut self, group: GroupId, step: &'static str, why: &str, around: &mut Around<'_>) {
        self.ring.drop_group(&group);
        self.moving.take_if(|own| own.group() == group);
        self.broken.insert(group);
        around.log(Event::BadHandshake { step, why: why.to_owned() });
    }

    /// The journal says of a handshake that others came and went than did: from here on its word and the leaves would
    /// never agree again, and what the group's lead says of whom it removes would count for nobody.
    fn give_up_misled(&mut self, group: GroupId, by: DeviceId, members: &mut Members, around: &mut Around<'_>) {
        self.give_up(group, "members", &format!("{by} has said that others came and went than did"), around);
        members.is_misled(by);
    }

    /// The newest welcome for this console, if it is for a key package that is held.
    fn take_welcome(
        &mut self,
        node: &NodeId,
        group: &Group,
        offers: &mut Offers,
        members: &mut Members,
        around: &mut Around<'_>,
    ) -> bool {
        let id = around.at.id();
        let ours = |record: &&HandshakeRecord| record.added.contains(&id) && record.welcome.is_some();
        let Some(record) = group.handshakes.iter().rfind(ours) else { return false };
        let Some(reference) = record.welcome.as_ref().filter(|_| group.members.contains_key(&id)) else {
            return false;
        };
        if self.has_tried(&group.id, reference.hash) {
            return false;
        }
        let Some(welcome) = around.bodies.get(reference) else {
            around.bodies.want(reference);
            return false;
        };
        if self.tried.len() >= TRIED_MAX {
            self.tried.clear();
        }
        self.tried.insert((group.id, reference.hash));
        let packages = offers.given_for(node);
        let expected = Expected { group: group.id, epoch: record.epoch + 1, by: record.by, packages: &packages };
        let why = match self.ring.join(welcome, &expected) {
            Ok(()) => {
                self.broken.remove(&group.id);
                offers.is_used(node);
                let leaves = self.ring.members(&group.id).unwrap_or_default();
                let leaves: BTreeSet<DeviceId> = leaves.into_iter().map(|leaf| leaf.device).collect();
                let said = leaves == group.members_at(record.epoch + 1);
                if !said {
                    self.give_up_misled(group.id, record.by, members, around);
                }
                return said;
            }
            // Ours, but for a key package that has served already: a fresh one is offered.
            Err(KeyringError::NotForUs) => return false,
            Err(error) => error.to_string(),
        };
        around.log(Event::BadHandshake { step: "welcome", why });
        false
    }
}
