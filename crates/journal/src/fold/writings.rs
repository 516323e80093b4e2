//! What all nodes together say about writings.

use super::written::{Circle, Receipts, Stock, Writing};
use super::{Ignored, NodeState, State};
use crate::statement::{Act, GroupId, Statement};
use crate::writing::Kind;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, Hash, LineId, NodeId};

impl State {
    /// Writings of a line that are remembered, in the one order in which everybody shows them: by the time that the writer's console gave
    /// them, then by node and position.
    pub fn writings(&self, line: &LineId) -> Vec<(Hash, &NodeId, &Writing)> {
        let held = self.nodes.iter().filter_map(|(id, node)| Some((id, node.writings.on(line)?)));
        let mut all: Vec<(Hash, &NodeId, &Writing)> =
            held.flat_map(|(node, held)| held.iter().map(move |(id, writing)| (*id, node, writing))).collect();
        all.sort_by_key(|(_, node, writing)| (writing.written.at_ms, *node, writing.seq));
        all
    }

    /// The most writings of this line that one node's journal has here.
    pub fn writings_of_one(&self, line: &LineId) -> usize {
        self.nodes.values().filter_map(|node| node.writings.on(line)).map(BTreeMap::len).max().unwrap_or(0)
    }

    /// One writing of a line.
    pub fn writing(&self, line: &LineId, id: &Hash) -> Option<(&NodeId, &Writing)> {
        self.nodes.iter().find_map(|(node, state)| Some((node, state.writings.on(line)?.get(id)?)))
    }

    /// What the nodes and their consoles have said about a writing, as far as it counts: on its line, of what it is, by
    /// whom it is to be said. A journal alone cannot tell that, and a node may write down what no other takes. Of a
    /// writing that is not known here only the nodes' own words count.
    pub fn receipts(&self, id: &Hash) -> impl Iterator<Item = (&NodeId, Cow<'_, Receipts>)> {
        let id = *id;
        let writing = self.anywhere(&id);
        self.nodes.iter().filter_map(move |(node, state)| {
            Some((node, self.counting(&id, writing, state, state.writings.said_of(&id)?)))
        })
    }

    /// A writing, whichever line it is on: that is part of what its id is the hash of.
    fn anywhere(&self, id: &Hash) -> Option<(&LineId, &NodeState, &Writing)> {
        self.nodes
            .values()
            .find_map(|node| node.writings.held().find_map(|(line, held)| Some((line, node, held.get(id)?))))
    }

