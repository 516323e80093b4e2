//! What is wrong with a configuration file, where, and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

/// A configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1, if one is to blame.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}. {}", self.what, self.remedy)
    }
}

impl ConfigError {
    pub(super) fn unreadable(file: &Path, error: &std::io::Error) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            what: format!("the configuration cannot be read ({error})"),
            remedy: "Name the file with --config and make it readable for the node's account.".into(),
        }
    }

    pub(super) fn syntax(file: &Path, text: &str, error: &toml::de::Error) -> Self {
        let message = error.message().trim().replace('\n', " ");
        let remedy = if message.starts_with("unknown field") {
            "Correct the spelling or remove the line."
        } else if message.starts_with("unknown variant") {
            "Write one of the words that are expected."
        } else if message.starts_with("missing field") {
            "Add the line; docs/node.toml shows every setting."
        } else {
            "Write the value as TOML: text in double quotes, lists in brackets."
        };
        let line = error.span().filter(|_| !message.starts_with("missing field")).map(|s| line_of(text, s.start));
        Self { file: file.to_owned(), line, what: message, remedy: remedy.into() }
    }
}

/// The line, from 1, in which a byte of the text stands.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|b| *b == b'\n').count() + 1
}
