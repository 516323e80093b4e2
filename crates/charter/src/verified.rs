//! A charter that every party's root has signed: the only type that answers who may do what.

use crate::agreement::{Charter, Line, Node, Office, Party, Suite};
use crate::device::Device;
use crate::ids::{Hash, LineId, NodeId, OfficeId, PartyId};
use crate::limits::{CERTIFICATES_REMEMBERED, REVOCATIONS_REMEMBERED};
use crate::precedence::Precedence;
use crate::remembered::Remembered;
use crate::revocation::Revocation;
use crate::role::Role;
use crate::signed::{CharterError, UnverifiedCharter};
use std::collections::BTreeMap;
use std::ops::Deref;

/// A verified charter. Made by [`UnverifiedCharter::verify`] only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedCharter {
    charter: Charter,
    hash: Hash,
    bytes: Vec<u8>,
    /// Certificates of its devices that were verified already.
    pub(crate) devices: Remembered<Device, CERTIFICATES_REMEMBERED>,
    /// And revocations by its roots.
    pub(crate) revocations: Remembered<Revocation, REVOCATIONS_REMEMBERED>,
}

impl Deref for VerifiedCharter {
    type Target = Charter;

    fn deref(&self) -> &Charter {
        &self.charter
    }
}

impl VerifiedCharter {
    pub(crate) fn new(charter: Charter, hash: Hash, bytes: Vec<u8>) -> Self {
        Self { charter, hash, bytes, devices: Remembered::default(), revocations: Remembered::default() }
    }

    /// Decodes and verifies in one step.
    pub fn open(bytes: &[u8], own_root: Option<&Hash>) -> Result<Self, CharterError> {
        UnverifiedCharter::decode(bytes)?.verify(own_root)
    }

    /// SHA-384 of the payload: which charter this is.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The signed charter, whole.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The cipher suite of every group.
    pub fn suite(&self) -> Suite {
        // Validation let only known suites in.
        Suite::of(self.charter.suite).unwrap_or(Suite::Cnsa2)
    }

    /// A node's index on the wire.
    pub fn node_index(&self, id: &NodeId) -> Option<u8> {
        self.node(id).map(|node| node.index)
    }

    /// A party's number on the wire: the lowest index of its nodes, in service or retired. Like these it stands as long
    /// as the party does.
    pub fn party_number(&self, id: &crate::PartyId) -> Option<u8> {
        self.nodes.iter().filter(|node| node.party == *id).map(|node| node.index).min()
    }

    /// Nodes in service with their indices.
    pub fn indices(&self) -> BTreeMap<NodeId, u8> {
        self.in_service().map(|node| (node.id.clone(), node.index)).collect()
    }

    /// A node by its index on the wire.
    pub fn node_at(&self, index: u8) -> Option<&Node> {
        self.nodes.iter().find(|node| node.index == index)
    }

    /// A node, in service or retired.
    pub fn node(&self, id: &NodeId) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == *id)
    }

    /// Nodes that are not retired, by id.
    pub fn in_service(&self) -> impl Iterator<Item = &Node> + Clone {
        self.nodes.iter().filter(|node| !node.retired)
    }

    /// A node that is not retired.
    pub fn serves(&self, id: &NodeId) -> bool {
        self.in_service().any(|node| node.id == *id)
    }

    /// The node in service that shows this key on links.
    pub fn node_with_link_key(&self, link: &[u8]) -> Option<&Node> {
        self.in_service().find(|node| node.link == link)
    }

    /// A party.
    pub fn party(&self, id: &PartyId) -> Option<&Party> {
        self.parties.iter().find(|party| party.id == *id)
    }

    /// The party that runs a node.
    pub fn party_of_node(&self, id: &NodeId) -> Option<&Party> {
        self.node(id).and_then(|node| self.party(&node.party))
    }

    /// The party with this root fingerprint.
    pub fn party_with_root(&self, fingerprint: &Hash) -> Option<&Party> {
        self.parties.iter().find(|party| party.root.fingerprint() == *fingerprint)
    }

    /// An office.
    pub fn office(&self, id: &OfficeId) -> Option<&Office> {
        self.offices.iter().find(|office| office.id == *id)
    }

    /// A line.
    pub fn line(&self, id: &LineId) -> Option<&Line> {
        self.lines.iter().find(|line| line.id == *id)
    }

    /// Offices of a party on a line that act for it there (see [`Role::acts_for_party`]), in the line's order.
    pub fn acting_offices<'a>(&'a self, party: &'a PartyId, line: &'a LineId) -> impl Iterator<Item = &'a Office> {
        self.offices_of_party_on_line(party, line).filter(|office| office.role.acts_for_party())
    }

    /// Is it a test line: one that stations have to themselves? No person is on it, and no board offers it.
    pub fn is_test_line(&self, line: &LineId) -> bool {
        let first = self.line(line).and_then(|line| line.offices.first());
        first.and_then(|office| self.office(office)).is_some_and(|office| office.role == Role::Station)
    }

    /// May holders of the office ring, answer and take part on the line?
    pub fn is_on_line(&self, office: &OfficeId, line: &LineId) -> bool {
        self.line(line).is_some_and(|line| line.offices.contains(office))
    }

    /// The highest precedence with which holders of the office may ring the line; none: not at all.
    pub fn authority(&self, office: &OfficeId, line: &LineId) -> Option<Precedence> {
        self.line(line)?.authority(office)
    }

    /// Lines that an office is on, in the board's order.
    pub fn lines_of_office<'a>(&'a self, office: &OfficeId) -> impl Iterator<Item = &'a Line> {
        self.lines.iter().filter(move |line| line.offices.contains(office))
    }

    /// A party's offices on a line, in the line's order.
    pub fn offices_of_party_on_line<'a>(&'a self, party: &PartyId, line: &LineId) -> impl Iterator<Item = &'a Office> {
        let offices = self.line(line).map(|line| line.offices.as_slice()).unwrap_or_default();
        offices.iter().filter_map(|id| self.office(id)).filter(move |office| office.party == *party)
    }

    /// Parties with an office on a line, by id.
    pub fn parties_on_line<'a>(&'a self, line: &LineId) -> impl Iterator<Item = &'a Party> {
        self.parties.iter().filter(move |party| self.offices_of_party_on_line(&party.id, line).next().is_some())
    }
}
