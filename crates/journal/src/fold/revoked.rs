//! Devices that are accepted no more: revoked by the root of their party, in whatever journal that stands; or suspended
//! by one node, for itself.

use super::node::NodeState;
use super::people::People;
use super::{Applied, Ignored};
use crate::entry::{Body, Entry, RevokedSet};
use crate::limits::{DEVICES_MAX, REVOKED_MAX};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, NodeId, PartyId, Revocation, VerifiedCharter};

/// Who is let in no more, as one journal says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Barred {
    /// Revocations with their positions, by the party whose root has signed them.
    #[n(0)]
    revoked: BTreeMap<PartyId, BTreeMap<DeviceId, u64>>,
    /// Whether the node suspends a device, and the position of its last word on it.
    #[n(1)]
    suspended: BTreeMap<DeviceId, (bool, u64)>,
    /// Position of its last *listed*: consoles hold against what they know what that says, and the fold needs nothing
    /// of it.
    #[n(2)]
    listed: Option<u64>,
    /// Position of the last one that says what this journal holds, and is dated no earlier than what stood in it
    /// before. A reader of all entries knows which that is.
    #[n(3)]
    listed_well: Option<u64>,
}

impl Barred {
    /// Position of the revocation in this journal.
    pub(super) fn revoked_at(&self, party: &PartyId, device: &DeviceId) -> Option<u64> {
        self.revoked.get(party)?.get(device).copied()
    }

    /// Revocations in this journal, with their positions.
    pub(super) fn revocations(&self) -> impl Iterator<Item = (&PartyId, &DeviceId, u64)> {
        self.revoked.iter().flat_map(|(party, all)| all.iter().map(move |(device, seq)| (party, device, *seq)))
    }

    /// What a *listed* of the node would say now.
    pub(super) fn sets(&self) -> Vec<RevokedSet> {
        self.revoked.iter().filter_map(|(party, devices)| RevokedSet::of(party, devices.keys())).collect()
    }

    /// Does this journal take no more revocations of the party?
    pub(super) fn has_no_room_for(&self, party: &PartyId) -> bool {
        self.revoked.get(party).is_some_and(|all| all.len() >= REVOKED_MAX)
    }

    /// Devices of which the node has said whether it suspends them, with the last word and its position.
    pub(super) fn suspended(&self) -> &BTreeMap<DeviceId, (bool, u64)> {
        &self.suspended
    }

    /// Takes a revocation, whoever hands it over: the signatures of its party's root decide.
    pub(super) fn revoke(&mut self, charter: &VerifiedCharter, bytes: &[u8], seq: u64) -> Result<Revocation, Ignored> {
        let Revocation { party, device } = Revocation::claimed(bytes).map_err(|_| Ignored::Revocation)?;
        if self.revoked_at(&party, &device).is_some() {
            return Err(Ignored::Revoked);
        }
        if self.has_no_room_for(&party) {
            return Err(Ignored::Full);
        }
        let opened = Revocation::open(charter, bytes).map_err(|_| Ignored::Revocation)?;
        self.revoked.entry(party).or_default().insert(device, seq);
        Ok(opened)
    }

    /// Whose device it is does not matter: none of another party than the `own` one comes in here. It is the node that
    /// keeps the device out, not the fold: what it writes down of the device all the same counts, so that whoever has
    /// not read the word before folds the same.
    pub(super) fn suspend(&mut self, own: &PartyId, device: &DeviceId, on: bool, seq: u64) -> Result<(), Ignored> {
        if self.revoked_at(own, device).is_some() {
            return Err(Ignored::Revoked);
        }
        if self.suspended.len() >= DEVICES_MAX && !self.suspended.contains_key(device) {
            return Err(Ignored::Full);
        }
        self.suspended.insert(*device, (on, seq));
        Ok(())
    }

    /// Replaces what the node said before. What it says is for consoles to hold against what they know: one that comes
    /// later is shown the last one, and the last good one, so that a node does not have it judge otherwise than those
    /// that are there. `backdated`: the entry is dated before what stood in the journal.
    pub(super) fn list(&mut self, seq: u64, sets: &[RevokedSet], backdated: bool) -> Applied {
        self.listed = Some(seq);
        if self.sets() == sets && !backdated {
            self.listed_well = Some(seq);
        }
        Applied::Listed
    }

    /// Positions of the last word on each suspended device, and of the last *listed*.
    fn words(&self) -> impl Iterator<Item = u64> {
        self.suspended.values().map(|(_, seq)| *seq).chain(self.listed).chain(self.listed_well)
    }
}

