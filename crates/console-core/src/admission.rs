//! Who is let into a group, and how often: what one member's consoles do without end must cost the others neither their places nor the means of their lead.

use crate::console::Console;
use crate::limits::{ADMISSION_US, ADMISSIONS_FORGOTTEN_US, ADMISSIONS_FREE};
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, LineId, PartyId};
use trialogue_journal::fold::Participant;

/// How often each device was added to the own node's group, by this console as its lead. A commit costs its sender's budget at the node: whoever offers
/// itself anew again and again waits longer each time.
#[derive(Default)]
pub(crate) struct Admissions(BTreeMap<DeviceId, Admitted>);

struct Admitted {
    times: u32,
    last_us: u64,
}

impl Admitted {
    fn due_us(&self) -> u64 {
        let doubled = self.times.checked_sub(ADMISSIONS_FREE).map_or(0, |more| ADMISSION_US.0 << more.min(16));
        self.last_us + doubled.min(ADMISSION_US.1)
    }
}

impl Admissions {
    /// It may be added (again) now.
    pub(crate) fn may(&self, device: &DeviceId, now_us: u64) -> bool {
        self.0.get(device).is_none_or(|admitted| now_us >= admitted.due_us())
    }

    /// It was added.
    pub(crate) fn note(&mut self, device: DeviceId, now_us: u64) {
        self.0.retain(|_, admitted| now_us < admitted.last_us + ADMISSIONS_FORGOTTEN_US);
        let admitted = self.0.entry(device).or_insert(Admitted { times: 0, last_us: now_us });
        (admitted.times, admitted.last_us) = (admitted.times.saturating_add(1), now_us);
    }
}

impl Console {
    /// Those who have a place in the groups of a line: of each party an equal share of what a group holds, those who act for it first, then the earliest.
    pub(crate) fn seated(&self, line: &LineId, mut participants: Vec<Participant>) -> Vec<Participant> {
        let Some(share) = self.fold.as_ref().map(|fold| fold.share(line)) else { return Vec::new() };
        participants.sort_by_key(|p| (!p.role.acts_for_party(), p.node.clone(), p.order));
        let mut seats: BTreeMap<PartyId, usize> = BTreeMap::new();
        participants.retain(|participant| {
            let taken = seats.entry(participant.party.clone()).or_default();
            *taken += 1;
            *taken <= share
        });
        participants
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_again_and_again_waits_longer_each_time_and_nobody_else_does() {
        let (eager, calm) = (DeviceId([1; 32]), DeviceId([2; 32]));
        let mut admissions = Admissions::default();
        let mut times = 0;
        // A day in which it offers itself anew each second.
        for second in 0..86_400u64 {
            let now_us = second * 1_000_000;
            if admissions.may(&eager, now_us) {
                admissions.note(eager, now_us);
                times += 1;
            }
            assert!(admissions.may(&calm, now_us));
        }
        assert!((140..=170).contains(&times), "{times}");
        // After half an hour of rest it is as good as any.
        let now_us = 86_400_000_000 + ADMISSIONS_FORGOTTEN_US;
        admissions.note(calm, now_us);
        for _ in 0..ADMISSIONS_FREE {
            assert!(admissions.may(&eager, now_us));
            admissions.note(eager, now_us);
        }
        assert!(!admissions.may(&eager, now_us));
    }
}
