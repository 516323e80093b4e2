//! Reading what is attached to a message, when the officer wants it: chunk by chunk from the node, opened here, handed
//! to the page.

use crate::around::Around;
use crate::bodies::Bodies;
use crate::io::{FilePart, Output};
use crate::view::{FileState, FileView};
use std::collections::{BTreeMap, VecDeque};
use trialogue_charter::Hash;
use trialogue_e2ee::writing::{File, FileOpener};
use trialogue_journal::chunks;
use trialogue_journal::fold::Writing;

/// Files of the line that is open, on their way to the page: one at a time.
#[derive(Default)]
pub(super) struct Saves {
    saving: Option<Saving>,
    /// What became of others.
    saved: BTreeMap<(Hash, usize), FileState>,
}

/// A file that is on its way.
struct Saving {
    id: Hash,
    at: usize,
    opener: FileOpener,
    left: VecDeque<Hash>,
}

impl Saves {
    /// The officer wants this file of a writing.
    pub(super) fn begin(&mut self, id: Hash, at: usize, file: File) {
        self.saving = Some(Saving { id, at, opener: FileOpener::new(file), left: VecDeque::new() });
    }

    pub(super) fn stop(&mut self) {
        self.saving = None;
    }

    /// The writing of which a file is on its way.
    pub(super) fn of(&self) -> Option<Hash> {
        self.saving.as_ref().map(|saving| saving.id)
    }

    /// One step: takes the chunks that are here, asks for the next ones. `files`: what is attached to the writing, as
    /// its content says; `writing`: it, if the state has it.
    pub(super) fn settle(&mut self, files: &[File], writing: Option<&Writing>, around: &mut Around<'_>) {
        let Some(saving) = &mut self.saving else { return };
        let (id, at) = (saving.id, saving.at);
        if saving.opener.done() == 0 && saving.left.is_empty() {
            let Some(list) = writing.and_then(|writing| writing.written.attached.as_ref()) else {
                return self.end(FileState::Damaged);
            };
            if around.bodies.get(list).is_none() {
                return around.bodies.want(list);
            }
            let Some(chunks) = chunks_of(files, at, writing, around.bodies) else {
                return self.end(FileState::Damaged);
            };
            saving.left = chunks.into();
        }
        while let Some(saving) = &mut self.saving
            && let Some(hash) = saving.left.front()
            && let Some(chunk) = around.bodies.take(hash)
        {
            saving.left.pop_front();
            let Ok(bytes) = saving.opener.open(&chunk) else { return self.end(FileState::Damaged) };
            let whole = saving.left.is_empty() && saving.opener.is_whole();
            if saving.left.is_empty() && !whole {
                return self.end(FileState::Damaged);
            }
            let id = id.to_string();
            around.push(Output::File(FilePart { id, at: u32::try_from(at).unwrap_or(u32::MAX), bytes, whole }));
            if whole {
                return self.end(FileState::Saved);
            }
        }
        // One at a time: on a slow way to the node a ring waits for no more than that.
        if let Some(saving) = &self.saving {
            saving.left.iter().take(1).for_each(|hash| around.bodies.want_hash(*hash));
        }
    }

    fn end(&mut self, state: FileState) {
        if let Some(saving) = self.saving.take() {
            self.saved.insert((saving.id, saving.at), state);
        }
    }

    /// For the screen.
    pub(super) fn views(&self, id: &Hash, files: &[File]) -> Vec<FileView> {
        let of = |(at, file): (usize, &File)| {
            let saving = self.saving.as_ref().filter(|saving| (saving.id, saving.at) == (*id, at));
            let state = match (saving, self.saved.get(&(*id, at))) {
                (Some(_), _) => FileState::Coming,
                (None, Some(state)) => *state,
                (None, None) => FileState::There,
            };
            let done = saving.map_or(0, |saving| saving.opener.done());
            FileView { name: file.name.clone(), size: file.size as f64, state, done: done as f64 }
        };
        files.iter().enumerate().map(of).collect()
    }
}

/// Chunks of one of its files; none: the list of chunks is not here yet, or there are not as many as the content says.
fn chunks_of(files: &[File], at: usize, writing: Option<&Writing>, bodies: &Bodies) -> Option<Vec<Hash>> {
    let list = chunks(bodies.get(writing?.written.attached.as_ref()?)?)?;
    let before: usize = files.get(..at)?.iter().map(File::chunks).sum();
    let all: usize = files.iter().map(File::chunks).sum();
    let hashes = list.get(before..before + files.get(at)?.chunks())?.to_vec();
    (all == list.len()).then_some(hashes)
}
