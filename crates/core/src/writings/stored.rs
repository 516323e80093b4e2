//! Saying that this node has others' writings on disk.

use crate::chunks::{Chunks, Counting};
use crate::here::Here;
use crate::journals::{After, Journals, Pen};
use crate::out::Out;
use std::collections::BTreeSet;
use trialogue_charter::Hash;
use trialogue_journal::limits::STORED_MAX;
use trialogue_journal::{Body, State};

/// Others' writings that are held whole and were not said to be. No more than are remembered, of each node and line.
#[derive(Default)]
pub(super) struct Stored {
    to_say: BTreeSet<Hash>,
    /// Something that others wrote was dropped before it was on the disk.
    has_gaps: bool,
}

/// Does the own journal say of this one that it is stored?
pub(super) fn is_said(id: &Hash, here: &Here, ahead: &State) -> bool {
    ahead.receipts(id).any(|(node, receipts)| *node == here.node && receipts.stored.is_some())
}

impl Stored {
    /// This one has come, or a body of it that was missing.
    pub(super) fn note(
        &mut self,
        of: Counting<'_>,
        here: &Here,
        journals: &Journals,
        chunks: &mut Chunks,
        out: &mut Out,
    ) {
        // Of an own one all was there before it was journalled, unless this node was restored since.
        if !chunks.are_here(of, here, journals, out) || *of.node == here.node {
            return;
        }
        // The disk takes what is written in its order: the entry that says so comes after what it speaks of.
        let content = &of.writing.written.content.hash;
        if journals.has_body(content) && !is_said(&of.id, here, journals.ahead()) {
            self.to_say.insert(of.id);
        }
    }

    /// All that is attached to these is here now.
    pub(super) fn are_whole(&mut self, ids: Vec<Hash>) {
        self.to_say.extend(ids);
    }

    /// An entry of another node was not kept; which one the shell does not say.
    pub(super) fn not_kept(&mut self) {
        self.has_gaps = true;
    }

    /// Says it, of all that came together in one entry.
    pub(super) fn say(&mut self, pen: &mut Pen<'_>) {
        while !self.to_say.is_empty() {
            let writings: Vec<Hash> = self.to_say.iter().take(STORED_MAX).copied().collect();
            let rest: BTreeSet<Hash> = self.to_say.iter().skip(STORED_MAX).copied().collect();
            // A disk that fails has not stored it yet. What it did not take at all nobody knows until the next start,
            // which says of the rest that it is stored.
            if self.has_gaps
                || pen.is_failing()
                || pen.append(Body::Stored { writings }, Vec::new(), After::Nothing).is_err()
            {
                return;
            }
            self.to_say = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::{Enrolled, OwnNode, content, message, node_id};
    use trialogue_charter::LineId;
    use trialogue_journal::Act;

    struct Bench {
        own: OwnNode,
        jpn: Enrolled,
        chunks: Chunks,
        stored: Stored,
    }

    /// At the node of the United States, which Japan writes to.
    fn bench() -> Bench {
        let (own, jpn) = OwnNode::where_japan_writes();
        Bench { own, jpn, chunks: Chunks::default(), stored: Stored::default() }
    }

    impl Bench {
        /// The message of this number comes, without its content.
        fn comes(&mut self, number: u8) -> Hash {
            let id = self.own.scene.says(&self.jpn, "duty", Act::Write { written: message(number) });
            self.own.take();
            id
        }

        fn content_comes(&mut self, number: u8) {
            let content = content(number);
            self.own.journals.keep_body(&node_id("jpn-1"), Hash::of(&content), content.into(), false);
        }

        fn note(&mut self, id: Hash) {
            let (OwnNode { scene, journals, out, .. }, line) = (&mut self.own, LineId::new("duty").unwrap());
            let (node, writing) = journals.state().writing(&line, &id).unwrap();
            let of = Counting { id, line: &line, node, writing };
            self.stored.note(of, &scene.here, journals, &mut self.chunks, out);
        }

        /// What is written down as stored: in each entry.
        fn said(&mut self) -> Vec<Vec<Hash>> {
            self.stored.say(&mut self.own.pen());
            let said = |body| {
                let Body::Stored { writings } = body else { panic!("nothing else") };
                writings
            };
            self.own.written().into_iter().map(said).collect()
        }
    }

    #[test]
    fn what_is_held_whole_is_said_once() {
        let mut bench = bench();
        let id = bench.comes(0);
        bench.note(id);
        assert!(bench.said().is_empty(), "its content has not come");
        bench.content_comes(0);
        bench.note(id);
        bench.note(id);
        assert_eq!(bench.said(), [[id]]);
        bench.note(id);
        assert!(bench.said().is_empty());
    }

    #[test]
    fn what_comes_together_is_said_in_as_few_entries_as_it_fits_in() {
        let mut bench = bench();
        let most = u8::try_from(STORED_MAX).unwrap();
        let mut ids: Vec<Hash> = (0..most).map(|number| bench.comes(number)).collect();
        bench.stored.are_whole(ids.clone());
        ids.sort();
        assert_eq!(bench.said(), [ids]);
        // Of more than one entry takes the rest has one of its own.
        let more: Vec<Hash> = (0..=most).map(|number| Hash([number; 48])).collect();
        bench.stored.are_whole(more);
        assert_eq!(bench.said().iter().map(Vec::len).collect::<Vec<_>>(), [STORED_MAX, 1]);
    }

    #[test]
    fn while_the_disk_fails_nothing_is_said_to_be_on_it() {
        let mut bench = bench();
        bench.content_comes(0);
        let first = bench.comes(0);
        bench.note(first);
        assert_eq!(bench.said(), [[first]]);
        let OwnNode { scene, journals, out, .. } = &mut bench.own;
        let head = journals.head(&scene.here.node);
        journals.failed(head, out);
        bench.content_comes(1);
        let second = bench.comes(1);
        bench.note(second);
        assert!(bench.said().is_empty());
        let OwnNode { scene, journals, out, .. } = &mut bench.own;
        journals.recorded(head, &scene.here, out);
        assert_eq!(bench.said(), [[second]], "it has caught up");
    }

    #[test]
    fn a_node_that_dropped_something_says_of_nothing_that_it_is_stored() {
        let mut bench = bench();
        bench.content_comes(0);
        let id = bench.comes(0);
        bench.note(id);
        bench.stored.not_kept();
        assert!(bench.said().is_empty());
        // It comes anew, from whoever wrote it, after the next start.
        bench.stored = Stored::default();
        bench.note(id);
        assert_eq!(bench.said(), [[id]]);
    }

    #[test]
    fn what_cannot_be_written_yet_is_said_later() {
        let mut bench = bench();
        bench.content_comes(0);
        let id = bench.comes(0);
        bench.note(id);
        bench.own.open = false;
        assert!(bench.said().is_empty());
        bench.own.open = true;
        assert_eq!(bench.said(), [[id]]);
    }

    #[test]
    fn nobody_is_told_of_what_was_written_here() {
        let mut bench = bench();
        let (own, id) = (node_id("usa-1"), bench.comes(0));
        bench.content_comes(0);
        let (OwnNode { scene, journals, out, .. }, line) = (&mut bench.own, LineId::new("duty").unwrap());
        let (_, writing) = journals.state().writing(&line, &id).unwrap();
        let of = Counting { id, line: &line, node: &own, writing };
        bench.stored.note(of, &scene.here, journals, &mut bench.chunks, out);
        assert!(bench.said().is_empty());
    }
}
