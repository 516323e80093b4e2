//! Fetching what is missing: a slot for each node whose messages lack something, a part at a time from each neighbour.

use super::{By, Chunks, Fetch, Source};
use crate::limits::*;
use crate::machine::Machine;
use crate::note::Count;
use std::collections::BTreeSet;
use trialogue_charter::{Hash, NodeId};
use trialogue_journal::limits::CHUNK_MAX;
use trialogue_wire::link::LinkMessage;

impl Machine {
    /// A neighbour gives a part.
    pub(crate) fn take_chunk(&mut self, from: &NodeId, hash: Hash, whole: u32, at: u32, bytes: &[u8]) {
        let now = self.here.now.us;
        let Some(node) = self.chunks.awaited(from, &hash) else { return };
        let Some(source) = self.chunks.sources.get_mut(&node) else { return };
        // Late, or twice: it was asked for anew meanwhile.
        let Some(fetch) = source.fetch.as_mut().filter(|fetch| usize::try_from(at) == Ok(fetch.got.len())) else {
            return;
        };
        let whole = usize::try_from(whole).unwrap_or(usize::MAX);
        // Whoever has it gives all that is asked for: a part of a byte every ten seconds would hold up all that waits behind it.
        let all = (fetch.most as usize).min(whole.saturating_sub(fetch.got.len()));
        let fits = all > 0 && bytes.len() == all && fetch.whole.is_none_or(|said| said == whole);
        if !fits || whole > CHUNK_MAX {
            return self.chunk_is_not_there(&node, whole > 0);
        }
        fetch.whole = Some(whole);
        fetch.got.extend_from_slice(bytes);
        let long = now >= fetch.since_us + CHUNK_LONG_US;
        let took_us = now.saturating_sub(fetch.asked_us);
        if fetch.got.len() != whole {
            self.pace(from, took_us);
            if long && self.has_another(&node) {
                return self.chunk_is_not_there(&node, true);
            }
            return self.ask_for_part(&node);
        }
        let fetched = source.fetch.take_if(|fetch| Hash::of(&fetch.got) == hash);
        if fetched.is_some() {
            source.in_vain = 0;
            source.failed.remove(from);
            // No faster than the neighbour gives them.
            source.rest_until_us = now + CHUNK_NEXT_US;
        }
        self.pace(from, took_us);
        let Some(fetch) = fetched else {
            self.count(Count::ChunkForged);
            return self.chunk_is_not_there(&node, true);
        };
        self.store_chunk(hash, fetch.got.into(), By::Fetched(node));
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

    /// Goes on with what is missing, of each node.
    pub(crate) fn settle_chunks(&mut self) {
        for node in self.chunks.sources.keys().cloned().collect::<Vec<_>>() {
            self.settle_source(&node);
        }
    }

    fn settle_source(&mut self, node: &NodeId) {
        let now = self.here.now.us;
        let Some(source) = self.chunks.sources.get(node) else { return };
        if let Some(fetch) = &source.fetch {
            let asked = fetch.from.as_ref();
            let there = asked.is_some_and(|from| self.links.get(from).is_some_and(|link| link.up));
            return match asked {
                Some(_) if there && now < fetch.asked_us + CHUNK_PATIENCE_US => {}
                Some(_) => self.chunk_is_not_there(node, true),
                // Those who may have it were busy with others.
                None => self.fetch_on(node),
            };
        }
        self.finish_writings(node);
        let Some(source) = self.chunks.sources.get(node) else { return };
        let lacks = source.waiting.front().and_then(|waits| waits.lacks.as_ref());
        let next = lacks.and_then(|lacks| lacks.iter().find(|hash| !self.chunks.is_storing(hash)).copied());
        let room = self.chunks.storing_of(node) < CHUNKS_STORING_MAX / 4;
        let Some(hash) = next.filter(|_| room && now >= source.rest_until_us) else { return };
        let Some(source) = self.chunks.sources.get_mut(node) else { return };
        if !source.bucket.take(now) {
            source.rest_until_us = now + CHUNK_FETCHED_EVERY_US;
            return;
        }
        source.fetch = Some(Fetch {
            hash,
            from: None,
            tried: BTreeSet::new(),
            got: Vec::new(),
            whole: None,
            most: 0,
            asked_us: now,
            since_us: now,
        });
        self.fetch_on(node);
    }

    /// Looks what the first message of a node lacks; one that lacks nothing is held whole from here on, and the next one is looked at.
    fn finish_writings(&mut self, node: &NodeId) {
        loop {
            let front = self.chunks.sources.get(node).and_then(|source| source.waiting.front());
            let Some(front) = front.filter(|front| front.lacks.as_ref().is_none_or(BTreeSet::is_empty)) else { return };
            // A list that is gone again has nothing to fetch any more.
            let lacks = if front.lacks.is_some() { Some(BTreeSet::new()) } else { self.lacking(&front.list) };
            let gone = lacks.is_none();
            let Some(source) = self.chunks.sources.get_mut(node) else { return };
            if let Some(lacks) = lacks.filter(|lacks| !lacks.is_empty()) {
                source.waiting.iter_mut().take(1).for_each(|waits| waits.lacks = Some(lacks.clone()));
                return;
            }
            let Some(whole) = source.waiting.pop_front() else { return };
            let counts = self.journals.state().writing(&whole.line, &whole.id).is_some_and(|(whose, _)| whose == node);
            if !gone && counts && *node != self.here.node {
                self.to_store.insert(whole.id);
            }
        }
    }

    /// The neighbour that was asked does not give it: another one may. `failed`: it did not say that it has it not.
    fn chunk_is_not_there(&mut self, node: &NodeId, failed: bool) {
        let Some(source) = self.chunks.sources.get_mut(node) else { return };
        if let Some(fetch) = &mut source.fetch {
            source.failed.extend(fetch.from.clone().filter(|_| failed));
            fetch.tried.extend(fetch.from.take());
            fetch.got.clear();
            fetch.whole = None;
            self.fetch_on(node);
        }
    }

    /// Is there another neighbour to ask for what is being fetched, that has not failed lately?
    fn has_another(&self, node: &NodeId) -> bool {
        let Some(source) = self.chunks.sources.get(node) else { return false };
        let Some(fetch) = &source.fetch else { return false };
        let mut others = self.neighbours().filter(|other| fetch.from.as_ref() != Some(*other));
        others.any(|other| !fetch.tried.contains(other) && !source.failed.contains(other))
    }

    /// Asks the next neighbour that may have it and that is not asked for anything else.
    fn fetch_on(&mut self, node: &NodeId) {
        let now = self.here.now.us;
        let Some(source) = self.chunks.sources.get(node) else { return };
        let Some(fetch) = &source.fetch else { return };
        let there: Vec<&NodeId> = self.neighbours().filter(|neighbour| !fetch.tried.contains(*neighbour)).collect();
        let free = there.iter().filter(|neighbour| self.chunks.may_ask(neighbour, node, &fetch.hash));
        // Who failed lately comes last, and a link that seems silent: where a machine has too much to do, all of them do.
        let order =
            |neighbour: &NodeId| (source.failed.contains(neighbour), self.is_silent(neighbour), neighbour != node);
        let from = free.min_by_key(|neighbour| order(neighbour));
        let (from, none) = (from.map(|from| (*from).clone()), there.is_empty());
        let Some(source) = self.chunks.sources.get_mut(node) else { return };
        if none {
            // Another message's turn; when all were tried, some rest.
            source.fetch = None;
            source.waiting.iter_mut().take(1).for_each(|waits| waits.lacks = None);
            source.waiting.rotate_left(1.min(source.waiting.len()));
            source.in_vain += 1;
            if source.in_vain >= source.waiting.len() {
                source.in_vain = 0;
                source.rest_until_us = now + CHUNK_REST_US;
            }
            return;
        }
        let Some(fetch) = source.fetch.as_mut().filter(|_| from.is_some()) else { return };
        (fetch.from, fetch.since_us) = (from, now);
        self.ask_for_part(node);
    }

    fn ask_for_part(&mut self, node: &NodeId) {
        let now = self.here.now.us;
        let Chunks { sources, parts, .. } = &mut self.chunks;
        let Some(fetch) = sources.get_mut(node).and_then(|source| source.fetch.as_mut()) else { return };
        let Some(from) = fetch.from.clone() else { return };
        fetch.most = parts.get(&from).copied().unwrap_or(CHUNK_PART);
        fetch.asked_us = now;
        let at = u32::try_from(fetch.got.len()).unwrap_or(u32::MAX);
        let (hash, most) = (fetch.hash, fetch.most);
        self.send_link(&from, &LinkMessage::WantChunk { hash, at, most });
    }

    /// When [`Machine::settle_chunks`] is due.
    pub(crate) fn next_chunk_us(&self) -> Option<u64> {
        let due = |source: &Source| match &source.fetch {
            // One that waits for a neighbour that others have asked goes on when that one has answered.
            Some(fetch) => fetch.from.as_ref().map(|_| fetch.asked_us + CHUNK_PATIENCE_US),
            None if source.waiting.is_empty() => None,
            None => Some(source.rest_until_us).filter(|at| *at > self.here.now.us),
        };
        self.chunks.sources.values().filter_map(due).min()
    }
}
