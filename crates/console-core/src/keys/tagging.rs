//! By what others know this console's frames, and this console theirs (sealing.md §6).
//!
//! A reconcile loop, as all of the keys: who is to hear is whoever has a leaf in the groups that this console seals
//! for; who was told is what the journal has of its present stay. The difference is told. What others have told is read
//! from the journal in the same way.

use super::Seat;
use super::groups::Groups;
use super::tag_lists::{Opened, TagLists};
use crate::acts::Purpose;
use crate::around::Around;
use crate::io::Event;
use crate::limits::{LEAD_AGAIN_US, TAGS_AWAITED_US, TAGS_READ_US};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, Hash, LineId};
use trialogue_e2ee::{Hearer, Keyring, KeyringError, Leaf, TagSecret};
use trialogue_journal::fold::{Participant, TagsTold};
use trialogue_journal::limits::{GENERATION_MAX, MEMBERS_MAX, TAGS_TOLD_MAX};
use trialogue_journal::{Act, BodyRef, GroupId};

/// Drawn for one who hears this console.
struct Drawn {
    /// The hearing key for which it is sealed: a console that started anew has another.
    hearing: Vec<u8>,
    secret: TagSecret,
}

/// What a sender has told this console last.
#[derive(Clone)]
pub(super) struct Known {
    /// Counts what it has told that was new: its clock and its numbers begin again with each.
    pub(super) turn: u32,
    /// Of its keys.
    pub(super) generation: u16,
    /// Shared with it alone.
    pub(super) secret: TagSecret,
}

/// Secrets of a call, both ways.
#[derive(Default)]
pub(super) struct Tagging {
    /// Of the own keys; grows with every media worker and every call, so that no key is ever used with numbers from the
    /// beginning twice.
    generation: u16,
    drawn: BTreeMap<DeviceId, Drawn>,
    /// For whom each list is that this console has told, by its hash.
    told: BTreeMap<Hash, BTreeSet<DeviceId>>,
    /// The list told last: its number, and until when it is awaited in the journal once the node has accepted it.
    last: Option<(u64, Option<u64>)>,
    /// The node refused one: not before.
    again_us: u64,
    /// By sender, of those who are in.
    known: BTreeMap<DeviceId, Known>,
    /// Of those of this call who are not in any more: whoever is back with the same is not taken for somebody who
    /// begins anew.
    past: BTreeMap<DeviceId, Known>,
    /// Of what was learnt last. It only grows, over calls as well: the media worker outlives them, and takes a sender's
    /// lower turn for one that is over.
    turn: u32,
    /// Lists that others have told.
    lists: TagLists,
    /// Others of them are read then.
    read_again_us: Option<u64>,
}

impl Tagging {
    /// Of the keys that this console seals with now.
    pub(super) fn generation(&self) -> u16 {
        self.generation
    }

    /// The media worker is another one, or the call is: nothing of before is used again.
    pub(super) fn next_generation(&mut self) {
        self.generation = if self.generation >= GENERATION_MAX { 0 } else { self.generation + 1 };
        self.drawn.clear();
        self.told.clear();
        (self.last, self.again_us) = (None, 0);
    }

    /// In the place of another: the media worker is the same.
    pub(super) fn begin_after(&mut self, former: &Self) {
        self.turn = former.turn;
    }

    /// The call is over.
    pub(super) fn end_call(&mut self) {
        self.next_generation();
        self.known.clear();
        self.past.clear();
        self.lists.clear();
        self.read_again_us = None;
    }

    /// The secret that this console shares with one of a group, drawn now if there is none; none: that one hears
    /// nobody.
    pub(super) fn secret_for(&mut self, ring: &Keyring, leaf: &Leaf) -> Option<&TagSecret> {
        let hearing = leaf.hearing.as_ref()?;
        if self.drawn.get(&leaf.device).is_none_or(|drawn| drawn.hearing != *hearing) {
            let secret = ring.draw_tag_secret().ok()?;
            for devices in self.told.values_mut() {
                devices.remove(&leaf.device);
            }
            self.drawn.insert(leaf.device, Drawn { hearing: hearing.clone(), secret });
        }
        self.drawn.get(&leaf.device).map(|drawn| &drawn.secret)
    }

