//! Bodies that travelled beside entries: found by hash, bounded, asked for when they are missing.

use crate::limits::{BODIES_HELD, WANT_AGAIN_US, WANT_DOUBLED, WANTED_MAX};
use std::collections::{BTreeMap, VecDeque};
use trialogue_charter::Hash;
use trialogue_journal::BodyRef;

#[derive(Default)]
pub(crate) struct Bodies {
    held: BTreeMap<Hash, Vec<u8>>,
    order: VecDeque<Hash>,
    bytes: usize,
    wanted: BTreeMap<Hash, Wanted>,
}

/// A body that is missing.
struct Wanted {
    /// As the entry says that refers to it.
    len: u32,
    /// When it was asked for last; 0: not yet.
    asked_us: u64,
    /// How often in a row in vain.
    times: u32,
}

impl Wanted {
    fn new(len: u32) -> Self {
        Self { len, asked_us: 0, times: 0 }
    }

    fn due_us(&self) -> u64 {
        let again = WANT_AGAIN_US << self.times.saturating_sub(1).min(WANT_DOUBLED);
        if self.asked_us == 0 { 0 } else { self.asked_us + again }
    }
}

impl Bodies {
    /// Keeps a body that a verified entry refers to, or that was asked for. The oldest goes beyond the bound.
    pub(crate) fn keep(&mut self, hash: Hash, body: Vec<u8>) {
        self.wanted.remove(&hash);
        self.bytes += body.len();
        if let Some(before) = self.held.insert(hash, body) {
            self.bytes -= before.len();
        } else {
            self.order.push_back(hash);
        }
        while self.bytes > BODIES_HELD {
            let Some(oldest) = self.order.pop_front() else { break };
            self.bytes -= self.held.remove(&oldest).map_or(0, |body| body.len());
        }
    }

    pub(crate) fn is_wanted(&self, hash: &Hash) -> bool {
        self.wanted.contains_key(hash)
    }

    pub(crate) fn get(&self, reference: &BodyRef) -> Option<&Vec<u8>> {
        self.held.get(&reference.hash)
    }

    /// Notes that a body is missing; it is asked for with [`Bodies::ask`].
    pub(crate) fn want(&mut self, reference: &BodyRef) {
        self.note(reference.hash, reference.len);
    }

    /// The same of a chunk of an attachment: nothing waits behind it.
    pub(crate) fn want_hash(&mut self, hash: Hash) {
        self.note(hash, u32::MAX);
    }

    /// Of more than may be, the one that was asked for most often is forgotten: it is nowhere.
    fn note(&mut self, hash: Hash, len: u32) {
        self.wanted.entry(hash).or_insert(Wanted::new(len));
        if self.wanted.len() > WANTED_MAX
            && let Some(vain) = self.wanted.iter().max_by_key(|(_, w)| (w.times, w.len)).map(|(hash, _)| *hash)
        {
            self.wanted.remove(&vain);
        }
    }

    /// Hands a body out for good.
    pub(crate) fn take(&mut self, hash: &Hash) -> Option<Vec<u8>> {
        let body = self.held.remove(hash)?;
        self.bytes -= body.len();
        self.order.retain(|held| held != hash);
        Some(body)
    }

    /// Hashes to ask for now, at most `most`: those first that were asked for least often, and of them small ones. A
    /// node gives so many bytes in a time, and what somebody made large, or what is nowhere, must not use them up.
    pub(crate) fn ask(&mut self, now_us: u64, most: usize) -> Vec<Hash> {
        let mut due: Vec<(u32, u32, Hash)> = Vec::new();
        due.extend(self.wanted.iter().filter(|(_, w)| now_us >= w.due_us()).map(|(hash, w)| (w.times, w.len, *hash)));
        due.sort_unstable();
        due.truncate(most);
        for (_, _, hash) in &due {
            if let Some(wanted) = self.wanted.get_mut(hash) {
                (wanted.asked_us, wanted.times) = (now_us.max(1), wanted.times.saturating_add(1));
            }
        }
        due.into_iter().map(|(_, _, hash)| hash).collect()
    }

    /// What was asked for a moment ago was not given for a reason that is over.
    pub(crate) fn ask_again(&mut self, now_us: u64) {
        for wanted in self.wanted.values_mut().filter(|w| w.asked_us > 0 && now_us < w.asked_us + WANT_AGAIN_US) {
            (wanted.asked_us, wanted.times) = (0, wanted.times.saturating_sub(1));
        }
    }

    /// When something has to be asked for again.
    pub(crate) fn next_us(&self) -> Option<u64> {
        self.wanted.values().map(Wanted::due_us).min()
    }

    /// Nothing is missing any more: the call is over.
    pub(crate) fn stop_wanting(&mut self) {
        self.wanted.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_ones_are_asked_for_before_large_ones_and_again_in_time() {
        let mut bodies = Bodies::default();
        for n in 0..8u8 {
            bodies.want(&BodyRef { hash: Hash([n; 48]), len: 512 << 10 });
        }
        bodies.want_hash(Hash([1; 48]));
        let small = Hash([0xff; 48]);
        bodies.want(&BodyRef { hash: small, len: 100 });
        assert_eq!(bodies.ask(1_000, 2), [small, Hash([0; 48])]);
        assert_eq!(bodies.ask(1_001, 32).len(), 7);
        assert!(bodies.ask(1_002, 32).is_empty());
        assert_eq!(bodies.next_us(), Some(1_000 + WANT_AGAIN_US));
        assert_eq!(bodies.ask(1_000 + WANT_AGAIN_US, 1), [small]);
        // What was asked for twice in vain comes after what was asked for once, and waits longer.
        let new = Hash([0xfe; 48]);
        bodies.want(&BodyRef { hash: new, len: 512 << 10 });
        assert_eq!(bodies.ask(1_100 + WANT_AGAIN_US, 1), [new]);
        assert!(!bodies.ask(1_150 + WANT_AGAIN_US, 32).contains(&small));
        bodies.ask_again(1_200 + WANT_AGAIN_US);
        assert!(bodies.ask(1_600 + WANT_AGAIN_US, 32).contains(&small));
    }

    #[test]
    fn what_is_nowhere_is_forgotten_before_anything_else() {
        let mut bodies = Bodies::default();
        let hash = |n: u32| Hash(std::array::from_fn(|at| n.to_be_bytes()[at % 4]));
        for n in 0..2 * WANTED_MAX as u32 {
            bodies.want(&BodyRef { hash: hash(n), len: 1 });
            bodies.ask(u64::from(n) + 1, 32);
        }
        assert_eq!(bodies.wanted.len(), WANTED_MAX);
        let real = Hash([0xee; 48]);
        bodies.want(&BodyRef { hash: real, len: 100_000 });
        assert_eq!(bodies.ask(3 * WANTED_MAX as u64, 32)[0], real);
    }
}
