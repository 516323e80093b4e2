//! The lead's reconcile loop: who should be in the own node's group, who is, and one commit for the difference.

mod commit;
mod guests;

use self::commit::Change;
use self::guests::{Guest, OffersSeen, may_be_in};
use super::Seat;
use super::admission::{Admissions, meddler};
use super::groups::{Groups, Move};
use super::seats::seated;
use crate::acts::Purpose;
use crate::around::Around;
use crate::io::Event;
use crate::limits::{LEAD_AGAIN_US, NEXT_GROUP_US, RENEW_APART_US, RENEW_US};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, Hash, LineId, NodeId};
use trialogue_journal::GroupId;
use trialogue_journal::fold::{Group, Participant};
use trialogue_journal::limits::EPOCHS_MAX;

#[derive(Default)]
pub(super) struct Lead {
    /// No handshake is said before.
    again_us: u64,
    /// The node has refused a handshake because this console has written too much.
    short: bool,
    /// Key packages that no group takes, by who offered them.
    bad_offers: BTreeSet<(DeviceId, Hash)>,
    offers_seen: OffersSeen,
    admissions: Admissions,
    /// A group that has used up its epochs, and until when its lead waits for new key packages.
    ending: Option<(GroupId, u64)>,
}

/// The own node, whose group it is, and the call.
#[derive(Clone, Copy)]
struct Place<'a> {
    seat: Seat<'a>,
    node: &'a NodeId,
}

impl Lead {
    /// Commits the difference, if it is this console's to do so and no own commit is under way.
    pub(super) fn lead(&mut self, groups: &mut Groups, seat: Seat, around: &mut Around<'_>) {
        let (Some(fold), Some(node)) = (around.at.fold(), around.at.node()) else { return };
        let place = Place { seat, node };
        if !around.is_up() || !is_lead(place, around) || groups.is_moving() || around.now.us < self.again_us {
            return;
        }
        let group = fold.node(node).and_then(|node| node.group(seat.line));
        let (id, all) = (around.at.id(), fold.in_on(seat.line));
        let participants = seated(around.at, seat.line, all.iter().collect(), Some(&id));
        match group {
            Some(group) if group.epoch >= EPOCHS_MAX => self.begin_next(place, group, &participants, groups, around),
            Some(group) => {
                if groups.ring().has(&group.id) && groups.ring().epoch(&group.id) == Ok(group.epoch) {
                    self.change(place, group, &participants, groups, around);
                }
            }
            None => {
                let guests = self.guests(place, participants, around);
                self.create(place, &guests, groups, around);
            }
        }
    }

    /// Gives fresh secrets to the own node's group, whether this console leads it or not, once those that it has are
    /// old.
    pub(super) fn renew(&mut self, groups: &mut Groups, seat: Seat, around: &mut Around<'_>) {
        let (Some(fold), Some(node)) = (around.at.fold(), around.at.node()) else { return };
        let Some(group) = fold.node(node).and_then(|node| node.group(seat.line)) else { return };
        let id = around.at.id();
        let here = fold.in_on(seat.line).iter().filter(|participant| participant.node == *node);
        let Some(place) = here.map(|participant| participant.device).position(|device| device == id) else {
            return;
        };
        let now_us = around.now.us;
        if groups.ring().epoch(&group.id) != Ok(group.epoch) || group.epoch >= EPOCHS_MAX {
            return;
        }
        let since = groups.renewed_us(group.id, now_us + place as u64 * RENEW_APART_US);
        if !around.is_up() || now_us < since + RENEW_US || groups.is_moving() || now_us < self.again_us {
            return;
        }
        match groups.ring_mut().renew(&group.id) {
            Ok(pending) => {
                let change = Change { group: group.id, creates: false, guests: &[], removes: &[] };
                self.hand_in(Place { seat, node }, change, pending, groups, around);
            }
            Err(error) => {
                self.again_us = now_us + LEAD_AGAIN_US;
                around.log(Event::BadHandshake { step: "renew", why: error.to_string() });
            }
        }
    }

    /// The group has used up its epochs: the next one takes its place once everybody has offered a key package that has
    /// not served, or has had the time to.
    fn begin_next(
        &mut self,
        place: Place<'_>,
        group: &Group,
        participants: &[&Participant],
        groups: &mut Groups,
        around: &mut Around<'_>,
    ) {
        let mut guests = self.guests(place, participants.to_vec(), around);
        let (id, now_us) = (around.at.id(), around.now.us);
        let may = |p: &&&Participant| p.device != id && may_be_in(place.seat.line, &p.device, around);
        let others = participants.iter().filter(may).count();
        guests.retain(|guest| groups.added_with(group, &guest.device) != Some(guest.offer));
        let until_us = match self.ending {
            Some((ending, until_us)) if ending == group.id => until_us,
            _ => now_us + NEXT_GROUP_US,
        };
        self.ending = Some((group.id, until_us));
        // Whoever has left cannot be removed from it any more.
        let is_in = |device: &DeviceId| *device == id || participants.iter().any(|p| p.device == *device);
        let has_left = !group.members.keys().all(is_in);
        if guests.len() == others || has_left || now_us >= until_us {
            self.create(place, &guests, groups, around);
        }
    }

