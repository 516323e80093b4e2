//! Reading and writing files: bounded, never over an existing key, whole or not at all.

use crate::Failure;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use zeroize::Zeroizing;

const NEVER_OVER: &str = "choose a directory that does not hold it yet; nothing is ever overwritten";

fn failed(path: &Path, verb: &'static str, remedy: &'static str) -> impl FnOnce(io::Error) -> Failure {
    let path = path.to_owned();
    move |error| Failure::File { path, verb, why: error.to_string(), remedy }
}

/// Makes a directory and those above it.
pub fn make_dir(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(failed(path, "made", "choose a place where this account may write"))
}

/// Reads at most `max` bytes; a longer file is refused by the decoder's own bound, one byte later.
pub fn read(path: &Path, max: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new(Vec::new());
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(failed(
        path,
        "read",
        "check the name and that this account may read it",
    ))?;
    Ok(bytes)
}

/// Reads a text file of at most 64 kB.
pub fn read_text(path: &Path) -> Result<Zeroizing<String>, Failure> {
    const MAX: usize = 64 << 10;
    let bytes = read(path, MAX)?;
    if bytes.len() > MAX {
        return Err(Failure::content(path, "the file is longer than 64 kB: name the right file"));
    }
    let text =
        std::str::from_utf8(&bytes).map_err(|_| Failure::content(path, "the file is not text: name the right file"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Is nothing there yet? Asked before work that could not be undone.
pub fn is_free(path: &Path) -> Result<(), Failure> {
    let taken = || io::Error::from(io::ErrorKind::AlreadyExists);
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        found => Err(failed(path, "written", NEVER_OVER)(found.err().unwrap_or_else(taken))),
    }
}

/// Writes a file that must not exist yet, on disk when this returns, whole or not at all.
pub fn write_new(path: &Path, bytes: &[u8], access: Access) -> Result<(), Failure> {
    let mode = match access {
        Access::Owner => 0o600,
        Access::Everyone => 0o644,
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(failed(path, "written", NEVER_OVER))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| {
        // Half of it must not be taken for it.
        let _ = fs::remove_file(path);
        failed(path, "written", "choose a disk with room")(error)
    })
}

/// Puts a file in place of one that may exist, whole or not at all.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace_as(path, bytes, 0o644)
}

/// The same for a file that only this account may read.
pub fn replace_secret(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace_as(path, bytes, 0o600)
}

fn replace_as(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let beside = path.with_extension("new");
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&beside)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&beside, path))
        .map_err(failed(path, "written", "choose a place where this account may write"))
}

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The account that made it: secret keys.
    Owner,
    /// Everyone: public keys.
    Everyone,
}
