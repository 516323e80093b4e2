//! A proof that one entry is in a journal, as text (c2sp.org/tlog-proof): the entry, the path, and a signed head.

use crate::limits::{PATH_MAX, PROOF_MAX};
use crate::note::{Note, NoteError, Signer};
use crate::proof::includes;
use crate::tree::Root;
use base64ct::{Base64, Encoding as _};
use trialogue_charter::VerifiedCharter;
use trialogue_journal::{EntryError, VerifiedEntry};

/// First line of every proof.
const HEADING: &str = "c2sp.org/tlog-proof@v1";

/// Proves to anyone with the charter that an entry is in a journal whose head is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// The signed entry: the proof's extra data, of which the leaf is made.
    pub entry: Vec<u8>,
    /// Its place, from 0: its position less one.
    pub index: u64,
    /// From the leaf's neighbour to the root's child.
    pub path: Vec<Root>,
    /// The signed head.
    pub note: Note,
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InclusionError {
    /// Not a proof.
    #[error(
        "this is not a proof in the form of c2sp.org/tlog-proof with the entry as extra data: ask for the original text"
    )]
    Malformed,
    /// The head.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The entry.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The entry and the head are of different journals, or the place is not the entry's.
    #[error("the entry is not the one that the proof is about: it has another position, or is of another journal")]
    Elsewhere,
    /// The path does not lead there.
    #[error("the entry is not in the journal whose head is signed: the path does not lead from the one to the other")]
    NotIn,
}

impl Inclusion {
    /// The text; files of it end in `.tlog-proof`.
    pub fn text(&self) -> String {
        let path: String = self.path.iter().map(|hash| Base64::encode_string(&hash.0) + "\n").collect();
        let extra = Base64::encode_string(&self.entry);
        format!("{HEADING}\nextra {extra}\nindex {}\n{path}\n{}", self.index, self.note.text())
    }

    /// Reads a proof without believing it.
    ///
    /// # Errors
    /// When it is not in the form, or over the bounds.
    pub fn parse(text: &str) -> Result<Self, InclusionError> {
        Self::read(text).ok_or(InclusionError::Malformed)
    }

    fn read(text: &str) -> Option<Self> {
        let (head, note) = (text.len() <= PROOF_MAX).then_some(text)?.split_once("\n\n")?;
        let mut lines = head.split('\n');
        let heading = lines.next() == Some(HEADING);
        let entry = Base64::decode_vec(lines.next()?.strip_prefix("extra ")?).ok()?;
        let index = lines.next()?.strip_prefix("index ")?.parse().ok()?;
        let hash = |line: &str| Some(Root(Base64::decode_vec(line).ok()?.try_into().ok()?));
        let path: Vec<Root> = lines.take(PATH_MAX + 1).map(hash).collect::<Option<_>>()?;
        let proof = Self { entry, index, path, note: Note::parse(note).ok()? };
        (heading && proof.path.len() <= PATH_MAX && proof.text() == text).then_some(proof)
    }

    /// The entry, and who has signed a head that has it.
    ///
    /// # Errors
    /// When it does not prove that.
    pub fn verify(&self, charter: &VerifiedCharter) -> Result<(VerifiedEntry, Vec<Signer>), InclusionError> {
        let (journal, signers) = self.note.verify(charter)?;
        let entry = VerifiedEntry::open(&self.entry, charter)?;
        if entry.entry().node != journal || self.index.checked_add(1) != Some(entry.entry().seq) {
            return Err(InclusionError::Elsewhere);
        }
        let (leaf, head) = (Root::leaf(entry.payload()), &self.note.checkpoint);
        if !includes(&leaf, self.index, head.size, &self.path, &head.root) {
            return Err(InclusionError::NotIn);
        }
        Ok((entry, signers))
    }
}
