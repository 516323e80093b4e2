//! What one node's journal says.

use super::consult::{Consultations, Proposal};
use super::course::Course;
use super::device::Enrolment;
use super::duty::{Duties, Duty};
use super::enrolled::Enrolled;
use super::forged::Forgery;
use super::group::{Group, Span};
use super::respond::Response;
use super::revoked::Barred;
use super::seen::Seen;
use super::speaker::{At, Own};
use super::staffed::OnWatch;
use super::tested::{Alive, Certified, StationTested, TestText, Tested, Tests};
use super::written::Writings;
use super::{Applied, Ignored};
use crate::entry::{Body, BodyRef, Entry, RevokedSet};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trialogue_charter::{
    CallId, DeviceId, Hash, LineId, Node, NodeId, OfficeId, PartyId, Precedence, Revocation, Role, VerifiedCharter,
};

/// What one node's journal says. Private to the fold but for reading. Its bytes are in kept.rs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeState {
    pub(super) id: NodeId,
    pub(super) party: PartyId,
    /// Its charters and its time.
    pub(super) course: Course,
    pub(super) enrolled: Enrolled,
    pub(super) on_watch: OnWatch,
    pub(super) lines: BTreeMap<LineId, OnLine>,
    pub(super) duties: Duties,
    pub(super) consultations: Consultations,
    /// Last results of tests of the line.
    pub(super) tests: Tests,
    /// What it said last that it holds of all journals.
    pub(super) seen: Option<Seen>,
    /// What was written, and said about writings.
    pub(super) writings: Writings,
    /// Devices that are let in no more.
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
            enrolled: Enrolled::default(),
            on_watch: OnWatch::default(),
            lines: BTreeMap::new(),
            duties: Duties::default(),
            consultations: Consultations::default(),
            tests: Tests::default(),
            seen: None,
            writings: Writings::default(),
            barred: Barred::default(),
        }
    }

    /// Takes an entry of its journal, with the bodies that travelled beside it.
    pub(super) fn take<B: AsRef<[u8]>>(
        &mut self,
        charter: &VerifiedCharter,
        entry: &Entry,
        bodies: &[B],
    ) -> Result<Applied, Ignored> {
        let own = Own { charter, party: &self.party };
        let at = At { seq: entry.seq, time_ms: entry.time_ms };
        let At { seq, time_ms } = at;
        let applied = match &entry.body {
            Body::Opened { charter } => self.course.open(*charter, seq, time_ms).map(|()| Applied::Opened),
            Body::Enrolled { device, certificate } => {
                let bytes = certificate.find(bodies).ok_or(Ignored::BodyMissing)?;
                if self.has_barred(device) {
                    return Err(Ignored::Revoked);
                }
                self.enrolled.enrol(own, device, bytes, at)
            }
            Body::Revoked { revocation } => {
                let Revocation { party, device } = self.barred.revoke(charter, revocation, seq)?;
                let lines = if party == self.party { self.take_off(&device, seq) } else { Vec::new() };
                Ok(Applied::Revoked { device, lines })
            }
            Body::Suspended { device, on } => {
                self.barred.suspend(&self.party, device, *on, seq)?;
                let lines = if *on { self.take_off(device, seq) } else { Vec::new() };
                Ok(Applied::Suspended { device: *device, on: *on, lines })
            }
            Body::Staffed { offices } => self.on_watch.staff(own, offices, seq),
            Body::Stated { statement } => {
                let statement = self.open(charter, statement, time_ms)?;
                Ok(self.perform(charter, statement, at))
            }
            Body::Received { call, line } => self.receive(charter, *call, line, (seq, time_ms)),
            Body::Ringing { call, line, consoles } => self.sound(charter, *call, line, *consoles, seq),
            Body::Forged { line, device, via } => self.forged(charter, line, device, via, seq, time_ms),
            Body::Expired { call, line } => self.expire(charter, *call, line, seq),
            Body::Alerted { call, line, done } => self.alert(charter, *call, line, *done, seq),
            Body::Escalated { call, line, step } => self.escalate(charter, *call, line, *step, seq),
            Body::Refused { call, line, reason } => self.refuse(charter, *call, line, *reason, seq),
            Body::Lost { device, line } => self.lose(device, line, seq),
            Body::Restarted {} => Ok(self.restart(seq, time_ms)),
            Body::AtConsole { offices } => self.duties.seat(own, offices, seq),
            Body::Tested { results } => self.tests.measured(own, &self.id, results, at),
            Body::Stored { writings } => Ok(self.writings.store(writings, at)),
            Body::Listed { sets } => Ok(self.barred.list(seq, sets, self.course.is_past(time_ms))),
            // Replaces what the node said before. Nothing on a line follows from it, so consoles are not told again what was said before they came.
            Body::Seen { heads, .. } => {
                self.seen = Some(Seen { heads: heads.to_vec(), time_ms, seq });
                Ok(Applied::Seen)
            }
        }?;
        self.course.pass(time_ms);
        self.consultations.forget(time_ms);
        Ok(applied)
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
        self.enrolled.all()
    }

    /// Consoles on watch, per office that has any.
    pub fn staffed(&self) -> &BTreeMap<OfficeId, u16> {
        self.on_watch.staffed()
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

    /// Who has the duty of an office, as this node's journal says it.
    pub fn duty(&self, office: &OfficeId) -> Option<&Duty> {
        self.duties.of(office)
    }

    /// Offices of which this node says that the one on duty is at a console here.
    pub fn at_console(&self) -> &BTreeSet<OfficeId> {
        self.duties.at_console()
    }

    /// Proposals of this node that wait for their time.
    pub fn proposals(&self) -> impl Iterator<Item = (&CallId, &Proposal)> {
        self.consultations.proposals().iter()
    }

    /// What it has measured of its paths last.
    pub fn tested(&self) -> Option<&Tested> {
        self.tests.paths()
    }

    /// What its stations have heard last, by test line.
    pub fn station_tests(&self) -> &BTreeMap<LineId, StationTested> {
        self.tests.stations()
    }

    /// Last proofs of consoles on watch, by office.
    pub fn alive(&self) -> &BTreeMap<OfficeId, Alive> {
        self.tests.alive()
    }

    /// The last test text sent from here, by line.
    pub fn test_texts(&self) -> &BTreeMap<LineId, TestText> {
        self.tests.texts()
    }

    /// Test texts of others that were certified here, by the hash of what sent them.
    pub fn certified(&self) -> &BTreeMap<Hash, Certified> {
        self.tests.certified()
    }

    /// What it said last that it holds of all journals.
    pub fn seen(&self) -> Option<&Seen> {
        self.seen.as_ref()
    }

    /// Position of the revocation in this journal.
    pub fn revoked_at(&self, party: &PartyId, device: &DeviceId) -> Option<u64> {
        self.barred.revoked_at(party, device)
    }

    /// Revocations in this journal, with their positions.
    pub fn revocations(&self) -> impl Iterator<Item = (&PartyId, &DeviceId, u64)> {
        self.barred.revocations()
    }

    /// What a *listed* of the node would say now.
    pub fn revoked_sets(&self) -> Vec<RevokedSet> {
        self.barred.sets()
    }

    /// Does this journal take no more revocations of the party?
    pub fn has_no_room_for(&self, party: &PartyId) -> bool {
        self.barred.has_no_room_for(party)
    }

    /// Devices that the node lets in no more, by its own word.
    pub fn suspended(&self) -> impl Iterator<Item = &DeviceId> {
        self.barred.suspended().iter().filter(|(_, (on, _))| *on).map(|(device, _)| device)
    }

    /// The node's last word on whether it lets the device in no more, and its position.
    pub fn suspended_at(&self, device: &DeviceId) -> Option<(bool, u64)> {
        self.barred.suspended().get(device).copied()
    }

    /// Does the node let the device in no more, by its own word?
    pub fn suspends(&self, device: &DeviceId) -> bool {
        self.suspended_at(device).is_some_and(|(on, _)| on)
    }

    /// Does the device count for nothing from here on in this journal?
    pub(super) fn has_barred(&self, device: &DeviceId) -> bool {
        self.revoked_at(&self.party, device).is_some()
    }
}
