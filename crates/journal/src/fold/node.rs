//! What one node's journal says.

use super::consult::{Attendance, Proposal};
use super::course::Course;
use super::device::Enrolment;
use super::duty::Duty;
use super::forged::Forgery;
use super::group::{Group, Span};
use super::respond::Response;
use super::revoked::Barred;
use super::seen::Seen;
use super::tested::Tests;
use super::written::Writings;
use crate::entry::BodyRef;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trialogue_charter::{CallId, DeviceId, Hash, LineId, Node, NodeId, OfficeId, PartyId, Precedence, Role, VoucherId};

/// What one node's journal says. Private to the fold but for reading.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct NodeState {
    #[n(0)]
    pub(super) id: NodeId,
    #[n(1)]
    pub(super) party: PartyId,
    /// Its charters and its time.
    #[n(2)]
    pub(super) course: Course,
    #[n(3)]
    pub(super) devices: BTreeMap<DeviceId, Enrolment>,
    #[n(4)]
    /// Vouchers, each with the device that it made.
    pub(super) vouchers: BTreeMap<VoucherId, DeviceId>,
    #[n(5)]
    pub(super) staffed: BTreeMap<OfficeId, u16>,
    /// Position of the entry that said so; 0: none since the last restart.
    #[n(6)]
    pub(super) staffed_seq: u64,
    #[n(7)]
    pub(super) lines: BTreeMap<LineId, OnLine>,
    /// Who has the duty of each office.
    #[n(8)]
    pub(super) duties: BTreeMap<OfficeId, Duty>,
    /// Offices whose one on duty is at a console of this node.
    #[n(9)]
    pub(super) at_console: BTreeSet<OfficeId>,
    /// Position of the entry that said so last, or of the last restart; 0: neither.
    #[n(10)]
    pub(super) at_console_seq: u64,
    /// Consultations that consoles of this node have proposed and that wait for their time.
    #[n(11)]
    pub(super) proposals: BTreeMap<CallId, Proposal>,
    /// What its consoles have answered, by the hash of what was proposed.
    #[n(12)]
    pub(super) attendances: BTreeMap<Hash, Attendance>,
    /// Last results of tests of the line.
    #[n(13)]
    pub(super) tests: Tests,
    /// What was written, and said about writings.
    #[n(15)]
    pub(super) writings: Writings,
    /// What it said last that it holds of all journals.
    #[n(14)]
    pub(super) seen: Option<Seen>,
    /// Devices that are let in no more.
    #[n(16)]
    pub(super) barred: Barred,
}

/// One line, as far as one node's journal speaks of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct OnLine {
    /// Who is in.
    #[n(0)]
    pub(super) present: BTreeMap<DeviceId, Presence>,
    /// What the node did with rings of others.
    #[n(1)]
    pub(super) responses: BTreeMap<CallId, Response>,
    /// The node's group, while a console of the node that is in can use it.
    #[cbor(n(2), with = "super::kept::optional")]
    pub(super) group: Option<Arc<Group>>,
    /// Stays on the line (by the position of their first entry) that the group's history needs.
    #[n(3)]
    pub(super) spans: BTreeMap<u64, Span>,
    /// Frames that were not their sender's, the last of each device, oldest first.
    #[n(4)]
    pub(super) forgeries: Vec<Forgery>,
}

/// One console that is in on a line.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Presence {
    /// The call that it rang or answered.
    #[n(0)]
    pub call: CallId,
    /// Position, in the node's journal, of the `Ring` or `Answer` by which it came in. The earliest leads.
    #[n(1)]
    pub order: u64,
    /// The node's time of that entry, milliseconds since 1970 UTC. A claim.
    #[n(2)]
    pub since_ms: u64,
    /// The ring that it has made, if it rings.
    #[n(3)]
    pub ring: Option<OwnRing>,
    /// Its key packages, by the node whose group they are for.
    #[n(4)]
    pub offers: BTreeMap<NodeId, BodyRef>,
    /// What its holder does in the call.
    #[n(5)]
    pub role: Role,
    /// It is held: who said so, and the position of the entry.
    #[n(6)]
    pub held: Option<(DeviceId, u64)>,
    /// What it has said about the call's parties.
    #[n(7)]
    pub(super) word: Word,
    /// Lists of secrets that it has told those who hear it, in order.
    #[n(8)]
    pub tags: Vec<TagsTold>,
    /// Position of the entry by which it gave its present key packages.
    #[n(9)]
    #[cbor(default)]
    pub offered: u64,
}

