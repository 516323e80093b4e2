//! Circles of readers: own ones, made when who reads has changed, and those of others, joined when something in them is
//! read.

use super::held::HeldCircles;
use super::keeping::Keeping;
use super::kept::KeptCircle;
use super::ring::{NotIn, Ring};
use crate::around::Around;
use crate::bodies::Bodies;
use crate::io::Event;
use crate::roster::Roster;
use minicbor::bytes::ByteArray;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use trialogue_charter::{DeviceId, Hash, LineId, NodeId, PartyId};
use trialogue_e2ee::writing::CircleKey;
use trialogue_e2ee::{Invite, KeyringError};
use trialogue_journal::fold::{Circle, Stock};
use trialogue_journal::limits::{CIRCLES_MAX, READERS_MAX};
use trialogue_journal::{BodyRef, GroupId};

/// An own circle that is not in the journal yet.
pub(super) struct NewCircle {
    pub(super) circle: GroupId,
    pub(super) welcome: Vec<u8>,
    pub(super) readers: Vec<DeviceId>,
}

/// The circles for what is written now.
pub(super) enum Chosen {
    /// Key packages are on their way.
    Wait,
    /// Nobody else can read on that line.
    Nobody,
    /// These; the new ones stand in no journal yet.
    Circles { circles: Vec<GroupId>, new: Vec<NewCircle> },
}

/// Keys of circles, and of whom it is known that nothing can be sealed for.
#[derive(Default)]
pub(super) struct Circles {
    ring: Ring,
    held: HeldCircles,
    /// The last key package of each device that did not verify: it cannot be written to until another one comes.
    bad_stock: BTreeMap<DeviceId, Hash>,
    /// Key packages that the last writing did not wait for any longer.
    lacking: BTreeSet<Hash>,
}

impl Circles {
    /// Those that were kept, with the key packages of this device.
    pub(super) fn recalled(ring: Ring, held: HeldCircles) -> Self {
        Self { ring, held, ..Self::default() }
    }

    /// Key packages of this device, and what opens them.
    pub(super) fn ring(&self) -> &Ring {
        &self.ring
    }

    pub(super) fn ring_mut(&mut self) -> &mut Ring {
        &mut self.ring
    }

    pub(super) fn held(&self) -> &HeldCircles {
        &self.held
    }

    /// Devices that can read on a line, other than this one, with the key package of each.
    fn readers_now(&self, at: Roster, line: &LineId) -> BTreeMap<DeviceId, BodyRef> {
        let Some(fold) = at.fold() else { return BTreeMap::new() };
        let good = |device, stock: &&Stock| self.bad_stock.get(&device) != Some(&stock.package.hash);
        let readers = fold.readers(line).into_iter().filter(|(device, _)| *device != at.id());
        let package = |(device, stock): (DeviceId, Option<&Stock>)| {
            Some((device, stock.filter(|stock| good(device, stock))?.package.clone()))
        };
        readers.filter_map(package).collect()
    }

    /// The same, as many as a writing can be sealed for: where a party has enrolled so many that not all have a place,
    /// each party has an equal share, of those who gave their key packages last.
    pub(super) fn readers_that_fit(&self, at: Roster, line: &LineId) -> BTreeMap<DeviceId, BodyRef> {
        let all = self.readers_now(at, line);
        let most = CIRCLES_MAX * READERS_MAX;
        if all.len() <= most {
            return all;
        }
        let Some(fold) = at.fold() else { return BTreeMap::new() };
        let given = fold.readers(line);
        let mut parties: BTreeMap<Option<PartyId>, Vec<(DeviceId, BodyRef)>> = BTreeMap::new();
        for (device, package) in all {
            let party = fold.device(&device).map(|known| known.party.clone());
            parties.entry(party).or_default().push((device, package));
        }
        for readers in parties.values_mut() {
            readers.sort_by_key(|(device, _)| {
                std::cmp::Reverse(given.get(device).and_then(|stock| Some(stock.as_ref()?.number)))
            });
        }
        shares(parties.into_values().collect(), most).into_iter().collect()
    }

    /// Its key package did not come when it was waited for, and is not here yet.
    pub(super) fn is_lacking(&self, package: &BodyRef, bodies: &Bodies) -> bool {
        self.lacking.contains(&package.hash) && bodies.get(package).is_none()
    }

