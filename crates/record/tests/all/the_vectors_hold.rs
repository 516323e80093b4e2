//! The vectors of spec/record.md: trees and proofs over them, a record that holds, and a proof of one entry. Made anew
//! with `TRIALOGUE_WRITE_VECTORS=1`; then a second program, in another language, reads every vector of the
//! specification.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::file;

use file::{Held, NEXT, THREE, key, node, ours, sealed};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use trialogue_journal::UnverifiedEntry;
use trialogue_record::inclusion::Inclusion;
use trialogue_record::note::{Checkpoint, Note, origin};
use trialogue_record::{Item, Root, proof, tree};

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors")
}

/// Written when asked, compared otherwise.
fn held_to(name: &str, made: &Value) {
    let path = vectors().join(name);
    let text = serde_json::to_string_pretty(made).unwrap() + "\n";
    if std::env::var_os("TRIALOGUE_WRITE_VECTORS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let held = std::fs::read_to_string(&path).unwrap();
    assert!(held == text, "{name} is not what is made now: look at the change, then set TRIALOGUE_WRITE_VECTORS=1");
}

#[test]
fn trees_and_their_proofs() {
    let payloads: Vec<Vec<u8>> = (0..7u8).map(|number| vec![number; usize::from(number) * 3]).collect();
    let leaves: Vec<Root> = payloads.iter().map(|payload| Root::leaf(payload)).collect();
    let hex = |roots: Vec<Root>| roots.iter().map(Root::to_string).collect::<Vec<_>>();
    let proofs = |make: &dyn Fn(usize, usize) -> Value| {
        (1..=7).flat_map(|size| (0..size).map(move |at| (size, at))).map(|(size, at)| make(size, at)).collect::<Value>()
    };
    let inclusion = |size: usize, at: usize| {
        let path = proof::inclusion(&leaves[..size], at).unwrap();
        json!({"size": size, "index": at, "path": hex(path)})
    };
    let consistency = |size: usize, at: usize| {
        let path = proof::consistency(&leaves[..size], at + 1).unwrap();
        json!({"first": at + 1, "second": size, "path": hex(path)})
    };
    let made = json!({
        "payloads": payloads.iter().map(hex::encode).collect::<Vec<_>>(),
        "roots": hex((1..=7).map(|size| tree::root(&leaves[..size])).collect()),
        "inclusion": proofs(&inclusion),
        "consistency": proofs(&consistency),
    });
    held_to("tree.json", &made);
}

#[test]
fn a_record_and_a_proof() {
    let held = Held::with_evidence();
    let whole = sealed(&Held::new().items());
    let proven = sealed(&held.items());
    assert_eq!((ours(&whole, &THREE.charter).code, ours(&proven, &THREE.charter).code), (0, 5));
    let leaf = |at: usize| Root::of(UnverifiedEntry::decode(&held.entries[at].0).unwrap().claim());
    let leaves: Vec<Root> = (1..=6).map(|seq| leaf(held.at("usa-1", seq))).collect();
    let head = Checkpoint { origin: origin(&NEXT, &node("usa-1")).unwrap(), size: 6, root: tree::root(&leaves) };
    let sign = |by: &str| head.sign(&NEXT, &node(by), key(by), 1_800_000_000).unwrap();
    let note = Note { signatures: vec![sign("usa-1"), sign("jpn-1")], checkpoint: head.clone() };
    let entry = held.entries[held.at("usa-1", 3)].0.clone();
    let proof = Inclusion { entry, index: 2, path: proof::inclusion(&leaves, 2).unwrap(), note };
    assert!(proof.verify(&NEXT).is_ok());
    // Two charters stand in the file; the auditor has the first. The evidence, put before the entries, makes it a
    // record of two histories.
    let items = held.items();
    let evidence = items.iter().find(|item| matches!(item, Item::Evidence { .. })).unwrap();
    let made = json!({"whole": hex::encode(&whole), "evidence": hex::encode(evidence.encode()), "proof": proof.text()});
    held_to("record.json", &made);
}

#[test]
fn a_second_program_reads_every_vector() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/verifier/vectors.py");
    // With whatever packages the machine has, and with Python alone.
    for packages in [&["-B"][..], &["-B", "-S"]] {
        let output = Command::new("python3").args(packages).arg(&program).arg(vectors()).output().unwrap();
        assert!(output.status.success(), "{packages:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
