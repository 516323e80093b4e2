//! Who is accepted no more, as this console knows it: every revocation that ever came here, whoever told it and whatever is told afterwards; and how
//! long ago it was last confirmed, for each party, that there are no others.
//!
//! A node can leave entries out. It can keep a revocation from its consoles, but then also the word of the nodes that have it, which they say again and
//! again: no call is sealed any more for a party of which nothing is confirmed for [`STALE_MS`]. A word that tells of revocations which are not here
//! confirms nothing, and takes nothing away either: else one node could silence a party by telling of what does not exist.

use crate::console::Console;
use crate::limits::{CONFIRMED_KEEP_US, ON_ITS_WAY_US, REVOKED_KNOWN_MAX, SILENT_AFTER_STALE_MS, STALE_MS};
use crate::view::{RevocationNotice, RevocationState};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, Hash, NodeId, PartyId, Revocation, VerifiedCharter};
use trialogue_journal::limits::CLOCKS_APART_MS;
use trialogue_journal::{Body, Entry, RevokedSet, State};

/// What outlives the process, under the seal of the device key.
#[derive(Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct KeptRevocations {
    /// By party, with the fingerprint of the root that has signed.
    #[n(0)]
    revoked: Vec<(PartyId, Hash, Vec<DeviceId>)>,
    /// When each party was confirmed last, or silence began to count, by this console's clock, milliseconds since 1970 UTC; and whether it ever was confirmed.
    #[n(1)]
    confirmed: Vec<(PartyId, u64, bool)>,
}

impl KeptRevocations {
    /// About how many bytes it takes.
    pub(crate) fn len(&self) -> usize {
        self.revoked.iter().map(|(_, _, devices)| devices.len() * 34 + 72).sum::<usize>()
            + self.confirmed.len() * 24
            + 32
    }
}

/// What is known of one party.
struct Known {
    /// Its devices that are revoked, by the root that the charter has now.
    revoked: BTreeSet<DeviceId>,
    /// The last word of each node that counts.
    words: BTreeMap<NodeId, Word>,
    /// The newest confirmation; before the first one, when silence began to count.
    confirmed: Age,
    /// There was a confirmation.
    ever: bool,
    /// Since when somebody tells of revocations that are not here.
    missing_us: Option<u64>,
    /// Something came since the words were compared with what is revoked here.
    changed: bool,
}

/// How old something was at an instant: a leap of the clock changes nothing of it afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Age {
    ms: u64,
    /// In the time that the console has run; to come, for a word of a time to come.
    at_us: u64,
}

impl Age {
    /// Of something of that time by the wall clock.
    fn of(time_ms: u64, now_ms: u64, now_us: u64) -> Self {
        Self {
            ms: now_ms.saturating_sub(time_ms),
            at_us: now_us.saturating_add(time_ms.saturating_sub(now_ms).saturating_mul(1_000)),
        }
    }

    fn ms(self, now_us: u64) -> u64 {
        self.ms.saturating_add(now_us.saturating_sub(self.at_us) / 1_000)
    }
}

/// What a node has said of a party.
struct Word {
    set: Option<RevokedSet>,
    age: Age,
    seq: u64,
}

impl Known {
    fn new(now_us: u64) -> Self {
        Self {
            revoked: BTreeSet::new(),
            words: BTreeMap::new(),
            confirmed: Age { ms: 0, at_us: now_us },
            ever: false,
            missing_us: None,
            changed: false,
        }
    }

    fn silent_ms(&self, now_us: u64) -> u64 {
        self.confirmed.ms(now_us)
    }

    /// Holds what the nodes have said, once its time has come, against what is here.
    fn compare(&mut self, party: &PartyId, now_us: u64) {
        let own = RevokedSet::of(party, self.revoked.iter());
        let count = own.as_ref().map_or(0, |own| own.count);
        let mut missing = false;
        for word in self.words.values().filter(|word| word.age.at_us <= now_us) {
            if word.set == own {
                // The first one counts however old it is: others count from it as well.
                if !self.ever || word.age.ms(now_us) < self.silent_ms(now_us) {
                    (self.confirmed, self.ever) = (word.age, true);
                }
            } else {
                // One that has fewer has yet to hear of the others.
                missing |= word.set.as_ref().is_some_and(|set| set.count >= count);
            }
        }
        self.missing_us = missing.then(|| self.missing_us.unwrap_or(now_us));
        self.changed = false;
    }

