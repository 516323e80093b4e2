//! Fetching what is missing: a slot for each node whose messages lack something, a part at a time from each neighbour.

use super::source::Fetch;
use super::{By, Chunks, Source};
use crate::here::Here;
use crate::journals::Journals;
use crate::limits::*;
use crate::links::Links;
use crate::note::Count;
use crate::out::Out;
use std::collections::BTreeSet;
use trialogue_charter::{Hash, NodeId};
use trialogue_journal::limits::CHUNK_MAX;
use trialogue_wire::link::LinkMessage;

/// A part that a neighbour gives.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) hash: Hash,
    /// How many bytes the chunk has, as the neighbour says.
    pub(crate) whole: u32,
    /// Where the part begins.
    pub(crate) at: u32,
    pub(crate) bytes: &'a [u8],
}

impl Chunks {
    /// A part is awaited from this neighbour.
    fn is_asked(&self, neighbour: &NodeId) -> bool {
        let fetches = self.sources.values().filter_map(|source| source.fetch.as_ref());
        fetches.into_iter().any(|fetch| fetch.from.as_ref() == Some(neighbour))
    }

    /// May a neighbour be asked for this chunk, for a message of this node? For one thing at a time, and besides for
    /// one of its own messages, whatever else it is asked for: no other node's messages keep it from giving those.
    fn may_ask(&self, neighbour: &NodeId, node: &NodeId, hash: &Hash) -> bool {
        !self.is_asked(neighbour) || (neighbour == node && self.awaited(neighbour, hash).is_none())
    }

    /// The source for which this chunk is awaited from this neighbour.
    fn awaited(&self, from: &NodeId, hash: &Hash) -> Option<NodeId> {
        self.sources.iter().find(|(_, source)| source.awaits(from, hash)).map(|(node, _)| node.clone())
    }

    /// A neighbour gives a part.
    pub(crate) fn take_part(
        &mut self,
        from: &NodeId,
        part: Part<'_>,
        here: &Here,
        journals: &mut Journals,
        links: &Links,
        out: &mut Out,
    ) {
        if let Some((node, fetched)) = self.last_part(from, part, here, links, out) {
            self.store(fetched.hash, fetched.got.into(), By::Fetched(node), here, journals, out);
        }
    }

    /// What is whole by this part, and for whose messages.
    fn last_part(
        &mut self,
        from: &NodeId,
        part: Part<'_>,
        here: &Here,
        links: &Links,
        out: &mut Out,
    ) -> Option<(NodeId, Fetch)> {
        let now = here.now.us;
        let Part { hash, whole, at, bytes } = part;
        let node = self.awaited(from, &hash)?;
        let source = self.sources.get_mut(&node)?;
        // Late, or twice: it was asked for anew meanwhile.
        let fetch = source.fetch.as_mut().filter(|fetch| usize::try_from(at) == Ok(fetch.got.len()))?;
        let whole = usize::try_from(whole).unwrap_or(usize::MAX);
        // Whoever has it gives all that is asked for: a part of a byte every ten seconds would hold up all that waits
        // behind it.
        let all = (fetch.most as usize).min(whole.saturating_sub(fetch.got.len()));
        let fits = all > 0 && bytes.len() == all && fetch.whole.is_none_or(|said| said == whole);
        if !fits || whole > CHUNK_MAX {
            self.is_not_there(&node, whole > 0, here, links, out);
            return None;
        }
        fetch.whole = Some(whole);
        fetch.got.extend_from_slice(bytes);
        let long = now >= fetch.since_us + CHUNK_LONG_US;
        let took_us = now.saturating_sub(fetch.asked_us);
        if fetch.got.len() != whole {
            self.pace(from, took_us, links);
            if long && self.has_another(&node, links) {
                self.is_not_there(&node, true, here, links, out);
            } else {
                self.ask_for_part(&node, here, out);
            }
            return None;
        }
        let fetched = source.fetch.take_if(|fetch| Hash::of(&fetch.got) == hash);
        if fetched.is_some() {
            source.in_vain = 0;
            source.failed.remove(from);
            // No faster than the neighbour gives them.
            source.rest_until_us = now + CHUNK_NEXT_US;
        }
        self.pace(from, took_us, links);
        if fetched.is_none() {
            out.count(Count::ChunkForged);
            self.is_not_there(&node, true, here, links, out);
        }
        Some((node, fetched?))
    }

