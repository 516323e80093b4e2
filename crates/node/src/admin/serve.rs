//! The node's end: takes one request per connection, has it answered by the control task.

use super::{Reply, Request};
use crate::limits::door::OPERATORS;
use crate::limits::operator::{ASKS_WITHIN, LINE_MAX, WAITING};
use std::collections::VecDeque;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// A request on its way to the control task.
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) reply: oneshot::Sender<Reply>,
}

/// The open socket; dropping it closes and removes it.
pub(crate) struct Door {
    task: JoinHandle<()>,
    path: PathBuf,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
        // One that is left over is replaced at the next start.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Door {
    /// Opens the socket. Must be called inside a Tokio runtime with I/O. The data directory is this node's alone (the
    /// journal is locked), so a file that is there is left over.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, mpsc::Receiver<Asked>)> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        let (asked, requests) = mpsc::channel(WAITING);
        let task = tokio::spawn(accept(listener, asked));
        Ok((Self { task, path: path.to_owned() }, requests))
    }
}

/// Beside each other, so that one who says nothing keeps nobody waiting; of too many the oldest goes.
async fn accept(listener: UnixListener, asked: mpsc::Sender<Asked>) {
    let mut answering: VecDeque<JoinHandle<()>> = VecDeque::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                answering.retain(|task| !task.is_finished());
                if answering.len() >= OPERATORS {
                    answering.pop_front().inspect(JoinHandle::abort);
                }
                let asked = asked.clone();
                answering.push_back(tokio::spawn(async move {
                    let _ = tokio::time::timeout(ASKS_WITHIN, serve(stream, &asked)).await;
                }));
            }
            Err(error) => {
                // Out of file descriptors, mostly: the operator's way in must not be lost for it.
                tracing::warn!(%error, "the operator's socket could not be accepted on; raise the limit of open files");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

async fn serve(stream: UnixStream, asked: &mpsc::Sender<Asked>) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(LINE_MAX as u64)).read_line(&mut line).await?;
    let reply = match serde_json::from_str(&line) {
        Ok(request) => {
            let (reply, answer) = oneshot::channel();
            let sent = asked.send(Asked { request, reply }).await.is_ok();
            let answer = if sent { answer.await.ok() } else { None };
            answer.unwrap_or_else(|| Reply::Refused { why: "the node is stopping; ask again when it runs".to_owned() })
        }
        Err(error) => {
            Reply::Refused { why: format!("not a request of this version: {error}; use the node's own program") }
        }
    };
    let mut text = serde_json::to_vec(&reply)?;
    text.push(b'\n');
    write.write_all(&text).await
}
