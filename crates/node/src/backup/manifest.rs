//! What is in a backup: every file with its hash, every journal with its length.

use super::{BackupError, PIECE, failed};
use aws_lc_rs::digest::{Context, SHA384};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Form of the list that this program writes, and the only one that it reads.
pub(super) const FORM: u32 = 1;

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupFile {
    /// Its name in the backup.
    pub name: String,
    /// What it is: `journal`, `health`, `config`, or the setting of the configuration that names it.
    pub kind: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-384, hexadecimal.
    pub sha384: String,
}

/// How much of a journal is in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalLength {
    /// Whose.
    pub node: String,
    /// Position of the last entry.
    pub entries: u64,
}

/// The list, as `manifest.json`. The node signs these bytes with its journal key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `FORM`.
    pub form: u32,
    /// Version of the program that wrote it.
    pub program: String,
    /// Of which node.
    pub node: String,
    /// When, milliseconds since 1970 UTC by the node's clock.
    pub taken_ms: u64,
    /// Serial of the charter in force.
    pub charter: u64,
    /// The node's secret keys, and the other secrets that its configuration names, are in it.
    pub with_keys: bool,
    /// All journals that the node holds.
    pub journals: Vec<JournalLength>,
    /// All files but the list and its signature.
    pub files: Vec<BackupFile>,
}

/// Length and SHA-384 of a file.
pub(super) fn hash_of(path: &Path) -> Result<(u64, String), BackupError> {
    let mut file = File::open(path).map_err(failed(path, "read"))?;
    let (mut context, mut bytes) = (Context::new(&SHA384), 0);
    let mut piece = zeroize::Zeroizing::new(vec![0; PIECE]);
    loop {
        let len = file.read(&mut piece).map_err(failed(path, "read"))?;
        if len == 0 {
            return Ok((bytes, hex::encode(context.finish())));
        }
        bytes += len as u64;
        context.update(&piece[..len]);
    }
}

impl BackupFile {
    pub(super) fn of(dir: &Path, name: &str, kind: &str) -> Result<Self, BackupError> {
        let (bytes, sha384) = hash_of(&dir.join(name))?;
        Ok(Self { name: name.to_owned(), kind: kind.to_owned(), bytes, sha384 })
    }

    /// A name of the backup itself, that leads nowhere else.
    pub(super) fn is_plain(&self) -> bool {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        !self.name.starts_with('.') && !self.name.is_empty() && self.name.chars().all(known)
    }
}
