//! The one thread that writes.

use super::{BATCH_MAX, Kept, StoreError, WAITING_MAX, Write, restore, schema};
use rusqlite::Connection;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
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

    /// Calls `each` with every kept entry, journal by journal, each in its order.
    ///
    /// # Errors
    /// At the first entry that is not as it was written.
    pub fn entries(&self, each: impl FnMut(Kept)) -> Result<(), StoreError> {
        restore::entries(&self.db, &self.path, each)
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
        let (jobs, queue) = sync_channel(WAITING_MAX);
        let (progress, seen) = watch::channel(Progress::default());
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || Writer { db: self.db, node: self.node, progress }.run(&queue))
            .map_err(StoreError::Thread)?;
        Ok(StoreHandle { jobs: Some(jobs), progress: seen, thread: Some(thread) })
    }
}

/// Hands writes to the thread. Dropping it writes what is waiting, then ends the thread.
pub struct StoreHandle {
    jobs: Option<SyncSender<Write>>,
    progress: watch::Receiver<Progress>,
    thread: Option<JoinHandle<()>>,
}

impl StoreHandle {
    /// Queues a write; never waits.
    ///
    /// # Errors
    /// Gives the write back when [`WAITING_MAX`] are waiting or the thread is gone.
    pub fn write(&self, write: Write) -> Result<(), Box<Write>> {
        match &self.jobs {
            Some(jobs) => jobs.try_send(write).map_err(|e| match e {
                TrySendError::Full(write) | TrySendError::Disconnected(write) => Box::new(write),
            }),
            None => Err(Box::new(write)),
        }
    }

    /// Watches how far the own journal is.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }
}

impl Drop for StoreHandle {
    fn drop(&mut self) {
        self.jobs = None;
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
}

impl Writer {
    fn run(mut self, queue: &Receiver<Write>) {
        let mut waiting: VecDeque<Write> = VecDeque::new();
        let mut ended = false;
        while !ended {
            let first = if waiting.is_empty() {
                queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                queue.recv_timeout(RETRY)
            };
            match first {
                Ok(write) => waiting.push_back(write),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => ended = true,
            }
            // While the disk fails, what arrives stays in the channel once this holds as much as the channel does.
            while waiting.len() < WAITING_MAX
                && let Ok(write) = queue.try_recv()
            {
                waiting.push_back(write);
            }
            while !waiting.is_empty() && self.batch(&mut waiting) {}
        }
    }

    /// One transaction. True if it was written.
    fn batch(&mut self, waiting: &mut VecDeque<Write>) -> bool {
        let count = waiting.len().min(BATCH_MAX);
        let last_own = waiting.iter().take(count).filter_map(|w| self.own(w)).max();
        match self.commit(waiting.iter().take(count)) {
            Ok(()) => {
                waiting.drain(..count);
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
                if let Some(seq) = waiting.iter().filter_map(|w| self.own(w)).max() {
                    self.progress.send_modify(|p| p.failed = seq);
                }
                false
            }
        }
    }

    fn own(&self, write: &Write) -> Option<u64> {
        match write {
            Write::Entry { node, seq, .. } if *node == self.node => Some(*seq),
            _ => None,
        }
    }

    fn commit<'a>(&mut self, writes: impl Iterator<Item = &'a Write>) -> rusqlite::Result<()> {
        let tx = self.db.transaction()?;
        for write in writes {
            write.apply(&tx)?;
        }
        tx.commit()
    }
}
