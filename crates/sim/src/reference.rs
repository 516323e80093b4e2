//! A second reading of the journals, by the rules of spec/journal.md alone: simple, slow, and written without the fold.
//! At quiet moments both must say the same of who is in, what sounds, and which groups there are.

use crate::fixture::Fixture;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{CallId, DeviceId, LineId, NodeId, OfficeId, PartyId, Revocation, Role};
use trialogue_journal::{Act, Body, Entry, GroupId, Statement, UnverifiedEntry, UnverifiedStatement};

/// Somebody who is in: where, since which entry, with which ring, and held or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct In {
    /// Position of the entry by which it came in.
    pub order: u64,
    /// Its ring.
    pub ring: Option<CallId>,
    /// It is held.
    pub held: bool,
    /// Parties whose stations it has confirmed.
    pub confirmed: BTreeSet<PartyId>,
}

impl In {
    /// One that has just come in and has said nothing yet.
    fn by(order: u64, ring: Option<CallId>) -> Self {
        Self { order, ring, held: false, confirmed: BTreeSet::new() }
    }
}

/// A node's group on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// Its id.
    pub id: GroupId,
    /// Its epoch.
    pub epoch: u64,
    /// Its members, with the positions of the handshakes that added them.
    pub members: BTreeMap<DeviceId, u64>,
}

/// What one journal says.
#[derive(Default)]
struct Story {
    enrolled: BTreeSet<DeviceId>,
    revoked: BTreeSet<(PartyId, DeviceId)>,
    number: BTreeMap<DeviceId, u64>,
    /// Number of the last ring, answer or attach.
    came: BTreeMap<DeviceId, u64>,
    inside: BTreeMap<(LineId, DeviceId), In>,
    /// Rings that are known here, and whether they are over for the party: 0 no, 1 over, 2 somebody was in.
    rings: BTreeMap<(LineId, CallId), u8>,
    keys: BTreeMap<LineId, Keys>,
}

/// What all journals say together.
pub struct Reference<'f> {
    fixture: &'f Fixture,
    stories: BTreeMap<NodeId, Story>,
    /// An act that this reading does not know: it must be taught first.
    pub unknown: Option<String>,
}

