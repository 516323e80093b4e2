//! Chunks of attachments, which travel apart from entries: an own console gives them before its message, other nodes fetch them after it. They are
//! fetched in parts as small as the link is slow, so that nothing that matters more waits for long: one chunk at a time of the messages of each node, and
//! one part at a time from each neighbour. A node whose chunks do not come holds up its own messages alone.

mod fetch;

use crate::bucket::Bucket;
use crate::io::{ConsoleKey, Output};
use crate::journals::plain;
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
    /// Given to the disk in this order and not on it yet.
    storing: VecDeque<Storing>,
    /// So many the disk has taken in this run.
    stored: u64,
    /// What is missing of the messages of each other node.
    sources: BTreeMap<NodeId, Source>,
    /// Bytes that one part from a neighbour may have.
    parts: BTreeMap<NodeId, u32>,
    given: BTreeMap<DeviceId, Bucket>,
    asked: BTreeMap<NodeId, Bucket>,
    /// The last ones that were read for each neighbour, which asks for them part by part.
    served: BTreeMap<NodeId, VecDeque<Served>>,
}

/// A chunk on its way to the disk.
struct Storing {
    hash: Hash,
    by: By,
}

/// Who gave it.
enum By {
    /// A console, which waits to hear of it.
    Console(ConsoleKey),
    /// It was fetched for a message of this node.
    Fetched(NodeId),
}

/// The messages of one node whose chunks are not all here.
struct Source {
    /// Of each device as they came, one of each in turn: whoever has many waits with them behind those of others.
    waiting: VecDeque<Waits>,
    fetch: Option<Fetch>,
    /// Neighbours that failed to give what they were asked for, since they gave something last: others are asked first.
    failed: BTreeSet<NodeId>,
    /// Messages that were tried in vain since something was found last.
    in_vain: usize,
    rest_until_us: u64,
    /// How many are fetched.
    bucket: Bucket,
}

/// A writing that waits for chunks.
struct Waits {
    id: Hash,
    by: DeviceId,
    line: LineId,
    /// The body that lists them.
    list: Hash,
    /// Those that are not here; none: it is not its turn, and was not looked yet.
    lacks: Option<BTreeSet<Hash>>,
}

/// A chunk that a neighbour is given in parts.
struct Served {
    hash: Hash,
    body: ByteVec,
    /// How many bytes of it are given before it counts as asked for anew: twice as many as there are.
    left: usize,
}

/// Chunks that a neighbour is given in parts at once: one of the own messages and one of another's.
const SERVED_MAX: usize = 2;
/// As how many bytes a part counts at least.
const SERVED_LEAST: usize = 512;

/// A chunk on its way here.
struct Fetch {
    hash: Hash,
    /// The neighbour that was asked for the next part; none: all that may be asked give others just now.
    from: Option<NodeId>,
    /// Neighbours that do not have it.
    tried: BTreeSet<NodeId>,
    got: Vec<u8>,
    /// How many bytes there are, as the neighbour said first.
    whole: Option<usize>,
    most: u32,
    asked_us: u64,
    /// When the neighbour was asked for the first part.
    since_us: u64,
}

