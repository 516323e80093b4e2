//! What all journals together say. Each question is answered by the view of one matter: a line ([`LineView`]), devices
//! ([`People`]), consultations ([`Asked`]), writings ([`AllWritings`]), what a console is told ([`Relevant`]); none of
//! them changes anything.

use super::consultation::{Asked, Consultation};
use super::duty::OnDuty;
use super::floor::{Prepared, Said};
use super::forged::Forgery;
use super::judge::Judge;
use super::line::{LineState, LineView, Participant, Ring, RingResponse};
use super::missed::Missed;
use super::node::NodeState;
use super::now::LinesNow;
use super::people::People;
use super::relevant::Relevant;
use super::stated::Allowed;
use super::writings::AllWritings;
use super::written::{Circle, Receipts, Stock, Writing};
use super::{Applied, Ignored, kept};
use crate::entry::{Body, Entry};
use crate::limits::WRITINGS_SHOWN;
use crate::signed::VerifiedEntry;
use crate::stated::{UnverifiedStatement, VerifiedStatement};
use crate::statement::GroupId;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trialogue_charter::{CallId, Device, DeviceId, Hash, LineId, NodeId, Office, OfficeId, PartyId, VerifiedCharter};

/// What all journals together say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    charter: Arc<VerifiedCharter>,
    nodes: BTreeMap<NodeId, NodeState>,
    /// Revocations that came by another way than these journals.
    known: BTreeSet<(PartyId, DeviceId)>,
    lines: LinesNow,
}

impl State {
    /// The state before any entry.
    pub fn new(charter: Arc<VerifiedCharter>) -> Self {
        let nodes = charter.nodes.iter().map(|node| (node.id.clone(), NodeState::new(node)));
        Self { nodes: nodes.collect(), known: BTreeSet::new(), lines: LinesNow::new(&charter), charter }
    }

    /// The charter that the state is folded under.
    pub fn charter(&self) -> &Arc<VerifiedCharter> {
        &self.charter
    }

    /// What one node's journal says.
    pub fn node(&self, node: &NodeId) -> Option<&NodeState> {
        self.nodes.get(node)
    }

    /// What every node's journal says, by node id.
    pub fn nodes(&self) -> impl Iterator<Item = (&NodeId, &NodeState)> {
        self.nodes.iter()
    }

    /// Folds one entry, with the bodies that travelled beside it. Entries of one node come in that node's order; a
    /// console's fold may lack entries between (see [`State::relevant_entries`]), a node's may not (see
    /// [`crate::Chain`]).
    ///
    /// # Errors
    /// The reason why the entry changes nothing.
    pub fn apply<B: AsRef<[u8]>>(&mut self, entry: &VerifiedEntry, bodies: &[B]) -> Result<Applied, Ignored> {
        let claim = entry.entry();
        let node = self.nodes.get_mut(&claim.node).ok_or(Ignored::UnknownNode)?;
        // Of a retired node only its devices are remembered: nobody is in there any more, and who was revoked there
        // stays revoked.
        let lasts = matches!(
            claim.body,
            Body::Opened { .. } | Body::Enrolled { .. } | Body::Revoked { .. } | Body::Suspended { .. }
        );
        if !lasts && !self.charter.serves(&claim.node) {
            return Err(Ignored::UnknownNode);
        }
        self.lines.forget();
        node.take(&self.charter, entry, bodies)
    }

    /// Would this statement of a console of `node` be accepted now? What a node asks before it journals one. Beyond the
    /// rules of the fold, an answer needs a call on the line: others may hang up while it travels, but nobody answers
    /// what was never there. `now_ms`: the time that the entry would have.
    ///
    /// # Errors
    /// The reason to tell the console.
    pub fn judge(
        &self,
        node: &NodeId,
        statement: &UnverifiedStatement,
        now_ms: u64,
    ) -> Result<VerifiedStatement, Ignored> {
        let own = self.nodes.get(node).ok_or(Ignored::UnknownNode)?;
        let Allowed { statement, .. } = own.open(&self.charter, statement, now_ms)?;
        let now = self.line(&statement.line);
        Judge { charter: &self.charter, people: self.people(), own, statement: &statement, now }.judge(now_ms)?;
        Ok(statement)
    }

