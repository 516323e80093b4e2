//! Devices that are accepted no more: by the word of their party's root, everywhere; by the word of a node, at that node.
//!
//! What the root revoked is a union over all journals: a list counts from whatever journal brings it, and as each names all whom those before it
//! name, none takes anything back. Besides, each
//! journal has the position from which on nothing more of such a device counts in it.

use super::node::NodeState;
use super::{Applied, Ignored, State};
use crate::entry::{BodyRef, PartyList};
use crate::limits::{DEVICES_MAX, LISTS_HELD, NAMED_MAX};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, ListName, NodeId, PartyId, RevocationList, VerifiedCharter};

/// What one node's journal says about who is accepted no more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Barred {
    /// Lists in this journal with their positions, by party; the newest of each.
    #[n(0)]
    lists: BTreeMap<PartyId, BTreeMap<ListName, u64>>,
    /// Devices of the node's own party that a list in this journal names: they are not enrolled here any more.
    #[n(1)]
    named: BTreeSet<DeviceId>,
    /// Devices that the node lets in no more, by its own word, and the position of that.
    #[n(2)]
    suspended: BTreeMap<DeviceId, u64>,
    /// What the node said last that it holds.
    #[n(3)]
    listed: Option<Listed>,
}

/// The newest revocation lists that a node holds, as it said last.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Listed {
    /// By party, in order.
    #[n(0)]
    pub lists: Vec<PartyList>,
    /// The node's time, milliseconds since 1970 UTC. A claim.
    #[n(1)]
    pub time_ms: u64,
    /// Position of the entry.
    #[n(2)]
    pub seq: u64,
}

impl Listed {
    /// The list of a party; none: the node had none.
    pub fn of(&self, party: &PartyId) -> Option<ListName> {
        self.lists.iter().find(|said| said.party == *party).map(|said| said.list)
    }
}

/// What the roots of all parties have revoked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Revocations {
    /// The newest of each party, at most [`LISTS_HELD`]: the same in whatever order they came.
    #[n(0)]
    lists: BTreeMap<PartyId, BTreeMap<ListName, RevocationList>>,
    /// Whom these name.
    #[n(1)]
    devices: BTreeMap<PartyId, BTreeSet<DeviceId>>,
    /// Of these the newest, and those that name somebody whom no newer one does.
    #[n(2)]
    counting: BTreeMap<PartyId, BTreeSet<ListName>>,
}

impl Revocations {
    /// Has the root of its party revoked the device?
    pub fn names(&self, party: &PartyId, device: &DeviceId) -> bool {
        self.devices.get(party).is_some_and(|devices| devices.contains(device))
    }

    /// The newest list of a party.
    pub fn newest(&self, party: &PartyId) -> Option<(ListName, &RevocationList)> {
        self.lists.get(party)?.last_key_value().map(|(name, list)| (*name, list))
    }

    /// The newest list of each party that has one.
    pub fn heads(&self) -> Vec<PartyList> {
        let heads = self.lists.iter().filter_map(|(party, lists)| Some((party, lists.last_key_value()?.0)));
        heads.map(|(party, list)| PartyList { party: party.clone(), list: *list }).collect()
    }

    /// Every list that counts: of each party the newest, and older ones that name somebody whom no newer one does.
    pub fn all(&self) -> impl Iterator<Item = (&PartyId, &ListName)> {
        self.counting.iter().flat_map(|(party, names)| names.iter().map(move |name| (party, name)))
    }

    fn holds(&self, name: impl Fn(&ListName) -> bool) -> Option<(ListName, &RevocationList)> {
        let mut all = self.lists.values().flatten();
        all.find(|(held, _)| name(held)).map(|(held, list)| (*held, list))
    }

    /// Takes a verified list. Returns whom nobody had revoked before. A list names everybody who was ever revoked, so the newest few say all that an
    /// honest root has said; what another makes takes no more memory than they.
    fn take(&mut self, name: ListName, list: RevocationList) -> Vec<DeviceId> {
        let party = list.party.clone();
        let lists = self.lists.entry(party.clone()).or_default();
        lists.insert(name, list);
        if lists.len() > LISTS_HELD {
            lists.pop_first();
        }
        let (mut said, mut counting) = (BTreeSet::new(), BTreeSet::new());
        for (name, list) in lists.iter().rev() {
            let before = said.len();
            said.extend(list.devices.iter().copied());
            if counting.is_empty() || said.len() > before {
                counting.insert(*name);
            }
        }
        self.counting.insert(party.clone(), counting);
        let before = self.devices.insert(party, said.clone()).unwrap_or_default();
        said.difference(&before).copied().collect()
    }
}

impl NodeState {
    /// Position of a list in this journal.
    pub fn list_at(&self, party: &PartyId, name: &ListName) -> Option<u64> {
        self.barred.lists.get(party)?.get(name).copied()
    }

    /// What the node said last of the lists that it holds.
    pub fn listed(&self) -> Option<&Listed> {
        self.barred.listed.as_ref()
    }

    /// Does the node let the device in no more, by its own word?
    pub fn suspends(&self, device: &DeviceId) -> bool {
        self.barred.suspended.contains_key(device)
    }

    /// Devices that the node lets in no more by its own word.
    pub fn suspended(&self) -> impl Iterator<Item = &DeviceId> {
        self.barred.suspended.keys()
    }

    /// A list of the own party in this journal names the device.
    pub(super) fn bars(&self, device: &DeviceId) -> Result<(), Ignored> {
        if self.barred.named.contains(device) {
            return Err(Ignored::Revoked);
        }
        if self.suspends(device) { Err(Ignored::Suspended) } else { Ok(()) }
    }

