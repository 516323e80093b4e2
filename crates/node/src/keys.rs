//! The node's key file, and the one of a charter to come beside it.

use crate::error::NodeError;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use trialogue_charter::keyfile::NodeSecret;
use trialogue_charter::{Node, NodeId};

/// Where the key file of a charter to come stands: beside the present one, with `.next` after its name.
pub(crate) fn next_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".next");
    name.into()
}

/// Reads a key file of this node.
pub(crate) fn read(path: &Path, node: &NodeId) -> Result<NodeSecret, NodeError> {
    let text = std::fs::read_to_string(path)
        .map(zeroize::Zeroizing::new)
        .map_err(|e| NodeError::File(path.to_owned(), "node key", e))?;
    let secret = NodeSecret::parse(&text).map_err(|e| NodeError::Key(path.to_owned(), e))?;
    if secret.node != *node {
        return Err(NodeError::OtherKey { path: path.to_owned(), found: secret.node.clone(), wanted: node.clone() });
    }
    Ok(secret)
}

/// The keys of a charter to come, if there are any.
pub(crate) fn next(path: &Path) -> Result<Option<NodeSecret>, NodeError> {
    let path = next_path(path);
    match std::fs::read_to_string(&path).map(zeroize::Zeroizing::new) {
        Ok(text) => NodeSecret::parse(&text).map(Some).map_err(|e| NodeError::Key(path, e)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(NodeError::File(path, "next node key", error)),
    }
}

/// Are these the secret halves of the keys that the charter names for the node?
pub(crate) fn is_of(secret: &NodeSecret, node: &Node) -> bool {
    secret.node == node.id && secret.journal.public() == node.journal && secret.link.public().ed25519 == node.link
}

/// The next key file takes the place of the present one.
pub(crate) fn promote(path: &Path) -> io::Result<()> {
    std::fs::rename(next_path(path), path)?;
    // The name must survive a power cut as the charter does.
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => std::fs::File::open(dir)?.sync_all(),
        _ => std::fs::File::open(".")?.sync_all(),
    }
}
