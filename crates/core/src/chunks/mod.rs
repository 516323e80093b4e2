//! Chunks of attachments, which travel apart from entries: an own console gives them before its message, other nodes
//! fetch them after it. They are fetched in parts as small as the link is slow, so that nothing that matters more waits
//! for long: one chunk at a time of the messages of each node, and one part at a time from each neighbour. A node whose
//! chunks do not come holds up its own messages alone.

mod fetch;
mod serve;
mod source;

pub(crate) use fetch::Part;
pub(crate) use serve::Wanted;

use crate::bucket::Bucket;
use crate::here::Here;
use crate::io::{ConsoleKey, Output};
use crate::journals::{Journals, plain};
use crate::limits::*;
use crate::note::Count;
use crate::out::Out;
use minicbor::bytes::ByteVec;
use serve::Serving;
use source::{Source, Waits};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use trialogue_charter::{DeviceId, Hash, LineId, NodeId};
use trialogue_journal::fold::Writing;
use trialogue_journal::limits::CHUNKS_MAX;
use trialogue_journal::{Written, chunks};
use trialogue_wire::console::ToConsole;

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
    serving: Serving,
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

/// A writing that counts: its line, and the node in whose journal it stands.
#[derive(Clone, Copy)]
pub(crate) struct Counting<'a> {
    pub(crate) id: Hash,
    pub(crate) line: &'a LineId,
    pub(crate) node: &'a NodeId,
    pub(crate) writing: &'a Writing,
}

impl Chunks {
    /// Is it on the disk?
    fn has(&self, hash: &Hash, journals: &Journals) -> bool {
        journals.has_chunk(hash) && !self.is_storing(hash)
    }

    /// Is it on its way there?
    fn is_storing(&self, hash: &Hash) -> bool {
        self.storing.iter().any(|storing| storing.hash == *hash)
    }

    /// So many of this source are.
    fn storing_of(&self, node: &NodeId) -> usize {
        self.storing.iter().filter(|storing| matches!(&storing.by, By::Fetched(source) if source == node)).count()
    }

    /// Which chunks of a list are not on the disk; none: the list is not here.
    fn lacking(&self, list: &Hash, journals: &Journals) -> Option<BTreeSet<Hash>> {
        let list = journals.body(list)?;
        Some(chunks(&list).unwrap_or_default().into_iter().filter(|hash| !self.has(hash, journals)).collect())
    }

    /// All that a message says is attached to it is on the disk. What its console has not given first is not
    /// journalled.
    pub(crate) fn are_given(&self, written: &Written, bodies: &[ByteVec], journals: &Journals) -> bool {
        let Some(attached) = &written.attached else { return true };
        let list = attached.find(&plain(bodies)).and_then(chunks);
        list.is_some_and(|hashes| hashes.iter().all(|hash| self.has(hash, journals)))
    }

    /// The same of a writing that counts; what is missing is fetched from now on.
    #[must_use]
    pub(crate) fn are_here(&mut self, of: Counting<'_>, here: &Here, journals: &Journals, out: &mut Out) -> bool {
        let Counting { id, line, node, writing } = of;
        let Some(attached) = &writing.written.attached else { return true };
        let waits = |source: &Source| source.waiting.iter().any(|waits| waits.id == id);
        if self.sources.get(node).is_some_and(waits) {
            return false;
        }
        // Without the list nobody knows what is missing; one that is no list has nothing to fetch.
        let Some(lacks) = self.lacking(&attached.hash, journals) else { return false };
        if lacks.is_empty() {
            return true;
        }
        let source = self.sources.entry(node.clone()).or_insert_with(|| Source::new(here.now.us));
        source.in_vain = 0;
        if !source.wait(Waits { id, by: writing.by, line: line.clone(), list: attached.hash, lacks: None }) {
            out.count(Count::OverBound);
        }
        false
    }

    /// An own console asks which chunks it has to give.
    pub(crate) fn asked(&self, console: ConsoleKey, hashes: Vec<Hash>, journals: &Journals, out: &mut Out) {
        let hashes = hashes.into_iter().filter(|hash| !self.has(hash, journals)).collect();
        out.console(console, &ToConsole::Lacking { hashes });
    }

    /// An own console gives one.
    pub(crate) fn given(
        &mut self,
        (console, device): (ConsoleKey, DeviceId),
        bytes: Vec<u8>,
        here: &Here,
        journals: &mut Journals,
        out: &mut Out,
    ) {
        let hash = Hash::of(&bytes);
        if self.has(&hash, journals) {
            return out.console(console, &ToConsole::ChunkStored { hash });
        }
        let now = here.now.us;
        let bucket = self.given.entry(device).or_insert_with(|| Bucket::new(CHUNKS_BURST, CHUNK_EVERY_US, now));
        if self.storing.len() >= CHUNKS_STORING_MAX || !bucket.take(now) {
            return out.count(Count::OverBound);
        }
        self.store(hash, bytes.into(), By::Console(console), here, journals, out);
    }

    fn store(&mut self, hash: Hash, bytes: ByteVec, by: By, here: &Here, journals: &mut Journals, out: &mut Out) {
        if !journals.has_shelf() {
            let node = match &by {
                By::Console(_) => &here.node,
                By::Fetched(node) => node,
            };
            journals.keep_body(node, hash, bytes.clone(), false);
        }
        // One that a console gives belongs to nothing yet: it goes after a while unless a message says that it is
        // attached.
        out.push(Output::KeepChunk { hash, bytes, lasting: matches!(by, By::Fetched(_)) });
        self.storing.push_back(Storing { hash, by });
    }

