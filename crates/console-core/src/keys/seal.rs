//! Which key the media worker seals with.
//!
//! Own group: sealed while every leaf is a verified member of the roster (or has just left, for [`LEAVING_US`]). A
//! stranger stops sending at once.

use super::Seat;
use super::groups::Groups;
use super::tagging::Tagging;
use super::worth::{Present, Worth};
use crate::around::Around;
use crate::io::{Event, Output, Receiving, SealKey};
use crate::limits::*;
use crate::roster::Roster;
use crate::view;
use std::collections::BTreeSet;
use trialogue_charter::{DeviceId, HybridPublic, OfficeId, PartyId};
use trialogue_e2ee::{KeyId, Keyring, Leaf, TagKey};
use trialogue_journal::GroupId;
use zeroize::Zeroizing;

/// One for whom the media worker seals, as it was when that began: it holds also while the state is told anew.
struct Sealed {
    device: DeviceId,
    party: PartyId,
    office: OfficeId,
    /// Of its party.
    root: HybridPublic,
}

/// A group that outlives its site for a moment.
#[derive(Clone, Copy)]
struct Over {
    group: GroupId,
    until_us: u64,
    /// When the group of the new site is used; none: it is not there yet.
    switch_us: Option<u64>,
}

#[derive(Default)]
pub(super) struct Sealing {
    /// Keys with everyone are there, so that it could seal.
    able: bool,
    /// The group of the site that this console came from, which is sealed for until that of the new site is there.
    over: Option<Over>,
    /// What the media worker seals with now.
    with: Option<(GroupId, u64)>,
    /// Who can open that.
    sealed_for: Vec<Sealed>,
    /// To multiples of how many bytes pictures are filled there.
    picture_step: Option<u16>,
    /// A stranger is in the own group, and since when.
    stranger: Option<(DeviceId, u64)>,
}

/// The keys that a seal key is made of.
pub(super) struct Made<'a> {
    pub(super) groups: &'a mut Groups,
    pub(super) tagging: &'a mut Tagging,
}

impl Sealing {
    pub(super) fn is_able(&self) -> bool {
        self.able
    }

    /// The group that outlives its site.
    pub(super) fn over(&self) -> Option<GroupId> {
        self.over.map(|over| over.group)
    }

    /// The group that the media worker seals for.
    pub(super) fn group(&self) -> Option<GroupId> {
        self.with.map(|(group, _)| group)
    }

    /// At another site: the group of the former one is sealed for until the new one's is there.
    pub(super) fn came_over(&mut self, now_us: u64) {
        let until_us = now_us + OVER_US;
        self.over = self.group().map(|group| Over { group, until_us, switch_us: None });
    }

    /// A new media worker has no key.
    pub(super) fn worker_restarted(&mut self) {
        self.with = None;
    }

    /// Hung up: nothing is sealed from here on.
    pub(super) fn end_call(&mut self, around: &mut Around<'_>) {
        (self.stranger, self.over) = (None, None);
        if self.with.take().is_some() {
            around.push(Output::Seal(None));
        }
    }

    /// The group of the own node. Just after coming over from another site, that of the former node, as long as
    /// everyone in it is on the roster and the others may not have joined the new one yet.
    fn group_to_seal_for(&mut self, groups: &Groups, present: Present<'_>) -> (Option<GroupId>, Worth) {
        let now_us = present.now.us;
        let group = groups.own(present.at, present.line);
        let worth = group.map_or(Worth::None, |group| present.worth_sealing(groups.ring(), &group));
        let Some(over) = self.over else { return (group, worth) };
        let there = matches!(worth, Worth::Good(_)) && group != Some(over.group);
        let switch_us = over.switch_us.or(there.then_some(now_us + SWITCH_US));
        let done = now_us >= over.until_us || switch_us.is_some_and(|at| now_us >= at && there);
        self.over = (!done).then_some(Over { switch_us, ..over });
        if done || matches!(worth, Worth::Stranger(_)) {
            return (group, worth);
        }
        match present.worth_sealing(groups.ring(), &over.group) {
            good @ Worth::Good(_) => (Some(over.group), good),
            _ => (group, worth),
        }
    }

    /// Brings what is sealed with up to date. `heard`: keys may be complete, and the console may not be heard all the
    /// same. Returns who can open what this console seals.
    pub(super) fn settle(
        &mut self,
        present: Present<'_>,
        heard: bool,
        made: Made<'_>,
        around: &mut Around<'_>,
    ) -> BTreeSet<DeviceId> {
        let now_us = present.now.us;
        let (group, worth) = self.group_to_seal_for(made.groups, present);
        let seated = present.roster.contains_key(&present.at.id());
        self.note_stranger(&worth, around);
        let wanted = match (&worth, group) {
            (Worth::Good(_), Some(group)) if seated => {
                made.groups.ring().epoch(&group).ok().map(|epoch| (group, epoch))
            }
            _ => None,
        };
        self.able = wanted.is_some();
        made.groups.speaks_into(wanted.map(|(group, _)| group), now_us);
        self.sealed_for = if let Worth::Good(leaves) = &worth { sealed_for(leaves, present.at) } else { Vec::new() };
        self.seal_with(wanted.filter(|_| heard), made, around);
        match worth {
            Worth::Good(leaves) if wanted.is_some() => leaves.into_iter().map(|leaf| leaf.device).collect(),
            _ => BTreeSet::new(),
        }
    }

