//! Which entries a console that comes on watch needs: a small part of the journals that folds to the same lines.

use super::consultation::Asked;
use super::line::Ring;
use super::node::NodeState;
use super::people::People;
use super::writings::AllWritings;
use crate::stated::UnverifiedStatement;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{CallId, DeviceId, Hash, LineId, NodeId, VerifiedCharter};

/// All journals, asked what of them a console needs.
#[derive(Clone, Copy)]
pub(super) struct Relevant<'a> {
    charter: &'a VerifiedCharter,
    people: People<'a>,
}

impl<'a> Relevant<'a> {
    pub(super) fn new(charter: &'a VerifiedCharter, people: People<'a>) -> Self {
        Self { charter, people }
    }

    /// Positions of the entries that matter now, per node, with so many of the newest writings of each node and line.
    pub(super) fn entries<'r>(
        self,
        writings: usize,
        rings: impl Fn(&LineId) -> &'r [Ring],
    ) -> BTreeMap<NodeId, BTreeSet<u64>> {
        let asked = Asked::new(self.charter, self.people);
        let mut live: BTreeMap<LineId, BTreeSet<CallId>> = BTreeMap::new();
        for line in &self.charter.lines {
            let missed = self.people.nodes().values().flat_map(|node| node.missed.calls(&line.id));
            let calls = rings(&line.id).iter().map(|ring| ring.call).chain(asked.calls_on(&line.id)).chain(missed);
            live.insert(line.id.clone(), calls.collect());
        }
        let writings = AllWritings::new(self.people).shown(writings);
        self.people.nodes().iter().map(|(id, node)| (id.clone(), self.of(node, &live, &writings))).collect()
    }

    fn of(
        self,
        node: &NodeState,
        live: &BTreeMap<LineId, BTreeSet<CallId>>,
        writings: &BTreeSet<Hash>,
    ) -> BTreeSet<u64> {
        let mut seqs = node.relevant(live, writings);
        Asked::new(self.charter, self.people).relevant(node, &mut seqs);
        seqs.extend(self.people.stays(node));
        seqs.extend(self.people.doubled(node));
        // Never to be missed by a console that has the certificate from elsewhere.
        seqs.extend(self.people.relevant_barred(node));
        node.course.relevant(&mut seqs);
        seqs
    }

    /// See [`super::State::depends_on`].
    pub(super) fn depends_on(self, node: &NodeId, said: &UnverifiedStatement) -> Option<(NodeId, u64)> {
        let known = self.people.nodes().get(node)?.enrolled.get(&said.claim().device)?;
        Some((node.clone(), known.seq))
    }
}

impl NodeState {
    fn relevant(&self, live: &BTreeMap<LineId, BTreeSet<CallId>>, writings: &BTreeSet<Hash>) -> BTreeSet<u64> {
        let mut seqs = BTreeSet::new();
        self.on_watch.relevant(&mut seqs);
        self.duties.relevant(&mut seqs);
        self.tests.relevant(&mut seqs);
        self.lines.relevant(live, &mut seqs);
        self.missed.relevant(&mut seqs);
        // Everyone who is accepted, the newest first, up to the bound; and whoever else the entries above need.
        seqs.extend(self.enrolled.newest(|id| !self.has_barred(id)));
        let mut speakers = self.speakers(live);
        let accepted = |id: &DeviceId| self.enrolled.has(id) && !self.has_barred(id);
        self.writings.relevant(writings, accepted, &mut seqs, &mut speakers);
        for device in speakers {
            seqs.extend(self.enrolled.get(&device).map(|known| known.seq));
        }
        seqs
    }

    /// Devices whose statements are among the relevant entries.
    fn speakers(&self, live: &BTreeMap<LineId, BTreeSet<CallId>>) -> BTreeSet<DeviceId> {
        let mut devices = BTreeSet::new();
        devices.extend(self.duties.speakers());
        devices.extend(self.tests.speakers());
        devices.extend(self.missed.speakers());
        self.lines.speakers(live, &mut devices);
        devices
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::LineView;
    use super::super::scene::{CHARTER, Console, Journals, answer, at, call, duty, message, node, own, ring};
    use super::*;
    use crate::statement::Act;

    fn needs(journals: &Journals, of: &str, writings: usize) -> Vec<u64> {
        let people = journals.people();
        let lines = CHARTER.lines.iter().map(|line| (&line.id, LineView::new(&CHARTER, people, &line.id).now()));
        let lines: BTreeMap<_, _> = lines.collect();
        let all = Relevant::new(&CHARTER, people).entries(writings, |line| &lines[line].rings);
        all.get(&node(of)).into_iter().flatten().copied().collect()
    }

    #[test]
    fn a_console_needs_who_is_in_and_what_was_said_to_what_rings() {
        let (mut journals, usa, japan) = (Journals::new(), Console::new("usa-duty", 1), Console::new("jpn-duty", 1));
        journals.enrol(&usa, 1);
        journals.enrol(&japan, 2);
        journals.says(&usa, &duty(), ring(1), 5);
        let party = japan.device.party.clone();
        let lines = &mut journals.node_of(&japan).lines;
        assert!(lines.receive(own(&party), &duty(), call(1), 6).is_ok());
        assert!(lines.sound(own(&party), &duty(), call(1), 1, 7).is_ok());
        assert!(lines.sound(own(&party), &duty(), call(1), 2, 8).is_ok());
        assert_eq!(needs(&journals, "usa-1", 0), [1, 5]);
        assert_eq!(needs(&journals, "jpn-1", 0), [2, 6, 8], "what it said last of the consoles that sound");
        journals.says(&japan, &duty(), answer(1), 9);
        assert_eq!(needs(&journals, "jpn-1", 0), [2, 6, 8, 9]);
        assert!(journals.node_of(&usa).depart(&usa.id(), &duty(), 10));
        assert_eq!(needs(&journals, "usa-1", 0), [1, 5, 10], "where its own ring ended for its node");
    }

    #[test]
    fn writings_are_needed_as_many_as_are_shown() {
        let (mut journals, usa) = (Journals::new(), Console::new("usa-duty", 1));
        journals.enrol(&usa, 1);
        for (seq, text) in (3..).zip(0..3) {
            journals.node_of(&usa).writings.take(&usa.says(seq, &duty(), message(text, 1)), at(seq));
        }
        assert_eq!(needs(&journals, "usa-1", 2), [1, 4, 5]);
    }

    #[test]
    fn what_a_console_said_depends_on_its_enrolment() {
        let (mut journals, usa) = (Journals::new(), Console::new("usa-duty", 1));
        let statement = usa.says(2, &duty(), Act::Leave { cause: None });
        let signed = super::super::scene::THREE.device("usa-duty", 1).0;
        let said = UnverifiedStatement::decode(&statement.sign(&signed).0).unwrap();
        let depends =
            |journals: &Journals| Relevant::new(&CHARTER, journals.people()).depends_on(&node("usa-1"), &said);
        assert_eq!(depends(&journals), None);
        journals.enrol(&usa, 1);
        assert_eq!(depends(&journals), Some((node("usa-1"), 1)));
    }
}
