//! Files attached to what is being written: sealed piece by piece as the page reads them, kept by the platform as sealed chunks, and given to the node
//! before the message is said. What is kept of them here is their names and keys, beside the draft.

use super::kept::{KeptFile, KeptOut};
use super::outbox::Sending;
use crate::console::Console;
use crate::io::{Event, Output};
use crate::limits::{CHUNK_ANSWER_US, IN_CALL_CHUNK_US};
use std::collections::{BTreeSet, VecDeque};
use trialogue_charter::text::{Form, clean};
use trialogue_charter::{Hash, LineId};
use trialogue_e2ee::writing::{File, FileError, FileSealer, fit_together};
use trialogue_wire::console::ToNode;

/// A file that the page is reading.
pub(crate) struct Reading {
    line: LineId,
    sealer: FileSealer,
    chunks: Vec<Hash>,
}

/// Chunks on their way to the node.
#[derive(Default)]
pub(crate) struct Giving {
    /// Whose, by its number in the outbox.
    id: u64,
    lacks: VecDeque<Hash>,
    /// The platform or the node was asked for the first one at that time.
    since_us: Option<u64>,
    /// No chunk goes before this.
    wait_us: u64,
    /// So many there were.
    of: usize,
}

impl Giving {
    pub(super) fn is_of(&self, id: u64) -> bool {
        self.id == id
    }

    pub(super) fn share(&self) -> f64 {
        1.0 - self.lacks.len() as f64 / self.of.max(1) as f64
    }
}

impl Console {
    /// The page will read a file of this name and length, which is attached to what is being written on a line once all of it was given with
    /// [`Console::attach_piece`] and [`Console::finish_attaching`] was said. One that was begun before and not ended is forgotten.
    ///
    /// # Errors
    /// When it is no file of a message, or there are too many.
    pub fn attach_file(&mut self, line: &str, name: &str, size: u64) -> Result<(), FileError> {
        self.stop_attaching();
        let line = LineId::new(line).ok().filter(|_| self.writer.on).ok_or(FileError::Form)?;
        let sealer = FileSealer::new(&clean(name, Form::File), size, &mut self.chance)?;
        let mut all: Vec<File> = self.writer.drafts.files(&line).map(|kept| kept.file.clone()).collect();
        all.push(sealer.file().clone());
        if !fit_together(&all) {
            return Err(FileError::Form);
        }
        self.writer.attaching = Some(Reading { line, sealer, chunks: Vec::new() });
        Ok(())
    }

    /// How long the next piece of that file must be, in bytes; 0: none is wanted.
    #[must_use]
    pub fn attach_next(&self) -> usize {
        self.writer.attaching.as_ref().map_or(0, |reading| reading.sealer.next())
    }

    /// Seals the next piece. The platform keeps the chunk under its hash until [`Output::ForgetChunks`] names it, and has it on its disk before the
    /// next piece is given.
    ///
    /// # Errors
    /// When the file is longer or shorter than was said: it is not attached.
    pub fn attach_piece(&mut self, piece: &[u8]) -> Result<(Hash, Vec<u8>), FileError> {
        let Some(reading) = self.writer.attaching.as_mut() else { return Err(FileError::Changed) };
        let sealed = match reading.sealer.seal(piece) {
            Ok(chunk) => chunk,
            Err(error) => {
                self.stop_attaching();
                return Err(error);
            }
        };
        let hash = Hash::of(&sealed);
        reading.chunks.push(hash);
        Ok((hash, sealed))
    }

    /// All of the file was read, and all its chunks are where the platform keeps them: it is attached.
    ///
    /// # Errors
    /// When some of it was not read.
    pub fn finish_attaching(&mut self) -> Result<(), FileError> {
        let Some(Reading { line, sealer, chunks }) = self.writer.attaching.take() else {
            return Err(FileError::Changed);
        };
        match sealer.finish() {
            Ok(file) => {
                let file = KeptFile { file, chunks };
                let gone = self.writer.drafts.add_file(line, file, &mut self.writer.keeping);
                self.forget_chunks(gone);
            }
            Err(error) => {
                self.forget_chunks(chunks);
                return Err(error);
            }
        }
        Ok(())
    }

    /// The page reads no more of it: it is not attached.
    pub fn stop_attaching(&mut self) {
        if let Some(reading) = self.writer.attaching.take() {
            self.forget_chunks(reading.chunks);
        }
    }

