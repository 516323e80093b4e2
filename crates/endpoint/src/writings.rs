//! The written line of a console without a screen: its secrets on disk, and the archive of a records office.

use crate::EndpointError;
use crate::archive::Archive;
use crate::args::Args;
use crate::attachments::Chunks;
use crate::endpoint::Endpoint;
use crate::event::Event;
use crate::identity;
use crate::report::wall_ms;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::PathBuf;
use trialogue_console_core::{ArchiveWord, Archived, ArchivedChunk, Console, Input};
use trialogue_e2ee::writing::KeepKey;

const KEPT: &str = "writings.kept";

/// What is beside the console machine.
pub(crate) struct Writings {
    kept: PathBuf,
    key: KeepKey,
    archive: Option<Archive>,
    pub(crate) chunks: Chunks,
}

impl Writings {
    /// Opens it and tells the machine; none: this endpoint neither writes nor reads.
    pub(crate) fn open(args: &Args, secret: &[u8; 32], console: &mut Console) -> Result<Option<Self>, EndpointError> {
        if !args.writings && args.archive.is_none() {
            return Ok(None);
        }
        let (kept, key) = (args.identity.join(KEPT), KeepKey::of(secret));
        let before = match std::fs::read(&kept) {
            Ok(sealed) => {
                let damaged = "it is damaged, or another device's: without it what waits cannot be read; restore it, or enrol anew";
                Some(key.open(&sealed).ok_or_else(|| EndpointError::file(&kept, damaged))?)
            }
            Err(why) if why.kind() == ErrorKind::NotFound => None,
            Err(why) => return Err(EndpointError::file(&kept, why)),
        };
        let archive = args.archive.as_ref().map(|archiving| Archive::open(archiving, wall_ms())).transpose()?;
        console.keep_writings(before.as_ref().map(|before| before.as_slice()));
        if let Some(archive) = &archive {
            console.archive_writings(archive.done()?);
        }
        let needed: BTreeSet<String> = console.chunks_needed().iter().map(ToString::to_string).collect();
        let chunks = Chunks::open(&args.identity, |name| needed.contains(name))?;
        Ok(Some(Self { kept, key, archive, chunks }))
    }

    pub(crate) fn has_archive(&self) -> bool {
        self.archive.is_some()
    }
}

impl Endpoint {
    fn in_archive(&mut self) -> Option<&mut Archive> {
        self.writings.as_mut()?.archive.as_mut()
    }

    /// The machine's secrets of the written line go to disk, sealed, before it goes on.
    pub(crate) fn keep_writings(&mut self, version: u64, bytes: &[u8]) {
        let Some(writings) = &self.writings else { return };
        let sealed =
            writings.key.seal(bytes, &mut identity::chance()).ok_or("the system gives no random numbers".to_owned());
        let written = sealed.and_then(|sealed| identity::write(&writings.kept, &sealed).map_err(|why| why.to_string()));
        match written {
            Ok(()) => self.input(Input::Kept { version }),
            // The machine says nothing to its node before it is kept; what comes later is kept with it.
            Err(line) => self.report.say(Event::Log { line }),
        }
    }

    pub(crate) fn archive(&mut self, writing: &Archived) {
        let Some(archive) = self.in_archive() else { return };
        match archive.put(writing, wall_ms()) {
            Ok(true) => self.report.say(Event::Archived {
                line: writing.line.to_string(),
                writing: writing.id.to_string(),
                readable: writing.content.is_some(),
            }),
            Ok(false) => {}
            Err(failure) => self.fail(failure),
        }
    }

    pub(crate) fn archive_chunk(&mut self, chunk: &ArchivedChunk) {
        let Some(archive) = self.in_archive() else { return };
        if let Err(failure) = archive.put_chunk(chunk) {
            self.fail(failure);
        }
    }

    /// Destroys what is older than the policy says, and says in the journal what the archive has and what it has no
    /// more.
    pub(crate) fn tend_archive(&mut self) {
        let may_say = self.console.archive_may_say();
        let Some(archive) = self.in_archive() else { return };
        let done = archive.destroy_old(wall_ms()).and_then(|destroyed| {
            let word = if may_say { archive.next_word()? } else { None };
            Ok((destroyed, word))
        });
        match done {
            Ok((destroyed, word)) => {
                if destroyed > 0 {
                    self.report.say(Event::Destroyed { writings: destroyed });
                }
                if let Some(word) = word {
                    self.input(Input::ArchiveSay(word));
                }
            }
            Err(failure) => self.fail(failure),
        }
    }

    /// It stands in the journal.
    pub(crate) fn archive_said(&mut self, word: &ArchiveWord) {
        let Some(archive) = self.in_archive() else { return };
        if let Err(failure) = archive.said(word) {
            self.fail(failure);
        }
    }

    /// An archive that cannot be written must not look like one that is kept.
    fn fail(&mut self, failure: EndpointError) {
        self.failure = Some(failure);
        self.stop = true;
    }
}
