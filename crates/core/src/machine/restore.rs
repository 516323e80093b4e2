//! A node starts: what it held is verified again, what did not reach its disk is asked back, then its journal goes on.

use super::Machine;
use crate::amendment::Amendment;
use crate::catch_up::CatchUp;
use crate::here::Here;
use crate::io::Now;
use crate::journals::{Journals, Shelf, SnapshotError, Unfit};
use crate::out::Out;
use std::collections::BTreeMap;
use std::sync::Arc;
use trialogue_charter::{HybridSecret, NodeId, VerifiedCharter};
use trialogue_wire::Bundle;

/// What a node is made of.
pub struct Setup {
    /// The charter, verified against the own party's pinned root.
    pub charter: Arc<VerifiedCharter>,
    /// Charters before that one, verified when they were in force, the oldest first: for those who missed more than
    /// one.
    pub lineage: Vec<Arc<VerifiedCharter>>,
    /// Which node of it this is.
    pub node: NodeId,
    /// The secret half of the node's journal key.
    pub journal: HybridSecret,
    /// The one of a charter to come, if there is one already.
    pub next_journal: Option<HybridSecret>,
    /// The node has means to alert people beyond its consoles: it does [`crate::Output::Alert`].
    pub alerts: bool,
    /// Reads back what was written; none: all is held in memory.
    pub shelf: Option<Box<dyn Shelf>>,
    /// It was restored from a backup: it says nothing before a neighbour has said how far it holds its journal.
    pub restored: bool,
}

/// Why a node cannot start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// The charter has no such node.
    #[error("the charter has no node {0}: correct `node` in the configuration, or give the node the newest charter")]
    NoSuchNode(NodeId),
    /// The key is not the node's.
    #[error("the journal key is not the one that the charter names for {0}: give the node its own key file")]
    OtherKey(NodeId),
    /// The own journal on disk does not verify.
    #[error("entry {seq} of the own journal on disk is damaged: restore the journal from a backup, then start again")]
    Damaged {
        /// Its position.
        seq: u64,
    },
}

/// A node that starts: a snapshot, if there is one, then the entries that it does not stand for, then it is done.
pub struct Start(Machine);

impl Start {
    /// Nothing is held yet.
    ///
    /// # Errors
    /// When the node is not the charter's.
    pub fn new(setup: Setup, now: Now) -> Result<Self, RestoreError> {
        Machine::blank(setup, now).map(Self)
    }

    /// Takes what [`crate::Output::Snapshot`] gave out last, before any entry.
    ///
    /// # Errors
    /// When it cannot be used; all entries are to follow then, as if there were none.
    pub fn snapshot(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        let Machine { journals, here, .. } = &mut self.0;
        journals.go_on_from(bytes, here)
    }

    /// Up to where each journal is known; what comes after is to follow.
    pub fn positions(&self) -> BTreeMap<NodeId, u64> {
        self.0.journals.heads().into_iter().map(|head| (head.node, head.seq)).collect()
    }

    /// Takes a stored entry with its bodies, of each journal in its order. A damaged one of another node is left out.
    ///
    /// # Errors
    /// When an own one is damaged.
    pub fn entry(&mut self, bundle: Bundle) -> Result<(), RestoreError> {
        let Machine { journals, here, .. } = &mut self.0;
        journals.restore(bundle, here).map_err(|Unfit(seq)| RestoreError::Damaged { seq })
    }

    /// All that is stored is here.
    pub fn done(self) -> Machine {
        let mut machine = self.0;
        machine.journals.restored(&machine.here);
        let (rings, _, pen) = machine.for_rings();
        rings.restored(&pen);
        machine
    }
}

impl Machine {
    /// Takes up where the disk ends. `held`: all stored entries with their bodies, of each journal in its order;
    /// damaged ones of other nodes are left out and come again over the links. The own journal goes on
    /// (`Body::Restarted`) once the neighbours have said what they hold of it and given back what is missing here, or
    /// after two seconds; see `catch_up`.
    ///
    /// # Errors
    /// When the node is not the charter's, or its own journal is damaged.
    pub fn restore(setup: Setup, now: Now, held: impl IntoIterator<Item = Bundle>) -> Result<Self, RestoreError> {
        let mut start = Start::new(setup, now)?;
        for bundle in held {
            start.entry(bundle)?;
        }
        Ok(start.done())
    }

    fn blank(setup: Setup, now: Now) -> Result<Self, RestoreError> {
        let Setup { charter, lineage, node, journal: secret, next_journal, alerts, shelf, restored } = setup;
        let this =
            charter.node(&node).filter(|node| !node.retired).ok_or_else(|| RestoreError::NoSuchNode(node.clone()))?;
        if this.journal != secret.public() {
            return Err(RestoreError::OtherKey(node));
        }
        let index = charter.node_index(&node).ok_or_else(|| RestoreError::NoSuchNode(node.clone()))?;
        let here = Here { party: this.party.clone(), index, alerts, charter, node, secret, now };
        Ok(Self {
            journals: Journals::blank(&here, shelf),
            here,
            amendment: Amendment::new(next_journal, lineage),
            out: Out::new(),
            catch_up: CatchUp::new(restored, now.us),
            consoles: crate::consoles::Consoles::default(),
            media: crate::media::Media::default(),
            watch: crate::watch::Watch::default(),
            rings: crate::rings::Rings::default(),
            links: crate::links::Links::new(now.us),
            trials: crate::trials::Trials::new(now.us),
            alive: crate::trials::Alive::default(),
            revocations: crate::revocations::Revocations::default(),
            writings: crate::writings::Writings::new(),
            budgets: crate::budgets::Budgets::new(now.us),
            chunks: crate::chunks::Chunks::default(),
        })
    }
}