    /// Chunks that the platform has to keep; it may have others from a run before, which are of no use.
    #[must_use]
    pub fn chunks_needed(&self) -> BTreeSet<Hash> {
        let outs = self.writer.outbox.iter().flat_map(KeptOut::chunks);
        self.writer.drafts.chunks().chain(outs).copied().collect()
    }

    /// The officer takes a file off what is being written.
    pub(crate) fn detach(&mut self, line: &str, at: u32) {
        let gone = self.writer.drafts.detach(line, at, &mut self.writer.keeping);
        self.forget_chunks(gone);
    }

    pub(super) fn forget_chunks(&mut self, hashes: Vec<Hash>) {
        if !hashes.is_empty() {
            self.push(Output::ForgetChunks(hashes));
        }
    }

    /// Asks the node what it lacks of what is attached.
    pub(super) fn ask_lacking(&mut self, id: u64, hashes: Vec<Hash>) -> Sending {
        self.send(&ToNode::Lacking { hashes });
        self.writer.giving = Some(Giving { id, since_us: Some(self.now_us), ..Giving::default() });
        Sending::Giving
    }

    /// The node says what it lacks.
    pub(crate) fn take_lacking(&mut self, hashes: &[Hash]) {
        let now_us = self.now_us;
        let Some(giving) = self.writer.giving.as_mut().filter(|giving| giving.of == 0) else { return };
        let Some(out) = self.writer.outbox.iter().find(|out| out.id == giving.id) else { return };
        let lacks: BTreeSet<&Hash> = hashes.iter().collect();
        giving.of = out.chunks().count();
        giving.lacks = out.chunks().filter(|hash| lacks.contains(hash)).copied().collect();
        (giving.since_us, giving.wait_us) = (None, now_us);
    }

    /// One step of giving chunks.
    pub(super) fn settle_giving(&mut self) {
        let now_us = self.now_us;
        let Some(giving) = self.writer.giving.as_mut() else { return };
        if giving.of > 0 && giving.lacks.is_empty() {
            let id = giving.id;
            self.writer.giving = None;
            self.writer.given.insert(id);
            self.writer.sending.remove(&id);
            return;
        }
        match giving.since_us {
            // Lost on its way, or the node does not keep up: it is asked again what it lacks.
            Some(since) if now_us >= since + CHUNK_ANSWER_US => {
                let id = giving.id;
                self.writer.giving = None;
                self.writer.sending.remove(&id);
            }
            Some(_) => {}
            None if now_us >= giving.wait_us => {
                giving.since_us = Some(now_us);
                let front = giving.lacks.front().copied();
                front.into_iter().for_each(|hash| self.push(Output::GiveChunk(hash)));
            }
            None => {}
        }
    }

    /// The platform gives a chunk; none: it has lost it.
    pub(crate) fn chunk_read(&mut self, hash: Hash, bytes: Option<Vec<u8>>) {
        let Some(giving) = self.writer.giving.as_ref().filter(|giving| giving.lacks.front() == Some(&hash)) else {
            return;
        };
        let id = giving.id;
        match bytes.filter(|bytes| Hash::of(bytes) == hash) {
            Some(bytes) => self.send(&ToNode::Chunk { bytes }),
            None => {
                self.log(Event::AttachmentLost);
                self.writer.giving = None;
                self.writer.sending.insert(id, Sending::Refused);
            }
        }
    }

    /// The node has one.
    pub(crate) fn chunk_stored(&mut self, hash: Hash) {
        let (now_us, in_call) = (self.now_us, self.call.is_some());
        let Some(giving) = self.writer.giving.as_mut().filter(|giving| giving.lacks.front() == Some(&hash)) else {
            return;
        };
        giving.lacks.pop_front();
        let took = now_us.saturating_sub(giving.since_us.take().unwrap_or(now_us));
        // In a call what is said has the network for most of the time.
        giving.wait_us = if in_call { now_us + IN_CALL_CHUNK_US.max(3 * took) } else { now_us };
    }

    /// The node is another one, or was away: what it has is asked anew.
    pub(crate) fn stop_giving(&mut self) {
        self.writer.given.clear();
        if let Some(giving) = self.writer.giving.take() {
            self.writer.sending.remove(&giving.id);
        }
    }

    pub(super) fn giving_next_us(&self) -> Option<u64> {
        let giving = self.writer.giving.as_ref()?;
        Some(giving.since_us.map_or(giving.wait_us, |since| since + CHUNK_ANSWER_US)).filter(|at| *at > self.now_us)
    }
}