    fn note_stranger(&mut self, worth: &Worth, around: &mut Around<'_>) {
        let Worth::Stranger(device) = worth else {
            self.stranger = None;
            return;
        };
        if self.stranger.is_none_or(|(known, _)| known != *device) {
            self.stranger = Some((*device, around.now.us));
            around.log(Event::Stranger(*device));
        }
    }

    /// While the state is told anew: until it is whole, what is known stands. How long that takes is the node's word:
    /// who was revoked is not waited for. `seat`: none, in no call.
    pub(super) fn settle_told_anew(&mut self, seat: Option<Seat>, made: Made<'_>, around: &mut Around<'_>) {
        if !seat.is_some_and(|seat| self.may_go_on(seat, around)) {
            self.seal_with(None, made, around);
            self.able = false;
        }
    }

    /// All for whom the media worker seals are still who they were, by charter and revocations, which no node tells
    /// anew.
    fn may_go_on(&self, seat: Seat, around: &Around<'_>) -> bool {
        let Some(charter) = around.at.charter() else { return false };
        let revocations = around.revocations;
        self.sealed_for.iter().all(|one| {
            charter.party(&one.party).is_some_and(|party| party.root == one.root)
                && charter.is_on_line(&one.office, seat.line)
                && !revocations.has(&one.party, &one.device)
                && revocations.may_hear_party(&one.party, around.at, around.now)
        })
    }

    fn seal_with(&mut self, wanted: Option<(GroupId, u64)>, made: Made<'_>, around: &mut Around<'_>) {
        let step = around.at.charter().and_then(|charter| charter.policy.picture_step);
        // Another step takes effect at once: the same key may come again.
        if self.with == wanted && (wanted.is_none() || self.picture_step == step) {
            return;
        }
        let key = wanted.and_then(|(group, epoch)| seal_key(group, epoch, made.groups.ring(), made.tagging, around.at));
        self.with = wanted.filter(|_| key.is_some());
        self.picture_step = step;
        around.push(Output::Seal(key));
    }

    /// How it stands, for the officer.
    pub(super) fn view(&self, at: Roster, now_us: u64) -> view::Sealing {
        if self.with.is_some() {
            return view::Sealing::Sealed;
        }
        if self.able {
            return view::Sealing::Silent;
        }
        match self.stranger {
            Some((device, since)) if now_us >= since + STRANGER_US => {
                let name = at.person(&device).map(|person| person.name);
                view::Sealing::Stranger {
                    who: [Some(device.to_string()), name].into_iter().flatten().collect::<Vec<_>>().join(" "),
                }
            }
            _ => view::Sealing::Waiting,
        }
    }

    pub(super) fn next_us(&self, now_us: u64) -> Option<u64> {
        let stranger = self.stranger.map(|(_, since)| since + STRANGER_US);
        let over = self.over.map(|over| over.switch_us.unwrap_or(over.until_us));
        crate::timers::next(now_us, [stranger, over].into_iter())
    }
}

/// Who has a leaf in the group beside this console, by what the state says of them.
fn sealed_for(leaves: &[Leaf], at: Roster) -> Vec<Sealed> {
    let one = |leaf: &Leaf| {
        let device = at.fold()?.device(&leaf.device)?;
        let root = at.charter()?.party(&device.party)?.root.clone();
        Some(Sealed { device: device.id, party: device.party.clone(), office: device.office.clone(), root })
    };
    leaves.iter().filter(|leaf| leaf.device != at.id()).filter_map(one).collect()
}

/// The key of the present generation, for whoever has a leaf in the group. The media worker counts on in it, whatever
/// key it had before.
fn seal_key(group: GroupId, epoch: u64, ring: &Keyring, tagging: &mut Tagging, at: Roster) -> Option<SealKey> {
    let (own, charter) = (at.id(), at.charter()?);
    let index = at.index_of(at.node()?)?;
    let generation = tagging.generation();
    let leaf = ring.own_leaf(&group).ok()?;
    let id = KeyId::new(index, &group, epoch, leaf, generation).ok()?;
    let base = ring.base_key(&group, &own, generation).ok()?;
    let mut receivers = Vec::new();
    for leaf in ring.members(&group).ok()?.iter().filter(|leaf| leaf.device != own) {
        let party = charter.party_number(&at.fold()?.device(&leaf.device)?.party)?;
        if let Some(secret) = tagging.secret_for(ring, leaf) {
            let key = TagKey::derive(secret, &base, id, &own, &leaf.device);
            receivers.push(Receiving { party, tag_key: Zeroizing::new(*key.expose()) });
        }
    }
    let picture_step = charter.policy.picture_step.unwrap_or(0);
    let base_key = Zeroizing::new(*base.expose());
    let key = SealKey { key_id: id.to_u64(), base_key, receivers, picture_step };
    (!key.receivers.is_empty()).then_some(key)
}
