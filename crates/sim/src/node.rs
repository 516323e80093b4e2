//! A node: a machine on a disk, and what came out of it.

use crate::agenda::Agenda;
use crate::disk::Disk;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trialogue_charter::{CallId, NodeId, PartyId, VerifiedCharter};
use trialogue_core::{Cause, ConsoleKey, Count, Machine, Note, Now, Route};
use trialogue_journal::{Level, UnverifiedEntry};
use trialogue_wire::Bundle;

/// One node.
pub struct SimNode {
    /// Its id.
    pub id: NodeId,
    /// The machine, while it runs.
    pub machine: Option<Machine>,
    /// No machine, but its links are up: a test speaks for it.
    pub hostile: bool,
    /// Somebody said in its name what it does not say.
    pub dishonest: bool,
    /// Charters that took effect here, the newest last.
    pub charters: Vec<Arc<VerifiedCharter>>,
    /// Its disk.
    pub disk: Disk,
    /// A copy of its disk, from when an earlier run began.
    pub backup: Option<Disk>,
    /// When it last started restored from a backup, and had not spoken since, on the world's clock.
    pub(crate) restored_us: Option<u64>,
    /// Counts runs; what was under way for an earlier one comes to nothing.
    pub run: u64,
    /// A sync is under way.
    pub syncing: bool,
    /// Chunks of attachments that were given to the disk in this run.
    pub chunks: u64,
    /// Position of the last entry that was handed to the disk.
    pub written: u64,
    /// The disk was not well in this run: entries may go out unrecorded.
    pub excused: bool,
    /// What it counted, in all runs.
    pub counts: BTreeMap<Count, u64>,
    /// How many messages it has sent to each other node.
    pub sent: BTreeMap<usize, usize>,
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
    /// Failed tests of the line that people were to be alerted to, in all runs.
    pub test_alerts: Vec<(PartyId, Level)>,
    /// What became of what people asked of it.
    pub fates: Vec<trialogue_core::Fate>,
    /// Entries that prove a fork.
    pub evidence: Vec<(NodeId, u64, Vec<u8>)>,
    /// How far its monotonic clock is ahead of the world's: it began at another time.
    pub ahead_us: u64,
    /// How far its wall clock is off.
    pub wall_off_ms: i64,
    /// When its machine wants to be called, and why.
    pub(crate) due_us: Option<u64>,
    pub(crate) due_cause: Option<Cause>,
    /// Every entry that it holds: journal, position, and the signed entry.
    pub(crate) known: BTreeMap<(NodeId, u64), Vec<u8>>,
    /// Control messages that a hostile node was sent: by whom, and what.
    pub inbox: Vec<(usize, Vec<u8>)>,
}

impl SimNode {
    pub(crate) fn new(id: NodeId, charter: Arc<VerifiedCharter>) -> Self {
        Self {
            id,
            machine: None,
            hostile: false,
            dishonest: false,
            charters: vec![charter],
            disk: Disk::default(),
            backup: None,
            restored_us: None,
            run: 0,
            syncing: false,
            chunks: 0,
            written: 0,
            excused: false,
            counts: BTreeMap::new(),
            sent: BTreeMap::new(),
            notes: Vec::new(),
            routes: BTreeMap::new(),
            legs: BTreeSet::new(),
            key_frames: Vec::new(),
            alerts: Vec::new(),
            test_alerts: Vec::new(),
            fates: Vec::new(),
            evidence: Vec::new(),
            ahead_us: 0,
            wall_off_ms: 0,
            due_us: None,
            due_cause: None,
            known: BTreeMap::new(),
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

    /// Its clocks: neither agrees with another node's.
    pub(crate) fn now(&self, agenda: &Agenda) -> Now {
        Now { us: agenda.now_us() + self.ahead_us, wall_ms: agenda.wall_ms().saturating_add_signed(self.wall_off_ms) }
    }

    /// It holds this entry from now on.
    pub(crate) fn know(&mut self, node: &NodeId, seq: u64, bundle: &Bundle) {
        self.known.insert((node.clone(), seq), bundle.entry.clone());
    }

    /// It holds what its disk has, and nothing else.
    pub(crate) fn know_all(&mut self, held: &[Bundle]) {
        let entries = held.iter().filter_map(|bundle| {
            let entry = UnverifiedEntry::decode(&bundle.entry).ok()?;
            Some(((entry.claim().node.clone(), entry.claim().seq), bundle.entry.clone()))
        });
        self.known = entries.collect();
    }

    /// How often it counted something.
    pub fn count(&self, count: Count) -> u64 {
        self.counts.get(&count).copied().unwrap_or(0)
    }
}
