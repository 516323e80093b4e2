//! Which keys the media worker seals and opens with.
//!
//! Own group: sealed while every leaf is a verified member of the roster (or has just left, for [`LEAVING_US`]). A stranger stops
//! sending at once. Other nodes' groups: a stranger there could pass itself off as one of that node's speakers, so nothing of
//! such a group is opened either; its speakers' own consoles stop sending into it.

use crate::console::Console;
use crate::io::{Event, OpenKey, Output, SealKey};
use crate::keys::{Issued, Over, is_group_of};
use crate::limits::*;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_e2ee::{KeyId, Leaf};
use trialogue_journal::GroupId;
use trialogue_journal::fold::Participant;
use trialogue_wire::console::ToNode;
use zeroize::Zeroizing;

/// What a group is worth.
pub(crate) enum Worth {
    /// This console is not in it, or alone.
    None,
    /// Everyone in it is on the roster.
    Good(Vec<Leaf>),
    /// One in it has left for too long.
    Past,
    /// One in it is nobody on the roster.
    Stranger(DeviceId),
}

impl Console {
    /// The group that this console speaks into.
    fn own_group(&self) -> Option<GroupId> {
        let (fold, call, node, keys) =
            (self.fold.as_ref()?, self.call.as_ref()?, self.node.as_ref()?, self.keys.as_ref()?);
        let index = self.index_of(node)?;
        let current = fold.node(node)?.group(&call.line).map(|group| group.id);
        let current = current.filter(|group| is_group_of(group, index));
        let coming = keys.moving.as_ref().filter(|own| own.confirmed).map(|own| own.group);
        coming.or(current).filter(|group| keys.ring.has(group) && !keys.broken.contains(group))
    }

    fn worth(&self, group: &GroupId, line: &LineId, roster: &BTreeMap<DeviceId, &Participant>) -> Worth {
        let (Some(keys), Some(fold), Some(charter), Some(call)) = (&self.keys, &self.fold, &self.charter, &self.call)
        else {
            return Worth::None;
        };
        let Ok(leaves) = keys.ring.members(group) else { return Worth::None };
        let mut past = false;
        for leaf in &leaves {
            if leaf.device == self.id {
                continue;
            }
            let certified = fold.device(&leaf.device).is_some_and(|device| {
                device.mls_public(charter.suite()) == leaf.signature_key && charter.is_on_line(&device.office, line)
            });
            let left = call.leaving.get(&leaf.device);
            match (certified, roster.contains_key(&leaf.device), left) {
                (true, true, _) => {}
                (true, false, Some(until)) => past |= self.now_us >= *until,
                _ => return Worth::Stranger(leaf.device),
            }
        }
        if past {
            Worth::Past
        } else if leaves.len() < 2 {
            Worth::None
        } else {
            Worth::Good(leaves)
        }
    }

    /// The group of the own node. Just after coming over from another site, that of the former node, as long as everyone in it is on the roster
    /// and the others may not have joined the new one yet.
    fn group_to_seal_for(
        &mut self,
        line: &LineId,
        roster: &BTreeMap<DeviceId, &Participant>,
    ) -> (Option<GroupId>, Worth) {
        let group = self.own_group();
        let worth = group.map_or(Worth::None, |group| self.worth(&group, line, roster));
        let Some(over) = self.keys.as_ref().and_then(|keys| keys.over) else { return (group, worth) };
        let there = matches!(worth, Worth::Good(_)) && group != Some(over.group);
        let switch_us = over.switch_us.or(there.then_some(self.now_us + SWITCH_US));
        let done = self.now_us >= over.until_us || switch_us.is_some_and(|at| self.now_us >= at && there);
        if let Some(keys) = &mut self.keys {
            keys.over = (!done).then_some(Over { switch_us, ..over });
        }
        if done || matches!(worth, Worth::Stranger(_)) {
            return (group, worth);
        }
        match self.worth(&over.group, line, roster) {
            good @ Worth::Good(_) => (Some(over.group), good),
            _ => (group, worth),
        }
    }

    /// Brings the media worker up to date.
    pub(crate) fn settle_keys(&mut self) {
        if self.link.is_syncing() {
            // The roster is being told anew; until it is whole, what is known stands.
            return self.retire_keys(None);
        }
        let Some(line) = self.call.as_ref().map(|call| call.line.clone()) else { return };
        let participants = self.participants();
        let roster: BTreeMap<DeviceId, &Participant> = participants.iter().map(|p| (p.device, p)).collect();
        let speaking = self.settle_sealing(&line, &roster);
        let opening = self.settle_opening(&line, &roster);
        self.settle_members(&speaking, &opening);
    }