    /// Parts grow while they come at once, and shrink where they would keep others waiting.
    fn pace(&mut self, from: &NodeId, took_us: u64, links: &Links) {
        let round_trip = links.round_trip_us(from).map_or(0, u64::from);
        let part = self.parts.entry(from.clone()).or_insert(CHUNK_PART);
        match took_us.saturating_sub(round_trip) {
            ..CHUNK_QUICK_US => *part = (*part * 2).min(CHUNK_MAX as u32),
            CHUNK_SLOW_US.. => *part = (*part / 2).max(CHUNK_PART_MIN),
            _ => {}
        }
    }

    /// Goes on with what is missing, of each node. Returns which writings of others are whole now.
    #[must_use]
    pub(crate) fn settle(&mut self, here: &Here, journals: &Journals, links: &Links, out: &mut Out) -> Vec<Hash> {
        let mut whole = Vec::new();
        for node in self.sources.keys().cloned().collect::<Vec<_>>() {
            whole.extend(self.settle_source(&node, here, journals, links, out));
        }
        // A neighbour that was given up for one of them is free for those before it, which waited for it and which
        // nothing else wakes.
        let waits = |source: &Source| source.fetch.as_ref().is_some_and(|fetch| fetch.from.is_none());
        let waiting: Vec<NodeId> =
            self.sources.iter().filter(|(_, source)| waits(source)).map(|(node, _)| node.clone()).collect();
        for node in waiting {
            self.fetch_on(&node, here, links, out);
        }
        whole
    }

    fn settle_source(
        &mut self,
        node: &NodeId,
        here: &Here,
        journals: &Journals,
        links: &Links,
        out: &mut Out,
    ) -> Vec<Hash> {
        let Some(source) = self.sources.get(node) else { return Vec::new() };
        if let Some(fetch) = &source.fetch {
            let asked = fetch.from.as_ref();
            let there = asked.is_some_and(|from| links.is_up(from));
            match asked {
                Some(_) if there && here.now.us < fetch.asked_us + CHUNK_PATIENCE_US => {}
                Some(_) => self.is_not_there(node, true, here, links, out),
                // Those who may have it were busy with others.
                None => self.fetch_on(node, here, links, out),
            }
            return Vec::new();
        }
        let whole = self.finish(node, here, journals);
        self.fetch_next(node, here, links, out);
        whole
    }

    /// Begins with the next chunk that the first message of a node lacks.
    fn fetch_next(&mut self, node: &NodeId, here: &Here, links: &Links, out: &mut Out) {
        let now = here.now.us;
        let Some(source) = self.sources.get(node) else { return };
        let lacks = source.waiting.front().and_then(|waits| waits.lacks.as_ref());
        let next = lacks.and_then(|lacks| lacks.iter().find(|hash| !self.is_storing(hash)).copied());
        let room = self.storing_of(node) < CHUNKS_STORING_MAX / 4;
        let Some(hash) = next.filter(|_| room && now >= source.rest_until_us) else { return };
        let Some(source) = self.sources.get_mut(node) else { return };
        if !source.bucket.take(now) {
            source.rest_until_us = now + CHUNK_FETCHED_EVERY_US;
            return;
        }
        source.fetch = Some(Fetch::new(hash, now));
        self.fetch_on(node, here, links, out);
    }

    /// Looks what the first message of a node lacks; one that lacks nothing is held whole from here on, and the next
    /// one is looked at. Returns those of other nodes that count.
    fn finish(&mut self, node: &NodeId, here: &Here, journals: &Journals) -> Vec<Hash> {
        let mut held = Vec::new();
        loop {
            let front = self.sources.get(node).and_then(|source| source.waiting.front());
            let Some(front) = front.filter(|front| front.lacks.as_ref().is_none_or(BTreeSet::is_empty)) else {
                return held;
            };
            // A list that is gone again has nothing to fetch any more.
            let lacks = if front.lacks.is_some() { Some(BTreeSet::new()) } else { self.lacking(&front.list, journals) };
            let gone = lacks.is_none();
            let Some(source) = self.sources.get_mut(node) else { return held };
            if let Some(lacks) = lacks.filter(|lacks| !lacks.is_empty()) {
                source.waiting.iter_mut().take(1).for_each(|waits| waits.lacks = Some(lacks.clone()));
                return held;
            }
            let Some(whole) = source.waiting.pop_front() else { return held };
            let counts = journals.state().writing(&whole.line, &whole.id).is_some_and(|(whose, _)| whose == node);
            if !gone && counts && *node != here.node {
                held.push(whole.id);
            }
        }
    }

