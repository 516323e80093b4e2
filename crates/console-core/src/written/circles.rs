//! Circles of readers: own ones, made when who reads has changed, and those of others, joined when something in them is read.

use super::kept::KeptCircle;
use crate::console::Console;
use crate::io::Event;
use crate::limits::FAILED_MAX;
use minicbor::bytes::ByteArray;
use std::collections::{BTreeMap, VecDeque};
use trialogue_charter::{DeviceId, Hash, LineId, NodeId, PartyId};
use trialogue_e2ee::writing::CircleKey;
use trialogue_e2ee::{Invite, KeyringError};
use trialogue_journal::fold::{Circle, Stock};
use trialogue_journal::limits::{CIRCLES_MAX, READERS_MAX};
use trialogue_journal::{BodyRef, GroupId};

/// An own circle that is not in the journal yet.
pub(crate) struct NewCircle {
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

/// Why a circle of another cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotIn {
    /// Its welcome is on its way, or others are joined before it.
    Wait,
    /// This device was not made a reader, or has lost the key.
    NotForUs,
    /// The welcome is not what was signed.
    Damaged,
}

/// Circles of others are joined one at a time: a welcome for many readers takes a browser as long as many entries, and
/// a member may write a thousand.
#[derive(Default)]
pub(crate) struct Joins {
    /// Those that cannot be joined, by the node in whose journal they stand: the same welcome fails again.
    failed: BTreeMap<NodeId, BTreeMap<GroupId, NotIn>>,
    /// One may be joined in this input.
    turn: bool,
    /// Another waits for its turn.
    more: bool,
}

impl Joins {
    /// A new input. `idle`: nothing came with it, so that nothing waits for what is done in it.
    pub(crate) fn begin(&mut self, idle: bool) {
        (self.turn, self.more) = (idle, false);
    }

    /// May one be joined now? What has to wait is due at once.
    fn take_turn(&mut self) -> bool {
        let turn = std::mem::take(&mut self.turn);
        self.more |= !turn;
        turn
    }

    fn why_not(&self, node: &NodeId, circle: &GroupId) -> Option<NotIn> {
        let failed = self.failed.get(node)?;
        // Of a node of which so many cannot be joined none is tried any more: what is forgotten would be tried without
        // end.
        failed.get(circle).copied().or((failed.len() >= FAILED_MAX).then_some(NotIn::Damaged))
    }

    fn fail(&mut self, node: &NodeId, circle: GroupId, why: NotIn) -> NotIn {
        self.failed.entry(node.clone()).or_default().insert(circle, why);
        why
    }

    pub(super) fn next_us(&self, now_us: u64) -> Option<u64> {
        self.more.then_some(now_us)
    }
}

impl Console {
    /// Devices that can read on a line, other than this one, with the key package of each.
    pub(super) fn readers_now(&self, line: &LineId) -> BTreeMap<DeviceId, BodyRef> {
        let Some(fold) = self.sites.fold() else { return BTreeMap::new() };
        let good = |device, stock: &&Stock| self.writer.bad_stock.get(&device) != Some(&stock.package.hash);
        let readers = fold.readers(line).into_iter().filter(|(device, _)| *device != self.id);
        let package = |(device, stock): (DeviceId, Option<&Stock>)| {
            Some((device, stock.filter(|stock| good(device, stock))?.package.clone()))
        };
        readers.filter_map(package).collect()
    }

