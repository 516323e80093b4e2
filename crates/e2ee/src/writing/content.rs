//! What a writing says, before it is sealed. Deterministic CBOR as everywhere (journal.md §1).

use super::attach::{File, fit_together};
use crate::chance::Chance;
use minicbor::{Decode, Encode};
use trialogue_charter::text::{Form, refuse};
use trialogue_journal::strict;

/// Most characters of one text.
pub const TEXT_MAX: usize = 20_000;
/// Most characters of a marking.
pub const MARKING_MAX: usize = 120;
/// Most data items in a content.
const ITEMS_MAX: usize = 128;

/// A content.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Content {
    /// Random: nobody can find the text by hashing guesses.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub salt: [u8; 32],
    /// What is said.
    #[n(2)]
    pub part: Part,
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Part {
    /// A message; its text is the authoritative one.
    #[n(0)]
    #[cbor(map)]
    Message {
        /// Its text.
        #[n(1)]
        text: Tongue,
        /// Its own marking; empty: the line's.
        #[n(2)]
        marking: String,
        /// What is attached, in the order of the chunks; none, or 1 to [`super::FILES_MAX`].
        #[n(3)]
        files: Option<Vec<File>>,
    },
    /// A translation.
    #[n(1)]
    #[cbor(map)]
    Translation {
        /// The translation.
        #[n(1)]
        text: Tongue,
        /// A machine made it.
        #[n(2)]
        machine: bool,
    },
    /// A version of a joint text.
    #[n(2)]
    #[cbor(map)]
    Readout {
        /// In one to three languages, ascending.
        #[n(1)]
        texts: Vec<Tongue>,
    },
    /// A message read back.
    #[n(3)]
    #[cbor(map)]
    ReadBack {
        /// As it was understood.
        #[n(1)]
        text: Tongue,
    },
}

/// A text in a language.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Tongue {
    /// Which.
    #[n(1)]
    pub language: trialogue_journal::Language,
    /// It; 1 to [`TEXT_MAX`] characters, as `trialogue_charter::text` lets prose be.
    #[n(2)]
    pub text: String,
}

/// Why a content is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// Empty, too long, or with characters that hide or reorder others.
    #[error("a text is empty, longer than {TEXT_MAX} characters, or has characters that cannot be seen")]
    Text,
    /// No random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

impl Tongue {
    fn fits(&self) -> bool {
        refuse(&self.text, Form::Prose, TEXT_MAX).is_ok()
    }
}

impl Content {
    /// With a fresh salt.
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn new(part: Part, chance: &mut Chance) -> Result<Self, ContentError> {
        let salt = chance.draw().map_err(|_| ContentError::Random)?;
        let content = Self { salt, part };
        if content.fits() { Ok(content) } else { Err(ContentError::Text) }
    }

    fn fits(&self) -> bool {
        match &self.part {
            Part::Message { text, marking, files } => {
                text.fits()
                    && files.as_ref().is_none_or(|files| !files.is_empty() && fit_together(files))
                    && (marking.is_empty() || refuse(marking, Form::Name, MARKING_MAX).is_ok())
            }
            Part::Translation { text, .. } | Part::ReadBack { text } => text.fits(),
            Part::Readout { texts } => {
                !texts.is_empty()
                    && texts.iter().all(Tongue::fits)
                    && texts.is_sorted_by(|a, b| a.language < b.language)
            }
        }
    }

    /// What is attached to it.
    #[must_use]
    pub fn files(&self) -> &[File] {
        match &self.part {
            Part::Message { files: Some(files), .. } => files,
            _ => &[],
        }
    }

    /// Its one encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // Writing to memory cannot fail.
        minicbor::to_vec(self).unwrap_or_default()
    }

    /// Reads a content; none if it is not one in its one form, or over a bound.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        strict::check(bytes, ITEMS_MAX).ok()?;
        let content: Self = minicbor::decode(bytes).ok()?;
        (content.fits() && content.encode() == bytes).then_some(content)
    }
}
