//! What all nodes together say about writings.

use super::NodeState;
use super::people::People;
use super::written::{Circle, Receipts, Stock, Writing};
use crate::statement::GroupId;
use crate::writing::Kind;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, Hash, LineId, NodeId, VerifiedCharter};

/// Writings, asked of all journals.
#[derive(Clone, Copy)]
pub(super) struct AllWritings<'a> {
    people: People<'a>,
}

impl<'a> AllWritings<'a> {
    pub(super) fn new(people: People<'a>) -> Self {
        Self { people }
    }

    /// Writings of a line that are remembered, in the one order in which everybody shows them: by the time that the
    /// writer's console gave them, then by node and position.
    pub(super) fn on(self, line: &LineId) -> Vec<(Hash, &'a NodeId, &'a Writing)> {
        let held = self.people.nodes().iter().filter_map(|(id, node)| Some((id, node.writings.on(line)?)));
        let mut all: Vec<(Hash, &NodeId, &Writing)> =
            held.flat_map(|(node, held)| held.iter().map(move |(id, writing)| (*id, node, writing))).collect();
        all.sort_by_key(|(_, node, writing)| (writing.written.at_ms, *node, writing.seq));
        all
    }

    /// The most writings of this line that one node's journal has here.
    pub(super) fn of_one(self, line: &LineId) -> usize {
        self.people.nodes().values().filter_map(|node| node.writings.on(line)).map(BTreeMap::len).max().unwrap_or(0)
    }

    /// One writing of a line.
    pub(super) fn one(self, line: &LineId, id: &Hash) -> Option<(&'a NodeId, &'a Writing)> {
        self.people.nodes().iter().find_map(|(node, state)| Some((node, state.writings.on(line)?.get(id)?)))
    }

    /// What the nodes and their consoles have said about a writing, as far as it counts: on its line, of what it is, by
    /// whom it is to be said. A journal alone cannot tell that, and a node may write down what no other takes. Of a
    /// writing that is not known here only the nodes' own words count.
    pub(super) fn receipts(self, id: Hash) -> impl Iterator<Item = (&'a NodeId, Cow<'a, Receipts>)> {
        let writing = self.anywhere(&id);
        self.people.nodes().iter().filter_map(move |(node, state)| {
            Some((node, self.counting(&id, writing, state, state.writings.said_of(&id)?)))
        })
    }

    /// A writing, whichever line it is on: that is part of what its id is the hash of.
    fn anywhere(self, id: &Hash) -> Option<(&'a LineId, &'a NodeState, &'a Writing)> {
        self.people
            .nodes()
            .values()
            .find_map(|node| node.writings.held().find_map(|(line, held)| Some((line, node, held.get(id)?))))
    }

    /// Of what a node's consoles have said about a writing that which counts.
    fn counting(
        self,
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
        let certifies = |by: &DeviceId| kind == Kind::Translation && !self.people.is_same_person(by, &writing.by);
        let reads_back = |by: &DeviceId, back: &Option<Hash>| {
            back.is_none_or(|back| self.one(line, &back).is_some_and(|(_, back)| is_read_back(back, by, id)))
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

    /// A circle of a node.
    pub(super) fn circle(self, node: &NodeId, circle: &GroupId) -> Option<&'a Circle> {
        self.people.nodes().get(node)?.writings.circle(circle)
    }

    /// Key packages of all devices that may read on a line; none: the device has given none yet. Of several nodes of a
    /// party, the last one.
    pub(super) fn readers(self, charter: &VerifiedCharter, line: &LineId) -> BTreeMap<DeviceId, Option<&'a Stock>> {
        let mut readers: BTreeMap<DeviceId, Option<&Stock>> = BTreeMap::new();
        if charter.is_test_line(line) {
            return readers;
        }
        for node in self.people.nodes().values() {
            for (id, known) in node.devices() {
                if !charter.is_on_line(&known.device.office, line) || !self.may_read(node, id) {
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

    fn may_read(self, node: &NodeState, device: &DeviceId) -> bool {
        !node.suspends(device) && !self.people.is_revoked(device)
    }

    /// The key package of one device; of several nodes of its party, the last one.
    pub(super) fn stock(self, device: &DeviceId) -> Option<&'a Stock> {
        let nodes =
            self.people.nodes().values().filter(|node| node.enrolled.has(device) && self.may_read(node, device));
        nodes.filter_map(|node| node.writings.stock(device)).max_by_key(|stock| stock.number)
    }

    /// The newest writings of each line and node, and what they are about.
    pub(super) fn shown(self, most: usize) -> BTreeSet<Hash> {
        let mut shown = BTreeSet::new();
        for (_, held) in self.people.nodes().values().flat_map(|node| node.writings.held()) {
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
pub(super) fn is_read_back(writing: &Writing, by: &DeviceId, message: &Hash) -> bool {
    writing.written.kind == Kind::ReadBack && writing.by == *by && writing.written.about == Some(*message)
}

#[cfg(test)]
mod tests {
    use super::super::scene::{CHARTER, Console, Journals, at, bytes, duty, message};
    use super::*;
    use crate::statement::Act;

    #[test]
    fn a_message_is_acknowledged_by_another_party_alone() {
        let (mut journals, usa, japan) = (Journals::new(), Console::new("usa-duty", 1), Console::new("jpn-duty", 1));
        let said = usa.says(2, &duty(), message(1, 1));
        let id = Hash::of(&said.payload());
        let acknowledges = |by: &Console| by.says(3, &duty(), Act::AcknowledgeWriting { writing: id, read_back: None });
        let counts = |journals: &Journals| -> Vec<DeviceId> {
            let all = AllWritings::new(journals.people()).receipts(id);
            all.flat_map(|(_, said)| said.acknowledged.keys().copied().collect::<Vec<_>>()).collect()
        };
        journals.node_of(&japan).writings.take(&acknowledges(&japan), at(3));
        assert!(counts(&journals).is_empty(), "nobody knows what it is yet");
        journals.node_of(&usa).writings.take(&said, at(2));
        journals.node_of(&usa).writings.take(&acknowledges(&usa), at(3));
        assert_eq!(counts(&journals), [japan.id()]);
        let all = AllWritings::new(journals.people());
        assert_eq!(all.on(&duty()).len(), 1);
        assert_eq!((all.of_one(&duty()), all.shown(0).len(), all.shown(1).len()), (1, 0, 1));
    }

    #[test]
    fn whoever_is_accepted_reads_by_the_package_that_it_gave_last() {
        let (mut journals, usa, japan) = (Journals::new(), Console::new("usa-duty", 1), Console::new("jpn-duty", 1));
        journals.enrol(&usa, 1);
        journals.enrol(&japan, 1);
        journals.node_of(&usa).writings.take(&usa.says(2, &duty(), Act::Stock { package: bytes() }), at(2));
        let readers = |journals: &Journals| -> Vec<(DeviceId, Option<u64>)> {
            let all = AllWritings::new(journals.people()).readers(&CHARTER, &duty());
            all.into_iter().map(|(device, stock)| (device, stock.map(|stock| stock.number))).collect()
        };
        let mut wanted = vec![(usa.id(), Some(2)), (japan.id(), None)];
        wanted.sort_unstable();
        assert_eq!(readers(&journals), wanted);
        assert_eq!(journals.node_of(&japan).barred.suspend(&japan.device.party, &japan.id(), true, 2), Ok(()));
        assert_eq!(readers(&journals), [(usa.id(), Some(2))]);
    }
}
