//! Chunks of what is attached to an own writing, on their way to the node before the writing is said: one message after
//! the other, one chunk at a time.

use super::kept::KeptOut;
use crate::around::Around;
use crate::io::{Event, Output};
use crate::limits::{CHUNK_ANSWER_US, IN_CALL_CHUNK_US};
use std::collections::{BTreeSet, VecDeque};
use trialogue_charter::Hash;
use trialogue_wire::console::ToNode;

/// What the node in use has of what is attached.
#[derive(Default)]
pub(super) struct Giving {
    on_way: Option<OnWay>,
    /// Messages of the outbox whose chunks the node has.
    given: BTreeSet<u64>,
}

/// Chunks of one message.
#[derive(Default)]
struct OnWay {
    /// Whose, by its number in the outbox.
    id: u64,
    lacks: VecDeque<Hash>,
    /// The platform or the node was asked for the first one at that time.
    since_us: Option<u64>,
    /// No chunk goes before this.
    wait_us: u64,
    /// So many there were; 0: the node has not said yet what it lacks.
    of: usize,
}

impl Giving {
    /// The node has all chunks of that message.
    pub(super) fn has_all_of(&self, id: u64) -> bool {
        self.given.contains(&id)
    }

    /// Chunks of a message are on their way.
    pub(super) fn is_on(&self) -> bool {
        self.on_way.is_some()
    }

    /// How much of what is attached to that message the node has, while it is on its way.
    pub(super) fn share(&self, id: u64) -> Option<f64> {
        let on_way = self.on_way.as_ref().filter(|on_way| on_way.id == id)?;
        Some(1.0 - on_way.lacks.len() as f64 / on_way.of.max(1) as f64)
    }

    /// Asks the node what it lacks of what is attached.
    pub(super) fn begin(&mut self, id: u64, hashes: Vec<Hash>, around: &mut Around<'_>) {
        around.send(&ToNode::Lacking { hashes });
        self.on_way = Some(OnWay { id, since_us: Some(around.now.us), ..OnWay::default() });
    }

    /// The node says what it lacks.
    pub(super) fn lacks(&mut self, hashes: &[Hash], outs: &[KeptOut], now_us: u64) {
        let Some(on_way) = self.on_way.as_mut().filter(|on_way| on_way.of == 0) else { return };
        let Some(out) = outs.iter().find(|out| out.id == on_way.id) else { return };
        let lacks: BTreeSet<&Hash> = hashes.iter().collect();
        on_way.of = out.chunks().count();
        on_way.lacks = out.chunks().filter(|hash| lacks.contains(hash)).copied().collect();
        (on_way.since_us, on_way.wait_us) = (None, now_us);
    }

    /// One step; returns the message that is given no longer, since the node has all of it or has to be asked again.
    #[must_use]
    pub(super) fn settle(&mut self, around: &mut Around<'_>) -> Option<u64> {
        let now_us = around.now.us;
        let on_way = self.on_way.as_mut()?;
        let id = on_way.id;
        if on_way.of > 0 && on_way.lacks.is_empty() {
            self.on_way = None;
            self.given.insert(id);
            return Some(id);
        }
        match on_way.since_us {
            // Lost on its way, or the node does not keep up: it is asked again what it lacks.
            Some(since) if now_us >= since + CHUNK_ANSWER_US => {
                self.on_way = None;
                Some(id)
            }
            Some(_) => None,
            None if now_us >= on_way.wait_us => {
                on_way.since_us = Some(now_us);
                let front = on_way.lacks.front().copied();
                front.into_iter().for_each(|hash| around.push(Output::GiveChunk(hash)));
                None
            }
            None => None,
        }
    }

    /// The platform gives a chunk; none: it has lost it, and the message that is returned cannot be sent.
    #[must_use]
    pub(super) fn chunk_read(&mut self, hash: Hash, bytes: Option<Vec<u8>>, around: &mut Around<'_>) -> Option<u64> {
        let id = self.on_way.as_ref().filter(|on_way| on_way.lacks.front() == Some(&hash))?.id;
        if let Some(bytes) = bytes.filter(|bytes| Hash::of(bytes) == hash) {
            around.send(&ToNode::Chunk { bytes });
            return None;
        }
        around.log(Event::AttachmentLost);
        self.on_way = None;
        Some(id)
    }

    /// The node has one.
    pub(super) fn stored(&mut self, hash: Hash, in_call: bool, now_us: u64) {
        let Some(on_way) = self.on_way.as_mut().filter(|on_way| on_way.lacks.front() == Some(&hash)) else {
            return;
        };
        on_way.lacks.pop_front();
        let took = now_us.saturating_sub(on_way.since_us.take().unwrap_or(now_us));
        // In a call what is said has the network for most of the time.
        on_way.wait_us = if in_call { now_us + IN_CALL_CHUNK_US.max(3 * took) } else { now_us };
    }

    /// What the node has of that message is asked anew.
    pub(super) fn forget(&mut self, id: u64) {
        self.given.remove(&id);
    }