impl Source {
    fn new(now_us: u64) -> Self {
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
    fn wait(&mut self, new: Waits) -> bool {
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
}

impl Chunks {
    /// Is it on its way to the disk?
    fn is_storing(&self, hash: &Hash) -> bool {
        self.storing.iter().any(|storing| storing.hash == *hash)
    }

    /// A part is awaited from this neighbour.
    fn is_asked(&self, neighbour: &NodeId) -> bool {
        let fetches = self.sources.values().filter_map(|source| source.fetch.as_ref());
        fetches.into_iter().any(|fetch| fetch.from.as_ref() == Some(neighbour))
    }

    /// May a neighbour be asked for this chunk, for a message of this node? For one thing at a time, and besides for one of its own messages, whatever else it is asked
    /// for: no other node's messages keep it from giving those.
    fn may_ask(&self, neighbour: &NodeId, node: &NodeId, hash: &Hash) -> bool {
        !self.is_asked(neighbour) || (neighbour == node && self.awaited(neighbour, hash).is_none())
    }

    /// The source for which this chunk is awaited from this neighbour.
    fn awaited(&self, from: &NodeId, hash: &Hash) -> Option<NodeId> {
        let awaits = |source: &&Source| {
            source.fetch.as_ref().is_some_and(|fetch| fetch.hash == *hash && fetch.from.as_ref() == Some(from))
        };
        self.sources.iter().find(|(_, source)| awaits(source)).map(|(node, _)| node.clone())
    }

    /// So many of this source are on their way to the disk.
    fn storing_of(&self, node: &NodeId) -> usize {
        self.storing.iter().filter(|storing| matches!(&storing.by, By::Fetched(source) if source == node)).count()
    }
}

impl Machine {
    /// Is it on the disk?
    fn has_chunk(&self, hash: &Hash) -> bool {
        self.journals.has_chunk(hash) && !self.chunks.is_storing(hash)
    }

    /// All that a message says is attached to it is on the disk. What its console has not given first is not journalled.
    pub(crate) fn chunks_given(&self, written: &Written, bodies: &[ByteVec]) -> bool {
        let Some(attached) = &written.attached else { return true };
        let list = attached.find(&plain(bodies)).and_then(chunks);
        list.is_some_and(|hashes| hashes.iter().all(|hash| self.has_chunk(hash)))
    }

    /// The same of a writing that counts; what is missing is fetched from now on.
    pub(crate) fn has_attached(
        &mut self,
        id: &Hash,
        line: &LineId,
        node: &NodeId,
        by: &DeviceId,
        written: &Written,
    ) -> bool {
        let Some(attached) = &written.attached else { return true };
        let now = self.here.now.us;
        let waits = |source: &Source| source.waiting.iter().any(|waits| waits.id == *id);
        if self.chunks.sources.get(node).is_some_and(waits) {
            return false;
        }
        // Without the list nobody knows what is missing; one that is no list has nothing to fetch.
        let Some(lacks) = self.lacking(&attached.hash) else { return false };
        if lacks.is_empty() {
            return true;
        }
        let source = self.chunks.sources.entry(node.clone()).or_insert_with(|| Source::new(now));
        source.in_vain = 0;
        if !source.wait(Waits { id: *id, by: *by, line: line.clone(), list: attached.hash, lacks: None }) {
            self.count(Count::OverBound);
        }
        false
    }

    /// Which chunks of a list are not on the disk; none: the list is not here.
    fn lacking(&self, list: &Hash) -> Option<BTreeSet<Hash>> {
        let list = self.journals.body(list)?;
        Some(chunks(&list).unwrap_or_default().into_iter().filter(|hash| !self.has_chunk(hash)).collect())
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
        let now = self.here.now.us;
        let bucket = self.chunks.given.entry(device).or_insert_with(|| Bucket::new(CHUNKS_BURST, CHUNK_EVERY_US, now));
        if self.chunks.storing.len() >= CHUNKS_STORING_MAX || !bucket.take(now) {
            return self.count(Count::OverBound);
        }
        self.store_chunk(hash, bytes.into(), By::Console(key));
    }

    fn store_chunk(&mut self, hash: Hash, bytes: ByteVec, by: By) {
        let node = match &by {
            By::Console(_) => self.here.node.clone(),
            By::Fetched(node) => node.clone(),
        };
        if !self.journals.has_shelf() {
            self.journals.keep_body(&node, hash, bytes.clone(), false);
        }
        // One that a console gives belongs to nothing yet: it goes after a while unless a message says that it is attached.
        self.push_out(Output::KeepChunk { hash, bytes, lasting: matches!(by, By::Fetched(_)) });
        self.chunks.storing.push_back(Storing { hash, by });
    }

    /// The disk has so many of this run.
    pub(crate) fn chunks_stored(&mut self, total: u64) {
        while self.chunks.stored < total {
            self.chunks.stored += 1;
            let Some(Storing { hash, by }) = self.chunks.storing.pop_front() else { continue };
            if let By::Console(console) = by
                && self.consoles.contains_key(&console)
            {
                self.send_console(console, &ToConsole::ChunkStored { hash });
            }
            for source in self.chunks.sources.values_mut() {
                for lacks in source.waiting.iter_mut().filter_map(|waits| waits.lacks.as_mut()) {
                    lacks.remove(&hash);
                }
            }
        }
    }

    /// A neighbour asks for a part of one.
    pub(crate) fn take_want_chunk(&mut self, from: &NodeId, hash: Hash, at: u32, most: u32) {
        let now = self.here.now.us;
        let known =
            self.chunks.served.get(from).is_some_and(|served| served.iter().any(|s| s.hash == hash && s.left > 0));
        if !known {
            let new = || Bucket::new(WANT_CHUNK_BURST, WANT_CHUNK_EVERY_US, now);
            if !self.chunks.asked.entry(from.clone()).or_insert_with(new).take(now) {
                return self.count(Count::OverBound);
            }
            let body = self.journals.body(&hash).filter(|body| body.len() <= CHUNK_MAX);
            let Some(body) = body else {
                let none = LinkMessage::Chunk { hash, whole: 0, at, bytes: Vec::new() };
                return self.send_link(from, &none);
            };
            let served = self.chunks.served.entry(from.clone()).or_default();
            served.retain(|served| served.hash != hash);
            served.truncate(SERVED_MAX - 1);
            served.push_front(Served { hash, left: 2 * body.len(), body });
        }
        let Some(served) = self.chunks.served.get_mut(from) else { return };
        let Some(served) = served.iter_mut().find(|served| served.hash == hash) else { return };
        let held = served.body.as_slice();
        let begin = usize::try_from(at).unwrap_or(usize::MAX).min(held.len());
        let end = begin.saturating_add(usize::try_from(most).unwrap_or(usize::MAX)).min(held.len());
        served.left = served.left.saturating_sub((end - begin).max(SERVED_LEAST));
        let whole = u32::try_from(held.len()).unwrap_or(0);
        let bytes = held[begin..end].to_vec();
        self.send_link(from, &LinkMessage::Chunk { hash, whole, at, bytes });
    }
}

// A list of the largest size fits into what a console may say at once.
const _: () = assert!(CHUNKS_BURST as usize >= 2 * CHUNKS_MAX);

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
}
