//! Which keys the media worker opens with. Other nodes' groups: a stranger there could pass itself off as one of that
//! node's speakers, so nothing of such a group is opened either; its speakers' own consoles stop sending into it.

use super::groups::{Groups, on_line};
use super::tagging::{Known, Tagging};
use super::worth::{Present, Worth};
use crate::around::Around;
use crate::io::{OpenKey, Output};
use crate::limits::*;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, NodeId, PartyId};
use trialogue_e2ee::{KeyId, Keyring, Leaf, TagKey};
use trialogue_journal::GroupId;
use trialogue_wire::console::ToNode;
use zeroize::Zeroizing;

/// A key that the media worker has.
struct Issued {
    group: GroupId,
    epoch: u64,
    device: DeviceId,
    /// Whose device that is.
    party: PartyId,
    /// Of what its sender has told.
    turn: u32,
    /// The media worker has opened, or may have opened, all numbers below this.
    floor: u64,
    /// The media worker has it. Otherwise only what it has opened is remembered.
    given: bool,
    /// It is of an epoch that is over, and goes then.
    until_us: Option<u64>,
}

/// Whose key it is, and in which group.
#[derive(Clone, Copy)]
struct Whose {
    group: GroupId,
    epoch: u64,
    device: DeviceId,
}

#[derive(Default)]
pub(super) struct Opening {
    issued: BTreeMap<KeyId, Issued>,
}

impl Opening {
    /// Brings what is opened with up to date. Returns whom this console can open.
    pub(super) fn settle(
        &mut self,
        present: Present<'_>,
        groups: &Groups,
        tagging: &Tagging,
        around: &mut Around<'_>,
    ) -> BTreeSet<DeviceId> {
        let (at, roster, ring) = (present.at, present.roster, groups.ring());
        let mut there: BTreeMap<NodeId, GroupId> =
            on_line(at, present.line).into_iter().map(|(node, group)| (node.clone(), group.id)).collect();
        if let (Some(node), Some(own)) = (at.node(), groups.own(at, present.line)) {
            there.insert(node.clone(), own);
        }
        let mut wanted = BTreeMap::new();
        let mut able = BTreeSet::new();
        for (node, group) in there {
            let Worth::Good(leaves) = present.worth(ring, &group) else { continue };
            let Some(index) = at.index_of(&node) else { continue };
            let Ok(epoch) = ring.epoch(&group) else { continue };
            let speaks = |leaf: &&Leaf| {
                leaf.device != at.id() && roster.get(&leaf.device).is_some_and(|participant| participant.node == node)
            };
            for leaf in leaves.iter().filter(speaks) {
                // Only a sender itself says of which generation its keys are: what a frame claims is nobody's word.
                let Some(known) = tagging.known(&leaf.device) else { continue };
                able.insert(leaf.device);
                if !at.hears(roster, &leaf.device) {
                    continue;
                }
                if let Ok(id) = KeyId::new(index, &group, epoch, leaf.index, known.generation) {
                    wanted.insert(id, (Whose { group, epoch, device: leaf.device }, known));
                }
            }
        }
        self.retire(Some(&wanted.keys().copied().collect()), ring, around);
        for (id, (whose, known)) in wanted {
            let missed = !present.members.has_keys_of(&whose.device);
            if self.issue(id, whose, known, ring, around) && missed {
                // What it sent before could not be opened: a picture begins with a key frame.
                around.send(&ToNode::KeyFrame { device: whose.device });
            }
        }
        able
    }

