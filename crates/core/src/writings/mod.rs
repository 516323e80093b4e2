//! What is written on the lines, at this node: that it is held whole is said, and people are told of what nobody
//! acknowledges.

mod overdue;
mod stored;

use crate::chunks::{Chunks, Counting};
use crate::here::Here;
use crate::journals::{Journals, Pen};
use crate::out::Out;
use overdue::Overdue;
use stored::Stored;
use trialogue_charter::{Hash, NodeId};
use trialogue_journal::{Act, State, UnverifiedStatement};

/// See the module.
pub(crate) struct Writings {
    stored: Stored,
    overdue: Overdue,
}

impl Writings {
    /// Of a node that starts.
    pub(crate) fn new() -> Self {
        Self { stored: Stored::default(), overdue: Overdue::new() }
    }

    /// An entry has taken effect, or a body of it that was missing has come.
    pub(crate) fn note(
        &mut self,
        by: &NodeId,
        said: Option<&UnverifiedStatement>,
        here: &Here,
        journals: &Journals,
        chunks: &mut Chunks,
        out: &mut Out,
    ) {
        let Some(said) = said else { return };
        let claim = said.claim();
        self.overdue.note(&claim.act);
        if !matches!(claim.act, Act::Write { .. }) {
            return;
        }
        let (id, line) = (said.hash(), &claim.line);
        if let Some((node, writing)) = journals.state().writing(line, &id).filter(|(node, _)| *node == by) {
            self.stored.note(Counting { id, line, node, writing }, here, journals, chunks, out);
        }
    }

    /// At a start: what came before it ended and was not said yet, and what is still missing of what is attached.
    pub(crate) fn note_all(&mut self, here: &Here, journals: &Journals, chunks: &mut Chunks, out: &mut Out) {
        for line in here.charter.lines.iter().map(|line| &line.id) {
            for (id, node, writing) in journals.state().writings(line) {
                // What was said to be stored was all there.
                if *node == here.node || !stored::is_said(&id, here, journals.ahead()) {
                    self.stored.note(Counting { id, line, node, writing }, here, journals, chunks, out);
                }
            }
        }
    }

    /// All that is attached to these is here now.
    pub(crate) fn are_whole(&mut self, ids: Vec<Hash>) {
        self.stored.are_whole(ids);
    }

    /// Something of others is not on the disk, and will not come again in this run.
    pub(crate) fn not_kept(&mut self) {
        self.stored.not_kept();
    }

    /// Says what is stored.
    pub(crate) fn say_stored(&mut self, pen: &mut Pen<'_>) {
        self.stored.say(pen);
    }

    /// Another charter is in force: it may ask others for an answer, or with other patience.
    pub(crate) fn amended(&mut self) {
        self.overdue.amended();
    }

    /// Tells people of what has become overdue.
    pub(crate) fn tell_overdue(&mut self, here: &Here, state: &State, out: &mut Out) {
        self.overdue.settle(here, state, out);
    }

