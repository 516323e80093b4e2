//! What the officer is writing: the draft of each line, what is attached to it, and texts beside it.

use super::keeping::Keeping;
use super::kept::{KeptDraft, KeptFile, KeptScratch};
use crate::view::Draft;
use trialogue_charter::{Hash, LineId};
use trialogue_e2ee::writing::{File, TEXT_MAX};

/// Most drafts, one per line.
const DRAFTS_MAX: usize = 16;
/// Most texts beside drafts, the newest: three languages of a joint text, and translations of some messages.
const SCRATCH_MAX: usize = 48;
/// Most characters of the name of one.
const SCRATCH_KEY_MAX: usize = 200;

/// Drafts and texts that are not sent yet, the oldest first. What its methods return are chunks that no draft names any
/// more.
#[derive(Default)]
pub(super) struct Drafts {
    drafts: Vec<KeptDraft>,
    scratch: Option<Vec<KeptScratch>>,
}

impl Drafts {
    /// Those that were kept.
    pub(super) fn recalled(drafts: Vec<KeptDraft>, scratch: Option<Vec<KeptScratch>>) -> Self {
        Self { drafts, scratch }
    }

    pub(super) fn drafts(&self) -> &[KeptDraft] {
        &self.drafts
    }

    pub(super) fn scratch(&self) -> Option<&[KeptScratch]> {
        self.scratch.as_deref()
    }

    pub(super) fn of(&self, line: &LineId) -> Option<&KeptDraft> {
        self.drafts.iter().find(|draft| draft.line == *line)
    }

    /// What is attached to the draft of a line.
    pub(super) fn files(&self, line: &LineId) -> impl Iterator<Item = &KeptFile> {
        self.of(line).into_iter().flat_map(|draft| draft.files.iter().flatten())
    }

    /// Keeps what is written now, or nothing.
    #[must_use]
    pub(super) fn keep(&mut self, line: LineId, draft: Option<Draft>, keeping: &mut Keeping) -> Vec<Hash> {
        let before = self.drafts.len();
        // What is attached stays until the officer takes it off, or sends it.
        let files = self.drafts.iter_mut().find(|held| held.line == line).and_then(|held| held.files.take());
        let files = files.filter(|files| !files.is_empty());
        self.drafts.retain(|held| held.line != line);
        let draft = draft.filter(|draft| !draft.text.is_empty() && draft.text.chars().count() <= TEXT_MAX);
        if draft.is_some() || files.is_some() {
            let draft = draft.unwrap_or_default();
            return self.put(KeptDraft { line, language: draft.language.into(), text: draft.text, files }, keeping);
        }
        if self.drafts.len() != before {
            keeping.change();
        }
        Vec::new()
    }

    /// Keeps a draft of a line that has none; the oldest goes beyond the bound.
    fn put(&mut self, draft: KeptDraft, keeping: &mut Keeping) -> Vec<Hash> {
        let gone = (self.drafts.len() >= DRAFTS_MAX).then(|| self.drafts.remove(0));
        self.drafts.push(draft);
        keeping.change();
        gone.iter().flat_map(|gone| gone.files.iter().flatten()).flat_map(|file| file.chunks.clone()).collect()
    }

    /// The draft of a line waits to be sent, with what is attached to it.
    pub(super) fn sent(&mut self, line: &LineId) {
        self.drafts.retain(|draft| draft.line != *line);
    }

    /// Attaches a file to what is being written.
    #[must_use]
    pub(super) fn add_file(&mut self, line: LineId, file: KeptFile, keeping: &mut Keeping) -> Vec<Hash> {
        if let Some(draft) = self.drafts.iter_mut().find(|draft| draft.line == line) {
            draft.files.get_or_insert_default().push(file);
            keeping.change();
            return Vec::new();
        }
        let language = Draft::default().language.into();
        self.put(KeptDraft { line, language, text: String::new(), files: Some(vec![file]) }, keeping)
    }

    /// What was attached to a message that was taken back is attached to what is being written.
    #[must_use]
    pub(super) fn attach_again(
        &mut self,
        line: &LineId,
        files: Vec<File>,
        chunks: Vec<Hash>,
        keeping: &mut Keeping,
    ) -> Vec<Hash> {
        let (mut left, mut gone) = (chunks.into_iter(), Vec::new());
        for file in files {
            let chunks = left.by_ref().take(file.chunks()).collect();
            gone.extend(self.add_file(line.clone(), KeptFile { file, chunks }, keeping));
        }
        gone
    }

    /// The officer takes a file off what is being written.
    #[must_use]
    pub(super) fn detach(&mut self, line: &str, at: u32, keeping: &mut Keeping) -> Vec<Hash> {
        let draft = self.drafts.iter_mut().find(|draft| draft.line.as_str() == line);
        let Some(files) = draft.and_then(|draft| draft.files.as_mut()) else { return Vec::new() };
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        if at >= files.len() {
            return Vec::new();
        }
        keeping.change();
        files.remove(at).chunks
    }

