//! The files attached to a message, out of the party's archive: each held against what the message's writer has signed.

use super::contents::Contents;
use super::verify::findings;
use super::{code, read};
use crate::{Failure, files};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::ExitCode;
use trialogue_charter::{Hash, NodeId, VerifiedCharter};
use trialogue_e2ee::writing::{File, FileOpener};
use trialogue_record::Verifier;
use trialogue_record::signed::Collector;

pub(super) fn write(
    record: &Path,
    charter: VerifiedCharter,
    contents: &Contents,
    (node, position): (NodeId, u64),
    out: &Path,
) -> Result<ExitCode, Failure> {
    let mut verifier = Verifier::new(charter);
    let mut collector = Collector::new(node.clone(), position);
    read(record, &mut verifier, |_, taken| collector.take(&taken))?;
    let report = verifier.finish();
    if report.weight().is_some() {
        findings(&report, false, |line| eprintln!("{line}"));
        return Ok(code(report.weight()));
    }
    let nothing = |what: &str| {
        Failure::said(format!(
            "the record has {what} at position {position} of {node}: see the brackets of `trialogue record show`"
        ))
    };
    let (id, line, written, _) = collector.finish().ok_or_else(|| nothing("nothing written"))?;
    let content = contents.find(&id, &line, &written.digest)?.map_err(Failure::said)?;
    if content.files().is_empty() {
        return Err(nothing("a writing without files"));
    }
    // The names come from another party. None has a path in it (spec/sealing.md §9), and nothing that is there is overwritten.
    for file in content.files() {
        files::is_free(&out.join(&file.name))?;
    }
    files::make_dir(out)?;
    let mut first = 0;
    for file in content.files() {
        one(contents, &id, first, file, &out.join(&file.name))?;
        first += file.chunks();
        println!("Wrote {} ({} bytes): as it was attached.", out.join(&file.name).display(), file.size);
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes one file, whole or not at all.
fn one(contents: &Contents, id: &Hash, first: usize, file: &File, to: &Path) -> Result<(), Failure> {
    let failed = |why: &dyn std::fmt::Display| Failure::content(to, why.to_string());
    let whole = || -> Result<(), Failure> {
        let out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
        let mut out = out.map_err(|why| failed(&why))?;
        let mut opener = FileOpener::new(file.clone());
        for at in first..first + file.chunks() {
            let missing = "a part of it is not in this archive: it had not come yet when the archive was copied";
            let chunk = contents.chunk(id, at)?.ok_or_else(|| failed(&missing))?;
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
