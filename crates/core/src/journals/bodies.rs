//! Large bodies beside entries: held by their hash, certificates of enrolled devices for good, all others within a
//! budget in which every journal has a share.

use crate::limits::BODIES_HELD;
use minicbor::bytes::ByteVec;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use trialogue_charter::{Hash, NodeId};

/// What one journal has of the memory.
#[derive(Default)]
struct Share {
    /// Oldest first.
    order: VecDeque<Hash>,
    bytes: usize,
}

/// Bodies in memory.
#[derive(Default)]
pub(super) struct Bodies {
    held: BTreeMap<Hash, ByteVec>,
    /// Those that may go, by the journal that brought them.
    passing: BTreeMap<NodeId, Share>,
    passing_bytes: usize,
    lasting: BTreeSet<Hash>,
}

impl Bodies {
    /// Keeps a body for as long as there is room. Where there is none, the journal that has most gives up its oldest.
    pub(super) fn keep(&mut self, node: &NodeId, hash: Hash, body: ByteVec) {
        if self.held.contains_key(&hash) {
            return;
        }
        let share = self.passing.entry(node.clone()).or_default();
        share.bytes += body.len();
        share.order.push_back(hash);
        self.passing_bytes += body.len();
        self.held.insert(hash, body);
        self.make_room();
    }

    /// Keeps a body for good: the certificate of a device that was enrolled, of which a node has a bound.
    pub(super) fn keep_lasting(&mut self, hash: Hash, body: ByteVec) {
        // One that was held as a passing one under another entry stays counted there, and `make_room` spares it.
        self.lasting.insert(hash);
        self.held.entry(hash).or_insert(body);
    }

    /// A body, if it is held.
    pub(super) fn get(&self, hash: &Hash) -> Option<&ByteVec> {
        self.held.get(hash)
    }

    #[cfg(test)]
    fn has(&self, hash: &Hash) -> bool {
        self.held.contains_key(hash)
    }

    /// Bytes of all that are held.
    pub(super) fn bytes(&self) -> usize {
        self.held.values().map(|body| body.len()).sum()
    }

    fn make_room(&mut self) {
        while self.passing_bytes > BODIES_HELD {
            let Some(share) = self.passing.values_mut().max_by_key(|share| share.bytes) else { return };
            let Some(hash) = share.order.pop_front() else { return };
            let len = self.held.get(&hash).map_or(0, |body| body.len());
            share.bytes -= len;
            self.passing_bytes -= len;
            if !self.lasting.contains(&hash) {
                self.held.remove(&hash);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(n: usize) -> ByteVec {
        let mut body = vec![0; 1 << 20];
        body[..8].copy_from_slice(&n.to_be_bytes());
        body.into()
    }

    fn node(id: &str) -> NodeId {
        NodeId::new(id).expect("a node id")
    }

    #[test]
    fn certificates_stay_and_the_oldest_of_the_others_go() {
        let mut bodies = Bodies::default();
        let certificate = ByteVec::from(vec![1; 100]);
        bodies.keep_lasting(Hash::of(&certificate), certificate.clone());
        let mut hashes = Vec::new();
        for n in 0..=BODIES_HELD / (1 << 20) {
            hashes.push(Hash::of(&body(n)));
            bodies.keep(&node("usa-1"), hashes[n], body(n));
        }
        assert!(bodies.has(&Hash::of(&certificate)));
        assert!(!bodies.has(&hashes[0]));
        assert!(bodies.has(&hashes[1]));
    }

    #[test]
    fn one_journal_does_not_take_the_place_of_the_others() {
        let mut bodies = Bodies::default();
        let few: Vec<Hash> = (0..8).map(|n| Hash::of(&body(n))).collect();
        for (n, hash) in few.iter().enumerate() {
            bodies.keep(&node("usa-1"), *hash, body(n));
        }
        for n in 100..100 + 3 * BODIES_HELD / (1 << 20) {
            bodies.keep(&node("jpn-1"), Hash::of(&body(n)), body(n));
        }
        assert!(few.iter().all(|hash| bodies.has(hash)));
        assert!(bodies.bytes() <= BODIES_HELD);
    }
}
