//! In which turn rings of other nodes are taken. Each costs this node entries of its own journal, of which the others
//! take no more than of any.

use crate::bucket::Bucket;
use crate::limits::{RING_EVERY_US, RINGS_BURST, RUNG_MAX};
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, NodeId};
use trialogue_journal::fold::Ring;

/// Of one node.
struct Turns {
    bucket: Bucket,
    /// When a ring of each device was taken last.
    taken_us: BTreeMap<DeviceId, u64>,
}

/// Of all nodes.
#[derive(Default)]
pub(super) struct RingTurns {
    nodes: BTreeMap<NodeId, Turns>,
    /// When one that came too soon after others of its node is taken, if it may be by then.
    again_us: Option<u64>,
}

impl RingTurns {
    /// When a ring that waits may be taken; none: none waits.
    pub(super) fn next_us(&self) -> Option<u64> {
        self.again_us
    }

    /// May one be taken that waits? All that wait ask again from here on.
    pub(super) fn begin(&mut self, now_us: u64) -> bool {
        self.again_us.take_if(|again_us| now_us >= *again_us).is_some()
    }

    /// Those first of whose device none was taken for longest: whoever rings again and again comes after the others of
    /// its node.
    pub(super) fn sort(&self, rings: &mut [Ring]) {
        rings
            .sort_by_key(|ring| self.nodes.get(&ring.node).and_then(|turns| turns.taken_us.get(&ring.device)).copied());
    }

    /// Is a ring of this device taken now? Otherwise later.
    pub(super) fn take(&mut self, node: &NodeId, device: DeviceId, now_us: u64) -> bool {
        let fresh = || Turns { bucket: Bucket::new(RINGS_BURST, RING_EVERY_US, now_us), taken_us: BTreeMap::new() };
        let turns = self.nodes.entry(node.clone()).or_insert_with(fresh);
        if !turns.bucket.take(now_us) {
            let next_us = turns.bucket.next_us();
            self.again_us = Some(self.again_us.map_or(next_us, |again_us| again_us.min(next_us)));
            return false;
        }
        turns.taken_us.insert(device, now_us);
        if turns.taken_us.len() > RUNG_MAX {
            let oldest = turns.taken_us.iter().min_by_key(|(_, at_us)| **at_us).map(|(device, _)| *device);
            oldest.and_then(|oldest| turns.taken_us.remove(&oldest));
        }
        true
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use trialogue_charter::{CallId, LineId, PartyId, Precedence};

    fn ring(device: u8, call: u8) -> Ring {
        Ring {
            line: LineId::new("leaders").unwrap(),
            call: CallId([call; 16]),
            device: DeviceId([device; 32]),
            node: NodeId::new("usa-1").unwrap(),
            party: PartyId::new("USA").unwrap(),
            precedence: Precedence::default(),
            seq: 1,
            time_ms: 0,
        }
    }

    fn take(turns: &mut RingTurns, ring: &Ring, now_us: u64) -> bool {
        turns.take(&ring.node, ring.device, now_us)
    }

    #[test]
    fn who_rings_without_end_comes_after_the_others_of_its_node() {
        let mut turns = RingTurns::default();
        let (endless, honest) = (ring(1, 0), ring(2, 9));
        let taken = (0..100).filter(|_| take(&mut turns, &endless, 0)).count();
        assert_eq!(taken, RINGS_BURST as usize);
        assert!(!take(&mut turns, &honest, 0), "what its node may have is used up");
        assert_eq!(turns.next_us(), Some(RING_EVERY_US));
        assert!(!turns.begin(RING_EVERY_US - 1) && turns.begin(RING_EVERY_US) && turns.next_us().is_none());
        let mut waiting = [endless.clone(), honest.clone()];
        turns.sort(&mut waiting);
        assert_eq!(waiting, [honest, endless.clone()]);
        assert!(take(&mut turns, &waiting[0], RING_EVERY_US) && !take(&mut turns, &waiting[1], RING_EVERY_US));
        // From then on by turns.
        waiting.rotate_left(1);
        turns.sort(&mut waiting);
        assert_eq!(waiting[0], endless);
    }

    #[test]
    fn another_nodes_rings_wait_for_nothing_and_devices_without_end_are_forgotten() {
        let mut turns = RingTurns::default();
        assert!((0..100).all(|n| take(&mut turns, &ring(n, 0), u64::from(n) * RING_EVERY_US)));
        assert_eq!(turns.nodes.values().map(|turns| turns.taken_us.len()).max(), Some(RUNG_MAX));
        while take(&mut turns, &ring(1, 0), 100 * RING_EVERY_US) {}
        let other = Ring { node: NodeId::new("kor-1").unwrap(), ..ring(3, 3) };
        assert!(take(&mut turns, &other, 100 * RING_EVERY_US));
    }
}
