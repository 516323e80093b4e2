//! A charter in plain words.

use super::{authority, missing_sentence};
use std::fmt::Write as _;
use trialogue_charter::{Suite, Texts, UnverifiedCharter};

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
    writeln!(out, "\nParties")?;
    for party in &charter.parties {
        writeln!(out, "  {:<8} {}", party.id, three(&party.name))?;
        writeln!(out, "           root {}", party.root.fingerprint())?;
    }
    writeln!(out, "\nNodes")?;
    for node in &charter.nodes {
        writeln!(out, "  {:<12} of {:<8} at {}", node.id, node.party, node.addresses.join(", "))?;
        if !node.origins.is_empty() {
            writeln!(out, "               consoles log in at {}", node.origins.join(", "))?;
        }
        writeln!(out, "               journal {}", node.journal.fingerprint())?;
        writeln!(out, "               link    {}", hex::encode(node.link))?;
    }
    authority::describe(out, charter)?;
    writeln!(out)?;
    match missing_sentence(signed) {
        Some(missing) => writeln!(out, "NOT VALID. {missing}"),
        None => writeln!(out, "Valid: every party's root has signed with Ed25519 and ML-DSA-87."),
    }
}

pub(super) fn three(texts: &Texts) -> String {
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
