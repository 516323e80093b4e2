//! All journals as this node holds them: their bytes, the chain that each is, what they say, and the end of the own
//! one.
//!
//! They call nobody back. What follows from an entry that has taken effect is the machine's to do.

mod bodies;
mod ledger;
mod own;
mod pace;
mod pen;
mod proof;
mod restore;
mod seen;
mod snapshot;

pub use ledger::Shelf;
pub(crate) use ledger::{plain, sort_bodies, weight};
pub(crate) use own::After;
pub(crate) use pen::Pen;
pub(crate) use proof::proof_of;
pub(crate) use restore::Unfit;
pub use snapshot::SnapshotError;

use crate::here::Here;
use crate::limits::SNAPSHOT_ENTRIES;
use crate::note::Count;
use crate::out::Out;
use ledger::{Held, Ledger};
use minicbor::bytes::ByteVec;
use own::Pending;
use pace::Pace;
use seen::Seen;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use trialogue_charter::{Hash, NodeId, VerifiedCharter};
use trialogue_journal::fold::State;
use trialogue_journal::{Chain, ChainError, Entry, Journal, UnverifiedEntry, VerifiedEntry};
use trialogue_wire::Bundle;
use trialogue_wire::link::Head;

/// See the module.
pub(crate) struct Journals {
    ledger: Ledger,
    chain: Chain,
    /// The end of the own one.
    writer: Journal,
    /// What has taken effect.
    state: State,
    /// The same with own entries that still wait for the disk.
    ahead: State,
    /// The time of own entries.
    pace: Pace,
    pending: VecDeque<Pending>,
    /// Own entries up to here have taken effect.
    released: u64,
    /// Own entries up to here are on disk.
    recorded: u64,
    /// The disk failed and has not caught up.
    failing: bool,
    seen: Seen,
    /// Entries that came since the last snapshot.
    since_snapshot: u64,
}

impl Journals {
    /// All that is shown, rung and forwarded comes from here.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// What a next own entry is checked against.
    pub(crate) fn ahead(&self) -> &State {
        &self.ahead
    }

    /// Position of the last entry held of a journal.
    pub(crate) fn head(&self, node: &NodeId) -> u64 {
        self.ledger.head(node)
    }

    /// How many entries are held of all of them.
    pub(crate) fn length(&self) -> u64 {
        self.ledger.length()
    }

    /// No more of this one is taken.
    pub(crate) fn is_full(&self, node: &NodeId) -> bool {
        self.ledger.is_full(node)
    }

    /// How far each is held, as neighbours may know: the own one only as far as it has taken effect.
    pub(crate) fn shown_heads(&self, here: &Here) -> Vec<Head> {
        let mut heads = self.ledger.heads();
        for head in heads.iter_mut().filter(|head| head.node == here.node) {
            head.seq = self.released;
        }
        heads
    }

    /// The same of one of them.
    pub(crate) fn shown_head(&self, node: &NodeId, here: &Here) -> u64 {
        if *node == here.node { self.released } else { self.ledger.head(node) }
    }

    /// How far each is held.
    pub(crate) fn heads(&self) -> Vec<Head> {
        self.ledger.heads()
    }

