//! Who is let into a group, and how often: what one member's consoles do without end must cost the others neither their places nor the means of their lead.

use crate::console::Console;
use crate::limits::{ADMISSION_FORGOTTEN_US, ADMISSION_US, ADMISSIONS_FREE, ADMISSIONS_PARTY};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, LineId, PartyId};
use trialogue_journal::fold::Participant;

/// How often each device, and each party, was added again to the own node's group by this console as its lead. A commit costs its sender's budget at the node:
/// whoever offers itself anew again and again waits longer each time.
#[derive(Default)]
pub(crate) struct Admissions {
    devices: BTreeMap<DeviceId, Admitted>,
    parties: BTreeMap<PartyId, Admitted>,
}

#[derive(Clone, Copy)]
struct Admitted {
    times: u64,
    last_us: u64,
}

impl Admitted {
    /// What is left of it: one time goes with each rest.
    fn times(&self, now_us: u64) -> u64 {
        self.times.saturating_sub(now_us.saturating_sub(self.last_us) / ADMISSION_FORGOTTEN_US)
    }

    fn may(&self, free: u32, now_us: u64) -> bool {
        let more = self.times(now_us).checked_sub(u64::from(free));
        let wait_us = more.map_or(0, |more| (ADMISSION_US.0 << more.min(16)).min(ADMISSION_US.1));
        now_us >= self.last_us + wait_us
    }

    fn note<K: Ord>(all: &mut BTreeMap<K, Self>, who: K, now_us: u64) {
        all.retain(|_, admitted| admitted.times(now_us) > 0);
        let before = all.get(&who).map_or(0, |admitted| admitted.times(now_us));
        all.insert(who, Self { times: before + 1, last_us: now_us });
    }
}

impl Admissions {
    /// It may be added (again) now.
    pub(crate) fn may(&self, device: &DeviceId, party: &PartyId, now_us: u64) -> bool {
        self.devices.get(device).is_none_or(|admitted| admitted.may(ADMISSIONS_FREE, now_us))
            && self.parties.get(party).is_none_or(|admitted| admitted.may(ADMISSIONS_PARTY, now_us))
    }

    /// These were added by one commit.
    pub(crate) fn note(&mut self, added: Vec<(DeviceId, PartyId)>, now_us: u64) {
        let parties: BTreeSet<PartyId> = added.iter().map(|(_, party)| party.clone()).collect();
        parties.into_iter().for_each(|party| Admitted::note(&mut self.parties, party, now_us));
        added.into_iter().for_each(|(device, _)| Admitted::note(&mut self.devices, device, now_us));
    }
}

impl Console {
    /// Those who have a place in the groups of a line: of each party an equal share of what a group holds, those who act for it first, then the earliest.
    pub(crate) fn seated(&self, line: &LineId, mut participants: Vec<Participant>) -> Vec<Participant> {
        let Some(share) = self.fold.as_ref().map(|fold| fold.share(line)) else { return Vec::new() };
        participants.sort_by_key(|p| (!p.role.acts_for_party(), p.node.clone(), p.order));
        // Whoever leads has a place in its own group, whoever else of its party has come before.
        participants.sort_by_key(|p| p.device != self.id);
        let mut seats: BTreeMap<PartyId, usize> = BTreeMap::new();
        participants.retain(|participant| {
            if participant.device == self.id && !participant.role.acts_for_party() {
                // It takes no officer's place by that.
                return true;
            }
            let taken = seats.entry(participant.party.clone()).or_default();
            *taken += 1;
            *taken <= share
        });
        participants
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const HOUR: u64 = 3_600;
    const SECOND: u64 = 1_000_000;

    fn party(id: &str) -> PartyId {
        PartyId::new(id).unwrap()
    }

    #[test]
    fn who_comes_again_and_again_waits_and_nobody_else_does() {
        let (eager, calm) = (DeviceId([1; 32]), DeviceId([2; 32]));
        let mut admissions = Admissions::default();
        let mut times = 0;
        // Four hours in which it offers itself anew each second.
        for second in 0..4 * HOUR {
            let now_us = second * SECOND;
            if admissions.may(&eager, &party("JPN"), now_us) {
                admissions.note(vec![(eager, party("JPN"))], now_us);
                times += 1;
            }
            assert!(admissions.may(&calm, &party("JPN"), now_us) || times > u64::from(ADMISSIONS_PARTY));
        }
        assert!((115..=190).contains(&times), "{times}");
        // After a rest it is as good as any.
        let now_us = 4 * HOUR * SECOND + 20 * ADMISSION_FORGOTTEN_US;
        for _ in 0..ADMISSIONS_FREE {
            assert!(admissions.may(&eager, &party("JPN"), now_us));
            admissions.note(vec![(eager, party("JPN"))], now_us);
        }
        assert!(!admissions.may(&eager, &party("JPN"), now_us));
        assert!(admissions.may(&eager, &party("JPN"), now_us + ADMISSION_US.0));
    }

    #[test]
    fn a_party_that_takes_turns_with_a_thousand_devices_waits_as_one() {
        let mut admissions = Admissions::default();
        let mut times = 0u64;
        for second in 0..4 * HOUR {
            let device = DeviceId(std::array::from_fn(|at| (second >> (8 * (at % 3))) as u8));
            let now_us = second * SECOND;
            if admissions.may(&device, &party("JPN"), now_us) {
                admissions.note(vec![(device, party("JPN"))], now_us);
                times += 1;
            }
            assert!(admissions.may(&device, &party("KOR"), now_us) || second < 10);
        }
        assert!(times < 60 + 4 * 40, "{times}");
    }

    #[test]
    fn one_who_comes_every_few_minutes_never_waits() {
        let device = DeviceId([1; 32]);
        let mut admissions = Admissions::default();
        for minute in 0..24 * 60u64 {
            if minute % 3 == 0 {
                let now_us = minute * 60 * SECOND;
                assert!(admissions.may(&device, &party("JPN"), now_us), "{minute}");
                admissions.note(vec![(device, party("JPN"))], now_us);
            }
        }
    }
}