    /// When a word of a time to come counts.
    fn next_word_us(&self, now_us: u64) -> Option<u64> {
        self.words.values().map(|word| word.age.at_us).filter(|at| *at > now_us).min()
    }

    fn state(&self, now_us: u64) -> Option<RevocationState> {
        let silent = self.silent_ms(now_us);
        let missing = self.missing_us.is_some_and(|since| now_us >= since + ON_ITS_WAY_US);
        if silent > STALE_MS {
            Some(RevocationState::Stale)
        } else if missing {
            Some(RevocationState::Missing)
        } else {
            (silent > STALE_MS / 2).then_some(RevocationState::Quiet)
        }
    }
}

/// What this console knows.
#[derive(Default)]
pub(crate) struct Revocations {
    parties: BTreeMap<PartyId, Known>,
    /// When the newest confirmation that was kept was made, in the time that the console has run.
    kept_us: u64,
    /// Up to here words of a time to come were looked at.
    seen_us: u64,
    /// There was an input: the clock of the platform is known.
    begun: bool,
    /// What was kept of before, until it is read.
    kept: Option<KeptRevocations>,
    /// Told by the spare site, and not yet to the state of the one in use.
    told_at_spare: Vec<(PartyId, DeviceId)>,
}

impl Revocations {
    pub(crate) fn recall(&mut self, kept: Option<KeptRevocations>) {
        self.kept = kept;
    }

    /// The charter's parties, each with what its present root has said: of a party that has another root now, or is there no more, nothing stays.
    pub(crate) fn take_charter(&mut self, before: Option<&VerifiedCharter>, charter: &VerifiedCharter, now_us: u64) {
        let same = |party: &PartyId| {
            let root = |charter: &VerifiedCharter| charter.party(party).map(|party| party.root.fingerprint());
            before.is_none_or(|before| root(before) == root(charter))
        };
        self.parties.retain(|party, _| charter.party(party).is_some());
        for party in &charter.parties {
            let known = self.parties.entry(party.id.clone()).or_insert_with(|| Known::new(now_us));
            if !same(&party.id) {
                known.revoked.clear();
                known.words.clear();
                known.missing_us = None;
            }
            // A retired node says nothing any more.
            known.words.retain(|node, _| charter.serves(node));
            known.changed = true;
        }
    }

    pub(crate) fn to_keep(&self, charter: &VerifiedCharter, now_us: u64, now_ms: u64) -> KeptRevocations {
        let root = |party: &PartyId| charter.party(party).map(|party| party.root.fingerprint());
        let revoked = self.parties.iter().filter(|(_, known)| !known.revoked.is_empty());
        let revoked = revoked
            .filter_map(|(party, known)| Some((party.clone(), root(party)?, known.revoked.iter().copied().collect())));
        let confirmed = self
            .parties
            .iter()
            .map(|(party, known)| (party.clone(), now_ms.saturating_sub(known.silent_ms(now_us)), known.ever));
        KeptRevocations { revoked: revoked.collect(), confirmed: confirmed.collect() }
    }

    /// Tells a state that begins.
    fn tell(&self, fold: &mut State) {
        for (party, known) in &self.parties {
            for device in &known.revoked {
                fold.know_revoked(party, *device);
            }
        }
    }

    /// True: it was not known.
    fn learn(&mut self, party: &PartyId, device: DeviceId) -> bool {
        let Some(known) = self.parties.get_mut(party) else { return false };
        // Only a root in other hands comes there.
        if known.revoked.len() >= REVOKED_KNOWN_MAX || !known.revoked.insert(device) {
            return false;
        }
        known.changed = true;
        true
    }
}

impl Console {
    /// The state before any entry, with every revocation that this console remembers.
    pub(crate) fn new_fold(&self) -> Option<State> {
        let mut fold = State::new(self.charter.clone()?);
        self.revocations.tell(&mut fold);
        Some(fold)
    }

