//! The party's records office: a reader like any other, visible to all, that hands every content to the platform as soon as it can be read.

use super::read::Opened;
use crate::acts::Purpose;
use crate::console::Console;
use crate::io::{ArchiveWord, Archived, Output};
use crate::limits::ARCHIVE_RETRY_US;
use std::collections::BTreeSet;
use trialogue_charter::{Hash, LineId, NodeId};
use trialogue_journal::Act;
use trialogue_journal::fold::Writing;
use zeroize::Zeroizing;

/// What was handed out in this run.
#[derive(Default)]
pub(crate) struct Archive {
    on: bool,
    done: BTreeSet<Hash>,
    /// What is being said, by the number of its statement.
    saying: Option<(u64, ArchiveWord)>,
    /// Nothing is said before this.
    wait_us: u64,
}

impl Archive {
    pub(super) fn is_on(&self) -> bool {
        self.on
    }
}

impl Console {
    /// Every writing on every line of this console is given out once in each run ([`Output::Archive`]), as soon as it is known what it says, or that this
    /// console may not know. Say it once, with [`Console::keep_writings`], before the first input.
    pub fn archive_writings(&mut self) {
        self.writer.archive.on = true;
    }

    /// Can something be said of the archive now ([`crate::Input::ArchiveSay`])?
    #[must_use]
    pub fn archive_may_say(&self) -> bool {
        let archive = &self.writer.archive;
        archive.on && archive.saying.is_none() && self.now_us >= archive.wait_us && self.link.is_up()
    }

    pub(crate) fn archive_say(&mut self, word: ArchiveWord) {
        if self.archive_may_say() {
            let act = Act::Archive { writings: word.writings.clone(), destroyed: word.destroyed };
            let number = self.state(&word.line, Purpose::Archive, act, Vec::new());
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
        let (Some(charter), Some(me), Some(fold)) = (&self.charter, &self.me, &self.fold) else { return };
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
                if !self.writer.archive.done.contains(&id) {
                    new.push((line.clone(), id, node.clone(), writing.clone()));
                }
            }
        }
        // What the state has forgotten does not come again.
        self.writer.archive.done.retain(|id| held.contains(id));
        for (line, id, node, writing) in new {
            let content = match self.read(&node, &writing) {
                None => continue,
                Some(Opened::Content(content)) => Some(Zeroizing::new(content.encode())),
                Some(Opened::NotForUs | Opened::Damaged) => None,
            };
            self.writer.archive.done.insert(id);
            let (seq, at_ms) = (writing.seq, writing.written.at_ms);
            self.push(Output::Archive(Box::new(Archived { id, line, node, seq, at_ms, content })));
        }
    }
}
