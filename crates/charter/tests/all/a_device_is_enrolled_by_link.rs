//! Root → voucher → device: a console enrols with a link, and nothing else can make a device of a party.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use std::sync::LazyLock;
use trialogue_charter::cose::{Algorithm, Fault, Many};
use trialogue_charter::fixture::{self, Trilateral};
use trialogue_charter::*;

static THREE: LazyLock<Trilateral> = LazyLock::new(|| Trilateral::new(Suite::Cnsa2));

fn office(id: &str) -> OfficeId {
    OfficeId::new(id).unwrap()
}

fn party(id: &str) -> PartyId {
    PartyId::new(id).unwrap()
}

/// A link signed by `root` for what it says, whoever may say so.
fn link(root: &str, of: &str, at: &str) -> EnrolmentLink {
    let name = PersonName::new("大平 正").unwrap();
    EnrolmentLink::issue(&fixture::root(root), party(of), office(at), name, 1_000, &[7; 48])
}

#[test]
fn a_link_makes_a_device() {
    let charter = &THREE.charter;
    let issued = link("JPN", "JPN", "jpn-duty");
    let url = format!("https://node.example/#{}", issued.to_fragment().as_str());
    assert!(url.len() < 8_000, "{} characters", url.len());
    let opened = EnrolmentLink::parse(&url).unwrap();
    assert_eq!(opened.root(), &fixture::root("JPN").public().fingerprint());
    assert_eq!(opened.voucher(charter).unwrap().person.as_str(), "大平 正");
    let secret = DeviceSecret::generate([3; 32]);
    let (bytes, device) = opened.certify(charter, &secret, 999).unwrap();
    assert_eq!(device, DeviceCertificate::verify(charter, &bytes).unwrap());
    assert_eq!((device.id, &device.party, &device.office), (secret.id(), &party("JPN"), &office("jpn-duty")));
    assert_eq!((device.person.as_str(), device.not_after_ms), ("大平 正", 1_000));
    for suite in [Suite::Cnsa2, Suite::XWing] {
        assert_eq!(secret.mls_key(suite).public, device.mls_public(suite));
    }
}

#[test]
fn a_name_is_not_in_debug_output() {
    let (_, _, device) = THREE.device("usa-leaders", 1);
    let text = format!("{device:?}");
    assert!(text.contains("[name]") && !text.contains(device.person.as_str()), "{text}");
}

const HERE: &str = "https://usa-1.example";

#[test]
fn a_device_answers_a_challenge_for_one_node_one_origin_and_one_nonce() {
    let (secret, _, device) = THREE.device("usa-duty", 1);
    let (usa, jpn) = (NodeId::new("usa-1").unwrap(), NodeId::new("jpn-1").unwrap());
    let proof = secret.prove(&usa, HERE, &[1; 32]);
    assert!(device.proves(&usa, HERE, &[1; 32], &proof));
    assert!(!device.proves(&usa, HERE, &[2; 32], &proof));
    assert!(!device.proves(&jpn, HERE, &[1; 32], &proof));
    // A site that hands on the challenge of another gets an answer that names the site, and is of no use there.
    assert!(!device.proves(&usa, "https://usa-2.example", &[1; 32], &proof));
    assert!(!device.proves(&usa, HERE, &[1; 32], &proof[..63]));
    assert!(!THREE.device("usa-duty", 2).2.proves(&usa, HERE, &[1; 32], &proof));
}

#[test]
fn a_statement_is_opened_with_its_devices_key_only() {
    let (secret, _, device) = THREE.device("usa-duty", 1);
    let signed = secret.sign_statement(b"ring");
    let read = cose::Signed1::parse(&signed).unwrap();
    assert_eq!(read.payload(), b"ring");
    assert!(device.stated(&read));
    assert!(!THREE.device("usa-duty", 2).2.stated(&read));
    assert!(!read.holds(&device.ed25519, cose::domain::ENTRY));
    for at in 0..signed.len() {
        let mut altered = signed.clone();
        altered[at] ^= 0x80;
        assert!(!cose::Signed1::parse(&altered).is_ok_and(|read| device.stated(&read)), "byte {at}");
    }
}