    /// That message is not sent after all.
    pub(super) fn give_up(&mut self, id: u64) {
        self.on_way.take_if(|on_way| on_way.id == id);
    }

    /// The node is another one, or was away: what it has is asked anew. Returns the message that is given no longer.
    #[must_use]
    pub(super) fn stop(&mut self) -> Option<u64> {
        self.given.clear();
        self.on_way.take().map(|on_way| on_way.id)
    }

    pub(super) fn next_us(&self, now_us: u64) -> Option<u64> {
        let on_way = self.on_way.as_ref()?;
        Some(on_way.since_us.map_or(on_way.wait_us, |since| since + CHUNK_ANSWER_US)).filter(|at| *at > now_us)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::bench::Bench;
    use crate::scene::{Scene, line_id};
    use trialogue_journal::Kind;

    const CHUNKS: [&[u8]; 2] = [b"first", b"second"];

    /// A message with two chunks, of which the node was asked what it lacks.
    fn begun() -> (Scene, Bench, Giving, Vec<KeptOut>) {
        let mut scene = Scene::new();
        let mut bench = Bench::of(scene.enrol("usa-duty", 1));
        let hashes: Vec<Hash> = CHUNKS.iter().map(|chunk| Hash::of(chunk)).collect();
        let mut out = KeptOut::empty(&line_id("duty"), Kind::Message, None);
        (out.id, out.attached) = (7, Some(hashes.clone()));
        let mut giving = Giving::default();
        giving.begin(7, hashes.clone(), &mut bench.around(&scene));
        assert_eq!(bench.sent(), [ToNode::Lacking { hashes }]);
        (scene, bench, giving, vec![out])
    }

    fn asked(bench: &mut Bench) -> Vec<Hash> {
        let asked = |output| if let Output::GiveChunk(hash) = output { Some(hash) } else { None };
        bench.outputs().into_iter().filter_map(asked).collect()
    }

    #[test]
    fn only_what_the_node_lacks_goes_one_chunk_after_the_other() {
        let (scene, mut bench, mut giving, outs) = begun();
        let now_us = Bench::now(&scene).us;
        assert_eq!(giving.settle(&mut bench.around(&scene)), None);
        assert!(asked(&mut bench).is_empty(), "the node has not said yet");
        let second = Hash::of(CHUNKS[1]);
        giving.lacks(&[second, Hash::of(b"another's")], &outs, now_us);
        assert_eq!(giving.share(7), Some(0.5));
        for _ in 0..2 {
            assert_eq!(giving.settle(&mut bench.around(&scene)), None);
        }
        assert_eq!(asked(&mut bench), [second], "once");
        assert_eq!(giving.chunk_read(second, Some(CHUNKS[1].to_vec()), &mut bench.around(&scene)), None);
        assert_eq!(bench.sent(), [ToNode::Chunk { bytes: CHUNKS[1].to_vec() }]);
        giving.stored(second, false, now_us);
        assert_eq!((giving.settle(&mut bench.around(&scene)), giving.is_on()), (Some(7), false));
        assert!(giving.has_all_of(7));
        giving.forget(7);
        assert!(!giving.has_all_of(7));
    }

    #[test]
    fn in_a_call_there_is_time_between_chunks() {
        let (scene, mut bench, mut giving, outs) = begun();
        let now_us = Bench::now(&scene).us;
        giving.lacks(&CHUNKS.map(Hash::of), &outs, now_us);
        let _ = giving.settle(&mut bench.around(&scene));
        giving.stored(Hash::of(CHUNKS[0]), true, now_us + 400_000);
        assert_eq!(giving.next_us(now_us + 400_000), Some(now_us + 400_000 + 1_200_000), "three times what it took");
    }

    #[test]
    fn a_chunk_that_the_platform_has_lost_or_spoilt_ends_it() {
        for bytes in [None, Some(b"spoilt".to_vec())] {
            let (scene, mut bench, mut giving, outs) = begun();
            let hashes = CHUNKS.map(Hash::of);
            giving.lacks(&hashes, &outs, Bench::now(&scene).us);
            assert_eq!(giving.chunk_read(hashes[1], None, &mut bench.around(&scene)), None, "nobody asked for it");
            assert_eq!(giving.chunk_read(hashes[0], bytes, &mut bench.around(&scene)), Some(7));
            assert!(!giving.is_on() && !giving.has_all_of(7));
        }
    }

    #[test]
    fn a_node_that_does_not_answer_is_asked_again_and_another_one_anew() {
        let (mut scene, mut bench, mut giving, _) = begun();
        let due = giving.next_us(Bench::now(&scene).us).unwrap();
        scene.time_ms += CHUNK_ANSWER_US / 1_000;
        assert_eq!(due, Bench::now(&scene).us);
        assert_eq!((giving.settle(&mut bench.around(&scene)), giving.is_on()), (Some(7), false));
        let (_, _, mut giving, _) = begun();
        giving.give_up(8);
        assert!(giving.is_on());
        assert_eq!((giving.stop(), giving.stop()), (Some(7), None));
    }
}
