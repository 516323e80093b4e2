//! The commit itself: made, kept within what a journal takes, and handed to the node.

use super::guests::Guest;
use super::{Lead, Place};
use crate::acts::Purpose;
use crate::around::Around;
use crate::io::Event;
use crate::keys::groups::{Groups, Move};
use crate::limits::{HANDSHAKE_BODIES_MAX, LEAD_AGAIN_US};
use trialogue_charter::DeviceId;
use trialogue_e2ee::{Invite, Pending};
use trialogue_journal::limits::BODY_MAX;
use trialogue_journal::{Act, BodyRef, GroupId};

/// What is to become of a group.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) group: GroupId,
    /// It was made for this, and nobody is in it yet.
    pub(super) creates: bool,
    pub(super) guests: &'a [Guest],
    pub(super) removes: &'a [DeviceId],
}

impl Lead {
    /// Makes the commit that brings this about, and hands it in.
    pub(super) fn commit(
        &mut self,
        place: Place<'_>,
        change: Change<'_>,
        groups: &mut Groups,
        around: &mut Around<'_>,
    ) {
        let Change { group, creates, guests, removes } = change;
        let invites: Vec<Invite<'_>> = guests
            .iter()
            .map(|guest| Invite {
                device: guest.device,
                signature_key: &guest.signature_key,
                key_package: &guest.package,
            })
            .collect();
        let pending = match groups.ring_mut().add_and_remove(&group, &invites, removes) {
            Ok(pending) => pending,
            Err(error) => {
                // Whoever alone spoils it was refused alone: none of these can be added.
                self.cannot_add(change, groups, around);
                return around.log(Event::BadHandshake { step: "commit", why: error.to_string() });
            }
        };
        // What no journal takes is not asked for: fewer come at once.
        let commit = if creates { 0 } else { pending.commit.len() };
        let welcome = pending.welcome.as_ref().map_or(0, Vec::len);
        if commit.max(welcome) > BODY_MAX || commit + welcome > HANDSHAKE_BODIES_MAX {
            drop(groups.ring_mut().discard(&group));
            if guests.len() > 1 {
                let (now, later) = guests.split_at(guests.len() / 2);
                // Who has offered anew keeps its place until its turn.
                let comes = |device: &&DeviceId| later.iter().any(|guest| guest.device == **device);
                let removes: Vec<DeviceId> = removes.iter().filter(|device| !comes(device)).copied().collect();
                return self.commit(place, Change { guests: now, removes: &removes, ..change }, groups, around);
            }
            self.cannot_add(change, groups, around);
            return around.log(Event::BadHandshake { step: "commit", why: "it is larger than a journal takes".into() });
        }
        self.hand_in(place, change, pending, groups, around);
    }

    fn cannot_add(&mut self, change: Change<'_>, groups: &mut Groups, around: &Around<'_>) {
        self.bad_offers.extend(change.guests.iter().map(|guest| (guest.device, guest.offer)));
        self.again_us = around.now.us + LEAD_AGAIN_US;
        if change.creates {
            groups.ring_mut().drop_group(&change.group);
        }
    }

    /// Hands a commit to the node.
    pub(super) fn hand_in(
        &mut self,
        place: Place<'_>,
        change: Change<'_>,
        mut pending: Pending,
        groups: &mut Groups,
        around: &mut Around<'_>,
    ) {
        let Change { group, creates, guests, .. } = change;
        for (device, _) in &pending.refused {
            let refused = guests.iter().filter(|guest| guest.device == *device);
            self.bad_offers.extend(refused.map(|guest| (guest.device, guest.offer)));
        }
        // Whoever is in a new group was added by its welcome: there is nobody for the commit.
        let commit = (!creates).then(|| std::mem::take(&mut pending.commit));
        let welcome = pending.welcome.take();
        let reference = |body: &Option<Vec<u8>>| body.as_ref().and_then(|body| BodyRef::of(body));
        let (commit_ref, welcome_ref) = (reference(&commit), reference(&welcome));
        let used = guests.iter().filter(|guest| pending.added.contains(&guest.device));
        let used = used.map(|guest| (guest.device, guest.offer)).collect();
        // Adding alone brings no fresh secrets.
        let fresh = !creates && (pending.added.is_empty() || !pending.removed.is_empty());
        let own = Move::of(group, pending.epoch, used, fresh).with(commit_ref.as_ref(), welcome_ref.as_ref());
        let act = Act::Handshake {
            group,
            epoch: pending.epoch,
            commit: commit_ref,
            welcome: welcome_ref,
            added: pending.added,
            removed: pending.removed,
        };
        let bodies = commit.into_iter().chain(welcome).collect();
        let number = around.speaker.say(place.seat.line, Purpose::Handshake(group), act, bodies);
        groups.moves(own.said(number));
        for (_, error) in pending.refused {
            around.log(Event::BadHandshake { step: "key package of another", why: error.to_string() });
        }
    }
}