impl<'a> People<'a> {
    /// Revocations that stand in other journals and not in this node's, with room for them there: where each stands,
    /// and its position there.
    pub(super) fn revocations_to_copy(
        self,
        own: &'a NodeState,
    ) -> impl Iterator<Item = (&'a PartyId, &'a DeviceId, &'a NodeId, u64)> {
        let mut seen = BTreeSet::new();
        let others = self.nodes().values().filter(move |node| node.id != own.id);
        let all =
            others.flat_map(|node| node.revocations().map(move |(party, device, at)| (party, device, &node.id, at)));
        all.filter(move |(party, device, ..)| {
            own.revoked_at(party, device).is_none() && !own.has_no_room_for(party) && seen.insert((*party, *device))
        })
    }

    /// A revocation of another party than the journal's that stands in another journal as well: a console needs it from
    /// one of them.
    pub(super) fn is_copy(self, entry: &Entry) -> bool {
        let Body::Revoked { revocation } = &entry.body else { return false };
        let (Some(node), Ok(said)) = (self.nodes().get(&entry.node), Revocation::claimed(revocation)) else {
            return false;
        };
        let mut others = self.nodes().values().filter(|other| other.id != node.id);
        said.party != node.party && others.any(|other| other.revoked_at(&said.party, &said.device).is_some())
    }

    /// Positions that a console is to read in the journal of this node: the last word on each suspended device and the
    /// last *listed*; revocations of its own party, which say from where on its devices count no more; and of others
    /// those that stand in no journal of their own party, nor in one before.
    pub(super) fn relevant_barred(self, node: &NodeState) -> BTreeSet<u64> {
        let first = |party: &PartyId, device: &DeviceId| {
            let mut having = self.nodes().values().filter(|other| other.revoked_at(party, device).is_some());
            having.clone().find(|other| other.party == *party).or_else(|| having.next()).map(|other| &other.id)
        };
        let read = node
            .revocations()
            .filter(|(party, device, _)| **party == node.party || first(party, device) == Some(&node.id));
        let revoked = read.map(|(.., seq)| seq);
        revoked.chain(node.barred.words()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{CHARTER, device, party};
    use super::*;
    use trialogue_charter::fixture;

    #[test]
    fn a_revocation_that_its_root_has_signed_counts_once() {
        let (mut barred, japan) = (Barred::default(), party("JPN"));
        let (one, revocation) = (device(1), fixture::revocation("JPN", &device(1)));
        let mut forged = revocation.clone();
        forged.iter_mut().last().into_iter().for_each(|byte| *byte ^= 1);
        assert_eq!(barred.revoke(&CHARTER, &forged, 1), Err(Ignored::Revocation));
        assert_eq!(barred, Barred::default());
        assert_eq!(barred.revoke(&CHARTER, &revocation, 2).map(|it| (it.party, it.device)), Ok((japan.clone(), one)));
        assert_eq!(barred.revoked_at(&japan, &one), Some(2));
        assert_eq!(barred.revoked_at(&party("KOR"), &one), None, "its root has not said so");
        assert_eq!(barred.revoke(&CHARTER, &revocation, 3), Err(Ignored::Revoked));
        assert_eq!(barred.revocations().collect::<Vec<_>>(), [(&japan, &one, 2)]);
    }

    #[test]
    fn a_node_suspends_and_lets_in_again_whom_no_root_has_revoked() {
        let (mut barred, japan) = (Barred::default(), party("JPN"));
        assert_eq!(barred.suspend(&japan, &device(1), true, 1), Ok(()));
        assert_eq!(barred.suspend(&japan, &device(1), false, 2), Ok(()));
        assert_eq!(barred.suspended().get(&device(1)), Some(&(false, 2)));
        assert!(barred.revoke(&CHARTER, &fixture::revocation("JPN", &device(2)), 3).is_ok());
        assert_eq!(barred.suspend(&japan, &device(2), true, 4), Err(Ignored::Revoked));
    }

    #[test]
    fn the_last_list_and_the_last_good_one_are_shown() {
        let mut barred = Barred::default();
        assert!(barred.revoke(&CHARTER, &fixture::revocation("JPN", &device(1)), 1).is_ok());
        let sets = barred.sets();
        assert_eq!(barred.list(2, &sets, false), Applied::Listed);
        barred.list(3, &sets, true);
        assert_eq!(barred.words().collect::<Vec<_>>(), [3, 2], "dated before what stood there");
        barred.list(4, &[], false);
        assert_eq!(barred.words().collect::<Vec<_>>(), [4, 2], "it keeps one back");
        barred.list(5, &sets, false);
        assert_eq!(barred.words().collect::<Vec<_>>(), [5, 5]);
    }
}
