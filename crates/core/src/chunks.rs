//! Chunks of attachments, which travel apart from entries: an own console gives them before its message, other nodes fetch them after it. They are
//! fetched one at a time and in parts as small as the link is slow, so that nothing that matters more waits for long.

use crate::bucket::Bucket;
use crate::io::{ConsoleKey, Output};
use crate::ledger::plain;
use crate::limits::*;
use crate::machine::Machine;
use crate::note::Count;
use minicbor::bytes::ByteVec;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use trialogue_charter::{DeviceId, Hash, LineId, NodeId};
use trialogue_journal::limits::{CHUNK_MAX, CHUNKS_MAX};
use trialogue_journal::{Written, chunks};
use trialogue_wire::console::ToConsole;
use trialogue_wire::link::LinkMessage;

/// All of it.
#[derive(Default)]
pub(crate) struct Chunks {
    /// Given to the disk in this order and not on it yet, with who waits to hear of it.
    storing: VecDeque<(Hash, Option<ConsoleKey>)>,
    /// So many the disk has taken in this run.
    stored: u64,
    /// Writings whose chunks are not all here, as they came.
    waiting: VecDeque<Waits>,
    fetch: Option<Fetch>,
    /// Writings that were tried in vain since something was found last.
    in_vain: usize,
    rest_until_us: u64,
    /// Bytes that one part from a neighbour may have.
    parts: BTreeMap<NodeId, u32>,
    given: BTreeMap<DeviceId, Bucket>,
    asked: BTreeMap<NodeId, Bucket>,
    /// The last one that was read for each neighbour, which asks for it part by part.
    served: BTreeMap<NodeId, (Hash, ByteVec)>,
}

/// A writing that waits for chunks.
struct Waits {
    id: Hash,
    line: LineId,
    /// Whose consoles gave them.
    node: NodeId,
    lacks: BTreeSet<Hash>,
}

/// A chunk on its way here.
struct Fetch {
    hash: Hash,
    from: NodeId,
    /// Neighbours that do not have it.
    tried: BTreeSet<NodeId>,
    got: Vec<u8>,
    most: u32,
    asked_us: u64,
}

impl Chunks {
    /// Is it on its way to the disk?
    fn is_storing(&self, hash: &Hash) -> bool {
        self.storing.iter().any(|(storing, _)| storing == hash)
    }
}

impl Machine {
    /// Is it on the disk?
    fn has_chunk(&self, hash: &Hash) -> bool {
        self.ledger.has_chunk(hash) && !self.chunks.is_storing(hash)
    }

    /// All that a message says is attached to it is on the disk. What its console has not given first is not journalled.
    pub(crate) fn chunks_given(&self, written: &Written, bodies: &[ByteVec]) -> bool {
        let Some(attached) = &written.attached else { return true };
        let list = attached.find(&plain(bodies)).and_then(chunks);
        list.is_some_and(|hashes| hashes.iter().all(|hash| self.has_chunk(hash)))
    }

    /// The same of a writing that counts; what is missing is fetched from now on.
    pub(crate) fn has_attached(&mut self, id: &Hash, line: &LineId, node: &NodeId, written: &Written) -> bool {
        let Some(attached) = &written.attached else { return true };
        if self.chunks.waiting.iter().any(|waits| waits.id == *id) {
            return false;
        }
        // Without the list nobody knows what is missing; one that is no list has nothing to fetch.
        let Some(list) = self.ledger.body(&attached.hash) else { return false };
        let lacks: BTreeSet<Hash> =
            chunks(&list).unwrap_or_default().into_iter().filter(|hash| !self.has_chunk(hash)).collect();
        let here = lacks.is_empty();
        if !here {
            self.chunks.in_vain = 0;
            self.chunks.waiting.push_back(Waits { id: *id, line: line.clone(), node: node.clone(), lacks });
        }
        here
    }

    /// An own console asks which chunks it has to give.
    pub(crate) fn take_lacking(&mut self, key: ConsoleKey, hashes: Vec<Hash>) {
        let hashes = hashes.into_iter().filter(|hash| !self.has_chunk(hash)).collect();
        self.send_console(key, &ToConsole::Lacking { hashes });
    }

