//! Why a node does not start.

use crate::config::ConfigError;
use crate::links::LinkError;
use crate::media::MediaError;
use crate::store::{NotKept, StoreError};
use crate::web::WebError;
use std::path::PathBuf;
use trialogue_charter::keyfile::BadKeyFile;
use trialogue_charter::{CharterError, NodeId};
use trialogue_core::RestoreError;

/// One sentence each, with the remedy.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A file that the configuration names.
    #[error("the {1} {0} cannot be read ({2}): correct the path in the configuration, or the file's owner")]
    File(PathBuf, &'static str, #[source] std::io::Error),
    /// A file of the alerts.
    #[error("{0}: {1}")]
    Alert(PathBuf, &'static str),
    /// The certificate authority of the alerts.
    #[error("{0} holds no certificate that can be trusted ({1}); write the authority's certificate as PEM")]
    Authority(PathBuf, #[source] Box<dyn std::error::Error + Send + Sync>),
    /// The connection of the alerts.
    #[error("TLS for alerts cannot be set up ({0}): this is a defect, please report it")]
    AlertTls(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The alerts.
    #[error("people cannot be alerted: {0}; correct [alert] in node.toml")]
    Alerts(&'static str),
    /// The key file.
    #[error("{0}: {1}")]
    Key(PathBuf, BadKeyFile),
    /// Another node's key file.
    #[error("{path} is the key of node {found}, not of {wanted}: name this node's own key file as node_key")]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// Whose.
        found: NodeId,
        /// Ours.
        wanted: NodeId,
    },
    /// The charter.
    #[error("{0}: {1}")]
    Charter(PathBuf, CharterError),
    /// The charter does not know the node.
    #[error("the charter has no node {0}: correct `node` in the configuration, or give the node the newest charter")]
    NotInCharter(NodeId),
    /// The pinned root is another party's.
    #[error("party_root is not the root of the party that runs {0}: copy the fingerprint of your own party's root")]
    OtherParty(NodeId),
    /// The disk.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The disk.
    #[error(transparent)]
    NotKept(NotKept),
    /// The journal on disk.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// Links.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// Media.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// Web.
    #[error(transparent)]
    Web(#[from] WebError),
    /// Threads.
    #[error("the node's threads cannot be started ({0}): raise the limits of the node's account")]
    Start(std::io::Error),
    /// The control task ended.
    #[error("the node stopped because of a defect: see the last error in its log, start it again and report it")]
    Defect,
}
