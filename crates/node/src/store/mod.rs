//! The node's disk: journals, bodies, evidence and the charter in one SQLite file, written by one thread.
//!
//! An entry counts as written only after SQLite has synced its transaction (`synchronous = FULL`); what waits while one
//! transaction is synced goes into the next one together (group commit).

mod copy;
mod queue;
mod reader;
mod restore;
mod schema;
mod shelf;
mod write;
mod writer;

pub use copy::copy;
pub use queue::NotKept;
pub use reader::{EvidenceRow, Reader, Row};
pub use restore::Kept;
pub use shelf::SqliteShelf;
pub(crate) use write::wall_ms;
pub use write::{Lasting, Write};
pub use writer::{Progress, Store, StoreHandle};

use std::path::PathBuf;
use trialogue_charter::NodeId;

/// Why the store cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory cannot be made.
    #[error("data_dir {0} cannot be made or written ({1}): make it writable for the node's account")]
    Directory(PathBuf, std::io::Error),
    /// SQLite says no.
    #[error("the journal at {0} cannot be used ({1}): check the disk and the file's owner, or restore a backup")]
    Sqlite(PathBuf, rusqlite::Error),
    /// Another process has it.
    #[error("the journal at {0} is in use by another process: stop the other node first, one journal has one writer")]
    Busy(PathBuf),
    /// Written by a newer program.
    #[error(
        "the journal at {path} has format {found}, this program knows up to {known}: install the newer program again"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The file belongs to another node.
    #[error("the journal at {path} is of node {found}, not {wanted}: set data_dir to this node's own directory")]
    OtherNode {
        /// The file.
        path: PathBuf,
        /// Whose.
        found: String,
        /// Ours.
        wanted: NodeId,
    },
    /// A row that no writer of ours made.
    #[error(
        "the own journal at {path} is damaged at entry {seq} ({why}): restore a backup; the other nodes then bring what came after it"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Position.
        seq: u64,
        /// What was found.
        why: &'static str,
    },
    /// The thread could not be started.
    #[error("the store's thread could not be started ({0}): check the limits of the node's account")]
    Thread(std::io::Error),
}
