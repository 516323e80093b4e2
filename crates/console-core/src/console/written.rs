//! What the console passes on to the written line: inputs of the platform, and commands of the officer.

use super::{Console, Parts};
use crate::acts::Purpose;
use crate::around::Around;
use crate::view::{ReadoutText, Refusal};
use crate::written::{Busy, NewMessage, Saying, Writer, words};
use std::collections::BTreeSet;
use trialogue_charter::Hash;
use trialogue_e2ee::writing::{FileError, Tongue};

impl Console {
    /// Turns the written line on. `kept`: the bytes that [`crate::Output::Keep`] gave last, if there are any; bytes of
    /// another version, or of another device, are as good as none. Say it once, before the first input.
    pub fn keep_writings(&mut self, kept: Option<&[u8]>) {
        if let Some(revocations) = self.writer.turn_on(kept, self.id) {
            self.revocations.recall(Some(revocations));
        }
    }

    /// The seal of the platform has changed: everything is kept anew.
    pub fn keep_again(&mut self) {
        self.writer.change();
    }

    /// The page will read a file of this name and length, which is attached to what is being written on a line once all
    /// of it was given with [`Console::attach_piece`] and [`Console::finish_attaching`] was said. One that was begun
    /// before and not ended is forgotten.
    ///
    /// # Errors
    /// When it is no file of a message, or there are too many.
    pub fn attach_file(&mut self, line: &str, name: &str, size: u64) -> Result<(), FileError> {
        self.stop_attaching();
        self.writer.attach(line, name, size, &mut self.chance)
    }

    /// How long the next piece of that file must be, in bytes; 0: none is wanted.
    #[must_use]
    pub fn attach_next(&self) -> usize {
        self.writer.attach_next()
    }

    /// Seals the next piece. The platform keeps the chunk under its hash until [`crate::Output::ForgetChunks`] names
    /// it, and has it on its disk before the next piece is given.
    ///
    /// # Errors
    /// When the file is longer or shorter than was said: it is not attached.
    pub fn attach_piece(&mut self, piece: &[u8]) -> Result<(Hash, Vec<u8>), FileError> {
        let Parts { writer, mut around, .. } = self.parts();
        writer.attach_piece(piece, &mut around)
    }

    /// All of the file was read, and all its chunks are where the platform keeps them: it is attached.
    ///
    /// # Errors
    /// When some of it was not read.
    pub fn finish_attaching(&mut self) -> Result<(), FileError> {
        let Parts { writer, mut around, .. } = self.parts();
        writer.finish_attaching(&mut around)
    }

    /// The page reads no more of it: it is not attached.
    pub fn stop_attaching(&mut self) {
        let Parts { writer, mut around, .. } = self.parts();
        writer.stop_attaching(&mut around);
    }

    /// Chunks that the platform has to keep; it may have others from a run before, which are of no use.
    #[must_use]
    pub fn chunks_needed(&self) -> BTreeSet<Hash> {
        self.writer.chunks_needed()
    }

    /// Every writing on every line of this console is given out once in each run ([`crate::Output::Archive`]), as soon
    /// as it is known what it says, or that this console may not know; then the chunks of what is attached to it
    /// ([`crate::Output::ArchiveChunk`]). `done`: those of which the platform wants nothing more. Say it once, with
    /// [`Console::keep_writings`], before the first input.
    pub fn archive_writings(&mut self, done: BTreeSet<Hash>) {
        self.writer.archive(done);
    }

    /// Can something be said of the archive now ([`crate::Input::ArchiveSay`])?
    #[must_use]
    pub fn archive_may_say(&self) -> bool {
        self.writer.archive_may_say(self.sites.is_up(), self.now())
    }

    /// Brings the written line up to date.
    pub(super) fn settle_written(&mut self) {
        // In no call, or in one in which nobody's keys are only just on their way, there is time for other things.
        // Whose keys do not come holds nothing up.
        let busy = Busy {
            in_call: self.call.is_on(),
            ringing: self.rings.is_ringing(),
            awaits_keys: self.keys.awaits_keys(self.now()),
        };
        let Parts { writer, mut around, .. } = self.parts();
        writer.settle(busy, &mut around);
    }

    pub(super) fn write(&mut self, new: NewMessage) {
        self.officer_writes(|writer, around| writer.write(new, around));
    }

    pub(super) fn write_readout(&mut self, line: &str, replaces: Option<String>, texts: &[ReadoutText]) {
        self.officer_writes(|writer, around| writer.write_readout(line, replaces, texts, around));
    }

    /// Before the charter is here there is no line on which anything could be refused.
    fn officer_writes(&mut self, write: impl FnOnce(&mut Writer, &mut Around<'_>) -> Result<(), Refusal>) {
        if self.agreed.charter().is_some() && self.agreed.me().is_some() {
            let Parts { writer, mut around, .. } = self.parts();
            let done = write(writer, &mut around);
            self.done(done);
        }
    }

    pub(super) fn translate(&mut self, id: &str, text: Tongue, machine: bool) {
        let Parts { writer, mut around, .. } = self.parts();
        let done = writer.translate(id, text, machine, &mut around);
        self.done(done);
    }

    pub(super) fn acknowledge_message(&mut self, id: &str, read_back: Option<Tongue>) {
        let Parts { writer, mut around, .. } = self.parts();
        match writer.acknowledge(id, read_back, &mut around) {
            Ok(None) => {}
            Ok(Some(saying)) => self.say_of_writing(Ok(saying)),
            Err(reason) => self.refuse(reason),
        }
    }

    pub(super) fn certify_translation(&mut self, id: &str) {
        self.say_of_writing(words::certify(id, self.roster()));
    }

    pub(super) fn approve_readout(&mut self, id: &str) {
        self.say_of_writing(words::approve(id, self.roster()));
    }

    pub(super) fn unsend(&mut self, id: &str) {
        let Parts { writer, mut around, .. } = self.parts();
        let done = writer.unsend(id, &mut around);
        self.done(done);
    }

    pub(super) fn save_file(&mut self, id: &str, at: u32) {
        let done = self.writer.save_file(id, at);
        self.done(done);
    }

    fn say_of_writing(&mut self, saying: Result<Saying, Refusal>) {
        match saying {
            Ok(Saying { line, act }) => {
                if let Some(line) = self.act_on(line.to_string()) {
                    self.say(&line, Purpose::Standing, act, Vec::new());
                }
            }
            Err(reason) => self.refuse(reason),
        }
    }
}
