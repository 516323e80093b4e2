//! What is known of the revocations of one party, and how old that is.

use crate::limits::{ON_ITS_WAY_US, STALE_MS};
use crate::view::RevocationState;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, Hash, NodeId, PartyId};
use trialogue_journal::RevokedSet;

/// What outlives the process, under the seal of the device key.
#[derive(Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct KeptRevocations {
    /// By party, with the fingerprint of the root that has signed.
    #[n(0)]
    pub(super) revoked: Vec<(PartyId, Hash, Vec<DeviceId>)>,
    /// When each party was confirmed last, or silence began to count, by this console's clock, milliseconds since 1970
    /// UTC; and whether it ever was confirmed.
    #[n(1)]
    pub(super) confirmed: Vec<(PartyId, u64, bool)>,
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
pub(super) struct Known {
    /// Its devices that are revoked, by the root that the charter has now.
    pub(super) revoked: BTreeSet<DeviceId>,
    /// The last word of each node that counts.
    pub(super) words: BTreeMap<NodeId, Word>,
    /// The newest confirmation; before the first one, when silence began to count.
    pub(super) confirmed: Age,
    /// There was a confirmation.
    pub(super) ever: bool,
    /// Since when somebody tells of revocations that are not here.
    pub(super) missing_us: Option<u64>,
    /// Something came since the words were compared with what is revoked here.
    pub(super) changed: bool,
}

/// How old something was at an instant: a leap of the clock changes nothing of it afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Age {
    pub(super) ms: u64,
    /// In the time that the console has run; to come, for a word of a time to come.
    pub(super) at_us: u64,
}

impl Age {
    /// Of something of that time by the wall clock.
    pub(super) fn of(time_ms: u64, now_ms: u64, now_us: u64) -> Self {
        Self {
            ms: now_ms.saturating_sub(time_ms),
            at_us: now_us.saturating_add(time_ms.saturating_sub(now_ms).saturating_mul(1_000)),
        }
    }

    pub(super) fn ms(self, now_us: u64) -> u64 {
        self.ms.saturating_add(now_us.saturating_sub(self.at_us) / 1_000)
    }
}

/// What a node has said of a party.
pub(super) struct Word {
    pub(super) set: Option<RevokedSet>,
    pub(super) age: Age,
    pub(super) seq: u64,
}

impl Known {
    pub(super) fn new(now_us: u64) -> Self {
        Self {
            revoked: BTreeSet::new(),
            words: BTreeMap::new(),
            confirmed: Age { ms: 0, at_us: now_us },
            ever: false,
            missing_us: None,
            changed: false,
        }
    }

    pub(super) fn silent_ms(&self, now_us: u64) -> u64 {
        self.confirmed.ms(now_us)
    }

    /// Holds what the nodes have said, once its time has come, against what is here.
    pub(super) fn compare(&mut self, party: &PartyId, now_us: u64) {
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
    pub(super) fn next_word_us(&self, now_us: u64) -> Option<u64> {
        self.words.values().map(|word| word.age.at_us).filter(|at| *at > now_us).min()
    }

    pub(super) fn state(&self, now_us: u64) -> Option<RevocationState> {
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
}