    /// Circles for everyone who can read now: those that stand, and new ones for the rest. `patient`: wait for key
    /// packages that are missing.
    pub(super) fn choose(&mut self, line: &LineId, patient: bool, around: &mut Around<'_>) -> Chosen {
        let mut rest = self.readers_that_fit(around.at, line);
        if rest.is_empty() {
            return Chosen::Nobody;
        }
        let mut circles = Vec::new();
        for held in self.held.all().iter().rev() {
            let fits = |(device, package): &(DeviceId, Hash)| rest.get(device).is_some_and(|now| now.hash == *package);
            if is_usable(held, around.at, line) && held.readers.iter().all(fits) && circles.len() + 1 < CIRCLES_MAX {
                rest.retain(|device, _| !held.readers.iter().any(|(reader, _)| reader == device));
                circles.push(held.circle);
            }
        }
        let missing: Vec<BodyRef> = rest.values().filter(|body| around.bodies.get(body).is_none()).cloned().collect();
        missing.iter().for_each(|body| around.bodies.want(body));
        if !missing.is_empty() && patient {
            return Chosen::Wait;
        }
        rest.retain(|_, body| !missing.contains(body));
        // They are named as those who cannot read, from now on and on the message itself: a node that keeps their keys
        // back does not do so unseen.
        self.lacking = missing.iter().map(|body| body.hash).collect();
        // More small circles than a writing may name: everyone anew.
        if circles.len() + rest.len().div_ceil(READERS_MAX) > CIRCLES_MAX {
            circles.clear();
            rest = self.readers_that_fit(around.at, line);
            rest.retain(|_, body| around.bodies.get(body).is_some());
        }
        let new = self.make_circles(line, rest, CIRCLES_MAX.saturating_sub(circles.len()), around);
        circles.extend(new.iter().map(|made| made.circle));
        circles.sort_unstable();
        circles.dedup();
        if circles.is_empty() { Chosen::Nobody } else { Chosen::Circles { circles, new } }
    }

    /// At most so many, for these readers.
    fn make_circles(
        &mut self,
        line: &LineId,
        readers: BTreeMap<DeviceId, BodyRef>,
        most: usize,
        around: &mut Around<'_>,
    ) -> Vec<NewCircle> {
        let Some(node) = around.at.node().cloned() else { return Vec::new() };
        let readers: Vec<(DeviceId, BodyRef)> = readers.into_iter().collect();
        let mut rest: VecDeque<Vec<_>> = readers.chunks(READERS_MAX).map(<[_]>::to_vec).collect();
        let mut all = Vec::new();
        while let Some(some) = rest.pop_front() {
            let Some((circle, made)) = self.make_circle(&some, around) else { continue };
            let mut copies: BTreeMap<PartyId, Vec<(DeviceId, BodyRef)>> = BTreeMap::new();
            for (device, error) in &made.refused {
                let Some((_, package)) = some.iter().find(|(other, _)| other == device) else { continue };
                around.log(Event::BadHandshake { step: "key package of a reader", why: error.to_string() });
                if *error != KeyringError::KeyOfAnother {
                    self.bad_stock.insert(*device, package.hash);
                } else if let Some(known) = around.at.fold().and_then(|fold| fold.device(device)) {
                    copies.entry(known.party.clone()).or_default().push((*device, package.clone()));
                }
            }
            // One of two has copied the other's key: nobody is kept from reading by that, each is in a circle of its
            // own. Those come first of whose party there are few: it is cheap to have many copies.
            let mut copies: Vec<_> = copies.into_values().collect();
            copies.sort_by_key(Vec::len);
            let room = most.saturating_sub(all.len() + 1 + rest.len());
            rest.extend(copies.into_iter().flatten().take(room).map(|one| vec![one]));
            let package = |device: &DeviceId| some.iter().find(|(other, _)| other == device).map(|(_, p)| p.hash);
            let me = around.at.id();
            self.held.add(
                me,
                KeptCircle {
                    circle,
                    key: ByteArray::from(*made.key.to_keep()),
                    by: me,
                    line: line.clone(),
                    node: node.clone(),
                    readers: made.readers.iter().filter_map(|device| Some((*device, package(device)?))).collect(),
                },
            );
            all.push(NewCircle { circle, welcome: made.welcome, readers: made.readers });
        }
        all
    }

