//! Consoles that are in on a line at one node.

use super::Ignored;
use super::speaker::At;
use super::stage::Word;
use crate::entry::BodyRef;
use crate::limits::{MEMBERS_MAX, NODES_MAX, TAGS_TOLD_MAX};
use crate::statement::{Act, KeyOffer};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{CallId, DeviceId, NodeId, Precedence, Role};

/// One console that is in on a line.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Presence {
    /// The call that it rang or answered.
    #[n(0)]
    pub call: CallId,
    /// Position, in the node's journal, of the `Ring` or `Answer` by which it came in. The earliest leads.
    #[n(1)]
    pub order: u64,
    /// The node's time of that entry, milliseconds since 1970 UTC. A claim.
    #[n(2)]
    pub since_ms: u64,
    /// The ring that it has made, if it rings.
    #[n(3)]
    pub ring: Option<OwnRing>,
    /// Its key packages, by the node whose group they are for.
    #[n(4)]
    pub offers: BTreeMap<NodeId, BodyRef>,
    /// What its holder does in the call.
    #[n(5)]
    pub role: Role,
    /// It is held: who said so, and the position of the entry.
    #[n(6)]
    pub held: Option<(DeviceId, u64)>,
    /// What it has said about the call's parties.
    #[n(7)]
    pub(super) word: Word,
    /// Lists of secrets that it has told those who hear it, in order.
    #[n(8)]
    pub tags: Vec<TagsTold>,
    /// By node, the position of the entry by which it has given its present key package since it came in.
    #[n(9)]
    offered: BTreeMap<NodeId, u64>,
    /// Who let it go last, and the position of the entry: it may have come in held.
    #[n(10)]
    let_go: Option<(DeviceId, u64)>,
}

/// A list of secrets that a console has told those who hear it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct TagsTold {
    /// Position of the entry.
    #[n(0)]
    pub seq: u64,
    /// Generation of its keys from which on it holds.
    #[n(1)]
    pub generation: u16,
    /// The list.
    #[n(2)]
    pub secrets: BodyRef,
}

/// A ring made by a console that is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct OwnRing {
    /// Its id.
    #[n(0)]
    pub call: CallId,
    /// How urgent.
    #[n(1)]
    pub precedence: Precedence,
    /// Position in the node's journal.
    #[n(2)]
    pub seq: u64,
    /// The node's time, milliseconds since 1970 UTC. A claim.
    #[n(3)]
    pub time_ms: u64,
}

impl Presence {
    /// A console that comes in.
    pub(super) fn new(call: CallId, role: Role, at: At, offers: &[KeyOffer]) -> Self {
        let (word, tags, offers, offered) = (Word::default(), Vec::new(), by_node(offers), BTreeMap::new());
        let (order, since_ms) = (at.seq, at.time_ms);
        Self { call, order, since_ms, ring: None, offers, role, held: None, word, tags, offered, let_go: None }
    }

    /// It is in already, and keeps its place and its keys: it rings again for those who are missing, if it acts for its
    /// party, or offers new key packages alone. Those that it does not list stay.
    fn ring_again(&mut self, ring: OwnRing, offers: &[KeyOffer], acts: bool) {
        if acts {
            self.ring = Some(ring);
        }
        let listed = by_node(offers);
        self.offers.retain(|node, _| !listed.contains_key(node));
        if self.offers.len() + listed.len() > NODES_MAX {
            // Among them are some for nodes that left with an amendment.
            self.offers.clear();
            self.offered.clear();
        }
        self.offered.extend(listed.keys().map(|node| (node.clone(), ring.seq)));
        self.offers.extend(listed);
    }

    fn relevant(&self, seqs: &mut BTreeSet<u64>) {
        seqs.insert(self.order);
        seqs.extend(self.offered.values());
        seqs.extend(self.ring.map(|ring| ring.seq));
        seqs.extend(self.held.or(self.let_go).map(|(_, seq)| seq));
        seqs.extend(self.word.seqs());
        seqs.extend(self.tags.iter().map(|told| told.seq));
    }
}

fn by_node(offers: &[KeyOffer]) -> BTreeMap<NodeId, BodyRef> {
    offers.iter().map(|offer| (offer.node.clone(), offer.package.clone())).collect()
}

