//! Entries that came and wait for the budget of their journal: in their order, by the link that brought them.

use crate::journals::weight;
use crate::limits::{BATCH_MAX, FLIGHT_MAX, WAITING_MAX};
use std::collections::{BTreeMap, VecDeque};
use trialogue_charter::NodeId;
use trialogue_wire::Bundle;

/// Of one journal, from one link.
#[derive(Default)]
struct Queue {
    bundles: VecDeque<Bundle>,
    bytes: usize,
    /// When the next one may be taken.
    due_us: u64,
}

/// All that waits.
#[derive(Default)]
pub(super) struct Waiting {
    /// By link, then by journal.
    queues: BTreeMap<NodeId, BTreeMap<NodeId, Queue>>,
}

impl Waiting {
    /// Something of the journal waits that this link has brought: what follows has to wait behind it.
    pub(super) fn has(&self, link: &NodeId, journal: &NodeId) -> bool {
        self.queues.get(link).is_some_and(|queues| queues.contains_key(journal))
    }

    /// Puts one behind the others. False: there is no room, because the other side sends more than it may without being
    /// told that it was taken.
    pub(super) fn push(&mut self, link: &NodeId, journal: &NodeId, bundle: Bundle, due_us: u64) -> bool {
        let queues = self.queues.entry(link.clone()).or_default();
        let held: usize = queues.values().map(|queue| queue.bytes).sum();
        let bytes = weight(&bundle);
        let queue = queues.entry(journal.clone()).or_insert_with(|| Queue { due_us, ..Queue::default() });
        // The first one always fits.
        let room =
            queue.bundles.is_empty() || (queue.bytes + bytes <= FLIGHT_MAX + BATCH_MAX && held + bytes <= WAITING_MAX);
        if room {
            queue.bytes += bytes;
            queue.bundles.push_back(bundle);
        }
        room
    }

    /// The next one whose time has come, with the link that brought it.
    pub(super) fn pop(&mut self, now_us: u64) -> Option<(NodeId, NodeId, Bundle)> {
        let all = self.queues.iter().flat_map(|(link, queues)| queues.iter().map(move |(node, q)| (link, node, q)));
        let due = all.filter(|(_, _, queue)| now_us >= queue.due_us).min_by_key(|(_, _, queue)| queue.due_us);
        let (link, node) = due.map(|(link, node, _)| (link.clone(), node.clone()))?;
        let queues = self.queues.get_mut(&link)?;
        let queue = queues.get_mut(&node)?;
        let bundle = queue.bundles.pop_front();
        queue.bytes -= bundle.as_ref().map_or(0, weight);
        // Other queues have their turn before this one's next.
        queue.due_us = now_us;
        if queue.bundles.is_empty() {
            queues.remove(&node);
        }
        bundle.map(|bundle| (link, node, bundle))
    }

    /// It has to wait on, in front of the others.
    pub(super) fn push_back(&mut self, link: &NodeId, journal: &NodeId, bundle: Bundle, due_us: u64) {
        let queue = self.queues.entry(link.clone()).or_default().entry(journal.clone()).or_default();
        queue.bytes += weight(&bundle);
        queue.bundles.push_front(bundle);
        queue.due_us = due_us;
    }

    /// A link is gone: whatever it brought is asked for again.
    pub(super) fn forget(&mut self, link: &NodeId) {
        self.queues.remove(link);
    }

    /// When the next one may be taken.
    pub(super) fn next_us(&self) -> Option<u64> {
        self.queues.values().flat_map(|queues| queues.values()).map(|queue| queue.due_us).min()
    }
}
