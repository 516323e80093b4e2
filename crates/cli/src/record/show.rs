//! A record as a timeline.

use super::contents::{Contents, Shown};
use super::verify::findings;
use super::{code, read, timeline_pdf};
use crate::Failure;
use crate::pdf::Paper;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;
use trialogue_charter::{LineId, VerifiedCharter};
use trialogue_record::Verifier;
use trialogue_record::timeline::{Event, Timeline};
use trialogue_record::utc::Utc;

/// What is to be shown, and how.
pub(super) struct Wanted {
    pub(super) json: bool,
    pub(super) since: Option<Utc>,
    pub(super) until: Option<Utc>,
    pub(super) line: Option<LineId>,
    pub(super) all: bool,
    pub(super) contents: Option<Contents>,
}

impl Wanted {
    /// What was written, where it is asked for.
    pub(super) fn content(&self, event: &Event) -> Result<Option<Shown>, Failure> {
        let (Some(contents), Some((id, digest)), Some(line)) = (&self.contents, &event.writing, &event.line) else {
            return Ok(None);
        };
        contents.of(line, id, digest).map(Some)
    }

    fn takes(&self, event: &Event) -> bool {
        (self.all || !event.routine)
            && self.since.is_none_or(|since| event.time >= since)
            && self.until.is_none_or(|until| event.time < until)
            && (self.line.is_none() || event.line == self.line)
    }
}

pub(super) fn show(
    file: &Path,
    charter: VerifiedCharter,
    wanted: &Wanted,
    paper: Option<&Paper>,
) -> Result<ExitCode, Failure> {
    let trusted = (charter.serial, charter.hash());
    let mut verifier = Verifier::new(charter);
    let (mut timeline, mut events) = (Timeline::default(), Vec::new());
    let mut lines: BTreeSet<LineId> = verifier.state().charter().lines.iter().map(|line| line.id.clone()).collect();
    read(file, &mut verifier, |verifier, taken| {
        let event = timeline.event(verifier.state(), &taken);
        lines.extend(event.line.clone());
        if wanted.takes(&event) {
            events.push(event);
        }
    })?;
    lines.extend(verifier.state().charter().lines.iter().map(|line| line.id.clone()));
    // Nothing shown of a line that nobody has would read as if nothing had happened on it.
    if let Some(line) = wanted.line.as_ref().filter(|line| !lines.contains(line)) {
        let all: Vec<&str> = lines.iter().map(LineId::as_str).collect();
        return Err(Failure::said(format!("there is no line {line} in this record; its lines are {}", all.join(", "))));
    }
    // Nodes' clocks are claims; entries of one journal stay in their order where its clock was set back by less than an
    // entry.
    events.sort_by(|a, b| (a.time, &a.node, a.seq).cmp(&(b.time, &b.node, b.seq)));
    let report = verifier.finish();
    match paper {
        Some(paper) => timeline_pdf::write(paper, file, trusted, &report, wanted, &events)?,
        None => print(wanted, &events)?,
    }
    findings(&report, false, |line| eprintln!("{line}"));
    Ok(code(report.weight()))
}

fn print(wanted: &Wanted, events: &[Event]) -> Result<(), Failure> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for event in events {
        let content = wanted.content(event)?;
        let line = if wanted.json { as_json(event, content.as_ref()) } else { as_text(event, content.as_ref()) };
        // Whoever reads the first page of it and closes the pipe has read enough.
        if writeln!(out, "{line}").is_err() {
            break;
        }
    }
    let _ = out.flush();
    Ok(())
}

fn as_text(event: &Event, content: Option<&Shown>) -> String {
    let content = content.map_or_else(String::new, |content| format!("\n{}", content.as_text()));
    format!("{}  {}{content}", event.time, sentence(event))
}

/// Who did what, and where it stands.
pub(super) fn sentence(event: &Event) -> String {
    let who = match (&event.office, &event.person) {
        (Some(office), Some(person)) => format!("{office} ({person}) "),
        _ => String::new(),
    };
    let party = event.party.as_ref().map_or("?", |party| party.as_str());
    let line = event.line.as_ref().map_or_else(String::new, |line| format!(" · line {line}"));
    let call = event.call.as_ref().map_or_else(String::new, |call| format!(" · call {call:?}"));
    let ignored = event.ignored.as_ref().map_or_else(String::new, |why| format!(" · changed nothing: {why}"));
    format!("{party} {who}{}{line}{call}{ignored}  [{} {}]", event.what, event.node, event.seq)
}

fn as_json(event: &Event, content: Option<&Shown>) -> String {
    json!({
        "time": event.time.rfc3339(),
        "time_ms": event.time.0,
        "node": event.node.as_str(),
        "position": event.seq,
        "party": event.party.as_ref().map(|party| party.as_str()),
        "office": event.office,
        "person": event.person,
        "kind": event.kind,
        "line": event.line.as_ref().map(|line| line.as_str()),
        "call": event.call.as_ref().map(ToString::to_string),
        "what": event.what,
        "ignored": event.ignored,
        "writing": event.writing.map(|(id, _)| id.to_string()),
        "content": content.map(Shown::as_json),
    })
    .to_string()
}
