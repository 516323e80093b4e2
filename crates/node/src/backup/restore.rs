//! Putting a backup back: everything is checked first, then a fresh data directory is made, whose node waits for the
//! others before it speaks.

use super::manifest::{FORM, hash_of};
use super::{BackupError, DOMAIN, MANIFEST, Manifest, SIGNATURE, copy, failed, make_dir, named, sync_dir};
use crate::config::Config;
use crate::limits::store::MANIFEST_MAX;
use crate::store::{Reader, Store};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use trialogue_charter::{NodeId, VerifiedCharter, ed25519_holds};
use trialogue_journal::{Chain, UnverifiedEntry, VerifiedEntry};

/// What was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Which node.
    pub node: NodeId,
    /// When the backup was taken, milliseconds since 1970 UTC.
    pub taken_ms: u64,
    /// Entries of all journals.
    pub entries: u64,
    /// Files that the configuration names and that were written where it says.
    pub written: Vec<PathBuf>,
    /// Those that are in neither place: the operator has to bring them.
    pub missing: Vec<PathBuf>,
}

/// Checks the backup in `from` and makes the data directory of the configuration at `config_path` of it. Where there is
/// no such configuration, it is the one of the backup. Files that it names are written where they are missing; none is
/// overwritten.
///
/// # Errors
/// With the remedy. Nothing has been written then but files that the configuration names.
pub fn restore(from: &Path, config_path: &Path) -> Result<Restored, BackupError> {
    let (manifest, text) = read_manifest(from)?;
    for file in &manifest.files {
        let path = from.join(&file.name);
        if !file.is_plain() || hash_of(&path)? != (file.bytes, file.sha384.clone()) {
            return Err(BackupError::Changed(path));
        }
    }
    let find = |kind: &str| manifest.files.iter().find(|file| file.kind == kind).map(|file| from.join(&file.name));
    let journal = find("journal").ok_or_else(|| BackupError::NoBackup(from.to_owned()))?;
    let brought = find("config").filter(|_| !config_path.exists());
    let config = match &brought {
        // As it will be, where it will be: what it names is relative to that place.
        Some(own) => Config::parse(config_path, &std::fs::read_to_string(own).map_err(failed(own, "read"))?)?,
        None => Config::read(config_path)?,
    };
    if config.node.as_str() != manifest.node {
        return Err(BackupError::OtherNode { found: manifest.node, wanted: config.node.to_string() });
    }
    is_fresh(&config.data_dir)?;
    let entries = check(&journal, &config, &manifest, &text, from)?;

    let mut restored =
        Restored { node: config.node.clone(), taken_ms: manifest.taken_ms, entries, written: vec![], missing: vec![] };
    let mut put = |source: Option<PathBuf>, path: &Path, optional: bool| -> Result<(), BackupError> {
        match source {
            _ if path.exists() => {}
            Some(source) => {
                if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
                    make_dir(dir, true)?;
                }
                copy(&source, path)?;
                restored.written.push(path.to_owned());
            }
            None if !optional => restored.missing.push(path.to_owned()),
            None => {}
        }
        Ok(())
    };
    put(brought, config_path, true)?;
    for file in named(&config) {
        put(find(file.kind), &file.path, file.optional)?;
    }
    make_dir(&config.data_dir, true)?;
    if let Some(health) = find("health") {
        copy(&health, &config.data_dir.join("health.db"))?;
    }
    // The journal last and under its name only when it says that it was restored: there is no moment at which a node
    // would start from it and speak.
    let beside = config.data_dir.join("journal.restoring");
    copy(&journal, &beside)?;
    Store::mark_restored(&beside)?;
    let place = config.data_dir.join("journal.sqlite");
    std::fs::rename(&beside, &place).map_err(failed(&place, "written"))?;
    sync_dir(&config.data_dir)?;
    Ok(restored)
}