    /// The neighbour that was asked does not give it: another one may. `failed`: it did not say that it has it not.
    fn is_not_there(&mut self, node: &NodeId, failed: bool, here: &Here, links: &Links, out: &mut Out) {
        let Some(source) = self.sources.get_mut(node) else { return };
        if let Some(fetch) = &mut source.fetch {
            source.failed.extend(fetch.from.clone().filter(|_| failed));
            fetch.tried.extend(fetch.from.take());
            fetch.got.clear();
            fetch.whole = None;
            self.fetch_on(node, here, links, out);
        }
    }

    /// Is there another neighbour to ask for what is being fetched, that has not failed lately?
    fn has_another(&self, node: &NodeId, links: &Links) -> bool {
        let Some(source) = self.sources.get(node) else { return false };
        let Some(fetch) = &source.fetch else { return false };
        let mut others = links.neighbours().filter(|other| fetch.from.as_ref() != Some(*other));
        others.any(|other| !fetch.tried.contains(other) && !source.failed.contains(other))
    }

    /// Asks the next neighbour that may have it and that is not asked for anything else.
    fn fetch_on(&mut self, node: &NodeId, here: &Here, links: &Links, out: &mut Out) {
        let Some(source) = self.sources.get(node) else { return };
        let Some(fetch) = &source.fetch else { return };
        let there: Vec<&NodeId> = links.neighbours().filter(|neighbour| !fetch.tried.contains(*neighbour)).collect();
        let free = there.iter().filter(|neighbour| self.may_ask(neighbour, node, &fetch.hash));
        // Who failed lately comes last, and a link that seems silent: where a machine has too much to do, all of them
        // do.
        let order =
            |neighbour: &NodeId| (source.failed.contains(neighbour), links.is_silent(neighbour), neighbour != node);
        let from = free.min_by_key(|neighbour| order(neighbour)).map(|from| (*from).clone());
        let Some(source) = self.sources.get_mut(node) else { return };
        if there.is_empty() {
            return source.give_way(here.now.us);
        }
        let Some(fetch) = source.fetch.as_mut().filter(|_| from.is_some()) else { return };
        (fetch.from, fetch.since_us) = (from, here.now.us);
        self.ask_for_part(node, here, out);
    }

    fn ask_for_part(&mut self, node: &NodeId, here: &Here, out: &mut Out) {
        let Some(fetch) = self.sources.get_mut(node).and_then(|source| source.fetch.as_mut()) else { return };
        let Some(from) = &fetch.from else { return };
        fetch.most = self.parts.get(from).copied().unwrap_or(CHUNK_PART);
        fetch.asked_us = here.now.us;
        let at = u32::try_from(fetch.got.len()).unwrap_or(u32::MAX);
        out.link(from, &LinkMessage::WantChunk { hash: fetch.hash, at, most: fetch.most });
    }

