//! A record as a timeline.

use super::contents::{Contents, Shown};
use super::verify::findings;
use super::zone::{self, Zone};
use super::{code, read, timeline_pdf};
use crate::Failure;
use crate::pdf::Paper;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;
use trialogue_charter::{LineId, VerifiedCharter};
use trialogue_record::timeline::{Event, Timeline};
use trialogue_record::utc::Utc;
use trialogue_record::{Bracket, Clocks, Verifier};

/// Of when and where, and by which local time beside UTC.
#[derive(clap::Args)]
pub struct Asked {
    /// Only from this time on, UTC: 2026-11-23, or 2026-11-23T05:12.
    #[arg(long, value_parser = utc)]
    pub(super) since: Option<Utc>,
    /// Only before this time, UTC.
    #[arg(long, value_parser = utc)]
    pub(super) until: Option<Utc>,
    /// Only on this line.
    #[arg(long)]
    pub(super) line: Option<LineId>,
    /// Local time beside UTC: a distance from it, as +09:00, or a time zone, as Asia/Tokyo.
    #[arg(long, allow_hyphen_values = true)]
    pub(super) zone: Option<Zone>,
}

fn utc(text: &str) -> Result<Utc, String> {
    Utc::parse(text).ok_or_else(|| "give a time in UTC, as 2026-11-23 or 2026-11-23T05:12".to_owned())
}

impl Asked {
    /// Nothing shown of a line that nobody has would read as if nothing had happened on it.
    pub(super) fn knows(&self, lines: &BTreeSet<LineId>) -> Result<(), Failure> {
        let Some(line) = self.line.as_ref().filter(|line| !lines.contains(line)) else { return Ok(()) };
        let all: Vec<&str> = lines.iter().map(LineId::as_str).collect();
        Err(Failure::said(format!("there is no line {line} in this record; its lines are {}", all.join(", "))))
    }
}

/// The lines of a charter.
pub(super) fn lines_of(charter: &VerifiedCharter) -> BTreeSet<LineId> {
    charter.lines.iter().map(|line| line.id.clone()).collect()
}

/// What is to be shown, and how.
pub(super) struct Wanted {
    pub(super) json: bool,
    pub(super) asked: Asked,
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
            && self.asked.since.is_none_or(|since| event.time >= since)
            && self.asked.until.is_none_or(|until| event.time < until)
            && (self.asked.line.is_none() || event.line == self.asked.line)
    }

    /// When it happened.
    pub(super) fn time(&self, event: &Event) -> String {
        zone::shown(event.time, self.asked.zone.as_ref())
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
    let mut lines = lines_of(verifier.state().charter());
    read(file, &mut verifier, |verifier, taken| {
        let event = timeline.event(verifier.state(), &taken);
        lines.extend(event.line.clone());
        if wanted.takes(&event) {
            events.push(event);
        }
    })?;
    lines.extend(lines_of(verifier.state().charter()));
    wanted.asked.knows(&lines)?;
    // Nodes' clocks are claims; entries of one journal stay in their order where its clock was set back by less than an
    // entry.
    events.sort_by(|a, b| (a.time, &a.node, a.seq).cmp(&(b.time, &b.node, b.seq)));
    let report = verifier.finish();
    match paper {
        Some(paper) => timeline_pdf::write(paper, file, trusted, &report, wanted, &events)?,
        None => print(wanted, &events, &report.clocks)?,
    }
    findings(&report, false, |line| eprintln!("{line}"));
    Ok(code(report.weight()))
}

fn print(wanted: &Wanted, events: &[Event], clocks: &Clocks) -> Result<(), Failure> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for event in events {
        let content = wanted.content(event)?;
        let line = match wanted.json {
            true => as_json(wanted, event, content.as_ref(), clocks),
            false => as_text(wanted, event, content.as_ref(), clocks),
        };
        // Whoever reads the first page of it and closes the pipe has read enough.
        if writeln!(out, "{line}").is_err() {
            break;
        }
    }
    let _ = out.flush();
    Ok(())
}

fn as_text(wanted: &Wanted, event: &Event, content: Option<&Shown>, clocks: &Clocks) -> String {
    let content = content.map_or_else(String::new, |content| format!("\n{}", content.as_text()));
    format!("{}  {}{content}", wanted.time(event), sentence(event, clocks))
}

/// Who did what, where it stands, and whose clock contradicts its time.
pub(super) fn sentence(event: &Event, clocks: &Clocks) -> String {
    let who = match (&event.office, &event.person) {
        (Some(office), Some(person)) => format!("{office} ({person}) "),
        _ => String::new(),
    };
    let party = event.party.as_ref().map_or("?", |party| party.as_str());
    let line = event.line.as_ref().map_or_else(String::new, |line| format!(" · line {line}"));
    let call = event.call.as_ref().map_or_else(String::new, |call| format!(" · call {call:?}"));
    let ignored = event.ignored.as_ref().map_or_else(String::new, |why| format!(" · changed nothing: {why}"));
    let against: String = clocks.against(&event.node, event.seq).iter().map(|other| format!(" · {other}")).collect();
    format!("{party} {who}{}{line}{call}{ignored}{against}  [{} {}]", event.what, event.node, event.seq)
}

fn as_json(wanted: &Wanted, event: &Event, content: Option<&Shown>, clocks: &Clocks) -> String {
    let bound = |time: Option<Utc>| time.map(Utc::rfc3339);
    let against = |other: &Bracket| json!({ "by": other.by.as_str(), "after": bound(other.after), "before": bound(other.before) });
    let against: Vec<_> = clocks.against(&event.node, event.seq).iter().map(against).collect();
    json!({
        "time": event.time.rfc3339(),
        "time_ms": event.time.0,
        "local": wanted.asked.zone.as_ref().and_then(|zone| zone.rfc3339(event.time)),
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
        "clocks_against": against,
    })
    .to_string()
}
