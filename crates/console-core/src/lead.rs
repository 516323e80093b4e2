//! The lead's reconcile loop: who should be in the own node's group, who is, and one commit for the difference.

use crate::acts::Purpose;
use crate::admission::meddler;
use crate::console::Console;
use crate::io::Event;
use crate::keys::{Keys, Move};
use crate::limits::{HANDSHAKE_BODIES_MAX, LEAD_AGAIN_US, NEXT_GROUP_US, RENEW_APART_US, RENEW_US};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trialogue_charter::{DeviceId, Hash, LineId, NodeId};
use trialogue_e2ee::{Invite, Pending};
use trialogue_journal::fold::{Group, Participant};
use trialogue_journal::limits::{BODY_MAX, EPOCHS_MAX};
use trialogue_journal::{Act, BodyRef, GroupId};

/// One who is to be added.
struct Guest {
    device: DeviceId,
    signature_key: Vec<u8>,
    offer: Hash,
    package: Vec<u8>,
}

impl Console {
    /// Commits the difference, if it is this console's to do so and no own commit is under way.
    pub(crate) fn lead(&mut self) {
        let (Some(fold), Some(call), Some(node)) = (self.sites.fold(), &self.call, self.sites.node().cloned()) else {
            return;
        };
        let line = call.line.clone();
        if !self.sites.is_up() || !self.is_lead(&line, &node) {
            return;
        }
        let group = fold.node(&node).and_then(|node| node.group(&line)).cloned();
        let participants = self.seated(&line, fold.in_on(&line));
        let Some(keys) = &self.keys else { return };
        if keys.moving.is_some() || self.now_us < keys.lead_again_us {
            return;
        }
        match group {
            Some(group) if group.epoch >= EPOCHS_MAX => self.begin_next(&line, &node, &group, &participants),
            Some(group) => {
                if keys.ring.has(&group.id) && keys.ring.epoch(&group.id) == Ok(group.epoch) {
                    self.change(&line, &node, &group, &participants);
                }
            }
            None => self.create(&line, &node, &participants),
        }
    }

    /// Gives fresh secrets to the own node's group, whether this console leads it or not, once those that it has are
    /// old.
    pub(crate) fn renew(&mut self) {
        let (Some(fold), Some(call), Some(node)) = (self.sites.fold(), &self.call, self.sites.node().cloned()) else {
            return;
        };
        let line = call.line.clone();
        let Some(group) = fold.node(&node).and_then(|node| node.group(&line)).cloned() else { return };
        let here = fold.in_on(&line).into_iter().filter(|participant| participant.node == node);
        let Some(place) = here.map(|participant| participant.device).position(|device| device == self.id) else {
            return;
        };
        let (now_us, up) = (self.now_us, self.sites.is_up());
        let Some(keys) = &mut self.keys else { return };
        if keys.ring.epoch(&group.id) != Ok(group.epoch) || group.epoch >= EPOCHS_MAX {
            return;
        }
        let since = *keys.renewed.entry(group.id).or_insert(now_us + place as u64 * RENEW_APART_US);
        if !up || now_us < since + RENEW_US || keys.moving.is_some() || now_us < keys.lead_again_us {
            return;
        }
        match keys.ring.renew(&group.id) {
            Ok(pending) => self.hand_in(&line, group.id, pending, &[], false),
            Err(error) => {
                keys.lead_again_us = now_us + LEAD_AGAIN_US;
                self.log(Event::BadHandshake { step: "renew", why: error.to_string() });
            }
        }
    }

    /// The journal's lead; or, while this console's own ring or answer is on its way, the first of its node.
    fn is_lead(&self, line: &LineId, node: &NodeId) -> bool {
        let Some(fold) = self.sites.fold() else { return false };
        match fold.lead(node, line) {
            Some(lead) => lead == self.id,
            None => self.acts.is_waiting(line, |purpose| matches!(purpose, Purpose::Enter | Purpose::Attach)),
        }
    }

    fn create(&mut self, line: &LineId, node: &NodeId, participants: &[Participant]) {
        let guests = self.guests(line, node, participants.iter());
        self.create_with(line, node, &guests);
    }