    /// An own console gives one.
    pub(crate) fn chunk_given(&mut self, key: ConsoleKey, device: DeviceId, bytes: Vec<u8>) {
        let hash = Hash::of(&bytes);
        if self.has_chunk(&hash) {
            return self.send_console(key, &ToConsole::ChunkStored { hash });
        }
        let now = self.now.us;
        let bucket = self.chunks.given.entry(device).or_insert_with(|| Bucket::new(CHUNKS_BURST, CHUNK_EVERY_US, now));
        if self.chunks.storing.len() >= CHUNKS_STORING_MAX || !bucket.take(now) {
            return self.count(Count::OverBound);
        }
        self.store_chunk(hash, bytes.into(), Some(key));
    }

    fn store_chunk(&mut self, hash: Hash, bytes: ByteVec, console: Option<ConsoleKey>) {
        if !self.ledger.has_shelf() {
            self.ledger.bodies.keep(hash, bytes.clone(), false);
        }
        // One that a console gives belongs to nothing yet: it goes after a while unless a message says that it is attached.
        self.push_out(Output::KeepChunk { hash, bytes, lasting: console.is_none() });
        self.chunks.storing.push_back((hash, console));
    }

    /// The disk has so many of this run.
    pub(crate) fn chunks_stored(&mut self, total: u64) {
        while self.chunks.stored < total {
            self.chunks.stored += 1;
            let Some((hash, console)) = self.chunks.storing.pop_front() else { continue };
            if let Some(console) = console.filter(|console| self.consoles.contains_key(console)) {
                self.send_console(console, &ToConsole::ChunkStored { hash });
            }
            let mut whole = Vec::new();
            self.chunks.waiting.retain_mut(|waits| {
                waits.lacks.remove(&hash);
                if waits.lacks.is_empty() {
                    whole.push((waits.id, waits.line.clone(), waits.node.clone()));
                }
                !waits.lacks.is_empty()
            });
            for (id, line, node) in whole {
                if node != self.node && self.state.writing(&line, &id).is_some_and(|(whose, _)| *whose == node) {
                    self.to_store.insert(id);
                }
            }
        }
    }

    /// A neighbour asks for a part of one.
    pub(crate) fn take_want_chunk(&mut self, from: &NodeId, hash: Hash, at: u32, most: u32) {
        let now = self.now.us;
        if self.chunks.served.get(from).is_none_or(|(held, _)| *held != hash) {
            let new = || Bucket::new(WANT_CHUNK_BURST, WANT_CHUNK_EVERY_US, now);
            if !self.chunks.asked.entry(from.clone()).or_insert_with(new).take(now) {
                return self.count(Count::OverBound);
            }
            self.chunks.served.remove(from);
            let body = self.ledger.body(&hash).filter(|body| body.len() <= CHUNK_MAX);
            body.into_iter().for_each(|body| drop(self.chunks.served.insert(from.clone(), (hash, body))));
        }
        let held = self.chunks.served.get(from).map_or(&[][..], |(_, body)| body.as_slice());
        let begin = usize::try_from(at).unwrap_or(usize::MAX).min(held.len());
        let end = begin.saturating_add(usize::try_from(most).unwrap_or(usize::MAX)).min(held.len());
        let whole = u32::try_from(held.len()).unwrap_or(0);
        let bytes = held[begin..end].to_vec();
        self.send_link(from, &LinkMessage::Chunk { hash, whole, at, bytes });
    }

    /// A neighbour gives a part.
    pub(crate) fn take_chunk(&mut self, from: &NodeId, hash: Hash, whole: u32, at: u32, bytes: &[u8]) {
        let now = self.now.us;
        let Some(fetch) = self.chunks.fetch.as_mut() else { return };
        // Late, or twice: it was asked for anew meanwhile.
        if fetch.hash != hash || fetch.from != *from || usize::try_from(at) != Ok(fetch.got.len()) {
            return;
        }
        let whole = usize::try_from(whole).unwrap_or(usize::MAX);
        let fits = !bytes.is_empty() && bytes.len() <= fetch.most as usize && fetch.got.len() + bytes.len() <= whole;
        if !fits || whole > CHUNK_MAX {
            return self.chunk_is_not_there();
        }
        fetch.got.extend_from_slice(bytes);
        let took_us = now.saturating_sub(fetch.asked_us);
        let complete = fetch.got.len() == whole;
        self.pace(from, took_us);
        if !complete {
            return self.ask_for_part();
        }
        let Some(fetch) = self.chunks.fetch.take_if(|fetch| Hash::of(&fetch.got) == hash) else {
            self.count(Count::ChunkForged);
            return self.chunk_is_not_there();
        };
        self.chunks.in_vain = 0;
        // No faster than the neighbour gives them.
        self.chunks.rest_until_us = now + CHUNK_NEXT_US;
        self.store_chunk(hash, fetch.got.into(), None);
    }

