//! A security officer asks the own node with the party's root. Nobody else is heard: not another party, not for another
//! node, not with half of the signatures, not with a word changed.
#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;
use trialogue_charter::cose::{Algorithm, Fault, Many, domain};
use trialogue_charter::fixture::{self, Trilateral};
use trialogue_charter::limits::OFFICER_MAX;
use trialogue_charter::*;

static THREE: LazyLock<Trilateral> = LazyLock::new(|| Trilateral::new(Suite::Cnsa2));

fn request(party: &str) -> OfficerRequest {
    OfficerRequest { party: PartyId::new(party).unwrap(), node: node("usa-1"), nonce: [7; 32], act: revoke() }
}

fn revoke() -> OfficerAct {
    OfficerAct::Revoke { revocation: fixture::revocation("USA", &DeviceId([9; 32])) }
}

fn node(id: &str) -> NodeId {
    NodeId::new(id).unwrap()
}

fn heard(bytes: &[u8], at: &str) -> Result<OfficerRequest, OfficerError> {
    ClaimedRequest::decode(bytes)?.verify(&THREE.charter, &node(at))
}

#[test]
fn the_partys_root_is_heard_at_its_own_node() {
    let proofs = OfficerAct::Proofs { devices: vec![DeviceId([9; 32]); limits::PROOFS_MAX] };
    for act in [OfficerAct::Devices, revoke(), proofs] {
        let request = OfficerRequest { act, ..request("USA") };
        let bytes = request.sign(&fixture::root("USA"));
        assert_eq!(ClaimedRequest::decode(&bytes).unwrap_or_else(|e| panic!("{e}")).nonce(), &[7; 32]);
        assert_eq!(heard(&bytes, "usa-1"), Ok(request));
        assert!(bytes.len() < OFFICER_MAX, "{} bytes", bytes.len());
    }
}

#[test]
fn another_partys_root_is_not() {
    let own_name = request("JPN").sign(&fixture::root("JPN"));
    assert_eq!(heard(&own_name, "usa-1"), Err(OfficerError::OtherParty(PartyId::new("JPN").unwrap())));
    let borrowed = request("USA").sign(&fixture::root("JPN"));
    assert_eq!(heard(&borrowed, "usa-1"), Err(OfficerError::Root(Algorithm::Ed25519, Fault::Wrong)));
}

#[test]
fn a_request_for_one_node_is_none_for_another() {
    let bytes = request("USA").sign(&fixture::root("USA"));
    assert_eq!(heard(&bytes, "jpn-1"), Err(OfficerError::OtherNode(node("usa-1"))));
}

#[test]
fn both_signatures_are_needed_and_for_this_purpose() {
    let root = fixture::root("USA");
    let signed = request("USA").sign(&root);
    let payload = Many::decode(&signed, OFFICER_MAX).unwrap().payload().to_vec();
    let unsigned = Many::new(payload.clone()).encode();
    assert_eq!(heard(&unsigned, "usa-1"), Err(OfficerError::Root(Algorithm::Ed25519, Fault::Missing)));
    let mut voucher = Many::new(payload);
    voucher.sign(domain::VOUCHER, b"USA", &root);
    assert_eq!(heard(&voucher.encode(), "usa-1"), Err(OfficerError::Root(Algorithm::Ed25519, Fault::Wrong)));
}

#[test]
fn no_word_of_it_can_be_changed() {
    let signed = request("USA").sign(&fixture::root("USA"));
    for at in 0..signed.len() {
        let mut altered = signed.clone();
        altered[at] ^= 1;
        assert!(heard(&altered, "usa-1").is_err(), "byte {at}");
    }
    assert!(matches!(heard(&vec![0; OFFICER_MAX + 1], "usa-1"), Err(OfficerError::Open(_))));
}

#[test]
fn more_proofs_than_an_answer_holds_are_refused() {
    let act = OfficerAct::Proofs { devices: vec![DeviceId([9; 32]); limits::PROOFS_MAX + 1] };
    let bytes = OfficerRequest { act, ..request("USA") }.sign(&fixture::root("USA"));
    assert_eq!(heard(&bytes, "usa-1"), Err(OfficerError::TooMany(limits::PROOFS_MAX + 1)));
}

#[test]
fn what_a_node_shows_of_a_device_proves_itself_or_counts_for_nothing() {
    let (_, certificate, device) = THREE.device("usa-duty", 1);
    let (_, others, other) = THREE.device("usa-duty", 2);
    let (_, strangers, stranger) = THREE.device("jpn-duty", 1);
    let usa = PartyId::new("USA").unwrap();
    let check = |id: &DeviceId, certificate: Option<&[u8]>, revocation: Option<Vec<u8>>| {
        DeviceProof { certificate: certificate.map(Into::into), revocation }.check(&THREE.charter, &usa, id)
    };
    let proven = |device: Option<&Device>, revoked| officer::Proven { device: device.cloned(), revoked };
    let revocation = |party, id: &DeviceId| Some(fixture::revocation(party, id));

    assert_eq!(check(&device.id, Some(&certificate), None), proven(Some(&device), false));
    assert_eq!(check(&device.id, Some(&certificate), revocation("USA", &device.id)), proven(Some(&device), true));
    // Nothing, another one's, another party's, and bytes.
    assert_eq!(check(&device.id, None, None), proven(None, false));
    assert_eq!(check(&device.id, Some(&others), revocation("USA", &other.id)), proven(None, false));
    assert_eq!(check(&stranger.id, Some(&strangers), revocation("JPN", &stranger.id)), proven(None, false));
    assert_eq!(check(&device.id, Some(b"certificate"), Some(b"revocation".to_vec())), proven(None, false));
    let mut changed = certificate.clone();
    changed[100] ^= 1;
    assert_eq!(check(&device.id, Some(&changed), revocation("JPN", &device.id)), proven(None, false));
}
