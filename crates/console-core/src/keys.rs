//! The console's MLS groups, and what the media worker was given of them.

use crate::admission::Admissions;
use crate::console::Console;
use crate::io::Output;
use crate::limits::RENEWED_LATE_US;
use crate::tagging::Tagging;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use trialogue_charter::{DeviceId, DeviceSecret, Hash, NodeId, OfficeId, PartyId, Suite};
use trialogue_e2ee::groups::KEY_PACKAGES_MAX;
use trialogue_e2ee::{Chance, KeyId, Keyring, NoChance};
use trialogue_journal::GroupId;

/// An own handshake on its way.
pub(crate) struct Move {
    pub(crate) group: GroupId,
    pub(crate) number: u64,
    /// The epoch that it starts from.
    pub(crate) epoch: u64,
    /// Hashes of its bodies: by them it is known again in the journal.
    pub(crate) commit: Option<Hash>,
    pub(crate) welcome: Option<Hash>,
    /// The key package that it uses of each device that it adds.
    pub(crate) used: Vec<(DeviceId, Hash)>,
    /// It gives fresh secrets of this console to the group.
    pub(crate) fresh: bool,
    /// The node has accepted it; the entry is still to come.
    pub(crate) confirmed: bool,
}

/// A key that the media worker has.
pub(crate) struct Issued {
    pub(crate) group: GroupId,
    pub(crate) epoch: u64,
    pub(crate) device: DeviceId,
    /// Whose device that is.
    pub(crate) party: PartyId,
    /// Of what its sender has told.
    pub(crate) turn: u32,
    /// The media worker has opened, or may have opened, all numbers below this.
    pub(crate) floor: u64,
    /// The media worker has it. Otherwise only what it has opened is remembered.
    pub(crate) given: bool,
    /// It is of an epoch that is over, and goes then.
    pub(crate) until_us: Option<u64>,
}

/// One for whom the media worker seals, as it was when that began: it holds also while the state is told anew.
pub(crate) struct Sealed {
    pub(crate) device: DeviceId,
    pub(crate) party: PartyId,
    pub(crate) office: OfficeId,
    /// Of the party's root.
    pub(crate) root: Hash,
}

/// A group that outlives its site for a moment.
#[derive(Clone, Copy)]
pub(crate) struct Over {
    pub(crate) group: GroupId,
    pub(crate) until_us: u64,
    /// When the group of the new site is used; none: it is not there yet.
    pub(crate) switch_us: Option<u64>,
}

/// In which order key packages were seen that are to be added.
#[derive(Default)]
pub(crate) struct OffersSeen {
    places: BTreeMap<(DeviceId, Hash), u64>,
    next: u64,
}

impl OffersSeen {
    /// The place of one, which is the last one if it is new.
    pub(crate) fn place(&mut self, offer: (DeviceId, Hash)) -> u64 {
        let next = &mut self.next;
        *self.places.entry(offer).or_insert_with(|| {
            *next += 1;
            *next
        })
    }

    /// Only these are still to be added.
    pub(crate) fn keep(&mut self, places: BTreeMap<(DeviceId, Hash), u64>) {
        self.places = places;
    }
}

pub(crate) struct Keys {
    pub(crate) ring: Keyring,
    pub(crate) stock: VecDeque<Vec<u8>>,
    /// None can be made; said once.
    pub(crate) stock_broken: bool,
    pub(crate) moving: Option<Move>,
    pub(crate) lead_again_us: u64,
    /// The node has refused a handshake because this console has written too much.
    pub(crate) short: bool,
    /// Welcomes that are not for us, by the group that they were said to be for: the same bytes may be good where
    /// somebody else says them.
    pub(crate) tried: BTreeSet<(GroupId, Hash)>,
    /// Key packages that no group takes, by who offered them.
    pub(crate) bad_offers: BTreeSet<(DeviceId, Hash)>,
    pub(crate) offers_seen: OffersSeen,
    pub(crate) admissions: Admissions,
    /// A group that has used up its epochs, and until when its lead waits for new key packages.
    pub(crate) ending: Option<(GroupId, u64)>,
    /// Groups whose commits this console cannot follow.
    pub(crate) broken: BTreeSet<GroupId>,
    /// The key package with which a device was added, by group and position of the handshake.
    pub(crate) added_with: BTreeMap<(GroupId, DeviceId, u64), Hash>,
    pub(crate) issued: BTreeMap<KeyId, Issued>,
    /// When this console last gave fresh secrets to each group that it seals for, or came into it.
    pub(crate) renewed: BTreeMap<GroupId, u64>,
    /// The group that this console speaks into, and since when its secrets there are the same, whatever its node says
    /// meanwhile.
    pub(crate) fresh: Option<(GroupId, u64)>,
    /// By what frames are known to be their sender's.
    pub(crate) tagging: Tagging,
    /// Keys with everyone are there, so that it could seal.
    pub(crate) able: bool,
    /// The group of the site that this console came from, which is sealed for until that of the new site is there.
    pub(crate) over: Option<Over>,
    /// For which node's group each key package was offered, the newest last: no other node's welcome uses it up.
    pub(crate) offered: VecDeque<(Hash, NodeId)>,
    /// What the media worker seals with now.
    pub(crate) sealing: Option<(GroupId, u64)>,
    /// Who can open that.
    pub(crate) sealed_for: Vec<Sealed>,
    /// To multiples of how many bytes pictures are filled there.
    pub(crate) picture_step: Option<u16>,
    /// A stranger is in the own group, and since when.
    pub(crate) stranger: Option<(DeviceId, u64)>,
    /// Others with whom keys are complete, as last logged.
    pub(crate) ready: usize,
    /// Since when.
    pub(crate) ready_us: u64,
}

