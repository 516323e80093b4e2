//! One file, `archive.sqlite`: sealed contents by writing. A content that is destroyed is overwritten in the file; that
//! it was here stays.

use super::Archiving;
use crate::EndpointError;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use trialogue_charter::{Hash, LineId};
use trialogue_console_core::{ArchiveWord, Archived, ArchivedChunk};
use trialogue_e2ee::writing::ArchivePublic;
use trialogue_journal::limits::SHOWN_MAX;
use zeroize::Zeroizing;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
pub(super) const FILE: &str = "archive.sqlite";

/// Everything that is attached to it is here.
const WHOLE: &str = "NOT EXISTS (SELECT 1 FROM attached AS a WHERE a.writing = contents.writing
    AND a.chunks > (SELECT count(*) FROM chunks AS c WHERE c.writing = contents.writing))";
/// Most writings that are remembered as done at a start: more than a node remembers.
const DONE_MAX: usize = 1 << 16;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS contents (
        writing BLOB PRIMARY KEY,
        line TEXT NOT NULL,
        node TEXT NOT NULL,
        seq INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        archived_ms INTEGER NOT NULL,
        -- None: it could not be read, or was destroyed.
        sealed BLOB,
        destroyed_ms INTEGER,
        -- What stands in the journal about it: 0 nothing, 1 that it is here, 2 that it was destroyed.
        said INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX IF NOT EXISTS contents_by_time ON contents (archived_ms) WHERE sealed IS NOT NULL;
    -- Of writings with files: how many chunks there are, and those that are here, sealed under keys that their content has.
    CREATE TABLE IF NOT EXISTS attached (writing BLOB PRIMARY KEY, chunks INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS chunks (writing BLOB NOT NULL, place INTEGER NOT NULL, bytes BLOB NOT NULL, UNIQUE (writing, place));
    CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value BLOB NOT NULL);
";

/// An archive that is being filled.
pub struct Archive {
    path: PathBuf,
    db: Connection,
    key: ArchivePublic,
    keep_days: Option<u32>,
    _lock: File,
}

pub(super) fn failed(path: &Path) -> impl Fn(rusqlite::Error) -> EndpointError {
    let path = path.to_owned();
    move |why| EndpointError::file(&path, format!("{why}: check the disk, or restore the archive from its backup"))
}

impl Archive {
    /// Opens it, or makes it.
    ///
    /// # Errors
    /// When somebody else fills it, it is sealed for another key, or the disk fails.
    pub fn open(archiving: &Archiving, now_ms: u64) -> Result<Self, EndpointError> {
        let dir = &archiving.dir;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|e| EndpointError::file(dir, e))?;
        let beside = dir.join("archive.lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&beside);
        let lock = lock.map_err(|e| EndpointError::file(&beside, e))?;
        lock.try_lock()
            .map_err(|_| EndpointError::file(&beside, "another process fills this archive: stop it first"))?;
        let path = dir.join(FILE);
        let db = Connection::open(&path).map_err(failed(&path))?;
        let pragmas = "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;";
        db.execute_batch(pragmas).map_err(failed(&path))?;
        db.execute_batch(SCHEMA).map_err(failed(&path))?;
        let archive = Self { path, db, key: archiving.key.clone(), keep_days: archiving.keep_days, _lock: lock };
        archive.check_key()?;
        archive.destroy_old(now_ms)?;
        Ok(archive)
    }

    /// One archive is sealed for one key: who opens it must not find that half of it is for another.
    fn check_key(&self) -> Result<(), EndpointError> {
        let failed = failed(&self.path);
        let held = "SELECT value FROM meta WHERE key = 'public'";
        let held: Option<Vec<u8>> = self.db.query_row(held, [], |row| row.get(0)).optional().map_err(&failed)?;
        match held {
            Some(held) if held == self.key.bytes() => Ok(()),
            Some(_) => Err(EndpointError::file(
                &self.path,
                "this archive is sealed for another key: give that one, or begin a new archive in another directory",
            )),
            None => {
                let put = "INSERT INTO meta (key, value) VALUES ('public', ?1)";
                self.db.execute(put, [self.key.bytes()]).map(drop).map_err(failed)
            }
        }
    }

    /// Takes a writing up; false: it was here before. On disk when this returns.
    ///
    /// # Errors
    /// When it cannot be sealed or written.
    pub fn put(&self, writing: &Archived, now_ms: u64) -> Result<bool, EndpointError> {
        let failed = failed(&self.path);
        let known = "SELECT sealed IS NOT NULL OR destroyed_ms IS NOT NULL FROM contents WHERE writing = ?1";
        let known: Option<bool> =
            self.db.query_row(known, [&writing.id.0[..]], |row| row.get(0)).optional().map_err(&failed)?;
        // One that could not be read before, and can be now, is taken.
        if known == Some(true) || (known.is_some() && writing.content.is_none()) {
            return Ok(false);
        }
        let seal = |content: &Zeroizing<Vec<u8>>| self.key.seal(&writing.line, &writing.id, content);
        let sealed = writing.content.as_ref().map(seal).transpose();
        let sealed = sealed.map_err(|why| EndpointError::file(&self.path, why))?;
        let put = "INSERT OR REPLACE INTO contents (writing, line, node, seq, at_ms, archived_ms, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let values = params![
            &writing.id.0[..],
            writing.line.as_str(),
            writing.node.as_str(),
            number(writing.seq),
            number(writing.at_ms),
            number(now_ms),
            sealed
        ];
        let at_once = self.db.unchecked_transaction().map_err(&failed)?;
        at_once.execute(put, values).map_err(&failed)?;
        if writing.chunks > 0 {
            let put = "INSERT OR REPLACE INTO attached (writing, chunks) VALUES (?1, ?2)";
            let chunks = i64::try_from(writing.chunks).unwrap_or(i64::MAX);
            at_once.execute(put, params![&writing.id.0[..], chunks]).map_err(&failed)?;
        }
        at_once.commit().map_err(failed)?;
        Ok(true)
    }

    /// Takes a chunk of what is attached to a writing that is here. On disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_chunk(&self, chunk: &ArchivedChunk) -> Result<(), EndpointError> {
        let put = "INSERT OR REPLACE INTO chunks (writing, place, bytes)
            SELECT ?1, ?2, ?3 FROM contents WHERE writing = ?1 AND sealed IS NOT NULL";
        let values = params![&chunk.writing.0[..], chunk.at, chunk.bytes];
        self.db.execute(put, values).map(drop).map_err(failed(&self.path))
    }

    /// Writings of which nothing more is wanted: they are here with everything that is attached to them, or were
    /// destroyed. The newest.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn done(&self) -> Result<BTreeSet<Hash>, EndpointError> {
        let failed = failed(&self.path);
        let done = format!(
            "SELECT writing FROM contents WHERE destroyed_ms IS NOT NULL OR (sealed IS NOT NULL AND {WHOLE}) ORDER BY archived_ms DESC LIMIT {DONE_MAX}"
        );
        let mut done = self.db.prepare(&done).map_err(&failed)?;
        let ids = done.query_map([], |row| row.get::<_, [u8; 48]>(0)).map_err(&failed)?;
        ids.map(|id| id.map(Hash)).collect::<Result<_, _>>().map_err(failed)
    }

    /// Destroys contents that have been here for longer than the policy says; returns how many. Their bytes are
    /// overwritten in the file. Counted from when they came, by this machine's clock: the time of a writing is its
    /// writer's claim, and would let a writer have it destroyed at once.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn destroy_old(&self, now_ms: u64) -> Result<usize, EndpointError> {
        let Some(days) = self.keep_days else { return Ok(0) };
        let before = i64::try_from(now_ms.saturating_sub(u64::from(days) * DAY_MS)).unwrap_or(i64::MAX);
        let now = i64::try_from(now_ms).unwrap_or(i64::MAX);
        let failed = failed(&self.path);
        let at_once = self.db.unchecked_transaction().map_err(&failed)?;
        for table in ["chunks", "attached"] {
            let old = "SELECT writing FROM contents WHERE sealed IS NOT NULL AND archived_ms <= ?1";
            at_once.execute(&format!("DELETE FROM {table} WHERE writing IN ({old})"), [before]).map_err(&failed)?;
        }
        let destroy =
            "UPDATE contents SET sealed = NULL, destroyed_ms = ?2 WHERE sealed IS NOT NULL AND archived_ms <= ?1";
        let destroyed = at_once.execute(destroy, [before, now]).map_err(&failed)?;
        at_once.commit().map_err(failed)?;
        Ok(destroyed)
    }

    /// What is next to be said in the journal: of at most [`SHOWN_MAX`] writings of one line.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn next_word(&self) -> Result<Option<ArchiveWord>, EndpointError> {
        let failed = failed(&self.path);
        let unsaid =
            format!("(destroyed_ms IS NOT NULL AND said < 2) OR (sealed IS NOT NULL AND said < 1 AND {WHOLE})");
        let first =
            format!("SELECT line, destroyed_ms IS NOT NULL FROM contents WHERE {unsaid} ORDER BY at_ms LIMIT 1");
        let first: Option<(String, bool)> =
            self.db.query_row(&first, [], |row| Ok((row.get(0)?, row.get(1)?))).optional().map_err(&failed)?;
        let Some((line, destroyed)) = first else { return Ok(None) };
        let all = format!(
            "SELECT writing FROM contents WHERE line = ?1 AND (destroyed_ms IS NOT NULL) = ?2 AND ({unsaid}) ORDER BY at_ms LIMIT {SHOWN_MAX}"
        );
        let mut all = self.db.prepare(&all).map_err(&failed)?;
        let ids = all.query_map(params![line, destroyed], |row| row.get::<_, [u8; 48]>(0)).map_err(&failed)?;
        let mut writings: Vec<Hash> = ids.map(|id| id.map(Hash)).collect::<Result<_, _>>().map_err(&failed)?;
        writings.sort_unstable();
        let line = LineId::new(line).map_err(|_| {
            EndpointError::file(&self.path, "it names a line that cannot be one: restore the archive from its backup")
        })?;
        Ok(Some(ArchiveWord { line, writings, destroyed }))
    }

    /// It stands in the journal.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn said(&self, word: &ArchiveWord) -> Result<(), EndpointError> {
        let said = if word.destroyed { 2 } else { 1 };
        for id in &word.writings {
            let put = "UPDATE contents SET said = max(said, ?2) WHERE writing = ?1";
            self.db.execute(put, params![&id.0[..], said]).map_err(failed(&self.path))?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::archive::{ArchiveReader, Found};
    use trialogue_charter::NodeId;
    use trialogue_e2ee::writing::{ArchiveSecret, Content, Part, Tongue};
    use trialogue_journal::Language;

    const SEED: [u8; 32] = [5; 32];

    /// A directory of its own, gone when the test is.
    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            Self(std::env::temp_dir().join(format!("trialogue-archive-{name}-{}", std::process::id())))
        }

        fn open(&self, seed: [u8; 32], keep_days: Option<u32>, now_ms: u64) -> Result<Archive, EndpointError> {
            let key = ArchiveSecret::from_seed(&seed).public().unwrap();
            Archive::open(&Archiving { dir: self.0.clone(), key, keep_days }, now_ms)
        }

        fn find(&self, writing: &Archived) -> Found {
            let digest = writing.content.as_ref().map_or(Hash([0; 48]), |content| Hash::of(content));
            let reader = ArchiveReader::open(&self.0, ArchiveSecret::from_seed(&SEED)).unwrap();
            reader.find(&writing.line, &writing.id, &digest).unwrap()
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn writing(number: u8, line: &str, at_ms: u64) -> Archived {
        let text = Tongue { language: Language::En, text: format!("number {number}") };
        let content =
            Content::new(Part::Message { text, marking: String::new(), files: None }, &mut crate::identity::chance())
                .unwrap();
        Archived {
            id: Hash([number; 48]),
            line: LineId::new(line).unwrap(),
            node: NodeId::new("usa-1").unwrap(),
            seq: number.into(),
            at_ms,
            content: Some(Zeroizing::new(content.encode())),
            chunks: 0,
        }
    }

    #[test]
    fn what_is_attached_is_part_of_it_and_goes_with_it() {
        let place = Place::new("attached");
        let archive = place.open(SEED, Some(30), 0).unwrap();
        let mut message = writing(1, "duty", 0);
        message.chunks = 2;
        assert!(archive.put(&message, 0).unwrap());
        let chunk = |at: u32| ArchivedChunk { writing: message.id, at, bytes: vec![at as u8 + 7; 300] };
        archive.put_chunk(&chunk(0)).unwrap();
        assert!(archive.next_word().unwrap().is_none(), "not all of it is here");
        assert!(archive.done().unwrap().is_empty());
        archive.put_chunk(&chunk(0)).unwrap();
        archive.put_chunk(&chunk(1)).unwrap();
        assert_eq!(archive.next_word().unwrap().unwrap().writings, [message.id]);
        assert_eq!(archive.done().unwrap(), [message.id].into());
        let reader = ArchiveReader::open(&place.0, ArchiveSecret::from_seed(&SEED)).unwrap();
        assert_eq!(reader.chunk(&message.id, 1).unwrap(), Some(vec![8; 300]));
        assert_eq!(reader.chunk(&message.id, 2).unwrap(), None);
        let on_disk = || std::fs::read(place.0.join(FILE)).unwrap().windows(300).any(|window| window == [8; 300]);
        assert!(on_disk());
        assert_eq!(archive.destroy_old(30 * DAY_MS).unwrap(), 1);
        assert!(!on_disk(), "it is overwritten");
        archive.put_chunk(&chunk(1)).unwrap();
        assert!(!on_disk(), "and does not come back");
        assert_eq!(archive.done().unwrap(), [message.id].into());
        // Of a writing that is not here nothing is taken.
        archive.put_chunk(&ArchivedChunk { writing: Hash([9; 48]), at: 0, bytes: vec![8; 300] }).unwrap();
        assert!(!on_disk());
    }

    #[test]
    fn a_content_is_kept_once_and_destroyed_in_its_time_without_a_trace_of_what_it_said() {
        let place = Place::new("kept");
        // The first says that it was written in 1970: what its writer claims has it destroyed no earlier.
        let (first, second) = (writing(1, "duty", 0), writing(2, "duty", 20 * DAY_MS));
        let archive = place.open(SEED, Some(30), 10 * DAY_MS).unwrap();
        assert!(archive.put(&first, 10 * DAY_MS).unwrap() && archive.put(&second, 20 * DAY_MS).unwrap());
        assert!(!archive.put(&first, 21 * DAY_MS).unwrap(), "it is there");
        assert!(matches!(place.find(&first), Found::Content(_)));
        let sealed: Vec<u8> =
            archive.db.query_row("SELECT sealed FROM contents ORDER BY at_ms", [], |row| row.get(0)).unwrap();
        let on_disk = || std::fs::read(place.0.join(FILE)).unwrap().windows(64).any(|window| window == &sealed[..64]);
        assert!(on_disk());
        assert_eq!(archive.destroy_old(40 * DAY_MS - 1).unwrap(), 0);
        assert_eq!(archive.destroy_old(40 * DAY_MS).unwrap(), 1);
        assert!(!on_disk(), "it is overwritten");
        assert!(matches!(place.find(&first), Found::Destroyed(at) if at == 40 * DAY_MS));
        assert!(matches!(place.find(&second), Found::Content(_)));
        assert!(!archive.put(&first, 41 * DAY_MS).unwrap(), "it does not come back when it is read again");
        assert!(matches!(place.find(&writing(9, "duty", 0)), Found::Absent));
    }

    #[test]
    fn what_could_not_be_read_is_kept_as_such_until_it_can_be() {
        let place = Place::new("unreadable");
        let archive = place.open(SEED, None, 0).unwrap();
        let mut seen = writing(1, "duty", 0);
        let content = seen.content.take();
        assert!(archive.put(&seen, 0).unwrap() && !archive.put(&seen, 0).unwrap());
        assert!(matches!(place.find(&seen), Found::Unreadable));
        assert!(archive.next_word().unwrap().is_none(), "there is nothing to say of it");
        seen.content = content;
        assert!(archive.put(&seen, 0).unwrap());
        assert!(matches!(place.find(&seen), Found::Content(_)));
    }

    #[test]
    fn everything_is_said_once_line_by_line_and_destruction_after_it() {
        let place = Place::new("said");
        let archive = place.open(SEED, Some(1), 0).unwrap();
        for number in 0..40 {
            archive.put(&writing(number, if number < 36 { "duty" } else { "leaders" }, 0), 0).unwrap();
        }
        let mut words = Vec::new();
        while let Some(word) = archive.next_word().unwrap() {
            assert!(word.writings.is_sorted_by(|a, b| a < b));
            archive.said(&word).unwrap();
            words.push((word.line.to_string(), word.writings.len(), word.destroyed));
        }
        words.sort();
        assert_eq!(words, [("duty".into(), 4, false), ("duty".into(), SHOWN_MAX, false), ("leaders".into(), 4, false)]);
        assert_eq!(archive.destroy_old(2 * DAY_MS).unwrap(), 40);
        let word = archive.next_word().unwrap().unwrap();
        assert!(word.destroyed);
        // Asked again before it stands in the journal, it is the same.
        assert_eq!(archive.next_word().unwrap(), Some(word));
    }

    #[test]
    fn one_archive_has_one_key_and_one_who_fills_it() {
        let place = Place::new("one");
        let archive = place.open(SEED, None, 0).unwrap();
        let refused = |opened: Result<Archive, EndpointError>| opened.err().unwrap().to_string();
        assert!(refused(place.open(SEED, None, 0)).contains("another process"));
        drop(archive);
        assert!(refused(place.open([6; 32], None, 0)).contains("another key"));
        assert!(place.open(SEED, None, 0).is_ok());
    }
}
