//! An own handshake on its way: from its commit, which is pending until then, to its entry in the journal.

use super::Groups;
use crate::acts::Purpose;
use crate::around::Around;
use crate::keys::Seat;
use std::collections::BTreeMap;
use std::sync::Arc;
use trialogue_charter::{DeviceId, Hash, NodeId};
use trialogue_journal::fold::{Group, HandshakeRecord};
use trialogue_journal::{BodyRef, GroupId};

/// An own handshake that was said.
pub(in crate::keys) struct Move {
    group: GroupId,
    number: u64,
    /// The epoch that it starts from.
    epoch: u64,
    /// Hashes of its bodies: by them it is known again in the journal.
    commit: Option<Hash>,
    welcome: Option<Hash>,
    /// The key package that it uses of each device that it adds.
    used: Vec<(DeviceId, Hash)>,
    /// It gives fresh secrets of this console to the group.
    fresh: bool,
    /// The node has accepted it; the entry is still to come.
    confirmed: bool,
}

fn hash(body: Option<&BodyRef>) -> Option<Hash> {
    body.map(|body| body.hash)
}

impl Move {
    /// `used`: the key packages of those whom it adds; `fresh`: it gives fresh secrets of this console to the group.
    pub(in crate::keys) fn of(group: GroupId, epoch: u64, used: Vec<(DeviceId, Hash)>, fresh: bool) -> Self {
        Self { group, number: 0, epoch, commit: None, welcome: None, used, fresh, confirmed: false }
    }

    /// Its bodies are these, as its statement names them.
    pub(in crate::keys) fn with(self, commit: Option<&BodyRef>, welcome: Option<&BodyRef>) -> Self {
        Self { commit: hash(commit), welcome: hash(welcome), ..self }
    }

    /// It was said under this number.
    pub(in crate::keys) fn said(self, number: u64) -> Self {
        Self { number, ..self }
    }

    pub(in crate::keys) fn group(&self) -> GroupId {
        self.group
    }

    pub(super) fn is_confirmed(&self) -> bool {
        self.confirmed
    }

    /// The epoch that it starts from; 0: it makes the group.
    pub(in crate::keys) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(in crate::keys) fn used(&self) -> &[(DeviceId, Hash)] {
        &self.used
    }

    pub(super) fn is(&self, group: GroupId, record: &HandshakeRecord) -> bool {
        let same = |own: Option<Hash>, said: &Option<BodyRef>| own == hash(said.as_ref());
        self.group == group && same(self.commit, &record.commit) && same(self.welcome, &record.welcome)
    }
}

impl Groups {
    pub(in crate::keys) fn is_moving(&self) -> bool {
        self.moving.is_some()
    }

    /// The group that the own handshake on its way is for.
    pub(in crate::keys) fn moving(&self) -> Option<GroupId> {
        self.moving.as_ref().map(Move::group)
    }

    /// An own handshake was said.
    pub(in crate::keys) fn moves(&mut self, own: Move) {
        self.moving = Some(own);
    }

    /// The own handshake stands: this console is at the new epoch from here on. True: it is.
    pub(super) fn confirm(&mut self, now_us: u64) -> bool {
        let Some(own) = &mut self.moving else { return false };
        let (group, fresh) = (own.group, own.fresh);
        let done = self.ring.confirm(&group).is_ok();
        if done && fresh {
            self.has_renewed(group, now_us);
        }
        done
    }

    /// The node has accepted the handshake of this number. True: it was awaited.
    pub(in crate::keys) fn accepted(&mut self, group: GroupId, number: u64, now_us: u64) -> bool {
        if !self.awaits(group, number) {
            return false;
        }
        let done = self.confirm(now_us);
        if let Some(own) = &mut self.moving {
            own.confirmed = done;
        }
        true
    }

    /// The entry of the own handshake is here.
    pub(super) fn journalled(&mut self, now_us: u64) -> bool {
        if let Some(own) = &mut self.moving {
            own.confirmed = true;
        }
        self.confirm(now_us)
    }

    /// Another one was first, or it came too late. True: it was awaited.
    pub(in crate::keys) fn refused(&mut self, group: GroupId, number: u64) -> bool {
        let awaited = self.awaits(group, number);
        if awaited {
            self.forget_move();
        }
        awaited
    }

    fn awaits(&self, group: GroupId, number: u64) -> bool {
        self.moving.as_ref().is_some_and(|own| own.group == group && own.number == number && !own.confirmed)
    }

    pub(in crate::keys) fn forget_move(&mut self) {
        let Some(own) = self.moving.take() else { return };
        if own.epoch == 0 && own.commit.is_none() {
            self.ring.drop_group(&own.group);
        } else {
            let _ = self.ring.discard(&own.group);
        }
    }

    /// What the node had accepted stands in the state by now, or it never will.
    pub(in crate::keys) fn state_is_whole(&mut self) {
        self.moving.take_if(|own| own.confirmed);
    }

    /// An own handshake is done with once its entry is folded, or once nothing waits for it any more. Returns one that
    /// the journal has, with its group.
    pub(in crate::keys) fn settle_move(
        &mut self,
        groups: &BTreeMap<&NodeId, &Arc<Group>>,
        seat: Seat,
        around: &Around<'_>,
    ) -> Option<(Move, Arc<Group>)> {
        let own = self.moving.as_ref()?;
        let group = groups.values().find(|group| group.id == own.group);
        if let Some(group) = group.filter(|group| own.confirmed && group.epoch > own.epoch) {
            for (device, offer) in &own.used {
                if let Some(added) = group.members.get(device) {
                    self.added_with.insert((group.id, *device, *added), *offer);
                }
            }
            return Some((self.moving.take()?, Arc::clone(group)));
        }
        let handshake = Purpose::Handshake(own.group);
        if !own.confirmed && !around.speaker.acts.is_waiting(seat.line, |purpose| purpose == handshake) {
            self.forget_move();
        }
        None
    }
}
