//! The one thread that writes.

use super::queue::{NotKept, Queue, Turn, Waiting};
use super::{Kept, SqliteShelf, StoreError, Write, copy, restore, schema, wall_ms, write};
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use trialogue_charter::NodeId;
use trialogue_journal::{Body, UnverifiedEntry};

/// How long a failed transaction rests before it is tried again, unless a new write comes first.
const RETRY: Duration = Duration::from_secs(1);
/// How often expired bodies are looked for.
const EXPIRE: Duration = Duration::from_secs(3_600);

/// How far the own journal is on disk. A watch of this coalesces: only the newest state counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Own entries up to here are on disk, synced. 0: none yet in this run.
    pub appended: u64,
    /// The last own entry that was tried in vain and is still only in memory; above `appended`, or 0.
    pub failed: u64,
    /// So many chunks of attachments ([`Write::Chunk`]) of this run are on disk, in their order.
    pub chunks: u64,
}

/// The opened file, before its thread runs.
pub struct Store {
    db: Connection,
    lock: schema::Lock,
    path: PathBuf,
    node: NodeId,
    #[cfg(test)]
    broken: Arc<std::sync::atomic::AtomicBool>,
}

impl Store {
    /// Opens or makes `journal.sqlite` in `data_dir`, for one node and one process.
    ///
    /// # Errors
    /// With the remedy.
    pub fn open(data_dir: &Path, node: &NodeId) -> Result<Self, StoreError> {
        let mut make = std::fs::DirBuilder::new();
        // The journal says who talked when, and the operator's socket obeys: for the node's account alone.
        std::os::unix::fs::DirBuilderExt::mode(&mut make, 0o700);
        make.recursive(true).create(data_dir).map_err(|e| StoreError::Directory(data_dir.to_owned(), e))?;
        let path = data_dir.join("journal.sqlite");
        let (db, lock) = schema::open(&path, node)?;
        write::expire(&db, wall_ms()).map_err(|e| StoreError::Sqlite(path.clone(), e))?;
        Ok(Self {
            db,
            lock,
            path,
            node: node.clone(),
            #[cfg(test)]
            broken: Arc::default(),
        })
    }

    /// Calls `each` with every kept entry, journal by journal, each in its order. Another node's journal is cut before
    /// its first damaged entry: that node brings the rest again.
    ///
    /// # Errors
    /// When an own entry is not as it was written.
    pub fn entries(&self, each: impl FnMut(Kept)) -> Result<(), StoreError> {
        self.entries_after(&BTreeMap::new(), each)
    }

    /// The same, from each journal's position on.
    ///
    /// # Errors
    /// As [`Store::entries`].
    pub fn entries_after(&self, positions: &BTreeMap<NodeId, u64>, each: impl FnMut(Kept)) -> Result<(), StoreError> {
        let cuts = restore::entries(&self.db, &self.path, &self.node, positions, each)?;
        restore::cut(&self.db, &self.path, &cuts)
    }

