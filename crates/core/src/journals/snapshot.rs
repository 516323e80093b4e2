//! What the node has made of the journals, kept so that a start need not read them from their beginning: the state,
//! where each journal stood, and the edge of its tree, under the node's own signature. It stands for the entries up to
//! those positions; entries after them are read as ever. One of another program, another charter or another node, or
//! that does not fit the entries on the disk, is not used.

use super::Journals;
use crate::here::Here;
use crate::io::Output;
use crate::out::Out;
use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Decoder, Encode};
use std::collections::VecDeque;
use trialogue_charter::{Hash, NodeId, ed25519_holds};
use trialogue_journal::UnverifiedEntry;
use trialogue_journal::fold::{FOLD_VERSION, State};
use trialogue_record::{Frontier, Held, Root};

/// What is signed begins with this.
const DOMAIN: &[u8] = b"trialogue snapshot 1\n";
const SIGNATURE: usize = 64;

/// Like what it has of the fold, its form belongs to the version: what another version has written is not decoded.
#[derive(Encode, Decode)]
struct Snapshot {
    /// [`FOLD_VERSION`] of the program that made it. It stands first in every form: it is read before the rest is.
    #[n(0)]
    version: u32,
    #[n(1)]
    node: NodeId,
    #[n(2)]
    charter: Hash,
    #[n(3)]
    marks: Vec<Mark>,
    #[n(4)]
    state: ByteVec,
}

/// The version by which it was made; none: it has none where it stands, as before there were numbers.
fn version(snapshot: &[u8]) -> Option<u32> {
    let mut decoder = Decoder::new(snapshot);
    decoder.array().ok()?;
    decoder.u32().ok()
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
    /// A program with another version of the fold has made it.
    #[error("it was made by another version of this program")]
    Version,
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

impl Journals {
    /// Goes on from a snapshot; nothing changes when it cannot be used.
    pub(crate) fn go_on_from(&mut self, bytes: &[u8], here: &Here) -> Result<(), SnapshotError> {
        let (signature, bytes) = bytes.split_at_checked(SIGNATURE).ok_or(SnapshotError::Damaged)?;
        let key = here.secret.public().ed25519;
        if !ed25519_holds(&key, &[DOMAIN, bytes].concat(), signature) {
            return Err(SnapshotError::Damaged);
        }
        if version(bytes) != Some(FOLD_VERSION) {
            return Err(SnapshotError::Version);
        }
        let snapshot: Snapshot = minicbor::decode(bytes).map_err(|_| SnapshotError::Damaged)?;
        if snapshot.charter != here.charter.hash() {
            return Err(SnapshotError::Charter);
        }
        if snapshot.node != here.node || snapshot.marks.iter().any(|mark| here.charter.node(&mark.node).is_none()) {
            return Err(SnapshotError::Damaged);
        }
        let state = State::kept(here.charter.clone(), &snapshot.state).ok_or(SnapshotError::Damaged)?;
        let mut journals = Vec::new();
        for mark in &snapshot.marks {
            let stood = self.stood(mark).ok_or_else(|| SnapshotError::Journal(mark.node.clone()))?;
            journals.push((mark, stood));
        }
        for (mark, Stood { tree, recent }) in journals {
            self.chain.go_on(mark.node.clone(), mark.seq, recent, mark.key);
            self.seen.go_on(mark.node.clone(), tree);
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
            stood.recent.push_back(Hash::of(entry.payload()));
            stood.tree.push(Root::leaf(entry.payload()));
        }
        (stood.recent.back() == Some(&mark.head)).then_some(stood)
    }

    /// Gives out a snapshot, once enough has come since the last.
    pub(crate) fn keep_snapshot(&mut self, here: &Here, out: &mut Out) {
        let whole = self.pending.is_empty() && !self.failing;
        if self.since_snapshot < self.ledger.snapshot_entries() || !whole {
            return;
        }
        self.since_snapshot = 0;
        let marks = self.seen.trees().filter(|(_, tree)| tree.size() > 0).map(|(node, tree)| Mark {
            node: node.clone(),
            seq: tree.size(),
            head: self.chain.head(node),
            key: self.chain.key(node),
            base: tree.base().size(),
            peaks: tree.base().peaks().iter().map(|peak| peak.0.into()).collect(),
        });
        let snapshot = Snapshot {
            version: FOLD_VERSION,
            node: here.node.clone(),
            charter: here.charter.hash(),
            marks: marks.collect(),
            state: self.state.keep().into(),
        };
        // Writing to a vector cannot fail.
        let Ok(bytes) = minicbor::to_vec(&snapshot) else { return };
        let signature = here.secret.sign_ed25519(&[DOMAIN, &bytes].concat());
        out.push(Output::Snapshot { bytes: [signature.as_slice(), &bytes].concat() });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// As they are written by this version. Where this test fails, raise `FOLD_VERSION`
    /// (crates/journal/src/fold/version.rs): a program must not decode what another one has written otherwise.
    #[test]
    fn the_bytes_of_a_snapshot_are_those_of_the_version() {
        let mark = Mark {
            node: NodeId::new("usa-1").unwrap(),
            seq: 7,
            head: Hash([1; 48]),
            key: 2,
            base: 5,
            peaks: vec![[3; 32].into()],
        };
        let snapshot = Snapshot {
            version: 9,
            node: mark.node.clone(),
            charter: Hash([4; 48]),
            marks: vec![mark],
            state: vec![5, 6].into(),
        };
        let bytes = minicbor::to_vec(&snapshot).unwrap();
        let text = |byte: &str, times: usize| byte.repeat(times);
        let expected = [
            "8509657573612d315830",
            &text("04", 48),
            "8186657573612d31075830",
            &text("01", 48),
            "020581",
            "5820",
            &text("03", 32),
            "420506",
        ];
        assert_eq!(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), expected.concat());
        assert_eq!(version(&bytes), Some(9));
    }

    #[test]
    fn what_has_no_version_where_it_stands_has_none() {
        // As it was when a snapshot began with a text that named its program, and what is no snapshot.
        let before = minicbor::to_vec(("0.1.0-6c62272e07bb014262b821756295c58d", "usa-1")).unwrap();
        assert_eq!(version(&before), None);
        assert_eq!((version(&[]), version(&[0x85]), version(&[0x01])), (None, None, None));
    }
}
