//! Who has the duty of an office: taken by a console's own word, until the shift ends or another takes it.

use super::kept::in_a_row;
use super::people::People;
use super::speaker::{At, Own};
use super::{Applied, Ignored};
use crate::limits::{BELIEVED_AHEAD_MS, SHIFT_MS};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{Device, DeviceId, OfficeId, PartyId};

/// The duty of one office, as one node's journal says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Duty {
    /// Who has it.
    #[n(0)]
    pub by: DeviceId,
    /// The node's time when it was taken, milliseconds since 1970 UTC. A claim.
    #[n(1)]
    pub since_ms: u64,
    /// End of the shift, milliseconds since 1970 UTC.
    #[n(2)]
    pub until_ms: u64,
    /// Who was on duty when it was taken.
    #[n(3)]
    pub relieved: Option<Relieved>,
    /// Position of the entry by which it was taken.
    #[n(4)]
    pub first: u64,
    /// Position of the last entry by which it was taken or went on.
    #[n(5)]
    pub seq: u64,
}

/// Who had the duty before, and was relieved during the own shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Relieved {
    /// Who.
    #[n(0)]
    pub by: DeviceId,
    /// Position of the entry by which that one had it last.
    #[n(1)]
    pub seq: u64,
}

/// The duty of one office of a party, as all its nodes say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnDuty {
    /// The office.
    pub office: OfficeId,
    /// Who has it, since when and until when. The end may be past: then nobody has taken over.
    pub duty: Duty,
    /// A console of that person is on watch, as a node of the party signed.
    pub at_console: bool,
}

/// A shift ends after it was taken, and not later than a day after.
pub(super) fn may_take(until_ms: u64, now_ms: u64) -> Result<(), Ignored> {
    if until_ms > now_ms && until_ms <= now_ms.saturating_add(SHIFT_MS) { Ok(()) } else { Err(Ignored::Time) }
}

/// Is a time that a node has written no further ahead than clocks may be, for whoever reads it now?
pub(super) fn is_believed(time_ms: u64, now_ms: u64) -> bool {
    time_ms <= now_ms.saturating_add(BELIEVED_AHEAD_MS)
}

/// The duties of a party's offices, as one node's journal says them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Duties {
    /// Who has the duty of each office.
    duties: BTreeMap<OfficeId, Duty>,
    /// Offices whose one on duty is at a console of this node.
    at_console: BTreeSet<OfficeId>,
    /// Position of the entry that said so last, or of the last restart; 0: neither.
    at_console_seq: u64,
}

in_a_row!(Duties { duties, at_console, at_console_seq });

impl Duties {
    pub(super) fn of(&self, office: &OfficeId) -> Option<&Duty> {
        self.duties.get(office)
    }

    pub(super) fn at_console(&self) -> &BTreeSet<OfficeId> {
        &self.at_console
    }

    /// Takes the duty of the device's own office; [`may_take`] has found it allowed.
    pub(super) fn take(&mut self, device: &Device, until_ms: u64, At { seq, time_ms }: At) -> Applied {
        let (office, device) = (device.office.clone(), device.id);
        let held = self.duties.get(&office).copied();
        let duty = match held {
            // The same console goes on: it took it when it did, unless that is still to come since the clock was set
            // back.
            Some(held) if held.by == device && held.until_ms > time_ms && held.since_ms <= time_ms => {
                Duty { until_ms, seq, ..held }
            }
            _ => {
                let relieved = held.filter(|held| held.by != device && held.until_ms > time_ms);
                let relieved = relieved.map(|held| Relieved { by: held.by, seq: held.seq });
                Duty { by: device, since_ms: time_ms, until_ms, relieved, first: seq, seq }
            }
        };
        self.duties.insert(office.clone(), duty);
        // Whoever says so is at a console of this node.
        self.at_console.insert(office.clone());
        Applied::TookDuty { office, device, relieved: duty.relieved.filter(|_| duty.first == seq).map(|held| held.by) }
    }

    /// Replaces what the node said before. Only offices of its own party are its to speak of.
    pub(super) fn seat(&mut self, own: Own<'_>, offices: &[OfficeId], seq: u64) -> Result<Applied, Ignored> {
        if !offices.iter().all(|office| own.has(office)) {
            return Err(Ignored::Malformed);
        }
        self.at_console = offices.iter().cloned().collect();
        self.at_console_seq = seq;
        Ok(Applied::AtConsole)
    }

    /// The node has started again: nobody is at a console until it says so.
    pub(super) fn restart(&mut self, seq: u64) {
        self.at_console.clear();
        self.at_console_seq = seq;
    }