#[test]
fn a_party_cannot_enrol_for_another() {
    let error = link("USA", "JPN", "jpn-duty").voucher(&THREE.charter).unwrap_err();
    assert_eq!(error, CertificateError::Root(Algorithm::Ed25519, Fault::Wrong));
    let error = link("USA", "USA", "jpn-duty").voucher(&THREE.charter).unwrap_err();
    assert_eq!(error, CertificateError::NoSuchOffice { party: party("USA"), office: office("jpn-duty") });
    let error = link("AUS", "AUS", "aus-duty").voucher(&THREE.charter).unwrap_err();
    assert_eq!(error, CertificateError::NoSuchParty(party("AUS")));
}

#[test]
fn a_voucher_that_ran_out_certifies_nothing() {
    let secret = DeviceSecret::generate([3; 32]);
    let error = link("JPN", "JPN", "jpn-duty").certify(&THREE.charter, &secret, 1_001).map(|_| ()).unwrap_err();
    assert_eq!(error, CertificateError::Late);
}

#[test]
fn a_cut_link_is_refused() {
    let whole = THREE.enrolment("kor-duty", 1).to_fragment();
    for cut in [0, 5, 6, 7, whole.len() / 2, whole.len() - 1] {
        assert!(EnrolmentLink::parse(&whole[..cut]).is_err(), "{cut} characters");
    }
    assert!(EnrolmentLink::parse(&format!("https://x/#{}A", whole.as_str())).is_err());
    assert!(EnrolmentLink::parse(&"#".repeat(1 << 20)).is_err());
}

#[test]
fn no_altered_byte_of_a_certificate_passes() {
    let (_, bytes, _) = THREE.device("kor-leaders", 1);
    let len = bytes.len();
    for at in (0..300).chain((300..len).step_by(97)).chain(len - 40..len) {
        let mut altered = bytes.clone();
        altered[at] ^= 0x04;
        assert!(DeviceCertificate::verify(&THREE.charter, &altered).is_err(), "byte {at} of {len}");
    }
}

#[test]
fn names_that_mislead_are_refused() {
    for bad in ["", " a", "a ", "a\nb", "a\u{202e}b", "a\u{200b}b", &"x".repeat(81)] {
        assert!(PersonName::new(bad).is_err(), "{bad:?}");
    }
    assert!(PersonName::new("윤 서연").is_ok());
    assert!(PersonName::new("東".repeat(80)).is_ok());
}

proptest! {
    #[test]
    fn decoders_never_panic_on_noise(bytes in proptest::collection::vec(any::<u8>(), 0..512), text in "(#?enrol=)?[A-Za-z0-9_-]{0,200}") {
        let _ = Voucher::open(&THREE.charter, &bytes);
        let _ = DeviceCertificate::verify(&THREE.charter, &bytes);
        let _ = EnrolmentLink::parse(&text);
    }

    #[test]
    fn decoders_never_panic_on_damaged_content(at in any::<prop::sample::Index>(), with in proptest::collection::vec(any::<u8>(), 1..9)) {
        let mut payload = Many::decode(&THREE.device("usa-duty", 1).1, 1 << 20).unwrap().payload().to_vec();
        let at = at.index(payload.len());
        let end = (at + with.len()).min(payload.len());
        payload.splice(at..end, with);
        prop_assert!(DeviceCertificate::verify(&THREE.charter, &Many::new(payload.clone()).encode()).is_err());
        prop_assert!(Voucher::open(&THREE.charter, &Many::new(payload).encode()).is_err());
    }
}

#[test]
fn a_party_certifies_no_device_but_its_own() {
    // Public keys of a device of the USA stand in the journals; so does what it signed for its own voucher.
    let (secret, certificate, device) = THREE.device("usa-duty", 1);
    let keys = HybridPublic { ed25519: device.ed25519, ml_dsa_87: device.ml_dsa_87.clone() };
    let payload =
        trialogue_charter::cose::Many::decode(&certificate, limits::CERTIFICATE_MAX).unwrap().payload().to_vec();
    let own: DeviceCertificate = minicbor::decode(&payload).unwrap();
    assert_eq!(own.device, keys);
    for possession in [[0; 64], own.possession, secret.prove(&NodeId::new("jpn-1").unwrap(), "", &[0; 32])] {
        let forged = THREE.certificate_over("jpn-duty", keys.clone(), possession);
        assert_eq!(DeviceCertificate::verify(&THREE.charter, &forged), Err(CertificateError::Possession));
    }
}
