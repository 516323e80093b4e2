//! What the node has made of the journals, kept so that a start need not read them from their beginning: the state, where each journal stood, and the
//! edge of its tree, under the node's own signature. It stands for the entries up to those positions; entries after them are read as ever.
//! One of another program, another charter or another node, or that does not fit the entries on the disk, is not used.

use crate::io::Output;
use crate::machine::Machine;
use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};
use std::collections::VecDeque;
use trialogue_charter::{Hash, NodeId, ed25519_holds};
use trialogue_journal::UnverifiedEntry;
use trialogue_journal::fold::{RULES, State};
use trialogue_record::{Frontier, Held, Root};

/// What is signed begins with this.
const DOMAIN: &[u8] = b"trialogue snapshot 1\n";
const SIGNATURE: usize = 64;

#[derive(Encode, Decode)]
struct Snapshot {
    #[n(0)]
    rules: String,
    #[n(1)]
    node: NodeId,
    #[n(2)]
    charter: Hash,
    #[n(3)]
    marks: Vec<Mark>,
    #[n(4)]
    state: ByteVec,
}

/// Where one journal stood.
#[derive(Encode, Decode)]
struct Mark {
    #[n(0)]
    node: NodeId,
    #[n(1)]
    seq: u64,
    /// Hash of the last entry's payload.
    #[n(2)]
    head: Hash,
    /// With which of its node's keys that was signed.
    #[n(3)]
    key: u8,
    /// The tree as it was before the recent leaves: size and roots of its complete subtrees.
    #[n(4)]
    base: u64,
    #[n(5)]
    peaks: Vec<ByteArray<32>>,
}

/// Why a snapshot is not used; the journals are read from their beginning then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Another program has made it.
    #[error("it was made by another version of this program")]
    Rules,
    /// Under another charter.
    #[error("it was made under another charter")]
    Charter,
    /// Not signed by this node, or not one at all.
    #[error("it is damaged, or another node's")]
    Damaged,
    /// The entries that it stands for are not on the disk.
    #[error("the journal of {0} on the disk is not the one that it stands for")]
    Journal(NodeId),
}

/// A journal that a snapshot stands for, as far as it is read again.
struct Stood {
    tree: Held,
    recent: VecDeque<Hash>,
}

impl Machine {
    /// Goes on from a snapshot; nothing changes when it cannot be used.
    pub(crate) fn go_on_from(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        let (signature, bytes) = bytes.split_at_checked(SIGNATURE).ok_or(SnapshotError::Damaged)?;
        let key = self.here.secret.public().ed25519;
        if !ed25519_holds(&key, &[DOMAIN, bytes].concat(), signature) {
            return Err(SnapshotError::Damaged);
        }
        let snapshot: Snapshot = minicbor::decode(bytes).map_err(|_| SnapshotError::Damaged)?;
        if snapshot.rules != RULES {
            return Err(SnapshotError::Rules);
        }
        if snapshot.charter != self.here.charter.hash() {
            return Err(SnapshotError::Charter);
        }
        if snapshot.node != self.here.node
            || snapshot.marks.iter().any(|mark| self.here.charter.node(&mark.node).is_none())
        {
            return Err(SnapshotError::Damaged);
        }
        let state = State::kept(self.here.charter.clone(), &snapshot.state).ok_or(SnapshotError::Damaged)?;
        let mut journals = Vec::new();
        for mark in &snapshot.marks {
            let stood = self.stood(mark).ok_or_else(|| SnapshotError::Journal(mark.node.clone()))?;
            journals.push((mark, stood));
        }
        for (mark, Stood { tree, recent }) in journals {
            self.chain.go_on(mark.node.clone(), mark.seq, recent, mark.key);
            self.cosign.go_on(mark.node.clone(), tree);
            self.ledger.go_on(&mark.node, mark.seq);
        }
        self.state = state;
        Ok(())
    }

    /// Reads the last entries that a mark stands for, each by the hash that the next one has of it.
    fn stood(&self, mark: &Mark) -> Option<Stood> {
        let peaks = mark.peaks.iter().map(|peak| Root(**peak)).collect();
        let mut stood = Stood { tree: Held::go_on(Frontier::go_on(mark.base, peaks)?), recent: VecDeque::new() };
        for seq in mark.base + 1..=mark.seq {
            let entry = UnverifiedEntry::decode(&self.ledger.on_shelf(&mark.node, seq)?).ok()?;
            let claim = entry.claim();
            let follows = stood.recent.back().is_none_or(|last| *last == claim.previous);
            if claim.node != mark.node || claim.seq != seq || !follows {
                return None;
            }
            let payload = claim.payload();
            stood.recent.push_back(Hash::of(&payload));
            stood.tree.push(Root::leaf(&payload));
        }
        (stood.recent.back() == Some(&mark.head)).then_some(stood)
    }

    /// Gives out a snapshot, once enough has come since the last.
    pub(crate) fn keep_snapshot(&mut self) {
        let whole = self.pending.is_empty() && !self.failing;
        if self.since_snapshot < self.ledger.snapshot_entries() || !whole {
            return;
        }
        self.since_snapshot = 0;
        let marks = self.cosign.trees().filter(|(_, tree)| tree.size() > 0).map(|(node, tree)| Mark {
            node: node.clone(),
            seq: tree.size(),
            head: self.chain.head(node),
            key: self.chain.key(node),
            base: tree.base().size(),
            peaks: tree.base().peaks().iter().map(|peak| peak.0.into()).collect(),
        });
        let snapshot = Snapshot {
            rules: RULES.to_owned(),
            node: self.here.node.clone(),
            charter: self.here.charter.hash(),
            marks: marks.collect(),
            state: self.state.keep().into(),
        };
        // Writing to a vector cannot fail.
        let Ok(bytes) = minicbor::to_vec(&snapshot) else { return };
        let signature = self.here.secret.sign_ed25519(&[DOMAIN, &bytes].concat());
        self.push_out(Output::Snapshot { bytes: [signature.as_slice(), &bytes].concat() });
    }
}