    /// What a sender has told this console.
    pub(super) fn known(&self, device: &DeviceId) -> Option<&Known> {
        self.known.get(device)
    }

    /// What is to be told now: everything anew, or to those who have not been told. `stated`: the journal's lists of
    /// the own present stay.
    fn to_tell(&self, leaves: &[Leaf], stated: &[TagsTold]) -> Option<(bool, Vec<DeviceId>)> {
        let stale = |told: &TagsTold| told.generation != self.generation || !self.told.contains_key(&told.secrets.hash);
        let anew = stated.len() >= TAGS_TOLD_MAX || stated.iter().any(stale);
        let told: BTreeSet<&DeviceId> =
            stated.iter().filter_map(|told| self.told.get(&told.secrets.hash)).flatten().collect();
        let hears = |leaf: &&Leaf| self.drawn.contains_key(&leaf.device);
        let missing = leaves.iter().filter(hears).any(|leaf| !told.contains(&leaf.device));
        if !missing {
            return None;
        }
        let wanted = leaves.iter().filter(hears).map(|leaf| leaf.device);
        Some((anew, wanted.filter(|device| anew || !told.contains(device)).collect()))
    }

    /// A list of a sender was read. Turns count up with every secret that is new.
    fn learn(&mut self, device: DeviceId, generation: u16, secret: TagSecret) {
        let same = |known: &Known| known.generation == generation && known.secret == secret;
        let back = self.past.remove(&device).filter(same);
        if self.known.get(&device).is_some_and(same) {
            return;
        }
        let known = back.unwrap_or_else(|| {
            self.turn = self.turn.saturating_add(1);
            Known { turn: self.turn, generation, secret }
        });
        self.known.insert(device, known);
    }

    /// Others than these are not in.
    fn keep_only(&mut self, is_in: impl Fn(&DeviceId) -> bool) {
        let gone: Vec<DeviceId> = self.known.keys().filter(|device| !is_in(device)).copied().collect();
        for device in gone {
            self.past.extend(self.known.remove_entry(&device));
        }
    }

    /// Tells those who hear this console and have not been told. `sealed_for`: the groups whose members are to know its
    /// frames.
    pub(super) fn tell(&mut self, seat: Seat, sealed_for: Vec<GroupId>, groups: &Groups, around: &mut Around<'_>) {
        if !around.is_up() || self.is_coming(around) {
            return;
        }
        let (id, ring) = (around.at.id(), groups.ring());
        let (Some(fold), Some(node)) = (around.at.fold(), around.at.node()) else { return };
        let own = fold.in_on(seat.line).iter().find(|participant| participant.device == id);
        let Some(own) = own.filter(|own| own.node == *node) else { return };
        let mut leaves: Vec<Leaf> = Vec::new();
        // Whom the own commit adds is told beside it: after it, the list would come a way through disk and links later.
        let moving = groups.moving().filter(|group| !sealed_for.contains(group));
        for group in sealed_for.into_iter().chain(moving) {
            let members = ring.members(&group).unwrap_or_default();
            for leaf in members.into_iter().chain(ring.joining(&group).unwrap_or_default()) {
                let new = leaf.device != id && !leaves.iter().any(|other| other.device == leaf.device);
                if new && self.secret_for(ring, &leaf).is_some() {
                    leaves.push(leaf);
                }
            }
        }
        let Some((anew, devices)) = self.to_tell(&leaves, &own.tags) else { return };
        let body = match self.list(seat.line, &leaves, &devices, ring) {
            Ok(body) => body,
            Err(error) => return around.log(Event::BadHandshake { step: "tags", why: error.to_string() }),
        };
        let Some(secrets) = BodyRef::of(&body) else { return };
        // Those with a hearing key that is none count as told: asking again would change nothing.
        self.told.insert(secrets.hash, devices.into_iter().collect());
        let act = Act::Tags { generation: self.generation, anew, secrets };
        let number = around.speaker.say(seat.line, Purpose::Tags, act, vec![body]);
        self.last = Some((number, None));
    }

