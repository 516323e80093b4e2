//! A charter counts only with both signatures of every party's root, and says which is missing.
#![allow(clippy::unwrap_used)]

use trialogue_charter::cose::{Algorithm, Fault, Many, domain};
use trialogue_charter::fixture::{self, Trilateral};
use trialogue_charter::*;

fn party(id: &str) -> PartyId {
    PartyId::new(id).unwrap()
}

fn signed_by(parties: &[&str]) -> UnverifiedCharter {
    let mut draft = UnverifiedCharter::draft(fixture::charter(Suite::Cnsa2)).unwrap();
    for id in parties {
        draft.sign(&party(id), &fixture::root(id)).unwrap();
    }
    draft
}

#[test]
fn all_three_sign_and_it_holds() {
    let signed = signed_by(&["USA", "JPN", "KOR"]);
    let charter = VerifiedCharter::open(&signed.encode(), Some(&fixture::root("KOR").public().fingerprint())).unwrap();
    assert_eq!(charter.hash(), signed.hash());
    assert_eq!(charter.bytes(), signed.encode());
    assert_eq!(charter.suite(), Suite::Cnsa2);
    assert_eq!(charter.node_index(&NodeId::new("kor-1").unwrap()), Some(1));
    assert_eq!(charter.node_at(2).unwrap().party, party("USA"));
    let on_line: Vec<_> = charter
        .offices_of_party_on_line(&party("JPN"), &LineId::new("duty").unwrap())
        .map(|office| office.id.as_str())
        .collect();
    assert_eq!(on_line, ["jpn-duty"]);
}

#[test]
fn the_order_of_signing_does_not_matter() {
    assert_eq!(signed_by(&["USA", "JPN", "KOR"]).encode(), signed_by(&["KOR", "USA", "JPN"]).encode());
}

#[test]
fn the_missing_signatures_are_named() {
    let partly = UnverifiedCharter::decode(&signed_by(&["USA", "JPN"]).encode()).unwrap();
    let missing = partly.missing();
    assert_eq!(
        missing,
        [(party("KOR"), Algorithm::Ed25519, Fault::Missing), (party("KOR"), Algorithm::MlDsa87, Fault::Missing)]
    );
    let error = partly.verify(None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the Ed25519 signature of party KOR is missing: its security officer must sign exactly this charter"
    );
}

#[test]
fn unsigned_is_refused() {
    let draft = signed_by(&[]);
    assert_eq!(draft.missing().len(), 6);
    assert!(matches!(draft.verify(None), Err(CharterError::Signature { fault: Fault::Missing, .. })));
}

#[test]
fn a_signature_of_another_party_is_not_taken_for_ones_own() {
    // KOR's places hold signatures that USA's root made for them.
    let mut swapped = Many::decode(&signed_by(&["USA", "JPN"]).encode(), 1 << 20).unwrap();
    swapped.sign(domain::CHARTER, b"KOR", &fixture::root("USA"));
    let error = VerifiedCharter::open(&swapped.encode(), None).unwrap_err();
    assert_eq!(
        error,
        CharterError::Signature { party: party("KOR"), algorithm: Algorithm::Ed25519, fault: Fault::Wrong }
    );
}

#[test]
fn a_signature_for_another_purpose_does_not_count() {
    let mut other = Many::decode(&signed_by(&["USA", "JPN"]).encode(), 1 << 20).unwrap();
    other.sign(domain::VOUCHER, b"KOR", &fixture::root("KOR"));
    assert!(matches!(
        VerifiedCharter::open(&other.encode(), None),
        Err(CharterError::Signature { fault: Fault::Wrong, .. })
    ));
}

#[test]
fn a_strangers_signature_is_refused() {
    let mut strange = Many::decode(&signed_by(&["USA", "JPN", "KOR"]).encode(), 1 << 20).unwrap();
    strange.sign(domain::CHARTER, b"PRK", &fixture::root("PRK"));
    assert_eq!(
        UnverifiedCharter::decode(&strange.encode()).unwrap_err(),
        CharterError::StrangeSignature("PRK".to_owned())
    );
}

#[test]
fn only_the_root_that_the_charter_names_can_sign() {
    let mut draft = signed_by(&[]);
    let usa = party("USA");
    assert_eq!(draft.sign(&usa, &fixture::root("JPN")).unwrap_err(), CharterError::NotTheRoot(usa));
    let none = party("AUS");
    assert_eq!(draft.sign(&none, &fixture::root("AUS")).unwrap_err(), CharterError::NoSuchParty(none));
}

#[test]
fn a_charter_of_others_is_refused_by_the_pin() {
    let charter = signed_by(&["USA", "JPN", "KOR"]);
    let pin = fixture::root("AUS").public().fingerprint();
    assert_eq!(charter.verify(Some(&pin)).unwrap_err(), CharterError::NotPinned(pin));
}

#[test]
fn the_fixture_serves_both_suites() {
    assert_eq!(Trilateral::new(Suite::XWing).charter.suite(), Suite::XWing);
}
