//! The files attached to a message, out of the party's archive: each held against what the message's writer has signed.

use super::contents::Contents;
use super::one::{Found, Named};
use crate::{Failure, files};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::ExitCode;
use trialogue_charter::Hash;
use trialogue_e2ee::writing::{File, FileOpener};

pub(super) fn write(of: &Named, out: &Path) -> Result<ExitCode, Failure> {
    let Found { id, content, archive, .. } = match of.find()? {
        Ok(found) => found,
        Err(code) => return Ok(code),
    };
    if content.files().is_empty() {
        return Err(of.is_no("message with files"));
    }
    // The names come from another party. None has a path in it (spec/sealing.md §9), and nothing that is there is
    // overwritten.
    for file in content.files() {
        files::is_free(&out.join(&file.name))?;
    }
    files::make_dir(out)?;
    let mut first = 0;
    for file in content.files() {
        one(&archive, &id, first, file, &out.join(&file.name))?;
        first += file.chunks();
        println!("Wrote {} ({} bytes): as it was attached.", out.join(&file.name).display(), file.size);
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes one file, whole or not at all.
fn one(archive: &Contents, id: &Hash, first: usize, file: &File, to: &Path) -> Result<(), Failure> {
    let failed = |why: &dyn std::fmt::Display| Failure::content(to, why.to_string());
    let whole = || -> Result<(), Failure> {
        let out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
        let mut out = out.map_err(|why| failed(&why))?;
        let mut opener = FileOpener::new(file.clone());
        for at in first..first + file.chunks() {
            let missing = "a part of it is not in this archive: it had not come yet when the archive was copied";
            let chunk = archive.chunk(id, at)?.ok_or_else(|| failed(&missing))?;
            let bytes = opener.open(&chunk).map_err(|why| failed(&why))?;
            out.write_all(&bytes).map_err(|why| failed(&why))?;
        }
        if !opener.is_whole() {
            return Err(failed(&"it is NOT WHAT WAS ATTACHED: do not rely on it"));
        }
        out.sync_all().map_err(|why| failed(&why))
    };
    whole().inspect_err(|_| {
        // Half a file is none.
        let _ = fs::remove_file(to);
    })
}
