//! Entries and statements from a stranger, and payloads that a faulty signer has signed.

use crate::vectors;
use crate::world::{XWING, answer, bundles, node, ring};
use trialogue_charter::cose::{domain, sign1};
use trialogue_journal::{UnverifiedEntry, UnverifiedStatement};

/// The bytes, and the bytes as a payload that a node of the charter has signed.
pub fn entry(data: &[u8]) -> bool {
    let mut taken = false;
    for bytes in [data.to_vec(), sign1(XWING.journal(&node("usa-1")), domain::ENTRY, data)] {
        if let Ok(entry) = UnverifiedEntry::decode(&bytes) {
            let payload = entry.claim().payload();
            let _ = (entry.bodies(), entry.attached(), entry.writes());
            if let Ok(verified) = entry.verify(&XWING.charter) {
                // What is taken has one encoding.
                assert_eq!(verified.entry().sign(XWING.journal(&verified.entry().node)).0, bytes);
                assert_eq!(verified.entry().payload(), payload);
            }
            taken = true;
        }
        if let Ok(statement) = UnverifiedStatement::decode(&bytes) {
            assert!(statement.claim().payload().len() < bytes.len());
            taken = true;
        }
    }
    taken
}

/// Of the specification, and of the fixture's nodes.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vectors::journal("signed");
    seeds.extend(vectors::journal("payload"));
    seeds.extend(bundles("usa", &[ring(), answer()]).into_iter().map(|bundle| bundle.entry));
    seeds
}