    /// A charter has taken effect: what was said by roots that it has not is forgotten.
    pub(crate) fn revocations_under(&mut self, before: Option<&VerifiedCharter>) {
        if let Some(charter) = self.charter.clone() {
            self.revocations.take_charter(before, &charter, self.now_us);
        }
        if self.revocations.begun {
            self.recall_revocations();
        }
    }

    /// What was kept of before is read once there are a clock and a charter to read it by.
    pub(crate) fn recall_revocations(&mut self) {
        if !std::mem::replace(&mut self.revocations.begun, true) {
            for known in self.revocations.parties.values_mut() {
                known.confirmed.at_us = self.now_us;
            }
        }
        let Some(charter) = self.charter.clone() else { return };
        let Some(kept) = self.revocations.kept.take() else { return };
        for (party, root, devices) in &kept.revoked {
            if charter.party(party).is_some_and(|party| party.root.fingerprint() == *root) {
                for device in devices {
                    self.learn_revocation(party, *device);
                }
            }
        }
        for (party, at_ms, ever) in &kept.confirmed {
            // A time to come is no time at which something was confirmed: the clock was set back.
            let past = *at_ms <= self.now_ms.saturating_add(CLOCKS_APART_MS);
            if let Some(known) = self.revocations.parties.get_mut(party).filter(|_| past) {
                (known.confirmed, known.ever) =
                    (Age { ms: self.now_ms.saturating_sub(*at_ms), at_us: self.now_us }, *ever);
                known.changed = true;
            }
        }
    }

    /// Holds what was said against what is here, once for all that came.
    pub(crate) fn settle_revocations(&mut self) {
        let (now_us, seen_us) = (self.now_us, self.revocations.seen_us);
        self.revocations.seen_us = now_us;
        let mut confirmed = false;
        for (party, known) in &mut self.revocations.parties {
            if known.changed || known.next_word_us(seen_us).is_some_and(|at| at <= now_us) {
                let before = known.confirmed;
                known.compare(party, now_us);
                confirmed |= known.confirmed != before;
            }
        }
        if confirmed && self.writer.on && now_us >= self.revocations.kept_us + CONFIRMED_KEEP_US {
            self.revocations.kept_us = now_us;
            self.writer.change();
        }
    }

    /// Has the root of its party revoked the device, as far as this console knows?
    #[must_use]
    pub fn knows_revoked(&self, party: &PartyId, device: &DeviceId) -> bool {
        self.revocations.parties.get(party).is_some_and(|known| known.revoked.contains(device))
    }

    /// For the next start.
    pub(crate) fn revocations_to_keep(&self) -> Option<KeptRevocations> {
        Some(self.revocations.to_keep(self.charter.as_ref()?, self.now_us, self.now_ms))
    }

    /// It holds in every state that this console has, and in all that it will have.
    fn learn_revocation(&mut self, party: &PartyId, device: DeviceId) {
        if !self.revocations.learn(party, device) {
            return;
        }
        self.know_revoked(party, device);
        if self.at_spare {
            // The state in use is not at hand now.
            self.revocations.told_at_spare.push((party.clone(), device));
        } else if let Some(spare) = &mut self.spare {
            spare.know_revoked(party, device);
        }
        if self.writer.on {
            self.writer.change();
        }
    }

    /// The site in use is at hand again: whatever the spare one has told holds there as well.
    pub(crate) fn know_what_spare_told(&mut self) {
        for (party, device) in std::mem::take(&mut self.revocations.told_at_spare) {
            self.know_revoked(&party, device);
        }
    }

    fn know_revoked(&mut self, party: &PartyId, device: DeviceId) {
        for fold in [&mut self.fold, &mut self.retold].into_iter().flatten() {
            fold.know_revoked(party, device);
        }
        let whose = self.fold.as_ref().and_then(|fold| fold.known_device(&device)).map(|known| &known.party);
        let own = whose == Some(party);
        if let Some(call) = self.call.as_mut().filter(|_| own) {
            call.revoked(device);
        }
    }

