//! Reading what is attached to a message, when the officer wants it: chunk by chunk from the node, opened here, handed to the page.

use super::read::Opened;
use crate::console::Console;
use crate::io::{FilePart, Output};
use crate::view::{FileState, FileView, Refusal};
use std::collections::VecDeque;
use trialogue_charter::Hash;
use trialogue_e2ee::writing::{File, FileOpener};
use trialogue_journal::chunks;
use trialogue_journal::fold::Writing;

/// A file that is on its way to the page.
pub(crate) struct Saving {
    id: Hash,
    at: usize,
    opener: FileOpener,
    left: VecDeque<Hash>,
}

impl Console {
    /// What is attached to a writing of the open line, if it was opened.
    fn files(&self, id: &Hash) -> &[File] {
        match self.writer.opened.get(id) {
            Some(Opened::Content(content)) => content.files(),
            _ => &[],
        }
    }

    fn writing_of_open_line(&self, id: &Hash) -> Option<&Writing> {
        let (line, fold) = (self.open_line()?, self.sites.fold()?);
        fold.writing(&line, id).map(|(_, writing)| writing)
    }

    /// Chunks of one of its files; none: the list of chunks is not here yet, or there are not as many as the content says.
    fn chunks_of(&self, id: &Hash, at: usize) -> Option<Vec<Hash>> {
        let list = chunks(self.bodies.get(self.writing_of_open_line(id)?.written.attached.as_ref()?)?)?;
        let files = self.files(id);
        let before: usize = files.get(..at)?.iter().map(File::chunks).sum();
        let all: usize = files.iter().map(File::chunks).sum();
        let hashes = list.get(before..before + files.get(at)?.chunks())?.to_vec();
        (all == list.len()).then_some(hashes)
    }

    /// The officer wants a file of a message. One at a time: a new wish ends the one before.
    pub(crate) fn save_file(&mut self, id: &str, at: u32) {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let id = self.writer.opened.keys().find(|held| held.to_string() == id).copied();
        let found = id.and_then(|id| Some((id, self.files(&id).get(at)?.clone())));
        let Some((id, file)) = found else { return self.refuse(Refusal::NotNow) };
        self.writer.saving = Some(Saving { id, at, opener: FileOpener::new(file), left: VecDeque::new() });
    }

    pub(crate) fn stop_saving(&mut self) {
        self.writer.saving = None;
    }

    /// One step: takes the chunks that are here, asks for the next ones.
    pub(super) fn settle_saving(&mut self) {
        let Some(saving) = &self.writer.saving else { return };
        let (id, at) = (saving.id, saving.at);
        if saving.opener.done() == 0 && saving.left.is_empty() {
            let Some(list) = self.writing_of_open_line(&id).and_then(|writing| writing.written.attached.clone()) else {
                return self.end_saving(FileState::Damaged);
            };
            if self.bodies.get(&list).is_none() {
                return self.bodies.want(&list);
            }
            let Some(chunks) = self.chunks_of(&id, at) else { return self.end_saving(FileState::Damaged) };
            if let Some(saving) = &mut self.writer.saving {
                saving.left = chunks.into();
            }
        }
        while let Some(saving) = &mut self.writer.saving
            && let Some(hash) = saving.left.front()
            && let Some(chunk) = self.bodies.take(hash)
        {
            saving.left.pop_front();
            let Ok(bytes) = saving.opener.open(&chunk) else { return self.end_saving(FileState::Damaged) };
            let whole = saving.left.is_empty() && saving.opener.is_whole();
            if saving.left.is_empty() && !whole {
                return self.end_saving(FileState::Damaged);
            }
            let id = id.to_string();
            self.push(Output::File(FilePart { id, at: u32::try_from(at).unwrap_or(u32::MAX), bytes, whole }));
            if whole {
                return self.end_saving(FileState::Saved);
            }
        }
        // One at a time: on a slow way to the node a ring waits for no more than that.
        if let Some(saving) = &self.writer.saving {
            saving.left.iter().take(1).for_each(|hash| self.bodies.want_hash(*hash));
        }
    }

    fn end_saving(&mut self, state: FileState) {
        if let Some(saving) = self.writer.saving.take() {
            self.writer.saved.insert((saving.id, saving.at), state);
        }
    }

    /// What is attached to a message, for the screen.
    pub(super) fn file_views(&self, id: &Hash) -> Vec<FileView> {
        let of = |(at, file): (usize, &File)| {
            let saving = self.writer.saving.as_ref().filter(|saving| (saving.id, saving.at) == (*id, at));
            let state = match (saving, self.writer.saved.get(&(*id, at))) {
                (Some(_), _) => FileState::Coming,
                (None, Some(state)) => *state,
                (None, None) => FileState::There,
            };
            let done = saving.map_or(0, |saving| saving.opener.done());
            FileView { name: file.name.clone(), size: file.size as f64, state, done: done as f64 }
        };
        self.files(id).iter().enumerate().map(of).collect()
    }
}
