//! By what others know this console's frames, and this console theirs (sealing.md §6).
//!
//! A reconcile loop, as all of the keys: who is to hear is whoever has a leaf in the groups that this console seals
//! for; who was told is what the journal has of its present stay. The difference is told. What others have told is read
//! from the journal in the same way.

use crate::acts::Purpose;
use crate::console::Console;
use crate::io::Event;
use crate::limits::{LEAD_AGAIN_US, TAGS_AWAITED_US, TAGS_READ_US};
use crate::tag_lists::{Opened, TagLists};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, Hash, LineId};
use trialogue_e2ee::{Hearer, Keyring, Leaf, TagSecret};
use trialogue_journal::fold::{Participant, TagsTold};
use trialogue_journal::limits::{GENERATION_MAX, MEMBERS_MAX, TAGS_TOLD_MAX};
use trialogue_journal::{Act, BodyRef};

/// Drawn for one who hears this console.
struct Drawn {
    /// Hash of the hearing key for which it is sealed: a console that started anew has another.
    hearing: Hash,
    secret: TagSecret,
}

/// What a sender has told this console last.
#[derive(Clone)]
pub(crate) struct Known {
    /// Counts what it has told that was new: its clock and its numbers begin again with each.
    pub(crate) turn: u32,
    /// Of its keys.
    pub(crate) generation: u16,
    /// Shared with it alone.
    pub(crate) secret: TagSecret,
}

/// Secrets of a call, both ways.
#[derive(Default)]
pub(crate) struct Tagging {
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
    pub(crate) fn generation(&self) -> u16 {
        self.generation
    }

    /// The media worker is another one, or the call is: nothing of before is used again.
    pub(crate) fn next_generation(&mut self) {
        self.generation = if self.generation >= GENERATION_MAX { 0 } else { self.generation + 1 };
        self.drawn.clear();
        self.told.clear();
        (self.last, self.again_us) = (None, 0);
    }

    /// In the place of another: the media worker is the same.
    pub(crate) fn begin_after(&mut self, former: &Self) {
        self.turn = former.turn;
    }

    /// The call is over.
    pub(crate) fn end_call(&mut self) {
        self.next_generation();
        self.known.clear();
        self.past.clear();
        self.lists.clear();
        self.read_again_us = None;
    }

    /// The secret that this console shares with one of a group, drawn now if there is none; none: that one hears
    /// nobody.
    pub(crate) fn secret_for(&mut self, ring: &Keyring, leaf: &Leaf) -> Option<&TagSecret> {
        let hearing = Hash::of(leaf.hearing.as_ref()?);
        if self.drawn.get(&leaf.device).is_none_or(|drawn| drawn.hearing != hearing) {
            let secret = ring.draw_tag_secret().ok()?;
            for devices in self.told.values_mut() {
                devices.remove(&leaf.device);
            }
            self.drawn.insert(leaf.device, Drawn { hearing, secret });
        }
        self.drawn.get(&leaf.device).map(|drawn| &drawn.secret)
    }

    /// What a sender has told this console.
    pub(crate) fn known(&self, device: &DeviceId) -> Option<&Known> {
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
}

impl Console {
    /// Tells those who hear this console and have not been told.
    pub(crate) fn tell_tags(&mut self) {
        let Some(line) = self.call.as_ref().map(|call| call.line.clone()) else { return };
        if !self.sites.is_up() || self.tags_are_coming() {
            return;
        }
        let groups = self.groups_sealed_for();
        let (Some(fold), Some(node), Some(keys)) = (self.sites.fold(), self.sites.node(), &mut self.keys) else {
            return;
        };
        let own = fold.in_on(&line).into_iter().find(|participant| participant.device == self.id);
        let Some(own) = own.filter(|own| own.node == *node) else { return };
        let mut leaves: Vec<Leaf> = Vec::new();
        // Whom the own commit adds is told beside it: after it, the list would come a way through disk and links later.
        let moving = keys.moving.as_ref().map(|own| own.group).filter(|group| !groups.contains(group));
        for group in groups.into_iter().chain(moving) {
            let members = keys.ring.members(&group).unwrap_or_default();
            for leaf in members.into_iter().chain(keys.ring.joining(&group).unwrap_or_default()) {
                let new = leaf.device != self.id && !leaves.iter().any(|other| other.device == leaf.device);
                if new && keys.tagging.secret_for(&keys.ring, &leaf).is_some() {
                    leaves.push(leaf);
                }
            }
        }
        let Some((anew, devices)) = keys.tagging.to_tell(&leaves, &own.tags) else { return };
        let hearers: Vec<Hearer<'_>> = leaves
            .iter()
            .filter(|leaf| devices.contains(&leaf.device))
            .filter_map(|leaf| {
                let secret = &keys.tagging.drawn.get(&leaf.device)?.secret;
                Some(Hearer { device: leaf.device, key: leaf.hearing.as_deref()?, secret })
            })
            .collect();
        let generation = keys.tagging.generation;
        // A hearing key that is none would keep the others from being told: it is left out.
        let whole = keys.ring.tell_tags(&line, generation, &hearers);
        let body = whole.or_else(|_| {
            let good: Vec<Hearer<'_>> = hearers
                .into_iter()
                .filter(|hearer| keys.ring.tell_tags(&line, generation, std::slice::from_ref(hearer)).is_ok())
                .collect();
            keys.ring.tell_tags(&line, generation, &good)
        });
        let body = match body {
            Ok(body) => body,
            Err(error) => return self.log(Event::BadHandshake { step: "tags", why: error.to_string() }),
        };
        let Some(secrets) = BodyRef::of(&body) else { return };
        // Those with a hearing key that is none count as told: asking again would change nothing.
        keys.tagging.told.insert(secrets.hash, devices.into_iter().collect());
        let number = self.say(&line, Purpose::Tags, Act::Tags { generation, anew, secrets }, vec![body]);
        if let Some(keys) = &mut self.keys {
            keys.tagging.last = Some((number, None));
        }
    }

