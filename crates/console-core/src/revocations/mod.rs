//! Who is accepted no more, as this console knows it: every revocation that ever came here, whoever told it and
//! whatever is told afterwards; and how long ago it was last confirmed, for each party, that there are no others.
//!
//! A node can leave entries out. It can keep a revocation from its consoles, but then also the word of the nodes that
//! have it, which they say again and again: no call is sealed any more for a party of which nothing is confirmed for
//! [`STALE_MS`]. A word that tells of revocations which are not here confirms nothing, and takes nothing away either:
//! else one node could silence a party by telling of what does not exist.

mod known;

pub(crate) use known::KeptRevocations;

use crate::limits::{CONFIRMED_KEEP_US, ON_ITS_WAY_US, REVOKED_KNOWN_MAX, SILENT_AFTER_STALE_MS, STALE_MS};
use crate::now::Now;
use crate::roster::Roster;
use crate::timers;
use crate::view::RevocationNotice;
use known::{Age, Known, Word};
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, PartyId, Revocation, VerifiedCharter};
use trialogue_journal::limits::CLOCKS_APART_MS;
use trialogue_journal::{Body, Entry, RevokedSet, State};

/// Devices that are accepted no more, learnt just now. They are to be told to every state that this console has, and to
/// its call, before anything else counts.
#[derive(Debug, Default, PartialEq, Eq)]
#[must_use = "a revocation holds in every state that this console has"]
pub(crate) struct Learnt(pub(crate) Vec<(PartyId, DeviceId)>);

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
}

/// When something changes by time alone.
#[derive(Clone, Copy)]
enum Timer {
    /// Nothing was confirmed of a party for half of the time that it may be.
    Quiet,
    /// It is sealed for no more.
    Stale,
    /// Nor is a call that has it in it already.
    Silent,
    /// What others tell of has had its time to come.
    Missing,
    /// A word of a time to come counts.
    Word,
}

const TIMERS: [Timer; 5] = [Timer::Quiet, Timer::Stale, Timer::Silent, Timer::Missing, Timer::Word];

impl Revocations {
    /// What was kept of before, to be read by [`Self::read`].
    pub(crate) fn recall(&mut self, kept: Option<KeptRevocations>) {
        self.kept = kept;
    }

    /// A charter has taken effect: what was said by roots that it has not is forgotten, and what was kept of before can
    /// be read by it.
    pub(crate) fn under(&mut self, before: Option<&VerifiedCharter>, charter: &VerifiedCharter, now: Now) -> Learnt {
        self.take_charter(before, charter, now.us);
        if self.begun { self.read(Some(charter), now) } else { Learnt::default() }
    }

