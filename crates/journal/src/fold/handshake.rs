//! A console moves its node's group to the next epoch. The journal orders the moves: the first for an epoch counts.

use super::Ignored;
use super::group::{Group, HandshakeRecord, Span};
use super::node::{NodeState, OnLine};
use crate::limits::{EPOCHS_MAX, MEMBERS_MAX};
use crate::statement::GroupId;
use std::collections::BTreeMap;
use std::sync::Arc;
use trialogue_charter::{DeviceId, LineId};

impl NodeState {
    pub(super) fn may_move(
        &self,
        line: &LineId,
        device: &DeviceId,
        id: &GroupId,
        epoch: u64,
        added: &[DeviceId],
        removed: &[DeviceId],
    ) -> Result<(), Ignored> {
        let on = self.lines.get(line).ok_or(Ignored::NotIn)?;
        let presence = on.present.get(device).ok_or(Ignored::NotIn)?;
        match &on.group {
            Some(group) if group.id == *id => {
                if group.epoch != epoch || epoch >= EPOCHS_MAX || !group.holds(device, presence) {
                    return Err(Ignored::Epoch);
                }
                fits(group, added, removed)
            }
            // A new group: where there is none that can be used, or where the old one has used up its epochs.
            group => {
                let free = group.as_ref().is_none_or(|group| group.epoch >= EPOCHS_MAX);
                if !free || epoch != 0 {
                    return Err(Ignored::Epoch);
                }
                if removed.is_empty() && added.len() < MEMBERS_MAX { Ok(()) } else { Err(Ignored::Malformed) }
            }
        }
    }
}

/// Only members are removed, only others are added, and the group stays within its bound.
fn fits(group: &Group, added: &[DeviceId], removed: &[DeviceId]) -> Result<(), Ignored> {
    let stays = |device: &DeviceId| group.members.contains_key(device) && !removed.contains(device);
    if !removed.iter().all(|device| group.members.contains_key(device)) || added.iter().any(stays) {
        return Err(Ignored::Malformed);
    }
    if group.members.len() - removed.len() + added.len() > MEMBERS_MAX {
        return Err(Ignored::Full);
    }
    Ok(())
}

impl OnLine {
    /// Takes an allowed handshake; returns the new epoch, and whether the group is new.
    pub(super) fn handshake(&mut self, id: GroupId, record: HandshakeRecord) -> (u64, bool) {
        let order = self.present.get(&record.by).map_or(0, |presence| presence.order);
        let created = self.group.as_ref().is_none_or(|group| group.id != id);
        if created {
            self.spans.clear();
        }
        self.spans.entry(order).or_insert(Span { committed: true, end: None }).committed = true;
        let fresh = || {
            let members = BTreeMap::from([(record.by, record.seq)]);
            Arc::new(Group { id, epoch: 0, creator: record.by, members, handshakes: Vec::new() })
        };
        let current = self.group.take().filter(|group| group.id == id);
        let mut group = current.unwrap_or_else(fresh);
        let inner = Arc::make_mut(&mut group);
        for device in &record.removed {
            inner.members.remove(device);
        }
        for device in &record.added {
            inner.members.insert(*device, record.seq);
        }
        // Creating a group and adding to it is one commit. One that is created alone stays at epoch 0.
        if !created || !record.added.is_empty() {
            inner.epoch += 1;
        }
        let epoch = inner.epoch;
        inner.handshakes.push(record);
        self.group = Some(group);
        (epoch, created)
    }
}