    /// True: the media worker got it.
    fn issue(&mut self, id: KeyId, whose: Whose, known: &Known, ring: &Keyring, around: &mut Around<'_>) -> bool {
        let (at, Whose { group, epoch, device }) = (around.at, whose);
        let Some(party) = at.me().and_then(|me| at.charter()?.party_number(&me.party)) else { return false };
        let same = |held: &&mut Issued| (held.group, held.epoch, held.device) == (group, epoch, device);
        let mut floor = 0;
        if let Some(held) = self.issued.get_mut(&id).filter(same) {
            held.until_us = None;
            if held.turn == known.turn && held.given {
                return false;
            }
            floor = held.floor;
        } else if self.issued.remove(&id).is_some() {
            around.push(Output::ForgetKey { key_id: id.to_u64(), over: true });
        }
        let Some(of) = at.fold().and_then(|fold| fold.device(&device)).map(|device| device.party.clone()) else {
            return false;
        };
        let Ok(base) = ring.base_key(&group, &device, known.generation) else { return false };
        let tag = TagKey::derive(&known.secret, &base, id, &device, &at.id());
        let own = |leaf: &&Leaf| {
            let known = at.fold().and_then(|fold| fold.known_device(&leaf.device));
            leaf.device != device && known.is_some_and(|known| at.me().is_some_and(|me| me.party == known.party))
        };
        let members = ring.members(&group).unwrap_or_default();
        let fellows = u8::try_from(members.iter().filter(own).count()).unwrap_or(u8::MAX);
        let issued = Issued { group, epoch, device, party: of, turn: known.turn, floor, given: true, until_us: None };
        self.issued.insert(id, issued);
        around.push(Output::OpenKey(OpenKey {
            key_id: id.to_u64(),
            device,
            base_key: Zeroizing::new(*base.expose()),
            party,
            turn: known.turn,
            fellows,
            tag_key: Zeroizing::new(*tag.expose()),
            floor,
        }));
        true
    }

    /// Keys that are not current (all of `current`, if it is known) go after a while, those whose time has come go now.
    pub(super) fn retire(&mut self, current: Option<&BTreeSet<KeyId>>, ring: &Keyring, around: &mut Around<'_>) {
        let now_us = around.now.us;
        let mut gone = Vec::new();
        for (id, held) in &mut self.issued {
            if current.is_some_and(|current| !current.contains(id)) {
                held.until_us.get_or_insert(now_us + OLD_KEYS_US);
            }
            let revoked = around.revocations.has(&held.party, &held.device)
                || around.at.fold().is_some_and(|fold| fold.is_revoked(&held.device));
            if revoked || held.until_us.is_some_and(|until| now_us >= until) {
                // While its epoch lasts it may be given again, after a hold for example: what it has opened stays
                // opened.
                let over = revoked || ring.epoch(&held.group) != Ok(held.epoch);
                if held.given || over {
                    gone.push((*id, over));
                }
            }
        }
        for (id, over) in &gone {
            match self.issued.get_mut(id) {
                Some(held) if !over => held.given = false,
                _ => {
                    self.issued.remove(id);
                }
            }
        }
        for (id, over) in gone {
            around.push(Output::ForgetKey { key_id: id.to_u64(), over });
        }
    }

    /// The media worker has opened frames up to these numbers.
    pub(super) fn heard(&mut self, highest: Vec<(u64, u64)>) {
        for (id, number) in highest {
            if let Some(held) = KeyId::from_u64(id).and_then(|id| self.issued.get_mut(&id)) {
                held.floor = held.floor.max(number.saturating_add(UNSAID_NUMBERS));
            }
        }
    }

    /// A new media worker gets every key again, and opens nothing that the one before may have opened.
    pub(super) fn worker_restarted(&mut self) {
        for held in self.issued.values_mut() {
            held.given = false;
        }
    }

    /// Hung up: nothing is opened from here on.
    pub(super) fn end_call(&mut self, around: &mut Around<'_>) {
        for id in std::mem::take(&mut self.issued).into_keys() {
            around.push(Output::ForgetKey { key_id: id.to_u64(), over: true });
        }
    }

    /// When a key of an epoch that is over goes.
    pub(super) fn next_us(&self) -> Option<u64> {
        self.issued.values().filter_map(|issued| issued.until_us).min()
    }
}
