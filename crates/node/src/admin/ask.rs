//! The operator's end.

use super::{Reply, Request, socket};
use crate::limits::operator::LINE_MAX;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest wait for the node.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a node gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody listens there, or this account may not.
    #[error("no running node at {0}: {1}; start the node, or run this as its account")]
    Absent(PathBuf, io::Error),
    /// It hung up or said something else.
    #[error("the node did not answer: {0}; look at its log")]
    Silent(io::Error),
}

/// Asks the running node of a data directory.
///
/// # Errors
/// When it does not run, or does not answer.
pub fn ask(data_dir: &Path, request: &Request) -> Result<Reply, AskError> {
    let path = socket(data_dir);
    let mut stream = UnixStream::connect(&path).map_err(|error| AskError::Absent(path, error))?;
    let exchange = || -> io::Result<Reply> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        stream.write_all(&line)?;
        let mut answer = String::new();
        BufReader::new(stream.take(LINE_MAX as u64)).read_line(&mut answer)?;
        Ok(serde_json::from_str(&answer)?)
    };
    exchange().map_err(AskError::Silent)
}