    fn create(&mut self, place: Place<'_>, guests: &[Guest], groups: &mut Groups, around: &mut Around<'_>) {
        if guests.is_empty() {
            return;
        }
        let Some(index) = around.at.index_of(place.node) else { return };
        let Ok(mut id) = around.chance.draw::<{ GroupId::LEN }>() else { return };
        id[GroupId::LEN - 1] = index;
        let group = GroupId(id);
        if let Err(error) = groups.ring_mut().create(group) {
            return around.log(Event::BadHandshake { step: "create", why: error.to_string() });
        }
        self.commit(place, Change { group, creates: true, guests, removes: &[] }, groups, around);
    }

    fn change(
        &mut self,
        place: Place<'_>,
        group: &Group,
        participants: &[&Participant],
        groups: &mut Groups,
        around: &mut Around<'_>,
    ) {
        let (line, now_us) = (place.seat.line, around.now.us);
        let Ok(leaves) = groups.ring().members(&group.id) else { return };
        let target: BTreeMap<DeviceId, &Participant> = participants.iter().map(|p| (p.device, *p)).collect();
        let stays_as_it_is = |device: &DeviceId| {
            let Some(participant) = target.get(device).filter(|_| group.members.contains_key(device)) else {
                return false;
            };
            let noted = groups.added_with(group, device);
            let offer = participant.offers.get(place.node).map(|offer| offer.hash);
            self.may_stay(line, device, around) && (noted.is_none() || noted == offer)
        };
        let others = leaves.iter().map(|leaf| leaf.device).filter(|device| *device != around.at.id());
        let (kept, mut removes): (BTreeSet<DeviceId>, Vec<DeviceId>) =
            others.fold(Default::default(), |mut split, device| {
                if stays_as_it_is(&device) {
                    split.0.insert(device);
                } else {
                    split.1.push(device);
                }
                split
            });
        let may = |p: &&Participant| self.admissions.may(&p.device, &p.party, now_us);
        let missing = participants.iter().copied().filter(|p| !kept.contains(&p.device)).filter(may).collect();
        let mut guests = self.guests(place, missing, around);
        // One that has offered anew keeps its old place until its new key package is here.
        let anew = |device: &DeviceId| target.contains_key(device) && self.may_stay(line, device, around);
        removes.retain(|device| !anew(device) || guests.iter().any(|guest| guest.device == *device));
        if self.short && removes.iter().any(|device| !anew(device)) {
            // The node has no more for this console than it must take: whoever has left goes first, and nobody comes
            // with that.
            removes.retain(|device| !anew(device));
            guests.clear();
        }
        if !guests.is_empty() || !removes.is_empty() {
            let change = Change { group: group.id, creates: false, guests: &guests, removes: &removes };
            self.commit(place, change, groups, around);
        }
    }

    /// It may be in, and has not removed others again and again.
    fn may_stay(&self, line: &LineId, device: &DeviceId, around: &Around<'_>) -> bool {
        may_be_in(line, device, around) && !self.admissions.is_put_out(device, around.now.us)
    }

    /// The node has accepted a handshake.
    pub(super) fn accepted(&mut self) {
        self.short = false;
    }

    /// The node has refused one. `after_us`: because of how much was written; `was_own`: it was awaited.
    pub(super) fn refused(&mut self, after_us: u64, was_own: bool, now_us: u64) {
        self.short |= after_us > 0;
        if was_own {
            self.again_us = now_us + LEAD_AGAIN_US.max(after_us);
        }
    }

    /// An own handshake stands in the journal of its group.
    pub(super) fn has_counted(&mut self, own: &Move, group: &Group, around: &Around<'_>) {
        // Who is in a new group was not let in again.
        if own.epoch() == 0 {
            return;
        }
        let (id, now_us) = (around.at.id(), around.now.us);
        let party = |device: &DeviceId| around.at.fold()?.device(device).map(|d| d.party.clone());
        // Nor has whoever another changed the group for.
        let remover = |device: &DeviceId| meddler(&group.handshakes, &id, own.epoch(), device);
        let removers: BTreeSet<DeviceId> = own.used().iter().filter_map(|(device, _)| remover(device)).collect();
        let added = own.used().iter().filter(|(device, _)| remover(device).is_none());
        let added = added.filter_map(|(device, _)| Some((*device, party(device)?))).collect();
        self.admissions.note(added, now_us);
        self.admissions.note_removers(removers, now_us);
    }

    /// At another site: what the former one had refused is not its word.
    pub(super) fn came_over(&mut self) {
        self.again_us = 0;
    }

    /// Hung up.
    pub(super) fn end_call(&mut self) {
        *self = Self { again_us: self.again_us, short: self.short, ..Self::default() };
    }

    /// When a handshake may be said again; when secrets are old.
    pub(super) fn next_us(&self, groups: &Groups, in_call: bool, now_us: u64) -> Option<u64> {
        let again = in_call.then_some(self.again_us);
        let renew = groups.all_renewed_us().map(|since| since + RENEW_US);
        crate::timers::next(now_us, again.into_iter().chain(renew).map(Some))
    }
}

/// The journal's lead; or, while this console's own ring or answer is on its way, the first of its node.
fn is_lead(place: Place<'_>, around: &Around<'_>) -> bool {
    let Some(fold) = around.at.fold() else { return false };
    match fold.lead(place.node, place.seat.line) {
        Some(lead) => lead == around.at.id(),
        None => {
            let enters = |purpose| matches!(purpose, Purpose::Enter | Purpose::Attach);
            around.speaker.acts.is_waiting(place.seat.line, enters)
        }
    }
}
