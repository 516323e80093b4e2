//! From a node's disk to one file.

use crate::Failure;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use trialogue_charter::NodeId;
use trialogue_charter::keyfile::NodeSecret;
use trialogue_journal::{Body, TreeHead, UnverifiedEntry};
use trialogue_node::store::{Reader, Row, StoreError};
use trialogue_record::item::VERSION;
use trialogue_record::{Digest, Frontier, Item, Root, Seal};

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::said(error.to_string())
    }
}

/// Writes the record of a data directory into a new file that only this account may read. Returns the number of
/// entries. With the node's key the file is sealed; without, whoever verifies it is told that nobody has signed it as a
/// whole.
///
/// # Errors
/// With the remedy; a file that was begun is removed again.
pub fn export(data_dir: &Path, key: Option<&NodeSecret>, out: &Path) -> Result<u64, Failure> {
    let reader = Reader::open(data_dir)?;
    let failed = |error: std::io::Error| Failure::File {
        path: out.to_owned(),
        verb: "written",
        why: error.to_string(),
        remedy: "choose a new name on a disk with room; nothing is ever overwritten",
    };
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(out).map_err(failed)?;
    let written = write(&reader, key, BufWriter::new(file), &failed);
    if written.is_err() {
        // What is half a record must not be taken for one.
        let _ = std::fs::remove_file(out);
    }
    written
}

fn write(
    reader: &Reader,
    key: Option<&NodeSecret>,
    mut file: BufWriter<std::fs::File>,
    failed: &impl Fn(std::io::Error) -> Failure,
) -> Result<u64, Failure> {
    let (mut items, mut entries, mut digest) = (0u64, 0u64, Digest::new());
    let mut put = |item: Item| {
        items += 1;
        let bytes = item.encode();
        digest.add(&bytes);
        file.write_all(&bytes).map_err(failed)
    };
    let (node, charters) = (reader.node()?, reader.charters()?);
    let Some((charter, _)) = charters.last() else {
        return Err(Failure::said("no charter was ever in force here: the node has not been started yet"));
    };
    if key.is_some_and(|key| key.node != node) {
        return Err(Failure::said(format!("the key file is not of {node}: give the configuration of the node itself")));
    }
    put(Item::Header { version: VERSION, node: node.clone(), charter: *charter })?;
    for (_, charter) in charters {
        put(Item::Charter { charter })?;
    }
    for row in reader.evidence()? {
        put(Item::Evidence { node: row.node, seq: row.seq, entry: row.entry })?;
    }
    let mut trees: BTreeMap<NodeId, Frontier> = BTreeMap::new();
    reader.entries(|row| {
        entries += 1;
        put(item(row, &mut trees))
    })?;
    let digest = digest.hash();
    let heads = trees.into_iter().map(|(node, tree)| TreeHead { node, size: tree.size(), root: tree.root().0 });
    let time_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let seal = key.map(|key| Seal { node, time_ms, digest, heads: heads.collect() }.sign(&key.journal));
    let end = Item::End { items, digest, seal };
    file.write_all(&end.encode()).map_err(failed)?;
    let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    Ok(entries)
}

/// The item of an entry, which is counted in its journal's tree. A certificate goes with the entry that enrols, and
/// nothing else goes with any.
fn item(row: Row, trees: &mut BTreeMap<NodeId, Frontier>) -> Item {
    let mut certificate = None;
    if let Ok(entry) = UnverifiedEntry::decode(&row.entry) {
        let claim = entry.claim();
        trees.entry(claim.node.clone()).or_default().push(Root::leaf(entry.payload()));
        if matches!(claim.body, Body::Enrolled { .. }) {
            certificate = row.lasting;
        }
    }
    Item::Entry { entry: row.entry, certificate }
}
