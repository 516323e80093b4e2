//! Large bodies beside entries: held by their hash, certificates for good, all others within a budget.

use crate::limits::BODIES_HELD;
use minicbor::bytes::ByteVec;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use trialogue_charter::Hash;

/// Bodies in memory.
#[derive(Default)]
pub(crate) struct Bodies {
    held: BTreeMap<Hash, ByteVec>,
    /// Those that may go, oldest first.
    passing: VecDeque<Hash>,
    passing_bytes: usize,
    lasting: BTreeSet<Hash>,
}

impl Bodies {
    /// Keeps a body. `lasting`: it never goes (a certificate, of which there are as many as devices).
    pub(crate) fn keep(&mut self, hash: Hash, body: ByteVec, lasting: bool) {
        if lasting {
            if self.lasting.insert(hash) && self.held.contains_key(&hash) {
                // It was held as a passing one under another entry: it stays counted there, and `make_room` spares it.
                return;
            }
            self.held.entry(hash).or_insert(body);
            return;
        }
        if self.held.contains_key(&hash) {
            return;
        }
        self.passing_bytes += body.len();
        self.passing.push_back(hash);
        self.held.insert(hash, body);
        self.make_room();
    }

    /// A body, if it is held.
    pub(crate) fn get(&self, hash: &Hash) -> Option<&ByteVec> {
        self.held.get(hash)
    }

    #[cfg(test)]
    fn has(&self, hash: &Hash) -> bool {
        self.held.contains_key(hash)
    }

    fn make_room(&mut self) {
        while self.passing_bytes > BODIES_HELD {
            let Some(hash) = self.passing.pop_front() else { return };
            if self.lasting.contains(&hash) {
                self.passing_bytes -= self.held.get(&hash).map_or(0, |body| body.len());
            } else if let Some(body) = self.held.remove(&hash) {
                self.passing_bytes -= body.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_stay_and_the_oldest_of_the_others_go() {
        let mut bodies = Bodies::default();
        let certificate = ByteVec::from(vec![1; 100]);
        bodies.keep(Hash::of(&certificate), certificate.clone(), true);
        let mut hashes = Vec::new();
        for n in 0..=BODIES_HELD / (1 << 20) {
            let mut body = vec![0; 1 << 20];
            body[..8].copy_from_slice(&n.to_be_bytes());
            hashes.push(Hash::of(&body));
            bodies.keep(hashes[n], body.into(), false);
        }
        assert!(bodies.has(&Hash::of(&certificate)));
        assert!(!bodies.has(&hashes[0]));
        assert!(bodies.has(&hashes[1]));
    }
}
