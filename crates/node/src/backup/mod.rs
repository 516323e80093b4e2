//! A node's data as a directory that a fresh node is made of: taken while the node runs, signed by it, checked to the
//! last byte before it is used.

mod manifest;
mod restore;
mod take;

pub use manifest::{BackupFile, JournalLength, Manifest};
pub use restore::{Restored, restore, restore_from_others};
pub use take::{Taken, take};

use crate::config::{Config, ConfigError};
use crate::keys;
use crate::store::StoreError;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use trialogue_charter::CharterError;
use trialogue_journal::EntryError;

/// The list of all files, and the node's signature under it.
const MANIFEST: &str = "manifest.json";
const SIGNATURE: &str = "manifest.sig";
/// What is signed begins with this.
const DOMAIN: &[u8] = b"trialogue backup 1\n";
/// Bytes copied and hashed at once.
const PIECE: usize = 1 << 20;

/// Why a backup was not taken, or is not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The journal.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file or directory.
    #[error("{0} cannot be {1} ({2}): check the disk, and that this account may do that")]
    File(PathBuf, &'static str, #[source] io::Error),
    /// Something is there already.
    #[error("{0} is there already: nothing is ever overwritten; name a directory that does not exist yet")]
    Taken(PathBuf),
    /// The data directory is in use.
    #[error(
        "{0} is not empty: a node is restored into a fresh data directory only; move the old one away, it may hold evidence"
    )]
    NotEmpty(PathBuf),
    /// The node's key.
    #[error(transparent)]
    Key(Box<crate::NodeError>),
    /// A charter.
    #[error("{0}: {1}")]
    Charter(PathBuf, CharterError),
    /// Not a backup.
    #[error("{0} is no backup of this program: name the directory that `trialogue node backup` has made")]
    NoBackup(PathBuf),
    /// Its list.
    #[error("the list of the backup, {0}, cannot be read ({1}): it was damaged or changed; use another backup")]
    List(PathBuf, #[source] serde_json::Error),
    /// A row of its journals.
    #[error("an entry in {0} cannot be read ({1}): it was damaged or changed; use another backup")]
    Entry(PathBuf, #[source] EntryError),
    /// It was changed.
    #[error("{0} is not as it was when the backup was taken: it was damaged or changed; use another backup")]
    Changed(PathBuf),
    /// Its list is not signed by the node.
    #[error(
        "the list of the backup is not signed by node {0}: it was changed, or is of another node; use another backup"
    )]
    NotSigned(String),
    /// Of another node.
    #[error("this is a backup of node {found}, and the configuration is of {wanted}: name the right one")]
    OtherNode {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        wanted: String,
    },
    /// Of another party.
    #[error(
        "the backup's charter does not have the root that the configuration pins as party_root: check with the security officer"
    )]
    OtherRoot,
    /// The journal in it is not whole.
    #[error("the journal of {node} in the backup does not verify at entry {seq} ({why}): use another backup")]
    Journal {
        /// Whose.
        node: String,
        /// Where.
        seq: u64,
        /// What does not hold.
        #[source]
        why: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The node was never started.
    #[error("no charter was ever in force here: the node has not been started yet, and there is nothing to back up")]
    Nothing,
}

/// A file that the configuration names and a node does not work without.
struct Named {
    kind: &'static str,
    path: PathBuf,
    secret: bool,
    /// It need not be there.
    optional: bool,
}

fn named(config: &Config) -> Vec<Named> {
    let mut all = Vec::new();
    let mut add = |kind, path: Option<&PathBuf>, secret| {
        all.extend(path.map(|path| Named { kind, path: path.clone(), secret, optional: false }));
    };
    add("charter", Some(&config.charter), false);
    add("node_key", Some(&config.node_key), true);
    add("tls_cert", config.web_tls.as_ref().map(|tls| &tls.certificate), false);
    add("tls_key", config.web_tls.as_ref().map(|tls| &tls.key), true);
    let (webhook, mail) = (config.alert.webhook.as_ref(), config.alert.mail.as_ref());
    add("webhook_token", webhook.and_then(|webhook| webhook.token_file.as_ref()), true);
    add("webhook_ca", webhook.and_then(|webhook| webhook.ca.as_ref()), false);
    add("mail_password", mail.and_then(|mail| mail.password_file.as_ref()), true);
    add("mail_ca", mail.and_then(|mail| mail.ca.as_ref()), false);
    all.push(Named { kind: "next_node_key", path: keys::next_path(&config.node_key), secret: true, optional: true });
    all
}

fn failed(path: &Path, verb: &'static str) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |error| match error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Taken(path),
        _ => BackupError::File(path, verb, error),
    }
}

/// Makes a directory for this account alone; with those above it if it may be there already.
fn make_dir(path: &Path, may_be_there: bool) -> Result<(), BackupError> {
    let mut make = std::fs::DirBuilder::new();
    make.mode(0o700).recursive(may_be_there).create(path).map_err(failed(path, "made"))
}

/// Copies a file to a new one for this account alone, on disk when this returns.
fn copy(from: &Path, to: &Path) -> Result<(), BackupError> {
    let mut source = File::open(from).map_err(failed(from, "read"))?;
    let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    let mut target = new.map_err(failed(to, "written"))?;
    let mut piece = zeroize::Zeroizing::new(vec![0; PIECE]);
    loop {
        let len = source.read(&mut piece).map_err(failed(from, "read"))?;
        if len == 0 {
            return target.sync_all().map_err(failed(to, "written"));
        }
        target.write_all(&piece[..len]).map_err(failed(to, "written"))?;
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = new.map_err(failed(path, "written"))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed(path, "written"))
}

/// The names in a directory survive a power cut.
fn sync_dir(path: &Path) -> Result<(), BackupError> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(failed(path, "written"))
}
