//! What was written, under the timeline: for whoever has the party's archive and its key.

use crate::{Failure, archive};
use serde_json::{Value, json};
use std::path::PathBuf;
use trialogue_charter::{Hash, LineId};
use trialogue_e2ee::writing::{Content, File, Part, Tongue};
use trialogue_endpoint::archive::{ArchiveReader, Found};
use trialogue_record::utc::Utc;

/// Where contents come from.
#[derive(clap::Args)]
pub struct Source {
    /// The party's archive (directory): what was written is shown as well, each content held against what its writer
    /// has signed.
    #[arg(long, value_name = "DIR", requires = "archive_key")]
    archive: Option<PathBuf>,
    /// `archive.key`, which opens it.
    #[arg(long, value_name = "FILE", requires = "archive")]
    archive_key: Option<PathBuf>,
}

/// An open archive.
pub(super) struct Contents(ArchiveReader);

impl Source {
    pub(super) fn open(&self) -> Result<Option<Contents>, Failure> {
        let (Some(dir), Some(key)) = (&self.archive, &self.archive_key) else { return Ok(None) };
        let reader = ArchiveReader::open(dir, archive::open_secret(key)?);
        reader.map(|reader| Some(Contents(reader))).map_err(|why| Failure::said(why.to_string()))
    }
}

/// A content as it is shown, or why there is none.
pub(super) enum Shown {
    Texts { texts: Vec<Tongue>, marking: String, machine: bool, files: Vec<File> },
    None(String),
}

impl Contents {
    /// The content of a writing, or why there is none.
    pub(super) fn find(&self, id: &Hash, line: &LineId, digest: &Hash) -> Result<Result<Content, String>, Failure> {
        let found = self.0.find(line, id, digest).map_err(|why| Failure::said(why.to_string()))?;
        Ok(match found {
            Found::Content(content) => Ok(*content),
            missing => Err(why_missing(&missing)),
        })
    }

    /// A chunk of what is attached to a writing.
    pub(super) fn chunk(&self, id: &Hash, at: usize) -> Result<Option<Vec<u8>>, Failure> {
        self.0.chunk(id, at).map_err(|why| Failure::said(why.to_string()))
    }

    pub(super) fn of(&self, line: &LineId, writing: &Hash, digest: &Hash) -> Result<Shown, Failure> {
        let found = self.0.find(line, writing, digest).map_err(|why| Failure::said(why.to_string()))?;
        Ok(match found {
            Found::Content(content) => Shown::of(*content),
            missing => Shown::None(why_missing(&missing)),
        })
    }
}

fn why_missing(found: &Found) -> String {
    match found {
        Found::Content(_) => String::new(),
        Found::Destroyed(at) => format!("destroyed in the archive by policy at {}", Utc(*at)),
        Found::Unreadable => "the records office was not among its readers".to_owned(),
        Found::Absent => "not in this archive".to_owned(),
        Found::Damaged => "NOT WHAT WAS SIGNED, or the archive is of another key: do not rely on it".to_owned(),
    }
}

impl Shown {
    pub(super) fn of(content: Content) -> Self {
        let files = content.files().to_vec();
        let (texts, marking, machine) = match content.part {
            Part::Message { text, marking, .. } => (vec![text], marking, false),
            Part::Translation { text, machine } => (vec![text], String::new(), machine),
            Part::Readout { texts } => (texts, String::new(), false),
            Part::ReadBack { text } => (vec![text], String::new(), false),
        };
        Self::Texts { texts, marking, machine, files }
    }

    pub(super) fn as_text(&self) -> String {
        match self {
            Self::None(why) => format!("    [{why}]"),
            Self::Texts { texts, marking, machine, files } => {
                let mut lines = Vec::new();
                if !marking.is_empty() {
                    lines.push(format!("    marking: {marking}"));
                }
                if *machine {
                    lines.push("    made by a machine".to_owned());
                }
                for Tongue { language, text } in texts {
                    lines.push(format!("    {}:", language.code()));
                    lines.extend(text.lines().map(|line| format!("    | {line}")));
                }
                lines.extend(files.iter().map(|file| format!("    attached: {} ({} bytes)", file.name, file.size)));
                lines.join("\n")
            }
        }
    }

    pub(super) fn as_json(&self) -> Value {
        match self {
            Self::None(why) => json!({ "missing": why }),
            Self::Texts { texts, marking, machine, files } => {
                let texts: Vec<Value> = texts
                    .iter()
                    .map(|Tongue { language, text }| json!({ "language": language.code(), "text": text }))
                    .collect();
                let files: Vec<Value> = files
                    .iter()
                    .map(|file| json!({ "name": file.name, "bytes": file.size, "sha384": file.digest.to_string() }))
                    .collect();
                json!({ "texts": texts, "marking": marking, "machine": machine, "files": files })
            }
        }
    }
}
