//! Bodies that travelled beside entries: found by hash, bounded, asked for when they are missing.

use crate::limits::{BODIES_HELD, WANT_AGAIN_US};
use std::collections::{BTreeMap, VecDeque};
use trialogue_charter::Hash;
use trialogue_journal::BodyRef;

#[derive(Default)]
pub(crate) struct Bodies {
    held: BTreeMap<Hash, Vec<u8>>,
    order: VecDeque<Hash>,
    bytes: usize,
    /// Asked for, and when last.
    wanted: BTreeMap<Hash, u64>,
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
        self.wanted.entry(reference.hash).or_insert(0);
    }

    /// The same of a chunk of an attachment.
    pub(crate) fn want_hash(&mut self, hash: Hash) {
        self.wanted.entry(hash).or_insert(0);
    }

    /// Hands a body out for good.
    pub(crate) fn take(&mut self, hash: &Hash) -> Option<Vec<u8>> {
        let body = self.held.remove(hash)?;
        self.bytes -= body.len();
        self.order.retain(|held| held != hash);
        Some(body)
    }

    /// Hashes to ask for now, at most `most`.
    pub(crate) fn ask(&mut self, now_us: u64, most: usize) -> Vec<Hash> {
        let due = |asked: u64| asked == 0 || now_us >= asked + WANT_AGAIN_US;
        let hashes: Vec<Hash> =
            self.wanted.iter().filter(|(_, at)| due(**at)).map(|(hash, _)| *hash).take(most).collect();
        for hash in &hashes {
            self.wanted.insert(*hash, now_us.max(1));
        }
        hashes
    }

    /// When something has to be asked for again.
    pub(crate) fn next_us(&self) -> Option<u64> {
        self.wanted.values().min().map(|asked| if *asked == 0 { 0 } else { asked + WANT_AGAIN_US })
    }

    /// Nothing is missing any more: the call is over.
    pub(crate) fn stop_wanting(&mut self) {
        self.wanted.clear();
    }
}
