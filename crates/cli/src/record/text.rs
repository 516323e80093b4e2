//! A writing as plain signed data: what it says, in words, and everything that was signed about it, in one JSON file.

use super::contents::Shown;
use super::one::{Found, Named};
use super::text_pdf;
use crate::pdf::Paper;
use crate::{Failure, files};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::process::ExitCode;
use trialogue_charter::VerifiedCharter;
use trialogue_e2ee::writing::{Content, Tongue};
use trialogue_journal::Kind;
use trialogue_record::signed::{Checked, ENTRIES_MAX, Said, Signed, Word, check};
use trialogue_record::utc::Utc;

const FORMAT: &str = "trialogue signed text 1";
/// Most bytes of such a file: a content, and certificates and circles of all who said something about it.
const FILE_MAX: usize = 32 << 20;

/// The file. What it says in words is there for people; what is checked are the bytes beside it, and both must say the
/// same.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    texts: Vec<Text>,
    /// The content in its one encoding (spec/sealing.md §7), hexadecimal.
    content: String,
    entries: Vec<Entry>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Text {
    language: String,
    text: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    entry: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    certificate: Option<String>,
}

fn in_words(content: &Content) -> Vec<Text> {
    let Shown::Texts { texts, .. } = Shown::of(content.clone()) else { return Vec::new() };
    texts.into_iter().map(|Tongue { language, text }| Text { language: language.code().to_owned(), text }).collect()
}

pub(super) fn write(of: &Named, out: &Path) -> Result<ExitCode, Failure> {
    files::is_free(out)?;
    let Found { charter, content, entries, .. } = match of.find()? {
        Ok(found) => found,
        Err(code) => return Ok(code),
    };
    let bytes = content.encode();
    let checked = check((*charter).clone(), &entries, &bytes).map_err(|why| Failure::said(why.to_string()))?;
    let entry =
        |signed: Signed| Entry { entry: hex::encode(signed.entry), certificate: signed.certificate.map(hex::encode) };
    let file = File {
        format: FORMAT.to_owned(),
        texts: in_words(&content),
        content: hex::encode(&bytes),
        entries: entries.into_iter().map(entry).collect(),
    };
    let mut text = serde_json::to_string_pretty(&file).map_err(|why| Failure::said(why.to_string()))?;
    text.push('\n');
    files::write_new(out, text.as_bytes(), files::Access::Owner)?;
    say(&charter, &checked, &content);
    println!("\nWrote {}. Whoever has it and the charter checks it with `trialogue record check-text`.", out.display());
    Ok(ExitCode::SUCCESS)
}

pub(super) fn check_text(path: &Path, charter: VerifiedCharter, paper: Option<&Paper>) -> Result<ExitCode, Failure> {
    let bytes = files::read(path, FILE_MAX)?;
    let wrong = |why: &str| Failure::content(path, format!("this is no signed text of this version ({why})"));
    if bytes.len() > FILE_MAX {
        return Err(wrong("it is longer than 32 MB"));
    }
    let file: File = serde_json::from_slice(&bytes).map_err(|why| wrong(&why.to_string()))?;
    if file.format != FORMAT || file.entries.len() > ENTRIES_MAX {
        return Err(wrong("its format is another one"));
    }
    let bytes = |hex: &str| hex::decode(hex).map_err(|why| wrong(&why.to_string()));
    let content = bytes(&file.content)?;
    let signed = |entry: &Entry| -> Result<Signed, Failure> {
        Ok(Signed { entry: bytes(&entry.entry)?, certificate: entry.certificate.as_deref().map(bytes).transpose()? })
    };
    let entries: Vec<Signed> = file.entries.iter().map(signed).collect::<Result<_, _>>()?;
    let nothing = |why: &str| {
        println!("Proves nothing: {why}.");
        if paper.is_some() {
            println!("There is no PDF of what is not proved.");
        }
        Ok(ExitCode::from(super::ALTERED))
    };
    let checked = match check(charter.clone(), &entries, &content) {
        Ok(checked) => checked,
        Err(why) => return nothing(&why.to_string()),
    };
    let Some(content) = Content::decode(&content) else {
        return nothing("the content is in no form that this program knows; it may be of a newer one");
    };
    if in_words(&content) != file.texts {
        return nothing("the words in the file are not those that were signed: the file was altered");
    }
    say(&charter, &checked, &content);
    if let Some(paper) = paper {
        text_pdf::write(paper, &charter, &checked, &content)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn say(charter: &VerifiedCharter, checked: &Checked, content: &Content) {
    println!("Proved: {} on line {}, {}.", kind(checked).to_lowercase(), checked.line, checked.id);
    for sentence in sentences(charter, checked).iter().chain(&approval(checked)) {
        println!("{sentence}");
    }
    println!("{NO_REVOCATIONS}");
    println!("{}", Shown::of(content.clone()).as_text());
}

/// What such a file does not carry.
pub(super) const NO_REVOCATIONS: &str =
    "Whether a device among these was revoked is not looked at: the record says it.";

/// What it is.
pub(super) fn kind(checked: &Checked) -> &'static str {
    match checked.written.kind {
        Kind::Message => "A message",
        Kind::Translation => "A translation",
        Kind::Readout => "A joint text",
        Kind::ReadBack => "A message read back",
    }
}

/// Who wrote it, and who said what about it, when and where.
pub(super) fn sentences(charter: &VerifiedCharter, checked: &Checked) -> Vec<String> {
    let sentence = |said: &Said| {
        let word = match said.word {
            Word::Wrote => "Written",
            Word::Approved => "Approved",
            Word::Certified => "Certified",
            Word::Acknowledged => "Acknowledged",
        };
        let office = charter.office(&said.office).map_or(said.office.as_str(), |office| office.title.en.as_str());
        format!(
            "{word} by {} {office} ({}), {}  [{} {}]",
            said.party,
            said.person,
            Utc(said.time_ms),
            said.node,
            said.seq
        )
    };
    checked.said.iter().map(sentence).collect()
}

/// Of a joint text: who has approved it, and of whom the file has no approval. It may have been left out by whoever
/// handed it on.
pub(super) fn approval(checked: &Checked) -> Option<String> {
    if checked.written.kind != Kind::Readout {
        return None;
    }
    if checked.not_approved.is_empty() {
        return Some("Every party of the line has approved these very words.".to_owned());
    }
    let missing: Vec<&str> = checked.not_approved.iter().map(|party| party.as_str()).collect();
    Some(format!("This file has no approval by: {} (it may have been left out).", missing.join(", ")))
}
