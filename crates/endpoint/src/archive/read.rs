//! Opening an archive with its secret key, beside a record that says what was signed.

use super::store::{FILE, failed};
use crate::EndpointError;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::path::{Path, PathBuf};
use trialogue_charter::{Hash, LineId};
use trialogue_e2ee::writing::{ArchiveSecret, Content};

/// An archive, and the key that opens it.
pub struct ArchiveReader {
    path: PathBuf,
    db: Connection,
    secret: ArchiveSecret,
}

/// What an archive has of a writing.
pub enum Found {
    /// What it says: what its writer has signed.
    Content(Box<Content>),
    /// Its content was destroyed by policy, then (milliseconds since 1970 UTC).
    Destroyed(u64),
    /// The records office was not among its readers.
    Unreadable,
    /// It is not in this archive.
    Absent,
    /// Sealed for another key, or not what was signed.
    Damaged,
}

impl ArchiveReader {
    /// Opens it for reading.
    ///
    /// # Errors
    /// When there is no archive.
    pub fn open(dir: &Path, secret: ArchiveSecret) -> Result<Self, EndpointError> {
        let path = dir.join(FILE);
        let db = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed(&path))?;
        Ok(Self { path, db, secret })
    }

    /// A chunk of what is attached to a writing, from 0; none: it is not here.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn chunk(&self, writing: &Hash, at: usize) -> Result<Option<Vec<u8>>, EndpointError> {
        let find = "SELECT bytes FROM chunks WHERE writing = ?1 AND place = ?2";
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        let found = self.db.query_row(find, rusqlite::params![&writing.0[..], at], |row| row.get(0));
        found.optional().map_err(failed(&self.path))
    }

    /// What it has of a writing whose statement signs this digest.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn find(&self, line: &LineId, writing: &Hash, digest: &Hash) -> Result<Found, EndpointError> {
        let find = "SELECT sealed, destroyed_ms FROM contents WHERE writing = ?1";
        let row: Option<(Option<Vec<u8>>, Option<i64>)> = self
            .db
            .query_row(find, [&writing.0[..]], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .map_err(failed(&self.path))?;
        Ok(match row {
            None => Found::Absent,
            Some((Some(sealed), _)) => match self.secret.open(line, writing, digest, &sealed) {
                Ok(content) => Found::Content(Box::new(content)),
                Err(_) => Found::Damaged,
            },
            Some((None, Some(at))) => Found::Destroyed(u64::try_from(at).unwrap_or(0)),
            Some((None, None)) => Found::Unreadable,
        })
    }
}
