//! A file that is being attached to what is being written: sealed piece by piece as the page reads it, kept by the
//! platform as sealed chunks. What is kept of it here is its name and key, beside the draft ([`super::drafts`]); its
//! chunks go to the node before the message is said ([`super::giving`]).

use super::kept::KeptFile;
use trialogue_charter::text::{Form, clean};
use trialogue_charter::{Hash, LineId};
use trialogue_e2ee::Chance;
use trialogue_e2ee::writing::{File, FileError, FileSealer, fit_together};

/// The file that the page is reading, if there is one.
#[derive(Default)]
pub(super) struct Attaching {
    reading: Option<Reading>,
}

struct Reading {
    line: LineId,
    sealer: FileSealer,
    chunks: Vec<Hash>,
}

impl Attaching {
    /// Begins with a file of this name and length. `all`: what is attached to the draft of the line already.
    pub(super) fn begin(
        &mut self,
        line: LineId,
        name: &str,
        size: u64,
        mut all: Vec<File>,
        chance: &mut Chance,
    ) -> Result<(), FileError> {
        let sealer = FileSealer::new(&clean(name, Form::File), size, chance)?;
        all.push(sealer.file().clone());
        if !fit_together(&all) {
            return Err(FileError::Form);
        }
        self.reading = Some(Reading { line, sealer, chunks: Vec::new() });
        Ok(())
    }

    /// How long the next piece must be, in bytes; 0: none is wanted.
    pub(super) fn next(&self) -> usize {
        self.reading.as_ref().map_or(0, |reading| reading.sealer.next())
    }

    /// Seals the next piece. Where that fails, what was sealed before is of no use any more.
    pub(super) fn piece(&mut self, piece: &[u8]) -> Result<(Hash, Vec<u8>), FileError> {
        let Some(reading) = self.reading.as_mut() else { return Err(FileError::Changed) };
        let sealed = reading.sealer.seal(piece)?;
        let hash = Hash::of(&sealed);
        reading.chunks.push(hash);
        Ok((hash, sealed))
    }

    /// All of it was read. An error comes with the chunks that are of no use any more.
    pub(super) fn finish(&mut self) -> Result<(LineId, KeptFile), (FileError, Vec<Hash>)> {
        let Some(Reading { line, sealer, chunks }) = self.reading.take() else {
            return Err((FileError::Changed, Vec::new()));
        };
        match sealer.finish() {
            Ok(file) => Ok((line, KeptFile { file, chunks })),
            Err(error) => Err((error, chunks)),
        }
    }

    /// The page reads no more of it; returns the chunks that are of no use any more.
    #[must_use]
    pub(super) fn stop(&mut self) -> Vec<Hash> {
        self.reading.take().map(|reading| reading.chunks).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::line_id;

    fn begun(size: u64) -> Attaching {
        let mut attaching = Attaching::default();
        let mut chance = Chance::replayable([7; 32]);
        attaching.begin(line_id("duty"), "a.txt", size, Vec::new(), &mut chance).unwrap();
        attaching
    }

    #[test]
    fn a_file_that_was_read_to_its_end_comes_with_its_chunks() {
        let mut attaching = begun(4);
        assert_eq!(attaching.next(), 4);
        let (hash, _) = attaching.piece(b"text").unwrap();
        let (line, file) = attaching.finish().unwrap();
        assert_eq!((line, file.chunks), (line_id("duty"), vec![hash]));
        assert_eq!(attaching.next(), 0);
        assert!(attaching.piece(b"more").is_err() && attaching.finish().is_err());
    }

    #[test]
    fn of_one_that_was_not_the_chunks_are_given_back() {
        let mut attaching = begun(400_000);
        let first = vec![0; attaching.next()];
        let (hash, _) = attaching.piece(&first).unwrap();
        let Err((_, chunks)) = attaching.finish() else { unreachable!() };
        assert_eq!(chunks, [hash]);
        let mut attaching = begun(400_000);
        let (hash, _) = attaching.piece(&first).unwrap();
        assert_eq!((attaching.stop(), attaching.stop()), (vec![hash], Vec::new()));
    }
}