    /// What [`Write::Snapshot`] wrote last.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn snapshot(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let query = "SELECT bytes FROM snapshot";
        let found = self.db.query_row(query, [], |row| row.get(0)).optional();
        found.map_err(|e| StoreError::Sqlite(self.path.clone(), e))
    }

    /// Reads back what is written, from another thread.
    ///
    /// # Errors
    /// When the file cannot be opened a second time.
    pub fn shelf(&self) -> Result<SqliteShelf, StoreError> {
        SqliteShelf::open(&self.path)
    }

    /// Was it restored, and has its node not spoken since?
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_restored(&self) -> Result<bool, StoreError> {
        let query = "SELECT EXISTS (SELECT 1 FROM meta WHERE key = ?1)";
        let wrap = |e| StoreError::Sqlite(self.path.clone(), e);
        self.db.query_row(query, [copy::RESTORED], |row| row.get(0)).map_err(wrap)
    }

    /// Makes the file in `path`, which nobody has open, one that was restored.
    ///
    /// # Errors
    /// With the remedy.
    pub fn mark_restored(path: &Path) -> Result<(), StoreError> {
        copy::mark_restored(path)
    }

    /// The charters that were in force here, the oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn charters(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        restore::charters(&self.db, &self.path)
    }

    /// Starts the writer.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(self) -> Result<StoreHandle, StoreError> {
        let queue = Arc::new(Queue::default());
        let (progress, seen) = watch::channel(Progress::default());
        let node = self.node.clone();
        let writer = Writer {
            db: self.db,
            _lock: self.lock,
            node: self.node,
            progress,
            queue: queue.clone(),
            #[cfg(test)]
            broken: self.broken,
        };
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
    /// Queues a write; never waits. An own entry or a charter is always taken, and written before what waits of others.
    ///
    /// # Errors
    /// When too much of others waits. A gap in another node's journal is cut off at the next start and filled again.
    pub fn write(&self, write: Write) -> Result<(), NotKept> {
        let turn = turn(&self.node, &write);
        self.queue.push(write, turn)
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
    /// Given back after the file is closed.
    _lock: schema::Lock,
    node: NodeId,
    progress: watch::Sender<Progress>,
    queue: Arc<Queue>,
    #[cfg(test)]
    broken: Arc<std::sync::atomic::AtomicBool>,
}

/// Position, if it is an own entry.
fn own(node: &NodeId, write: &Write) -> Option<u64> {
    match write {
        Write::Entry { node: whose, seq, .. } if whose == node => Some(*seq),
        _ => None,
    }
}

/// When is it written, and is it always taken, however much waits? Other nodes' entries can be had again; of chunks the
/// machine gives few at once.
fn turn(node: &NodeId, write: &Write) -> Turn {
    match write {
        Write::Entry { node: whose, bundle, .. } if whose == node => {
            // What it says of others' entries is true once they are on the disk.
            let entry = UnverifiedEntry::decode(&bundle.entry);
            let speaks = entry.is_ok_and(|entry| matches!(entry.claim().body, Body::Stored { .. } | Body::Seen { .. }));
            if speaks { Turn::Speaks } else { Turn::First }
        }
        Write::Entry { .. } | Write::Evidence { .. } => Turn::Others,
        Write::Charter { .. } | Write::Spoken | Write::Chunk { .. } => Turn::First,
        Write::Snapshot(_) => Turn::Last,
    }
}

impl Writer {
    fn run(mut self) {
        let mut waiting = Waiting::default();
        let (mut more, mut well) = (true, true);
        let mut expired = Instant::now();
        while more || (well && !waiting.is_empty()) {
            let rest = if well { Duration::ZERO } else { RETRY };
            let patience = (!waiting.is_empty()).then_some(rest);
            // Before each transaction: an own entry that has come meanwhile is in the next one.
            more = self.queue.take(&mut waiting, patience);
            well = waiting.is_empty() || self.batch(&mut waiting);
            if waiting.is_empty() && expired.elapsed() >= EXPIRE {
                expired = Instant::now();
                if let Err(error) = write::expire(&self.db, wall_ms()) {
                    tracing::warn!(%error, "expired bodies could not be deleted; trying again in an hour");
                }
            }
        }
    }

