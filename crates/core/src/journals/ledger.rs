//! The journals that this node holds, as bytes, with the bodies beside them: the newest in memory, the others where the
//! shell keeps them.

use super::bodies::Bodies;
use crate::limits::{BUNDLE_MAX, ENTRIES_HELD, ENTRIES_KEPT, OWN_RECENT, RECENT, SNAPSHOT_ENTRIES, TOLD_BODIES};
use minicbor::bytes::ByteVec;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use trialogue_charter::{Hash, NodeId};
use trialogue_journal::{Body, BodyRef, UnverifiedEntry};
use trialogue_wire::Bundle;
use trialogue_wire::link::Head;

/// Where entries and bodies are read back from: everything that [`crate::Output::Append`] and [`crate::Output::Keep`]
/// gave out and that is written by now. A read takes microseconds, seldom milliseconds: the machine waits for it. What
/// is damaged there is not there.
pub trait Shelf: Send {
    /// The signed entry at a position.
    fn entry(&self, node: &NodeId, seq: u64) -> Option<Vec<u8>>;
    /// A body, unless it has expired.
    fn body(&self, hash: &Hash) -> Option<ByteVec>;

    /// Is a body there?
    fn has(&self, hash: &Hash) -> bool {
        self.body(hash).is_some()
    }

    /// How many of the last entries are held in memory: more than can wait to be written.
    fn recent(&self) -> usize {
        RECENT
    }

    /// After how many entries a snapshot is taken.
    fn snapshot_entries(&self) -> u64 {
        SNAPSHOT_ENTRIES
    }
}

/// One entry that was verified before it came here.
pub(super) struct Held {
    /// Signed.
    pub(super) entry: Vec<u8>,
    /// Bodies that it refers to, held or not.
    pub(super) bodies: Vec<BodyRef>,
}

#[derive(Default)]
struct Journal {
    /// Entries that are on the shelf alone.
    base: u64,
    recent: VecDeque<Held>,
}

impl Journal {
    fn head(&self) -> u64 {
        self.base + self.recent.len() as u64
    }
}

/// All journals.
pub(super) struct Ledger {
    own: NodeId,
    journals: BTreeMap<NodeId, Journal>,
    /// Whose the entries of other nodes in memory are, in the order in which they came.
    order: VecDeque<NodeId>,
    shelf: Option<Box<dyn Shelf>>,
    /// Bodies of all of them.
    pub(super) bodies: Bodies,
}

impl Ledger {
    /// Journals of these nodes, empty. Without a shelf all is held in memory.
    pub(super) fn new(own: NodeId, nodes: impl Iterator<Item = NodeId>, shelf: Option<Box<dyn Shelf>>) -> Self {
        Self {
            own,
            journals: nodes.map(|node| (node, Journal::default())).collect(),
            order: VecDeque::new(),
            shelf,
            bodies: Bodies::default(),
        }
    }

    /// A journal is on the shelf up to here.
    pub(super) fn go_on(&mut self, node: &NodeId, seq: u64) {
        self.journals.insert(node.clone(), Journal { base: seq, recent: VecDeque::new() });
    }

    /// What was written can be read back.
    pub(super) fn has_shelf(&self) -> bool {
        self.shelf.is_some()
    }

    /// After so many entries a snapshot is due; never without a shelf.
    pub(super) fn snapshot_entries(&self) -> u64 {
        self.shelf.as_ref().map_or(u64::MAX, |shelf| shelf.snapshot_entries())
    }

