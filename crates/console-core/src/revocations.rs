//! Who is accepted no more, as this console knows it: every list of a party's root that ever came here, whoever told it and whatever is told
//! afterwards; and how long ago each party's list was last confirmed by somebody whom the own node cannot speak for.
//!
//! A node can leave entries out. It can keep a list from its consoles, but then also the word of the nodes that have it, which they say again and
//! again: a party of whose list nothing is heard for the charter's `revocation_hours` is not sealed for any more. A word that names a list which is
//! not here confirms nothing, and takes nothing away either: else one node could silence a party by naming a list that does not exist.

use crate::console::Console;
use crate::view::{RevocationNotice, RevocationState};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, ListName, PartyId, RevocationList, VerifiedCharter};
use trialogue_journal::{Body, Entry, PartyList, State};

/// A word that is not much newer than the last is not worth a disk.
const KEEP_AGAIN_MS: u64 = 15 * 60 * 1_000;
/// How long a list that others name may be on its way before the officer is told, in microseconds.
const ON_ITS_WAY_US: u64 = 60_000_000;

/// What outlives the process.
#[derive(Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct KeptRevocations {
    /// Signed lists.
    #[n(0)]
    lists: Vec<ByteVec>,
    /// When each party's list was confirmed last, by this console's clock, milliseconds since 1970 UTC.
    #[n(1)]
    heard: Vec<(PartyId, u64)>,
}

impl KeptRevocations {
    /// About how many bytes it takes.
    pub(crate) fn len(&self) -> usize {
        self.lists.iter().map(|list| list.len() + 8).sum::<usize>() + self.heard.len() * 32 + 32
    }
}

/// What is known of one party's list.
#[derive(Default)]
struct Heard {
    /// Confirmed last, by this console's clock.
    at_ms: u64,
    /// The newest list that was named and is not here, and since when.
    missing: Option<(ListName, u64)>,
}

/// What this console knows.
#[derive(Default)]
pub(crate) struct Revocations {
    lists: BTreeMap<PartyId, BTreeMap<ListName, Vec<u8>>>,
    heard: BTreeMap<PartyId, Heard>,
    kept_ms: u64,
}

impl Revocations {
    pub(crate) fn to_keep(&self) -> KeptRevocations {
        let lists = self.lists.values().flat_map(BTreeMap::values).map(|list| list.clone().into());
        let heard = self.heard.iter().map(|(party, heard)| (party.clone(), heard.at_ms));
        KeptRevocations { lists: lists.collect(), heard: heard.collect() }
    }

    fn has(&self, name: PartyList) -> bool {
        let newest = self.lists.get(&name.party).and_then(|lists| lists.last_key_value());
        newest.is_some_and(|(newest, _)| *newest >= name.list)
    }

    /// Of each party the newest list, and older ones that name somebody whom no newer one does.
    fn keep_what_counts(&mut self, fold: &State) {
        for (party, lists) in &mut self.lists {
            lists.retain(|name, _| fold.revocations().all().any(|counts| counts == (party, name)));
        }
    }

    fn state(&self, charter: &VerifiedCharter, party: &PartyId, now_ms: u64, now_us: u64) -> Option<RevocationState> {
        let heard = self.heard.get(party)?;
        let limit = limit_ms(charter);
        let missing = heard.missing.is_some_and(|(_, since)| now_us >= since + ON_ITS_WAY_US);
        match now_ms.saturating_sub(heard.at_ms) {
            silent if silent > limit => Some(RevocationState::Stale),
            _ if missing => Some(RevocationState::Missing),
            silent if silent > limit / 2 => Some(RevocationState::Quiet),
            _ => None,
        }
    }
}

fn limit_ms(charter: &VerifiedCharter) -> u64 {
    u64::from(charter.policy.revocation_hours) * 3_600_000
}

impl Console {
    /// The state before any entry, with every list that this console remembers.
    pub(crate) fn new_fold(&self) -> Option<State> {
        let mut fold = State::new(self.charter.clone()?);
        for list in self.revocations.lists.values().flat_map(BTreeMap::values) {
            // One of a root that the party has no more says nothing under this charter.
            let _ = fold.know_list(list);
        }
        Some(fold)
    }

    /// Has the root of its party revoked the device, as far as this console knows?
    #[must_use]
    pub fn knows_revoked(&self, party: &PartyId, device: &DeviceId) -> bool {
        self.fold.as_ref().is_some_and(|fold| fold.revocations().names(party, device))
    }

    /// What was kept: verified now, and forgotten if it does not hold.
    pub(crate) fn remember_revocations(&mut self, kept: &KeptRevocations) {
        for (party, at_ms) in &kept.heard {
            self.revocations.heard.entry(party.clone()).or_default().at_ms = *at_ms;
        }
        for list in &kept.lists {
            self.learn_list(list);
        }
    }

