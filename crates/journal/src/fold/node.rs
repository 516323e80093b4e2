//! What one node's journal says.

use super::consult::{Attendance, Proposal};
use super::device::Enrolment;
use super::duty::Duty;
use super::group::{Group, Span};
use super::respond::Response;
use super::seen::Seen;
use super::tested::Tests;
use super::written::Writings;
use crate::entry::BodyRef;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trialogue_charter::{CallId, DeviceId, Hash, LineId, Node, NodeId, OfficeId, PartyId, Precedence, Role, VoucherId};

/// What one node's journal says. Private to the fold but for reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeState {
    pub(super) id: NodeId,
    pub(super) party: PartyId,
    pub(super) opened: Option<Hash>,
    pub(super) devices: BTreeMap<DeviceId, Enrolment>,
    pub(super) vouchers: BTreeSet<VoucherId>,
    pub(super) staffed: BTreeMap<OfficeId, u16>,
    /// Position of the entry that said so; 0: none since the last restart.
    pub(super) staffed_seq: u64,
    pub(super) lines: BTreeMap<LineId, OnLine>,
    /// Who has the duty of each office.
    pub(super) duties: BTreeMap<OfficeId, Duty>,
    /// Offices whose one on duty is at a console of this node.
    pub(super) at_console: BTreeSet<OfficeId>,
    /// Position of the entry that said so last, or of the last restart; 0: neither.
    pub(super) at_console_seq: u64,
    /// Consultations that consoles of this node have proposed and that wait for their time.
    pub(super) proposals: BTreeMap<CallId, Proposal>,
    /// What its consoles have answered, by the hash of what was proposed.
    pub(super) attendances: BTreeMap<Hash, Attendance>,
    /// Last results of tests of the line.
    pub(super) tests: Tests,
    /// What was written, and said about writings.
    pub(super) writings: Writings,
    /// What it said last that it holds of all journals.
    pub(super) seen: Option<Seen>,
}

/// One line, as far as one node's journal speaks of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OnLine {
    /// Who is in.
    pub(super) present: BTreeMap<DeviceId, Presence>,
    /// What the node did with rings of others.
    pub(super) responses: BTreeMap<CallId, Response>,
    /// The node's group, while a console of the node that is in can use it.
    pub(super) group: Option<Arc<Group>>,
    /// Stays on the line (by the position of their first entry) that the group's history needs.
    pub(super) spans: BTreeMap<u64, Span>,
}

/// One console that is in on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// The call that it rang or answered.
    pub call: CallId,
    /// Position, in the node's journal, of the `Ring` or `Answer` by which it came in. The earliest leads.
    pub order: u64,
    /// The node's time of that entry, milliseconds since 1970 UTC. A claim.
    pub since_ms: u64,
    /// The ring that it has made, if it rings.
    pub ring: Option<OwnRing>,
    /// Its key packages, by the node whose group they are for.
    pub offers: BTreeMap<NodeId, BodyRef>,
    /// What its holder does in the call.
    pub role: Role,
    /// It is held: who said so, and the position of the entry.
    pub held: Option<(DeviceId, u64)>,
    /// What it has said about the call's parties.
    pub(super) word: Word,
}

/// What a console has said about the parties of the call, in its present stay, each with the position of the entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// Stations that it has confirmed.
    pub(super) confirmed: BTreeMap<PartyId, u64>,
    /// Its party's principal is ready to come on with these.
    pub(super) ready: Option<(BTreeSet<PartyId>, u64)>,
    /// It is a principal, and on with these.
    pub(super) on: Option<(BTreeSet<PartyId>, u64)>,
    /// Parties that it wants dropped.
    pub(super) drops: BTreeMap<PartyId, u64>,
}

/// A ring made by a console that is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnRing {
    /// Its id.
    pub call: CallId,
    /// How urgent.
    pub precedence: Precedence,
    /// Position in the node's journal.
    pub seq: u64,
    /// The node's time, milliseconds since 1970 UTC. A claim.
    pub time_ms: u64,
}

impl NodeState {
    pub(super) fn new(node: &Node) -> Self {
        Self {
            id: node.id.clone(),
            party: node.party.clone(),
            opened: None,
            devices: BTreeMap::new(),
            vouchers: BTreeSet::new(),
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
        self.opened
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
