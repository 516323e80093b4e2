//! A disk: what was written and not yet synced is lost in a crash, or not, as luck has it.

use crate::rng::Rng;
use minicbor::bytes::ByteVec;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use trialogue_charter::{Hash, NodeId};
use trialogue_core::Shelf;
use trialogue_wire::Bundle;

/// How the disk does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It works.
    Good,
    /// Every sync fails; what was to be written is tried again with the next.
    Failing,
    /// Syncs never return.
    Hanging,
}

enum Written {
    Entry(NodeId, u64, Bundle),
    Chunk(Hash, ByteVec),
    Snapshot(Vec<u8>),
    Spoken,
}

/// What is on it.
#[derive(Default)]
struct Content {
    /// What survives anything.
    durable: BTreeMap<(NodeId, u64), Bundle>,
    snapshot: Option<Vec<u8>>,
    /// It came from a backup, and its node has not spoken since.
    restored: bool,
    /// Written in this order, not synced.
    cached: Vec<Written>,
    /// Bodies of all that was ever written.
    bodies: BTreeMap<Hash, ByteVec>,
}

impl Content {
    fn settle(&mut self, count: usize) {
        for written in self.cached.drain(..).take(count) {
            match written {
                Written::Entry(node, seq, bundle) => {
                    self.durable.insert((node, seq), bundle);
                }
                Written::Chunk(hash, bytes) => {
                    self.bodies.insert(hash, bytes);
                }
                Written::Snapshot(bytes) => self.snapshot = Some(bytes),
                Written::Spoken => self.restored = false,
            }
        }
    }
}

/// One node's disk.
pub struct Disk {
    content: Arc<Mutex<Content>>,
    /// How it does.
    pub health: Health,
    /// How many of the last entries a node on it holds in memory. In the products that is more than one message can
    /// bring, which is read back while the disk has nothing of it yet.
    pub recent: usize,
    /// Writes since the disk was made.
    writes: u64,
    /// The power goes with this write, and so many of those that were not synced survive it.
    cut: Option<(u64, usize)>,
}

/// So few that a world of some hundred entries reads back most of them.
const RECENT: usize = 4;

impl Default for Disk {
    fn default() -> Self {
        Self { content: Arc::default(), health: Health::Good, recent: RECENT, writes: 0, cut: None }
    }
}

fn locked(content: &Mutex<Content>) -> MutexGuard<'_, Content> {
    content.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Disk {
    /// Writes without syncing.
    pub fn write(&mut self, node: NodeId, seq: u64, bundle: Bundle) {
        self.writes += 1;
        let mut content = locked(&self.content);
        for body in &bundle.bodies {
            content.bodies.insert(Hash::of(body), body.clone());
        }
        content.cached.push(Written::Entry(node, seq, bundle));
    }

    /// The same with a chunk of an attachment.
    pub fn write_chunk(&mut self, hash: Hash, bytes: ByteVec) {
        self.writes += 1;
        locked(&self.content).cached.push(Written::Chunk(hash, bytes));
    }

    /// The same with a snapshot.
    pub fn write_snapshot(&mut self, bytes: Vec<u8>) {
        self.writes += 1;
        locked(&self.content).cached.push(Written::Snapshot(bytes));
    }

    /// From now on this disk is one that a backup was brought back to.
    pub fn mark_restored(&mut self) {
        locked(&self.content).restored = true;
    }

    /// Did it come from a backup, and has its node not spoken since?
    pub fn is_restored(&self) -> bool {
        locked(&self.content).restored
    }

    /// The node speaks again, after everything that was written before.
    pub fn write_spoken(&mut self) {
        let mut content = locked(&self.content);
        let written = content.cached.iter().any(|written| matches!(written, Written::Spoken));
        if content.restored && !written {
            content.cached.push(Written::Spoken);
        }
    }

    /// Syncs. False: nothing more is durable than before.
    pub fn sync(&mut self) -> bool {
        if self.health == Health::Good {
            locked(&self.content).settle(usize::MAX);
        }
        self.health == Health::Good
    }

    /// The power goes: a part of what was not synced survives, in order.
    pub fn crash(&mut self, rng: &mut Rng) {
        let mut content = locked(&self.content);
        let survive = match self.cut.take() {
            Some((_, survive)) => survive,
            None if self.health == Health::Good => rng.below(content.cached.len() as u64 + 1) as usize,
            None => 0,
        };
        content.settle(survive);
        content.cached.clear();
        self.health = Health::Good;
    }

    /// The power goes with the write of this number, counted from when the disk was made; so many of those that were
    /// not synced survive.
    pub fn cut_power_at(&mut self, write: u64, survive: usize) {
        self.cut = Some((write, survive));
    }

    /// It goes now.
    pub fn power_goes(&self) -> bool {
        self.cut.is_some_and(|(write, _)| self.writes == write)
    }

    /// Writes since the disk was made, and how many of them are not synced.
    pub fn writes(&self) -> (u64, usize) {
        (self.writes, locked(&self.content).cached.len())
    }

    /// Is this very entry safe?
    pub fn holds(&self, node: &NodeId, seq: u64, entry: &[u8]) -> bool {
        locked(&self.content).durable.get(&(node.clone(), seq)).is_some_and(|bundle| bundle.entry == entry)
    }

    /// A copy of what is safe, as a backup of a running node has it.
    pub fn copy(&self) -> Self {
        let content = locked(&self.content);
        let copy = Content {
            durable: content.durable.clone(),
            snapshot: content.snapshot.clone(),
            restored: content.restored,
            cached: Vec::new(),
            bodies: content.bodies.clone(),
        };
        Self { content: Arc::new(Mutex::new(copy)), recent: self.recent, ..Self::default() }
    }

    /// Everything, by journal and position.
    pub fn read(&self) -> Vec<Bundle> {
        locked(&self.content).durable.values().cloned().collect()
    }

    /// Everything after these positions.
    pub fn read_after(&self, positions: &BTreeMap<NodeId, u64>) -> Vec<Bundle> {
        let content = locked(&self.content);
        let after = content.durable.iter().filter(|((node, seq), _)| positions.get(node).is_none_or(|held| seq > held));
        after.map(|(_, bundle)| bundle.clone()).collect()
    }

    /// The last snapshot.
    pub fn snapshot(&self) -> Option<Vec<u8>> {
        locked(&self.content).snapshot.clone()
    }

    /// For a machine that reads it back.
    pub fn shelf(&self) -> Box<dyn Shelf> {
        Box::new(DiskShelf(self.content.clone(), self.recent))
    }
}

struct DiskShelf(Arc<Mutex<Content>>, usize);

impl Shelf for DiskShelf {
    fn entry(&self, node: &NodeId, seq: u64) -> Option<Vec<u8>> {
        let content = locked(&self.0);
        let cached = content.cached.iter().find_map(|written| match written {
            Written::Entry(whose, at, bundle) if whose == node && *at == seq => Some(bundle),
            _ => None,
        });
        cached.or_else(|| content.durable.get(&(node.clone(), seq))).map(|bundle| bundle.entry.clone())
    }

    fn body(&self, hash: &Hash) -> Option<ByteVec> {
        locked(&self.0).bodies.get(hash).cloned()
    }

    fn recent(&self) -> usize {
        self.1
    }

    // So few that a world of some hundred entries starts from several snapshots.
    fn snapshot_entries(&self) -> u64 {
        32
    }
}