/// All who are in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub(super) struct Present {
    #[n(0)]
    present: BTreeMap<DeviceId, Presence>,
}

impl Present {
    pub(super) fn all(&self) -> &BTreeMap<DeviceId, Presence> {
        &self.present
    }

    pub(super) fn has(&self, device: &DeviceId) -> bool {
        self.present.contains_key(device)
    }

    /// The stay of one that is in.
    pub(super) fn stay(&self, device: &DeviceId) -> Result<&Presence, Ignored> {
        self.present.get(device).ok_or(Ignored::NotIn)
    }

    /// One that is in rings again ([`Presence::ring_again`]); false: it is not in.
    pub(super) fn ring_again(&mut self, device: &DeviceId, ring: OwnRing, offers: &[KeyOffer], acts: bool) -> bool {
        let stay = self.present.get_mut(device);
        stay.map(|stay| stay.ring_again(ring, offers, acts)).is_some()
    }

    pub(super) fn may_come_in(&self, device: &DeviceId) -> Result<(), Ignored> {
        if self.present.len() >= MEMBERS_MAX && !self.has(device) { Err(Ignored::Full) } else { Ok(()) }
    }

    /// Only who is in tells secrets by which its frames are known (sealing.md §6), and only so often: everyone who
    /// comes in later reads all lists.
    pub(super) fn may_tell_tags(&self, device: &DeviceId, anew: bool) -> Result<(), Ignored> {
        let told = self.stay(device)?.tags.len();
        if anew || told < TAGS_TOLD_MAX { Ok(()) } else { Err(Ignored::Full) }
    }

    /// A console is in from here on. Returns the order of the stay that it had before.
    #[must_use]
    pub(super) fn come(&mut self, device: DeviceId, presence: Presence) -> Option<u64> {
        self.present.insert(device, presence).map(|before| before.order)
    }

    /// A console is in no more. Returns the order of the stay that ends, if it was in.
    #[must_use]
    pub(super) fn leave(&mut self, device: &DeviceId) -> Option<u64> {
        self.present.remove(device).map(|stay| stay.order)
    }

    /// Of those that act for their party the one that came in first, with the position of its entry.
    pub(super) fn first_acting(&self) -> Option<(u64, DeviceId)> {
        let acting = self.present.iter().filter(|(_, stay)| stay.role.acts_for_party());
        acting.map(|(device, stay)| (stay.order, *device)).min()
    }

    /// A console says something about the parties of the call; it was found allowed.
    pub(super) fn say(&mut self, device: &DeviceId, act: Act, seq: u64) {
        if let Some(stay) = self.present.get_mut(device) {
            stay.word.say(act, seq);
        }
    }

    pub(super) fn hold(&mut self, device: &DeviceId, on: bool, by: DeviceId, seq: u64) {
        if let Some(stay) = self.present.get_mut(device) {
            let said = Some((by, seq));
            (stay.held, stay.let_go) = if on { (said, None) } else { (None, said) };
        }
    }

    pub(super) fn tell_tags(&mut self, device: &DeviceId, told: TagsTold, anew: bool) {
        let Some(stay) = self.present.get_mut(device) else { return };
        if anew {
            stay.tags.clear();
        }
        stay.tags.push(told);
    }

    /// Devices whose statements say who is in, and how.
    pub(super) fn speakers(&self) -> impl Iterator<Item = DeviceId> {
        let holding = self.present.values().filter_map(|stay| stay.held.or(stay.let_go)).map(|(by, _)| by);
        self.present.keys().copied().chain(holding)
    }

