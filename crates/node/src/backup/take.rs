//! Taking a backup from a node that may be running: one consistent view of its store, nothing changed, nobody made to
//! wait.

use super::manifest::FORM;
use super::{
    BackupError, BackupFile, DOMAIN, JournalLength, MANIFEST, Manifest, SIGNATURE, copy, failed, make_dir, named,
    sync_dir, write_new,
};
use crate::config::Config;
use crate::keys;
use crate::store::{Reader, wall_ms};
use std::path::Path;

/// What was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Entries of all journals.
    pub entries: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

/// Writes a backup of the node of `config`, which was read from `config_path`, into the new directory `to`.
/// `with_keys`: with the node's secret keys and the other secrets that the configuration names, in the clear.
///
/// # Errors
/// With the remedy; what was begun is removed again.
pub fn take(config: &Config, config_path: &Path, to: &Path, with_keys: bool) -> Result<Taken, BackupError> {
    if to.symlink_metadata().is_ok() {
        return Err(BackupError::Taken(to.to_owned()));
    }
    // Under another name until it is whole: half a backup must not be taken for one.
    let beside = to.with_extension("unfinished");
    make_dir(&beside, false)?;
    let taken = fill(config, config_path, &beside, with_keys);
    let outcome = taken.and_then(|taken| {
        std::fs::rename(&beside, to).map_err(failed(to, "written"))?;
        sync_dir(to.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
        Ok(taken)
    });
    if outcome.is_err() {
        let _ = std::fs::remove_dir_all(&beside);
    }
    outcome
}

fn fill(config: &Config, config_path: &Path, dir: &Path, with_keys: bool) -> Result<Taken, BackupError> {
    let secret = keys::read(&config.node_key, &config.node).map_err(|error| BackupError::Key(Box::new(error)))?;
    let mut files = Vec::new();
    let journal = dir.join("journal.sqlite");
    crate::store::copy(&config.data_dir.join("journal.sqlite"), &journal)?;
    files.push(BackupFile::of(dir, "journal.sqlite", "journal")?);
    // What is in the copy, not what the node has written since.
    let reader = Reader::open_copy(&journal)?;
    let found = reader.node()?;
    if found != config.node {
        return Err(BackupError::OtherNode { found: found.to_string(), wanted: config.node.to_string() });
    }
    let charter = reader.newest_charter()?.ok_or(BackupError::Nothing)?;
    let journals: Vec<JournalLength> = reader
        .lengths()?
        .into_iter()
        .map(|(node, entries)| JournalLength { node: node.to_string(), entries })
        .collect();
    drop(reader);
    let health = config.data_dir.join("health.db");
    if health.exists() {
        crate::store::copy(&health, &dir.join("health.db"))?;
        files.push(BackupFile::of(dir, "health.db", "health")?);
    }
    copy(config_path, &dir.join("node.toml"))?;
    files.push(BackupFile::of(dir, "node.toml", "config")?);
    for file in named(config) {
        if (file.secret && !with_keys) || (file.optional && !file.path.exists()) {
            continue;
        }
        copy(&file.path, &dir.join(file.kind))?;
        files.push(BackupFile::of(dir, file.kind, file.kind)?);
    }
    let taken = Taken {
        entries: journals.iter().map(|journal| journal.entries).sum(),
        bytes: files.iter().map(|file| file.bytes).sum(),
    };
    let manifest = Manifest {
        form: FORM,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        node: config.node.to_string(),
        taken_ms: wall_ms(),
        charter,
        with_keys,
        journals,
        files,
    };
    let text = serde_json::to_vec_pretty(&manifest).map_err(|error| failed(dir, "written")(error.into()))?;
    let signature = secret.journal.sign_ed25519(&[DOMAIN, &text].concat());
    write_new(&dir.join(MANIFEST), &text)?;
    write_new(&dir.join(SIGNATURE), hex::encode(signature).as_bytes())?;
    sync_dir(dir)?;
    Ok(taken)
}