    /// Returns who can open what this console seals.
    fn settle_sealing(&mut self, line: &LineId, roster: &BTreeMap<DeviceId, &Participant>) -> BTreeSet<DeviceId> {
        let (group, worth) = self.group_to_seal_for(line, roster);
        let seated = roster.contains_key(&self.id);
        let now_us = self.now_us;
        let Some(keys) = &mut self.keys else { return BTreeSet::new() };
        let strange = if let Worth::Stranger(device) = worth { Some(device) } else { None };
        let before = keys.stranger;
        keys.stranger = strange.map(|device| match before {
            Some((known, since)) if known == device => (device, since),
            _ => (device, now_us),
        });
        let new_stranger = strange.filter(|device| before.is_none_or(|(known, _)| known != *device));
        let wanted = match (&worth, group) {
            (Worth::Good(_), Some(group)) if seated => keys.ring.epoch(&group).ok().map(|epoch| (group, epoch)),
            _ => None,
        };
        if let Some(device) = new_stranger {
            self.log(Event::Stranger(device));
        }
        // Keys may be complete, and the console may not be heard all the same.
        let heard = self.own_floor().is_open();
        if let Some(keys) = &mut self.keys {
            keys.able = wanted.is_some();
        }
        self.seal_with(wanted.filter(|_| heard));
        match worth {
            Worth::Good(leaves) if wanted.is_some() => leaves.into_iter().map(|leaf| leaf.device).collect(),
            _ => BTreeSet::new(),
        }
    }

    fn seal_with(&mut self, wanted: Option<(GroupId, u64)>) {
        let Some(keys) = &mut self.keys else { return };
        if keys.sealing == wanted {
            return;
        }
        let key = wanted.and_then(|(group, epoch)| self.next_seal_key(group, epoch));
        if let Some(keys) = &mut self.keys {
            keys.sealing = wanted.filter(|_| key.is_some());
        }
        self.push(Output::Seal(key));
    }

    /// A key that was never given out before: a counter never repeats under a key, whatever became of the worker that had it.
    fn next_seal_key(&mut self, group: GroupId, epoch: u64) -> Option<SealKey> {
        let node = self.node.clone()?;
        let index = self.index_of(&node)?;
        let keys = self.keys.as_mut()?;
        let generation = *keys.generations.get(&(group, epoch)).unwrap_or(&0);
        let leaf = keys.ring.own_leaf(&group).ok()?;
        // No generation left in this epoch: nothing is sent until the next.
        let id = KeyId::new(index, &group, epoch, leaf, generation).ok()?;
        let key = keys.ring.base_key(&group, &self.id, generation).ok()?;
        keys.generations.insert((group, epoch), generation + 1);
        Some(SealKey { key_id: id.to_u64(), base_key: Zeroizing::new(*key.expose()) })
    }

    /// Returns whom this console can open.
    fn settle_opening(&mut self, line: &LineId, roster: &BTreeMap<DeviceId, &Participant>) -> BTreeSet<DeviceId> {
        let mut groups: BTreeMap<NodeId, GroupId> =
            self.groups_now().into_iter().map(|(node, group)| (node, group.id)).collect();
        if let (Some(node), Some(own)) = (self.node.clone(), self.own_group()) {
            groups.insert(node, own);
        }
        let mut wanted = BTreeMap::new();
        let mut able = BTreeSet::new();
        for (node, group) in groups {
            let Worth::Good(leaves) = self.worth(&group, line, roster) else { continue };
            let (Some(index), Some(keys)) = (self.index_of(&node), &self.keys) else { continue };
            let Ok(epoch) = keys.ring.epoch(&group) else { continue };
            let speaks = |leaf: &&Leaf| {
                leaf.device != self.id && roster.get(&leaf.device).is_some_and(|participant| participant.node == node)
            };
            for leaf in leaves.iter().filter(speaks) {
                able.insert(leaf.device);
                if !self.hears(roster, &leaf.device) {
                    continue;
                }
                let heard = keys.heard.get(&(group, epoch, leaf.index)).into_iter().flatten().copied();
                for generation in std::iter::once(0).chain(heard) {
                    if let Ok(id) = KeyId::new(index, &group, epoch, leaf.index, generation) {
                        wanted.insert(id, (group, epoch, leaf.device, generation));
                    }
                }
            }
        }
        self.retire_keys(Some(&wanted.keys().copied().collect()));
        for (id, (group, epoch, device, generation)) in wanted {
            self.issue(id, Issued { group, epoch, device, generation, until_us: None });
        }
        able
    }

