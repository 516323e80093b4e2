//! A node: a machine on a disk, and what came out of it.

use crate::disk::Disk;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trialogue_charter::{CallId, NodeId, VerifiedCharter};
use trialogue_core::{ConsoleKey, Count, Machine, Note, Route};

/// One node.
pub struct SimNode {
    /// Its id.
    pub id: NodeId,
    /// The machine, while it runs.
    pub machine: Option<Machine>,
    /// No machine, but its links are up: a test speaks for it.
    pub hostile: bool,
    /// Charters that took effect here, the newest last.
    pub charters: Vec<Arc<VerifiedCharter>>,
    /// Its disk.
    pub disk: Disk,
    /// Counts runs; what was under way for an earlier one comes to nothing.
    pub run: u64,
    /// A sync is under way.
    pub syncing: bool,
    /// Position of the last entry that was handed to the disk.
    pub written: u64,
    /// The disk was not well in this run: entries may go out unrecorded.
    pub excused: bool,
    /// What it counted, in all runs.
    pub counts: BTreeMap<Count, u64>,
    /// What it logged, in all runs.
    pub notes: Vec<Note>,
    /// Where media goes in this run.
    pub routes: BTreeMap<(u8, u16), Route>,
    /// Legs in this run.
    pub legs: BTreeSet<ConsoleKey>,
    /// Legs that were asked for a key frame, in order.
    pub key_frames: Vec<ConsoleKey>,
    /// Rings that people beyond the consoles were to be alerted to, in all runs.
    pub alerts: Vec<CallId>,
    /// Entries that prove a fork.
    pub evidence: Vec<(NodeId, u64, Vec<u8>)>,
    /// Control messages that a hostile node was sent: by whom, and what.
    pub inbox: Vec<(usize, Vec<u8>)>,
}

impl SimNode {
    pub(crate) fn new(id: NodeId, charter: Arc<VerifiedCharter>) -> Self {
        Self {
            id,
            machine: None,
            hostile: false,
            charters: vec![charter],
            disk: Disk::default(),
            run: 0,
            syncing: false,
            written: 0,
            excused: false,
            counts: BTreeMap::new(),
            notes: Vec::new(),
            routes: BTreeMap::new(),
            legs: BTreeSet::new(),
            key_frames: Vec::new(),
            alerts: Vec::new(),
            evidence: Vec::new(),
            inbox: Vec::new(),
        }
    }

    /// The charter in force here.
    ///
    /// # Panics
    /// Never: there is one from the start.
    #[allow(clippy::expect_used)]
    pub fn charter(&self) -> &Arc<VerifiedCharter> {
        self.charters.last().expect("there is one from the start")
    }

    /// It takes part in links.
    pub fn is_on(&self) -> bool {
        self.machine.is_some() || self.hostile
    }

    /// How often it counted something.
    pub fn count(&self, count: Count) -> u64 {
        self.counts.get(&count).copied().unwrap_or(0)
    }
}