impl Keys {
    pub(crate) fn new(
        suite: Suite,
        device: DeviceId,
        secret: &DeviceSecret,
        chance: &mut Chance,
    ) -> Result<Self, NoChance> {
        Ok(Self {
            ring: Keyring::new(suite, device, &secret.mls_key(suite).private, chance)?,
            stock: VecDeque::new(),
            stock_broken: false,
            moving: None,
            lead_again_us: 0,
            short: false,
            tried: BTreeSet::new(),
            bad_offers: BTreeSet::new(),
            offers_seen: OffersSeen::default(),
            admissions: Admissions::default(),
            ending: None,
            broken: BTreeSet::new(),
            added_with: BTreeMap::new(),
            issued: BTreeMap::new(),
            renewed: BTreeMap::new(),
            fresh: None,
            tagging: Tagging::default(),
            able: false,
            over: None,
            offered: VecDeque::new(),
            sealing: None,
            sealed_for: Vec::new(),
            picture_step: None,
            stranger: None,
            ready: 0,
            ready_us: 0,
        })
    }
}

/// The last byte of a group's id is the index of its node in the charter: what one node's journal says of a group is
/// never taken for another's, also where a node gives its group the name of another's.
pub(crate) fn is_group_of(group: &GroupId, index: u8) -> bool {
    group.0[GroupId::LEN - 1] == index
}

impl Keys {
    /// A commit with fresh secrets of this console counts.
    pub(crate) fn has_renewed(&mut self, group: GroupId, now_us: u64) {
        self.renewed.insert(group, now_us);
        if let Some((_, since)) = self.fresh.as_mut().filter(|(known, _)| *known == group) {
            *since = now_us;
        }
    }

    /// This group is sealed for; none: nothing is.
    pub(crate) fn speaks_into(&mut self, group: Option<GroupId>, now_us: u64) {
        if let Some(group) = group.filter(|group| self.fresh.is_none_or(|(known, _)| known != *group)) {
            self.fresh = Some((group, now_us));
        }
    }

    /// From when on the officer is told that the secrets are old, while they are used.
    pub(crate) fn old_us(&self) -> Option<u64> {
        self.fresh.filter(|_| self.able).map(|(_, since)| since + RENEWED_LATE_US)
    }

    /// A key package was given out for a node's group.
    pub(crate) fn offer(&mut self, package: Hash, node: NodeId) {
        self.offered.push_back((package, node));
        if self.offered.len() > KEY_PACKAGES_MAX {
            self.offered.pop_front();
        }
    }

    /// The key packages by which this console may come into a node's group.
    pub(crate) fn offered_to(&self, node: &NodeId) -> Vec<Hash> {
        self.offered.iter().filter(|(_, to)| to == node).map(|(package, _)| *package).collect()
    }
}

impl Console {
    /// Hung up: nothing is sealed, opened or held from here on.
    pub(crate) fn drop_keys(&mut self) {
        let Some(keys) = &mut self.keys else { return };
        for group in keys.ring.groups().collect::<Vec<_>>() {
            keys.ring.drop_group(&group);
        }
        keys.moving = None;
        keys.tried.clear();
        keys.bad_offers.clear();
        keys.broken.clear();
        keys.added_with.clear();
        (keys.offers_seen, keys.admissions, keys.ending) = Default::default();
        keys.renewed.clear();
        keys.fresh = None;
        keys.tagging.end_call();
        keys.stranger = None;
        keys.over = None;
        keys.ready = 0;
        let stop = keys.sealing.take().is_some();
        let issued = std::mem::take(&mut keys.issued);
        if stop {
            self.push(Output::Seal(None));
        }
        for id in issued.into_keys() {
            self.push(Output::ForgetKey { key_id: id.to_u64(), over: true });
        }
    }

    /// Notes with which key package each member of the own node's group was added: one that has offered another since
    /// then asks to be added anew, because it came in anew or could not use that one.
    pub(crate) fn note_added(&mut self) {
        let (Some(fold), Some(call), Some(node), Some(keys)) =
            (self.sites.fold(), &self.call, self.sites.node(), &mut self.keys)
        else {
            return;
        };
        let Some(group) = fold.node(node).and_then(|node| node.group(&call.line)) else { return };
        for participant in fold.in_on(&call.line) {
            let added = group.members.get(&participant.device);
            if let (Some(added), Some(offer)) = (added, participant.offers.get(node)) {
                keys.added_with.entry((group.id, participant.device, *added)).or_insert(offer.hash);
            }
        }
    }
}