    /// Positions of the entries that say so.
    pub(super) fn relevant(&self, seqs: &mut BTreeSet<u64>) {
        self.present.values().for_each(|stay| stay.relevant(seqs));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::scene::{at, call, device};
    use super::*;
    use trialogue_charter::Hash;

    fn offer(node: &str) -> KeyOffer {
        KeyOffer { node: NodeId::new(node).unwrap(), package: BodyRef { hash: Hash::of(node.as_bytes()), len: 1 } }
    }

    fn stay(seq: u64, role: Role) -> Presence {
        Presence::new(call(1), role, at(seq), &[offer("jpn-1"), offer("kor-1")])
    }

    fn with(stays: &[(u8, u64, Role)]) -> Present {
        let mut present = Present::default();
        for (number, seq, role) in stays {
            assert_eq!(present.come(device(*number), stay(*seq, *role)), None);
        }
        present
    }

    #[test]
    fn whoever_comes_in_anew_ends_the_stay_before() {
        let mut present = with(&[(1, 5, Role::DutyOfficer), (2, 6, Role::DutyOfficer)]);
        assert_eq!(present.first_acting(), Some((5, device(1))));
        assert_eq!(present.come(device(1), stay(9, Role::DutyOfficer)), Some(5));
        assert_eq!(present.first_acting(), Some((6, device(2))), "it goes behind the others");
        assert_eq!((present.leave(&device(2)), present.leave(&device(2))), (Some(6), None));
        assert_eq!(present.stay(&device(2)).map(|stay| stay.order), Err(Ignored::NotIn));
        assert_eq!(with(&[(1, 5, Role::NoteTaker)]).first_acting(), None);
    }

    #[test]
    fn a_line_holds_no_more_than_a_group() {
        let mut present = Present::default();
        for number in 0..MEMBERS_MAX as u16 {
            let [high, low] = number.to_be_bytes();
            let id = DeviceId(std::array::from_fn(|at| if at == 0 { high } else { low }));
            assert_eq!(present.may_come_in(&id), Ok(()));
            let _ = present.come(id, stay(u64::from(number), Role::NoteTaker));
        }
        let there = *present.all().keys().next().unwrap();
        assert_eq!(present.may_come_in(&device(0xee)), Err(Ignored::Full));
        assert_eq!(present.may_come_in(&there), Ok(()), "it is in already");
    }

    #[test]
    fn ringing_again_replaces_the_packages_that_are_listed() {
        let mut stay = stay(5, Role::Interpreter);
        let ring = OwnRing { call: call(2), precedence: Precedence::default(), seq: 8, time_ms: 8_000 };
        stay.ring_again(ring, &[offer("kor-1"), offer("usa-1")], false);
        assert_eq!((stay.ring, stay.order, stay.offers.len()), (None, 5, 3));
        let again = OwnRing { seq: 9, ..ring };
        stay.ring_again(again, &[], true);
        assert_eq!((stay.ring, stay.offers.len()), (Some(again), 3));
        stay.ring_again(OwnRing { seq: 10, ..ring }, &[offer("kor-1")], false);
        let mut seqs = BTreeSet::new();
        stay.relevant(&mut seqs);
        assert_eq!(seqs, BTreeSet::from([5, 8, 9, 10]), "each package, and the ring");
    }

    #[test]
    fn tags_are_told_so_often_and_then_anew() {
        let mut present = with(&[(1, 5, Role::DutyOfficer)]);
        let told = |seq| TagsTold { seq, generation: 0, secrets: offer("tags").package };
        assert_eq!(present.may_tell_tags(&device(2), true), Err(Ignored::NotIn));
        for seq in 0..TAGS_TOLD_MAX as u64 {
            assert_eq!(present.may_tell_tags(&device(1), false), Ok(()));
            present.tell_tags(&device(1), told(10 + seq), false);
        }
        assert_eq!(present.may_tell_tags(&device(1), false), Err(Ignored::Full));
        assert_eq!(present.may_tell_tags(&device(1), true), Ok(()));
        present.tell_tags(&device(1), told(99), true);
        assert_eq!(present.stay(&device(1)).map(|stay| stay.tags.clone()), Ok(vec![told(99)]));
    }

    #[test]
    fn who_holds_one_is_a_speaker_and_so_is_who_let_it_go() {
        let mut present = with(&[(1, 5, Role::Principal)]);
        present.hold(&device(1), true, device(2), 7);
        assert_eq!(present.speakers().collect::<Vec<_>>(), [device(1), device(2)]);
        let mut seqs = BTreeSet::new();
        present.relevant(&mut seqs);
        assert_eq!(seqs, BTreeSet::from([5, 7]));
        present.hold(&device(1), false, device(3), 8);
        assert_eq!(present.speakers().collect::<Vec<_>>(), [device(1), device(3)]);
        let mut seqs = BTreeSet::new();
        present.relevant(&mut seqs);
        assert_eq!(seqs, BTreeSet::from([5, 8]), "it may have come in held");
    }
}