    /// The group has used up its epochs: the next one takes its place once everybody has offered a key package that has
    /// not served, or has had the time to.
    fn begin_next(&mut self, line: &LineId, node: &NodeId, group: &Arc<Group>, participants: &[Participant]) {
        let mut guests = self.guests(line, node, participants.iter());
        let others = participants.iter().filter(|p| p.device != self.id && self.may_be_in(line, &p.device)).count();
        let now_us = self.now_us;
        let Some(keys) = &mut self.keys else { return };
        let served = |device: &DeviceId| {
            let added = group.members.get(device)?;
            keys.added_with.get(&(group.id, *device, *added)).copied()
        };
        guests.retain(|guest| served(&guest.device) != Some(guest.offer));
        let until_us = match keys.ending {
            Some((ending, until_us)) if ending == group.id => until_us,
            _ => now_us + NEXT_GROUP_US,
        };
        keys.ending = Some((group.id, until_us));
        // Whoever has left cannot be removed from it any more.
        let is_in = |device: &DeviceId| *device == self.id || participants.iter().any(|p| p.device == *device);
        let has_left = !group.members.keys().all(is_in);
        if guests.len() == others || has_left || now_us >= until_us {
            self.create_with(line, node, &guests);
        }
    }

    fn create_with(&mut self, line: &LineId, node: &NodeId, guests: &[Guest]) {
        if guests.is_empty() {
            return;
        }
        let Some(index) = self.index_of(node) else { return };
        let Some(keys) = &mut self.keys else { return };
        let Ok(mut id) = self.chance.draw::<{ GroupId::LEN }>() else { return };
        id[GroupId::LEN - 1] = index;
        let group = GroupId(id);
        if let Err(error) = keys.ring.create(group) {
            return self.log(Event::BadHandshake { step: "create", why: error.to_string() });
        }
        self.commit(line, group, guests, &[], true);
    }

    fn change(&mut self, line: &LineId, node: &NodeId, group: &Arc<Group>, participants: &[Participant]) {
        let Some(keys) = &self.keys else { return };
        let Ok(leaves) = keys.ring.members(&group.id) else { return };
        let target: BTreeMap<DeviceId, &Participant> = participants.iter().map(|p| (p.device, p)).collect();
        let stays_as_it_is = |device: &DeviceId| {
            let (Some(participant), Some(added)) = (target.get(device), group.members.get(device)) else {
                return false;
            };
            let noted = keys.added_with.get(&(group.id, *device, *added));
            let offer = participant.offers.get(node).map(|offer| offer.hash);
            self.may_stay(line, device) && (noted.is_none() || noted == offer.as_ref())
        };
        let others = leaves.iter().map(|leaf| leaf.device).filter(|device| *device != self.id);
        let (kept, mut removes): (BTreeSet<DeviceId>, Vec<DeviceId>) =
            others.fold(Default::default(), |mut split, device| {
                if stays_as_it_is(&device) {
                    split.0.insert(device);
                } else {
                    split.1.push(device);
                }
                split
            });
        let may = |p: &&Participant| keys.admissions.may(&p.device, &p.party, self.now_us);
        let missing: Vec<&Participant> =
            participants.iter().filter(|p| !kept.contains(&p.device)).filter(may).collect();
        let mut guests = self.guests(line, node, missing.into_iter());
        // One that has offered anew keeps its old place until its new key package is here.
        let anew = |device: &DeviceId| target.contains_key(device) && self.may_stay(line, device);
        removes.retain(|device| !anew(device) || guests.iter().any(|guest| guest.device == *device));
        if self.keys.as_ref().is_some_and(|keys| keys.short) && removes.iter().any(|device| !anew(device)) {
            // The node has no more for this console than it must take: whoever has left goes first, and nobody comes
            // with that.
            removes.retain(|device| !anew(device));
            guests.clear();
        }
        if !guests.is_empty() || !removes.is_empty() {
            self.commit(line, group.id, &guests, &removes, false);
        }
    }

    /// It may be in, and has not removed others again and again.
    fn may_stay(&self, line: &LineId, device: &DeviceId) -> bool {
        let out = |keys: &Keys| keys.admissions.is_put_out(device, self.now_us);
        self.may_be_in(line, device) && !self.keys.as_ref().is_some_and(out)
    }

    /// Its certificate verifies, it is not revoked as far as its party was confirmed lately, and its office is on the
    /// line.
    pub(crate) fn may_be_in(&self, line: &LineId, device: &DeviceId) -> bool {
        let (Some(fold), Some(charter)) = (self.sites.fold(), &self.charter) else { return false };
        self.revocations.is_fresh(device, self.roster(), self.now())
            && fold.device(device).is_some_and(|device| charter.is_on_line(&device.office, line))
    }

