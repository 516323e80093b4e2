//! A disk: what was written and not yet synced is lost in a crash, or not, as luck has it.

use crate::rng::Rng;
use std::collections::BTreeMap;
use trialogue_charter::NodeId;
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

/// One node's disk.
#[derive(Clone)]
pub struct Disk {
    /// What survives anything.
    durable: BTreeMap<(NodeId, u64), Bundle>,
    /// Written in this order, not synced.
    cached: Vec<(NodeId, u64, Bundle)>,
    /// How it does.
    pub health: Health,
}

impl Default for Disk {
    fn default() -> Self {
        Self { durable: BTreeMap::new(), cached: Vec::new(), health: Health::Good }
    }
}

impl Disk {
    /// Writes without syncing.
    pub fn write(&mut self, node: NodeId, seq: u64, bundle: Bundle) {
        self.cached.push((node, seq, bundle));
    }

    /// Syncs. False: nothing more is durable than before.
    pub fn sync(&mut self) -> bool {
        if self.health != Health::Good {
            return false;
        }
        for (node, seq, bundle) in self.cached.drain(..) {
            self.durable.insert((node, seq), bundle);
        }
        true
    }

    /// The power goes: a part of what was not synced survives, in order.
    pub fn crash(&mut self, rng: &mut Rng) {
        let survive = if self.health == Health::Good { rng.below(self.cached.len() as u64 + 1) as usize } else { 0 };
        for (node, seq, bundle) in self.cached.drain(..).take(survive) {
            self.durable.insert((node, seq), bundle);
        }
        self.health = Health::Good;
    }

    /// Is this very entry safe?
    pub fn holds(&self, node: &NodeId, seq: u64, entry: &[u8]) -> bool {
        self.durable.get(&(node.clone(), seq)).is_some_and(|bundle| bundle.entry == entry)
    }

    /// A copy of what is safe, as a backup of a running node has it.
    pub fn copy(&self) -> Self {
        Self { durable: self.durable.clone(), cached: Vec::new(), health: Health::Good }
    }

    /// Everything, by journal and position.
    pub fn read(&self) -> Vec<Bundle> {
        self.durable.values().cloned().collect()
    }
}