    /// The charter's parties, each with what its present root has said: of a party that has another root now, or is
    /// there no more, nothing stays.
    fn take_charter(&mut self, before: Option<&VerifiedCharter>, charter: &VerifiedCharter, now_us: u64) {
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

    /// What was kept of before is read once there are a clock and a charter to read it by.
    pub(crate) fn read(&mut self, charter: Option<&VerifiedCharter>, now: Now) -> Learnt {
        if !std::mem::replace(&mut self.begun, true) {
            for known in self.parties.values_mut() {
                known.confirmed.at_us = now.us;
            }
        }
        let mut learnt = Learnt::default();
        let Some((charter, kept)) = charter.and_then(|charter| Some((charter, self.kept.take()?))) else {
            return learnt;
        };
        for (party, root, devices) in &kept.revoked {
            if charter.party(party).is_some_and(|party| party.root.fingerprint() == *root) {
                for device in devices {
                    self.learn(party, *device, &mut learnt);
                }
            }
        }
        for (party, at_ms, ever) in &kept.confirmed {
            // A time to come is no time at which something was confirmed: the clock was set back.
            let past = *at_ms <= now.ms.saturating_add(CLOCKS_APART_MS);
            if let Some(known) = self.parties.get_mut(party).filter(|_| past) {
                (known.confirmed, known.ever) = (Age { ms: now.ms.saturating_sub(*at_ms), at_us: now.us }, *ever);
                known.changed = true;
            }
        }
        learnt
    }

    /// An entry that verifies, however late and from whatever journal, says something of revocations.
    pub(crate) fn note(&mut self, entry: &Entry, at: Roster, now: Now) -> Learnt {
        let mut learnt = Learnt::default();
        match (&entry.body, at.charter()) {
            (Body::Revoked { revocation }, Some(charter)) => {
                if let Ok(Revocation { party, device }) = Revocation::open(charter, revocation) {
                    self.learn(&party, device, &mut learnt);
                }
            }
            (Body::Listed { sets }, _) => self.heard_sets(entry, sets, at, now),
            _ => {}
        }
        learnt
    }

    fn learn(&mut self, party: &PartyId, device: DeviceId, learnt: &mut Learnt) {
        let Some(known) = self.parties.get_mut(party) else { return };
        // Only a root in other hands comes there.
        if known.revoked.len() < REVOKED_KNOWN_MAX && known.revoked.insert(device) {
            known.changed = true;
            learnt.0.push((party.clone(), device));
        }
    }

    /// Whose word counts: of another party that of its own nodes; of the own party that of other parties' nodes, for
    /// which the own node cannot speak.
    fn heard_sets(&mut self, entry: &Entry, sets: &[RevokedSet], at: Roster, now: Now) {
        let (Some(charter), Some(me)) = (at.charter(), at.me()) else { return };
        let Some(node) = charter.node(&entry.node).filter(|_| charter.serves(&entry.node)) else { return };
        // A time to come confirms nothing before it has come: some clocks are ahead.
        let age = Age::of(entry.time_ms, now.ms, now.us);
        for (party, known) in &mut self.parties {
            let counts = if *party == me.party { node.party != me.party } else { node.party == *party };
            if !counts || known.words.get(&entry.node).is_some_and(|word| word.seq >= entry.seq) {
                continue;
            }
            let set = sets.iter().find(|set| set.party == *party).cloned();
            known.words.insert(entry.node.clone(), Word { set, age, seq: entry.seq });
            known.changed = true;
        }
    }

    /// Holds what was said against what is here, once for all that came. True: something was confirmed, so long after
    /// the last that it is worth keeping.
    pub(crate) fn settle(&mut self, now: Now) -> bool {
        let seen_us = std::mem::replace(&mut self.seen_us, now.us);
        let mut confirmed = false;
        for (party, known) in &mut self.parties {
            if known.changed || known.next_word_us(seen_us).is_some_and(|at| at <= now.us) {
                let before = known.confirmed;
                known.compare(party, now.us);
                confirmed |= known.confirmed != before;
            }
        }
        confirmed && now.us >= self.kept_us + CONFIRMED_KEEP_US
    }

    /// What [`Self::settle`] told is kept.
    pub(crate) fn kept(&mut self, now: Now) {
        self.kept_us = now.us;
    }

    /// For the next start.
    pub(crate) fn to_keep(&self, charter: &VerifiedCharter, now: Now) -> KeptRevocations {
        let root = |party: &PartyId| charter.party(party).map(|party| party.root.fingerprint());
        let revoked = self.parties.iter().filter(|(_, known)| !known.revoked.is_empty());
        let revoked = revoked
            .filter_map(|(party, known)| Some((party.clone(), root(party)?, known.revoked.iter().copied().collect())));
        let confirmed = self
            .parties
            .iter()
            .map(|(party, known)| (party.clone(), now.ms.saturating_sub(known.silent_ms(now.us)), known.ever));
        KeptRevocations { revoked: revoked.collect(), confirmed: confirmed.collect() }
    }

    /// Tells a state that begins.
    pub(crate) fn tell(&self, fold: &mut State) {
        for (party, known) in &self.parties {
            for device in &known.revoked {
                fold.know_revoked(party, *device);
            }
        }
    }

    /// Has the root of its party revoked the device?
    pub(crate) fn has(&self, party: &PartyId, device: &DeviceId) -> bool {
        self.parties.get(party).is_some_and(|known| known.revoked.contains(device))
    }

    fn silent_ms(&self, device: &DeviceId, at: Roster, now: Now) -> u64 {
        let party = at.fold().and_then(|fold| fold.known_device(device)).map(|known| &known.party);
        party.map_or(0, |party| self.silent_ms_of(party, at, now))
    }

    /// For how long nothing was confirmed of another party. The own party's devices are sealed for whatever others say
    /// of it: a member could else cut this party's people off from each other.
    fn silent_ms_of(&self, party: &PartyId, at: Roster, now: Now) -> u64 {
        let other = at.me().is_none_or(|me| me.party != *party);
        let known = self.parties.get(party).filter(|_| other);
        known.map_or(0, |known| known.silent_ms(now.us))
    }

    /// May it be let into a group?
    pub(crate) fn is_fresh(&self, device: &DeviceId, at: Roster, now: Now) -> bool {
        self.silent_ms(device, at, now) <= STALE_MS
    }

    /// May a group with this device in it be sealed for? A little longer than the lead keeps it in, so that a call does
    /// not fall silent meanwhile.
    pub(crate) fn may_hear(&self, device: &DeviceId, at: Roster, now: Now) -> bool {
        self.silent_ms(device, at, now) <= STALE_MS + SILENT_AFTER_STALE_MS
    }

    /// The same of all devices of a party, where the state that has them is being told anew.
    pub(crate) fn may_hear_party(&self, party: &PartyId, at: Roster, now: Now) -> bool {
        self.silent_ms_of(party, at, now) <= STALE_MS + SILENT_AFTER_STALE_MS
    }

    /// What the officer is told.
    pub(crate) fn notices(&self, at: Roster, now: Now) -> Vec<RevocationNotice> {
        let Some(charter) = at.charter() else { return Vec::new() };
        let notice = |party: &trialogue_charter::Party| {
            let known = self.parties.get(&party.id)?;
            let confirmed = now.ms.saturating_sub(known.silent_ms(now.us));
            Some(RevocationNotice {
                party: party.id.to_string(),
                name: crate::show::text(&party.name),
                own: at.me().is_some_and(|me| me.party == party.id),
                state: known.state(now.us)?,
                // Whole minutes: the view does not change with every tick of the clock.
                confirmed_ms: (confirmed / 60_000 * 60_000) as f64,
            })
        };
        charter.parties.iter().filter_map(notice).collect()
    }

    /// When something is due next, microseconds of the monotonic clock.
    pub(crate) fn next_timeout(&self, now: Now) -> Option<u64> {
        let rows = self.parties.values().flat_map(|known| TIMERS.map(|timer| at(timer, known, now)));
        timers::next(now.us, rows)
    }
}

fn at(timer: Timer, known: &Known, now: Now) -> Option<u64> {
    let Age { ms, at_us } = known.confirmed;
    let silent_for = |silent_ms: u64| Some(at_us + (silent_ms + 1).saturating_sub(ms).saturating_mul(1_000));
    match timer {
        Timer::Quiet => silent_for(STALE_MS / 2),
        Timer::Stale => silent_for(STALE_MS),
        Timer::Silent => silent_for(STALE_MS + SILENT_AFTER_STALE_MS),
        Timer::Missing => known.missing_us.map(|since| since + ON_ITS_WAY_US),
        Timer::Word => known.next_word_us(now.us),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::after_ms;

    #[test]
    fn what_a_replaced_root_has_said_is_forgotten_and_nothing_else() {
        use trialogue_charter::fixture::{Trilateral, amended, next_root};
        let charter = Trilateral::new(trialogue_charter::Suite::XWing).charter;
        let next = amended(&charter, |charter| {
            let usa = charter.parties.iter_mut().find(|party| party.id.as_str() == "USA");
            usa.unwrap().root = next_root("USA").public();
        });
        let party = |id: &str| PartyId::new(id).unwrap();
        let (usa, device, mut learnt) = (party("USA"), DeviceId([1; 32]), Learnt::default());
        let mut known = Revocations::default();
        known.take_charter(None, &charter, 0);
        known.learn(&usa, device, &mut learnt);
        known.learn(&party("JPN"), device, &mut learnt);
        known.learn(&usa, device, &mut learnt);
        assert_eq!(learnt.0.len(), 2, "one was known already");
        known.take_charter(Some(&charter), &charter, 0);
        assert_eq!(known.to_keep(&charter, after_ms(0)).revoked.len(), 2);
        known.take_charter(Some(&charter), &next, 0);
        let kept = known.to_keep(&next, after_ms(0)).revoked;
        assert_eq!(kept.iter().map(|(of, ..)| of).collect::<Vec<_>>(), [&party("JPN")]);
    }
}
