//! Entries and statements from a stranger, and payloads that a faulty signer has signed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use trialogue_charter::cose::{domain, sign1};
use trialogue_charter::fixture::Trilateral;
use trialogue_charter::{NodeId, Suite};
use trialogue_journal::{UnverifiedEntry, UnverifiedStatement};

static THREE: LazyLock<Trilateral> = LazyLock::new(|| Trilateral::new(Suite::XWing));

fuzz_target!(|data: &[u8]| {
    let node = NodeId::new("usa-1").expect("fixture");
    for bytes in [data.to_vec(), sign1(THREE.journal(&node), domain::ENTRY, data)] {
        if let Ok(entry) = UnverifiedEntry::decode(&bytes) {
            let payload = entry.claim().payload();
            if let Ok(verified) = entry.verify(&THREE.charter) {
                // What is taken has one encoding.
                assert_eq!(verified.entry().sign(THREE.journal(&verified.entry().node)).0, bytes);
                assert_eq!(verified.entry().payload(), payload);
            }
        }
        if let Ok(statement) = UnverifiedStatement::decode(&bytes) {
            assert!(statement.claim().payload().len() < bytes.len());
        }
    }
});
