//! What this node holds of all journals, signed into its own; and what others have signed of them, compared with it.
//!
//! So every node signs under everybody's history: whoever later removes, alters or reorders entries, or shows another
//! history to somebody else, has the signatures of all the others against it.

use super::own::After;
use super::{Journals, Pen};
use crate::here::Here;
use crate::io::Output;
use crate::limits::{AHEAD_MAX, SEEN_SETTLE_US, SEEN_US, STRONG_US};
use crate::note::{Count, Note};
use crate::out::Out;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use trialogue_charter::NodeId;
use trialogue_journal::{Body, TreeHead, VerifiedEntry, heads};
use trialogue_record::{Held, Root};

/// A head that another node has signed, with the entry in which it did.
struct Claim {
    head: TreeHead,
    by: VerifiedEntry,
}

/// The trees of all journals, and what is still to be signed or compared.
#[derive(Default)]
pub(super) struct Seen {
    trees: BTreeMap<NodeId, Held>,
    /// Of journals that are longer elsewhere than here, by journal and by who says so, the oldest first.
    ahead: BTreeMap<(NodeId, NodeId), VecDeque<Claim>>,
    /// Since when something waits that is worth signing for.
    moved_us: Option<u64>,
    signed_us: Option<u64>,
    /// Since when there is an entry, other than *seen*, that no ML-DSA-87 signature of this node covers.
    bare_us: Option<u64>,
    /// When it last signed with ML-DSA-87; none: not since it started.
    strong_us: Option<u64>,
    /// Nodes of which another history was signed for than the one held here, and who signed: each said once. A signer's
    /// false word of a node hides no other's true one.
    told: BTreeSet<(NodeId, NodeId)>,
}

/// Is it worth signing for? What nodes say by the clock is not: they would answer each other for ever.
fn matters(body: &Body) -> bool {
    !matches!(body, Body::Seen { .. } | Body::Tested { .. } | Body::Listed { .. })
}

impl Seen {
    /// An entry of the disk was added to the journals that are held.
    pub(super) fn push(&mut self, entry: &VerifiedEntry) {
        let tree = self.trees.entry(entry.entry().node.clone()).or_default();
        tree.push(Root::leaf(entry.payload()));
    }

    /// Has another node signed for a history of this one that is not held here?
    pub(super) fn disputes(&self, node: &NodeId) -> bool {
        self.told.iter().any(|(of, _)| of == node)
    }

    /// A journal whose tree is known up to here.
    pub(super) fn go_on(&mut self, node: NodeId, tree: Held) {
        self.trees.insert(node, tree);
    }

    /// The trees of all journals.
    pub(super) fn trees(&self) -> impl Iterator<Item = (&NodeId, &Held)> {
        self.trees.iter()
    }

    /// Journals of other nodes count no more.
    pub(super) fn keep(&mut self, keeps: impl Fn(&NodeId) -> bool) {
        self.trees.retain(|node, _| keeps(node));
        self.ahead.retain(|(node, by), _| keeps(node) && keeps(by));
    }

    /// What was signed of a journal and can be compared now.
    fn reached(&mut self, node: &NodeId) -> Vec<Claim> {
        let size = self.trees.get(node).map_or(0, Held::size);
        let mut reached = Vec::new();
        for (_, waiting) in self.ahead.iter_mut().filter(|((of, _), _)| of == node) {
            let (now, later) =
                std::mem::take(waiting).into_iter().partition::<Vec<_>, _>(|claim| claim.head.size <= size);
            *waiting = later.into();
            reached.extend(now);
        }
        self.ahead.retain(|_, waiting| !waiting.is_empty());
        reached
    }

    fn due_us(&self) -> Option<u64> {
        let after = |since: Option<u64>, last: Option<u64>, least: u64| {
            let settled = since? + SEEN_SETTLE_US;
            Some(last.map_or(settled, |last| settled.max(last + least)))
        };
        // What machines say by the clock is not worth a signature every ten minutes, and nothing stays without one for
        // long that outlives Ed25519.
        let often = after(self.moved_us, self.signed_us, SEEN_US);
        let strong = after(self.bare_us, self.strong_us, STRONG_US);
        often.into_iter().chain(strong).min()
    }

    /// Does the next one carry the signature that outlives Ed25519?
    fn is_strong(&self, now_us: u64) -> bool {
        self.strong_us.is_none_or(|last| now_us >= last + STRONG_US)
    }

    fn heads(&self) -> Vec<TreeHead> {
        let heads = self.trees.iter().filter(|(_, tree)| tree.size() > 0);
        heads.map(|(node, tree)| TreeHead { node: node.clone(), size: tree.size(), root: tree.root().0 }).collect()
    }

