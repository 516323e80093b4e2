//! Devices that are accepted no more: revoked by the root of their party, in whatever journal that stands; or suspended by one node, for itself.

use super::node::NodeState;
use super::{Applied, Ignored, State};
use crate::entry::{Body, Entry, RevokedSet};
use crate::limits::{DEVICES_MAX, REVOKED_MAX};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, LineId, NodeId, PartyId, Revocation, VerifiedCharter};

/// Who is let in no more, as one journal says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Barred {
    /// Revocations with their positions, by the party whose root has signed them.
    #[n(0)]
    revoked: BTreeMap<PartyId, BTreeMap<DeviceId, u64>>,
    /// Whether the node suspends a device, and the position of its last word on it.
    #[n(1)]
    suspended: BTreeMap<DeviceId, (bool, u64)>,
    /// Position of its last *listed*: consoles hold against what they know what that says, and the fold needs nothing of it.
    #[n(2)]
    listed: Option<u64>,
    /// Position of the last one that says what this journal holds, and is dated no earlier than what stood in it before. A reader of all entries knows
    /// which that is.
    #[n(3)]
    listed_well: Option<u64>,
}

impl NodeState {
    /// Position of the revocation in this journal.
    pub fn revoked_at(&self, party: &PartyId, device: &DeviceId) -> Option<u64> {
        self.barred.revoked.get(party)?.get(device).copied()
    }

    /// Revocations in this journal, with their positions.
    pub fn revocations(&self) -> impl Iterator<Item = (&PartyId, &DeviceId, u64)> {
        self.barred.revoked.iter().flat_map(|(party, all)| all.iter().map(move |(device, seq)| (party, device, *seq)))
    }

    /// What a *listed* of the node would say now.
    pub fn revoked_sets(&self) -> Vec<RevokedSet> {
        self.barred.revoked.iter().filter_map(|(party, devices)| RevokedSet::of(party, devices.keys())).collect()
    }

    /// Devices that the node lets in no more, by its own word.
    pub fn suspended(&self) -> impl Iterator<Item = &DeviceId> {
        self.barred.suspended.iter().filter(|(_, (on, _))| *on).map(|(device, _)| device)
    }

    /// Does this journal take no more revocations of the party?
    pub fn has_no_room_for(&self, party: &PartyId) -> bool {
        self.barred.revoked.get(party).is_some_and(|all| all.len() >= REVOKED_MAX)
    }

    /// The node's last word on whether it lets the device in no more, and its position.
    pub fn suspended_at(&self, device: &DeviceId) -> Option<(bool, u64)> {
        self.barred.suspended.get(device).copied()
    }

    /// Does the node let the device in no more, by its own word?
    pub fn suspends(&self, device: &DeviceId) -> bool {
        self.barred.suspended.get(device).is_some_and(|(on, _)| *on)
    }

    /// Does the device count for nothing from here on in this journal?
    pub(super) fn has_barred(&self, device: &DeviceId) -> bool {
        self.revoked_at(&self.party, device).is_some()
    }

    /// Whoever hands it over: the signatures of its party's root decide.
    pub(super) fn revoke(&mut self, charter: &VerifiedCharter, bytes: &[u8], seq: u64) -> Result<Applied, Ignored> {
        let Revocation { party, device } = Revocation::claimed(bytes).map_err(|_| Ignored::Revocation)?;
        if self.revoked_at(&party, &device).is_some() {
            return Err(Ignored::Revoked);
        }
        if self.has_no_room_for(&party) {
            return Err(Ignored::Full);
        }
        Revocation::open(charter, bytes).map_err(|_| Ignored::Revocation)?;
        let lines = if party == self.party { self.take_off(&device, seq) } else { Vec::new() };
        self.barred.revoked.entry(party).or_default().insert(device, seq);
        Ok(Applied::Revoked { device, lines })
    }

    /// Whose device it is does not matter: none of another party comes in here. It is the node that keeps the device out, not the fold: what it
    /// writes down of the device all the same counts, so that whoever has not read the word before folds the same.
    pub(super) fn suspend(&mut self, device: &DeviceId, on: bool, seq: u64) -> Result<Applied, Ignored> {
        if self.has_barred(device) {
            return Err(Ignored::Revoked);
        }
        if self.barred.suspended.len() >= DEVICES_MAX && !self.barred.suspended.contains_key(device) {
            return Err(Ignored::Full);
        }
        self.barred.suspended.insert(*device, (on, seq));
        let lines = if on { self.take_off(device, seq) } else { Vec::new() };
        Ok(Applied::Suspended { device: *device, on, lines })
    }

