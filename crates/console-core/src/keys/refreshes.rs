//! How often new key packages may be offered.

use crate::limits::{REFRESH_US, REFRESHES};
use crate::repeats::Repeats;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::NodeId;

/// How often the key package for each node's group was replaced. A group that is made anew without end costs everybody
/// in the call new key packages: each time it takes longer, for that node alone.
#[derive(Default)]
pub(super) struct Refreshes(BTreeMap<NodeId, Refreshed>);

#[derive(Default)]
struct Refreshed {
    made: Repeats,
    /// Since when another one is wanted.
    wanted_us: Option<u64>,
}

impl Refreshed {
    /// When one that is wanted since then may be made at the earliest.
    fn ready_us(&self, wanted_us: u64) -> u64 {
        self.made.due_us(&REFRESHES, wanted_us)
    }

    /// And when it is made if no other is made before.
    fn due_us(&self, wanted_us: u64) -> u64 {
        (wanted_us + REFRESH_US).max(self.ready_us(wanted_us))
    }
}

impl Refreshes {
    /// One is wanted for this node; may it be made by now?
    pub(super) fn is_due(&mut self, node: &NodeId, now_us: u64) -> bool {
        let refreshed = self.0.entry(node.clone()).or_default();
        let wanted_us = *refreshed.wanted_us.get_or_insert(now_us);
        now_us >= refreshed.due_us(wanted_us)
    }

    pub(super) fn is_ready(&self, node: &NodeId, now_us: u64) -> bool {
        self.0.get(node).is_none_or(|known| now_us >= known.ready_us(known.wanted_us.unwrap_or(now_us)))
    }

    /// For no others one is wanted.
    pub(super) fn keep(&mut self, wanted: &BTreeSet<NodeId>) {
        self.0.iter_mut().filter(|(node, _)| !wanted.contains(*node)).for_each(|(_, known)| known.wanted_us = None);
    }

    /// One was made.
    pub(super) fn note(&mut self, node: &NodeId, now_us: u64) {
        let refreshed = self.0.entry(node.clone()).or_default();
        refreshed.made.note(&REFRESHES, now_us);
        refreshed.wanted_us = None;
    }

    /// When the next one may be made that is wanted.
    pub(super) fn next_us(&self) -> Option<u64> {
        self.0.values().filter_map(|known| Some(known.due_us(known.wanted_us?))).min()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SECOND: u64 = 1_000_000;

    #[test]
    fn a_group_that_is_made_anew_without_end_waits_and_no_other_does() {
        let (eager, calm) = (NodeId::new("jpn-1").unwrap(), NodeId::new("kor-1").unwrap());
        let mut refreshes = Refreshes::default();
        let mut times = 0;
        // An hour in which it is wanted all the time.
        for tenth in 0..36_000u64 {
            if refreshes.is_due(&eager, tenth * SECOND / 10) {
                refreshes.note(&eager, tenth * SECOND / 10);
                times += 1;
            }
        }
        assert!((50..=70).contains(&times), "{times}");
        let now_us = 3_600 * SECOND;
        assert!(!refreshes.is_due(&calm, now_us) && refreshes.is_due(&calm, now_us + REFRESH_US));
        assert_eq!(refreshes.next_us().unwrap().min(now_us + REFRESH_US), refreshes.next_us().unwrap());
    }

    #[test]
    fn one_now_and_then_is_made_at_once() {
        let node = NodeId::new("jpn-1").unwrap();
        let mut refreshes = Refreshes::default();
        for minute in 1..200u64 {
            let now_us = minute * 60 * SECOND;
            assert!(!refreshes.is_due(&node, now_us));
            assert!(refreshes.is_due(&node, now_us + REFRESH_US));
            refreshes.note(&node, now_us + REFRESH_US);
        }
    }
}
