//! One write, and how it goes into the tables.

use minicbor::bytes::ByteVec;
use rusqlite::{Connection, params};
use std::time::{SystemTime, UNIX_EPOCH};
use trialogue_charter::{Hash, NodeId};
use trialogue_wire::Bundle;

/// How long bodies are kept. The numbers stand in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lasting {
    /// [`crate::limits::store::BODIES_LAST`]: handshakes.
    Passing = 0,
    /// As long as the entry, which is nothing without it: certificates.
    Entry = 1,
    /// What was written, and the keys for it.
    Written = 2,
}

/// Something to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// An entry of a journal, the own or another node's, with its bodies.
    Entry {
        /// Whose journal.
        node: NodeId,
        /// Position, from 1.
        seq: u64,
        /// Entry and bodies.
        bundle: Bundle,
        /// How long its bodies are kept.
        lasting: Lasting,
        /// Chunks of what is attached to it, which are kept as long, if they are there.
        chunks: Vec<Hash>,
    },
    /// A chunk of an attachment.
    Chunk {
        /// Its hash.
        hash: Hash,
        /// It.
        bytes: ByteVec,
        /// How long it is kept.
        lasting: Lasting,
    },
    /// A second, different entry for a position.
    Evidence {
        /// Whose journal.
        node: NodeId,
        /// Position.
        seq: u64,
        /// The signed entry.
        entry: Vec<u8>,
    },
    /// A charter that came into force.
    Charter {
        /// Its serial.
        serial: u64,
        /// Hash of its payload.
        hash: Hash,
        /// The signed charter.
        bytes: Vec<u8>,
    },
    /// What the node has made of all entries that were written before this.
    Snapshot(Vec<u8>),
    /// The node, which was restored, has spoken: from now on it starts as any other.
    Spoken,
}

/// Milliseconds since 1970 UTC.
pub(crate) fn wall_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX)).unwrap_or(0)
}

/// SQLite's integers are signed; a position beyond them does not occur in the life of a node.
fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl Write {
    /// Bytes, as far as they count.
    pub(super) fn len(&self) -> usize {
        match self {
            Write::Entry { bundle, .. } => {
                bundle.entry.len() + bundle.bodies.iter().map(|body| body.len()).sum::<usize>()
            }
            Write::Chunk { bytes, .. } => bytes.len(),
            Write::Evidence { entry: bytes, .. } | Write::Charter { bytes, .. } | Write::Snapshot(bytes) => bytes.len(),
            Write::Spoken => 0,
        }
    }

    pub(super) fn apply(&self, db: &Connection) -> rusqlite::Result<()> {
        match self {
            Write::Entry { node, seq, bundle, lasting, chunks } => {
                // A repeated write (after a failed commit) is the same bytes; another entry for a position is evidence,
                // never this.
                db.prepare_cached("INSERT OR IGNORE INTO entries (node, seq, hash, entry) VALUES (?1, ?2, ?3, ?4)")?
                    .execute(params![node.as_str(), int(*seq), Hash::of(&bundle.entry).0, bundle.entry])?;
                for (place, body) in bundle.bodies.iter().enumerate() {
                    let hash = Hash::of(body);
                    keep_body(db, &hash, body, *lasting)?;
                    db.prepare_cached(
                        "INSERT OR IGNORE INTO entry_bodies (node, seq, place, hash) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute(params![node.as_str(), int(*seq), int(place as u64), hash.0])?;
                }
                for hash in chunks {
                    db.prepare_cached("UPDATE bodies SET lasting = max(lasting, ?2) WHERE hash = ?1")?
                        .execute(params![hash.0, *lasting as i64])?;
                }
            }
            Write::Chunk { hash, bytes, lasting } => keep_body(db, hash, bytes, *lasting)?,
            Write::Evidence { node, seq, entry } => {
                db.prepare_cached(
                    "INSERT OR IGNORE INTO evidence (node, seq, hash, entry, found_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![
                    node.as_str(),
                    int(*seq),
                    Hash::of(entry).0,
                    entry,
                    int(wall_ms())
                ])?;
            }
            Write::Snapshot(bytes) => {
                db.prepare_cached("INSERT OR REPLACE INTO snapshot (one, bytes) VALUES (1, ?1)")?.execute([bytes])?;
            }
            Write::Spoken => {
                db.execute("DELETE FROM meta WHERE key = ?1", params![super::copy::RESTORED])?;
            }
            Write::Charter { serial, hash, bytes } => {
                db.prepare_cached("INSERT OR IGNORE INTO charters (serial, hash, bytes) VALUES (?1, ?2, ?3)")?
                    .execute(params![int(*serial), hash.0, bytes])?;
            }
        }
        Ok(())
    }
}

fn keep_body(db: &Connection, hash: &Hash, bytes: &[u8], lasting: Lasting) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO bodies (hash, bytes, kept_ms, lasting) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (hash)
         DO UPDATE SET kept_ms = excluded.kept_ms, lasting = max(lasting, excluded.lasting)",
    )?
    .execute(params![hash.0, bytes, int(wall_ms()), lasting as i64])?;
    Ok(())
}

/// Deletes bodies that have had their time; entries and their proofs never need them.
pub(super) fn expire(db: &Connection, now_ms: u64) -> rusqlite::Result<usize> {
    let before =
        now_ms.saturating_sub(u64::try_from(crate::limits::store::BODIES_LAST.as_millis()).unwrap_or(u64::MAX));
    // Where they belonged goes with them; what is left free is used for what comes.
    db.execute(
        "DELETE FROM entry_bodies WHERE hash IN (SELECT hash FROM bodies WHERE lasting = 0 AND kept_ms < ?1)",
        params![int(before)],
    )?;
    db.execute("DELETE FROM bodies WHERE lasting = 0 AND kept_ms < ?1", params![int(before)])
}