impl<'f> Reference<'f> {
    /// Reads every entry that somebody holds, each journal in its order.
    ///
    /// `made`: did this device sign that statement? Nothing else of it counts.
    pub fn read<'e>(
        fixture: &'f Fixture,
        held: impl Iterator<Item = &'e Vec<u8>>,
        made: &dyn Fn(&DeviceId, &[u8]) -> bool,
    ) -> Self {
        let mut journals: BTreeMap<NodeId, BTreeMap<u64, Entry>> = BTreeMap::new();
        for entry in held.filter_map(|bytes| UnverifiedEntry::decode(bytes).ok()) {
            let entry = entry.claim().clone();
            journals.entry(entry.node.clone()).or_default().insert(entry.seq, entry);
        }
        let mut reference = Self { fixture, stories: BTreeMap::new(), unknown: None };
        for (node, journal) in journals {
            let mut story = Story::default();
            for (at, entry) in (1..).zip(journal.values()) {
                if entry.seq != at {
                    break;
                }
                reference.entry(&mut story, entry, made);
            }
            reference.stories.insert(node, story);
        }
        reference
    }

    fn office(&self, device: &DeviceId) -> Option<&'f OfficeId> {
        let all = self.fixture.parties.iter().flat_map(|party| &party.devices);
        all.into_iter().find(|keys| keys.id == *device).map(|keys| &keys.office)
    }

    fn party(&self, device: &DeviceId) -> Option<PartyId> {
        let office = self.office(device)?;
        self.fixture.charter.office(office).map(|office| office.party.clone())
    }

    fn role(&self, device: &DeviceId) -> Option<Role> {
        let office = self.office(device)?;
        self.fixture.charter.offices.iter().find(|o| o.id == *office).map(|o| o.role)
    }

    fn acts(&self, device: &DeviceId) -> bool {
        matches!(self.role(device), Some(Role::DutyOfficer | Role::Principal))
    }

    /// Of itself, and of others of its party as a duty officer. Nobody has two consoles.
    fn disposes(&self, device: &DeviceId, other: &DeviceId) -> bool {
        device == other || matches!(self.role(device), Some(Role::DutyOfficer))
    }

    /// Is this another party than the device's, with offices on the line?
    fn is_another(&self, device: &DeviceId, line: &LineId, party: &PartyId) -> bool {
        let charter = &self.fixture.charter;
        let there = charter.parties_on_line(line).any(|other| other.id == *party);
        there && self.party(device).as_ref() != Some(party)
    }

    fn is_staged(&self, line: &LineId) -> bool {
        self.fixture.charter.line(line).is_some_and(|line| line.staged)
    }

    fn on_line(&self, device: &DeviceId, line: &LineId) -> bool {
        let line = self.fixture.charter.lines.iter().find(|l| l.id == *line);
        line.zip(self.office(device)).is_some_and(|(line, office)| line.offices.contains(office))
    }

    fn entry(&mut self, story: &mut Story, entry: &Entry, made: &dyn Fn(&DeviceId, &[u8]) -> bool) {
        let seq = entry.seq;
        match &entry.body {
            // Every certificate in a world is its device's.
            Body::Enrolled { device, .. } => {
                let of = self.fixture.charter.party_of_node(&entry.node).map(|party| &party.id);
                if self.party(device).as_ref() != of {
                    return;
                }
                story.enrolled.insert(*device);
            }
            Body::Revoked { revocation } => {
                // Of what is no revocation nothing follows.
                if let Ok(Revocation { party, device }) = Revocation::open(&self.fixture.charter, revocation) {
                    story.revoked.insert((party.clone(), device));
                    let own = self.fixture.charter.party_of_node(&entry.node).is_some_and(|own| own.id == party);
                    story.out(|_, other| own && *other == device);
                }
            }
            Body::Suspended { device, on: true } => story.out(|_, other| other == device),
            Body::Suspended { .. } => {}
            Body::Restarted {} => story.out(|_, _| true),
            Body::Lost { device, line } => story.out(|l, d| l == line && d == device),
            Body::Received { call, line } => {
                let there = story.inside.keys().any(|(l, device)| l == line && self.acts(device));
                let ring = story.rings.entry((line.clone(), *call)).or_default();
                if there && *ring == 0 {
                    *ring = 2;
                }
            }
            Body::Expired { call, line } | Body::Refused { call, line, .. } => {
                let ring = story.rings.entry((line.clone(), *call)).or_default();
                if *ring == 0 {
                    *ring = 1;
                }
            }
            Body::Ringing { call, line, .. }
            | Body::Alerted { call, line, .. }
            | Body::Escalated { call, line, .. } => {
                story.rings.entry((line.clone(), *call)).or_default();
            }
            Body::Stated { statement } => {
                let Ok(decoded) = UnverifiedStatement::decode(statement) else { return };
                let said = decoded.claim();
                if said.node == entry.node && made(&said.device, statement) {
                    self.statement(story, said, seq);
                }
            }
            Body::Opened { .. } | Body::Staffed { .. } | Body::Soundless { .. } => {}
            Body::AtConsole { .. } | Body::Forged { .. } | Body::Missed { .. } => {}
            // What is measured, and what somebody holds of the journals, moves nobody.
            Body::Tested { .. } | Body::Seen { .. } | Body::Stored { .. } | Body::Listed { .. } => {}
            #[allow(unreachable_patterns, reason = "the next body must be taught here")]
            other => self.unknown = Some(format!("{other:?}")),
        }
    }

    fn statement(&mut self, story: &mut Story, said: &Statement, seq: u64) {
        let Statement { device, number, line, act, .. } = said;
        let revoked = self.party(device).is_some_and(|party| story.revoked.contains(&(party, *device)));
        let known = story.enrolled.contains(device) && !revoked;
        let fresh = story.number.get(device).is_none_or(|last| last < number);
        if !known || !fresh || !self.on_line(device, line) {
            return;
        }
        let here = (line.clone(), *device);
        let is_in = story.inside.contains_key(&here);
        let ring_of = |call: &CallId| (line.clone(), *call);
        match act {
            Act::Ring { call, .. } => {
                let acts = self.acts(device);
                match story.inside.get_mut(&here) {
                    Some(inside) if acts => inside.ring = Some(*call),
                    Some(_) => {}
                    None if !acts => return,
                    None => {
                        self.come(story, &here, In::by(seq, Some(*call)));
                        // The party that began it is not rung by others that go on ringing under its number.
                        story.rings.insert(ring_of(call), 2);
                    }
                }
                story.came.insert(*device, *number);
            }
            Act::Answer { call, .. } => {
                story.out(|l, d| *l == here.0 && *d == here.1);
                self.come(story, &here, In::by(seq, None));
                if self.acts(device) {
                    story.rings.insert(ring_of(call), 2);
                }
                story.came.insert(*device, *number);
            }
            Act::Attach { call, ring, word, .. } => {
                story.out(|l, d| *l == here.0 && *d == here.1);
                let ring = ring.map(|_| *call);
                let confirmed = word.confirmed.iter().cloned().collect();
                self.come(story, &here, In { held: word.held, confirmed, ..In::by(seq, ring) });
                story.came.insert(*device, *number);
            }
            Act::Decline { call, .. } => {
                let ring = story.rings.entry(ring_of(call)).or_default();
                if *ring == 2 || !self.acts(device) {
                    return;
                }
                *ring = 1;
            }
            Act::Acknowledge { call, .. } => {
                story.rings.entry(ring_of(call)).or_default();
            }
            Act::Leave { .. } if is_in => story.out(|l, d| *l == here.0 && *d == here.1),
            Act::Hold { device: other, .. } | Act::Remove { device: other }
                if !story.inside.contains_key(&(line.clone(), *other)) || !self.disposes(device, other) =>
            {
                return;
            }
            Act::Hold { device: other, on } => {
                if let Some(inside) = story.inside.get_mut(&(line.clone(), *other)) {
                    inside.held = *on;
                }
            }
            // Whoever wants to go leaves.
            Act::Remove { device: other } if other == device => return,
            Act::Remove { device: other } => story.out(|l, d| l == line && d == other),
            Act::Handshake { group, epoch, added, removed, .. } if is_in => {
                if !story.handshake(&here, seq, (*group, *epoch), added, removed) {
                    return;
                }
            }
            Act::Confirm { party } => match story.inside.get_mut(&here) {
                Some(inside) if self.acts(device) && self.is_another(device, line, party) => {
                    inside.confirmed.insert(party.clone());
                }
                _ => return,
            },
            Act::Ready { with } => {
                let others = with.iter().all(|party| self.is_another(device, line, party));
                let known = |inside: &In| with.iter().all(|party| inside.confirmed.contains(party));
                let confirmed = story.inside.get(&here).is_some_and(known);
                if !(others && confirmed && self.acts(device) && self.is_staged(line)) {
                    return;
                }
            }
            Act::ComeOn { with } => {
                let others = with.iter().all(|party| self.is_another(device, line, party));
                let principal = self.role(device) == Some(Role::Principal);
                if !(others && principal && is_in && self.is_staged(line)) {
                    return;
                }
            }
            Act::Dismiss { party, .. } if !self.acts(device) || !self.is_another(device, line, party) => return,
            Act::Dismiss { .. } => {}
            // What is written changes nothing of who is in.
            Act::Tags { .. } if is_in => {}
            // Nor what a console says of itself when its node asks.
            Act::Alive { .. } | Act::StationTested { .. } => {}
            Act::Stock { .. } | Act::Circle { .. } | Act::Write { .. } | Act::Shown { .. } => {}
            Act::AcknowledgeWriting { .. } | Act::CertifyWriting { .. } | Act::Approve { .. } => {}
            Act::Archive { .. } => {}
            Act::Leave { .. } | Act::Handshake { .. } | Act::Tags { .. } => return,
            other => self.unknown = Some(format!("{other:?}")),
        }
        story.number.insert(*device, *number);
    }

    fn come(&self, story: &mut Story, here: &(LineId, DeviceId), inside: In) {
        story.inside.insert(here.clone(), inside);
        if self.acts(&here.1) {
            let open = story.rings.iter_mut().filter(|((line, _), over)| *line == here.0 && **over == 0);
            open.for_each(|(_, over)| *over = 2);
        }
    }

    /// Everyone who is in on a line: node, device, and how.
    pub fn inside(&self, line: &LineId) -> Vec<(NodeId, DeviceId, In)> {
        let mut all = Vec::new();
        for (node, story) in &self.stories {
            for ((_, device), inside) in story.inside.iter().filter(|((l, _), _)| l == line) {
                let elsewhere = self.stories.iter().filter(|(other, _)| *other != node);
                let here = (story.came.get(device), node);
                let later = elsewhere.clone().any(|(at, other)| (other.came.get(device), at) > here);
                let party = self.party(device);
                let said = |story: &Story| party.clone().is_some_and(|of| story.revoked.contains(&(of, *device)));
                let revoked = self.stories.values().any(said);
                if !later && !revoked {
                    all.push((node.clone(), *device, inside.clone()));
                }
            }
        }
        all.sort_by(|a, b| (&a.0, a.2.order).cmp(&(&b.0, b.2.order)));
        all
    }

    /// Rings that sound at a party on a line.
    pub fn sounding(&self, party: usize, line: &LineId) -> BTreeSet<CallId> {
        let inside = self.inside(line);
        let own = |device: &DeviceId| self.fixture.parties[party].devices.iter().any(|keys| keys.id == *device);
        if inside.iter().any(|(_, device, _)| own(device) && self.acts(device)) {
            return BTreeSet::new();
        }
        let sites = || self.fixture.sites.iter().filter(|site| site.party == party);
        let over = |call: &CallId| {
            let of = sites().filter_map(|site| self.stories.get(&site.node));
            of.into_iter().any(|story| story.rings.get(&(line.clone(), *call)).is_some_and(|over| *over > 0))
        };
        let rings = inside.iter().filter(|(_, device, _)| !own(device)).filter_map(|(_, _, inside)| inside.ring);
        rings.filter(|call| !over(call)).collect()
    }

    /// A node's group on a line that somebody can use.
    pub fn keys(&self, node: &NodeId, line: &LineId) -> Option<&Keys> {
        self.stories.get(node)?.usable(line)
    }
}

