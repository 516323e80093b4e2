//! Tests of the line at this node: what it measures itself, what it asks of its consoles, and how all tests stand.

mod alive;
mod measure;
mod probe;
mod standing;

pub(crate) use alive::Alive;

use crate::here::Here;
use measure::Sample;
use probe::Probe;
use std::collections::BTreeMap;
use trialogue_charter::{NodeId, PartyId};
use trialogue_journal::{Level, PairTests, Tally};

/// Everything that the machine remembers about tests.
pub(crate) struct Trials {
    tally: Tally,
    /// When paths are written next.
    due_us: u64,
    samples: BTreeMap<(NodeId, u8), Sample>,
    probes: BTreeMap<NodeId, Probe>,
    /// A result came that was not looked at yet.
    fresh: bool,
    /// When to look again whether something is missing.
    look_us: u64,
    stand: Vec<PairTests>,
    /// When somebody was told last that this is red.
    told_us: BTreeMap<(PartyId, Level), u64>,
}

impl Trials {
    /// Of a node that starts now.
    pub(crate) fn new(now_us: u64) -> Self {
        Self {
            tally: Tally::new(millis(now_us)),
            due_us: u64::MAX,
            samples: BTreeMap::new(),
            probes: BTreeMap::new(),
            fresh: true,
            look_us: now_us,
            stand: Vec::new(),
            told_us: BTreeMap::new(),
        }
    }

    /// The journal is open: the first period begins.
    pub(crate) fn begin(&mut self, here: &Here) {
        self.due_us = here.now.us + path_period_us(here);
    }
}

fn path_period_us(here: &Here) -> u64 {
    u64::from(here.charter.policy.tests.path_seconds) * 1_000_000
}

/// The machine's monotonic clock as the tally counts it.
fn millis(us: u64) -> i64 {
    i64::try_from(us / 1_000).unwrap_or(i64::MAX)
}