    /// The disk has so many of this run. `is_here`: this console still has its WebSocket.
    pub(crate) fn stored(&mut self, total: u64, is_here: impl Fn(&ConsoleKey) -> bool, out: &mut Out) {
        while self.stored < total {
            self.stored += 1;
            let Some(Storing { hash, by }) = self.storing.pop_front() else { continue };
            if let By::Console(console) = by
                && is_here(&console)
            {
                out.console(console, &ToConsole::ChunkStored { hash });
            }
            self.sources.values_mut().for_each(|source| source.has(&hash));
        }
    }

    /// A neighbour asks for a part of one.
    pub(crate) fn wanted(&mut self, from: &NodeId, wanted: Wanted, here: &Here, journals: &Journals, out: &mut Out) {
        self.serving.wanted(from, wanted, here, journals, out);
    }
}

// A list of the largest size fits into what a console may say at once.
const _: () = assert!(CHUNKS_BURST as usize >= 2 * CHUNKS_MAX);

#[cfg(test)]
mod bench;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::bench::{Bench, bench, chunk, with_files};
    use super::*;
    use trialogue_wire::decode;

    const KEY: ConsoleKey = ConsoleKey(7);

    impl Bench {
        /// The own console gives one: what it is told at once, and how many are counted as too many.
        fn gives_own(&mut self, chunk: &[u8]) -> (Vec<ToConsole>, usize) {
            let by = (KEY, self.usa.device.id);
            let (scene, journals) = (&self.own.scene, &mut self.own.journals);
            self.chunks.given(by, chunk.to_vec(), &scene.here, journals, &mut self.own.out);
            self.told()
        }

        /// The disk has so many; the console is still here, or not.
        fn stores(&mut self, total: u64, is_here: bool) -> Vec<ToConsole> {
            self.chunks.stored(total, |console| is_here && *console == KEY, &mut self.own.out);
            self.told().0
        }

        fn told(&mut self) -> (Vec<ToConsole>, usize) {
            let (mut told, mut over) = (Vec::new(), 0);
            for output in self.own.outputs() {
                match output {
                    Output::SendConsole { console: KEY, bytes, .. } => told.push(decode(&bytes).unwrap()),
                    Output::Count(Count::OverBound) => over += 1,
                    Output::KeepChunk { lasting, .. } => assert!(!lasting, "it belongs to nothing yet"),
                    _ => panic!("nothing else"),
                }
            }
            (told, over)
        }

        fn may_write(&self, written: &Written, list: &[u8]) -> bool {
            self.chunks.are_given(written, &[list.to_vec().into()], &self.own.journals)
        }
    }

    fn stored(hash: Hash) -> ToConsole {
        ToConsole::ChunkStored { hash }
    }

    #[test]
    fn a_message_may_be_written_when_all_that_is_attached_is_on_the_disk() {
        let mut bench = bench(&[]);
        let chunks = [chunk(1, 100), chunk(2, 100)];
        let hashes = [Hash::of(&chunks[0]), Hash::of(&chunks[1])];
        let (written, list) = with_files(0, &chunks);
        assert!(!bench.may_write(&written, &list));
        bench.chunks.asked(KEY, hashes.to_vec(), &bench.own.journals, &mut bench.own.out);
        assert_eq!(bench.told().0, [ToConsole::Lacking { hashes: hashes.to_vec() }]);
        for chunk in &chunks {
            assert_eq!(bench.gives_own(chunk), (vec![], 0));
        }
        assert_eq!(bench.stores(1, true), [stored(hashes[0])]);
        assert!(!bench.may_write(&written, &list), "one is on its way to the disk");
        bench.chunks.asked(KEY, hashes.to_vec(), &bench.own.journals, &mut bench.own.out);
        assert_eq!(bench.told().0, [ToConsole::Lacking { hashes: vec![hashes[1]] }]);
        assert_eq!(bench.stores(2, false), [], "it has gone meanwhile");
        assert!(bench.may_write(&written, &list) && !bench.may_write(&written, b"another list"));
        assert_eq!(bench.gives_own(&chunks[1]), (vec![stored(hashes[1])], 0), "it is there already");
        assert_eq!(bench.stores(2, true), [], "said once");
    }

    #[test]
    fn a_console_that_gives_without_end_is_bounded() {
        let mut bench = bench(&[]);
        let given = |bench: &mut Bench, number: u32| bench.gives_own(&number.to_be_bytes()).1 == 0;
        let many = CHUNKS_STORING_MAX as u32;
        assert!((0..many).all(|number| given(&mut bench, number)) && !given(&mut bench, many), "the disk is slow");
        // It is not, and takes each one as it comes.
        bench.stores(u64::from(many), true);
        let taken = |number: &u32| {
            let taken = given(&mut bench, *number);
            bench.stores(u64::from(*number) + 1, true);
            taken
        };
        let more = (many..2 * CHUNKS_BURST).take_while(taken).count();
        assert_eq!(more, (CHUNKS_BURST - many) as usize);
    }

    #[test]
    fn without_its_list_nothing_is_missing_that_could_be_fetched() {
        let mut bench = bench(&["jpn-1"]);
        let id = bench.japan_writes_without_list(0, &[chunk(1, 100)]);
        assert!(!bench.looks(id) && bench.chunks.sources.is_empty());
        let all = [chunk(2, 100)];
        let node = bench.own.scene.here.node.clone();
        bench.own.journals.keep_body(&node, Hash::of(&all[0]), all[0].clone().into(), false);
        let id = bench.japan_writes_without_list(1, &all);
        let (_, list) = with_files(1, &all);
        bench.own.journals.keep_body(&node, Hash::of(&list), list.into(), false);
        assert!(bench.looks(id) && bench.chunks.sources.is_empty(), "all of it is here");
    }
}