    /// The list for these devices, of those who have a leaf.
    fn list(
        &self,
        line: &LineId,
        leaves: &[Leaf],
        devices: &[DeviceId],
        ring: &Keyring,
    ) -> Result<Vec<u8>, KeyringError> {
        let hearers: Vec<Hearer<'_>> = leaves
            .iter()
            .filter(|leaf| devices.contains(&leaf.device))
            .filter_map(|leaf| {
                let secret = &self.drawn.get(&leaf.device)?.secret;
                Some(Hearer { device: leaf.device, key: leaf.hearing.as_deref()?, secret })
            })
            .collect();
        // A hearing key that is none would keep the others from being told: it is left out.
        ring.tell_tags(line, self.generation, &hearers).or_else(|_| {
            let good: Vec<Hearer<'_>> = hearers
                .into_iter()
                .filter(|hearer| ring.tell_tags(line, self.generation, std::slice::from_ref(hearer)).is_ok())
                .collect();
            ring.tell_tags(line, self.generation, &good)
        })
    }

    /// A list is on its way, or in a moment in the journal, or was refused a moment ago.
    fn is_coming(&self, around: &Around<'_>) -> bool {
        let (at, now_us) = (around.at, around.now.us);
        let coming = self.last.is_some_and(|(number, until_us)| {
            let folded = || at.fold().is_some_and(|fold| fold.last_number(&at.id()) >= number);
            around.speaker.acts.is_said(number) || until_us.is_some_and(|until| now_us < until && !folded())
        });
        coming || now_us < self.again_us
    }

    /// The node has accepted the list of that number.
    pub(super) fn accepted(&mut self, number: u64, now_us: u64) {
        if let Some(last) = self.last.as_mut().filter(|last| last.0 == number) {
            last.1 = Some(now_us + TAGS_AWAITED_US);
        }
    }

    /// The node has refused one.
    pub(super) fn refused(&mut self, now_us: u64) {
        (self.last, self.again_us) = (None, now_us + LEAD_AGAIN_US);
    }

    pub(super) fn next_us(&self, now_us: u64) -> Option<u64> {
        let awaited = self.last.and_then(|(_, until_us)| until_us);
        crate::timers::next(now_us, [awaited, Some(self.again_us), self.read_again_us].into_iter())
    }

    /// Reads what the others of the call have told who have a leaf in a group that this console has: nobody else is to
    /// be heard.
    pub(super) fn hear(
        &mut self,
        line: &LineId,
        roster: &BTreeMap<DeviceId, &Participant>,
        ring: &Keyring,
        around: &mut Around<'_>,
    ) {
        let (Some(fold), Some(charter)) = (around.at.fold(), around.at.charter()) else { return };
        self.keep_only(|device| roster.contains_key(device));
        let leaves = ring.groups().filter_map(|group| ring.members(&group).ok()).flatten();
        let id = around.at.id();
        let leaves: BTreeSet<DeviceId> = leaves.map(|leaf| leaf.device).filter(|device| *device != id).collect();
        let told: Vec<(DeviceId, &[TagsTold])> =
            leaves.iter().filter_map(|device| Some((*device, roster.get(device)?.tags.as_slice()))).collect();
        let mut bad = Vec::new();
        let bodies = &mut *around.bodies;
        let heard = self.lists.hear(&told, |device, told| {
            let Some(body) = bodies.get(&told.secrets) else {
                bodies.want(&told.secrets);
                return Opened::Missing;
            };
            let Some(known) = fold.device(device) else { return Opened::Missing };
            match ring.hear_tags(device, known.mls_public(charter.suite()), line, body) {
                Ok(read) if read.generation == told.generation => {
                    Opened::Read(read.secret.map(|secret| (told.generation, secret)))
                }
                Ok(_) => Opened::Read(None),
                Err(error) => {
                    bad.push(error.to_string());
                    Opened::Read(None)
                }
            }
        });
        for (device, (generation, secret)) in heard {
            self.learn(device, generation, secret);
        }
        self.read_again_us = self.lists.has_unread().then_some(around.now.us + TAGS_READ_US);
        // Those of who has no leaf yet are here when it has one: as many as have a seat.
        let early = roster.values().filter(|participant| !leaves.contains(&participant.device)).take(MEMBERS_MAX);
        for told in early.filter_map(|participant| participant.tags.last()) {
            if around.bodies.get(&told.secrets).is_none() {
                around.bodies.want(&told.secrets);
            }
        }
        for why in bad {
            around.log(Event::BadHandshake { step: "tags of another", why });
        }
    }
}