    /// The signed entry at a position, counted from 1.
    pub(crate) fn entry(&self, node: &NodeId, seq: u64) -> Option<Cow<'_, [u8]>> {
        self.ledger.entry(node, seq)
    }

    /// The entry at a position with the bodies that are held.
    pub(crate) fn bundle(&self, node: &NodeId, seq: u64) -> Option<Bundle> {
        self.ledger.bundle(node, seq)
    }

    /// See [`Ledger::lean_bundle`].
    pub(crate) fn lean_bundle(&self, node: &NodeId, seq: u64) -> Option<(UnverifiedEntry, Bundle)> {
        self.ledger.lean_bundle(node, seq)
    }

    /// A body, from memory or the shelf.
    pub(crate) fn body(&self, hash: &Hash) -> Option<ByteVec> {
        self.ledger.body(hash)
    }

    /// Is a body held, in memory or on the shelf? It is not read.
    pub(crate) fn has_body(&self, hash: &Hash) -> bool {
        self.ledger.has_body(hash)
    }

    /// The same of a chunk.
    pub(crate) fn has_chunk(&self, hash: &Hash) -> bool {
        self.ledger.has_chunk(hash)
    }

    /// Bytes of bodies in memory.
    pub(crate) fn body_bytes(&self) -> usize {
        self.ledger.bodies.bytes()
    }

    /// What was written can be read back.
    pub(crate) fn has_shelf(&self) -> bool {
        self.ledger.has_shelf()
    }

    /// Keeps a body that a verified entry of this node refers to; `lasting`: the certificate of a device that it has
    /// enrolled.
    pub(crate) fn keep_body(&mut self, node: &NodeId, hash: Hash, body: ByteVec, lasting: bool) {
        if lasting {
            self.ledger.bodies.keep_lasting(hash, body);
        } else {
            self.ledger.bodies.keep(node, hash, body);
        }
    }

    /// Has a node signed two histories?
    pub(crate) fn is_forked(&self, node: &NodeId) -> bool {
        self.chain.forks().contains_key(node)
    }

    /// Has it, or does another node say so?
    pub(crate) fn is_disputed(&self, node: &NodeId) -> bool {
        self.is_forked(node) || self.seen.disputes(node)
    }

    /// Is it the next own entry, as far as that can be told?
    pub(crate) fn goes_on(&self, entry: &Entry, here: &Here) -> bool {
        let own = &here.node;
        entry.node == *own && entry.seq == self.ledger.head(own) + 1 && entry.previous == self.chain.head(own)
    }

    /// Does it follow on what is held? A second history is told from the first one seen, which stays.
    pub(crate) fn accept(&mut self, entry: &VerifiedEntry, here: &Here) -> Result<(), ChainError> {
        let claim = entry.entry();
        // Of the own journal only what follows on it is taken: what else somebody shows beyond its end is another
        // history.
        if claim.node == here.node && claim.seq > self.ledger.head(&here.node) {
            return Err(ChainError::Fork { seq: claim.seq });
        }
        self.chain.accept(entry)
    }

    /// Takes an entry of another node that was accepted. False: it breaks a rule of the fold, and changes nothing.
    pub(crate) fn take(&mut self, entry: &VerifiedEntry, bundle: &Bundle, here: &Here, out: &mut Out) -> bool {
        let bodies = entry.bodies();
        self.ledger.push(&entry.entry().node, Held { entry: bundle.entry.clone(), bodies });
        self.hold(entry, here, out);
        let bodies = plain(&bundle.bodies);
        let _ = self.ahead.apply(entry, &bodies);
        let counts = self.state.apply(entry, &bodies).is_ok();
        if !counts {
            out.count(Count::EntryIgnored);
        }
        counts
    }

    /// A verified entry has been added to a journal that is held: it is counted, and what it says of others compared.
    fn hold(&mut self, entry: &VerifiedEntry, here: &Here, out: &mut Out) {
        self.since_snapshot += 1;
        self.seen.hold(entry, here, out);
    }

    /// Another charter is in force: journals of exactly its nodes are held.
    pub(crate) fn keep_nodes(&mut self, charter: &VerifiedCharter) {
        self.ledger.keep_nodes(charter.nodes.iter().map(|node| &node.id));
        self.chain.keep(|node| charter.node(node).is_some());
        self.seen.keep(|node| charter.node(node).is_some());
    }

    /// The state from all journals, as if they had just been read from the disk.
    pub(crate) fn fold_anew(&mut self, here: &Here) {
        let mut state = State::new(Arc::clone(&here.charter));
        let mut waiting: VecDeque<(VerifiedEntry, Vec<ByteVec>)> = VecDeque::new();
        for head in self.ledger.heads() {
            for seq in 1..=head.seq {
                let Some(bundle) = self.ledger.bundle(&head.node, seq) else { continue };
                let Ok(entry) = VerifiedEntry::open(&bundle.entry, &here.charter) else { continue };
                if head.node == here.node && seq > self.released {
                    waiting.push_back((entry, bundle.bodies));
                } else {
                    let _ = state.apply(&entry, &plain(&bundle.bodies));
                }
            }
        }
        self.since_snapshot = SNAPSHOT_ENTRIES;
        self.ahead = state.clone();
        self.state = state;
        for (entry, bodies) in waiting {
            let _ = self.ahead.apply(&entry, &plain(&bodies));
        }
    }
}
