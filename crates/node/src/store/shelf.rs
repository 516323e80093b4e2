//! Reading back single entries while the node runs.

use super::StoreError;
use minicbor::bytes::ByteVec;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};
use std::path::Path;
use std::time::Duration;
use trialogue_charter::{Hash, NodeId};
use trialogue_core::Shelf;

/// How long a read waits while SQLite makes its log short; it does so without keeping readers out.
const PATIENCE: Duration = Duration::from_secs(1);

/// A second way into the file, for reading.
pub struct SqliteShelf(Connection);

impl SqliteShelf {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let wrap = |e| StoreError::Sqlite(path.to_owned(), e);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags).map_err(wrap)?;
        db.busy_timeout(PATIENCE).map_err(wrap)?;
        Ok(Self(db))
    }

    fn read(&self, query: &str, key: impl rusqlite::Params) -> Option<Vec<u8>> {
        let found = self.0.prepare_cached(query).and_then(|mut query| query.query_row(key, row_of).optional());
        let (hash, bytes) = found
            .inspect_err(|error| tracing::error!(%error, "the journal on the disk cannot be read back: check the disk"))
            .ok()??;
        if Hash::of(&bytes).0[..] != hash[..] {
            tracing::error!(
                "an entry or body on the disk is damaged: back the node up, check the disk, and restore it"
            );
            return None;
        }
        Some(bytes)
    }
}

fn row_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<(Vec<u8>, Vec<u8>)> {
    Ok((row.get(0)?, row.get(1)?))
}

impl Shelf for SqliteShelf {
    fn entry(&self, node: &NodeId, seq: u64) -> Option<Vec<u8>> {
        let seq = i64::try_from(seq).ok()?;
        self.read("SELECT hash, entry FROM entries WHERE node = ?1 AND seq = ?2", params![node.as_str(), seq])
    }

    fn body(&self, hash: &Hash) -> Option<ByteVec> {
        self.read("SELECT hash, bytes FROM bodies WHERE hash = ?1", [hash.0]).map(Into::into)
    }

    fn has(&self, hash: &Hash) -> bool {
        let found =
            self.0.prepare_cached("SELECT 1 FROM bodies WHERE hash = ?1").and_then(|mut query| query.exists([hash.0]));
        found.is_ok_and(|found| found)
    }
}
