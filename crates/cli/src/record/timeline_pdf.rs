//! A timeline as a PDF: first what was verified and what is left out, then what happened.

use super::show::{Wanted, sentence};
use super::text_pdf::{beginning, shown};
use super::verify::findings;
use crate::Failure;
use crate::pdf::{Paper, Sheet};
use std::path::Path;
use trialogue_charter::Hash;
use trialogue_record::Report;
use trialogue_record::timeline::Event;
use trialogue_record::utc::Utc;

pub(super) fn write(
    paper: &Paper,
    file: &Path,
    (serial, charter): (u64, Hash),
    report: &Report,
    wanted: &Wanted,
    events: &[Event],
) -> Result<(), Failure> {
    let whose = report.node.as_ref().map_or_else(|| "an unknown node".to_owned(), ToString::to_string);
    let mut sheet = paper.sheet(&format!("Record of {whose} · charter {serial}, {}", beginning(&charter)))?;
    sheet.title(&format!("Record of {whose}"))?;
    // The directory is of this machine, the name may be that of the parties.
    let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    sheet.pair("File", &name)?;
    sheet.hash("Charter", &charter.to_string())?;
    sheet.pair("", &format!("serial {serial}, as trusted by whoever made this"))?;
    verified(&mut sheet, report)?;
    sheet.gap();
    for sentence in left_out(wanted) {
        sheet.line(&sentence)?;
    }
    sheet.line(
        "Times are those of the node that wrote the entry: claims. In brackets: whose journal, and the position.",
    )?;
    sheet.gap();
    for event in events {
        sheet.event(&wanted.time(event), &sentence(event, &report.clocks))?;
        if let Some(content) = wanted.content(event)? {
            shown(&mut sheet, &content)?;
        }
    }
    sheet.gap();
    sheet.line(&format!("Entries shown: {}.", events.len()))?;
    paper.write(sheet)
}

/// What holds, what does not, and by which roots of journals another record can be compared.
fn verified(sheet: &mut Sheet<'_>, report: &Report) -> Result<(), Failure> {
    let mut said = Vec::new();
    findings(report, false, |sentence| said.push(sentence));
    if let Some(verdict) = said.pop() {
        sheet.notice(&verdict)?;
    }
    for finding in said {
        sheet.line(&finding)?;
    }
    sheet.gap();
    for journal in &report.journals {
        let last = Utc(journal.last_ms);
        sheet.line(&format!(
            "{}: {} entries, the last at {last} by its own clock, root {}",
            journal.node, journal.entries, journal.root
        ))?;
    }
    for node in &report.absent {
        sheet.line(&format!("{node}: no entry in this file, although the node is in service"))?;
    }
    Ok(())
}

/// What is not in it, though it is in the record.
fn left_out(wanted: &Wanted) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(since) = wanted.asked.since {
        all.push(format!("Only from {since} on."));
    }
    if let Some(until) = wanted.asked.until {
        all.push(format!("Only before {until}."));
    }
    if let Some(line) = &wanted.asked.line {
        all.push(format!("Only line {line}."));
    }
    if let Some(zone) = &wanted.asked.zone {
        all.push(format!("In brackets beside UTC: local time ({}).", zone.name()));
    }
    if !wanted.all {
        all.push("Without what machines say by the clock: keys, tests, who is on watch.".to_owned());
    }
    all.push(match wanted.contents {
        Some(_) => "What was written stands beside a rule, from a party's archive, each content held against what its writer has signed.".to_owned(),
        None => "Without what was written: contents are sealed, and no archive was given.".to_owned(),
    });
    all
}