    /// Replaces what the node said before. What it says is for consoles to hold against what they know: one that comes later is shown the last one, and the
    /// last good one, so that a node does not have it judge otherwise than those that are there.
    pub(super) fn list(&mut self, seq: u64, sets: &[RevokedSet], time_ms: u64) -> Applied {
        self.barred.listed = Some(seq);
        if self.revoked_sets() == sets && !self.course.is_past(time_ms) {
            self.barred.listed_well = Some(seq);
        }
        Applied::Listed
    }

    /// The device has left every line here, and has no duty and no word in consultations.
    fn take_off(&mut self, device: &DeviceId, seq: u64) -> Vec<LineId> {
        self.duties.retain(|_, duty| duty.by != *device);
        self.proposals.retain(|_, proposal| proposal.by != *device);
        self.attendances.retain(|_, attendance| attendance.by != *device);
        let lines = self.lines_of(device);
        for line in &lines {
            self.depart(device, line, seq);
        }
        lines
    }
}

impl State {
    /// Is it accepted no more: has the root of its party revoked it, or is it one of two devices of one voucher?
    pub fn is_revoked(&self, device: &DeviceId) -> bool {
        let mut parties = self.nodes.values().filter(|node| node.devices.contains_key(device)).map(|node| &node.party);
        parties.any(|party| self.has_revoked(party, device)) || self.is_doubled(device)
    }

    /// Has the root of the party revoked the device, which need not be enrolled?
    pub fn has_revoked(&self, party: &PartyId, device: &DeviceId) -> bool {
        let known = !self.known.is_empty() && self.known.contains(&(party.clone(), *device));
        known || self.nodes.values().any(|node| node.revoked_at(party, device).is_some())
    }

    /// The root of the party has revoked the device, as the reader has verified where it does not stand in these journals.
    pub fn know_revoked(&mut self, party: &PartyId, device: DeviceId) {
        self.known.insert((party.clone(), device));
    }

    /// Revocations that stand in other journals and not in this node's, with room for them there: where each stands, and its position there.
    pub fn revocations_to_copy<'a>(
        &'a self,
        own: &'a NodeState,
    ) -> impl Iterator<Item = (&'a PartyId, &'a DeviceId, &'a NodeId, u64)> {
        let mut seen = BTreeSet::new();
        let others = self.nodes.values().filter(move |node| node.id != own.id);
        let all =
            others.flat_map(|node| node.revocations().map(move |(party, device, at)| (party, device, &node.id, at)));
        all.filter(move |(party, device, ..)| {
            own.revoked_at(party, device).is_none() && !own.has_no_room_for(party) && seen.insert((*party, *device))
        })
    }

    /// A revocation of another party than the journal's that stands in another journal as well: a console needs it from one of them.
    pub fn is_copy(&self, entry: &Entry) -> bool {
        let Body::Revoked { revocation } = &entry.body else { return false };
        let (Some(node), Ok(said)) = (self.nodes.get(&entry.node), Revocation::claimed(revocation)) else {
            return false;
        };
        let mut others = self.nodes.values().filter(|other| other.id != node.id);
        said.party != node.party && others.any(|other| other.revoked_at(&said.party, &said.device).is_some())
    }

    /// Positions that a console is to read in the journal of this node: the last word on each suspended device and the last *listed*; revocations of its
    /// own party, which say from where on its devices count no more; and of others those that stand in no journal of their own party, nor in one before.
    pub(super) fn relevant_barred(&self, node: &NodeState) -> BTreeSet<u64> {
        let first = |party: &PartyId, device: &DeviceId| {
            let mut having = self.nodes.values().filter(|other| other.revoked_at(party, device).is_some());
            having.clone().find(|other| other.party == *party).or_else(|| having.next()).map(|other| &other.id)
        };
        let read = node
            .revocations()
            .filter(|(party, device, _)| **party == node.party || first(party, device) == Some(&node.id));
        let revoked = read.map(|(.., seq)| seq);
        revoked
            .chain(node.barred.suspended.values().map(|(_, seq)| *seq))
            .chain(node.barred.listed)
            .chain(node.barred.listed_well)
            .collect()
    }
}
