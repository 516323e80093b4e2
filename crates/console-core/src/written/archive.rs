//! The party's records office: a reader like any other, visible to all, that hands every content to the platform as
//! soon as it can be read.

use super::circles::Circles;
use super::keeping::Keeping;
use super::read::{Opened, read};
use crate::acts::{Purpose, Speaker};
use crate::around::Around;
use crate::io::{ArchiveWord, Archived, ArchivedChunk, Output};
use crate::limits::{ARCHIVE_RETRY_US, ARCHIVE_TURN_US};
use crate::outputs::Outputs;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use trialogue_charter::{Hash, LineId, NodeId};
use trialogue_e2ee::writing::File;
use trialogue_journal::fold::Writing;
use trialogue_journal::{Act, BodyRef, chunks};
use zeroize::Zeroizing;

/// What was handed out in this run.
#[derive(Default)]
pub(super) struct Archive {
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

    /// Everything is handed out from now on, but for what the platform has.
    pub(super) fn turn_on(&mut self, has: BTreeSet<Hash>) {
        (self.on, self.has) = (true, has);
    }

    /// Can something be said of it now, at a node that hears it?
    pub(super) fn may_say(&self, is_up: bool, now_us: u64) -> bool {
        self.on && self.saying.is_none() && now_us >= self.wait_us && is_up
    }

    pub(super) fn say(&mut self, word: ArchiveWord, speaker: &mut Speaker<'_>) {
        if self.may_say(speaker.slot.is_some(), speaker.now.us) {
            let act = Act::Archive { writings: word.writings.clone(), destroyed: word.destroyed };
            let number = speaker.say(&word.line, Purpose::Archive, act, Vec::new());
            self.saying = Some((number, word));
        }
    }

    /// The node has journalled it, or not.
    pub(super) fn settled(&mut self, number: u64, counted: bool, now_us: u64, out: &mut Outputs) {
        let Some((_, word)) = self.saying.take_if(|(saying, _)| *saying == number) else { return };
        if counted {
            out.push(Output::ArchiveSaid(word));
        } else {
            self.wait_us = now_us + ARCHIVE_RETRY_US;
        }
    }

    /// Hands out what can be read by now, and one step of what is attached.
    pub(super) fn settle(&mut self, circles: &mut Circles, keeping: &mut Keeping, around: &mut Around<'_>) {
        let Some((charter, me, fold)) = around.at.whole().filter(|_| self.on) else { return };
        let lines = charter.lines.iter().map(|line| &line.id).filter(|line| charter.is_on_line(&me.office, line));
        let mut held = BTreeSet::new();
        let mut new: Vec<(&LineId, Hash, &NodeId, &Writing)> = Vec::new();
        for line in lines {
            for (id, node, writing) in fold.writings(line) {
                held.insert(id);
                if !self.done.contains(&id) && !self.has.contains(&id) {
                    new.push((line, id, node, writing));
                }
            }
        }
        // What the state has forgotten does not come again.
        self.done.retain(|id| held.contains(id));
        for (line, id, node, writing) in new {
            let content = match read(node, writing, circles, keeping, around) {
                None => continue,
                Some(Opened::Content(content)) => Some(content),
                Some(Opened::NotForUs | Opened::Damaged) => None,
            };
            self.done.insert(id);
            let (seq, at_ms) = (writing.seq, writing.written.at_ms);
            let chunks = content.as_ref().map_or(0, |content| content.files().iter().map(File::chunks).sum());
            if let (1.., Some(list)) = (chunks, writing.written.attached.clone()) {
                self.wait_for(Files { id, node: node.clone(), list, left: None, at: 0 });
            }
            let content = content.map(|content| Zeroizing::new(content.encode()));
            let (line, node) = (line.clone(), node.clone());
            around.push(Output::Archive(Box::new(Archived { id, line, node, seq, at_ms, content, chunks })));
        }
        self.settle_files(around);
    }

    /// One step of fetching what is attached. What nobody has keeps nothing else waiting.
    fn settle_files(&mut self, around: &mut Around<'_>) {
        let now_us = around.now.us;
        let mut files = std::mem::take(&mut self.files);
        if now_us >= self.turn_us {
            self.turn_us = now_us + ARCHIVE_TURN_US;
            let had: BTreeSet<usize> = in_turn(files.iter().map(|file| &file.node)).into_iter().collect();
            let (last, first): (Vec<_>, Vec<_>) = files.into_iter().enumerate().partition(|(at, _)| had.contains(at));
            files = first.into_iter().chain(last).map(|(_, file)| file).collect();
        }
        for at in in_turn(files.iter().map(|file| &file.node)) {
            let Some(file) = files.get_mut(at) else { continue };
            let Some(left) = &mut file.left else {
                match around.bodies.get(&file.list).map(|list| chunks(list)) {
                    Some(list) => file.left = Some(list.unwrap_or_default().into()),
                    None => around.bodies.want(&file.list),
                }
                continue;
            };
            let Some(hash) = left.front().copied() else { continue };
            let Some(bytes) = around.bodies.take(&hash) else {
                around.bodies.want_hash(hash);
                continue;
            };
            left.pop_front();
            let chunk = ArchivedChunk { writing: file.id, at: file.at, bytes };
            file.at += 1;
            left.iter().take(1).for_each(|hash| around.bodies.want_hash(*hash));
            around.push(Output::ArchiveChunk(chunk));
        }
        files.retain(|file| file.left.as_ref().is_none_or(|left| !left.is_empty()));
        self.files = files;
    }

    /// When others of the writings with files have their turn.
    pub(super) fn next_us(&self, now_us: u64) -> Option<u64> {
        (!self.files.is_empty()).then_some(self.turn_us).filter(|at| *at > now_us)
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