    fn people(&self) -> People<'_> {
        People::new(&self.nodes, &self.known)
    }

    fn on<'a, 'l>(&'a self, line: &'l LineId) -> LineView<'a, 'l> {
        LineView::new(&self.charter, self.people(), line)
    }

    fn written(&self) -> AllWritings<'_> {
        AllWritings::new(self.people())
    }

    /// Positions of the entries that matter now, per node: folded in order, they give the same [`State::line`] for
    /// every line, the same leads and the same sounding rings as the whole history does. They are: where everyone who
    /// is in came in and rang, the handshakes of current groups with the stays of those who made them, responses to
    /// live rings, the last staffing, who has the duty, consultations that wait and what was answered, and the
    /// certificates of all these devices and of the newest ones that may speak next (see also [`State::depends_on`]).
    pub fn relevant_entries(&self) -> BTreeMap<NodeId, BTreeSet<u64>> {
        self.relevant_with(WRITINGS_SHOWN)
    }

    /// The same with so many of the newest writings of each node and line, as far as they are remembered.
    pub fn relevant_with(&self, writings: usize) -> BTreeMap<NodeId, BTreeSet<u64>> {
        Relevant::new(&self.charter, self.people()).entries(writings, |line| self.rings(line))
    }

    /// Position of the `Enrolled` entry that a reader must have before it can fold the one of this node that says this,
    /// and counts. A node sends that entry to a console first, if it has not sent it before.
    pub fn depends_on(&self, node: &NodeId, said: &UnverifiedStatement) -> Option<(NodeId, u64)> {
        Relevant::new(&self.charter, self.people()).depends_on(node, said)
    }

    /// A device that is enrolled at any node of its party, and not revoked.
    pub fn device(&self, device: &DeviceId) -> Option<&Device> {
        self.people().device(device)
    }

    /// A device that was ever enrolled, revoked or not: for showing who said something in the past.
    pub fn known_device(&self, device: &DeviceId) -> Option<&Device> {
        self.people().known_device(device)
    }

    /// When the device was first enrolled, by the clock of a node of its party, milliseconds since 1970 UTC.
    pub fn enrolled_ms(&self, device: &DeviceId) -> Option<u64> {
        self.people().enrolled_ms(device)
    }

    /// The highest number that the device has used at any node: its next statement must be above.
    pub fn last_number(&self, device: &DeviceId) -> u64 {
        self.people().last_number(device)
    }

    /// Is it accepted no more: has the root of its party revoked it, or is it one of two devices of one voucher?
    pub fn is_revoked(&self, device: &DeviceId) -> bool {
        self.people().is_revoked(device)
    }

    /// Has the root of the party revoked the device, which need not be enrolled?
    pub fn has_revoked(&self, party: &PartyId, device: &DeviceId) -> bool {
        self.people().has_revoked(party, device)
    }

    /// The root of the party has revoked the device, as the reader has verified where it does not stand in these
    /// journals.
    pub fn know_revoked(&mut self, party: &PartyId, device: DeviceId) {
        self.lines.forget();
        self.known.insert((party.clone(), device));
    }

    /// Has a node of its party enrolled another device with the voucher of this one? Journals have no common order, so
    /// none of the two can be told to be the first: neither is accepted, and the security officer makes a new voucher.
    pub fn is_doubled(&self, device: &DeviceId) -> bool {
        self.people().is_doubled(device)
    }

    /// Revocations that stand in other journals and not in this node's, with room for them there: where each stands,
    /// and its position there.
    pub fn revocations_to_copy<'a>(
        &'a self,
        own: &'a NodeState,
    ) -> impl Iterator<Item = (&'a PartyId, &'a DeviceId, &'a NodeId, u64)> {
        self.people().revocations_to_copy(own)
    }

    /// A revocation of another party than the journal's that stands in another journal as well: a console needs it from
    /// one of them.
    pub fn is_copy(&self, entry: &Entry) -> bool {
        self.people().is_copy(entry)
    }

    /// Is a console of this office on watch, as its party's nodes say?
    pub fn is_staffed(&self, office: &OfficeId) -> bool {
        self.people().is_staffed(office)
    }

    /// The duty of an office, if anybody has taken it: of what several nodes of a party say, the latest by the reader's
    /// clock (`now_ms`, milliseconds since 1970 UTC): a node that writes of years to come takes it from nobody at
    /// another. Nobody who was revoked has it.
    pub fn duty(&self, party: &PartyId, office: &OfficeId, now_ms: u64) -> Option<OnDuty> {
        self.people().duty(party, office, now_ms)
    }

    /// The line now. Parties and lines that the charter does not have are not there.
    pub fn line(&self, line: &LineId) -> &LineState {
        self.lines.line(line, || self.on(line).now())
    }

    /// Everyone who is in on the line, by node and order. A device that has moved to another node of its party is in
    /// there only.
    pub fn in_on(&self, line: &LineId) -> &[Participant] {
        &self.line(line).participants
    }

    /// Rings on the line whose ringer is still in, by call id.
    pub fn rings(&self, line: &LineId) -> &[Ring] {
        &self.line(line).rings
    }

    /// What a party did with one ring, also after the ring has ended, while it is remembered.
    pub fn response(&self, line: &LineId, party: &PartyId, call: &CallId) -> RingResponse {
        self.on(line).response(party, call)
    }

    /// Rings that a party has missed and nobody of it has dismissed, in the order in which they rang.
    pub fn missed(&self, line: &LineId, party: &PartyId) -> Vec<Missed> {
        self.on(line).missed(party)
    }

    /// Has a person of the party answered the ring, or declined it without the promise to call back?
    pub fn is_settled(&self, line: &LineId, party: &PartyId, call: &CallId) -> bool {
        self.on(line).is_settled(party, call)
    }

    /// Has a party alerted people beyond its consoles to a ring that still sounds there? None: not (yet); otherwise
    /// whether it worked at any of its nodes.
    pub fn alerted(&self, line: &LineId, party: &PartyId, call: &CallId) -> Option<bool> {
        self.on(line).alerted(party, call)
    }

    /// Consoles on watch of a party for a line, as its nodes say: those that could answer.
    pub fn on_watch(&self, party: &PartyId, line: &LineId) -> u32 {
        self.on(line).on_watch(party)
    }

    /// Consoles of a party for a line that are connected to ring and cannot sound a ring, as its nodes say: whoever
    /// sits there sees it and hears nothing.
    pub fn soundless(&self, party: &PartyId, line: &LineId) -> u32 {
        self.on(line).soundless(party)
    }

    /// What a console that is in at a node has said; none: it is not in.
    pub fn said(&self, node: &NodeId, line: &LineId, device: &DeviceId) -> Option<Said> {
        self.on(line).said(node, device)
    }

    /// How far each party that is in on the line has prepared the call, as its consoles that are in have said.
    pub fn prepared(&self, line: &LineId) -> &BTreeMap<PartyId, Prepared> {
        &self.line(line).prepared
    }

    /// With whom a party's principal may come on now; empty: it may not yet. Two parties come on with each other once
    /// each is ready with the other. For the first time a principal waits for those that its own party has named and
    /// that are in, and for nobody else; once it is on, it comes on with others as they follow.
    pub fn may_come_on_with(&self, party: &PartyId, line: &LineId) -> BTreeSet<PartyId> {
        self.on(line).may_come_on_with(party, self.line(line))
    }

    /// Which parties want which party dropped from the call.
    pub fn drops(&self, line: &LineId) -> &BTreeMap<PartyId, BTreeSet<PartyId>> {
        &self.line(line).drops
    }

    /// Parties that are dropped from the call: more than half of the line's parties want it, and the charter lets them.
    pub fn dropped(&self, line: &LineId) -> BTreeSet<PartyId> {
        self.on(line).dropped(self.drops(line))
    }

    /// Seats that a party has in each group of a line: an equal share of what a group holds.
    pub fn share(&self, line: &LineId) -> usize {
        self.on(line).share()
    }

    /// The console that moves the node's group on the line: the earliest by its node's order that the group holds, or,
    /// without a group, the earliest that is in.
    pub fn lead(&self, node: &NodeId, line: &LineId) -> Option<DeviceId> {
        self.on(line).lead(node, self.in_on(line))
    }

    /// Forged frames that nodes have told of on a line, by the node that says so; of each device what a node said last.
    pub fn forgeries(&self, line: &LineId) -> impl Iterator<Item = (&NodeId, &Forgery)> {
        self.on(line).forgeries()
    }

    /// Is a ring on a line over for a party that is none of these?
    pub fn is_over_for_another(&self, line: &LineId, call: &CallId, but: impl Fn(&PartyId) -> bool) -> bool {
        self.on(line).is_over_for_another(call, but)
    }

    /// Rings that sound now at a party on one line, by call id.
    pub fn sounding_on(&self, party: &PartyId, line: &LineId) -> Vec<Ring> {
        self.on(line).sounding(party, self.line(line))
    }

    /// The offices of a party at which a ring sounds, in the line's order.
    pub fn rung_offices<'a>(
        &'a self,
        party: &'a PartyId,
        line: &'a LineId,
        call: &'a CallId,
    ) -> impl Iterator<Item = &'a Office> {
        self.on(line).rung_offices(party, call)
    }

    /// Rings that sound now at consoles of this office, by line in the board's order, then call id: the ringer, of
    /// another party, is still in; nobody who acts for this party is in on the line; no node of this party says that
    /// the ring ended for it; and it has come to this office, by the charter's order and what the party's nodes say.
    pub fn sounding(&self, party: &PartyId, office: &OfficeId) -> Vec<Ring> {
        if self.charter.office(office).is_none_or(|office| office.party != *party) {
            return Vec::new();
        }
        let lines = self.charter.lines_of_office(office);
        let rings = lines.flat_map(|line| self.sounding_on(party, &line.id));
        rings.filter(|ring| self.rung_offices(party, &ring.line, &ring.call).any(|rung| rung.id == *office)).collect()
    }

    /// Consultations that wait, by their time: not withdrawn, not begun, not over, not of years to come, by nobody who
    /// was revoked since. `now_ms`: the reader's clock, milliseconds since 1970 UTC.
    pub fn consultations(&self, now_ms: u64) -> Vec<Consultation> {
        Asked::new(&self.charter, self.people()).waiting(now_ms)
    }

    /// Writings of a line that are remembered, in the one order in which everybody shows them: by the time that the
    /// writer's console gave them, then by node and position.
    pub fn writings(&self, line: &LineId) -> Vec<(Hash, &NodeId, &Writing)> {
        self.written().on(line)
    }

    /// The most writings of this line that one node's journal has here.
    pub fn writings_of_one(&self, line: &LineId) -> usize {
        self.written().of_one(line)
    }

    /// One writing of a line.
    pub fn writing(&self, line: &LineId, id: &Hash) -> Option<(&NodeId, &Writing)> {
        self.written().one(line, id)
    }

    /// What the nodes and their consoles have said about a writing, as far as it counts: on its line, of what it is, by
    /// whom it is to be said. A journal alone cannot tell that, and a node may write down what no other takes. Of a
    /// writing that is not known here only the nodes' own words count.
    pub fn receipts(&self, id: &Hash) -> impl Iterator<Item = (&NodeId, Cow<'_, Receipts>)> {
        self.written().receipts(*id)
    }

    /// A circle of a node.
    pub fn circle(&self, node: &NodeId, circle: &GroupId) -> Option<&Circle> {
        self.written().circle(node, circle)
    }

    /// The key package of a device that is accepted; of several nodes of its party, the last one.
    pub fn stock(&self, device: &DeviceId) -> Option<&Stock> {
        self.written().stock(device)
    }

    /// Key packages of all devices that may read on a line; none: the device has given none yet. Of several nodes of a
    /// party, the last one.
    pub fn readers(&self, line: &LineId) -> BTreeMap<DeviceId, Option<&Stock>> {
        self.written().readers(&self.charter, line)
    }

    /// What all journals say, under this charter and [`super::FOLD_VERSION`].
    pub fn keep(&self) -> Vec<u8> {
        kept::keep(&self.nodes)
    }

    /// The state that [`State::keep`] has written under the same charter and the same version of the fold.
    pub fn kept(charter: Arc<VerifiedCharter>, bytes: &[u8]) -> Option<Self> {
        let nodes = kept::kept(&charter, bytes)?;
        Some(Self { lines: LinesNow::new(&charter), charter, nodes, known: BTreeSet::new() })
    }
}