    /// Journals of exactly these nodes from now on; those of others are forgotten here, not on the disk.
    pub(super) fn keep_nodes<'a>(&mut self, nodes: impl Iterator<Item = &'a NodeId>) {
        let mut before = std::mem::take(&mut self.journals);
        self.journals = nodes.map(|node| (node.clone(), before.remove(node).unwrap_or_default())).collect();
        self.order.retain(|node| self.journals.contains_key(node));
    }

    /// Position of the last entry held.
    pub(super) fn head(&self, node: &NodeId) -> u64 {
        self.journals.get(node).map_or(0, Journal::head)
    }

    /// How many entries are held of all journals.
    pub(super) fn length(&self) -> u64 {
        self.journals.values().map(Journal::head).sum()
    }

    /// No more of this journal is taken.
    pub(super) fn is_full(&self, node: &NodeId) -> bool {
        self.head(node) >= if self.has_shelf() { ENTRIES_KEPT } else { ENTRIES_HELD }
    }

    /// How far each journal is held.
    pub(super) fn heads(&self) -> Vec<Head> {
        self.journals.iter().map(|(node, held)| Head { node: node.clone(), seq: held.head() }).collect()
    }

    fn recent(&self, node: &NodeId, seq: u64) -> Option<&Held> {
        let journal = self.journals.get(node)?;
        let at = usize::try_from(seq.checked_sub(journal.base)?.checked_sub(1)?).ok()?;
        journal.recent.get(at)
    }

    /// The signed entry at a position, counted from 1.
    pub(super) fn entry(&self, node: &NodeId, seq: u64) -> Option<Cow<'_, [u8]>> {
        if let Some(held) = self.recent(node, seq) {
            return Some(Cow::Borrowed(&held.entry));
        }
        let base = self.journals.get(node)?.base;
        let shelf = self.shelf.as_ref().filter(|_| (1..=base).contains(&seq))?;
        shelf.entry(node, seq).map(Cow::Owned)
    }

    /// The signed entry at a position, from the shelf, held or not.
    pub(super) fn on_shelf(&self, node: &NodeId, seq: u64) -> Option<Vec<u8>> {
        self.shelf.as_ref()?.entry(node, seq)
    }

    /// Takes the next entry of a journal. The caller has verified that it is the next one.
    pub(super) fn push(&mut self, node: &NodeId, held: Held) {
        let Some(journal) = self.journals.get_mut(node) else { return };
        journal.recent.push_back(held);
        if let Some(shelf) = self.shelf.as_ref().filter(|_| *node != self.own) {
            self.order.push_back(node.clone());
            // More than can be on their way to the disk: what goes here is there.
            while self.order.len() > shelf.recent() {
                let Some(journal) = self.order.pop_front().and_then(|node| self.journals.get_mut(&node)) else {
                    continue;
                };
                journal.base += u64::from(journal.recent.pop_front().is_some());
            }
        }
    }

    /// Own entries up to here are on disk.
    pub(super) fn recorded(&mut self, seq: u64) {
        let (Some(journal), Some(shelf)) = (self.journals.get_mut(&self.own), &self.shelf) else { return };
        while journal.base < seq && journal.recent.len() > shelf.recent().min(OWN_RECENT) {
            journal.recent.pop_front();
            journal.base += 1;
        }
    }

    /// A body, from memory or the shelf.
    pub(super) fn body(&self, hash: &Hash) -> Option<ByteVec> {
        self.bodies.get(hash).cloned().or_else(|| self.shelf.as_ref()?.body(hash))
    }

    /// Is a body held, in memory or on the shelf? It is not read.
    pub(super) fn has_body(&self, hash: &Hash) -> bool {
        self.has_chunk(hash)
    }

    /// The same of a chunk.
    pub(super) fn has_chunk(&self, hash: &Hash) -> bool {
        self.bodies.get(hash).is_some() || self.shelf.as_ref().is_some_and(|shelf| shelf.has(hash))
    }

    /// The entry at a position, and what it says, without the bodies of what is written, and without large ones: who
    /// needs them asks. What enrols a device is of no use without its certificate.
    pub(super) fn lean_bundle(&self, node: &NodeId, seq: u64) -> Option<(UnverifiedEntry, Bundle)> {
        let entry = self.entry(node, seq)?;
        let decoded = UnverifiedEntry::decode(&entry).ok()?;
        let claim = decoded.claim();
        let bodies = decoded.bodies();
        let bytes: u64 = bodies.iter().map(|body| u64::from(body.len)).sum();
        let may_lack = match &claim.body {
            Body::Enrolled { .. } => false,
            _ => decoded.writes() || bytes > TOLD_BODIES,
        };
        let bodies = if may_lack { Vec::new() } else { self.found(&bodies) };
        Some((decoded, Bundle { entry: entry.into_owned(), bodies }))
    }

    /// The entry at a position with the bodies that are held.
    pub(super) fn bundle(&self, node: &NodeId, seq: u64) -> Option<Bundle> {
        if let Some(held) = self.recent(node, seq) {
            return Some(Bundle { entry: held.entry.clone(), bodies: self.found(&held.bodies) });
        }
        let entry = self.entry(node, seq)?.into_owned();
        let refers = UnverifiedEntry::decode(&entry).ok()?.bodies();
        let bodies = self.found(&refers);
        Some(Bundle { entry, bodies })
    }

    /// Those of the bodies that are held: each once, as long as its reference says, and as many as fit into one
    /// message. An entry may name one body under many references, and with any length.
    fn found(&self, references: &[BodyRef]) -> Vec<ByteVec> {
        let mut bytes = 0;
        let mut seen = BTreeSet::new();
        let mut bodies = Vec::new();
        for reference in references.iter().filter(|reference| seen.insert(reference.hash)) {
            let Some(body) = self.body(&reference.hash).filter(|body| body.len() == reference.len as usize) else {
                continue;
            };
            bytes += body.len();
            if bytes > BUNDLE_MAX {
                break;
            }
            bodies.push(body);
        }
        bodies
    }
}

/// Bytes of a bundle on the wire, rounded up.
pub(crate) fn weight(bundle: &Bundle) -> usize {
    bundle.entry.len() + 16 + bundle.bodies.iter().map(|body| body.len() + 8).sum::<usize>()
}

/// Bodies as the fold takes them.
pub(crate) fn plain(bodies: &[ByteVec]) -> Vec<&[u8]> {
    bodies.iter().map(|body| body.as_slice()).collect()
}

/// Finds the body of each reference, as long as that says; the rest are strays.
pub(crate) fn sort_bodies(references: &[BodyRef], bodies: Vec<ByteVec>) -> (Vec<(Hash, ByteVec)>, usize) {
    let mut found: Vec<(Hash, ByteVec)> = Vec::new();
    let mut strays = 0;
    for body in bodies {
        let hash = Hash::of(&body);
        let named = references.iter().any(|named| named.hash == hash && named.len as usize == body.len());
        if named && found.iter().all(|(known, _)| *known != hash) {
            found.push((hash, body));
        } else {
            strays += 1;
        }
    }
    (found, strays)
}