    /// When [`Chunks::settle`] is due, in microseconds.
    pub(crate) fn next_us(&self, here: &Here) -> Option<u64> {
        self.sources.values().filter_map(|source| Source::next_us(source, here.now.us)).min()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::chunks::bench::{Bench, bench, chunk};
    use crate::io::Output;

    const PART: usize = CHUNK_PART as usize;

    impl Bench {
        /// Goes on with what is missing: which writings are whole, and who is asked for which part, of how many bytes.
        fn settles(&mut self) -> (Vec<Hash>, Vec<(String, u32, u32)>) {
            let whole = self.chunks.settle(&self.own.scene.here, &self.own.journals, &self.links, &mut self.own.out);
            (whole, self.asked())
        }

        /// A neighbour gives bytes of a chunk of so many, from a position on.
        fn says(&mut self, from: &str, hash: Hash, whole: usize, at: usize, bytes: &[u8]) {
            let (whole, at) = (u32::try_from(whole).unwrap(), u32::try_from(at).unwrap());
            let part = Part { hash, whole, at, bytes };
            let (scene, journals) = (&self.own.scene, &mut self.own.journals);
            let from = crate::scene::node_id(from);
            self.chunks.take_part(&from, part, &scene.here, journals, &self.links, &mut self.own.out);
        }

        /// The same, of one that it has.
        fn gives(&mut self, from: &str, chunk: &[u8], at: usize, most: u32) {
            let end = chunk.len().min(at + most as usize);
            self.says(from, Hash::of(chunk), chunk.len(), at, &chunk[at..end]);
        }

        /// It says that it has it not.
        fn has_not(&mut self, from: &str, chunk: &[u8]) {
            self.says(from, Hash::of(chunk), 0, 0, &[]);
        }

        /// Who was asked for which part since.
        fn asked(&mut self) -> Vec<(String, u32, u32)> {
            let asked = |output| {
                let Output::SendLink { node, bytes } = output else { panic!("nothing else") };
                let LinkMessage::WantChunk { at, most, .. } = trialogue_wire::decode(&bytes).unwrap() else {
                    return None;
                };
                Some((node.as_str().to_owned(), at, most))
            };
            self.own.outputs().into_iter().filter_map(asked).collect()
        }

        /// What was given to the disk since.
        fn kept(&mut self) -> Vec<Hash> {
            let kept = |output| {
                let Output::KeepChunk { hash, lasting, .. } = output else { panic!("nothing else") };
                assert!(lasting, "a message names it");
                hash
            };
            self.own.outputs().into_iter().map(kept).collect()
        }

        fn next_us(&self) -> Option<u64> {
            self.chunks.next_us(&self.own.scene.here)
        }

        fn now_us(&self) -> u64 {
            self.own.scene.here.now.us
        }
    }

    fn first(of: &str) -> Vec<(String, u32, u32)> {
        vec![(of.to_owned(), 0, CHUNK_PART)]
    }

    #[test]
    fn a_chunk_comes_in_parts_and_what_is_whole_by_it_is_told_once() {
        let mut bench = bench(&["jpn-1"]);
        let chunk = chunk(1, 3 * PART);
        let id = bench.japan_writes(0, std::slice::from_ref(&chunk));
        assert_eq!(bench.settles(), (vec![], first("jpn-1")));
        assert_eq!(bench.next_us(), Some(bench.now_us() + CHUNK_PATIENCE_US));
        bench.gives("jpn-1", &chunk, 0, CHUNK_PART);
        assert_eq!(bench.asked(), [("jpn-1".to_owned(), CHUNK_PART, 2 * CHUNK_PART)], "it is quick, and gives more");
        bench.gives("jpn-1", &chunk, 0, CHUNK_PART);
        assert!(bench.asked().is_empty(), "twice");
        bench.gives("jpn-1", &chunk, PART, 2 * CHUNK_PART);
        assert_eq!(bench.kept(), [Hash::of(&chunk)]);
        assert_eq!(bench.settles(), (vec![], vec![]), "not before it is on the disk");
        bench.chunks.stored(1, |_| false, &mut bench.own.out);
        assert_eq!(bench.settles(), (vec![id], vec![]));
        assert_eq!((bench.settles(), bench.next_us()), ((vec![], vec![]), None));
    }

    #[test]
    fn another_neighbour_is_asked_where_one_does_not_give_it() {
        let mut bench = bench(&["jpn-1", "kor-1"]);
        let chunk = chunk(1, PART);
        bench.japan_writes(0, std::slice::from_ref(&chunk));
        assert_eq!(bench.settles().1, first("jpn-1"), "whose message it is");
        bench.has_not("jpn-1", &chunk);
        assert_eq!(bench.asked(), first("kor-1"));
        let late_us = bench.now_us() + CHUNK_PATIENCE_US;
        bench.own.goes_on_to(late_us);
        assert_eq!(bench.settles().1, [], "nobody is left");
        assert_eq!(bench.next_us(), Some(late_us + CHUNK_REST_US));
        bench.own.goes_on_to(late_us + CHUNK_REST_US);
        assert_eq!(bench.settles().1, first("jpn-1"));
        crate::links::bench::is_cut(&mut bench.links, "jpn-1");
        assert_eq!(bench.settles().1, first("kor-1"), "its link is gone");
        bench.gives("kor-1", &chunk, 0, CHUNK_PART);
        assert_eq!(bench.kept(), [Hash::of(&chunk)]);
    }

    #[test]
    fn a_forged_chunk_is_not_kept_and_who_gave_it_is_asked_last() {
        let mut bench = bench(&["jpn-1", "kor-1"]);
        let chunks = [chunk(1, PART), chunk(2, PART)];
        bench.japan_writes(0, &chunks);
        assert_eq!(bench.settles().1, first("jpn-1"));
        let wanted = bench.wanted();
        let (right, other) = if wanted == Hash::of(&chunks[0]) { (0, 1) } else { (1, 0) };
        bench.says("jpn-1", wanted, PART, 0, &chunks[other]);
        let (outputs, kor) = (bench.own.outputs(), crate::scene::node_id("kor-1"));
        assert!(
            matches!(&outputs[..], [Output::Count(Count::ChunkForged), Output::SendLink { node, .. }] if *node == kor)
        );
        bench.gives("kor-1", &chunks[right], 0, CHUNK_PART);
        assert_eq!(bench.kept(), [wanted]);
        bench.own.goes_on_to(bench.now_us() + CHUNK_NEXT_US);
        assert_eq!(bench.settles().1[0].0, "kor-1", "although it is Japan's message");
    }

    #[test]
    fn a_hostile_neighbour_has_nothing_kept_and_holds_nobody_up() {
        let mut bench = bench(&["jpn-1", "kor-1"]);
        let chunk = chunk(1, 3 * PART);
        let hash = Hash::of(&chunk);
        bench.gives("kor-1", &chunk, 0, CHUNK_PART);
        bench.japan_writes(0, std::slice::from_ref(&chunk));
        let hostile: [(usize, &[u8]); 4] =
            [(3 * PART, &chunk[..1]), (3 * PART, &chunk), (CHUNK_MAX + 1, &chunk[..PART]), (PART, &chunk[..PART - 1])];
        for (whole, bytes) in hostile {
            assert_eq!(bench.settles().1, first("jpn-1"));
            bench.gives("kor-1", &chunk, 0, CHUNK_PART);
            assert_eq!(bench.asked(), [], "nobody asked it");
            bench.says("jpn-1", hash, whole, 0, bytes);
            assert_eq!(bench.asked(), first("kor-1"), "{} of {whole} bytes", bytes.len());
            bench.has_not("kor-1", &chunk);
            bench.own.goes_on_to(bench.now_us() + CHUNK_REST_US);
            bench.forgives();
        }
        // One part as it should be, then it says that there is more.
        assert_eq!(bench.settles().1, first("jpn-1"));
        bench.gives("jpn-1", &chunk, 0, CHUNK_PART);
        assert_eq!(bench.asked().len(), 1);
        bench.says("jpn-1", hash, 4 * PART, PART, &chunk[PART..3 * PART]);
        assert_eq!(bench.asked(), first("kor-1"), "from the beginning");
    }

    #[test]
    fn who_gives_it_drop_by_drop_gives_way_to_another_after_a_while() {
        let mut bench = bench(&["jpn-1", "kor-1"]);
        let chunk = chunk(1, CHUNK_MAX);
        bench.japan_writes(0, std::slice::from_ref(&chunk));
        assert_eq!(bench.settles().1, first("jpn-1"));
        let since_us = bench.now_us();
        let (mut at, mut most) = (0, CHUNK_PART);
        loop {
            bench.own.goes_on_to(bench.now_us() + CHUNK_PATIENCE_US - 1);
            bench.gives("jpn-1", &chunk, at, most);
            let asked = bench.asked();
            if bench.now_us() >= since_us + CHUNK_LONG_US {
                assert_eq!(asked, first("kor-1"));
                break;
            }
            at += most as usize;
            most = (most / 2).max(CHUNK_PART_MIN);
            assert_eq!(asked, [("jpn-1".to_owned(), u32::try_from(at).unwrap(), most)], "slow, and asked for less");
        }
    }

    #[test]
    fn who_waits_for_a_busy_neighbour_asks_it_as_soon_as_it_is_given_up_for_another() {
        let mut bench = bench(&["kor-1"]);
        let [korean, japanese] = [chunk(1, PART), chunk(2, PART)];
        bench.korea_writes(0, std::slice::from_ref(&korean));
        assert_eq!(bench.settles().1, first("kor-1"));
        bench.japan_writes(1, std::slice::from_ref(&japanese));
        assert_eq!(bench.settles().1, [], "it is busy");
        bench.own.goes_on_to(bench.now_us() + CHUNK_PATIENCE_US);
        assert_eq!(bench.settles().1, first("kor-1"));
        bench.gives("kor-1", &japanese, 0, CHUNK_PART);
        assert_eq!(bench.kept(), [Hash::of(&japanese)]);
    }

    #[test]
    fn no_other_nodes_messages_keep_a_neighbour_from_giving_its_own() {
        let mut bench = bench(&["jpn-1"]);
        let [korean, japanese] = [chunk(1, PART), chunk(2, PART)];
        bench.korea_writes(0, std::slice::from_ref(&korean));
        assert_eq!(bench.settles().1, first("jpn-1"));
        bench.japan_writes(1, std::slice::from_ref(&japanese));
        assert_eq!(bench.settles().1, first("jpn-1"), "besides");
        bench.korea_writes(2, &[chunk(3, PART)]);
        assert_eq!(bench.settles().1, [], "one at a time");
        bench.gives("jpn-1", &japanese, 0, CHUNK_PART);
        bench.gives("jpn-1", &korean, 0, CHUNK_PART);
        assert_eq!(bench.kept(), [Hash::of(&japanese), Hash::of(&korean)]);
    }
}
