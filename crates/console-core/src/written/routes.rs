//! What the console passes on to the written line of what the platform says to it.

use crate::console::Console;
use std::collections::BTreeSet;
use trialogue_charter::Hash;
use trialogue_e2ee::writing::FileError;

impl Console {
    /// The page will read a file of this name and length, which is attached to what is being written on a line once all of it was given with
    /// [`Console::attach_piece`] and [`Console::finish_attaching`] was said. One that was begun before and not ended is forgotten.
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

    /// Seals the next piece. The platform keeps the chunk under its hash until [`crate::Output::ForgetChunks`] names it, and has it on its disk before the
    /// next piece is given.
    ///
    /// # Errors
    /// When the file is longer or shorter than was said: it is not attached.
    pub fn attach_piece(&mut self, piece: &[u8]) -> Result<(Hash, Vec<u8>), FileError> {
        let (writer, mut around) = self.written();
        writer.attach_piece(piece, &mut around)
    }

    /// All of the file was read, and all its chunks are where the platform keeps them: it is attached.
    ///
    /// # Errors
    /// When some of it was not read.
    pub fn finish_attaching(&mut self) -> Result<(), FileError> {
        let (writer, mut around) = self.written();
        writer.finish_attaching(&mut around)
    }

    /// The page reads no more of it: it is not attached.
    pub fn stop_attaching(&mut self) {
        let (writer, mut around) = self.written();
        writer.stop_attaching(&mut around);
    }

    /// Chunks that the platform has to keep; it may have others from a run before, which are of no use.
    #[must_use]
    pub fn chunks_needed(&self) -> BTreeSet<Hash> {
        self.writer.chunks_needed()
    }
}