    /// Keeps a text that is not sent yet; an empty one is forgotten.
    pub(super) fn keep_scratch(&mut self, line: LineId, key: String, text: String, keeping: &mut Keeping) {
        if key.chars().count() > SCRATCH_KEY_MAX || text.chars().count() > TEXT_MAX {
            return;
        }
        let held = self.scratch.get_or_insert_default();
        let before = held.len();
        held.retain(|scratch| (&scratch.line, &scratch.key) != (&line, &key));
        if text.is_empty() && held.len() == before {
            return;
        }
        if !text.is_empty() {
            if held.len() >= SCRATCH_MAX {
                held.remove(0);
            }
            held.push(KeptScratch { line, key, text });
        }
        keeping.change();
    }

    /// Chunks of what is attached.
    pub(super) fn chunks(&self) -> impl Iterator<Item = &Hash> {
        self.drafts.iter().flat_map(|draft| draft.files.iter().flatten()).flat_map(|file| &file.chunks)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::line_id;
    use trialogue_e2ee::Chance;
    use trialogue_e2ee::writing::FileSealer;

    fn draft(text: &str) -> Option<Draft> {
        Some(Draft { text: text.to_owned(), ..Draft::default() })
    }

    /// A file of one chunk, of that name.
    fn file(name: u8) -> KeptFile {
        let mut sealer = FileSealer::new("a.txt", 4, &mut Chance::replayable([name; 32])).unwrap();
        let chunk = sealer.seal(b"text").unwrap();
        KeptFile { file: sealer.finish().unwrap(), chunks: vec![Hash::of(&chunk)] }
    }

    #[test]
    fn what_is_attached_stays_when_the_text_changes_and_goes_when_it_is_taken_off() {
        let (mut drafts, mut keeping, line) = (Drafts::default(), Keeping::default(), line_id("duty"));
        let one = file(1);
        assert!(drafts.keep(line.clone(), draft("a"), &mut keeping).is_empty());
        assert!(drafts.add_file(line.clone(), one.clone(), &mut keeping).is_empty());
        assert!(drafts.keep(line.clone(), draft(""), &mut keeping).is_empty());
        assert_eq!((drafts.of(&line).unwrap().text.as_str(), drafts.files(&line).count()), ("", 1));
        assert_eq!(drafts.chunks().collect::<Vec<_>>(), one.chunks.iter().collect::<Vec<_>>());
        assert!(drafts.detach("duty", 1, &mut keeping).is_empty(), "there is no second one");
        assert_eq!(drafts.detach("duty", 0, &mut keeping), one.chunks);
        assert!(keeping.take_change().is_some());
        assert!(drafts.keep(line.clone(), None, &mut keeping).is_empty());
        assert!(drafts.of(&line).is_none() && keeping.take_change().is_some());
        assert!(drafts.keep(line, None, &mut keeping).is_empty());
        assert!(keeping.take_change().is_none(), "there was none");
    }

    #[test]
    fn of_too_many_drafts_the_oldest_goes_and_its_chunks_are_named() {
        let (mut drafts, mut keeping) = (Drafts::default(), Keeping::default());
        let (line, one) = (|n: usize| line_id(&format!("line-{n}")), file(1));
        assert!(drafts.add_file(line(0), one.clone(), &mut keeping).is_empty());
        for n in 1..DRAFTS_MAX {
            assert!(drafts.keep(line(n), draft("a"), &mut keeping).is_empty());
        }
        assert_eq!(drafts.keep(line(DRAFTS_MAX), draft("a"), &mut keeping), one.chunks);
        assert!(drafts.of(&line(0)).is_none() && drafts.drafts().len() == DRAFTS_MAX);
        drafts.sent(&line(1));
        assert!(drafts.of(&line(1)).is_none());
    }

    #[test]
    fn texts_beside_a_draft_are_kept_by_their_names_and_forgotten_when_they_are_empty() {
        let (mut drafts, mut keeping) = (Drafts::default(), Keeping::default());
        let mut keep = |key: &str, text: &str| {
            drafts.keep_scratch(line_id("duty"), key.to_owned(), text.to_owned(), &mut keeping);
            (drafts.scratch().unwrap_or_default().len(), keeping.take_change().is_some())
        };
        assert_eq!(keep(&"k".repeat(SCRATCH_KEY_MAX + 1), "a"), (0, false));
        assert_eq!((keep("en", "a"), keep("en", "b"), keep("ja", "")), ((1, true), (1, true), (1, false)));
        assert_eq!(keep("en", ""), (0, true));
        for n in 0..2 * SCRATCH_MAX {
            keep(&n.to_string(), "a");
        }
        assert_eq!(drafts.scratch().unwrap().len(), SCRATCH_MAX);
    }
}
