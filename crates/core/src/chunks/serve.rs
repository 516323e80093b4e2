//! What neighbours are given of chunks: in parts, as they ask for them.

use crate::bucket::Bucket;
use crate::here::Here;
use crate::journals::Journals;
use crate::limits::{WANT_CHUNK_BURST, WANT_CHUNK_EVERY_US};
use crate::note::Count;
use crate::out::Out;
use minicbor::bytes::ByteVec;
use std::collections::{BTreeMap, VecDeque};
use trialogue_charter::{Hash, NodeId};
use trialogue_journal::limits::CHUNK_MAX;
use trialogue_wire::link::LinkMessage;

/// Chunks that a neighbour is given in parts at once: one of the own messages and one of another's.
const SERVED_MAX: usize = 2;
/// As how many bytes a part counts at least.
const SERVED_LEAST: usize = 512;

/// A part that a neighbour asks for.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) hash: Hash,
    /// Where it begins.
    pub(crate) at: u32,
    /// How many bytes it may have.
    pub(crate) most: u32,
}

/// A chunk that a neighbour is given in parts.
struct Served {
    hash: Hash,
    body: ByteVec,
    /// How many bytes of it are given before it counts as asked for anew: twice as many as there are.
    left: usize,
}

/// What each neighbour has asked for.
#[derive(Default)]
pub(super) struct Serving {
    asked: BTreeMap<NodeId, Bucket>,
    /// The last ones that were read for each neighbour, which asks for them part by part.
    served: BTreeMap<NodeId, VecDeque<Served>>,
}

impl Serving {
    /// A neighbour asks for a part of one.
    pub(super) fn wanted(&mut self, from: &NodeId, wanted: Wanted, here: &Here, journals: &Journals, out: &mut Out) {
        let Wanted { hash, at, most } = wanted;
        let now = here.now.us;
        let known = self.served.get(from).is_some_and(|served| served.iter().any(|s| s.hash == hash && s.left > 0));
        if !known {
            let new = || Bucket::new(WANT_CHUNK_BURST, WANT_CHUNK_EVERY_US, now);
            if !self.asked.entry(from.clone()).or_insert_with(new).take(now) {
                return out.count(Count::OverBound);
            }
            let body = journals.body(&hash).filter(|body| body.len() <= CHUNK_MAX);
            let Some(body) = body else {
                let none = LinkMessage::Chunk { hash, whole: 0, at, bytes: Vec::new() };
                return out.link(from, &none);
            };
            let served = self.served.entry(from.clone()).or_default();
            served.retain(|served| served.hash != hash);
            served.truncate(SERVED_MAX - 1);
            served.push_front(Served { hash, left: 2 * body.len(), body });
        }
        let Some(served) = self.served.get_mut(from) else { return };
        let Some(served) = served.iter_mut().find(|served| served.hash == hash) else { return };
        let held = served.body.as_slice();
        let begin = usize::try_from(at).unwrap_or(usize::MAX).min(held.len());
        let end = begin.saturating_add(usize::try_from(most).unwrap_or(usize::MAX)).min(held.len());
        served.left = served.left.saturating_sub((end - begin).max(SERVED_LEAST));
        let whole = u32::try_from(held.len()).unwrap_or(0);
        let bytes = held[begin..end].to_vec();
        out.link(from, &LinkMessage::Chunk { hash, whole, at, bytes });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::io::Output;
    use crate::scene::{OwnNode, node_id};

    struct Bench {
        own: OwnNode,
        serving: Serving,
    }

    fn bench() -> Bench {
        Bench { own: OwnNode::at("usa-1"), serving: Serving::default() }
    }

    fn chunk(seed: u8, len: usize) -> Vec<u8> {
        vec![seed; len]
    }

    impl Bench {
        /// The node holds this one.
        fn holds(&mut self, chunk: &[u8]) -> Hash {
            let (node, hash) = (self.own.scene.here.node.clone(), Hash::of(chunk));
            self.own.journals.keep_body(&node, hash, chunk.to_vec().into(), false);
            hash
        }

        /// What Japan's node is answered: the length of the whole, and the part; none: nothing, and it is counted.
        fn answer(&mut self, hash: Hash, at: u32, most: u32) -> Option<(u32, Vec<u8>)> {
            let wanted = Wanted { hash, at, most };
            let OwnNode { scene, journals, out, .. } = &mut self.own;
            self.serving.wanted(&node_id("jpn-1"), wanted, &scene.here, journals, out);
            let outputs = self.own.outputs();
            let [output] = &outputs[..] else { panic!("one answer, or it is counted") };
            let Output::SendLink { bytes, .. } = output else {
                assert!(matches!(output, Output::Count(Count::OverBound)));
                return None;
            };
            let LinkMessage::Chunk { hash: of, whole, at: from, bytes } = trialogue_wire::decode(bytes).unwrap() else {
                panic!("a part")
            };
            assert_eq!((of, from), (hash, at));
            Some((whole, bytes))
        }
    }

    #[test]
    fn a_neighbour_gets_the_part_that_it_asks_for_and_no_more_than_there_is() {
        let mut bench = bench();
        let hash = bench.holds(&chunk(1, 1_000));
        assert_eq!(bench.answer(hash, 0, 600), Some((1_000, chunk(1, 600))));
        assert_eq!(bench.answer(hash, 600, u32::MAX), Some((1_000, chunk(1, 400))));
        assert_eq!(bench.answer(hash, u32::MAX, u32::MAX), Some((1_000, Vec::new())));
        assert_eq!(bench.answer(Hash([9; 48]), 0, 600), Some((0, Vec::new())), "it is not here");
    }

    #[test]
    fn a_neighbour_that_asks_without_end_is_bounded() {
        let mut bench = bench();
        let hash = bench.holds(&chunk(1, 1_000));
        let given = (0..10_000).map_while(|_| bench.answer(hash, 0, 1)).count();
        // Each time that it is read counts once, and so does what it is given of it.
        assert_eq!(given, WANT_CHUNK_BURST as usize * (2 * 1_000_usize).div_ceil(SERVED_LEAST));
        let now_us = bench.own.scene.here.now.us + WANT_CHUNK_EVERY_US;
        bench.own.goes_on_to(now_us);
        assert!(bench.answer(hash, 0, 1).is_some(), "some time later again");
    }

    #[test]
    fn two_at_a_time_are_given_in_parts() {
        let mut bench = bench();
        let [first, second, third] = [1, 2, 3].map(|seed| bench.holds(&chunk(seed, 8_000)));
        for at in 0..4 {
            assert!(bench.answer(first, 1_000 * at, 1_000).is_some() && bench.answer(second, 0, 1_000).is_some());
        }
        assert_eq!(bench.serving.served[&node_id("jpn-1")].len(), 2);
        assert!(bench.answer(third, 0, 1_000).is_some());
        let held: Vec<Hash> = bench.serving.served[&node_id("jpn-1")].iter().map(|served| served.hash).collect();
        assert_eq!(held, [third, second], "the one that was read first goes");
    }
}
