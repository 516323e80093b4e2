//! What is missing of the messages of one node, and the chunk of them that is on its way here.

use crate::bucket::Bucket;
use crate::limits::*;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use trialogue_charter::{DeviceId, Hash, LineId, NodeId};

/// The messages of one node whose chunks are not all here.
pub(super) struct Source {
    /// Of each device as they came, one of each in turn: whoever has many waits with them behind those of others.
    pub(super) waiting: VecDeque<Waits>,
    pub(super) fetch: Option<Fetch>,
    /// Neighbours that failed to give what they were asked for, since they gave something last: others are asked first.
    pub(super) failed: BTreeSet<NodeId>,
    /// Messages that were tried in vain since something was found last.
    pub(super) in_vain: usize,
    pub(super) rest_until_us: u64,
    /// How many are fetched.
    pub(super) bucket: Bucket,
}

/// A writing that waits for chunks.
pub(super) struct Waits {
    pub(super) id: Hash,
    pub(super) by: DeviceId,
    pub(super) line: LineId,
    /// The body that lists them.
    pub(super) list: Hash,
    /// Those that are not here; none: it is not its turn, and was not looked yet.
    pub(super) lacks: Option<BTreeSet<Hash>>,
}

/// A chunk on its way here.
pub(super) struct Fetch {
    pub(super) hash: Hash,
    /// The neighbour that was asked for the next part; none: all that may be asked give others just now.
    pub(super) from: Option<NodeId>,
    /// Neighbours that do not have it.
    pub(super) tried: BTreeSet<NodeId>,
    pub(super) got: Vec<u8>,
    /// How many bytes there are, as the neighbour said first.
    pub(super) whole: Option<usize>,
    pub(super) most: u32,
    pub(super) asked_us: u64,
    /// When the neighbour was asked for the first part.
    pub(super) since_us: u64,
}

impl Fetch {
    pub(super) fn new(hash: Hash, now_us: u64) -> Self {
        Self {
            hash,
            from: None,
            tried: BTreeSet::new(),
            got: Vec::new(),
            whole: None,
            most: 0,
            asked_us: now_us,
            since_us: now_us,
        }
    }
}

impl Source {
    pub(super) fn new(now_us: u64) -> Self {
        Self {
            waiting: VecDeque::new(),
            fetch: None,
            failed: BTreeSet::new(),
            in_vain: 0,
            rest_until_us: 0,
            bucket: Bucket::new(CHUNKS_FETCHED_BURST, CHUNK_FETCHED_EVERY_US, now_us),
        }
    }

    /// It waits for its turn; false: of whoever has most waiting the last one has gone for it, until the next start.
    pub(super) fn wait(&mut self, new: Waits) -> bool {
        let mut of: BTreeMap<DeviceId, usize> = BTreeMap::new();
        let before = self.waiting.iter().filter(|waits| waits.by == new.by).count();
        let turn = |waits: &Waits| {
            let of = of.entry(waits.by).or_default();
            *of += 1;
            *of > before + 1
        };
        let at = self.waiting.iter().position(turn).unwrap_or(self.waiting.len());
        // The first one is being fetched.
        self.waiting.insert(at.max(1).min(self.waiting.len()), new);
        let fits = self.waiting.len() <= CHUNKS_WAITING_MAX;
        if !fits {
            let mut of: BTreeMap<DeviceId, usize> = BTreeMap::new();
            self.waiting.iter().for_each(|waits| *of.entry(waits.by).or_default() += 1);
            let most = of.into_iter().max_by_key(|(_, many)| *many).map(|(device, _)| device);
            if let Some(last) = self.waiting.iter().rposition(|waits| Some(waits.by) == most) {
                self.waiting.remove(last);
            }
        }
        fits
    }

    /// The disk has this one.
    pub(super) fn has(&mut self, hash: &Hash) {
        for lacks in self.waiting.iter_mut().filter_map(|waits| waits.lacks.as_mut()) {
            lacks.remove(hash);
        }
    }

    /// Is this one awaited from this neighbour?
    pub(super) fn awaits(&self, from: &NodeId, hash: &Hash) -> bool {
        self.fetch.as_ref().is_some_and(|fetch| fetch.hash == *hash && fetch.from.as_ref() == Some(from))
    }

    /// Nobody has what the first message lacks: another one's turn; when all were tried, some rest.
    pub(super) fn give_way(&mut self, now_us: u64) {
        self.fetch = None;
        self.waiting.iter_mut().take(1).for_each(|waits| waits.lacks = None);
        self.waiting.rotate_left(1.min(self.waiting.len()));
        self.in_vain += 1;
        if self.in_vain >= self.waiting.len() {
            self.in_vain = 0;
            self.rest_until_us = now_us + CHUNK_REST_US;
        }
    }

    /// When it is to be gone on with.
    pub(super) fn next_us(&self, now_us: u64) -> Option<u64> {
        match &self.fetch {
            // One that waits for a neighbour that others have asked goes on when that one has answered.
            Some(fetch) => fetch.from.as_ref().map(|_| fetch.asked_us + CHUNK_PATIENCE_US),
            None if self.waiting.is_empty() => None,
            None => Some(self.rest_until_us).filter(|at| *at > now_us),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn waits(by: u8, number: u16) -> Waits {
        let mut id = [by; 48];
        id[..2].copy_from_slice(&number.to_be_bytes());
        let line = LineId::new("duty").unwrap();
        Waits { id: Hash(id), by: DeviceId([by; 32]), line, list: Hash(id), lacks: None }
    }

    #[test]
    fn a_console_with_many_files_is_nobody_elses_wait() {
        let mut source = Source::new(0);
        for number in 0..CHUNKS_WAITING_MAX as u16 {
            assert!(source.wait(waits(1, number)));
        }
        assert!(!source.wait(waits(1, 1_000)), "its own go");
        assert!(!source.wait(waits(2, 0)) && !source.wait(waits(2, 1)) && !source.wait(waits(3, 0)));
        assert_eq!(source.waiting.len(), CHUNKS_WAITING_MAX);
        let first: Vec<(u8, Hash)> = source.waiting.iter().take(6).map(|waits| (waits.by.0[0], waits.id)).collect();
        let expected = [(1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (1, 2)].map(|(by, n)| (by, waits(by, n).id));
        assert_eq!(first, expected);
        assert!(source.waiting.iter().all(|held| held.id != waits(1, 1_000).id), "of its own the last ones");
    }

    #[test]
    fn when_nobody_had_anything_it_rests() {
        let mut source = Source::new(0);
        assert_eq!(source.next_us(0), None, "nothing waits");
        assert!(source.wait(waits(1, 0)) && source.wait(waits(2, 0)));
        source.give_way(10);
        assert_eq!((source.waiting[0].by, source.next_us(10)), (DeviceId([2; 32]), None), "the other one's turn");
        source.give_way(20);
        assert_eq!((source.waiting[0].by, source.next_us(20)), (DeviceId([1; 32]), Some(20 + CHUNK_REST_US)));
        assert_eq!(source.next_us(20 + CHUNK_REST_US), None, "it is over");
    }
}