/// A list of secrets that a console has told those who hear it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct TagsTold {
    /// Position of the entry.
    #[n(0)]
    pub seq: u64,
    /// Generation of its keys from which on it holds.
    #[n(1)]
    pub generation: u16,
    /// The list.
    #[n(2)]
    pub secrets: BodyRef,
}

/// What a console has said about the parties of the call, in its present stay, each with the position of the entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Word {
    /// Stations that it has confirmed.
    #[n(0)]
    pub(super) confirmed: BTreeMap<PartyId, u64>,
    /// Its party's principal is ready to come on with these.
    #[n(1)]
    pub(super) ready: Option<(BTreeSet<PartyId>, u64)>,
    /// It is a principal, and on with these.
    #[n(2)]
    pub(super) on: Option<(BTreeSet<PartyId>, u64)>,
    /// Parties that it wants dropped.
    #[n(3)]
    pub(super) drops: BTreeMap<PartyId, u64>,
}

/// A ring made by a console that is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct OwnRing {
    /// Its id.
    #[n(0)]
    pub call: CallId,
    /// How urgent.
    #[n(1)]
    pub precedence: Precedence,
    /// Position in the node's journal.
    #[n(2)]
    pub seq: u64,
    /// The node's time, milliseconds since 1970 UTC. A claim.
    #[n(3)]
    pub time_ms: u64,
}

impl NodeState {
    pub(super) fn new(node: &Node) -> Self {
        Self {
            id: node.id.clone(),
            party: node.party.clone(),
            course: Course::default(),
            devices: BTreeMap::new(),
            vouchers: BTreeMap::new(),
            staffed: BTreeMap::new(),
            staffed_seq: 0,
            lines: BTreeMap::new(),
            duties: BTreeMap::new(),
            at_console: BTreeSet::new(),
            at_console_seq: 0,
            proposals: BTreeMap::new(),
            attendances: BTreeMap::new(),
            tests: Tests::default(),
            writings: Writings::default(),
            seen: None,
            barred: Barred::default(),
        }
    }

    /// The node.
    pub fn id(&self) -> &NodeId {
        &self.id
    }

    /// Whose node it is.
    pub fn party(&self) -> &PartyId {
        &self.party
    }

    /// The charter that the journal speaks under, once it has said so.
    pub fn opened(&self) -> Option<Hash> {
        self.course.charter()
    }

    /// The latest time of its entries that count, milliseconds since 1970 UTC, since its clock was set back: no statement stands in an entry of an
    /// earlier time.
    pub fn latest_ms(&self) -> u64 {
        self.course.latest_ms()
    }

    /// Positions of the restarts at which its clock was set back, the newest of them.
    pub fn set_back(&self) -> &[u64] {
        self.course.set_back()
    }

    /// Devices enrolled at this node, revoked ones too.
    pub fn devices(&self) -> &BTreeMap<DeviceId, Enrolment> {
        &self.devices
    }

    /// Consoles on watch, per office that has any.
    pub fn staffed(&self) -> &BTreeMap<OfficeId, u16> {
        &self.staffed
    }

    /// Consoles of this node that are in on the line.
    pub fn present(&self, line: &LineId) -> impl Iterator<Item = (&DeviceId, &Presence)> {
        self.lines.get(line).into_iter().flat_map(|line| &line.present)
    }

    /// Lines that the device is in on at this node.
    pub fn lines_of(&self, device: &DeviceId) -> Vec<LineId> {
        let of = self.lines.iter().filter(|(_, line)| line.present.contains_key(device));
        of.map(|(id, _)| id.clone()).collect()
    }

    /// What the node did with another's ring.
    pub fn response(&self, line: &LineId, call: &CallId) -> Option<&Response> {
        self.lines.get(line)?.responses.get(call)
    }

    /// The node's group on the line; none until one is created, and after none of its consoles that are in can use it.
    pub fn group(&self, line: &LineId) -> Option<&Arc<Group>> {
        self.lines.get(line)?.group.as_ref()
    }
}
