//! Reading a journal that a node may be writing: one consistent view, nothing changed.

use super::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::time::Duration;
use trialogue_charter::{Hash, NodeId};

/// How long a reader waits while SQLite moves its log into the file.
const PATIENCE: Duration = Duration::from_secs(10);

/// The journals of a data directory as they were when it was opened.
pub struct Reader {
    db: Connection,
    path: PathBuf,
}

/// One entry, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As signed.
    pub entry: Vec<u8>,
    /// The first of its bodies that is kept for good: a certificate, or what was written.
    pub lasting: Option<Vec<u8>>,
}

/// One entry that contradicts a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceRow {
    /// Against whose journal.
    pub node: NodeId,
    /// Position.
    pub seq: u64,
    /// As signed.
    pub entry: Vec<u8>,
}

impl Reader {
    /// Opens `journal.sqlite` in a data directory.
    ///
    /// # Errors
    /// With the remedy.
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let path = data_dir.join("journal.sqlite");
        let wrap = |e| StoreError::Sqlite(path.clone(), e);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&path, flags).map_err(wrap)?;
        db.busy_timeout(PATIENCE).map_err(wrap)?;
        // What is written from here on is not seen: the view stays one.
        db.execute_batch("BEGIN DEFERRED; SELECT count(*) FROM meta;").map_err(wrap)?;
        Ok(Self { db, path })
    }

    /// Opens a copy that nobody writes.
    ///
    /// # Errors
    /// With the remedy.
    pub fn open_copy(path: &Path) -> Result<Self, StoreError> {
        let wrap = |e| StoreError::Sqlite(path.to_owned(), e);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags).map_err(wrap)?;
        Ok(Self { db, path: path.to_owned() })
    }

    /// Is the file whole, and of a version that this program knows?
    ///
    /// # Errors
    /// When it is not.
    pub fn check(&self) -> Result<(), StoreError> {
        super::schema::is_known(&self.db, &self.path)?;
        let said: String = self.db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(self.wrap())?;
        if said == "ok" { Ok(()) } else { Err(self.wrap()(rusqlite::Error::InvalidQuery)) }
    }

    /// How many entries there are of each journal.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn lengths(&self) -> Result<Vec<(NodeId, u64)>, StoreError> {
        let mut query = self.db.prepare("SELECT node, count(*) FROM entries GROUP BY node").map_err(self.wrap())?;
        let rows =
            query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))).map_err(self.wrap())?;
        let mut all = Vec::new();
        for row in rows {
            let (node, count) = row.map_err(self.wrap())?;
            if let Ok(node) = NodeId::new(node) {
                all.push((node, u64::try_from(count).unwrap_or(0)));
            }
        }
        Ok(all)
    }

    /// Serial of the newest charter.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn newest_charter(&self) -> Result<Option<u64>, StoreError> {
        let newest: Option<i64> =
            self.db.query_row("SELECT max(serial) FROM charters", [], |row| row.get(0)).map_err(self.wrap())?;
        Ok(newest.and_then(|serial| u64::try_from(serial).ok()))
    }

    fn wrap(&self) -> impl Fn(rusqlite::Error) -> StoreError + '_ {
        |e| StoreError::Sqlite(self.path.clone(), e)
    }

    /// Whose it is.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn node(&self) -> Result<NodeId, StoreError> {
        let text: String = self
            .db
            .query_row("SELECT value FROM meta WHERE key = 'node'", [], |row| row.get(0))
            .map_err(self.wrap())?;
        NodeId::new(text).map_err(|error| {
            self.wrap()(rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error)))
        })
    }

    /// The charters that were in force here, the oldest first, with the hash of each.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn charters(&self) -> Result<Vec<(Hash, Vec<u8>)>, StoreError> {
        let mut query = self.db.prepare("SELECT hash, bytes FROM charters ORDER BY serial").map_err(self.wrap())?;
        let rows = query
            .query_map([], |row| Ok((Hash(row.get::<_, [u8; Hash::LEN]>(0)?), row.get::<_, Vec<u8>>(1)?)))
            .map_err(self.wrap())?;
        rows.collect::<Result<_, _>>().map_err(self.wrap())
    }

    /// What contradicts the journals, by node and position.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn evidence(&self) -> Result<Vec<EvidenceRow>, StoreError> {
        let mut query =
            self.db.prepare("SELECT node, seq, entry FROM evidence ORDER BY node, seq, hash").map_err(self.wrap())?;
        let rows = query
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?)))
            .map_err(self.wrap())?;
        let mut all = Vec::new();
        for row in rows {
            let (node, seq, entry) = row.map_err(self.wrap())?;
            if let Ok(node) = NodeId::new(node) {
                all.push(EvidenceRow { node, seq: u64::try_from(seq).unwrap_or(0), entry });
            }
        }
        Ok(all)
    }

    /// Calls `each` with every entry: journals by node id, each in its order.
    ///
    /// # Errors
    /// When it cannot be read, or what `each` returns.
    pub fn entries<E: From<StoreError>>(&self, mut each: impl FnMut(Row) -> Result<(), E>) -> Result<(), E> {
        let mut query = self
            .db
            .prepare(
                "SELECT e.entry, (SELECT b.bytes FROM entry_bodies AS l JOIN bodies AS b ON b.hash = l.hash
                 WHERE l.node = e.node AND l.seq = e.seq AND b.lasting >= 1 ORDER BY l.place LIMIT 1)
                 FROM entries AS e ORDER BY e.node, e.seq",
            )
            .map_err(self.wrap())?;
        let mut rows = query.query([]).map_err(self.wrap())?;
        while let Some(row) = rows.next().map_err(self.wrap())? {
            let entry = row.get(0).map_err(self.wrap())?;
            let lasting = row.get(1).map_err(self.wrap())?;
            each(Row { entry, lasting })?;
        }
        Ok(())
    }
}
