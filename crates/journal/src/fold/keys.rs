//! A console moves its node's group to the next epoch. The journal orders the moves: the first for an epoch counts.

use super::Ignored;
use super::group::{Group, HandshakeRecord};
use super::kept::{Row, optional};
use super::present::{Presence, Present};
use crate::limits::{EPOCHS_MAX, MEMBERS_MAX};
use crate::statement::GroupId;
use minicbor::encode::Write;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trialogue_charter::DeviceId;

/// A node's group on a line, with what a reader must know to follow it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Keys {
    /// The node's group, while a console of the node that is in can use it.
    group: Option<Arc<Group>>,
    /// Stays on the line (by the position of their first entry) that the group's history needs.
    spans: BTreeMap<u64, Span>,
}

/// One stay of a console on the line that a reader must know to follow the current group.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct Span {
    /// It moved the group; otherwise it only marks the end of the stay before.
    #[n(0)]
    committed: bool,
    /// Position of the entry that ended it.
    #[n(1)]
    end: Option<u64>,
}

impl Row for Keys {
    fn encode_row<C, W: Write>(&self, e: &mut Encoder<W>, ctx: &mut C) -> Result<(), encode::Error<W::Error>> {
        optional::encode(&self.group, e, ctx)?;
        self.spans.encode(e, ctx)
    }

    fn decode_row<C>(d: &mut Decoder<'_>, ctx: &mut C) -> Result<Self, decode::Error> {
        let group = optional::decode(d, ctx)?;
        Ok(Self { group, spans: Decode::decode(d, ctx)? })
    }
}

impl Keys {
    pub(super) fn group(&self) -> Option<&Arc<Group>> {
        self.group.as_ref()
    }

    /// May a console in its present stay make this handshake?
    pub(super) fn may_move(
        &self,
        (device, stay): (&DeviceId, &Presence),
        id: &GroupId,
        epoch: u64,
        added: &[DeviceId],
        removed: &[DeviceId],
    ) -> Result<(), Ignored> {
        match &self.group {
            Some(group) if group.id == *id => {
                if group.epoch != epoch || epoch >= EPOCHS_MAX || !group.holds(device, stay) {
                    return Err(Ignored::Epoch);
                }
                fits(group, added, removed)
            }
            // A new group: where there is none that can be used, or where the old one has used up its epochs.
            group => {
                let free = group.as_ref().is_none_or(|group| group.epoch >= EPOCHS_MAX);
                if !free || epoch != 0 {
                    return Err(Ignored::Epoch);
                }
                if removed.is_empty() && added.len() < MEMBERS_MAX { Ok(()) } else { Err(Ignored::Malformed) }
            }
        }
    }

    /// Takes an allowed handshake of a console whose stay has this order; returns the new epoch, and whether the group
    /// is new.
    pub(super) fn handshake(&mut self, id: GroupId, record: HandshakeRecord, order: u64) -> (u64, bool) {
        let created = self.group.as_ref().is_none_or(|group| group.id != id);
        if created {
            self.spans.clear();
        }
        self.spans.entry(order).or_insert(Span { committed: true, end: None }).committed = true;
        let fresh = || {
            let members = BTreeMap::from([(record.by, record.seq)]);
            Arc::new(Group { id, epoch: 0, creator: record.by, members, handshakes: Vec::new() })
        };
        let current = self.group.take().filter(|group| group.id == id);
        let mut group = current.unwrap_or_else(fresh);
        let inner = Arc::make_mut(&mut group);
        for device in &record.removed {
            inner.members.remove(device);
        }
        for device in &record.added {
            inner.members.insert(*device, record.seq);
        }
        // Creating a group and adding to it is one commit. One that is created alone stays at epoch 0.
        if !created || !record.added.is_empty() {
            inner.epoch += 1;
        }
        let epoch = inner.epoch;
        inner.handshakes.push(record);
        self.group = Some(group);
        (epoch, created)
    }

    /// A stay ended at `seq`, and these are in now. `again`: the same console begins another one there.
    pub(super) fn end_stay(&mut self, order: u64, seq: u64, again: bool, present: &Present) {
        self.end_span(order, seq, again);
        // A group that no console of the node can move any more will never move again: its members forget it, and so do
        // we.
        let usable = |group: &Arc<Group>| present.all().iter().any(|(device, stay)| group.holds(device, stay));
        if !self.group.as_ref().is_some_and(usable) {
            *self = Self::default();
        }
    }

    /// Notes the end of a stay, if the group's history needs it.
    fn end_span(&mut self, order: u64, seq: u64, again: bool) {
        let Some(span) = self.spans.get_mut(&order) else { return };
        if span.committed {
            span.end = Some(seq);
        } else {
            // It marked an end only: that end is now later, and one mark is enough.
            self.spans.remove(&order);
            for before in self.spans.values_mut().filter(|before| before.end == Some(order)) {
                before.end = Some(seq);
            }
        }
        if again {
            self.spans.insert(seq, Span { committed: false, end: None });
        }
    }