    /// From here on no device that the list names says anything more in this journal, and each has left every line.
    fn take_list(&mut self, name: ListName, list: &RevocationList, seq: u64) -> Result<(), Ignored> {
        let held = self.barred.lists.entry(list.party.clone()).or_default();
        if held.contains_key(&name) {
            return Err(Ignored::Listed);
        }
        held.insert(name, seq);
        if held.len() > LISTS_HELD {
            held.pop_first();
        }
        if list.party == self.party {
            for device in &list.devices {
                if self.barred.named.len() < NAMED_MAX && self.barred.named.insert(*device) {
                    self.barred.suspended.remove(device);
                    self.bar(device, seq);
                    if let Some(known) = self.devices.get_mut(device) {
                        known.revoked = Some(seq);
                    }
                }
            }
        }
        Ok(())
    }

    /// The node lets the device in no more, or does again. Whose device it is does not matter: none of another party comes in here.
    pub(super) fn suspend(&mut self, device: &DeviceId, on: bool, seq: u64) -> Result<Applied, Ignored> {
        if self.barred.named.contains(device) {
            return Err(Ignored::Revoked);
        }
        if self.suspends(device) == on {
            return Err(Ignored::NotNow);
        }
        if !on {
            self.barred.suspended.remove(device);
            return Ok(Applied::Suspended { device: *device, on });
        }
        if self.barred.suspended.len() >= DEVICES_MAX {
            return Err(Ignored::Full);
        }
        self.barred.suspended.insert(*device, seq);
        self.bar(device, seq);
        Ok(Applied::Suspended { device: *device, on })
    }

    /// It has left every line here, and has no duty and no word in consultations.
    fn bar(&mut self, device: &DeviceId, seq: u64) {
        self.duties.retain(|_, duty| duty.by != *device);
        self.proposals.retain(|_, proposal| proposal.by != *device);
        self.attendances.retain(|_, attendance| attendance.by != *device);
        for line in self.lines_of(device) {
            self.depart(device, &line, seq);
        }
    }

    /// Replaces what the node said before.
    pub(super) fn list(&mut self, lists: &[PartyList], seq: u64, time_ms: u64) -> Applied {
        self.barred.listed = Some(Listed { lists: lists.to_vec(), time_ms, seq });
        Applied::Listed
    }

    /// Positions that a console needs: suspensions, the last word of the lists, and of those that count the ones that are to be read here.
    pub(super) fn relevant_lists<'a>(
        &self,
        read_here: impl Iterator<Item = (&'a PartyId, &'a ListName)>,
    ) -> BTreeSet<u64> {
        let lists = read_here.filter_map(|(party, name)| self.list_at(party, name));
        let word = self.barred.listed.as_ref().map(|listed| listed.seq);
        lists.chain(word).chain(self.barred.suspended.values().copied()).collect()
    }
}

impl State {
    /// What the roots of all parties have revoked, as far as it is known here.
    pub fn revocations(&self) -> &Revocations {
        &self.revocations
    }

    /// Is it accepted no more: has the root of its party revoked it, or is it one of two devices of one voucher?
    pub fn is_revoked(&self, device: &DeviceId) -> bool {
        let of = self.nodes.values().filter(|node| node.devices.contains_key(device));
        of.into_iter().any(|node| self.revocations.names(&node.party, device)) || self.is_doubled(device)
    }

    /// Every node at which it is enrolled has suspended it by its own word.
    pub fn is_suspended(&self, device: &DeviceId) -> bool {
        let mut at = self.nodes.values().filter(|node| node.devices.contains_key(device)).peekable();
        at.peek().is_some() && at.all(|node| node.suspends(device))
    }

    /// A list that came by another way than a journal: one that was remembered, or handed over. It proves itself.
    ///
    /// # Errors
    /// When it is not the root's.
    pub fn know_list(&mut self, bytes: &[u8]) -> Result<ListName, trialogue_charter::RevocationError> {
        let list = RevocationList::open(&self.charter, bytes)?;
        let name = list.name(bytes);
        self.revocations.take(name, list);
        Ok(name)
    }

    /// A list in the journal of `node`: whoever it is, the root's signatures decide.
    pub(super) fn apply_list<B: AsRef<[u8]>>(
        &mut self,
        node: &NodeId,
        reference: &BodyRef,
        bodies: &[B],
        seq: u64,
    ) -> Result<Applied, Ignored> {
        let bytes = reference.find(bodies).ok_or(Ignored::BodyMissing)?;
        // The same bytes held a moment ago, in another journal.
        let known = self.revocations.holds(|name| name.hash == reference.hash);
        let known = known.map(|(name, list)| (name, list.clone()));
        let (name, list) = match known {
            Some(known) => known,
            None => open(&self.charter, bytes)?,
        };
        self.nodes.get_mut(node).ok_or(Ignored::UnknownNode)?.take_list(name, &list, seq)?;
        let party = list.party.clone();
        let devices = self.revocations.take(name, list);
        Ok(Applied::Revoked { party, devices })
    }

    /// Which lists a console is to read in the journal of this node: those of its own party, which say from where on its devices count no more, and of
    /// others those that no node before it has.
    pub(super) fn lists_to_read<'a>(
        &'a self,
        node: &'a NodeState,
    ) -> impl Iterator<Item = (&'a PartyId, &'a ListName)> {
        self.revocations.all().filter(move |(party, name)| {
            let first = self.nodes.values().find(|other| other.list_at(party, name).is_some());
            node.party == **party || first.is_some_and(|first| first.id == node.id)
        })
    }
}

fn open(charter: &VerifiedCharter, bytes: &[u8]) -> Result<(ListName, RevocationList), Ignored> {
    let list = RevocationList::open(charter, bytes).map_err(|_| Ignored::Revocation)?;
    Ok((list.name(bytes), list))
}
