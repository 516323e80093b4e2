//! One signed text as a PDF: the words, who stands behind them, and by what they are found in the record. Only what was
//! proved is made into one.

use super::contents::Shown;
use super::text::{NO_REVOCATIONS, approval, kind, sentences};
use crate::Failure;
use crate::pdf::{Paper, Sheet};
use trialogue_charter::{Hash, VerifiedCharter};
use trialogue_e2ee::writing::Content;
use trialogue_journal::Language;
use trialogue_record::signed::Checked;

pub(super) fn write(
    paper: &Paper,
    charter: &VerifiedCharter,
    checked: &Checked,
    content: &Content,
) -> Result<(), Failure> {
    let kind = kind(checked);
    let mut sheet = paper.sheet(&format!("{kind} on line {} · {}", checked.line, beginning(&checked.id)))?;
    sheet.title(&format!("{kind} on line {}", checked.line))?;
    let written = &checked.written;
    sheet.hash("Id", &checked.id.to_string())?;
    sheet.hash("Digest", &written.digest.to_string())?;
    if let Some(about) = written.about {
        sheet.hash("About", &about.to_string())?;
    }
    if let Some(writer) = checked.said.first() {
        sheet.pair("Position", &format!("{} in the journal of {}", writer.seq, writer.node))?;
    }
    sheet.hash("Charter", &charter.hash().to_string())?;
    sheet.pair("", &format!("serial {}, of {}", charter.serial, parties(charter)))?;
    sheet.gap();
    shown(&mut sheet, &Shown::of(content.clone()))?;
    for sentence in sentences(charter, checked) {
        sheet.line(&sentence)?;
    }
    if let Some(approval) = approval(checked) {
        sheet.notice(&approval)?;
    }
    sheet.gap();
    sheet.line(NO_REVOCATIONS)?;
    sheet.line(
        "Times are claims of the nodes that wrote them. This page is for reading: what proves is the file of which it was made, which anybody checks with the \
         charter (trialogue record check-text).",
    )?;
    paper.write(sheet)
}

/// Enough of a hash to tell pages of different documents apart; whole it stands on the first page.
pub(super) fn beginning(hash: &Hash) -> String {
    let mut text = hash.to_string();
    text.truncate(16);
    text + "…"
}

fn parties(charter: &VerifiedCharter) -> String {
    let all: Vec<&str> = charter.parties.iter().map(|party| party.id.as_str()).collect();
    all.join(", ")
}

/// What was written, or why it is not there.
pub(super) fn shown(sheet: &mut Sheet<'_>, content: &Shown) -> Result<(), Failure> {
    match content {
        Shown::None(why) => sheet.aside(&format!("[{why}]")),
        Shown::Texts { texts, marking, machine, files } => {
            if !marking.is_empty() {
                sheet.words("Marking", Language::En, marking)?;
            }
            for tongue in texts {
                let language = match tongue.language {
                    Language::En => "English",
                    Language::Ja => "Japanese (日本語)",
                    Language::Ko => "Korean (한국어)",
                };
                let by = if *machine { ", made by a machine" } else { "" };
                sheet.words(&format!("{language}{by}"), tongue.language, &tongue.text)?;
            }
            if !files.is_empty() {
                let names: Vec<String> = files
                    .iter()
                    .map(|file| format!("{} ({} bytes, SHA-384 {})", file.name, file.size, file.digest))
                    .collect();
                sheet.words("Attached", Language::En, &names.join("\n"))?;
            }
            Ok(())
        }
    }
}
