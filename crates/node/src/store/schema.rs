//! Tables and their versions.

use super::StoreError;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;
use trialogue_charter::NodeId;

/// How long a start waits for somebody who has the file open.
const BUSY: Duration = Duration::from_secs(5);

/// Each step brings the file from the version of its position to the next. Steps are never changed, only added.
const STEPS: &[&str] = &[
    "
    CREATE TABLE entries (
        node TEXT NOT NULL,
        seq INTEGER NOT NULL,
        hash BLOB NOT NULL,
        entry BLOB NOT NULL,
        PRIMARY KEY (node, seq)
    );
    CREATE TABLE bodies (
        hash BLOB PRIMARY KEY,
        bytes BLOB NOT NULL,
        kept_ms INTEGER NOT NULL
    );
    CREATE TABLE entry_bodies (
        node TEXT NOT NULL,
        seq INTEGER NOT NULL,
        place INTEGER NOT NULL,
        hash BLOB NOT NULL,
        PRIMARY KEY (node, seq, place)
    ) WITHOUT ROWID;
    CREATE INDEX entry_bodies_by_hash ON entry_bodies (hash);
    CREATE TABLE evidence (
        node TEXT NOT NULL,
        seq INTEGER NOT NULL,
        hash BLOB NOT NULL,
        entry BLOB NOT NULL,
        found_ms INTEGER NOT NULL,
        PRIMARY KEY (node, seq, hash)
    );
    CREATE TABLE charters (
        serial INTEGER PRIMARY KEY,
        hash BLOB NOT NULL,
        bytes BLOB NOT NULL
    );
    CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    );
    ",
    // Handshakes and key packages expire, certificates last.
    "ALTER TABLE bodies ADD COLUMN lasting INTEGER NOT NULL DEFAULT 1;
     CREATE INDEX bodies_that_expire ON bodies (kept_ms) WHERE lasting = 0;",
    // What the node has made of the journals, so that a start need not read them all.
    "CREATE TABLE snapshot (one INTEGER PRIMARY KEY CHECK (one = 1), bytes BLOB NOT NULL);",
];

/// Held by the one process that may write. Others may read meanwhile.
pub(super) struct Lock(#[expect(dead_code, reason = "holding it is its use")] File);

/// Takes the file for this process alone; the system gives it back when the process ends, however it ends.
fn lock(path: &Path) -> Result<Lock, StoreError> {
    let beside = path.with_extension("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&beside);
    let file = file.map_err(|e| StoreError::Directory(beside.clone(), e))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::Busy(path.to_owned())),
        Err(TryLockError::Error(e)) => Err(StoreError::Directory(beside, e)),
    }
}

/// Opens the file, takes it for this process alone and brings it to the newest version.
pub(super) fn open(path: &Path, node: &NodeId) -> Result<(Connection, Lock), StoreError> {
    let lock = lock(path)?;
    let wrap = |e: rusqlite::Error| match e.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy(path.to_owned()),
        _ => StoreError::Sqlite(path.to_owned(), e),
    };
    let mut db = Connection::open(path).map_err(wrap)?;
    // A reader may have it open for a moment while the file is brought to a newer version.
    db.busy_timeout(BUSY).map_err(wrap)?;
    db.pragma_update(None, "journal_mode", "WAL").map_err(wrap)?;
    db.pragma_update(None, "synchronous", "FULL").map_err(wrap)?;
    migrate(&mut db, path).map_err(|e| match e {
        StoreError::Sqlite(_, inner) => wrap(inner),
        other => other,
    })?;
    own(&db, path, node).map_err(|e| match e {
        StoreError::Sqlite(_, inner) => wrap(inner),
        other => other,
    })?;
    Ok((db, lock))
}

fn migrate(db: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let wrap = |e| StoreError::Sqlite(path.to_owned(), e);
    let tx = db.transaction_with_behavior(rusqlite::TransactionBehavior::Exclusive).map_err(wrap)?;
    let found: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(wrap)?;
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    if found > known || found < 0 {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        tx.execute_batch(step).map_err(wrap)?;
    }
    tx.pragma_update(None, "user_version", known).map_err(wrap)?;
    tx.commit().map_err(wrap)
}

/// Is the file of a version that this program can bring to its own?
pub(super) fn is_known(db: &Connection, path: &Path) -> Result<(), StoreError> {
    let found: i64 = db
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|e| StoreError::Sqlite(path.to_owned(), e))?;
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    if found > known || found < 1 {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    Ok(())
}

/// The file says whose it is, so that a swapped directory cannot make a node speak with two tongues.
fn own(db: &Connection, path: &Path, node: &NodeId) -> Result<(), StoreError> {
    let wrap = |e| StoreError::Sqlite(path.to_owned(), e);
    let found: Option<String> =
        db.query_row("SELECT value FROM meta WHERE key = 'node'", [], |row| row.get(0)).optional().map_err(wrap)?;
    match found {
        Some(found) if found == node.as_str() => Ok(()),
        Some(found) => Err(StoreError::OtherNode { path: path.to_owned(), found, wanted: node.clone() }),
        None => db
            .execute("INSERT INTO meta (key, value) VALUES ('node', ?1)", params![node.as_str()])
            .map(|_| ())
            .map_err(wrap),
    }
}
