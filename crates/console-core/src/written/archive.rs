//! The party's records office: a reader like any other, visible to all, that hands every content to the platform as soon as it can be read.

use super::read::Opened;
use crate::acts::Purpose;
use crate::console::Console;
use crate::io::{ArchiveWord, Archived, ArchivedChunk, Output};
use crate::limits::{ARCHIVE_RETRY_US, ARCHIVE_TURN_US};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use trialogue_charter::{Hash, LineId, NodeId};
use trialogue_e2ee::writing::File;
use trialogue_journal::fold::Writing;
use trialogue_journal::{Act, BodyRef, chunks};
use zeroize::Zeroizing;

/// What was handed out in this run.
#[derive(Default)]
pub(crate) struct Archive {
    on: bool,
    /// What the platform had of runs before.
    has: BTreeSet<Hash>,
    done: BTreeSet<Hash>,
    /// What is being said, by the number of its statement.
    saying: Option<(u64, ArchiveWord)>,
    /// Nothing is said before this.
    wait_us: u64,
    /// Writings with files whose chunks are being fetched.
    files: VecDeque<Files>,
    /// When others of them have their turn.
    turn_us: u64,
}

/// What is attached to a writing, on its way into the archive.
struct Files {
    id: Hash,
    /// In whose journal it stands.
    node: NodeId,
    list: BodyRef,
    /// Once the list is here: those that are missing.
    left: Option<VecDeque<Hash>>,
    at: u32,
}

/// Writings whose files are fetched at once, one chunk of each.
const FILES_AT_ONCE: usize = 4;
/// Most of one node that wait for their files: as many as a state remembers of one line. Beyond it the oldest goes, and
/// is fetched in the next run if the state remembers it then.
const FILES_EACH: usize = 512;

/// Which have their turn: the first of each node before another's second, so that what nobody has holds up what its own
/// node has written.
fn in_turn<T: Ord>(nodes: impl Iterator<Item = T>) -> Vec<usize> {
    let mut before: BTreeMap<T, usize> = BTreeMap::new();
    let mut places: Vec<(usize, usize)> = Vec::new();
    for (at, node) in nodes.enumerate() {
        let place = before.entry(node).or_default();
        places.push((*place, at));
        *place += 1;
    }
    places.sort_unstable();
    places.into_iter().take(FILES_AT_ONCE).map(|(_, at)| at).collect()
}

impl Archive {
    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    fn wait_for(&mut self, files: Files) {
        let of_node = |held: &&Files| held.node == files.node;
        if self.files.iter().filter(of_node).count() >= FILES_EACH
            && let Some(oldest) = self.files.iter().position(|held| held.node == files.node)
        {
            self.files.remove(oldest);
        }
        self.files.push_back(files);
    }
}

impl Console {
    /// Every writing on every line of this console is given out once in each run ([`Output::Archive`]), as soon as it is known what it says, or that this
    /// console may not know; then the chunks of what is attached to it ([`Output::ArchiveChunk`]). `done`: those of which the platform wants nothing
    /// more. Say it once, with [`Console::keep_writings`], before the first input.
    pub fn archive_writings(&mut self, done: BTreeSet<Hash>) {
        self.writer.archive.on = true;
        self.writer.archive.has = done;
        // After an absence everything that a node still remembers is taken up.
        self.want_all();
    }

    /// Can something be said of the archive now ([`crate::Input::ArchiveSay`])?
    #[must_use]
    pub fn archive_may_say(&self) -> bool {
        let archive = &self.writer.archive;
        archive.on && archive.saying.is_none() && self.now_us >= archive.wait_us && self.sites.is_up()
    }

    pub(crate) fn archive_say(&mut self, word: ArchiveWord) {
        if self.archive_may_say() {
            let act = Act::Archive { writings: word.writings.clone(), destroyed: word.destroyed };
            let number = self.say(&word.line, Purpose::Archive, act, Vec::new());
            self.writer.archive.saying = Some((number, word));
        }
    }

    /// The node has journalled it, or not.
    pub(crate) fn archive_settled(&mut self, number: u64, counted: bool) {
        let now_us = self.now_us;
        let archive = &mut self.writer.archive;
        let Some((_, word)) = archive.saying.take_if(|(saying, _)| *saying == number) else { return };
        if counted {
            self.push(Output::ArchiveSaid(word));
        } else {
            archive.wait_us = now_us + ARCHIVE_RETRY_US;
        }
    }

