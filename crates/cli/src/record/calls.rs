//! A record call by call.

use super::show::{Asked, lines_of};
use super::verify::findings;
use super::words::{self, Words};
use super::{code, read, zone};
use crate::Failure;
use serde_json::{Value, json};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;
use trialogue_charter::VerifiedCharter;
use trialogue_record::calls::{Call, Calls, Place, Present};
use trialogue_record::utc::Utc;
use trialogue_record::{Clocks, Verifier};

/// What is to be shown, and how.
pub(super) struct Wanted {
    pub(super) json: bool,
    pub(super) asked: Asked,
    pub(super) words: Words,
}

impl Wanted {
    /// A call that goes on into the time that is asked for is part of it.
    fn takes(&self, call: &Call) -> bool {
        let (began, ended) = call.span();
        self.asked.until.is_none_or(|until| began < until)
            && self.asked.since.is_none_or(|since| ended.is_none_or(|ended| ended >= since))
            && self.asked.line.as_ref().is_none_or(|line| call.line == *line)
    }
}

pub(super) fn show(file: &Path, charter: VerifiedCharter, wanted: &Wanted) -> Result<ExitCode, Failure> {
    let mut verifier = Verifier::new(charter);
    let mut calls = Calls::default();
    let mut lines = lines_of(verifier.state().charter());
    read(file, &mut verifier, |verifier, taken| calls.take(verifier.state(), &taken))?;
    lines.extend(lines_of(verifier.state().charter()));
    let calls = calls.finish();
    lines.extend(calls.iter().map(|call| call.line.clone()));
    wanted.asked.knows(&lines)?;
    let charter = verifier.charter().clone();
    let report = verifier.finish();
    let shown = Shown { wanted, charter: &charter, clocks: &report.clocks };
    let mut out = BufWriter::new(std::io::stdout().lock());
    for call in calls.iter().filter(|call| wanted.takes(call)) {
        let text = if wanted.json { shown.json(call).to_string() } else { shown.text(call) };
        // Whoever reads the first page of it and closes the pipe has read enough.
        if writeln!(out, "{text}").is_err() {
            break;
        }
    }
    let _ = out.flush();
    findings(&report, false, |line| eprintln!("{line}"));
    Ok(code(report.weight()))
}

struct Shown<'a> {
    wanted: &'a Wanted,
    charter: &'a VerifiedCharter,
    clocks: &'a Clocks,
}

impl Shown<'_> {
    fn time(&self, time: Utc) -> String {
        zone::shown(time, self.wanted.asked.zone.as_ref())
    }

    /// Where it stands, and whose clock contradicts its time.
    fn place(&self, at: &Place) -> String {
        let against = self.clocks.against(&at.node, at.seq);
        let against: String = against.iter().map(|other| format!(" · {other}")).collect();
        format!("{against}  [{} {}]", at.node, at.seq)
    }

    fn text(&self, call: &Call) -> String {
        let words = self.wanted.words;
        let (began, ended) = call.span();
        let line = self.charter.line(&call.line).map(|line| words.text(&line.name));
        let line = line.map_or_else(|| call.line.to_string(), |name| format!("{} ({})", name, call.line));
        let mut rows = vec![words.call(&line, &call.call.to_string(), &self.time(began), ended.map(|t| self.time(t)))];
        for rang in &call.rings {
            let who = words.who(self.charter, &rang.by);
            rows.push(
                format!("    {}", words.rang(&self.time(rang.at.time), &who, rang.precedence)) + &self.place(&rang.at),
            );
        }
        for answer in &call.answers {
            let party = words.party(self.charter, &answer.party);
            let said = words.outcome(&answer.outcome, |time| self.time(time));
            let row = words.answered(&self.time(answer.at.time), &party, &said);
            rows.push(format!("    {row}") + &self.place(&answer.at));
        }
        rows.extend(call.present.iter().map(|part| self.part(part)));
        rows.join("\n")
    }

    fn part(&self, part: &Present) -> String {
        let words = self.wanted.words;
        let who = words.who(self.charter, &part.who);
        let from = self.time(part.from.time);
        let until = part.until.as_ref().map(|(at, how)| {
            let lasted = at.time.0.saturating_sub(part.from.time.0);
            (self.time(at.time), words.length(lasted), *how)
        });
        let end = part.until.as_ref().map_or_else(String::new, |(at, _)| self.place(at));
        format!("    {}{}{end}", words.present(&who, &from, until), self.place(&part.from))
    }

    fn json(&self, call: &Call) -> Value {
        let (began, ended) = call.span();
        let local = |time: Utc| self.wanted.asked.zone.as_ref().and_then(|zone| zone.rfc3339(time));
        let place = |at: &Place| json!({ "time": at.time.rfc3339(), "local": local(at.time), "node": at.node.as_str(), "position": at.seq });
        let person = |who: &trialogue_record::calls::Person| {
            let office = self.charter.office(&who.office).map(|office| self.wanted.words.text(&office.title));
            json!({ "party": who.party.as_str(), "office": who.office.as_str(), "title": office, "person": who.name })
        };
        let rings: Vec<Value> = call
            .rings
            .iter()
            .map(|rang| json!({ "at": place(&rang.at), "by": person(&rang.by), "precedence": words::key(rang.precedence) }))
            .collect();
        let answers: Vec<Value> = call
            .answers
            .iter()
            .map(|answer| {
                let (outcome, why, then) = words::outcome_keys(&answer.outcome);
                json!({ "at": place(&answer.at), "party": answer.party.as_str(), "outcome": outcome, "reason": why,
                    "then": then.map(Utc::rfc3339) })
            })
            .collect();
        let present: Vec<Value> = call
            .present
            .iter()
            .map(|part| {
                let until = part.until.as_ref().map(|(at, _)| place(at));
                let ended = part.until.as_ref().map(|(_, how)| words::ended_key(*how));
                json!({ "who": person(&part.who), "from": place(&part.from), "until": until, "ended": ended })
            })
            .collect();
        json!({
            "line": call.line.as_str(),
            "call": call.call.to_string(),
            "began": began.rfc3339(),
            "ended": ended.map(Utc::rfc3339),
            "rings": rings,
            "answers": answers,
            "present": present,
        })
    }
}
