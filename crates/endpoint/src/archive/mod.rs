//! The party's archive: what its records office could read, sealed for the archive's key. The machine that fills it
//! cannot open it.

mod read;
mod store;

pub use read::{ArchiveReader, Found};
pub use store::Archive;

use std::path::PathBuf;
use trialogue_e2ee::writing::ArchivePublic;

/// Where an archive is, for whom it is sealed, and how long.
#[derive(Clone)]
pub struct Archiving {
    /// Its directory, made if missing.
    pub dir: PathBuf,
    /// The public half of its key.
    pub key: ArchivePublic,
    /// Days after a content came into the archive on which it is destroyed; none: never.
    pub keep_days: Option<u32>,
}

impl std::fmt::Debug for Archiving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archiving").field("dir", &self.dir).field("keep_days", &self.keep_days).finish_non_exhaustive()
    }
}