    /// An entry that verifies, however late and from whatever journal, says something of revocations.
    pub(crate) fn note_revocations(&mut self, entry: &Entry) {
        match &entry.body {
            Body::Revoked { revocation } => {
                let Some(charter) = &self.charter else { return };
                if let Ok(Revocation { party, device }) = Revocation::open(charter, revocation) {
                    self.learn_revocation(&party, device);
                }
            }
            Body::Listed { sets } => self.heard_sets(entry, sets),
            _ => {}
        }
    }

    /// Whose word counts: of another party that of its own nodes; of the own party that of other parties' nodes, for which the own node cannot speak.
    fn heard_sets(&mut self, entry: &Entry, sets: &[RevokedSet]) {
        let (Some(charter), Some(me)) = (self.charter.clone(), &self.me) else { return };
        let (Some(node), own) = (charter.node(&entry.node), me.party.clone()) else { return };
        if !charter.serves(&entry.node) {
            return;
        }
        // A time to come confirms nothing before it has come: some clocks are ahead.
        let age = Age::of(entry.time_ms, self.now_ms, self.now_us);
        for (party, known) in &mut self.revocations.parties {
            let counts = if *party == own { node.party != own } else { node.party == *party };
            if !counts || known.words.get(&entry.node).is_some_and(|word| word.seq >= entry.seq) {
                continue;
            }
            let set = sets.iter().find(|set| set.party == *party).cloned();
            known.words.insert(entry.node.clone(), Word { set, age, seq: entry.seq });
            known.changed = true;
        }
    }

    /// For how long nothing was confirmed of another party. The own party's devices are sealed for whatever others say of it: a member could else cut
    /// this party's people off from each other.
    fn silent_ms(&self, device: &DeviceId) -> u64 {
        let own = self.me.as_ref().map(|me| &me.party);
        let party = self.fold.as_ref().and_then(|fold| fold.known_device(device)).map(|known| &known.party);
        let known = party.filter(|party| Some(*party) != own).and_then(|party| self.revocations.parties.get(party));
        known.map_or(0, |known| known.silent_ms(self.now_us))
    }

    /// May it be let into a group?
    pub(crate) fn is_fresh(&self, device: &DeviceId) -> bool {
        self.silent_ms(device) <= STALE_MS
    }

    /// May a group with this device in it be sealed for? A little longer than the lead keeps it in, so that a call does not fall silent meanwhile.
    pub(crate) fn may_hear(&self, device: &DeviceId) -> bool {
        self.silent_ms(device) <= STALE_MS + SILENT_AFTER_STALE_MS
    }

    /// What the officer is told.
    pub(crate) fn revocation_notices(&self) -> Vec<RevocationNotice> {
        let Some(charter) = &self.charter else { return Vec::new() };
        let notice = |party: &trialogue_charter::Party| {
            let known = self.revocations.parties.get(&party.id)?;
            let confirmed = self.now_ms.saturating_sub(known.silent_ms(self.now_us));
            Some(RevocationNotice {
                party: party.id.to_string(),
                name: crate::show::text(&party.name),
                own: self.me.as_ref().is_some_and(|me| me.party == party.id),
                state: known.state(self.now_us)?,
                // Whole minutes: the view does not change with every tick of the clock.
                confirmed_ms: (confirmed / 60_000 * 60_000) as f64,
            })
        };
        charter.parties.iter().filter_map(notice).collect()
    }