    /// Of what a node's consoles have said about a writing that which counts.
    fn counting<'a>(
        &self,
        id: &Hash,
        writing: Option<(&LineId, &NodeState, &Writing)>,
        node: &NodeState,
        said: &'a Receipts,
    ) -> Cow<'a, Receipts> {
        let Some((line, from, writing)) = writing.filter(|(line, _, _)| said.line.as_ref() == Some(line)) else {
            return if said.line.is_none() { Cow::Borrowed(said) } else { Cow::Owned(said.of_node()) };
        };
        let kind = writing.written.kind;
        let acknowledges = kind == Kind::Message && from.party != node.party;
        let certifies = |by: &DeviceId| kind == Kind::Translation && !self.is_same_person(by, &writing.by);
        let reads_back = |by: &DeviceId, back: &Option<Hash>| {
            back.is_none_or(|back| self.writing(line, &back).is_some_and(|(_, back)| is_read_back(back, by, id)))
        };
        let fits = (acknowledges || said.acknowledged.is_empty())
            && said.acknowledged.iter().all(|(by, (_, back))| reads_back(by, back))
            && said.certified.keys().all(certifies)
            && (kind == Kind::Readout || said.approved.is_empty());
        if fits {
            return Cow::Borrowed(said);
        }
        let mut counts = said.clone();
        counts.acknowledged.retain(|_, _| acknowledges);
        for (by, (_, back)) in &mut counts.acknowledged {
            // It is acknowledged; with which words is not known here, or they are another's.
            back.take_if(|back| !reads_back(by, &Some(*back)));
        }
        counts.certified.retain(|by, _| certifies(by));
        counts.approved.retain(|_, _| kind == Kind::Readout);
        Cow::Owned(counts)
    }

    /// Two devices of one person in one office.
    fn is_same_person(&self, one: &DeviceId, other: &DeviceId) -> bool {
        let person = |id: &DeviceId| self.known_device(id).map(|device| (&device.office, &device.person));
        person(one) == person(other)
    }

    /// A circle of a node.
    pub fn circle(&self, node: &NodeId, circle: &GroupId) -> Option<&Circle> {
        self.nodes.get(node)?.writings.circle(circle)
    }

    /// Key packages of all devices that may read on a line; none: the device has given none yet. Of several nodes of a party, the last one.
    pub fn readers(&self, line: &LineId) -> BTreeMap<DeviceId, Option<&Stock>> {
        let mut readers: BTreeMap<DeviceId, Option<&Stock>> = BTreeMap::new();
        for node in self.nodes.values() {
            for (id, known) in node.devices() {
                let office = &known.device.office;
                let reads = self.charter.is_on_line(office, line) && !self.charter.is_test_line(line);
                if !reads || self.is_revoked(id) || node.suspends(id) {
                    continue;
                }
                let stock = node.writings.stock(id);
                let held = readers.entry(*id).or_default();
                if stock.map(|stock| stock.number) > held.map(|stock| stock.number) {
                    *held = stock;
                }
            }
        }
        readers
    }

    /// What only all journals together can say to a word about a writing: it is there, of the kind that is meant, and another's.
    pub(super) fn judge_writing(&self, own: &NodeState, statement: &Statement) -> Result<(), Ignored> {
        let find = |id: &Hash| self.writing(&statement.line, id).ok_or(Ignored::NotNow);
        let of_kind = |id: &Hash, kind: Kind| match find(id)? {
            (node, writing) if writing.written.kind == kind => Ok((node, writing)),
            _ => Err(Ignored::NotNow),
        };
        let is_there = |digest: &Hash| {
            self.nodes.values().any(|node| node.writings.has(&statement.line, &statement.device, digest))
        };
        match &statement.act {
            // At another node of the party already: it had not said so yet when its console went on here.
            Act::Write { written } if is_there(&written.digest) => Err(Ignored::Replayed),
            Act::Write { written } => match (&written.about, written.kind) {
                (Some(about), Kind::Readout) => of_kind(about, Kind::Readout).map(drop),
                (Some(about), _) => of_kind(about, Kind::Message).map(drop),
                (None, _) => Ok(()),
            },
            Act::Shown { writings } => writings.iter().try_for_each(|id| find(id).map(drop)),
            Act::AcknowledgeWriting { writing, read_back } => {
                let (node, _) = of_kind(writing, Kind::Message)?;
                if self.nodes.get(node).is_some_and(|node| node.party == own.party) {
                    return Err(Ignored::NotOwn);
                }
                let Some(read_back) = read_back else { return Ok(()) };
                let (_, back) = find(read_back)?;
                if is_read_back(back, &statement.device, writing) { Ok(()) } else { Err(Ignored::NotNow) }
            }
            Act::CertifyWriting { writing } => {
                let (_, translation) = of_kind(writing, Kind::Translation)?;
                let own = self.is_same_person(&translation.by, &statement.device);
                if own { Err(Ignored::NotOwn) } else { Ok(()) }
            }
            Act::Approve { writing } => of_kind(writing, Kind::Readout).map(drop),
            _ => Ok(()),
        }
    }

    /// The newest writings of each line and node, and what they are about.
    pub(super) fn shown_writings(&self, most: usize) -> BTreeSet<Hash> {
        let mut shown = BTreeSet::new();
        for (_, held) in self.nodes.values().flat_map(|node| node.writings.held()) {
            let mut newest: Vec<(u64, &Hash, &Writing)> = held.iter().map(|(id, w)| (w.seq, id, w)).collect();
            newest.sort_unstable_by_key(|writing| std::cmp::Reverse(writing.0));
            for (_, id, writing) in newest.into_iter().take(most) {
                shown.insert(*id);
                shown.extend(writing.written.about);
            }
        }
        shown
    }
}

/// With it, that device reads that message back.
fn is_read_back(writing: &Writing, by: &DeviceId, message: &Hash) -> bool {
    writing.written.kind == Kind::ReadBack && writing.by == *by && writing.written.about == Some(*message)
}