    /// What is to be signed now, and with a signature that outlives Ed25519 where one is due; from here on it counts as
    /// signed. `time_ms`: of the entry.
    fn sign(&mut self, here: &Here, time_ms: u64) -> Option<(Vec<TreeHead>, Option<Vec<u8>>)> {
        let now_us = here.now.us;
        self.due_us().filter(|due| now_us >= *due)?;
        // The own journal up to its end: this entry comes after it, so nobody has this one without that.
        let heads = self.heads();
        let strong = self.is_strong(now_us);
        let signature = strong.then(|| heads::sign(&here.secret, &here.node, time_ms, &heads));
        self.moved_us = None;
        self.signed_us = Some(now_us);
        if strong {
            (self.bare_us, self.strong_us) = (None, Some(now_us));
        }
        Some((heads, signature))
    }

    /// It could not be written.
    fn unsigned(&mut self, strong: bool, now_us: u64) {
        (self.moved_us, self.bare_us) = (Some(now_us), Some(now_us));
        if strong {
            self.strong_us = None;
        }
    }

    /// A verified entry has been added to a journal that is held: it is counted, and what it says of others compared.
    pub(super) fn hold(&mut self, entry: &VerifiedEntry, here: &Here, out: &mut Out) {
        let claim = entry.entry();
        self.push(entry);
        if matters(&claim.body) && self.moved_us.is_none() {
            self.moved_us = Some(here.now.us);
        }
        if !matches!(claim.body, Body::Seen { .. }) && self.bare_us.is_none() {
            self.bare_us = Some(here.now.us);
        }
        if claim.node != here.node {
            self.compare_all(entry, here, out);
        }
        for claim in self.reached(&claim.node) {
            self.compare(claim, here, out);
        }
    }

    /// Whatever an entry has signed of the journals.
    fn compare_all(&mut self, by: &VerifiedEntry, here: &Here, out: &mut Out) {
        let Body::Seen { heads, .. } = &by.entry().body else { return };
        for head in heads {
            self.compare(Claim { head: head.clone(), by: by.clone() }, here, out);
        }
    }

    fn compare(&mut self, claim: Claim, here: &Here, out: &mut Out) {
        let node = &claim.head.node;
        if here.charter.node(node).is_none() {
            return;
        }
        let tree = self.trees.get_mut(node);
        if tree.as_ref().is_none_or(|tree| tree.size() < claim.head.size) {
            let waiting = self.ahead.entry((node.clone(), claim.by.entry().node.clone())).or_default();
            waiting.push_back(claim);
            if waiting.len() > AHEAD_MAX {
                waiting.pop_front();
            }
            return;
        }
        // Too long ago to say here; whoever verifies the record compares all.
        let Some(root) = tree.and_then(|tree| tree.root_at(claim.head.size)) else { return };
        if root.0 != claim.head.root {
            self.two_faces(&claim, out);
        }
    }

    /// Another node has signed a history of this journal that is not the one held here: its node has shown two, or the
    /// other lies. The signed word is kept; with the journals it proves one of the two.
    fn two_faces(&mut self, claim: &Claim, out: &mut Out) {
        out.count(Count::EntryForked);
        let (node, by) = (claim.head.node.clone(), claim.by.entry().node.clone());
        if !self.told.insert((node.clone(), by.clone())) {
            return;
        }
        out.changed.paths = true;
        let seq = claim.head.size;
        out.push(Output::Evidence { node: node.clone(), seq, entry: claim.by.bytes().to_vec() });
        out.log(Note::Disputed { node, seq, by });
    }
}

impl Pen<'_> {
    /// Signs for what is held, once something has come since it did last.
    pub(crate) fn write_seen(&mut self) {
        let time_ms = self.journals.time_ms(self.here);
        let Some((heads, signature)) = self.journals.seen.sign(self.here, time_ms) else { return };
        let strong = signature.is_some();
        if self.append(Body::Seen { heads, signature }, Vec::new(), After::Nothing).is_err() {
            self.journals.seen.unsigned(strong, self.here.now.us);
        }
    }
}

impl Journals {
    /// When the next is written.
    pub(crate) fn next_seen_us(&self) -> Option<u64> {
        self.seen.due_us()
    }

    /// The node has started: what the others signed last is compared once more, so that a dispute is not forgotten, and
    /// none missed that began before its journal was there.
    pub(crate) fn compare_again(&mut self, here: &Here, out: &mut Out) {
        let said = self.state.nodes().filter_map(|(node, said)| Some((node.clone(), said.seen()?.seq)));
        for (node, seq) in said.filter(|(node, _)| *node != here.node).collect::<Vec<_>>() {
            let held = self.ledger.entry(&node, seq).map(|entry| VerifiedEntry::open(&entry, &here.charter));
            let Some(Ok(by)) = held else { continue };
            self.seen.compare_all(&by, here, out);
        }
    }
}