    /// Those of the participants that can be added now: their key packages for this node are here. Whose package was
    /// seen first comes first: a group takes a key once, and who copies another's comes later than the other.
    fn guests<'a>(
        &mut self,
        line: &LineId,
        node: &NodeId,
        participants: impl Iterator<Item = &'a Participant>,
    ) -> Vec<Guest> {
        let mut guests = Vec::new();
        let mut seen = BTreeMap::new();
        for participant in participants.filter(|participant| participant.device != self.id) {
            if !self.may_be_in(line, &participant.device) {
                continue;
            }
            let (Some(fold), Some(charter), Some(keys)) = (self.sites.fold(), &self.charter, &mut self.keys) else {
                continue;
            };
            let Some(offer) = participant
                .offers
                .get(node)
                .filter(|offer| !keys.bad_offers.contains(&(participant.device, offer.hash)))
            else {
                continue;
            };
            let place = keys.offers_seen.place((participant.device, offer.hash));
            seen.insert((participant.device, offer.hash), place);
            let Some(device) = fold.device(&participant.device) else { continue };
            let signature_key = device.mls_public(charter.suite()).to_vec();
            let Some(package) = self.bodies.get(offer).cloned() else {
                self.bodies.want(offer);
                continue;
            };
            guests.push((place, Guest { device: participant.device, signature_key, offer: offer.hash, package }));
        }
        if let Some(keys) = &mut self.keys {
            keys.offers_seen.keep(seen);
        }
        guests.sort_by_key(|(place, _)| *place);
        guests.into_iter().map(|(_, guest)| guest).collect()
    }

    fn commit(&mut self, line: &LineId, group: GroupId, guests: &[Guest], removes: &[DeviceId], creating: bool) {
        let Some(keys) = &mut self.keys else { return };
        let invites: Vec<Invite<'_>> = guests
            .iter()
            .map(|guest| Invite {
                device: guest.device,
                signature_key: &guest.signature_key,
                key_package: &guest.package,
            })
            .collect();
        let pending = match keys.ring.add_and_remove(&group, &invites, removes) {
            Ok(pending) => pending,
            Err(error) => {
                // Whoever alone spoils it was refused alone: none of these can be added.
                let bad = guests.iter().map(|guest| (guest.device, guest.offer));
                keys.bad_offers.extend(bad);
                keys.lead_again_us = self.now_us + LEAD_AGAIN_US;
                if creating {
                    keys.ring.drop_group(&group);
                }
                return self.log(Event::BadHandshake { step: "commit", why: error.to_string() });
            }
        };
        // What no journal takes is not asked for: fewer come at once.
        let commit = if creating { 0 } else { pending.commit.len() };
        let welcome = pending.welcome.as_ref().map_or(0, Vec::len);
        if commit.max(welcome) > BODY_MAX || commit + welcome > HANDSHAKE_BODIES_MAX {
            drop(keys.ring.discard(&group));
            if guests.len() > 1 {
                let (now, later) = guests.split_at(guests.len() / 2);
                // Who has offered anew keeps its place until its turn.
                let comes = |device: &&DeviceId| later.iter().any(|guest| guest.device == **device);
                let removes: Vec<DeviceId> = removes.iter().filter(|device| !comes(device)).copied().collect();
                return self.commit(line, group, now, &removes, creating);
            }
            keys.bad_offers.extend(guests.iter().map(|guest| (guest.device, guest.offer)));
            keys.lead_again_us = self.now_us + LEAD_AGAIN_US;
            if creating {
                keys.ring.drop_group(&group);
            }
            return self.log(Event::BadHandshake { step: "commit", why: "it is larger than a journal takes".into() });
        }
        self.hand_in(line, group, pending, guests, creating);
    }

    /// Hands a commit to the node.
    fn hand_in(&mut self, line: &LineId, group: GroupId, pending: Pending, guests: &[Guest], creating: bool) {
        let Some(keys) = &mut self.keys else { return };
        for (device, _) in &pending.refused {
            let refused = guests.iter().filter(|guest| guest.device == *device);
            keys.bad_offers.extend(refused.map(|guest| (guest.device, guest.offer)));
        }
        let refused: Vec<String> = pending.refused.iter().map(|(_, error)| error.to_string()).collect();
        // Whoever is in a new group was added by its welcome: there is nobody for the commit.
        let commit = if creating { None } else { Some(pending.commit) };
        let reference = |body: &Option<Vec<u8>>| body.as_ref().and_then(|body| BodyRef::of(body));
        let (commit_ref, welcome_ref) = (reference(&commit), reference(&pending.welcome));
        let used = guests.iter().filter(|guest| pending.added.contains(&guest.device));
        let used = used.map(|guest| (guest.device, guest.offer)).collect();
        let (commit_hash, welcome_hash) = (commit_ref.as_ref().map(|c| c.hash), welcome_ref.as_ref().map(|w| w.hash));
        // Adding alone brings no fresh secrets.
        let fresh = !creating && (pending.added.is_empty() || !pending.removed.is_empty());
        let epoch = pending.epoch;
        let act = Act::Handshake {
            group,
            epoch,
            commit: commit_ref,
            welcome: welcome_ref,
            added: pending.added,
            removed: pending.removed,
        };
        let bodies = commit.into_iter().chain(pending.welcome).collect();
        let number = self.say(line, Purpose::Handshake(group), act, bodies);
        if let Some(keys) = &mut self.keys {
            keys.moving = Some(Move {
                group,
                number,
                epoch,
                commit: commit_hash,
                welcome: welcome_hash,
                used,
                fresh,
                confirmed: false,
            });
        }
        for why in refused {
            self.log(Event::BadHandshake { step: "key package of another", why });
        }
    }

    /// The node has accepted it: this console is at the new epoch from here on.
    pub(crate) fn handshake_accepted(&mut self, group: GroupId, number: u64) {
        let now_us = self.now_us;
        let Some(keys) = &mut self.keys else { return };
        if let Some(own) =
            keys.moving.as_mut().filter(|own| own.group == group && own.number == number && !own.confirmed)
        {
            own.confirmed = keys.ring.confirm(&group).is_ok();
            keys.short = false;
            if own.confirmed && own.fresh {
                keys.has_renewed(group, now_us);
            }
        }
    }

    /// Another one was first, or it came too late.
    pub(crate) fn handshake_refused(&mut self, group: GroupId, number: u64, after_us: u64) {
        let again = self.now_us + LEAD_AGAIN_US.max(after_us);
        let Some(keys) = &mut self.keys else { return };
        keys.short |= after_us > 0;
        if keys.moving.as_ref().is_some_and(|own| own.group == group && own.number == number && !own.confirmed) {
            self.forget_move();
            if let Some(keys) = &mut self.keys {
                keys.lead_again_us = again;
            }
        }
    }

    pub(crate) fn forget_move(&mut self) {
        let Some(keys) = &mut self.keys else { return };
        let Some(own) = keys.moving.take() else { return };
        if own.epoch == 0 && own.commit.is_none() {
            keys.ring.drop_group(&own.group);
        } else {
            let _ = keys.ring.discard(&own.group);
        }
    }

    /// An own handshake is done with once its entry is folded, or once nothing waits for it any more.
    pub(crate) fn move_settled(&mut self, groups: &BTreeMap<NodeId, Arc<Group>>) {
        let (Some(keys), Some(call)) = (&mut self.keys, &self.call) else { return };
        let Some(own) = &keys.moving else { return };
        let group = groups.values().find(|group| group.id == own.group);
        if let Some(group) = group.filter(|group| own.confirmed && group.epoch > own.epoch) {
            if own.epoch > 0 {
                // Who is in a new group was not let in again.
                let party = |device: &DeviceId| self.sites.fold()?.device(device).map(|d| d.party.clone());
                // Nor has whoever another changed the group for.
                let remover = |device: &DeviceId| meddler(&group.handshakes, &self.id, own.epoch, device);
                let removers: BTreeSet<DeviceId> = own.used.iter().filter_map(|(device, _)| remover(device)).collect();
                let added = own.used.iter().filter(|(device, _)| remover(device).is_none());
                let added = added.filter_map(|(device, _)| Some((*device, party(device)?))).collect();
                keys.admissions.note(added, self.now_us);
                keys.admissions.note_removers(removers, self.now_us);
            }
            for (device, offer) in &own.used {
                if let Some(added) = group.members.get(device) {
                    keys.added_with.insert((group.id, *device, *added), *offer);
                }
            }
            keys.moving = None;
            return;
        }
        let handshake = Purpose::Handshake(own.group);
        if !own.confirmed && !self.acts.is_waiting(&call.line, |purpose| purpose == handshake) {
            self.forget_move();
        }
    }
}