    /// The device has no duty any more.
    pub(super) fn take_off(&mut self, device: &DeviceId) {
        self.duties.retain(|_, duty| duty.by != *device);
    }

    /// Devices whose statements say who has the duty.
    pub(super) fn speakers(&self) -> impl Iterator<Item = DeviceId> {
        self.duties.values().flat_map(|duty| [Some(duty.by), duty.relieved.map(|before| before.by)]).flatten()
    }

    /// Positions of the entries that say who has the duty and who of them is at the console.
    pub(super) fn relevant(&self, seqs: &mut BTreeSet<u64>) {
        if self.duties.is_empty() {
            return;
        }
        seqs.extend(Some(self.at_console_seq).filter(|seq| *seq > 0));
        for duty in self.duties.values() {
            seqs.extend([duty.first, duty.seq]);
            seqs.extend(duty.relieved.map(|before| before.seq));
        }
    }
}

impl People<'_> {
    /// The duty of an office, if anybody has taken it: of what several nodes of a party say, the latest by the reader's
    /// clock (`now_ms`, milliseconds since 1970 UTC): a node that writes of years to come takes it from nobody at
    /// another. Nobody who was revoked has it.
    pub(super) fn duty(self, party: &PartyId, office: &OfficeId, now_ms: u64) -> Option<OnDuty> {
        let nodes = || self.nodes_of(party);
        let duties = nodes().filter_map(|node| node.duty(office)).filter(|duty| !self.is_revoked(&duty.by));
        let duty = *duties.max_by_key(|duty| (is_believed(duty.since_ms, now_ms), duty.since_ms))?;
        let at_console = nodes().any(|node| node.at_console().contains(office));
        Some(OnDuty { office: office.clone(), duty, at_console })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{Console, at, office, own, party};
    use super::*;

    #[test]
    fn a_shift_ends_within_a_day() {
        assert_eq!(may_take(11, 10), Ok(()));
        assert_eq!(may_take(10, 10), Err(Ignored::Time));
        assert_eq!(may_take(10 + SHIFT_MS, 10), Ok(()));
        assert_eq!(may_take(11 + SHIFT_MS, 10), Err(Ignored::Time));
    }

    #[test]
    fn whoever_takes_the_duty_relieves_the_one_who_has_it() {
        let (mut duties, of) = (Duties::default(), office("jpn-duty"));
        let [first, second] = [1, 2].map(|number| Console::new("jpn-duty", number));
        let took = |by: &Console, relieved| Applied::TookDuty { office: of.clone(), device: by.id(), relieved };
        assert_eq!(duties.take(&first.device, 100_000, at(1)), took(&first, None));
        assert_eq!(duties.take(&first.device, 200_000, at(2)), took(&first, None), "it goes on");
        assert_eq!(duties.of(&of).map(|duty| (duty.first, duty.seq, duty.since_ms)), Some((1, 2, 1_000)));
        assert_eq!(duties.take(&second.device, 200_000, at(3)), took(&second, Some(first.id())));
        let mut seqs = BTreeSet::new();
        duties.relevant(&mut seqs);
        assert_eq!(seqs, BTreeSet::from([2, 3]), "of the one who is relieved, where it had the duty last");
        assert_eq!(duties.speakers().collect::<Vec<_>>(), [second.id(), first.id()]);
        duties.take_off(&second.id());
        assert!(duties.of(&of).is_none());
    }

    #[test]
    fn a_shift_that_is_over_relieves_nobody() {
        let mut duties = Duties::default();
        let [first, second] = [1, 2].map(|number| Console::new("jpn-duty", number));
        duties.take(&first.device, 5_000, at(1));
        let taken = duties.take(&second.device, 100_000, at(5));
        assert!(matches!(taken, Applied::TookDuty { relieved: None, .. }));
    }

    #[test]
    fn a_node_says_of_its_own_offices_who_is_at_the_console() {
        let (mut duties, japan) = (Duties::default(), party("JPN"));
        assert_eq!(duties.seat(own(&japan), &[office("kor-duty")], 1), Err(Ignored::Malformed));
        assert_eq!(duties.seat(own(&japan), &[office("jpn-duty")], 2), Ok(Applied::AtConsole));
        assert!(duties.at_console().contains(&office("jpn-duty")));
        let mut seqs = BTreeSet::new();
        duties.relevant(&mut seqs);
        assert!(seqs.is_empty(), "nobody has a duty");
        duties.restart(3);
        assert!(duties.at_console().is_empty());
        duties.take(&Console::new("jpn-duty", 1).device, 100_000, at(4));
        duties.relevant(&mut seqs);
        assert_eq!(seqs, BTreeSet::from([3, 4]));
    }
}
