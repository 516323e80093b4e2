//! An exported record from a stranger, and proofs and notes as text.

use crate::world::{CHARTER, answer, bundles, node, ring};
use trialogue_record::inclusion::Inclusion;
use trialogue_record::item::VERSION;
use trialogue_record::note::{Checkpoint, Note, origin};
use trialogue_record::tree::root;
use trialogue_record::{Digest, Item, Root, Verifier, proof};

/// The bytes as a file: read as far as they go, verified, and told. Nothing that was not signed is believed.
pub fn file(data: &[u8]) -> bool {
    let mut verifier = Verifier::new((**CHARTER).clone());
    let (mut rest, mut taken) = (data, false);
    loop {
        match Item::decode(rest) {
            Ok(Some((item, len))) => {
                // What is taken has one encoding.
                assert_eq!(item.encode(), rest[..len]);
                if let Some(entry) = verifier.take(item) {
                    assert!(CHARTER.node(&entry.entry.entry().node).is_some());
                }
                taken = true;
                rest = &rest[len..];
            }
            Ok(None) => break,
            Err(_) => {
                verifier.unreadable();
                break;
            }
        }
    }
    for finding in verifier.finish().findings {
        assert!(!finding.to_string().is_empty());
    }
    taken
}

/// Entries of two nodes in one file.
pub fn file_seeds() -> Vec<Vec<u8>> {
    let mut items = vec![
        Item::Header { version: VERSION, node: node("usa-1"), charter: CHARTER.hash() },
        Item::Charter { charter: CHARTER.bytes().to_vec() },
    ];
    for party in ["jpn", "usa"] {
        for bundle in bundles(party, &[ring(), answer()]) {
            let certificate = bundle.bodies.first().map(|body| body.to_vec());
            items.push(Item::Entry { entry: bundle.entry, certificate });
        }
    }
    let mut digest = Digest::new();
    items.iter().for_each(|item| digest.add(&item.encode()));
    items.push(Item::End { items: items.len() as u64, digest: digest.hash(), seal: None });
    let small: Vec<u8> =
        items.iter().filter(|item| !matches!(item, Item::Charter { .. })).flat_map(Item::encode).collect();
    vec![items.iter().flat_map(Item::encode).collect(), small]
}

/// The bytes as a proof and as a note.
pub fn proof(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    if let Ok(note) = Note::parse(text) {
        let _ = note.verify(&CHARTER);
        return true;
    }
    let Ok(proof) = Inclusion::parse(text) else { return false };
    assert_eq!(proof.text(), text);
    if let Ok((entry, signers)) = proof.verify(&CHARTER) {
        assert!(!signers.is_empty() && entry.entry().seq == proof.index + 1);
    }
    true
}

/// A proof that holds, and its note.
pub fn proof_seeds() -> Vec<Vec<u8>> {
    let entries = bundles("usa", &[ring(), answer()]);
    let leaf = |entry: &[u8]| trialogue_journal::UnverifiedEntry::decode(entry).map(|entry| Root::of(entry.claim()));
    let leaves: Vec<Root> = entries.iter().map(|bundle| leaf(&bundle.entry).expect("an own entry")).collect();
    let usa = node("usa-1");
    let origin = origin(&CHARTER, &usa).expect("a node of the charter");
    let head = Checkpoint { origin, size: leaves.len() as u64, root: root(&leaves) };
    let signatures = ["usa-1", "jpn-1"].map(|by| {
        let by = node(by);
        head.sign(&CHARTER, &by, crate::world::XWING.journal(&by), 1_800_000_000).expect("a node of the charter")
    });
    let note = Note { checkpoint: head, signatures: signatures.into() };
    let path = proof::inclusion(&leaves, 1).expect("there is one");
    let proof = Inclusion { entry: entries[1].entry.clone(), index: 1, path, note: note.clone() };
    assert!(proof.verify(&CHARTER).is_ok_and(|(_, signers)| signers.len() == 2));
    vec![proof.text().into_bytes(), note.text().into_bytes()]
}