    /// The same, as many as a writing can be sealed for: where a party has enrolled so many that not all have a place, each party has an equal share, of
    /// those who gave their key packages last.
    pub(super) fn readers_that_fit(&self, line: &LineId) -> BTreeMap<DeviceId, BodyRef> {
        let all = self.readers_now(line);
        let most = CIRCLES_MAX * READERS_MAX;
        if all.len() <= most {
            return all;
        }
        let Some(fold) = self.sites.fold() else { return BTreeMap::new() };
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
    pub(super) fn is_lacking(&self, package: &BodyRef) -> bool {
        self.writer.lacking.contains(&package.hash) && self.bodies.get(package).is_none()
    }

    /// Circles for everyone who can read now: those that stand, and new ones for the rest. `patient`: wait for key packages that are missing.
    pub(super) fn choose_circles(&mut self, line: &LineId, patient: bool) -> Chosen {
        let mut rest = self.readers_that_fit(line);
        if rest.is_empty() {
            return Chosen::Nobody;
        }
        let mut circles = Vec::new();
        for held in self.writer.circles.all().iter().rev() {
            let fits = |(device, package): &(DeviceId, Hash)| rest.get(device).is_some_and(|now| now.hash == *package);
            if self.is_usable(held, line) && held.readers.iter().all(fits) && circles.len() + 1 < CIRCLES_MAX {
                rest.retain(|device, _| !held.readers.iter().any(|(reader, _)| reader == device));
                circles.push(held.circle);
            }
        }
        let missing: Vec<BodyRef> = rest.values().filter(|body| self.bodies.get(body).is_none()).cloned().collect();
        missing.iter().for_each(|body| self.bodies.want(body));
        if !missing.is_empty() && patient {
            return Chosen::Wait;
        }
        rest.retain(|_, body| !missing.contains(body));
        // They are named as those who cannot read, from now on and on the message itself: a node that keeps their keys
        // back does not do so unseen.
        self.writer.lacking = missing.iter().map(|body| body.hash).collect();
        // More small circles than a writing may name: everyone anew.
        if circles.len() + rest.len().div_ceil(READERS_MAX) > CIRCLES_MAX {
            circles.clear();
            rest = self.readers_that_fit(line);
            rest.retain(|_, body| self.bodies.get(body).is_some());
        }
        let new = self.make_circles(line, rest, CIRCLES_MAX.saturating_sub(circles.len()));
        circles.extend(new.iter().map(|made| made.circle));
        circles.sort_unstable();
        circles.dedup();
        if circles.is_empty() { Chosen::Nobody } else { Chosen::Circles { circles, new } }
    }

    /// It is an own one of the line, and its node's journal has it.
    fn is_usable(&self, held: &KeptCircle, line: &LineId) -> bool {
        let stands = || self.sites.fold().is_some_and(|fold| fold.circle(&held.node, &held.circle).is_some());
        held.by == self.id && held.line == *line && self.sites.node() == Some(&held.node) && stands()
    }

    /// At most so many, for these readers.
    fn make_circles(&mut self, line: &LineId, readers: BTreeMap<DeviceId, BodyRef>, most: usize) -> Vec<NewCircle> {
        let Some(node) = self.sites.node().cloned() else { return Vec::new() };
        let readers: Vec<(DeviceId, BodyRef)> = readers.into_iter().collect();
        let mut rest: VecDeque<Vec<_>> = readers.chunks(READERS_MAX).map(<[_]>::to_vec).collect();
        let mut all = Vec::new();
        while let Some(some) = rest.pop_front() {
            let Some((circle, made)) = self.make_circle(&some) else { continue };
            let mut copies: BTreeMap<PartyId, Vec<(DeviceId, BodyRef)>> = BTreeMap::new();
            for (device, error) in &made.refused {
                let Some((_, package)) = some.iter().find(|(other, _)| other == device) else { continue };
                self.log(Event::BadHandshake { step: "key package of a reader", why: error.to_string() });
                if *error != KeyringError::KeyOfAnother {
                    self.writer.bad_stock.insert(*device, package.hash);
                } else if let Some(known) = self.sites.fold().and_then(|fold| fold.device(device)) {
                    copies.entry(known.party.clone()).or_default().push((*device, package.clone()));
                }
            }
            // One of two has copied the other's key: nobody is kept from reading by that, each is in a circle of its own. Those come first of whose party
            // there are few: it is cheap to have many copies.
            let mut copies: Vec<_> = copies.into_values().collect();
            copies.sort_by_key(Vec::len);
            let room = most.saturating_sub(all.len() + 1 + rest.len());
            rest.extend(copies.into_iter().flatten().take(room).map(|one| vec![one]));
            let package = |device: &DeviceId| some.iter().find(|(other, _)| other == device).map(|(_, p)| p.hash);
            self.writer.circles.add(
                self.id,
                KeptCircle {
                    circle,
                    key: ByteArray::from(*made.key.to_keep()),
                    by: self.id,
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
    ) -> Option<(GroupId, trialogue_e2ee::writing::CircleMade)> {
        let id = self.chance.draw().ok()?;
        let suite = self.charter.as_ref()?.suite();
        let found: Vec<(DeviceId, Vec<u8>, Vec<u8>)> = readers
            .iter()
            .filter_map(|(device, package)| {
                let package = self.bodies.get(package)?.clone();
                let key = self.sites.fold()?.device(device)?.mls_public(suite).to_vec();
                Some((*device, package, key))
            })
            .collect();
        let invites: Vec<Invite<'_>> = found
            .iter()
            .map(|(device, package, key)| Invite { device: *device, signature_key: key, key_package: package })
            .collect();
        let made = self.written_ring()?.make_circle(GroupId(id), &invites);
        match made {
            Ok(made) => Some((GroupId(id), made)),
            Err(error) => {
                self.log(Event::BadHandshake { step: "circle", why: error.to_string() });
                // Nobody of these can be written to with the key packages that they have published.
                self.writer.bad_stock.extend(readers.iter().map(|(device, package)| (*device, package.hash)));
                None
            }
        }
    }

    /// The key of a circle, own or not.
    pub(super) fn circle_key(&mut self, node: &NodeId, circle: &GroupId, by: &DeviceId) -> Result<CircleKey, NotIn> {
        if let Some(held) = self.writer.circles.get(circle, by) {
            return Ok(CircleKey::from_kept(*held.key));
        }
        let known = self.sites.fold().and_then(|fold| fold.circle(node, circle)).cloned();
        let ours = |known: &Circle| known.by == *by && *by != self.id && known.readers.contains(&self.id);
        let known = known.filter(ours).ok_or(NotIn::NotForUs)?;
        if let Some(why) = self.writer.joins.why_not(node, circle) {
            return Err(why);
        }
        let Some(welcome) = self.bodies.get(&known.welcome).cloned() else {
            self.bodies.want(&known.welcome);
            return Err(NotIn::Wait);
        };
        if !self.writer.joins.take_turn() {
            return Err(NotIn::Wait);
        }
        let joined = match self.written_ring().ok_or(NotIn::Wait)?.join_circle(circle, by, &welcome) {
            Ok(joined) => joined,
            Err(KeyringError::NotForUs) => return Err(self.writer.joins.fail(node, *circle, NotIn::NotForUs)),
            Err(error) => {
                self.log(Event::BadHandshake { step: "circle of another", why: error.to_string() });
                return Err(self.writer.joins.fail(node, *circle, NotIn::Damaged));
            }
        };
        let mut readers = known.readers.clone();
        readers.sort_unstable();
        if joined.readers != readers {
            self.log(Event::BadHandshake {
                step: "circle of another",
                why: "its readers are not those signed".to_owned(),
            });
            return Err(self.writer.joins.fail(node, *circle, NotIn::Damaged));
        }
        let (line, node) = (known.line.clone(), node.clone());
        let key = ByteArray::from(*joined.key.to_keep());
        self.writer.circles.add(self.id, KeptCircle { circle: *circle, key, by: *by, line, node, readers: Vec::new() });
        self.writer.change();
        Ok(joined.key)
    }
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
    use super::{Joins, NotIn, shares};
    use crate::limits::FAILED_MAX;
    use trialogue_charter::NodeId;
    use trialogue_journal::GroupId;

    #[test]
    fn circles_are_joined_one_at_a_time_while_nothing_else_comes_and_none_of_a_node_without_end() {
        let mut joins = Joins::default();
        joins.begin(false);
        assert!(!joins.take_turn() && joins.next_us(5) == Some(5), "a ring may have come: in a moment");
        joins.begin(true);
        assert!(joins.next_us(5).is_none() && joins.take_turn() && !joins.take_turn());
        let node = |id: &str| NodeId::new(id).unwrap();
        let circle =
            |number: usize| GroupId([number as u8, (number >> 8) as u8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for number in 0..FAILED_MAX {
            assert_eq!(joins.why_not(&node("kor-1"), &circle(number)), None);
            joins.fail(&node("kor-1"), circle(number), NotIn::NotForUs);
        }
        assert_eq!(joins.why_not(&node("kor-1"), &circle(0)), Some(NotIn::NotForUs));
        assert_eq!(joins.why_not(&node("kor-1"), &circle(FAILED_MAX)), Some(NotIn::Damaged));
        assert_eq!(joins.why_not(&node("jpn-1"), &circle(0)), None);
    }

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
