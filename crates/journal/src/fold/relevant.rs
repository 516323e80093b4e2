//! Which entries a console that comes on watch needs: a small part of the journals that folds to the same lines.

use super::State;
use super::node::NodeState;
use crate::limits::WRITINGS_SHOWN;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{CallId, DeviceId, Hash, LineId, NodeId};

impl State {
    /// Positions of the entries that matter now, per node: folded in order, they give the same [`State::line`] for every line, the
    /// same leads and the same sounding rings as the whole history does. They are: where everyone who is in came in and rang, the
    /// handshakes of current groups with the stays of those who made them, responses to live rings, the last staffing, who has the duty, consultations that wait and what was answered, and the
    /// certificates of all these devices and of the newest ones that may speak next (see also [`State::depends_on`]).
    pub fn relevant_entries(&self) -> BTreeMap<NodeId, BTreeSet<u64>> {
        self.relevant_with(WRITINGS_SHOWN)
    }

    /// The same with so many of the newest writings of each node and line, as far as they are remembered.
    pub fn relevant_with(&self, writings: usize) -> BTreeMap<NodeId, BTreeSet<u64>> {
        let mut live: BTreeMap<LineId, BTreeSet<CallId>> = BTreeMap::new();
        for line in &self.charter.lines {
            let calls = self.rings(&line.id).into_iter().map(|ring| ring.call);
            live.insert(line.id.clone(), calls.chain(self.consultations_on(&line.id)).collect());
        }
        let writings = self.shown_writings(writings);
        self.nodes.iter().map(|(id, node)| (id.clone(), self.relevant_of(node, &live, &writings))).collect()
    }

    fn relevant_of(
        &self,
        node: &NodeState,
        live: &BTreeMap<LineId, BTreeSet<CallId>>,
        writings: &BTreeSet<Hash>,
    ) -> BTreeSet<u64> {
        let mut seqs = node.relevant(live, writings);
        self.relevant_consultations(node, &mut seqs);
        // A device that is in at another node of the party, or comes in there from now on, may have come in here with a higher number: then it is in nowhere
        // there, for all who know of this stay.
        let several = self.nodes.values().any(|other| other.party == node.party && other.id != node.id);
        for (device, known) in node.devices().iter().filter(|(_, known)| several && known.last_stay.is_some()) {
            if let Some(stay) = known.last_stay.as_ref().filter(|_| !self.is_revoked(device)) {
                seqs.extend([known.seq, stay.seq]);
                seqs.extend(stay.end);
            }
        }
        seqs.extend(self.doubled(node));
        // Never to be missed by a console that has the certificate from elsewhere.
        seqs.extend(self.relevant_barred(node));
        node.course.relevant(&mut seqs);
        seqs
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
