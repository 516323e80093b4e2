//! Is a record whole and as it was signed?

use super::{code, read};
use crate::Failure;
use std::path::Path;
use std::process::ExitCode;
use trialogue_charter::VerifiedCharter;
use trialogue_record::utc::Utc;
use trialogue_record::verify::Journal;
use trialogue_record::{Finding, Mark, Report, Verifier, Weight};

pub(super) fn verify(file: &Path, charter: VerifiedCharter, evidence: bool) -> Result<ExitCode, Failure> {
    let mut verifier = Verifier::new(charter);
    read(file, &mut verifier, |_, _| {})?;
    let report = verifier.finish();
    for journal in &report.journals {
        println!("{:<24} {:>9} entries  root {}", journal.node.to_string(), journal.entries, journal.root);
        println!("{:<24} last entry at {}, by its own clock", "", Utc(journal.last_ms));
        println!("{:<24} {}", "", safety(journal));
    }
    for node in &report.absent {
        println!("{:<24} no entry in this file, although the node is in service", node.to_string());
    }
    for (why, count) in &report.ignored {
        println!("{count} entries changed nothing: {why}.");
    }
    if let (Some(node), Some(time_ms)) = (&report.node, report.sealed_ms) {
        println!(
            "The whole file was signed by {node} at {}, by its own clock, with Ed25519 and ML-DSA-87.",
            Utc(time_ms)
        );
        println!("Of the others' journals that signature is the word of {node} alone, and not counted above.");
    }
    findings(&report, evidence, |line| println!("{line}"));
    Ok(code(report.weight()))
}

/// From when on which part of a journal is out of a quantum computer's reach.
fn safety(journal: &Journal) -> String {
    let said = |mark: &Mark| {
        format!("entries 1 to {} since {} by {}, by its own clock", mark.size, Utc(mark.time_ms), mark.by)
    };
    let covered = &journal.covered;
    let first = covered.first.iter().filter(|first| covered.own.as_ref() != Some(*first));
    let all: Vec<String> = first.chain(&covered.own).chain(&covered.other).map(said).collect();
    let reach = covered.own.iter().chain(&covered.other).map(|mark| mark.size).max().unwrap_or(0);
    let rest = match journal.entries.saturating_sub(reach) {
        0 => String::new(),
        count => format!("; the last {count} by Ed25519 alone"),
    };
    if all.is_empty() {
        "signed by Ed25519 alone".to_owned()
    } else {
        format!("signed with ML-DSA-87: {}{rest}", all.join(", "))
    }
}

/// What is wrong, the gravest first, and a last sentence that says it all.
pub(super) fn findings(report: &Report, evidence: bool, mut say: impl FnMut(String)) {
    for finding in &report.findings {
        let heading = match finding.weight() {
            Weight::Incomplete => "MISSING",
            Weight::Altered => "ALTERED",
            Weight::Proof => "PROOF",
        };
        say(format!("{heading}: {finding}."));
        if let Finding::TwoHistories { one, other, .. } = finding
            && evidence
        {
            say(format!("  one:   {}", hex::encode(one)));
            say(format!("  other: {}", hex::encode(other)));
        }
    }
    if report.more > 0 {
        say(format!("And {} more of the kind.", report.more));
    }
    for (node, count) in &report.not_shown {
        say(format!(
            "{count} entries of {node} were verified and are not shown: its party has left, and they count for nothing. An older charter (--charter) with a record of that time shows them."
        ));
    }
    let apart = report.clocks.apart();
    for one in &apart {
        say(format!("CLOCK: {one}."));
    }
    let entries = format!("{} entries, {} signed heads", report.entries, report.heads);
    say(match report.weight() {
        None if apart.is_empty() => {
            format!("All holds: {entries}; every signature, every chain and every head agrees.")
        }
        None => {
            format!(
                "All holds but times: {entries}; every signature, every chain and every head agrees, clocks do not."
            )
        }
        Some(Weight::Incomplete) => {
            format!("Incomplete: {entries} hold, and something that was signed for is missing.")
        }
        Some(Weight::Altered) => format!("Altered: this file is not what was signed; {entries} in it hold."),
        Some(Weight::Proof) => format!("Somebody has signed what cannot be: {entries} in it hold, the rest is above."),
    });
}
