//! Which entries a console that comes on watch needs: a small part of the journals that folds to the same lines.

use super::consultation::Asked;
use super::line::LineView;
use super::node::NodeState;
use super::people::People;
use super::writings::AllWritings;
use crate::entry::{Body, Entry};
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
    pub(super) fn entries(self, writings: usize) -> BTreeMap<NodeId, BTreeSet<u64>> {
        let asked = Asked::new(self.charter, self.people);
        let mut live: BTreeMap<LineId, BTreeSet<CallId>> = BTreeMap::new();
        for line in &self.charter.lines {
            let rings = LineView::new(self.charter, self.people, &line.id).rings();
            let calls = rings.into_iter().map(|ring| ring.call).chain(asked.calls_on(&line.id));
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

    /// Position of the `Enrolled` entry that a reader must have before it can fold this one, which counts. A node sends that entry to a console
    /// first, if it has not sent it before.
    pub(super) fn depends_on(self, claim: &Entry) -> Option<(NodeId, u64)> {
        let Body::Stated { statement } = &claim.body else { return None };
        let statement = UnverifiedStatement::decode(statement).ok()?;
        let known = self.people.nodes().get(&claim.node)?.enrolled.get(&statement.claim().device)?;
        Some((claim.node.clone(), known.seq))
    }
}

impl NodeState {
    fn relevant(&self, live: &BTreeMap<LineId, BTreeSet<CallId>>, writings: &BTreeSet<Hash>) -> BTreeSet<u64> {
        let mut seqs = BTreeSet::new();
        seqs.extend(self.on_watch.relevant());
        self.duties.relevant(&mut seqs);
        self.tests.relevant(&mut seqs);
        self.lines.relevant(live, &mut seqs);
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
        self.lines.speakers(live, &mut devices);
        devices
    }
}