    /// When that changes by time alone.
    pub(crate) fn revocations_next_us(&self) -> Option<u64> {
        let parties = self.revocations.parties.values();
        let due = parties.flat_map(|known| {
            let Age { ms, at_us } = known.confirmed;
            let at = |silent_ms: u64| at_us + (silent_ms + 1).saturating_sub(ms).saturating_mul(1_000);
            let silent = [STALE_MS / 2, STALE_MS, STALE_MS + SILENT_AFTER_STALE_MS].map(at);
            let missing = known.missing_us.map(|since| since + ON_ITS_WAY_US);
            silent.into_iter().chain(missing).chain(known.next_word_us(self.now_us))
        });
        due.filter(|at| *at > self.now_us).min()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const MINUTE: u64 = 60_000_000;

    fn party() -> PartyId {
        PartyId::new("JPN").unwrap()
    }

    fn word(age: Age, seq: u64) -> Word {
        Word { set: None, age, seq }
    }

    fn node(id: &str) -> NodeId {
        NodeId::new(id).unwrap()
    }

    #[test]
    fn the_first_confirmation_counts_however_old_it_is() {
        let mut known = Known::new(0);
        known.words.insert(node("jpn-1"), word(Age { ms: 20 * 3_600_000, at_us: MINUTE }, 1));
        known.compare(&party(), MINUTE);
        assert_eq!(known.silent_ms(MINUTE), 20 * 3_600_000);
        // An older one after it takes nothing away, a newer one counts.
        known.words.insert(node("jpn-2"), word(Age { ms: 30 * 3_600_000, at_us: MINUTE }, 1));
        known.compare(&party(), 2 * MINUTE);
        assert_eq!(known.silent_ms(2 * MINUTE), 20 * 3_600_000 + 60_000);
        known.words.insert(node("jpn-2"), word(Age { ms: 5, at_us: 2 * MINUTE }, 2));
        known.compare(&party(), 2 * MINUTE);
        assert_eq!(known.silent_ms(2 * MINUTE), 5);
    }

    #[test]
    fn a_word_of_a_time_to_come_counts_when_that_has_come_and_no_leap_makes_one_younger() {
        let mut known = Known::new(0);
        // Ten minutes ahead of this console's clock.
        let age = Age::of(1_600_000, 1_000_000, MINUTE);
        assert_eq!(age, Age { ms: 0, at_us: 11 * MINUTE });
        known.words.insert(node("jpn-1"), word(age, 1));
        known.compare(&party(), MINUTE);
        assert!(!known.ever && known.next_word_us(MINUTE) == Some(11 * MINUTE));
        known.compare(&party(), 12 * MINUTE);
        assert!(known.ever && known.silent_ms(12 * MINUTE) == 60_000);
        // Compared again, whatever the wall clock shows by then.
        known.compare(&party(), 100 * MINUTE);
        assert_eq!(known.silent_ms(100 * MINUTE), 89 * 60_000);
    }

    #[test]
    fn what_another_party_tells_of_more_is_missed_and_of_fewer_is_not() {
        let mut known = Known::new(0);
        known.revoked.extend([DeviceId([1; 32]), DeviceId([2; 32])]);
        let said = |devices: &[DeviceId]| RevokedSet::of(&party(), devices.iter());
        for (set, missing) in [
            (said(&[DeviceId([1; 32])]), false),
            (said(&[DeviceId([1; 32]), DeviceId([3; 32])]), true),
            (said(&[DeviceId([1; 32]), DeviceId([2; 32])]), false),
            (None, false),
        ] {
            let age = Age { ms: 0, at_us: MINUTE };
            known.words.insert(node("jpn-1"), Word { set: set.clone(), age, seq: 1 });
            known.compare(&party(), MINUTE);
            assert_eq!(known.missing_us.is_some(), missing, "{set:?}");
        }
        assert!(known.ever, "the same set confirms");
    }

    #[test]
    fn what_a_replaced_root_has_said_is_forgotten_and_nothing_else() {
        use trialogue_charter::fixture::{Trilateral, amended, next_root};
        let charter = Trilateral::new(trialogue_charter::Suite::XWing).charter;
        let next = amended(&charter, |charter| {
            let usa = charter.parties.iter_mut().find(|party| party.id.as_str() == "USA");
            usa.unwrap().root = next_root("USA").public();
        });
        let (usa, device) = (PartyId::new("USA").unwrap(), DeviceId([1; 32]));
        let mut known = Revocations::default();
        known.take_charter(None, &charter, 0);
        assert!(known.learn(&usa, device) && known.learn(&party(), device));
        assert!(!known.learn(&usa, device), "known already");
        known.take_charter(Some(&charter), &charter, 0);
        assert_eq!(known.to_keep(&charter, 0, 0).revoked.len(), 2);
        known.take_charter(Some(&charter), &next, 0);
        let kept = known.to_keep(&next, 0, 0).revoked;
        assert_eq!(kept.iter().map(|(of, ..)| of).collect::<Vec<_>>(), [&party()]);
    }
}
