//! For tests of chunks: the United States' node with links, and messages of the other two that have files.
#![allow(clippy::unwrap_used)]

use super::{Chunks, Counting};
use crate::links::Links;
use crate::links::bench::link;
use crate::scene::{Enrolled, OwnNode, body_ref, message, node_id};
use trialogue_charter::{Hash, LineId, NodeId};
use trialogue_journal::{Act, Written, chunk_list};

pub(super) struct Bench {
    pub(super) own: OwnNode,
    pub(super) links: Links,
    pub(super) chunks: Chunks,
    pub(super) usa: Enrolled,
    jpn: Enrolled,
    kor: Enrolled,
}

/// With links to these.
pub(super) fn bench(neighbours: &[&str]) -> Bench {
    let mut own = OwnNode::at("usa-1");
    let [usa, jpn, kor] = ["usa-duty", "jpn-duty", "kor-duty"].map(|office| own.scene.enrol(office, 1));
    own.scene.reads(&usa, &jpn);
    own.scene.reads(&usa, &kor);
    own.take();
    let mut links = Links::new(0);
    for neighbour in neighbours {
        link(&mut links, neighbour, &[]);
    }
    Bench { own, links, chunks: Chunks::default(), usa, jpn, kor }
}

/// A chunk of so many bytes, which this number tells from others.
pub(super) fn chunk(number: u8, len: usize) -> Vec<u8> {
    vec![number; len]
}

/// What these are the files of.
pub(super) fn with_files(number: u8, chunks: &[Vec<u8>]) -> (Written, Vec<u8>) {
    let list = chunk_list(&chunks.iter().map(|chunk| Hash::of(chunk)).collect::<Vec<_>>());
    (Written { attached: Some(body_ref(&list)), ..message(number) }, list)
}

impl Bench {
    /// Japan's message of this number comes, and the list of its chunks.
    pub(super) fn japan_writes(&mut self, number: u8, chunks: &[Vec<u8>]) -> Hash {
        let (written, list) = with_files(number, chunks);
        let id = self.own.scene.says(&self.jpn, "duty", Act::Write { written });
        self.came(id, node_id("jpn-1"), list)
    }

    /// The same without the list.
    pub(super) fn japan_writes_without_list(&mut self, number: u8, chunks: &[Vec<u8>]) -> Hash {
        let (written, _) = with_files(number, chunks);
        let id = self.own.scene.says(&self.jpn, "duty", Act::Write { written });
        self.own.take();
        id
    }

    /// The same as [`Bench::japan_writes`] of Korea.
    pub(super) fn korea_writes(&mut self, number: u8, chunks: &[Vec<u8>]) -> Hash {
        let (written, list) = with_files(number, chunks);
        let id = self.own.scene.says(&self.kor, "duty", Act::Write { written });
        self.came(id, node_id("kor-1"), list)
    }

    fn came(&mut self, id: Hash, node: NodeId, list: Vec<u8>) -> Hash {
        self.own.take();
        self.own.journals.keep_body(&node, Hash::of(&list), list.into(), false);
        assert!(!self.looks(id), "its chunks are not here");
        id
    }

    /// Is all that is attached to this one here?
    pub(super) fn looks(&mut self, id: Hash) -> bool {
        let OwnNode { scene, journals, out, .. } = &mut self.own;
        let line = LineId::new("duty").unwrap();
        let (node, writing) = journals.state().writing(&line, &id).unwrap();
        let of = Counting { id, line: &line, node, writing };
        self.chunks.are_here(of, &scene.here, journals, out)
    }

    /// Which chunk of Japan's messages is on its way.
    pub(super) fn wanted(&self) -> Hash {
        self.chunks.sources[&node_id("jpn-1")].fetch.as_ref().unwrap().hash
    }

    /// As if nobody had failed before.
    pub(super) fn forgives(&mut self) {
        self.chunks.sources.get_mut(&node_id("jpn-1")).unwrap().failed.clear();
    }
}
