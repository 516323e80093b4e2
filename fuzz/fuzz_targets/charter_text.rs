//! What people paste and copy: enrolment links, key files, addresses, ids, names.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trialogue_charter::keyfile::{NodePublic, NodeSecret, PartyPublic, RootSecret};
use trialogue_charter::{EnrolmentLink, NodeId, PersonName, is_address};

fuzz_target!(|text: &str| {
    let _ = EnrolmentLink::parse(text);
    let _ = RootSecret::parse(text);
    let _ = NodeSecret::parse(text);
    if let Ok(party) = PartyPublic::parse(text) {
        assert_eq!(PartyPublic::parse(&party.to_text()), Ok(party));
    }
    if let Ok(node) = NodePublic::parse(text) {
        assert_eq!(NodePublic::parse(&node.to_text()), Ok(node));
    }
    let _ = is_address(text);
    let _ = NodeId::new(text);
    let _ = PersonName::new(text);
});