    /// One transaction. True if it was written.
    fn batch(&mut self, waiting: &mut Waiting) -> bool {
        let own_in = |writes: &mut dyn Iterator<Item = &Write>| writes.filter_map(|w| own(&self.node, w)).max();
        let next = waiting.next();
        let count = next.len();
        let outcome = commit(&mut self.db, next.into_iter());
        #[cfg(test)]
        let outcome = if self.broken.load(std::sync::atomic::Ordering::SeqCst) {
            Err(rusqlite::Error::InvalidQuery)
        } else {
            outcome
        };
        match outcome {
            Ok(()) => {
                let written = waiting.written(count);
                let last_own = own_in(&mut written.iter());
                let chunks = written.iter().filter(|w| matches!(w, Write::Chunk { .. })).count();
                let others = written.iter().filter(|w| turn(&self.node, w) == Turn::Others);
                let (others, bytes) = others.fold((0, 0), |(count, bytes), write| (count + 1, bytes + write.len()));
                self.queue.done(others, bytes);
                if last_own.is_some() || chunks > 0 {
                    self.progress.send_modify(|p| {
                        p.chunks += chunks as u64;
                        p.appended = last_own.unwrap_or(p.appended);
                        if p.failed <= p.appended {
                            p.failed = 0;
                        }
                    });
                }
                true
            }
            Err(error) => {
                tracing::error!(%error, waiting = waiting.len(), "the journal cannot be written; trying again");
                if let Some(seq) = own_in(&mut waiting.all()) {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;
    use trialogue_wire::Bundle;

    fn entry(node: &str, seq: u64, lasting: bool) -> Write {
        let lasting = if lasting { super::super::Lasting::Entry } else { super::super::Lasting::Passing };
        let bundle = Bundle { entry: vec![seq as u8], bodies: vec![vec![seq as u8; 9].into()] };
        Write::Entry { node: NodeId::new(node).unwrap(), seq, bundle, lasting, chunks: Vec::new() }
    }

    #[tokio::test]
    async fn a_failing_disk_is_said_and_made_up_for() {
        let dir = tempfile::tempdir().unwrap();
        let node = NodeId::new("usa-1").unwrap();
        let store = Store::open(dir.path(), &node).unwrap();
        let broken = store.broken.clone();
        let handle = store.start().unwrap();
        let mut progress = handle.progress();
        handle.write(entry("usa-1", 1, false)).unwrap();
        progress.wait_for(|p| p.appended == 1).await.unwrap();
        broken.store(true, Ordering::SeqCst);
        handle.write(entry("usa-1", 2, false)).unwrap();
        progress.wait_for(|p| p.failed == 2).await.unwrap();
        for seq in 1..=crate::limits::store::WAITING_MAX as u64 {
            handle.write(entry("jpn-1", seq, false)).unwrap();
        }
        assert_eq!(handle.write(entry("jpn-1", 9_999, false)), Err(NotKept), "others are bounded");
        assert!(!handle.has_room());
        handle.write(entry("usa-1", 3, false)).unwrap();
        broken.store(false, Ordering::SeqCst);
        let now = *progress.wait_for(|p| p.appended == 3).await.unwrap();
        assert_eq!(now.failed, 0);
        drop(handle);
        let mut own = Vec::new();
        let keep = |kept: Kept| {
            if kept.node == node {
                own.push(kept.seq)
            }
        };
        Store::open(dir.path(), &node).unwrap().entries(keep).unwrap();
        assert_eq!(own, [1, 2, 3]);
    }

    fn large(node: &str, seq: u64, len: usize) -> Write {
        let mut write = entry(node, seq, false);
        if let Write::Entry { bundle, .. } = &mut write {
            bundle.bodies = vec![[&seq.to_be_bytes()[..], &vec![7; len]].concat().into()];
        }
        write
    }

    #[tokio::test]
    async fn an_own_entry_does_not_wait_for_what_a_neighbour_brings() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &NodeId::new("usa-1").unwrap()).unwrap();
        let broken = store.broken.clone();
        broken.store(true, Ordering::SeqCst);
        let handle = store.start().unwrap();
        let mut progress = handle.progress();
        for seq in 1..=1_500 {
            handle.write(large("jpn-1", seq, 10_000)).unwrap();
        }
        handle.write(entry("usa-1", 1, false)).unwrap();
        progress.wait_for(|p| p.failed == 1).await.unwrap();
        broken.store(false, Ordering::SeqCst);
        // Whatever comes meanwhile, too.
        handle.write(entry("usa-1", 2, false)).unwrap();
        progress.wait_for(|p| p.appended == 2).await.unwrap();
        assert!(handle.queue.others() > 750, "{} of 1,500 wait", handle.queue.others());
        drop(handle);
        let mut kept = 0;
        Store::open(dir.path(), &NodeId::new("usa-1").unwrap()).unwrap().entries(|_| kept += 1).unwrap();
        assert_eq!(kept, 1_502);
    }

    #[test]
    fn what_a_node_says_to_hold_is_on_the_disk_before_it() {
        let (node, other) = (NodeId::new("usa-1").unwrap(), NodeId::new("jpn-1").unwrap());
        let secret = trialogue_charter::HybridSecret::from_seed(&[1; 32]);
        let turn_of = |whose: &NodeId, body: Body| {
            let entry = trialogue_journal::Journal::new(whose.clone()).append(1, body).sign(&secret).0;
            let bundle = Bundle { entry, bodies: Vec::new() };
            let lasting = super::super::Lasting::Passing;
            turn(&node, &Write::Entry { node: whose.clone(), seq: 1, bundle, lasting, chunks: Vec::new() })
        };
        let stored = || Body::Stored { writings: vec![trialogue_charter::Hash::of(b"text")] };
        assert_eq!(turn_of(&node, stored()), Turn::Speaks);
        assert_eq!(turn_of(&other, stored()), Turn::Others);
        let seen = Body::Seen { heads: Vec::new(), signature: None };
        assert_eq!(turn_of(&node, seen), Turn::Speaks);
        assert_eq!(turn_of(&node, Body::Staffed { offices: Vec::new() }), Turn::First);
    }

    #[tokio::test]
    async fn what_waits_is_bounded_in_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &NodeId::new("usa-1").unwrap()).unwrap();
        store.broken.store(true, Ordering::SeqCst);
        let handle = store.start().unwrap();
        let taken = (1..=100).take_while(|seq| handle.write(large("jpn-1", *seq, 1 << 20)).is_ok()).count();
        assert!((4..=16).contains(&taken), "{taken} MiB of others wait");
        assert!(!handle.has_room());
        handle.write(large("usa-1", 1, 1 << 20)).unwrap();
    }

