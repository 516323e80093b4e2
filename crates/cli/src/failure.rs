//! What a person reads when something did not work: what, why, and what to do.

use std::path::{Path, PathBuf};

/// A subcommand that did not do what it was asked. Each prints as one sentence, or two.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A file or directory could not be used.
    #[error("{path} cannot be {verb} ({why}): {remedy}")]
    File {
        /// Which.
        path: PathBuf,
        /// read, written, made.
        verb: &'static str,
        /// The system's reason.
        why: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A file's content is not what it should be.
    #[error("{path}{}: {what}", .line.map(|line| format!(":{line}")).unwrap_or_default())]
    Content {
        /// Which file.
        path: PathBuf,
        /// From 1, where one line is to blame.
        line: Option<usize>,
        /// What is wrong and what to do.
        what: String,
    },
    /// Anything else, already as a sentence with its remedy.
    #[error("{0}")]
    Said(String),
}

impl Failure {
    /// A sentence with its remedy.
    pub fn said(text: impl Into<String>) -> Self {
        Self::Said(text.into())
    }

    /// Content of a file that was refused for this reason.
    pub fn content(path: &Path, why: impl std::fmt::Display) -> Self {
        Self::Content { path: path.to_owned(), line: None, what: why.to_string() }
    }

    pub(crate) fn at_line(path: &Path, line: usize, why: impl std::fmt::Display) -> Self {
        Self::Content { path: path.to_owned(), line: Some(line), what: why.to_string() }
    }
}