/// Makes a data directory for a node that has none any more, nor a backup: all that it ever said comes from the others.
///
/// # Errors
/// With the remedy.
pub fn restore_from_others(config: &Config) -> Result<(), BackupError> {
    is_fresh(&config.data_dir)?;
    drop(Store::open(&config.data_dir, &config.node)?);
    Ok(Store::mark_restored(&config.data_dir.join("journal.sqlite"))?)
}

fn is_fresh(dir: &Path) -> Result<(), BackupError> {
    match std::fs::read_dir(dir) {
        Ok(mut found) => match found.next() {
            Some(_) => Err(BackupError::NotEmpty(dir.to_owned())),
            None => Ok(()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(dir, "read")(error)),
    }
}

fn read_manifest(from: &Path) -> Result<(Manifest, Vec<u8>), BackupError> {
    let path = from.join(MANIFEST);
    let mut text = Vec::new();
    let none = || BackupError::NoBackup(from.to_owned());
    let file = File::open(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => none(),
        _ => failed(&path, "read")(error),
    })?;
    file.take(MANIFEST_MAX).read_to_end(&mut text).map_err(failed(&path, "read"))?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|e| BackupError::List(path.clone(), e))?;
    if manifest.form != FORM {
        return Err(none());
    }
    Ok((manifest, text))
}

/// The journals verify, all of them, and the list is signed by the node. Returns the number of entries.
fn check(journal: &Path, config: &Config, manifest: &Manifest, text: &[u8], from: &Path) -> Result<u64, BackupError> {
    let reader = Reader::open_copy(journal)?;
    reader.check()?;
    let bytes = reader.charters()?.pop().ok_or(BackupError::Nothing)?.1;
    let charter = VerifiedCharter::open(&bytes, None).map_err(|e| BackupError::Charter(journal.to_owned(), e))?;
    let node = NodeId::new(manifest.node.clone()).map_err(|_| BackupError::NoBackup(from.to_owned()))?;
    let not_signed = || BackupError::NotSigned(manifest.node.clone());
    let own = charter.node(&node).ok_or_else(not_signed)?;
    if charter.party_of_node(&node).is_none_or(|party| party.root.fingerprint() != config.party_root) {
        return Err(BackupError::OtherRoot);
    }
    let signed = [DOMAIN, text].concat();
    let signature = std::fs::read_to_string(from.join(SIGNATURE)).ok().and_then(|text| hex::decode(text.trim()).ok());
    let signature = signature.ok_or_else(not_signed)?;
    // An amendment may have been under way when it was taken: the key before the present one counts, too.
    if !own.journal_keys().any(|key| ed25519_holds(key.key, &signed, &signature)) {
        return Err(not_signed());
    }
    let (mut chain, mut lengths, mut count) = (Chain::new(), BTreeMap::<NodeId, u64>::new(), 0);
    reader.entries(|row| {
        count += 1;
        let whose = UnverifiedEntry::decode(&row.entry).map(|entry| (entry.claim().node.clone(), entry.claim().seq));
        let (whose, seq) = whose.map_err(|e| BackupError::Entry(journal.to_owned(), e))?;
        let length = lengths.entry(whose.clone()).or_default();
        *length += 1;
        // Journals of nodes that have left the charter are evidence, and nobody can verify them under this one.
        if charter.node(&whose).is_none() {
            return Ok(());
        }
        let wrong = |why| BackupError::Journal { node: whose.to_string(), seq, why };
        let entry = VerifiedEntry::open(&row.entry, &charter).map_err(|e| wrong(e.into()))?;
        chain.accept(&entry).map_err(|e| wrong(e.into()))
    })?;
    for listed in &manifest.journals {
        let found = lengths.iter().find(|(node, _)| node.as_str() == listed.node).map_or(0, |(_, length)| *length);
        if found != listed.entries {
            return Err(BackupError::Changed(journal.to_owned()));
        }
    }
    Ok(count)
}
