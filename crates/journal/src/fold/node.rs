//! What one node's journal says.

use super::consult::{Consultations, Proposal};
use super::course::Course;
use super::device::Enrolment;
use super::duty::{Duties, Duty};
use super::enrolled::Enrolled;
use super::group::Group;
use super::lines::Lines;
use super::missed::MissedRings;
use super::present::Presence;
use super::respond::Response;
use super::revoked::Barred;
use super::seen::Seen;
use super::speaker::{At, Own};
use super::staffed::OnWatch;
use super::tested::{Alive, Certified, StationTested, TestText, Tested, Tests};
use super::written::Writings;
use super::{Applied, Ignored};
use crate::entry::{Body, RevokedSet};
use crate::signed::VerifiedEntry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trialogue_charter::{CallId, DeviceId, Hash, LineId, Node, NodeId, OfficeId, PartyId, Revocation, VerifiedCharter};

/// What one node's journal says. Private to the fold but for reading. Its bytes are in kept.rs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeState {
    pub(super) id: NodeId,
    pub(super) party: PartyId,
    /// Its charters and its time.
    pub(super) course: Course,
    pub(super) enrolled: Enrolled,
    pub(super) on_watch: OnWatch,
    pub(super) lines: Lines,
    /// Rings that nobody has answered.
    pub(super) missed: MissedRings,
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

impl NodeState {
    pub(super) fn new(node: &Node) -> Self {
        Self {
            id: node.id.clone(),
            party: node.party.clone(),
            course: Course::default(),
            enrolled: Enrolled::default(),
            on_watch: OnWatch::default(),
            lines: Lines::default(),
            missed: MissedRings::default(),
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
        verified: &VerifiedEntry,
        bodies: &[B],
    ) -> Result<Applied, Ignored> {
        let entry = verified.entry();
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
            Body::Soundless { offices } => self.on_watch.without_sound(own, offices, seq),
            Body::Stated { .. } => {
                let statement = self.open(charter, verified.said().ok_or(Ignored::Malformed)?, time_ms)?;
                Ok(self.perform(charter, statement, at))
            }
            Body::Received { call, line } => {
                let applied = self.lines.receive(own, line, *call, seq)?;
                self.consultations.begin(line, call, time_ms);
                Ok(applied)
            }
            Body::Ringing { call, line, consoles } => self.lines.sound(own, line, *call, *consoles, seq),
            Body::Forged { line, device, via } => self.lines.forged(own, line, device, via, at),
            Body::Expired { call, line } => self.lines.expire(own, line, *call, seq),
            Body::Alerted { call, line, done } => self.lines.alert(own, line, *call, *done, seq),
            Body::Escalated { call, line, step } => self.lines.escalate(own, line, *call, *step, seq),
            Body::Refused { call, line, reason } => self.lines.refuse(own, line, *call, *reason, seq),
            Body::Missed { call, line, rang } => self.missed.miss(own, line, *call, rang, seq),
            Body::Lost { device, line } => {
                let was_in = self.depart(device, line, seq);
                was_in.then(|| Applied::Lost { line: line.clone(), device: *device }).ok_or(Ignored::NotIn)
            }
            Body::Restarted {} => Ok(self.restart(at)),
            Body::AtConsole { offices } => self.duties.seat(own, offices, seq),
            Body::Tested { results } => self.tests.measured(own, &self.id, results, at),
            Body::Stored { writings } => Ok(self.writings.store(writings, at)),
            Body::Listed { sets } => Ok(self.barred.list(seq, sets, self.course.is_past(time_ms))),
            // Replaces what the node said before. Nothing on a line follows from it, so consoles are not told again
            // what was said before they came.
            Body::Seen { heads, .. } => {
                self.seen = Some(Seen { heads: heads.to_vec(), time_ms, seq });
                Ok(Applied::Seen)
            }
        }?;
        self.course.pass(time_ms);
        self.consultations.forget(time_ms);
        Ok(applied)
    }

    /// The console is out; false: it was not in.
    pub(super) fn depart(&mut self, device: &DeviceId, line: &LineId, seq: u64) -> bool {
        let was_in = self.lines.depart(device, line, seq);
        if was_in {
            self.enrolled.leaves(device, line, seq);
        }
        was_in
    }

    /// The device is accepted no more: it has left every line here, and has no duty and no word in consultations.
    fn take_off(&mut self, device: &DeviceId, seq: u64) -> Vec<LineId> {
        self.duties.take_off(device);
        self.consultations.take_off(device);
        let lines = self.lines.of(device);
        for line in &lines {
            self.depart(device, line, seq);
        }
        lines
    }

    /// The node has started again: nobody is on watch, at a console or in on a line.
    fn restart(&mut self, At { seq, time_ms }: At) -> Applied {
        self.course.restart(seq, time_ms);
        self.on_watch.restart();
        self.duties.restart(seq);
        for (line, device) in self.lines.everyone() {
            self.depart(&device, &line, seq);
        }
        Applied::Restarted
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

    /// The latest time of its entries that count, milliseconds since 1970 UTC, since its clock was set back: no
    /// statement stands in an entry of an earlier time.
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

    /// Consoles that are connected to ring and cannot sound a ring, per office that has any.
    pub fn soundless(&self) -> &BTreeMap<OfficeId, u16> {
        self.on_watch.soundless()
    }

    /// Consoles of this node that are in on the line.
    pub fn present(&self, line: &LineId) -> impl Iterator<Item = (&DeviceId, &Presence)> {
        self.lines.on(line).into_iter().flat_map(|on| on.present.all())
    }

    /// Lines that the device is in on at this node.
    pub fn lines_of(&self, device: &DeviceId) -> Vec<LineId> {
        self.lines.of(device)
    }

    /// What the node did with another's ring.
    pub fn response(&self, line: &LineId, call: &CallId) -> Option<&Response> {
        self.lines.response(line, call)
    }

    /// Has the node said that it missed this ring of another party, which rang at this time, or one of later that it
    /// has forgotten? Milliseconds since 1970 UTC.
    pub fn had_missed(&self, line: &LineId, party: &PartyId, call: &CallId, at_ms: u64) -> bool {
        self.missed.had(line, party, call, at_ms)
    }

    /// Has the node said that it missed this ring of another party?
    pub fn has_missed(&self, line: &LineId, party: &PartyId, call: &CallId) -> bool {
        self.missed.has(line, party, call)
    }

    /// The node's group on the line; none until one is created, and after none of its consoles that are in can use it.
    pub fn group(&self, line: &LineId) -> Option<&Arc<Group>> {
        self.lines.on(line)?.keys.group()
    }

    /// The stay of a console that is in on the line here.
    pub(super) fn presence(&self, line: &LineId, device: &DeviceId) -> Option<&Presence> {
        self.lines.on(line)?.present.stay(device).ok()
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
