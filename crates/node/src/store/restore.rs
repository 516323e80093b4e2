//! Reading everything back when the node starts.

use super::StoreError;
use rusqlite::{Connection, params};
use std::collections::BTreeMap;
use std::path::Path;
use trialogue_charter::{Hash, NodeId};
use trialogue_wire::Bundle;

/// One entry as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Whose journal.
    pub node: NodeId,
    /// Position.
    pub seq: u64,
    /// The entry and those of its bodies that have not expired.
    pub bundle: Bundle,
}

/// Where other nodes' journals are damaged: node id as stored, and the first position that is not usable.
pub(super) type Cuts = BTreeMap<String, u64>;

/// Calls `each` with every entry after a journal's position: journals by node id, each in its own order without gaps.
pub(super) fn entries(
    db: &Connection,
    path: &Path,
    own: &NodeId,
    positions: &BTreeMap<NodeId, u64>,
    mut each: impl FnMut(Kept),
) -> Result<Cuts, StoreError> {
    let wrap = |e| StoreError::Sqlite(path.to_owned(), e);
    let mut cuts = Cuts::new();
    // One step of the index for each journal, however long they are.
    let mut next = db.prepare("SELECT min(node) FROM entries WHERE node > ?1").map_err(wrap)?;
    let mut node = String::new();
    while let Some(found) = next.query_row([&node], |row| row.get::<_, Option<String>>(0)).map_err(wrap)? {
        node = found;
        let after = NodeId::new(node.clone()).ok().and_then(|id| positions.get(&id).copied()).unwrap_or(0);
        if let Some(cut) = journal(db, path, own, &node, after, &mut each)? {
            cuts.insert(node.clone(), cut);
        }
    }
    Ok(cuts)
}

/// One journal; returns where it is cut.
fn journal(
    db: &Connection,
    path: &Path,
    own: &NodeId,
    node: &str,
    after: u64,
    each: &mut impl FnMut(Kept),
) -> Result<Option<u64>, StoreError> {
    let wrap = |e| StoreError::Sqlite(path.to_owned(), e);
    let mut list = db
        .prepare_cached("SELECT seq, hash, entry FROM entries WHERE node = ?1 AND seq > ?2 ORDER BY seq")
        .map_err(wrap)?;
    let mut bodies_of = db
        .prepare_cached(
            "SELECT b.hash, b.bytes FROM entry_bodies AS e JOIN bodies AS b ON b.hash = e.hash
             WHERE e.node = ?1 AND e.seq = ?2 ORDER BY e.place",
        )
        .map_err(wrap)?;
    let mut rows = list.query(params![node, i64::try_from(after).unwrap_or(i64::MAX)]).map_err(wrap)?;
    let mut last = after;
    while let Some(row) = rows.next().map_err(wrap)? {
        let seq: i64 = row.get(0).map_err(wrap)?;
        let hash: Vec<u8> = row.get(1).map_err(wrap)?;
        let entry: Vec<u8> = row.get(2).map_err(wrap)?;
        let seq = u64::try_from(seq).unwrap_or(0);
        let (mut bodies, mut damage) = (Vec::new(), None);
        if seq != last + 1 {
            damage = Some("the one before is missing");
        } else if Hash::of(&entry).0[..] != hash[..] {
            damage = Some("its bytes were changed");
        }
        let mut found = bodies_of.query(params![node, i64::try_from(seq).unwrap_or(i64::MAX)]).map_err(wrap)?;
        while let Some(body) = found.next().map_err(wrap)? {
            let hash: Vec<u8> = body.get(0).map_err(wrap)?;
            let bytes: Vec<u8> = body.get(1).map_err(wrap)?;
            if Hash::of(&bytes).0[..] != hash[..] {
                damage = damage.or(Some("a body's bytes were changed"));
            }
            bodies.push(bytes.into());
        }
        let id = match (NodeId::new(node), damage) {
            (Ok(id), None) => id,
            (_, Some(why)) if node == own.as_str() => {
                return Err(StoreError::Damaged { path: path.to_owned(), seq, why });
            }
            (_, why) => {
                tracing::warn!(node, seq, why, "a damaged entry of another node is left out and will come again");
                return Ok(Some(seq));
            }
        };
        last = seq;
        each(Kept { node: id, seq, bundle: Bundle { entry, bodies } });
    }
    Ok(None)
}

/// Forgets damaged ends of other nodes' journals, so that they can be kept anew.
pub(super) fn cut(db: &Connection, path: &Path, cuts: &Cuts) -> Result<(), StoreError> {
    for (node, seq) in cuts {
        for table in ["entries", "entry_bodies"] {
            db.execute(
                &format!("DELETE FROM {table} WHERE node = ?1 AND seq >= ?2"),
                params![node, i64::try_from(*seq).unwrap_or(i64::MAX)],
            )
            .map_err(|e| StoreError::Sqlite(path.to_owned(), e))?;
        }
    }
    Ok(())
}

/// The charters that were in force here, the oldest first.
pub(super) fn charters(db: &Connection, path: &Path) -> Result<Vec<Vec<u8>>, StoreError> {
    let wrap = |e| StoreError::Sqlite(path.to_owned(), e);
    let mut query = db.prepare("SELECT bytes FROM charters ORDER BY serial").map_err(wrap)?;
    let rows = query.query_map([], |row| row.get::<_, Vec<u8>>(0)).map_err(wrap)?;
    rows.collect::<Result<_, _>>().map_err(wrap)
}
