//! From a node's disk to one file.

use crate::Failure;
use std::fs::OpenOptions;
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use trialogue_node::store::{Reader, StoreError};
use trialogue_record::Item;
use trialogue_record::item::VERSION;

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::said(error.to_string())
    }
}

/// Writes the record of a data directory into a new file that only this account may read. Returns the number of entries.
///
/// # Errors
/// With the remedy; a file that was begun is removed again.
pub fn export(data_dir: &Path, out: &Path) -> Result<u64, Failure> {
    let reader = Reader::open(data_dir)?;
    let failed = |error: std::io::Error| Failure::File {
        path: out.to_owned(),
        verb: "written",
        why: error.to_string(),
        remedy: "choose a new name on a disk with room; nothing is ever overwritten",
    };
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(out).map_err(failed)?;
    let written = write(&reader, BufWriter::new(file), &failed);
    if written.is_err() {
        // What is half a record must not be taken for one.
        let _ = std::fs::remove_file(out);
    }
    written
}

fn write(
    reader: &Reader,
    mut file: BufWriter<std::fs::File>,
    failed: &impl Fn(std::io::Error) -> Failure,
) -> Result<u64, Failure> {
    let (mut items, mut entries) = (0u64, 0u64);
    let mut put = |item: Item| {
        items += 1;
        file.write_all(&item.encode()).map_err(failed)
    };
    let charters = reader.charters()?;
    let Some((charter, _)) = charters.last() else {
        return Err(Failure::said("no charter was ever in force here: the node has not been started yet"));
    };
    put(Item::Header { version: VERSION, node: reader.node()?, charter: *charter })?;
    for (_, charter) in charters {
        put(Item::Charter { charter })?;
    }
    for row in reader.evidence()? {
        put(Item::Evidence { node: row.node, seq: row.seq, entry: row.entry })?;
    }
    reader.entries(|row| {
        entries += 1;
        put(Item::Entry { entry: row.entry, certificate: row.lasting })
    })?;
    let end = Item::End { items };
    file.write_all(&end.encode()).map_err(failed)?;
    let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    Ok(entries)
}
