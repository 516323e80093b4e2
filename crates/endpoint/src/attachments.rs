//! Files of a console without a screen: read from a disk to be attached, written to one when they were fetched. Sealed
//! chunks of what no node has yet lie beside the identity.

use crate::EndpointError;
use crate::endpoint::Endpoint;
use crate::event::Event;
use crate::identity;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use trialogue_charter::Hash;
use trialogue_console_core::view::Command;
use trialogue_console_core::{FilePart, Input};

const DIR: &str = "chunks";
const PART: &str = ".part";

/// A file that is on its way to this machine's disk.
pub(crate) struct Saving {
    id: String,
    at: u32,
    to: PathBuf,
    file: fs::File,
}

/// Where chunks are.
pub(crate) struct Chunks(PathBuf);

impl Chunks {
    /// Opens the place, and forgets what is of no use any more.
    pub(crate) fn open(identity: &Path, needed: impl Fn(&str) -> bool) -> Result<Self, EndpointError> {
        let dir = identity.join(DIR);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(|e| EndpointError::file(&dir, e))?;
        let all = fs::read_dir(&dir).map_err(|e| EndpointError::file(&dir, e))?.flatten();
        for old in all.filter(|file| !file.file_name().to_str().is_some_and(&needed)) {
            // What cannot be removed is sealed, and in nobody's way.
            let _ = fs::remove_file(old.path());
        }
        Ok(Self(dir))
    }

    fn of(&self, hash: &Hash) -> PathBuf {
        self.0.join(hash.to_string())
    }
}

fn part_of(to: &Path) -> PathBuf {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(PART);
    to.with_file_name(name)
}

impl Endpoint {
    /// Attaches a file to what is written next on a line.
    pub(crate) fn attach(&mut self, line: &str, path: &Path) {
        if let Err(why) = self.try_attach(line, path) {
            self.console.stop_attaching();
            self.report.say(Event::Refused { why: format!("{}: {why}", path.display()) });
        } else {
            self.report.say(Event::Attached { line: line.to_owned(), path: path.display().to_string() });
        }
        self.input(Input::Tick);
    }

    fn try_attach(&mut self, line: &str, path: &Path) -> Result<(), String> {
        let Some(writings) = &self.writings else { return Err("start with --writings".to_owned()) };
        let said = |why: std::io::Error| why.to_string();
        let mut file = fs::File::open(path).map_err(said)?;
        let size = file.metadata().map_err(said)?.len();
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("its name is not text")?;
        self.console.attach_file(line, name, size).map_err(|why| why.to_string())?;
        while let next @ 1.. = self.console.attach_next() {
            let mut piece = zeroize::Zeroizing::new(vec![0; next]);
            file.read_exact(&mut piece).map_err(said)?;
            let (hash, chunk) = self.console.attach_piece(&piece).map_err(|why| why.to_string())?;
            identity::write(&writings.chunks.of(&hash), &chunk).map_err(|why| why.to_string())?;
        }
        self.console.finish_attaching().map_err(|why| why.to_string())
    }

    pub(crate) fn give_chunk(&mut self, hash: Hash) {
        let Some(writings) = &self.writings else { return };
        let bytes = fs::read(writings.chunks.of(&hash)).ok();
        self.input(Input::Chunk { hash, bytes });
    }

    pub(crate) fn forget_chunks(&mut self, hashes: &[Hash]) {
        let Some(writings) = &self.writings else { return };
        for hash in hashes {
            // See `Chunks::open`.
            let _ = fs::remove_file(writings.chunks.of(hash));
        }
    }

    /// Fetches a file of a message of the open line, to a path where nothing is yet.
    pub(crate) fn save(&mut self, id: String, at: u32, to: PathBuf) {
        let part = part_of(&to);
        let begin = || {
            if to.symlink_metadata().is_ok() {
                return Err(std::io::Error::from(ErrorKind::AlreadyExists));
            }
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)
        };
        match begin() {
            Ok(file) => {
                self.saving = Some(Saving { id: id.clone(), at, to, file });
                self.input(Input::Command(Command::SaveFile { id, at }));
            }
            Err(why) => self.report.say(Event::Refused { why: format!("{}: {why}", to.display()) }),
        }
    }

    /// The next part of it. It has its name when all of it is there, and was what was attached.
    pub(crate) fn file_part(&mut self, part: &FilePart) {
        let Some(saving) = self.saving.as_mut().filter(|saving| (&saving.id, saving.at) == (&part.id, part.at)) else {
            return;
        };
        let mut done = saving.file.write_all(&part.bytes);
        if part.whole {
            done =
                done.and_then(|()| saving.file.sync_all()).and_then(|()| fs::rename(part_of(&saving.to), &saving.to));
        }
        let to = saving.to.display().to_string();
        match done {
            Ok(()) if part.whole => {
                self.saving = None;
                self.report.say(Event::Saved { path: to });
            }
            Ok(()) => {}
            Err(why) => {
                self.saving = None;
                self.report.say(Event::Refused { why: format!("{to}: {why}") });
            }
        }
    }
}