    /// A list holds in every state that this console has, and in all that it will have.
    pub(crate) fn learn_list(&mut self, bytes: &[u8]) {
        let Some(charter) = self.charter.clone() else { return };
        let Ok(list) = RevocationList::open(&charter, bytes) else { return };
        let name = list.name(bytes);
        let known = self.revocations.lists.entry(list.party.clone()).or_default();
        if known.insert(name, bytes.to_vec()).is_some() {
            return;
        }
        for fold in [&mut self.fold, &mut self.retold].into_iter().flatten() {
            let _ = fold.know_list(bytes);
        }
        if let Some(spare) = &mut self.spare {
            spare.know_list(bytes);
        }
        if let Some(call) = &mut self.call {
            for device in &list.devices {
                call.revoked(*device);
            }
        }
        if let Some(whole) = self.new_fold() {
            self.revocations.keep_what_counts(&whole);
        }
        for heard in self.revocations.heard.values_mut() {
            heard.missing = heard.missing.filter(|(missing, _)| *missing > name);
        }
        if self.writer.on {
            self.writer.change();
        }
    }

    /// An entry that verifies says something of lists.
    pub(crate) fn note_lists<B: AsRef<[u8]>>(&mut self, entry: &Entry, bodies: &[B]) {
        match &entry.body {
            Body::Revoked { list } => {
                if let Some(bytes) = list.find(bodies) {
                    let bytes = bytes.to_vec();
                    self.learn_list(&bytes);
                }
            }
            Body::Listed { lists } => self.heard_of_lists(entry, lists),
            _ => {}
        }
    }

    /// Whose word counts for whose list: of another party that of its own nodes; of the own party that of other parties' nodes, which the own node
    /// cannot speak for.
    fn heard_of_lists(&mut self, entry: &Entry, lists: &[PartyList]) {
        let (Some(charter), Some(me)) = (self.charter.clone(), &self.me) else { return };
        let (Some(node), own) = (charter.node(&entry.node), me.party.clone()) else { return };
        for party in &charter.parties {
            let counts = if party.id == own { node.party != own } else { node.party == party.id };
            if !counts {
                continue;
            }
            let said = lists.iter().find(|said| said.party == party.id).cloned();
            let missing = said.filter(|said| !self.revocations.has(said.clone()));
            let heard = self.revocations.heard.entry(party.id.clone()).or_default();
            match missing {
                Some(said) => {
                    let since = heard.missing.map_or(self.now_us, |(_, since)| since);
                    heard.missing = Some((said.list, since));
                }
                // A clock that is ahead confirms nothing beyond now.
                None => heard.at_ms = heard.at_ms.max(entry.time_ms.min(self.now_ms)),
            }
        }
        let newest = self.revocations.heard.values().map(|heard| heard.at_ms).max().unwrap_or(0);
        if self.writer.on && newest > self.revocations.kept_ms + KEEP_AGAIN_MS {
            self.revocations.kept_ms = newest;
            self.writer.change();
        }
    }

    /// The time from which on silence counts is, for a party that is new here, now; and never later than now.
    pub(crate) fn settle_revocations(&mut self) {
        let Some(charter) = &self.charter else { return };
        let now_ms = self.now_ms;
        for party in &charter.parties {
            let heard = self.revocations.heard.entry(party.id.clone());
            let heard = heard.or_insert(Heard { at_ms: now_ms, missing: None });
            heard.at_ms = heard.at_ms.min(now_ms);
        }
        self.revocations.heard.retain(|party, _| charter.party(party).is_some());
    }

    /// Nothing was heard of the party's revocations for too long: nobody seals for it.
    pub(crate) fn is_stale(&self, party: &PartyId) -> bool {
        let Some(charter) = &self.charter else { return false };
        self.revocations.state(charter, party, self.now_ms, self.now_us) == Some(RevocationState::Stale)
    }

    /// The device's party may be sealed for.
    pub(crate) fn is_fresh(&self, device: &DeviceId) -> bool {
        let known = self.fold.as_ref().and_then(|fold| fold.known_device(device));
        known.is_some_and(|known| !self.is_stale(&known.party))
    }

    /// What the officer is told.
    pub(crate) fn revocation_notices(&self) -> Vec<RevocationNotice> {
        let Some(charter) = &self.charter else { return Vec::new() };
        let notice = |party: &trialogue_charter::Party| {
            let state = self.revocations.state(charter, &party.id, self.now_ms, self.now_us)?;
            let heard_ms = self.revocations.heard.get(&party.id).map_or(0, |heard| heard.at_ms);
            Some(RevocationNotice {
                party: party.id.to_string(),
                name: crate::show::text(&party.name),
                state,
                heard_ms: heard_ms as f64,
            })
        };
        charter.parties.iter().filter_map(notice).collect()
    }

    /// When that changes by time alone.
    pub(crate) fn revocations_next_us(&self) -> Option<u64> {
        let limit = limit_ms(self.charter.as_ref()?);
        let missing = self.revocations.heard.values().filter_map(|heard| heard.missing);
        let missing = missing.map(|(_, since)| since + ON_ITS_WAY_US).filter(|at| *at > self.now_us);
        let silent = self.revocations.heard.values().flat_map(|heard| [heard.at_ms + limit / 2, heard.at_ms + limit]);
        let silent = silent.filter(|at| *at >= self.now_ms);
        let silent = silent.map(|at| self.now_us + (at + 1 - self.now_ms).saturating_mul(1_000));
        missing.chain(silent).min()
    }
}
