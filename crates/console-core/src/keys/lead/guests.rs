//! Whom the lead may add: their certificates, and the key packages that they have offered for its node's group.

use super::{Lead, Place};
use crate::around::Around;
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, Hash, LineId};
use trialogue_journal::fold::Participant;

/// One who is to be added.
pub(super) struct Guest {
    pub(super) device: DeviceId,
    pub(super) signature_key: Vec<u8>,
    pub(super) offer: Hash,
    pub(super) package: Vec<u8>,
}

/// In which order key packages were seen that are to be added.
#[derive(Default)]
pub(super) struct OffersSeen {
    places: BTreeMap<(DeviceId, Hash), u64>,
    next: u64,
}

impl OffersSeen {
    /// The place of one, which is the last one if it is new.
    fn place(&mut self, offer: (DeviceId, Hash)) -> u64 {
        let next = &mut self.next;
        *self.places.entry(offer).or_insert_with(|| {
            *next += 1;
            *next
        })
    }

    /// Only these are still to be added.
    fn keep(&mut self, places: BTreeMap<(DeviceId, Hash), u64>) {
        self.places = places;
    }
}

/// Its certificate verifies, it is not revoked as far as its party was confirmed lately, and its office is on the line.
pub(super) fn may_be_in(line: &LineId, device: &DeviceId, around: &Around<'_>) -> bool {
    let (Some(fold), Some(charter)) = (around.at.fold(), around.at.charter()) else { return false };
    around.revocations.is_fresh(device, around.at, around.now)
        && fold.device(device).is_some_and(|device| charter.is_on_line(&device.office, line))
}

impl Lead {
    /// Those of the participants that can be added now: their key packages for this node are here. Whose package was
    /// seen first comes first: a group takes a key once, and who copies another's comes later than the other.
    pub(super) fn guests(
        &mut self,
        place: Place<'_>,
        participants: Vec<&Participant>,
        around: &mut Around<'_>,
    ) -> Vec<Guest> {
        let (mut guests, mut seen) = (Vec::new(), BTreeMap::new());
        let id = around.at.id();
        for participant in participants.into_iter().filter(|participant| participant.device != id) {
            if !may_be_in(place.seat.line, &participant.device, around) {
                continue;
            }
            let (Some(fold), Some(charter)) = (around.at.fold(), around.at.charter()) else { continue };
            let good = |hash: Hash| !self.bad_offers.contains(&(participant.device, hash));
            let Some(offer) = participant.offers.get(place.node).filter(|offer| good(offer.hash)) else { continue };
            let order = self.offers_seen.place((participant.device, offer.hash));
            seen.insert((participant.device, offer.hash), order);
            let Some(device) = fold.device(&participant.device) else { continue };
            let signature_key = device.mls_public(charter.suite()).to_vec();
            let Some(package) = around.bodies.get(offer).cloned() else {
                around.bodies.want(offer);
                continue;
            };
            guests.push((order, Guest { device: participant.device, signature_key, offer: offer.hash, package }));
        }
        self.offers_seen.keep(seen);
        guests.sort_by_key(|(order, _)| *order);
        guests.into_iter().map(|(_, guest)| guest).collect()
    }
}
