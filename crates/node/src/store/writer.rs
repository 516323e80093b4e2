//! The one thread that writes.

use super::queue::{NotKept, Queue};
use super::{BATCH_MAX, Kept, StoreError, Write, restore, schema};
use rusqlite::Connection;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;
use trialogue_charter::{Hash, NodeId};

/// How long a failed transaction rests before it is tried again, unless a new write comes first.
const RETRY: Duration = Duration::from_secs(1);

/// How far the own journal is on disk. A watch of this coalesces: only the newest state counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Own entries up to here are on disk, synced. 0: none yet in this run.
    pub appended: u64,
    /// The last own entry that was tried in vain and is still only in memory; above `appended`, or 0.
    pub failed: u64,
}

/// The opened file, before its thread runs.
pub struct Store {
    db: Connection,
    path: PathBuf,
    node: NodeId,
}

impl Store {
    /// Opens or makes `journal.sqlite` in `data_dir`, for one node and one process.
    ///
    /// # Errors
    /// With the remedy.
    pub fn open(data_dir: &Path, node: &NodeId) -> Result<Self, StoreError> {
        std::fs::create_dir_all(data_dir).map_err(|e| StoreError::Directory(data_dir.to_owned(), e))?;
        let path = data_dir.join("journal.sqlite");
        let db = schema::open(&path, node)?;
        Ok(Self { db, path, node: node.clone() })
    }

    /// Calls `each` with every kept entry, journal by journal, each in its order. Another node's journal is cut before its first
    /// damaged entry: that node brings the rest again.
    ///
    /// # Errors
    /// When an own entry is not as it was written.
    pub fn entries(&self, each: impl FnMut(Kept)) -> Result<(), StoreError> {
        let cuts = restore::entries(&self.db, &self.path, &self.node, each)?;
        restore::cut(&self.db, &self.path, &cuts)
    }

    /// The newest charter that was in force here: serial, hash, bytes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn charter(&self) -> Result<Option<(u64, Hash, Vec<u8>)>, StoreError> {
        restore::charter(&self.db, &self.path)
    }

    /// Starts the writer.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(self) -> Result<StoreHandle, StoreError> {
        let queue = Arc::new(Queue::default());
        let (progress, seen) = watch::channel(Progress::default());
        let node = self.node.clone();
        let writer = Writer { db: self.db, node: self.node, progress, queue: queue.clone() };
        let thread =
            std::thread::Builder::new().name("store".into()).spawn(move || writer.run()).map_err(StoreError::Thread)?;
        Ok(StoreHandle { queue, node, progress: seen, thread: Some(thread) })
    }
}

/// Hands writes to the thread. Dropping it writes what is waiting, then ends the thread.
pub struct StoreHandle {
    queue: Arc<Queue>,
    node: NodeId,
    progress: watch::Receiver<Progress>,
    thread: Option<JoinHandle<()>>,
}

impl StoreHandle {
    /// Queues a write; never waits. An own entry is always taken.
    ///
    /// # Errors
    /// When too many entries of others wait. A gap in another node's journal is cut off at the next start and filled again.
    pub fn write(&self, write: Write) -> Result<(), NotKept> {
        let own = own(&self.node, &write).is_some();
        self.queue.push(write, own)
    }

    /// True while many more entries of other nodes can be taken.
    pub fn has_room(&self) -> bool {
        self.queue.has_room()
    }

    /// Watches how far the own journal is.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }
}

impl Drop for StoreHandle {
    fn drop(&mut self) {
        self.queue.end();
        if let Some(thread) = self.thread.take() {
            // The thread ends after one last try; whether it panicked changes nothing here.
            let _ = thread.join();
        }
    }
}

struct Writer {
    db: Connection,
    node: NodeId,
    progress: watch::Sender<Progress>,
    queue: Arc<Queue>,
}

/// Position, if it is an own entry.
fn own(node: &NodeId, write: &Write) -> Option<u64> {
    match write {
        Write::Entry { node: whose, seq, .. } if whose == node => Some(*seq),
        _ => None,
    }
}

impl Writer {
    fn run(mut self) {
        let mut waiting: VecDeque<Write> = VecDeque::new();
        let mut more = true;
        while more {
            let patience = (!waiting.is_empty()).then_some(RETRY);
            more = self.queue.take(&mut waiting, patience);
            while !waiting.is_empty() && self.batch(&mut waiting) {}
        }
    }

    /// One transaction. True if it was written.
    fn batch(&mut self, waiting: &mut VecDeque<Write>) -> bool {
        let count = waiting.len().min(BATCH_MAX);
        let own_in = |writes: &mut dyn Iterator<Item = &Write>| writes.filter_map(|w| own(&self.node, w)).max();
        match commit(&mut self.db, waiting.iter().take(count)) {
            Ok(()) => {
                let last_own = own_in(&mut waiting.iter().take(count));
                let others = waiting.drain(..count).filter(|w| own(&self.node, w).is_none()).count();
                self.queue.done(others);
                if let Some(seq) = last_own {
                    self.progress.send_modify(|p| {
                        p.appended = seq;
                        if p.failed <= seq {
                            p.failed = 0;
                        }
                    });
                }
                true
            }
            Err(error) => {
                tracing::error!(%error, waiting = waiting.len(), "the journal cannot be written; trying again");
                if let Some(seq) = own_in(&mut waiting.iter()) {
                    self.progress.send_modify(|p| p.failed = seq);
                }
                false
            }
        }
    }
}

fn commit<'a>(db: &mut Connection, writes: impl Iterator<Item = &'a Write>) -> rusqlite::Result<()> {
    let tx = db.transaction()?;
    for write in writes {
        write.apply(&tx)?;
    }
    tx.commit()
}