    fn make_circle(
        &mut self,
        readers: &[(DeviceId, BodyRef)],
        around: &mut Around<'_>,
    ) -> Option<(GroupId, trialogue_e2ee::writing::CircleMade)> {
        let id = around.chance.draw().ok()?;
        let suite = around.at.charter()?.suite();
        let found: Vec<(DeviceId, Vec<u8>, Vec<u8>)> = readers
            .iter()
            .filter_map(|(device, package)| {
                let package = around.bodies.get(package)?.clone();
                let key = around.at.fold()?.device(device)?.mls_public(suite).to_vec();
                Some((*device, package, key))
            })
            .collect();
        let invites: Vec<Invite<'_>> = found
            .iter()
            .map(|(device, package, key)| Invite { device: *device, signature_key: key, key_package: package })
            .collect();
        let made = self.ring.keys(around)?.make_circle(GroupId(id), &invites);
        match made {
            Ok(made) => Some((GroupId(id), made)),
            Err(error) => {
                around.log(Event::BadHandshake { step: "circle", why: error.to_string() });
                // Nobody of these can be written to with the key packages that they have published.
                self.bad_stock.extend(readers.iter().map(|(device, package)| (*device, package.hash)));
                None
            }
        }
    }

    /// The key of an own circle.
    pub(super) fn own_key(&self, circle: &GroupId, me: &DeviceId) -> Option<CircleKey> {
        self.held.get(circle, me).map(|held| CircleKey::from_kept(*held.key))
    }

    /// The key of a circle, own or not.
    pub(super) fn key(
        &mut self,
        (node, circle, by): (&NodeId, &GroupId, &DeviceId),
        keeping: &mut Keeping,
        around: &mut Around<'_>,
    ) -> Result<CircleKey, NotIn> {
        if let Some(held) = self.held.get(circle, by) {
            return Ok(CircleKey::from_kept(*held.key));
        }
        let me = around.at.id();
        let known = around.at.fold().and_then(|fold| fold.circle(node, circle)).cloned();
        let ours = |known: &Circle| known.by == *by && *by != me && known.readers.contains(&me);
        let known = known.filter(ours).ok_or(NotIn::NotForUs)?;
        let joined = self.ring.join((node, circle, by), &known, around)?;
        let key = ByteArray::from(*joined.key.to_keep());
        let (line, node) = (known.line, node.clone());
        self.held.add(me, KeptCircle { circle: *circle, key, by: *by, line, node, readers: Vec::new() });
        keeping.change();
        Ok(joined.key)
    }
}

/// It is an own one of the line, and its node's journal has it.
fn is_usable(held: &KeptCircle, at: Roster, line: &LineId) -> bool {
    let stands = || at.fold().is_some_and(|fold| fold.circle(&held.node, &held.circle).is_some());
    held.by == at.id() && held.line == *line && at.node() == Some(&held.node) && stands()
}

/// At most so many of all, the first of each: an equal share, and what others leave of theirs.
fn shares<T>(mut of: Vec<Vec<T>>, most: usize) -> Vec<T> {
    // Who has few is asked first, so that what it leaves is shared by the others.
    of.sort_by_key(Vec::len);
    let (mut room, mut rest, mut fit) = (most, of.len(), Vec::new());
    for mut one in of {
        one.truncate(room / rest.max(1));
        (room, rest) = (room - one.len(), rest - 1);
        fit.extend(one);
    }
    fit
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::shares;

    #[test]
    fn a_party_with_many_readers_takes_no_other_partys_places() {
        let party = |name: u8, many: u8| (0..many).map(|n| (name, n)).collect::<Vec<_>>();
        let fit = shares(vec![party(1, 250), party(2, 3), party(3, 100)], 216);
        let of = |name| fit.iter().filter(|(party, _)| *party == name).count();
        assert_eq!((of(1), of(2), of(3)), (113, 3, 100));
        let fit = shares(vec![party(1, 250), party(2, 250)], 216);
        assert_eq!(fit.len(), 216);
        assert_eq!(fit.iter().filter(|(party, _)| *party == 1).count(), 108);
        assert_eq!(shares(vec![party(1, 3)], 216).len(), 3);
    }
}
