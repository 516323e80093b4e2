//! Following the groups of all nodes of the call, as their journals order them. Everything is worked out from the fold
//! each time, so a message that comes twice, late or after a cut changes nothing.

use crate::console::Console;
use crate::io::Event;
use crate::keys::is_group_of;
use crate::limits::TRIED_MAX;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trialogue_charter::{DeviceId, NodeId};
use trialogue_e2ee::{Expected, KeyringError};
use trialogue_journal::fold::{Group, HandshakeRecord};
use trialogue_journal::{BodyRef, GroupId};

impl Console {
    /// Groups of the line that this console is in, by node, as the fold has them. One that does not bear its own node's
    /// index is nobody's.
    pub(crate) fn groups_now(&self) -> BTreeMap<NodeId, Arc<Group>> {
        let (Some(fold), Some(call)) = (self.sites.fold(), &self.call) else { return BTreeMap::new() };
        let mut groups = fold.line(&call.line).groups;
        groups.retain(|node, group| self.index_of(node).is_some_and(|index| is_group_of(&group.id, index)));
        groups
    }

    pub(crate) fn follow(&mut self) {
        if self.call.is_none() {
            return;
        }
        let groups = self.groups_now();
        self.drop_past_groups(&groups);
        for (node, group) in &groups {
            // Each step either moves one epoch or ends the loop; the journal bounds the number of handshakes.
            for _ in 0..=group.handshakes.len() {
                if !self.follow_one(node, group) {
                    break;
                }
            }
        }
        self.move_settled(&groups);
    }

    /// Groups that no journal has any more are forgotten, but for an own one that is on its way.
    fn drop_past_groups(&mut self, groups: &BTreeMap<NodeId, Arc<Group>>) {
        let Some(keys) = &mut self.keys else { return };
        let current: BTreeSet<GroupId> = groups.values().map(|group| group.id).collect();
        let moving = keys.moving.as_ref().map(|own| own.group).into_iter();
        let kept: Vec<GroupId> = moving.chain(keys.over.map(|over| over.group)).collect();
        for held in keys.ring.groups().collect::<Vec<_>>() {
            if !current.contains(&held) && !kept.contains(&held) {
                keys.ring.drop_group(&held);
                keys.broken.remove(&held);
                keys.renewed.remove(&held);
                keys.added_with.retain(|(group, _, _), _| *group != held);
            }
        }
    }

    /// One step; true: there may be another.
    fn follow_one(&mut self, node: &NodeId, group: &Group) -> bool {
        let Some(keys) = &mut self.keys else { return false };
        match keys.ring.epoch(&group.id) {
            Ok(epoch) => {
                let real = |record: &&HandshakeRecord| record.commit.is_some() || record.welcome.is_some();
                let next = group.handshakes.iter().find(|record| record.epoch == epoch && real(record));
                next.is_some_and(|record| self.take_commit(group, record))
            }
            Err(_) => self.take_welcome(node, group),
        }
    }

    fn take_commit(&mut self, of: &Group, record: &HandshakeRecord) -> bool {
        let group = of.id;
        let Some(keys) = &mut self.keys else { return false };
        if record.by == self.id {
            let hash = |body: &Option<BodyRef>| body.as_ref().map(|body| body.hash);
            let same = |own: &&mut crate::keys::Move| {
                own.group == group && own.commit == hash(&record.commit) && own.welcome == hash(&record.welcome)
            };
            if let Some(own) = keys.moving.as_mut().filter(same) {
                own.confirmed = true;
                let done = keys.ring.confirm(&group).is_ok();
                if done && own.fresh {
                    keys.has_renewed(group, self.now_us);
                }
                return done;
            }
        }
        let Some(reference) = &record.commit else {
            // It created the group and this console claims to hold it at epoch 0: not the group that the journal has.
            self.give_up(group, "creation", "another console created the group");
            return false;
        };
        let Some(commit) = self.bodies.get(reference).cloned() else {
            self.bodies.want(reference);
            return false;
        };
        match keys.ring.process(&group, &record.by, &commit) {
            Ok(progress) => {
                // The own commit that waited for the same epoch went with it.
                keys.moving.take_if(|own| own.group == group);
                let said = record.added.iter().collect::<BTreeSet<_>>() == progress.added.iter().collect()
                    && record.removed.iter().collect::<BTreeSet<_>>() == progress.removed.iter().collect();
                if !said {
                    self.give_up_misled(group, record.by);
                }
                said
            }
            Err(error) => {
                self.give_up(group, "commit", &error.to_string());
                false
            }
        }
    }

    /// This console cannot follow the group any more; it is added anew after coming in anew.
    fn give_up(&mut self, group: GroupId, step: &'static str, why: &str) {
        if let Some(keys) = &mut self.keys {
            keys.ring.drop_group(&group);
            keys.moving.take_if(|own| own.group == group);
            keys.broken.insert(group);
        }
        self.log(Event::BadHandshake { step, why: why.to_owned() });
    }

    /// The journal says of a handshake that others came and went than did: from here on its word and the leaves would
    /// never agree again, and what the group's lead says of whom it removes would count for nobody.
    fn give_up_misled(&mut self, group: GroupId, by: DeviceId) {
        self.give_up(group, "members", &format!("{by} has said that others came and went than did"));
        if let Some(call) = &mut self.call {
            call.note_misleading(by);
        }
    }

    /// The newest welcome for this console, if it is for a key package that is held.
    fn take_welcome(&mut self, node: &NodeId, group: &Group) -> bool {
        let Some(keys) = &mut self.keys else { return false };
        let ours = |record: &&HandshakeRecord| record.added.contains(&self.id) && record.welcome.is_some();
        let Some(record) = group.handshakes.iter().rfind(ours) else { return false };
        let Some(reference) = record.welcome.as_ref().filter(|_| group.members.contains_key(&self.id)) else {
            return false;
        };
        if keys.tried.contains(&(group.id, reference.hash)) {
            return false;
        }
        let Some(welcome) = self.bodies.get(reference) else {
            self.bodies.want(reference);
            return false;
        };
        if keys.tried.len() >= TRIED_MAX {
            keys.tried.clear();
        }
        keys.tried.insert((group.id, reference.hash));
        let expected =
            Expected { group: group.id, epoch: record.epoch + 1, by: record.by, packages: &keys.offered_to(node) };
        let why = match keys.ring.join(welcome, &expected) {
            Ok(()) => {
                keys.broken.remove(&group.id);
                if let Some(offer) = self.call.as_mut().and_then(|call| call.offers.get_mut(node)) {
                    offer.used = true;
                }
                let leaves = keys.ring.members(&group.id).unwrap_or_default();
                let leaves: BTreeSet<DeviceId> = leaves.into_iter().map(|leaf| leaf.device).collect();
                let said = leaves == group.members_at(record.epoch + 1);
                if !said {
                    self.give_up_misled(group.id, record.by);
                }
                return said;
            }
            // Ours, but for a key package that has served already: a fresh one is offered.
            Err(KeyringError::NotForUs) => return false,
            Err(error) => error.to_string(),
        };
        self.log(Event::BadHandshake { step: "welcome", why });
        false
    }
}
