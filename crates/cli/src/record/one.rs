//! One writing: named by its place in a journal, found in a record that holds, and read out of the party's archive.

use super::contents::{Contents, Source};
use super::verify::findings;
use super::{code, read, trusted};
use crate::Failure;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use trialogue_charter::{Hash, NodeId, VerifiedCharter};
use trialogue_e2ee::writing::Content;
use trialogue_record::Verifier;
use trialogue_record::signed::{Collector, Signed};

/// Which.
#[derive(clap::Args)]
pub struct Named {
    /// The record.
    file: PathBuf,
    /// The charter that the auditor trusts.
    #[arg(long, value_name = "FILE")]
    charter: PathBuf,
    /// In whose journal it was written.
    #[arg(long)]
    node: NodeId,
    /// Where, from 1.
    #[arg(long)]
    position: u64,
    /// The party's archive, which has what it says.
    #[command(flatten)]
    contents: Source,
}

/// It, with what was signed about it.
pub(super) struct Found {
    pub(super) charter: Arc<VerifiedCharter>,
    pub(super) id: Hash,
    pub(super) content: Content,
    pub(super) entries: Vec<Signed>,
    pub(super) archive: Contents,
}

impl Named {
    /// Looks for it; the exit code in its place: the record does not hold, and what is handed on stands on one that
    /// does.
    pub(super) fn find(&self) -> Result<Result<Found, ExitCode>, Failure> {
        let archive = self.contents.open()?.ok_or_else(|| {
            Failure::said("what was written is sealed: give the party's --archive and its --archive-key")
        })?;
        let mut verifier = Verifier::new(trusted(&self.charter)?);
        let mut collector = Collector::new(self.node.clone(), self.position);
        read(&self.file, &mut verifier, |_, taken| collector.take(&taken))?;
        let charter = verifier.charter().clone();
        let report = verifier.finish();
        if report.weight().is_some() {
            findings(&report, false, |line| eprintln!("{line}"));
            return Ok(Err(code(report.weight())));
        }
        let (id, line, written, entries) = collector.finish().ok_or_else(|| self.is_no("writing"))?;
        let content = archive.find(&id, &line, &written.digest)?.map_err(Failure::said)?;
        Ok(Ok(Found { charter, id, content, entries, archive }))
    }

    /// At that place is none of that kind.
    pub(super) fn is_no(&self, what: &str) -> Failure {
        Failure::said(format!(
            "the record has no {what} at position {} of {}: see the brackets of `trialogue record show`",
            self.position, self.node
        ))
    }
}
