//! What people paste and copy: enrolment links, key files, addresses, ids, names.

use crate::vectors;
use crate::world::{CNSA2, XWING, node};
use std::sync::LazyLock;
use trialogue_charter::keyfile::{NodePublic, NodeSecret, PartyPublic, RootSecret, RootToken};
use trialogue_charter::text::{BadText, Form, clean, refuse};
use trialogue_charter::{DeviceSecret, EnrolmentLink, NodeId, PartyId, PersonName, is_address};

static DEVICE: LazyLock<DeviceSecret> = LazyLock::new(|| DeviceSecret::from_seed(&[5; 32]));

/// Any text; bytes that are none are passed over. Not taken: a text that is nothing but an id, a name or an address.
pub fn text(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let mut taken = false;
    if let Ok(link) = EnrolmentLink::parse(text) {
        let fragment = link.to_fragment();
        let again = EnrolmentLink::parse(&fragment).map(|link| link.to_fragment());
        assert!(again.is_ok_and(|again| *again == *fragment), "a link that is not read back");
        let known = link.voucher(&CNSA2.charter).is_ok();
        // A link whose voucher holds can be used; the other way round only charter and root can tell.
        assert!(link.certify_ahead(&DEVICE, 0).is_ok() || !known);
        taken = true;
    }
    if let Ok(root) = RootSecret::parse(text) {
        assert!(RootSecret::parse(&root.to_text()).is_ok_and(|again| again.party == root.party));
        taken = true;
    }
    if let Ok(root) = RootToken::parse(text) {
        assert_eq!(RootToken::parse(&root.to_text()), Ok(root));
        taken = true;
    }
    if let Ok(secret) = NodeSecret::parse(text) {
        assert!(NodeSecret::parse(&secret.to_text()).is_ok_and(|again| again.node == secret.node));
        taken = true;
    }
    if let Ok(party) = PartyPublic::parse(text) {
        assert_eq!(PartyPublic::parse(&party.to_text()), Ok(party));
        taken = true;
    }
    if let Ok(node) = NodePublic::parse(text) {
        assert_eq!(NodePublic::parse(&node.to_text()), Ok(node));
        taken = true;
    }
    let _ = is_address(text);
    let _ = NodeId::new(text);
    let _ = PersonName::new(text);
    for form in [Form::Name, Form::File, Form::Line, Form::Prose] {
        let cleaned = clean(text, form);
        assert_eq!(clean(&cleaned, form), cleaned, "cleaned twice");
        match refuse(&cleaned, form, usize::MAX) {
            Ok(()) | Err(BadText::Empty | BadText::Scripts { .. }) => {}
            Err(why) => panic!("a cleaned text does not pass: {why}"),
        }
        assert!(refuse(text, form, usize::MAX).is_err() || cleaned == text, "a text that passes was changed");
    }
    taken
}

/// Links and key files.
pub fn seeds() -> Vec<Vec<u8>> {
    let fragment = vectors::charter_texts("/device/link_fragment").remove(0);
    let mut texts = vectors::charter_texts("/key_files");
    texts.push(format!("https://jpn.example:8443/#{fragment}"));
    texts.push(fragment);
    texts.push(XWING.enrolment("usa-duty", 1).to_fragment().to_string());
    let secret = NodeSecret::generate(node("kor-1"), &[7; 64]);
    let party = PartyId::new("KOR").expect("fixture");
    let addresses = vec!["kor.example:4460".to_owned(), "[2001:db8::1]:4460".to_owned()];
    texts.push(NodePublic::of(&secret, party, addresses).to_text());
    texts.into_iter().map(String::into_bytes).collect()
}