    /// Parts grow while they come at once, and shrink where they would keep others waiting.
    fn pace(&mut self, from: &NodeId, took_us: u64) {
        let round_trip = self.links.get(from).and_then(|link| link.round_trip_us).map_or(0, u64::from);
        let part = self.chunks.parts.entry(from.clone()).or_insert(CHUNK_PART);
        match took_us.saturating_sub(round_trip) {
            ..CHUNK_QUICK_US => *part = (*part * 2).min(CHUNK_MAX as u32),
            CHUNK_SLOW_US.. => *part = (*part / 2).max(CHUNK_PART_MIN),
            _ => {}
        }
    }

    /// Goes on with what is missing.
    pub(crate) fn settle_chunks(&mut self) {
        let now = self.now.us;
        if let Some(fetch) = &self.chunks.fetch {
            let there = self.links.get(&fetch.from).is_some_and(|link| link.up);
            if there && now < fetch.asked_us + CHUNK_PATIENCE_US {
                return;
            }
            return self.chunk_is_not_there();
        }
        let next = self
            .chunks
            .waiting
            .front()
            .and_then(|waits| waits.lacks.iter().find(|hash| !self.chunks.is_storing(hash)).copied());
        if let Some(hash) = next
            && now >= self.chunks.rest_until_us
            && self.chunks.storing.len() < CHUNKS_STORING_MAX
        {
            self.fetch_from_next(hash, BTreeSet::new());
        }
    }

    /// The neighbour that was asked does not give it: another one may.
    fn chunk_is_not_there(&mut self) {
        if let Some(mut fetch) = self.chunks.fetch.take() {
            fetch.tried.insert(fetch.from);
            self.fetch_from_next(fetch.hash, fetch.tried);
        }
    }

    fn fetch_from_next(&mut self, hash: Hash, tried: BTreeSet<NodeId>) {
        let source = self.chunks.waiting.front().map(|waits| waits.node.clone());
        let there = self.neighbours().filter(|node| !tried.contains(*node));
        // A link that seems silent comes last: where a machine has too much to do, all of them do.
        let from = there.min_by_key(|node| (self.is_silent(node), Some(*node) != source.as_ref())).cloned();
        let Some(from) = from else {
            // Another message's turn; when all were tried, some rest.
            self.chunks.waiting.rotate_left(1.min(self.chunks.waiting.len()));
            self.chunks.in_vain += 1;
            if self.chunks.in_vain >= self.chunks.waiting.len() {
                self.chunks.in_vain = 0;
                self.chunks.rest_until_us = self.now.us + CHUNK_REST_US;
            }
            return;
        };
        self.chunks.fetch = Some(Fetch { hash, from, tried, got: Vec::new(), most: 0, asked_us: self.now.us });
        self.ask_for_part();
    }

    fn ask_for_part(&mut self) {
        let now = self.now.us;
        let Some(fetch) = self.chunks.fetch.as_mut() else { return };
        fetch.most = self.chunks.parts.get(&fetch.from).copied().unwrap_or(CHUNK_PART);
        fetch.asked_us = now;
        let at = u32::try_from(fetch.got.len()).unwrap_or(u32::MAX);
        let (hash, most, from) = (fetch.hash, fetch.most, fetch.from.clone());
        self.send_link(&from, &LinkMessage::WantChunk { hash, at, most });
    }

    /// When [`Machine::settle_chunks`] is due.
    pub(crate) fn next_chunk_us(&self) -> Option<u64> {
        match &self.chunks.fetch {
            Some(fetch) => Some(fetch.asked_us + CHUNK_PATIENCE_US),
            None if self.chunks.waiting.is_empty() => None,
            None => Some(self.chunks.rest_until_us).filter(|at| *at > self.now.us),
        }
    }
}

// A list of the largest size fits into what a console may say at once.
const _: () = assert!(CHUNKS_BURST as usize >= 2 * CHUNKS_MAX);
