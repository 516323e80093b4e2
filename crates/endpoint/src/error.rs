//! Why an endpoint cannot run: one sentence with the remedy.

use std::path::PathBuf;

/// Why an endpoint stopped.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// Nothing stored and no link given.
    #[error("no identity in {0}: give the enrolment link once with --link")]
    NotEnrolled(PathBuf),
    /// The link or what is stored.
    #[error(transparent)]
    Enrol(#[from] trialogue_console_core::EnrolError),
    /// No node address.
    #[error(
        "no usable address of a node: give --node https://HOST:PORT (or http:// on this machine), or a whole enrolment link"
    )]
    NoNode,
    /// A file.
    #[error("{path}: {why}")]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong, and what to do.
        why: String,
    },
    /// Opus.
    #[error("Opus failed: {0}")]
    Opus(String),
    /// Socket.
    #[error("the network: {0}")]
    Net(#[from] std::io::Error),
    /// The leg.
    #[error("the leg: {0}")]
    Leg(String),
}

impl EndpointError {
    pub(crate) fn file(path: impl Into<PathBuf>, why: impl ToString) -> Self {
        Self::File { path: path.into(), why: why.to_string() }
    }
}
