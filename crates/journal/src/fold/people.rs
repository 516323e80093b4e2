//! Devices as all journals together show them: whose they are, and whether they are accepted.

use super::device::Enrolment;
use super::node::NodeState;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{Device, DeviceId, NodeId, OfficeId, PartyId, VoucherId};

/// All journals, asked about devices.
#[derive(Clone, Copy)]
pub(super) struct People<'a> {
    nodes: &'a BTreeMap<NodeId, NodeState>,
    /// Revocations that came by another way than these journals.
    known: &'a BTreeSet<(PartyId, DeviceId)>,
}

impl<'a> People<'a> {
    pub(super) fn new(nodes: &'a BTreeMap<NodeId, NodeState>, known: &'a BTreeSet<(PartyId, DeviceId)>) -> Self {
        Self { nodes, known }
    }

    /// What each node's journal says.
    pub(super) fn nodes(self) -> &'a BTreeMap<NodeId, NodeState> {
        self.nodes
    }

    /// Journals of a party's nodes.
    pub(super) fn nodes_of(self, party: &PartyId) -> impl Iterator<Item = &'a NodeState> {
        self.nodes.values().filter(move |node| node.party == *party)
    }

    /// Journals of the other nodes of the same party.
    fn others_of(self, node: &NodeState) -> impl Iterator<Item = &'a NodeState> {
        self.nodes_of(&node.party).filter(move |other| other.id != node.id)
    }

    fn enrolments(self, device: &DeviceId) -> impl Iterator<Item = (&'a NodeState, &'a Enrolment)> {
        self.nodes.values().filter_map(move |node| Some((node, node.enrolled.get(device)?)))
    }

    /// A device that is enrolled at any node of its party, and not revoked.
    pub(super) fn device(self, device: &DeviceId) -> Option<&'a Device> {
        if self.is_revoked(device) { None } else { self.known_device(device) }
    }

    /// A device that was ever enrolled, revoked or not.
    pub(super) fn known_device(self, device: &DeviceId) -> Option<&'a Device> {
        self.enrolments(device).next().map(|(_, known)| known.device.as_ref())
    }

    pub(super) fn enrolled_ms(self, device: &DeviceId) -> Option<u64> {
        self.enrolments(device).map(|(_, known)| known.since_ms).min()
    }

    /// The highest number that the device has used at any node; 0: none.
    pub(super) fn last_number(self, device: &DeviceId) -> u64 {
        self.enrolments(device).map(|(_, known)| known.last_number).max().unwrap_or(0)
    }

    /// Two devices of one person in one office.
    pub(super) fn is_same_person(self, one: &DeviceId, other: &DeviceId) -> bool {
        let person = |id: &DeviceId| self.known_device(id).map(|device| (&device.office, &device.person));
        person(one) == person(other)
    }

    /// Is it accepted no more: has the root of its party revoked it, or is it one of two devices of one voucher?
    pub(super) fn is_revoked(self, device: &DeviceId) -> bool {
        let mut enrolments = self.enrolments(device);
        enrolments.any(|(node, known)| {
            self.has_revoked(&node.party, device) || self.is_used_twice(node, device, &known.device.voucher_id)
        })
    }

    /// Has the root of the party revoked the device, which need not be enrolled?
    pub(super) fn has_revoked(self, party: &PartyId, device: &DeviceId) -> bool {
        let known = !self.known.is_empty() && self.known.contains(&(party.clone(), *device));
        known || self.nodes.values().any(|node| node.revoked_at(party, device).is_some())
    }

    /// Has a node of its party enrolled another device with the voucher of this one? Journals have no common order, so
    /// none of the two can be told to be the first: neither is accepted, and the security officer makes a new voucher.
    pub(super) fn is_doubled(self, device: &DeviceId) -> bool {
        self.enrolments(device).any(|(node, known)| self.is_used_twice(node, device, &known.device.voucher_id))
    }

    /// A voucher makes one device of its party, at however many of the party's nodes that device is enrolled.
    fn is_used_twice(self, node: &NodeState, device: &DeviceId, voucher: &VoucherId) -> bool {
        self.nodes_of(&node.party).filter_map(|other| other.enrolled.made_by(voucher)).any(|other| other != device)
    }

    /// Enrolments that show that a voucher made two devices: small, and never to be missed.
    pub(super) fn doubled(self, node: &NodeState) -> BTreeSet<u64> {
        let doubled =
            |(device, known): &(&DeviceId, &Enrolment)| self.is_used_twice(node, device, &known.device.voucher_id);
        node.devices().iter().filter(doubled).map(|(_, known)| known.seq).collect()
    }

    /// Is this node where the device came in last, and is the device still accepted by its party?
    pub(super) fn is_at(self, node: &NodeState, device: &DeviceId) -> bool {
        let last = |node: &NodeState| {
            node.enrolled.get(device).and_then(|known| known.last_stay.as_ref()).map(|stay| stay.number)
        };
        // One statement in two journals, as a console may have to say it again at the other site, leaves the device at
        // one of them.
        let here = last(node).map(|number| (number, &node.id));
        self.others_of(node).filter_map(|other| Some((last(other)?, &other.id))).all(|there| Some(there) < here)
            && !self.is_revoked(device)
    }

    /// A device that is in at another node of the party, or comes in there from now on, may have come in here with a
    /// higher number: then it is in nowhere there, for all who know of this stay. Positions of the entries that tell of
    /// such stays.
    pub(super) fn stays(self, node: &NodeState) -> BTreeSet<u64> {
        let several = self.others_of(node).next().is_some();
        let came_in =
            node.devices().iter().filter_map(|(device, known)| Some((device, known.seq, known.last_stay.as_ref()?)));
        let counts = came_in.filter(|(device, ..)| several && !self.is_revoked(device));
        counts.flat_map(|(_, seq, stay)| [Some(seq), Some(stay.seq), stay.end]).flatten().collect()
    }

    /// Is a console of this office on watch, as its party's nodes say?
    pub(super) fn is_staffed(self, office: &OfficeId) -> bool {
        self.nodes.values().any(|node| node.staffed().get(office).is_some_and(|consoles| *consoles > 0))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::scene::{CHARTER, Console, THREE, at, duty, own, party};
    use super::*;
    use trialogue_charter::{DeviceSecret, fixture};

    /// Two nodes of one party, at which consoles are enrolled one after the other.
    struct Sites(BTreeMap<NodeId, NodeState>, BTreeSet<(PartyId, DeviceId)>);

    impl Sites {
        fn new() -> Self {
            let first = CHARTER.nodes.iter().find(|node| node.party == party("JPN")).unwrap();
            let second = trialogue_charter::Node { id: NodeId::new("jpn-2").unwrap(), ..first.clone() };
            let sites = [first, &second].map(|node| (node.id.clone(), NodeState::new(node)));
            Self(sites.into(), BTreeSet::new())
        }

        fn site(&mut self, number: usize) -> &mut NodeState {
            self.0.values_mut().nth(number).unwrap()
        }

        fn enrol(&mut self, site: usize, console: &Console, seq: u64) {
            let japan = party("JPN");
            let enrolled = &mut self.site(site).enrolled;
            enrolled.enrol(own(&japan), &console.id(), &console.certificate, at(seq)).unwrap();
        }

        fn people(&self) -> People<'_> {
            People::new(&self.0, &self.1)
        }

        fn is_at(&self, site: usize, console: &Console) -> bool {
            self.people().is_at(self.0.values().nth(site).unwrap(), &console.id())
        }
    }

    #[test]
    fn a_device_is_at_the_site_where_it_came_in_last() {
        let (mut sites, console) = (Sites::new(), Console::new("jpn-duty", 1));
        for site in [0, 1] {
            sites.enrol(site, &console, 1);
        }
        sites.site(0).enrolled.comes_in(&console.id(), &duty(), 7, 3);
        assert!(sites.is_at(0, &console));
        sites.site(1).enrolled.comes_in(&console.id(), &duty(), 8, 3);
        assert!(!sites.is_at(0, &console) && sites.is_at(1, &console));
        sites.site(0).enrolled.comes_in(&console.id(), &duty(), 8, 4);
        assert!(!sites.is_at(0, &console) && sites.is_at(1, &console), "the same statement leaves it at one of them");
        assert_eq!(sites.people().stays(sites.0.values().next().unwrap()), BTreeSet::from([1, 4]));
    }

    #[test]
    fn what_any_journal_or_the_reader_itself_knows_to_be_revoked_is_out_everywhere() {
        let (mut sites, console) = (Sites::new(), Console::new("jpn-duty", 1));
        sites.enrol(0, &console, 1);
        assert!(sites.people().device(&console.id()).is_some());
        sites.1.insert((party("JPN"), console.id()));
        assert!(sites.people().device(&console.id()).is_none());
        assert!(sites.people().known_device(&console.id()).is_some(), "for showing what was");
        sites.1.clear();
        sites.site(1).barred.revoke(&CHARTER, &fixture::revocation("JPN", &console.id()), 1).unwrap();
        assert!(sites.people().is_revoked(&console.id()));
        assert!(!sites.people().has_revoked(&party("KOR"), &console.id()));
    }

    #[test]
    fn of_two_devices_of_one_voucher_neither_is_accepted() {
        let (mut sites, first) = (Sites::new(), Console::new("jpn-duty", 1));
        let secret = DeviceSecret::from_seed(&[9; 32]);
        let (certificate, device) = THREE.enrolment("jpn-duty", 1).certify(&THREE.charter, &secret, 0).unwrap();
        let second = Console { certificate, device };
        sites.enrol(0, &first, 5);
        assert!(!sites.people().is_doubled(&first.id()));
        sites.enrol(1, &second, 6);
        assert!(sites.people().is_revoked(&first.id()) && sites.people().is_revoked(&second.id()));
        let shows: Vec<_> = sites.0.values().map(|node| sites.people().doubled(node)).collect();
        assert_eq!(shows, [BTreeSet::from([5]), BTreeSet::from([6])]);
        assert!(sites.people().is_same_person(&first.id(), &second.id()));
    }
}
