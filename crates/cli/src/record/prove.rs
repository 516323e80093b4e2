//! A proof of one entry, to be handed to somebody who gets nothing else.

use super::verify::findings;
use super::{code, read};
use crate::{Failure, files};
use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use trialogue_charter::keyfile::NodeSecret;
use trialogue_charter::limits::CHARTER_MAX;
use trialogue_charter::{NodeId, VerifiedCharter};
use trialogue_journal::Body;
use trialogue_node::Config;
use trialogue_record::inclusion::Inclusion;
use trialogue_record::limits::PROOF_MAX;
use trialogue_record::note::{Checkpoint, Note, origin};
use trialogue_record::timeline::Timeline;
use trialogue_record::utc::Utc;
use trialogue_record::{Verifier, proof, tree};

pub(super) fn prove(
    file: &Path,
    config: &Config,
    node: &NodeId,
    position: u64,
    out: &Path,
) -> Result<ExitCode, Failure> {
    let bytes = files::read(&config.charter, CHARTER_MAX)?;
    let charter = VerifiedCharter::open(&bytes, Some(&config.party_root))
        .map_err(|why| Failure::content(&config.charter, why))?;
    let key = NodeSecret::parse(&files::read_text(&config.node_key)?)
        .map_err(|why| Failure::content(&config.node_key, why))?;
    let mut verifier = Verifier::new(charter);
    let mut entry = None;
    read(file, &mut verifier, |_, taken| {
        if taken.entry.entry().node == *node && taken.entry.entry().seq == position {
            entry = Some(taken.entry.bytes().to_vec());
        }
    })?;
    let (charter, leaves) = (verifier.charter().clone(), verifier.leaves(node).to_vec());
    let report = verifier.finish();
    if report.weight().is_some() {
        // A node signs nothing that it has not verified.
        findings(&report, false, |line| eprintln!("{line}"));
        return Ok(code(report.weight()));
    }
    let nowhere =
        || Failure::said(format!("the record has no entry {position} of {node}: see `trialogue record show --all`"));
    let entry = entry.ok_or_else(nowhere)?;
    let index = usize::try_from(position.saturating_sub(1)).map_err(|_| nowhere())?;
    let path = proof::inclusion(&leaves, index).ok_or_else(nowhere)?;
    let other = || Failure::said(format!("the key file is not of {}: give the node's own configuration", config.node));
    let of_node = charter.node(&config.node).is_some_and(|known| known.journal == key.journal.public());
    if key.node != config.node || !of_node {
        return Err(other());
    }
    let head = Checkpoint {
        origin: origin(&charter, node).ok_or_else(nowhere)?,
        size: leaves.len() as u64,
        root: tree::root(&leaves),
    };
    let time_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let signature = head.sign(&charter, &config.node, &key.journal, time_s).ok_or_else(other)?;
    let proof =
        Inclusion { entry, index: index as u64, path, note: Note { checkpoint: head, signatures: vec![signature] } };
    files::write_new(out, proof.text().as_bytes(), files::Access::Everyone)?;
    println!(
        "Proved: entry {position} of {node}, in {}. Whoever has it and the charter checks it with `trialogue record check-proof`.",
        out.display()
    );
    Ok(ExitCode::SUCCESS)
}

pub(super) fn check(file: &Path, charter: &VerifiedCharter) -> Result<ExitCode, Failure> {
    let bytes = files::read(file, PROOF_MAX)?;
    let text = std::str::from_utf8(&bytes).map_err(|why| Failure::content(file, why))?;
    let proof = Inclusion::parse(text).map_err(|why| Failure::content(file, why))?;
    let (entry, signers) = match proof.verify(charter) {
        Ok(proved) => proved,
        Err(why) => {
            println!("Proves nothing: {why}.");
            return Ok(ExitCode::from(super::ALTERED));
        }
    };
    let head = &proof.note.checkpoint;
    let claim = entry.entry();
    println!(
        "Proved: entry {} of {}, in a journal of {} entries with root {}.",
        claim.seq, claim.node, head.size, head.root
    );
    for signer in signers {
        match signer.witnessed_s {
            None => println!("Signed by {}, whose journal it is.", signer.node),
            Some(s) => println!("Witnessed by {} at {}.", signer.node, Utc(s.saturating_mul(1_000))),
        }
    }
    let stated = matches!(claim.body, Body::Stated { .. });
    let node = claim.node.clone();
    let state = trialogue_journal::State::new(std::sync::Arc::new(charter.clone()));
    let taken = trialogue_record::Taken { entry, applied: Ok(trialogue_journal::Applied::Opened), certificate: None };
    let event = Timeline::default().event(&state, &taken);
    println!("{}: {} {}", event.time, event.party.as_ref().map_or("?", |party| party.as_str()), event.what);
    if stated {
        println!(
            "That {node} wrote this down is proved. That a console said it is not: its signature was not checked, because a proof carries no certificate; verify a record, or a text of `record text`."
        );
    }
    Ok(ExitCode::SUCCESS)
}