    pub(super) fn archive_new(&mut self) {
        let (Some(charter), Some(me), Some(fold)) = (&self.charter, &self.me, self.sites.fold()) else { return };
        if !self.writer.archive.on {
            return;
        }
        let lines = charter.lines.iter().map(|line| &line.id).filter(|line| charter.is_on_line(&me.office, line));
        let lines: Vec<LineId> = lines.cloned().collect();
        let mut held = BTreeSet::new();
        let mut new: Vec<(LineId, Hash, NodeId, Writing)> = Vec::new();
        for line in lines {
            for (id, node, writing) in fold.writings(&line) {
                held.insert(id);
                let archive = &self.writer.archive;
                if !archive.done.contains(&id) && !archive.has.contains(&id) {
                    new.push((line.clone(), id, node.clone(), writing.clone()));
                }
            }
        }
        // What the state has forgotten does not come again.
        self.writer.archive.done.retain(|id| held.contains(id));
        for (line, id, node, writing) in new {
            let content = match self.read(&node, &writing) {
                None => continue,
                Some(Opened::Content(content)) => Some(content),
                Some(Opened::NotForUs | Opened::Damaged) => None,
            };
            self.writer.archive.done.insert(id);
            let (seq, at_ms) = (writing.seq, writing.written.at_ms);
            let chunks = content.as_ref().map_or(0, |content| content.files().iter().map(File::chunks).sum());
            if let (1.., Some(list)) = (chunks, writing.written.attached) {
                self.writer.archive.wait_for(Files { id, node: node.clone(), list, left: None, at: 0 });
            }
            let content = content.map(|content| Zeroizing::new(content.encode()));
            self.push(Output::Archive(Box::new(Archived { id, line, node, seq, at_ms, content, chunks })));
        }
        self.archive_files();
    }

    /// One step of fetching what is attached. What nobody has keeps nothing else waiting.
    fn archive_files(&mut self) {
        let now_us = self.now_us;
        let mut files = std::mem::take(&mut self.writer.archive.files);
        if now_us >= self.writer.archive.turn_us {
            self.writer.archive.turn_us = now_us + ARCHIVE_TURN_US;
            let had: BTreeSet<usize> = in_turn(files.iter().map(|file| &file.node)).into_iter().collect();
            let (last, first): (Vec<_>, Vec<_>) = files.into_iter().enumerate().partition(|(at, _)| had.contains(at));
            files = first.into_iter().chain(last).map(|(_, file)| file).collect();
        }
        for at in in_turn(files.iter().map(|file| &file.node)) {
            let Some(file) = files.get_mut(at) else { continue };
            let Some(left) = &mut file.left else {
                match self.bodies.get(&file.list).map(|list| chunks(list)) {
                    Some(list) => file.left = Some(list.unwrap_or_default().into()),
                    None => self.bodies.want(&file.list),
                }
                continue;
            };
            let Some(hash) = left.front().copied() else { continue };
            let Some(bytes) = self.bodies.take(&hash) else {
                self.bodies.want_hash(hash);
                continue;
            };
            left.pop_front();
            let chunk = ArchivedChunk { writing: file.id, at: file.at, bytes };
            file.at += 1;
            left.iter().take(1).for_each(|hash| self.bodies.want_hash(*hash));
            self.push(Output::ArchiveChunk(chunk));
        }
        files.retain(|file| file.left.as_ref().is_none_or(|left| !left.is_empty()));
        self.writer.archive.files = files;
    }

    /// When others of the writings with files have their turn.
    pub(super) fn archive_next_us(&self) -> Option<u64> {
        let archive = &self.writer.archive;
        (!archive.files.is_empty()).then_some(archive.turn_us).filter(|at| *at > self.now_us)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn files_that_nobody_has_hold_up_no_other_nodes() {
        let node = |id: &str| NodeId::new(id).unwrap();
        let mut archive = Archive::default();
        let waits = |number: u64, id: &str| {
            let mut hash = [0; Hash::LEN];
            hash[..8].copy_from_slice(&number.to_be_bytes());
            Files { id: Hash(hash), node: node(id), list: BodyRef::of(b"list").unwrap(), left: None, at: 0 }
        };
        for number in 0..10_000 {
            archive.wait_for(waits(number, "kor-1"));
        }
        archive.wait_for(waits(0, "jpn-1"));
        archive.wait_for(waits(1, "jpn-1"));
        assert_eq!(archive.files.len(), FILES_EACH + 2);
        let turn = in_turn(archive.files.iter().map(|file| &file.node));
        let of = |id: &str| turn.iter().filter(|at| archive.files[**at].node == node(id)).count();
        assert_eq!((turn.len(), of("jpn-1"), of("kor-1")), (FILES_AT_ONCE, 2, 2));
    }
}
