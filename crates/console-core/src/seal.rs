//! Which keys the media worker seals and opens with.
//!
//! Own group: sealed while every leaf is a verified member of the roster (or has just left, for [`LEAVING_US`]). A
//! stranger stops sending at once. Other nodes' groups: a stranger there could pass itself off as one of that node's
//! speakers, so nothing of such a group is opened either; its speakers' own consoles stop sending into it.

use crate::console::Console;
use crate::io::{Event, OpenKey, Output, Receiving, SealKey, Suspicion};
use crate::keys::{Issued, Over, Sealed, is_group_of};
use crate::limits::*;
use crate::tagging::Known;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_e2ee::{KeyId, Leaf, TagKey};
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
            (self.sites.fold()?, self.call.as_ref()?, self.sites.node()?, self.keys.as_ref()?);
        let index = self.index_of(node)?;
        let current = fold.node(node)?.group(&call.line).map(|group| group.id);
        let current = current.filter(|group| is_group_of(group, index));
        let coming = keys.moving.as_ref().filter(|own| own.confirmed).map(|own| own.group);
        coming.or(current).filter(|group| keys.ring.has(group) && !keys.broken.contains(group))
    }

    /// As [`Console::worth`], and past while the revocations of the party of one in it have been unconfirmed for too
    /// long.
    fn worth_sealing(&self, group: &GroupId, line: &LineId, roster: &BTreeMap<DeviceId, &Participant>) -> Worth {
        match self.worth(group, line, roster) {
            // Until the lead has taken it out, nothing is said into the group.
            Worth::Good(leaves)
                if leaves.iter().any(|leaf| {
                    leaf.device != self.id && !self.revocations.may_hear(&leaf.device, self.roster(), self.now())
                }) =>
            {
                Worth::Past
            }
            worth => worth,
        }
    }

    fn worth(&self, group: &GroupId, line: &LineId, roster: &BTreeMap<DeviceId, &Participant>) -> Worth {
        let (Some(keys), Some(fold), Some(charter), Some(call)) =
            (&self.keys, self.sites.fold(), &self.charter, &self.call)
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

    /// The group of the own node. Just after coming over from another site, that of the former node, as long as
    /// everyone in it is on the roster and the others may not have joined the new one yet.
    fn group_to_seal_for(
        &mut self,
        line: &LineId,
        roster: &BTreeMap<DeviceId, &Participant>,
    ) -> (Option<GroupId>, Worth) {
        let group = self.own_group();
        let worth = group.map_or(Worth::None, |group| self.worth_sealing(&group, line, roster));
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
        match self.worth_sealing(&over.group, line, roster) {
            good @ Worth::Good(_) => (Some(over.group), good),
            _ => (group, worth),
        }
    }

    /// Brings the media worker up to date.
    pub(crate) fn settle_keys(&mut self) {
        if self.sites.is_syncing() {
            // The roster is being told anew; until it is whole, what is known stands. How long that takes is the node's
            // word: who was revoked is not waited for.
            if !self.may_go_on() {
                self.seal_with(None);
                if let Some(keys) = &mut self.keys {
                    keys.able = false;
                }
            }
            return self.retire_keys(None);
        }
        let Some(line) = self.call.as_ref().map(|call| call.line.clone()) else { return };
        let participants = self.participants();
        let roster: BTreeMap<DeviceId, &Participant> = participants.iter().map(|p| (p.device, p)).collect();
        self.hear_tags(&line, &roster);
        let speaking = self.settle_sealing(&line, &roster);
        let opening = self.settle_opening(&line, &roster);
        self.settle_members(&speaking, &opening);
    }

    /// While the state is told anew: all for whom the media worker seals are still who they were, by charter and
    /// revocations, which no node tells anew.
    fn may_go_on(&self) -> bool {
        let (Some(keys), Some(charter), Some(call)) = (&self.keys, &self.charter, &self.call) else { return false };
        keys.sealed_for.iter().all(|one| {
            charter.party(&one.party).is_some_and(|party| party.root.fingerprint() == one.root)
                && charter.is_on_line(&one.office, &call.line)
                && !self.revocations.has(&one.party, &one.device)
                && self.revocations.may_hear_party(&one.party, self.roster(), self.now())
        })
    }

    /// Who has a leaf in the group beside this console, by what the state says of them.
    fn sealed_for(&self, leaves: &[Leaf]) -> Vec<Sealed> {
        let one = |leaf: &Leaf| {
            let device = self.sites.fold()?.device(&leaf.device)?;
            let root = self.charter.as_ref()?.party(&device.party)?.root.fingerprint();
            Some(Sealed { device: device.id, party: device.party.clone(), office: device.office.clone(), root })
        };
        leaves.iter().filter(|leaf| leaf.device != self.id).filter_map(one).collect()
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
        let sealed_for = if let Worth::Good(leaves) = &worth { self.sealed_for(leaves) } else { Vec::new() };
        if let Some(keys) = &mut self.keys {
            keys.able = wanted.is_some();
            keys.speaks_into(wanted.map(|(group, _)| group), now_us);
            keys.sealed_for = sealed_for;
        }
        self.seal_with(wanted.filter(|_| heard));
        match worth {
            Worth::Good(leaves) if wanted.is_some() => leaves.into_iter().map(|leaf| leaf.device).collect(),
            _ => BTreeSet::new(),
        }
    }

    fn seal_with(&mut self, wanted: Option<(GroupId, u64)>) {
        let step = self.charter.as_ref().and_then(|charter| charter.policy.picture_step);
        let Some(keys) = &mut self.keys else { return };
        // Another step takes effect at once: the same key may come again.
        if keys.sealing == wanted && (wanted.is_none() || keys.picture_step == step) {
            return;
        }
        let key = wanted.and_then(|(group, epoch)| self.next_seal_key(group, epoch));
        if let Some(keys) = &mut self.keys {
            keys.sealing = wanted.filter(|_| key.is_some());
            keys.picture_step = step;
        }
        self.push(Output::Seal(key));
    }

    /// The key of the present generation, for whoever has a leaf in the group. The media worker counts on in it,
    /// whatever key it had before.
    fn next_seal_key(&mut self, group: GroupId, epoch: u64) -> Option<SealKey> {
        let index = self.index_of(&self.sites.node().cloned()?)?;
        let keys = self.keys.as_mut()?;
        let generation = keys.tagging.generation();
        let leaf = keys.ring.own_leaf(&group).ok()?;
        let id = KeyId::new(index, &group, epoch, leaf, generation).ok()?;
        let base = keys.ring.base_key(&group, &self.id, generation).ok()?;
        let mut receivers = Vec::new();
        for leaf in keys.ring.members(&group).ok()?.iter().filter(|leaf| leaf.device != self.id) {
            let party = self.sites.fold()?.device(&leaf.device).map(|device| device.party.clone())?;
            let party = self.charter.as_ref()?.party_number(&party)?;
            if let Some(secret) = keys.tagging.secret_for(&keys.ring, leaf) {
                let key = TagKey::derive(secret, &base, id, &self.id, &leaf.device);
                receivers.push(Receiving { party, tag_key: Zeroizing::new(*key.expose()) });
            }
        }
        let picture_step = self.charter.as_ref()?.policy.picture_step.unwrap_or(0);
        let base_key = Zeroizing::new(*base.expose());
        let key = SealKey { key_id: id.to_u64(), base_key, receivers, picture_step };
        (!key.receivers.is_empty()).then_some(key)
    }

    /// Groups whose members are to know this console's frames.
    pub(crate) fn groups_sealed_for(&self) -> Vec<GroupId> {
        let over = self.keys.as_ref().and_then(|keys| keys.over).map(|over| over.group);
        self.own_group().into_iter().chain(over).collect()
    }

    /// Returns whom this console can open.
    fn settle_opening(&mut self, line: &LineId, roster: &BTreeMap<DeviceId, &Participant>) -> BTreeSet<DeviceId> {
        let mut groups: BTreeMap<NodeId, GroupId> =
            self.groups_now().into_iter().map(|(node, group)| (node, group.id)).collect();
        if let (Some(node), Some(own)) = (self.sites.node().cloned(), self.own_group()) {
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
                // Only a sender itself says of which generation its keys are: what a frame claims is nobody's word.
                let Some(known) = keys.tagging.known(&leaf.device) else { continue };
                able.insert(leaf.device);
                if !self.hears(roster, &leaf.device) {
                    continue;
                }
                if let Ok(id) = KeyId::new(index, &group, epoch, leaf.index, known.generation) {
                    wanted.insert(id, (group, epoch, leaf.device, known.clone()));
                }
            }
        }
        self.retire_keys(Some(&wanted.keys().copied().collect()));
        for (id, (group, epoch, device, known)) in wanted {
            self.issue(id, group, epoch, device, &known);
        }
        able
    }

    fn issue(&mut self, id: KeyId, group: GroupId, epoch: u64, device: DeviceId, known: &Known) {
        let Some(party) = self.me.as_ref().and_then(|me| self.charter.as_ref()?.party_number(&me.party)) else {
            return;
        };
        let Some(keys) = &mut self.keys else { return };
        let held =
            keys.issued.get_mut(&id).filter(|held| (held.group, held.epoch, held.device) == (group, epoch, device));
        let mut floor = 0;
        if let Some(held) = held {
            held.until_us = None;
            if held.turn == known.turn && held.given {
                return;
            }
            floor = held.floor;
        } else if keys.issued.remove(&id).is_some() {
            self.push(Output::ForgetKey { key_id: id.to_u64(), over: true });
        }
        let of = self.sites.fold().and_then(|fold| fold.device(&device)).map(|device| device.party.clone());
        let (Some(keys), Some(of)) = (&mut self.keys, of) else { return };
        let Ok(base) = keys.ring.base_key(&group, &device, known.generation) else { return };
        let tag = TagKey::derive(&known.secret, &base, id, &device, &self.id);
        let own = |leaf: &&Leaf| {
            let known = self.sites.fold().and_then(|fold| fold.known_device(&leaf.device));
            leaf.device != device
                && known.is_some_and(|known| self.me.as_ref().is_some_and(|me| me.party == known.party))
        };
        let members = keys.ring.members(&group).unwrap_or_default();
        let fellows = u8::try_from(members.iter().filter(own).count()).unwrap_or(u8::MAX);
        let issued = Issued { group, epoch, device, party: of, turn: known.turn, floor, given: true, until_us: None };
        keys.issued.insert(id, issued);
        let member = self.call.as_ref().and_then(|call| call.members.get(&device));
        let missed = member.is_none_or(|member| member.without_keys_us.is_some());
        self.push(Output::OpenKey(OpenKey {
            key_id: id.to_u64(),
            device,
            base_key: Zeroizing::new(*base.expose()),
            party,
            turn: known.turn,
            fellows,
            tag_key: Zeroizing::new(*tag.expose()),
            floor,
        }));
        if missed && self.sites.is_up() {
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
            let revoked = self.revocations.has(&held.party, &held.device)
                || self.sites.fold().is_some_and(|fold| fold.is_revoked(&held.device));
            if revoked || held.until_us.is_some_and(|until| now_us >= until) {
                // While its epoch lasts it may be given again, after a hold for example: what it has opened stays
                // opened.
                let over = revoked || keys.ring.epoch(&held.group) != Ok(held.epoch);
                if held.given || over {
                    gone.push((*id, over));
                }
            }
        }
        for (id, over) in &gone {
            match keys.issued.get_mut(id) {
                Some(held) if !over => held.given = false,
                _ => {
                    keys.issued.remove(id);
                }
            }
        }
        for (id, over) in gone {
            self.push(Output::ForgetKey { key_id: id.to_u64(), over });
        }
    }

    /// A frame was refused, or one is taken that is suspect: said on the screen, and to the node, which knows by which
    /// way it came.
    pub(crate) fn suspect(&mut self, device: DeviceId, what: Suspicion) {
        let now_us = self.now_us;
        let Some(call) = &mut self.call else { return };
        let Some(member) = call.members.get_mut(&device) else { return };
        let before = match what {
            Suspicion::Forged => &mut member.forged_us,
            Suspicion::Late => &mut member.late_us,
        };
        let fresh = before.replace(now_us).is_none_or(|before| now_us >= before + SUSPECT_AGAIN_US);
        if fresh {
            self.log(Event::Suspect { device, what });
            if what == Suspicion::Forged && self.sites.is_up() {
                self.send(&ToNode::Forged { device });
            }
        }
    }

    /// The media worker has opened frames up to these numbers.
    pub(crate) fn frames_heard(&mut self, highest: Vec<(u64, u64)>) {
        let Some(keys) = &mut self.keys else { return };
        for (id, number) in highest {
            if let Some(held) = KeyId::from_u64(id).and_then(|id| keys.issued.get_mut(&id)) {
                held.floor = held.floor.max(number.saturating_add(UNSAID_NUMBERS));
            }
        }
    }

    /// A new media worker: it gets every key again, opens nothing that the one before may have opened, and seals under
    /// keys that no worker had before.
    pub(crate) fn worker_restarted(&mut self) {
        let Some(keys) = &mut self.keys else { return };
        keys.sealing = None;
        keys.tagging.next_generation();
        for held in keys.issued.values_mut() {
            held.given = false;
        }
        if let Some((site, mut around)) = self.at(self.sites.active_slot()) {
            site.leg().tell_places(&mut around);
        }
    }

    /// Notes with whom keys are complete.
    fn settle_members(&mut self, speaking: &BTreeSet<DeviceId>, opening: &BTreeSet<DeviceId>) {
        let now_us = self.now_us;
        let roster = self.participants();
        let seats = self.call.as_ref().map(|call| self.seated_by(&call.line, roster.iter().collect(), None));
        let seats: BTreeSet<DeviceId> = seats.into_iter().flatten().map(|participant| participant.device).collect();
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
        // Who has no seat is waited for by nobody.
        let awaited =
            call.members.iter().filter(|(device, known)| seats.contains(device) && known.without_keys_us.is_some());
        let complete = awaited.count() == 0 && ready > 0;
        let Some(keys) = &mut self.keys else { return };
        let news = complete && keys.ready != ready;
        keys.ready = if complete { ready } else { 0 };
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
        let members = self.call.iter().flat_map(|call| call.members.values());
        let told = members.flat_map(|known| [known.forged_us, known.late_us]).flatten().map(|at| at + SUSPECT_US);
        let told = told.filter(|at| *at > self.now_us).min();
        let renew = keys.renewed.values().map(|since| since + RENEW_US).filter(|at| *at > self.now_us).min();
        let over = keys.over.map(|over| over.switch_us.unwrap_or(over.until_us)).filter(|at| *at > self.now_us);
        let late = keys.old_us().filter(|at| *at > self.now_us);
        [old, lead, stranger, told, renew, over, late].into_iter().flatten().min()
    }
}
