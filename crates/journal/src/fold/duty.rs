//! Who has the duty of an office: taken by a console's own word, until the shift ends or another takes it.

use super::node::NodeState;
use super::{Applied, Ignored, State};
use crate::limits::{BELIEVED_AHEAD_MS, SHIFT_MS};
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;
use trialogue_charter::{DeviceId, OfficeId, PartyId, VerifiedCharter};

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

impl NodeState {
    /// Who has the duty of an office, as this node's journal says it.
    pub fn duty(&self, office: &OfficeId) -> Option<&Duty> {
        self.duties.get(office)
    }

    /// Offices of which this node says that the one on duty is at a console here.
    pub fn at_console(&self) -> &BTreeSet<OfficeId> {
        &self.at_console
    }

    /// Takes the duty of the device's own office; [`NodeState::open`] has found it allowed.
    pub(super) fn take_duty(&mut self, device: DeviceId, until_ms: u64, seq: u64, time_ms: u64) -> Applied {
        let Some(known) = self.devices.get(&device) else { return Applied::AtConsole };
        let office = known.device.office.clone();
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
    pub(super) fn seat(
        &mut self,
        charter: &VerifiedCharter,
        offices: &[OfficeId],
        seq: u64,
    ) -> Result<Applied, Ignored> {
        let own = |id: &OfficeId| charter.office(id).is_some_and(|office| office.party == self.party);
        if !offices.iter().all(own) {
            return Err(Ignored::Malformed);
        }
        self.at_console = offices.iter().cloned().collect();
        self.at_console_seq = seq;
        Ok(Applied::AtConsole)
    }

    /// Positions of the entries that say who has the duty and who of them is at the console.
    pub(super) fn relevant_duties(&self, seqs: &mut BTreeSet<u64>) {
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

impl State {
    /// The duty of an office, if anybody has taken it: of what several nodes of a party say, the latest by the reader's
    /// clock (`now_ms`, milliseconds since 1970 UTC): a node that writes of years to come takes it from nobody at
    /// another. Nobody who was revoked has it.
    pub fn duty(&self, party: &PartyId, office: &OfficeId, now_ms: u64) -> Option<OnDuty> {
        let nodes = || self.nodes.values().filter(|node| node.party == *party);
        let duties = nodes().filter_map(|node| node.duty(office)).filter(|duty| !self.is_revoked(&duty.by));
        let duty = *duties.max_by_key(|duty| (is_believed(duty.since_ms, now_ms), duty.since_ms))?;
        let at_console = nodes().any(|node| node.at_console.contains(office));
        Some(OnDuty { office: office.clone(), duty, at_console })
    }
}
