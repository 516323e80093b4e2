//! A consistent copy of a file that a node may be writing, and the mark of one that was put back.

use super::{StoreError, schema};
use rusqlite::{Connection, OpenFlags, params};
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

/// How long is waited while SQLite moves its log into the file.
const PATIENCE: Duration = Duration::from_secs(10);
/// In `meta` of a file that was restored, until its node has spoken.
pub(super) const RESTORED: &str = "restored";

/// Copies a database as it is at this moment to a new file, without a log beside it and without gaps, on disk when this
/// returns. The writer goes on meanwhile.
///
/// # Errors
/// With the remedy.
pub fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let wrap = |e| StoreError::Sqlite(from.to_owned(), e);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(from, flags).map_err(wrap)?;
    db.busy_timeout(PATIENCE).map_err(wrap)?;
    let name = to.to_str().ok_or_else(|| wrap(rusqlite::Error::InvalidPath(to.to_owned())))?;
    db.execute("VACUUM INTO ?1", params![name]).map_err(wrap)?;
    let synced = File::open(to).and_then(|file| {
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.sync_all()
    });
    synced.map_err(|e| StoreError::Directory(to.to_owned(), e))
}

/// The node that starts from this file has said more than it holds.
pub(super) fn mark_restored(path: &Path) -> Result<(), StoreError> {
    let wrap = |e| StoreError::Sqlite(path.to_owned(), e);
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(wrap)?;
    db.pragma_update(None, "synchronous", "FULL").map_err(wrap)?;
    schema::is_known(&db, path)?;
    db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, '1')", params![RESTORED]).map_err(wrap)?;
    db.close().map_err(|(_, e)| wrap(e))
}
