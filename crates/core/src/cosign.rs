//! What this node holds of all journals, signed into its own; and what others have signed of them, compared with it.
//!
//! So every node signs under everybody's history: whoever later removes, alters or reorders entries, or shows another history to somebody else, has
//! the signatures of all the others against it.

use crate::append::After;
use crate::io::Output;
use crate::limits::{AHEAD_MAX, SEEN_SETTLE_US, SEEN_US, STRONG_US};
use crate::machine::Machine;
use crate::note::{Count, Note};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use trialogue_charter::NodeId;
use trialogue_journal::{Body, Entry, TreeHead, VerifiedEntry, heads};
use trialogue_record::{Held, Root};

/// A head that another node has signed, with the entry in which it did.
struct Claim {
    head: TreeHead,
    by: VerifiedEntry,
}

/// The trees of all journals, and what is still to be signed or compared.
#[derive(Default)]
pub(crate) struct Cosign {
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
    /// Nodes of which another history was signed for than the one held here, and who signed: each said once. A signer's false word of a node hides no other's true
    /// one.
    told: BTreeSet<(NodeId, NodeId)>,
}

/// Is it worth signing for? What nodes say by the clock is not: they would answer each other for ever.
fn matters(body: &Body) -> bool {
    !matches!(body, Body::Seen { .. } | Body::Tested { .. } | Body::Listed { .. })
}

impl Cosign {
    /// An entry was added to the journals that are held.
    pub(crate) fn push(&mut self, entry: &Entry) {
        self.trees.entry(entry.node.clone()).or_default().push(Root::of(entry));
    }

    /// Has another node signed for a history of this one that is not held here?
    pub(crate) fn disputes(&self, node: &NodeId) -> bool {
        self.told.iter().any(|(of, _)| of == node)
    }

    /// A journal whose tree is known up to here.
    pub(crate) fn go_on(&mut self, node: NodeId, tree: Held) {
        self.trees.insert(node, tree);
    }

    /// The trees of all journals.
    pub(crate) fn trees(&self) -> impl Iterator<Item = (&NodeId, &Held)> {
        self.trees.iter()
    }

    /// Journals of other nodes count no more.
    pub(crate) fn keep(&mut self, keeps: impl Fn(&NodeId) -> bool) {
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
        // What machines say by the clock is not worth a signature every ten minutes, and nothing stays without one for long that outlives Ed25519.
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
}

impl Machine {
    /// When the next is written.
    pub(crate) fn next_seen_us(&self) -> Option<u64> {
        self.cosign.due_us()
    }

    /// Signs for what is held, once something has come since it did last.
    pub(crate) fn write_seen(&mut self) {
        if self.cosign.due_us().is_none_or(|due| self.here.now.us < due) {
            return;
        }
        // The own journal up to its end: this entry comes after it, so nobody has this one without that.
        let (heads, now_us) = (self.cosign.heads(), self.here.now.us);
        let strong = self.cosign.is_strong(now_us);
        let signature = strong.then(|| heads::sign(&self.here.secret, &self.here.node, self.time_ms(), &heads));
        self.cosign.moved_us = None;
        self.cosign.signed_us = Some(now_us);
        if strong {
            (self.cosign.bare_us, self.cosign.strong_us) = (None, Some(now_us));
        }
        if self.append(Body::Seen { heads, signature }, Vec::new(), After::Nothing).is_err() {
            (self.cosign.moved_us, self.cosign.bare_us) = (Some(now_us), Some(now_us));
            if strong {
                self.cosign.strong_us = None;
            }
        }
    }

    /// A verified entry has been added to a journal that is held: it is counted, and what it says of others compared.
    pub(crate) fn hold(&mut self, entry: &VerifiedEntry) {
        let claim = entry.entry();
        self.cosign.push(claim);
        self.since_snapshot += 1;
        if matters(&claim.body) && self.cosign.moved_us.is_none() {
            self.cosign.moved_us = Some(self.here.now.us);
        }
        if !matches!(claim.body, Body::Seen { .. }) && self.cosign.bare_us.is_none() {
            self.cosign.bare_us = Some(self.here.now.us);
        }
        if let Body::Seen { heads, .. } = &claim.body
            && claim.node != self.here.node
        {
            for head in heads {
                self.compare(Claim { head: head.clone(), by: entry.clone() });
            }
        }
        for claim in self.cosign.reached(&claim.node) {
            self.compare(claim);
        }
    }

    /// The node has started: what the others signed last is compared once more, so that a dispute is not forgotten, and none missed that began
    /// before its journal was there.
    pub(crate) fn compare_again(&mut self) {
        let said = self.state.nodes().filter_map(|(node, said)| Some((node.clone(), said.seen()?.seq)));
        for (node, seq) in said.filter(|(node, _)| *node != self.here.node).collect::<Vec<_>>() {
            let held = self.ledger.entry(&node, seq).map(|entry| VerifiedEntry::open(&entry, &self.here.charter));
            let Some(Ok(by)) = held else { continue };
            let Body::Seen { heads, .. } = &by.entry().body else { continue };
            for head in heads {
                self.compare(Claim { head: head.clone(), by: by.clone() });
            }
        }
    }

    fn compare(&mut self, claim: Claim) {
        let node = &claim.head.node;
        if self.here.charter.node(node).is_none() {
            return;
        }
        let tree = self.cosign.trees.get_mut(node);
        if tree.as_ref().is_none_or(|tree| tree.size() < claim.head.size) {
            let waiting = self.cosign.ahead.entry((node.clone(), claim.by.entry().node.clone())).or_default();
            waiting.push_back(claim);
            if waiting.len() > AHEAD_MAX {
                waiting.pop_front();
            }
            return;
        }
        // Too long ago to say here; whoever verifies the record compares all.
        let Some(root) = tree.and_then(|tree| tree.root_at(claim.head.size)) else { return };
        if root.0 != claim.head.root {
            self.two_faces(&claim);
        }
    }

    /// Another node has signed a history of this journal that is not the one held here: its node has shown two, or the other lies. The signed
    /// word is kept; with the journals it proves one of the two.
    fn two_faces(&mut self, claim: &Claim) {
        self.count(Count::EntryForked);
        let (node, by) = (claim.head.node.clone(), claim.by.entry().node.clone());
        if !self.cosign.told.insert((node.clone(), by.clone())) {
            return;
        }
        self.out.changed.paths = true;
        let seq = claim.head.size;
        self.push_out(Output::Evidence { node: node.clone(), seq, entry: claim.by.bytes().to_vec() });
        self.log(Note::Disputed { node, seq, by });
    }
}