impl Story {
    fn out(&mut self, who: impl Fn(&LineId, &DeviceId) -> bool) {
        self.inside.retain(|(line, device), _| !who(line, device));
        let lines: Vec<LineId> = self.keys.keys().cloned().collect();
        for line in lines {
            if self.usable(&line).is_none() {
                self.keys.remove(&line);
            }
        }
    }

    fn holds(&self, keys: &Keys, line: &LineId, device: &DeviceId) -> bool {
        let order = self.inside.get(&(line.clone(), *device)).map(|inside| inside.order);
        keys.members.get(device).zip(order).is_some_and(|(added, order)| *added > order)
    }

    fn usable(&self, line: &LineId) -> Option<&Keys> {
        let keys = self.keys.get(line)?;
        keys.members.keys().any(|device| self.holds(keys, line, device)).then_some(keys)
    }

    fn handshake(
        &mut self,
        here: &(LineId, DeviceId),
        seq: u64,
        (id, epoch): (GroupId, u64),
        added: &[DeviceId],
        removed: &[DeviceId],
    ) -> bool {
        let (line, device) = here;
        let new = match self.usable(line) {
            Some(keys) if keys.id == id => {
                if keys.epoch != epoch || !self.holds(keys, line, device) {
                    return false;
                }
                false
            }
            Some(_) => return false,
            None => true,
        };
        if new {
            let keys = Keys { id, epoch: 0, members: BTreeMap::from([(*device, seq)]) };
            self.keys.insert(line.clone(), keys);
        }
        let Some(keys) = self.keys.get_mut(line) else { return false };
        keys.members.retain(|member, _| !removed.contains(member));
        keys.members.extend(added.iter().map(|device| (*device, seq)));
        keys.epoch += u64::from(!new || !added.is_empty());
        true
    }
}