    /// Devices whose handshakes made the group what it is.
    pub(super) fn speakers(&self) -> impl Iterator<Item = DeviceId> {
        self.group.iter().flat_map(|group| &group.handshakes).map(|record| record.by)
    }

    /// Positions of the handshakes, and of the stays of those who made them.
    pub(super) fn relevant(&self, seqs: &mut BTreeSet<u64>) {
        for (order, span) in &self.spans {
            seqs.insert(*order);
            seqs.extend(span.end);
        }
        seqs.extend(self.group.iter().flat_map(|group| &group.handshakes).map(|record| record.seq));
    }
}

/// Only members are removed, only others are added, and the group stays within its bound.
fn fits(group: &Group, added: &[DeviceId], removed: &[DeviceId]) -> Result<(), Ignored> {
    let stays = |device: &DeviceId| group.members.contains_key(device) && !removed.contains(device);
    if !removed.iter().all(|device| group.members.contains_key(device)) || added.iter().any(stays) {
        return Err(Ignored::Malformed);
    }
    if group.members.len() - removed.len() + added.len() > MEMBERS_MAX {
        return Err(Ignored::Full);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::scene::{at, call, device};
    use super::*;
    use trialogue_charter::Role;

    const ID: GroupId = GroupId([1; 16]);

    fn stay(seq: u64) -> Presence {
        Presence::new(call(1), Role::DutyOfficer, at(seq), &[])
    }

    fn record(by: u8, seq: u64, epoch: u64, added: &[u8], removed: &[u8]) -> HandshakeRecord {
        let of = |numbers: &[u8]| numbers.iter().map(|number| device(*number)).collect();
        let (commit, welcome, added, removed) = (None, None, of(added), of(removed));
        HandshakeRecord { seq, by: device(by), epoch, commit, welcome, added, removed }
    }

    /// Created by device 1, which came in at 1, for device 2.
    fn created() -> Keys {
        let mut keys = Keys::default();
        assert_eq!(keys.handshake(ID, record(1, 3, 0, &[2], &[]), 1), (1, true));
        keys
    }

    #[test]
    fn the_first_handshake_for_an_epoch_counts() {
        let mut keys = created();
        let may = |keys: &Keys, by: u8, epoch| keys.may_move((&device(by), &stay(1)), &ID, epoch, &[], &[]);
        assert_eq!(may(&keys, 1, 0), Err(Ignored::Epoch));
        assert_eq!(may(&keys, 1, 1), Ok(()));
        assert_eq!(may(&keys, 3, 1), Err(Ignored::Epoch), "no member");
        assert_eq!(keys.may_move((&device(1), &stay(9)), &ID, 1, &[], &[]), Err(Ignored::Epoch), "it came in anew");
        assert_eq!(keys.handshake(ID, record(1, 5, 1, &[], &[2]), 1), (2, false));
        assert_eq!(may(&keys, 1, 1), Err(Ignored::Epoch));
        let other = GroupId([2; 16]);
        assert_eq!(keys.may_move((&device(1), &stay(1)), &other, 0, &[], &[]), Err(Ignored::Epoch), "one can be used");
    }

    #[test]
    fn only_members_are_removed_and_others_added() {
        let keys = created();
        let may =
            |added: &[DeviceId], removed: &[DeviceId]| keys.may_move((&device(1), &stay(1)), &ID, 1, added, removed);
        assert_eq!(may(&[device(3)], &[]), Ok(()));
        assert_eq!(may(&[device(2)], &[]), Err(Ignored::Malformed));
        assert_eq!(may(&[device(2)], &[device(2)]), Ok(()), "anew");
        assert_eq!(may(&[], &[device(3)]), Err(Ignored::Malformed));
        let many: Vec<DeviceId> = (0..MEMBERS_MAX as u8 - 1).map(|number| device(100 + number)).collect();
        assert_eq!(may(&many, &[]), Err(Ignored::Full));
    }

    #[test]
    fn a_group_goes_with_the_last_that_can_move_it() {
        let mut keys = created();
        let mut present = Present::default();
        let _ = present.come(device(2), stay(2));
        keys.end_stay(1, 7, false, &present);
        assert!(keys.group().is_some(), "device 2 was added after it came in");
        let mut seqs = BTreeSet::new();
        keys.relevant(&mut seqs);
        assert_eq!(seqs, BTreeSet::from([1, 3, 7]));
        let _ = present.come(device(2), stay(8));
        keys.end_stay(2, 8, true, &present);
        assert_eq!(keys, Keys::default());
    }

    #[test]
    fn of_many_stays_that_moved_nothing_one_mark_is_enough() {
        let mut keys = created();
        let mut present = Present::default();
        let _ = present.come(device(2), stay(2));
        keys.end_stay(1, 7, true, &present);
        keys.end_stay(7, 9, true, &present);
        let mut seqs = BTreeSet::new();
        keys.relevant(&mut seqs);
        assert_eq!(seqs, BTreeSet::from([1, 3, 9]));
    }
}