    /// A list is on its way, or in a moment in the journal, or was refused a moment ago.
    fn tags_are_coming(&self) -> bool {
        let Some(tagging) = self.keys.as_ref().map(|keys| &keys.tagging) else { return false };
        let coming = tagging.last.is_some_and(|(number, until_us)| {
            let folded = || self.sites.fold().is_some_and(|fold| fold.last_number(&self.id) >= number);
            self.acts.is_said(number) || until_us.is_some_and(|until| self.now_us < until && !folded())
        });
        coming || self.now_us < tagging.again_us
    }

    pub(crate) fn tags_accepted(&mut self, number: u64) {
        let until_us = self.now_us + TAGS_AWAITED_US;
        if let Some(last) = self.keys.as_mut().and_then(|keys| keys.tagging.last.as_mut())
            && last.0 == number
        {
            last.1 = Some(until_us);
        }
    }

    pub(crate) fn tags_refused(&mut self) {
        let again_us = self.now_us + LEAD_AGAIN_US;
        if let Some(keys) = &mut self.keys {
            (keys.tagging.last, keys.tagging.again_us) = (None, again_us);
        }
    }

    pub(crate) fn tags_next_us(&self) -> Option<u64> {
        self.call.as_ref()?;
        let tagging = &self.keys.as_ref()?.tagging;
        let awaited = tagging.last.and_then(|(_, until_us)| until_us);
        [awaited, Some(tagging.again_us), tagging.read_again_us]
            .into_iter()
            .flatten()
            .filter(|at| *at > self.now_us)
            .min()
    }

    /// Reads what the others of the call have told who have a leaf in a group that this console has: nobody else is to
    /// be heard.
    pub(crate) fn hear_tags(&mut self, line: &LineId, roster: &BTreeMap<DeviceId, &Participant>) {
        let now_us = self.now_us;
        let (Some(keys), Some(fold), Some(charter)) = (&mut self.keys, self.sites.fold(), &self.charter) else {
            return;
        };
        keys.tagging.keep_only(|device| roster.contains_key(device));
        let leaves = keys.ring.groups().filter_map(|group| keys.ring.members(&group).ok()).flatten();
        let leaves: BTreeSet<DeviceId> = leaves.map(|leaf| leaf.device).filter(|device| *device != self.id).collect();
        let told: Vec<(DeviceId, &[TagsTold])> =
            leaves.iter().filter_map(|device| Some((*device, roster.get(device)?.tags.as_slice()))).collect();
        let mut bad = Vec::new();
        let (ring, bodies) = (&keys.ring, &mut self.bodies);
        let heard = keys.tagging.lists.hear(&told, |device, told| {
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
            keys.tagging.learn(device, generation, secret);
        }
        keys.tagging.read_again_us = keys.tagging.lists.has_unread().then_some(now_us + TAGS_READ_US);
        // Those of who has no leaf yet are here when it has one: as many as have a seat.
        let early = roster.values().filter(|participant| !leaves.contains(&participant.device)).take(MEMBERS_MAX);
        for told in early.filter_map(|participant| participant.tags.last()) {
            if self.bodies.get(&told.secrets).is_none() {
                self.bodies.want(&told.secrets);
            }
        }
        for why in bad {
            self.log(Event::BadHandshake { step: "tags of another", why });
        }
    }
}