    #[test]
    fn bodies_expire_and_certificates_last() {
        let dir = tempfile::tempdir().unwrap();
        let node = NodeId::new("usa-1").unwrap();
        let store = Store::open(dir.path(), &node).unwrap();
        entry("usa-1", 1, true).apply(&store.db).unwrap();
        entry("usa-1", 2, false).apply(&store.db).unwrap();
        let later = wall_ms() + 2 * u64::try_from(crate::limits::store::BODIES_LAST.as_millis()).unwrap();
        assert_eq!(write::expire(&store.db, later).unwrap(), 1);
        let mut bodies = Vec::new();
        store.entries(|kept| bodies.push(kept.bundle.bodies.len())).unwrap();
        assert_eq!(bodies, [1, 0]);
    }

    #[test]
    fn a_certificate_that_somebody_also_writes_about_goes_on_with_its_entry() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &NodeId::new("usa-1").unwrap()).unwrap();
        entry("usa-1", 1, true).apply(&store.db).unwrap();
        // Another party's console writes, and says that its content is what has this hash.
        let certificate = vec![1; 9];
        let Write::Entry { node, bundle, .. } = entry("jpn-1", 7, true) else { unreachable!() };
        let (lasting, chunks) = (super::super::Lasting::Written, vec![trialogue_charter::Hash::of(&certificate)]);
        Write::Entry { node, seq: 7, bundle, lasting, chunks }.apply(&store.db).unwrap();
        drop(store);
        let mut exported = Vec::new();
        let reader = super::super::Reader::open(dir.path()).unwrap();
        reader
            .entries::<crate::store::StoreError>(|row| {
                exported.push((row.entry, row.lasting));
                Ok(())
            })
            .unwrap();
        assert!(exported.contains(&(vec![1], Some(certificate))), "{exported:?}");
    }
}
