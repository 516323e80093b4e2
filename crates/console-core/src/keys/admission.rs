//! Who is let into a group, and how often: what one member's consoles do without end must cost the others neither their
//! seats nor the means of their lead.

use crate::limits::{ADMISSIONS, ADMISSIONS_OF_PARTY};
use crate::repeats::Repeats;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, PartyId};
use trialogue_journal::fold::HandshakeRecord;

/// How often each device, and each party, was added again to the own node's group by this console as its lead. A commit
/// costs its sender's budget at the node: whoever offers itself anew again and again waits longer each time.
#[derive(Default)]
pub(super) struct Admissions {
    devices: BTreeMap<DeviceId, Repeats>,
    parties: BTreeMap<PartyId, Repeats>,
    /// Those who had removed others that were added again then, or had brought them in for nothing.
    removers: BTreeMap<DeviceId, Repeats>,
}

impl Admissions {
    /// It may be added (again) now.
    pub(super) fn may(&self, device: &DeviceId, party: &PartyId, now_us: u64) -> bool {
        self.devices.get(device).is_none_or(|added| now_us >= added.due_us(&ADMISSIONS, now_us))
            && self.parties.get(party).is_none_or(|added| now_us >= added.due_us(&ADMISSIONS_OF_PARTY, now_us))
            && !self.is_put_out(device, now_us)
    }

    /// It has removed others again and again that belong there: the lead takes it out until then, and not those.
    pub(super) fn is_put_out(&self, device: &DeviceId, now_us: u64) -> bool {
        self.removers.get(device).is_some_and(|removed| now_us < removed.due_us(&ADMISSIONS, now_us))
    }

    /// These had removed some of those who were added again by one commit.
    pub(super) fn note_removers(&mut self, by: BTreeSet<DeviceId>, now_us: u64) {
        self.removers.retain(|_, removed| removed.times(&ADMISSIONS, now_us) > 0);
        for device in by {
            self.removers.entry(device).or_default().note(&ADMISSIONS, now_us);
        }
    }

    /// These were added by one commit.
    pub(super) fn note(&mut self, added: Vec<(DeviceId, PartyId)>, now_us: u64) {
        self.devices.retain(|_, added| added.times(&ADMISSIONS, now_us) > 0);
        self.parties.retain(|_, added| added.times(&ADMISSIONS_OF_PARTY, now_us) > 0);
        let parties: BTreeSet<PartyId> = added.iter().map(|(_, party)| party.clone()).collect();
        for party in parties {
            self.parties.entry(party).or_default().note(&ADMISSIONS_OF_PARTY, now_us);
        }
        for (device, _) in added {
            self.devices.entry(device).or_default().note(&ADMISSIONS, now_us);
        }
    }
}

/// Who has last removed a device, or brought it in by a welcome that may be of no use, before the `lead`'s commit from
/// this epoch on, in a group that the lead had led already: nobody else has to change the group then, and whoever goes
/// after it has done so all the same. None: it was the lead, or it led no earlier.
pub(super) fn meddler(
    handshakes: &[HandshakeRecord],
    lead: &DeviceId,
    epoch: u64,
    device: &DeviceId,
) -> Option<DeviceId> {
    let touches = |record: &&HandshakeRecord| {
        record.epoch < epoch && (record.removed.contains(device) || record.added.contains(device))
    };
    let last = handshakes.iter().rev().find(touches)?;
    let led = |record: &HandshakeRecord| record.by == *lead && record.epoch < last.epoch;
    (last.by != *lead && handshakes.iter().any(led)).then_some(last.by)
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

    fn record(epoch: u64, by: u8, added: &[u8], removed: &[u8]) -> HandshakeRecord {
        let devices = |all: &[u8]| all.iter().map(|one| DeviceId([*one; DeviceId::LEN])).collect();
        HandshakeRecord {
            seq: epoch + 1,
            by: DeviceId([by; DeviceId::LEN]),
            epoch,
            commit: None,
            welcome: None,
            added: devices(added),
            removed: devices(removed),
        }
    }

    #[test]
    fn who_changes_the_group_in_the_place_of_its_lead_is_known_also_when_it_has_left() {
        let [lead, rogue, victim] = [1, 2, 3].map(|one| DeviceId([one; DeviceId::LEN]));
        let begun = [record(0, 1, &[2, 3], &[])];
        let of = |more: &[HandshakeRecord], epoch| meddler(&[&begun[..], more].concat(), &lead, epoch, &victim);
        // The victim itself offers anew: the lead has let it in last.
        assert_eq!(of(&[], 1), None);
        // The lead takes the rogue out in the same commit that lets the victim in again, or before.
        assert_eq!(of(&[record(1, 2, &[], &[3]), record(2, 1, &[3], &[2])], 2), Some(rogue));
        assert_eq!(of(&[record(1, 2, &[], &[3]), record(2, 1, &[], &[2]), record(3, 1, &[3], &[])], 3), Some(rogue));
        // By a welcome that nobody can open.
        assert_eq!(of(&[record(1, 2, &[3], &[3]), record(2, 1, &[3], &[3])], 2), Some(rogue));
        // It was the lead before: whatever it did then was its to do.
        let former = [record(0, 2, &[1, 3], &[]), record(1, 2, &[], &[3]), record(2, 1, &[3], &[])];
        assert_eq!(meddler(&former, &lead, 2, &victim), None);
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
            assert!(admissions.may(&calm, &party("JPN"), now_us) || times > ADMISSIONS_OF_PARTY.free);
        }
        assert!((115..=190).contains(&times), "{times}");
        // After a rest it is as good as any.
        let now_us = 4 * HOUR * SECOND + 20 * ADMISSIONS.rest_us;
        for _ in 0..ADMISSIONS.free {
            assert!(admissions.may(&eager, &party("JPN"), now_us));
            admissions.note(vec![(eager, party("JPN"))], now_us);
        }
        assert!(!admissions.may(&eager, &party("JPN"), now_us));
        assert!(admissions.may(&eager, &party("JPN"), now_us + ADMISSIONS.first_us));
    }

    #[test]
    fn who_removes_others_again_and_again_is_put_out_longer_and_longer_and_is_in_again_after_a_rest() {
        let (eager, calm) = (DeviceId([1; 32]), DeviceId([2; 32]));
        let mut admissions = Admissions::default();
        let (mut times, mut out) = (0u64, 0u64);
        for second in 0..4 * HOUR {
            let now_us = second * SECOND;
            if admissions.is_put_out(&eager, now_us) {
                assert!(!admissions.may(&eager, &party("JPN"), now_us));
                out += 1;
            } else {
                admissions.note_removers(BTreeSet::from([eager]), now_us);
                times += 1;
            }
            assert!(admissions.may(&calm, &party("JPN"), now_us) && !admissions.is_put_out(&calm, now_us));
        }
        assert!(times < 200 && out > 4 * HOUR * 9 / 10, "{times} times, out for {out} s");
        assert!(!admissions.is_put_out(&eager, (4 * HOUR + 150) * SECOND));
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