    fn issue(&mut self, id: KeyId, issued: Issued) {
        let Some(keys) = &mut self.keys else { return };
        if let Some(held) = keys.issued.get_mut(&id)
            && (held.group, held.epoch, held.device) == (issued.group, issued.epoch, issued.device)
        {
            held.until_us = None;
            return;
        }
        let Ok(key) = keys.ring.base_key(&issued.group, &issued.device, issued.generation) else { return };
        let device = issued.device;
        let known = self.call.as_ref().and_then(|call| call.members.get(&device));
        let missed = known.is_none_or(|known| known.without_keys_us.is_some());
        let clash = keys.issued.insert(id, issued).is_some();
        let key_id = id.to_u64();
        if clash {
            self.push(Output::ForgetKey { key_id });
        }
        self.push(Output::OpenKey(OpenKey { key_id, device, base_key: Zeroizing::new(*key.expose()) }));
        if missed && self.link.is_up() {
            // What it sent before could not be opened: a picture begins with a key frame.
            self.send(&ToNode::KeyFrame { device });
        }
    }

    /// Keys that are not current (all of `current`, if it is known) go after a while, those whose time has come go now.
    fn retire_keys(&mut self, current: Option<&BTreeSet<KeyId>>) {
        let now_us = self.now_us;
        let Some(keys) = &mut self.keys else { return };
        let mut gone = Vec::new();
        for (id, held) in &mut keys.issued {
            if current.is_some_and(|current| !current.contains(id)) {
                held.until_us.get_or_insert(now_us + OLD_KEYS_US);
            }
            let revoked = self.fold.as_ref().is_some_and(|fold| fold.is_revoked(&held.device));
            if revoked || held.until_us.is_some_and(|until| now_us >= until) {
                gone.push(*id);
            }
        }
        for id in &gone {
            keys.issued.remove(id);
        }
        for id in gone {
            self.push(Output::ForgetKey { key_id: id.to_u64() });
        }
    }

    /// Frames came under an unknown key id. A later generation of a known leaf is derived; anything else comes with the journals. False: it changes nothing.
    pub(crate) fn unopened(&mut self, key_id: u64) -> bool {
        let Some(id) = KeyId::from_u64(key_id).filter(|id| id.generation() > 0) else { return false };
        let groups = self.groups_now();
        let Some(charter) = self.charter.clone() else { return false };
        let Some(node) = charter.node_at(id.node()) else { return false };
        let (Some(group), Some(keys)) = (groups.get(&node.id), &mut self.keys) else { return false };
        let Ok(epoch) = keys.ring.epoch(&group.id) else { return false };
        if !id.is_of(id.node(), &group.id) || id.epoch() != (epoch & 0xffff) as u16 {
            return false;
        }
        let is_leaf =
            keys.ring.members(&group.id).is_ok_and(|leaves| leaves.iter().any(|leaf| leaf.index == id.leaf()));
        if !is_leaf {
            return false;
        }
        let heard = keys.heard.entry((group.id, epoch, id.leaf())).or_default();
        let new = heard.insert(id.generation());
        if heard.len() > GENERATIONS_MAX {
            // Workers only ever count up: the lowest is the oldest.
            heard.pop_first();
        }
        new
    }

    /// A new media worker: it gets every key again, and one of its own that no worker had before.
    pub(crate) fn worker_restarted(&mut self) {
        let Some(keys) = &mut self.keys else { return };
        keys.sealing = None;
        keys.issued.clear();
        let leg = self.leg.number;
        let places: Vec<_> = self.leg.places.iter().map(|(mid, place)| (mid.clone(), *place)).collect();
        for (mid, (device, medium)) in places {
            self.push(Output::Place { leg, mid, device: Some(device), medium });
        }
    }

    /// Notes with whom keys are complete.
    fn settle_members(&mut self, speaking: &BTreeSet<DeviceId>, opening: &BTreeSet<DeviceId>) {
        let now_us = self.now_us;
        let Some(call) = &mut self.call else { return };
        let mut ready = 0;
        for (device, known) in &mut call.members {
            if speaking.contains(device) && opening.contains(device) {
                known.without_keys_us = None;
                ready += 1;
            } else {
                known.without_keys_us.get_or_insert(now_us);
            }
        }
        let complete = ready == call.members.len() && ready > 0;
        let Some(keys) = &mut self.keys else { return };
        let news = complete && keys.ready != ready;
        keys.ready = if complete { ready } else { 0 };
        if complete {
            call.refreshes = 0;
        }
        if news {
            keys.ready_us = now_us;
            self.log(Event::KeysReady { others: ready });
        }
    }

    pub(crate) fn keys_next_us(&self) -> Option<u64> {
        let keys = self.keys.as_ref()?;
        let old = keys.issued.values().filter_map(|issued| issued.until_us).min();
        let lead = Some(keys.lead_again_us).filter(|at| self.call.is_some() && *at > self.now_us);
        let stranger = keys.stranger.map(|(_, since)| since + STRANGER_US).filter(|at| *at > self.now_us);
        let over = keys.over.map(|over| over.switch_us.unwrap_or(over.until_us)).filter(|at| *at > self.now_us);
        [old, lead, stranger, over].into_iter().flatten().min()
    }
}