    /// When [`Writings::tell_overdue`] is due, in microseconds.
    pub(crate) fn next_overdue_us(&self, here: &Here, state: &State) -> Option<u64> {
        self.overdue.next_us(here, state)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::chunks::Part;
    use crate::io::Output;
    use crate::limits::CHUNK_PART;
    use crate::links::Links;
    use crate::links::bench::link;
    use crate::scene::{self, Enrolled, OwnNode, START_MS, body_ref, node_id};
    use trialogue_journal::{Body, UnverifiedEntry, Written, chunk_list};

    struct Bench {
        own: OwnNode,
        jpn: Enrolled,
        chunks: Chunks,
        writings: Writings,
    }

    /// At the node of the United States, which Japan writes to.
    fn bench() -> Bench {
        let (own, jpn) = OwnNode::where_japan_writes();
        Bench { own, jpn, chunks: Chunks::default(), writings: Writings::new() }
    }

    impl Bench {
        /// Japan's message comes with its content, and takes effect.
        fn comes(&mut self, written: Written) -> Hash {
            let japan = node_id("jpn-1");
            let content = scene::content(written.digest.0[0]);
            self.own.journals.keep_body(&japan, Hash::of(&content), content.into(), false);
            let id = self.own.scene.says(&self.jpn, "duty", Act::Write { written });
            self.own.take();
            let OwnNode { scene, journals, out, .. } = &mut self.own;
            let entry = journals.entry(&japan, journals.head(&japan)).unwrap();
            let entry = UnverifiedEntry::decode(&entry).unwrap();
            self.writings.note(&entry.claim().node, entry.said(), &scene.here, journals, &mut self.chunks, out);
            id
        }

        fn said(&mut self) -> Vec<Body> {
            self.writings.say_stored(&mut self.own.pen());
            self.own.written()
        }

        /// Of how many messages people are told now.
        fn told(&mut self) -> Vec<u16> {
            let (scene, state) = (&self.own.scene, self.own.journals.state());
            self.writings.tell_overdue(&scene.here, state, &mut self.own.out);
            let told = |output| {
                let Output::AlertWriting { messages, .. } = output else { panic!("nothing else") };
                messages
            };
            self.own.outputs().into_iter().map(told).collect()
        }
    }

    fn stored(id: Hash) -> [Body; 1] {
        [Body::Stored { writings: vec![id] }]
    }

    #[test]
    fn a_message_that_comes_is_said_to_be_stored_and_waits_for_an_answer() {
        let mut bench = bench();
        let answer_by_ms = Some(START_MS + 120_000);
        let id = bench.comes(Written { answer_by_ms, ..scene::message(0) });
        assert_eq!(bench.said(), stored(id));
        assert!(bench.told().is_empty());
        let due_us = bench.writings.next_overdue_us(&bench.own.scene.here, bench.own.journals.state()).unwrap();
        bench.own.goes_on_to(due_us);
        assert_eq!((bench.told(), bench.told()), (vec![1], vec![]));
    }

    #[test]
    fn one_with_files_is_not_stored_before_they_are_here() {
        let mut bench = bench();
        let chunk = vec![1; CHUNK_PART as usize];
        let list = chunk_list(&[Hash::of(&chunk)]);
        let japan = node_id("jpn-1");
        bench.own.journals.keep_body(&japan, Hash::of(&list), list.clone().into(), false);
        let id = bench.comes(Written { attached: Some(body_ref(&list)), ..scene::message(0) });
        assert!(bench.said().is_empty());
        let mut links = Links::new(0);
        link(&mut links, "jpn-1", &[]);
        let settle = |bench: &mut Bench, links: &Links| {
            let OwnNode { scene, journals, out, .. } = &mut bench.own;
            let whole = bench.chunks.settle(&scene.here, journals, links, out);
            bench.writings.are_whole(whole);
            bench.said()
        };
        assert!(settle(&mut bench, &links).is_empty());
        let OwnNode { scene, journals, out, .. } = &mut bench.own;
        let part = Part { hash: Hash::of(&chunk), whole: CHUNK_PART, at: 0, bytes: &chunk };
        bench.chunks.take_part(&japan, part, &scene.here, journals, &links, out);
        assert!(settle(&mut bench, &links).is_empty(), "it is on its way to the disk");
        bench.chunks.stored(1, |_| false, &mut bench.own.out);
        assert_eq!(settle(&mut bench, &links), stored(id));
        assert!(settle(&mut bench, &links).is_empty());
    }

    #[test]
    fn a_start_says_what_came_before_it_and_was_not_said() {
        let mut bench = bench();
        let first = bench.comes(scene::message(0));
        assert_eq!(bench.said(), stored(first));
        let second = bench.comes(scene::message(1));
        bench.writings = Writings::new();
        let OwnNode { scene, journals, out, .. } = &mut bench.own;
        bench.writings.note_all(&scene.here, journals, &mut bench.chunks, out);
        assert_eq!(bench.said(), stored(second));
    }
}
