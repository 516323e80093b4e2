//! A charter in plain words.

use super::missing_sentence;
use std::fmt::Write as _;
use trialogue_charter::{Charter, Suite, Texts, UnverifiedCharter};

/// What the charter contains, for a person who decides whether to sign it.
pub fn show(charter: &UnverifiedCharter) -> String {
    let mut out = String::new();
    // Writing into a String cannot fail.
    let _ = describe(&mut out, charter);
    out
}

fn describe(out: &mut String, signed: &UnverifiedCharter) -> std::fmt::Result {
    let charter = signed.claims();
    writeln!(out, "Charter \"{}\", serial {}", charter.name, charter.serial)?;
    writeln!(out, "Content: {}", signed.hash())?;
    writeln!(out, "Keys:    {}", suite(charter.suite))?;
    let policy = &charter.policy;
    writeln!(
        out,
        "Policy:  a ring sounds {} s, unanswered for {} s it alerts people beyond the consoles; a console out of touch for {} s has left",
        policy.ring_seconds, policy.alert_seconds, policy.lost_seconds
    )?;
    match policy.escalate_seconds {
        0 => writeln!(out, "         it sounds at all of a party's offices on the line at once")?,
        seconds => writeln!(
            out,
            "         it sounds at a party's first office on the line, and every {seconds} s at the next one as well"
        )?,
    }
    writeln!(out, "\nParties")?;
    for party in &charter.parties {
        writeln!(out, "  {:<8} {}", party.id, three(&party.name))?;
        writeln!(out, "           root {}", party.root.fingerprint())?;
    }
    writeln!(out, "\nNodes")?;
    for node in &charter.nodes {
        writeln!(out, "  {:<12} of {:<8} at {}", node.id, node.party, node.addresses.join(", "))?;
        writeln!(out, "               journal {}", node.journal.fingerprint())?;
        writeln!(out, "               link    {}", hex::encode(node.link))?;
    }
    writeln!(out, "\nLines")?;
    for line in &charter.lines {
        writeln!(out, "  {} — {} [{}]", line.id, three(&line.name), line.marking)?;
        for office in &line.offices {
            let may = line.authority(office).unwrap_or_default().name();
            writeln!(out, "    {} may ring up to {may}", title(charter, office.as_str()))?;
        }
    }
    writeln!(out)?;
    match missing_sentence(signed) {
        Some(missing) => writeln!(out, "NOT VALID. {missing}"),
        None => writeln!(out, "Valid: every party's root has signed with Ed25519 and ML-DSA-87."),
    }
}

fn title(charter: &Charter, id: &str) -> String {
    match charter.offices.iter().find(|office| office.id.as_str() == id) {
        Some(office) => format!("{:<8} {:<24} {}", office.party, id, three(&office.title)),
        None => id.to_owned(),
    }
}

fn three(texts: &Texts) -> String {
    format!("{} · {} · {}", texts.en, texts.ja, texts.ko)
}

fn suite(id: u16) -> String {
    match Suite::of(id) {
        Some(Suite::Cnsa2) => {
            format!("cnsa2 ({id:#06x}): ML-KEM-1024, AES-256-GCM, SHA-384, ML-DSA-87 (CNSA 2.0)")
        }
        Some(Suite::XWing) => {
            format!("xwing ({id:#06x}): X-Wing hybrid, AES-256-GCM, SHA-384, Ed25519")
        }
        None => format!("unknown ({id:#06x})"),
    }
}
