//! An Ed25519 key stands in a charter, a certificate or a key file in its one encoding and is no point of small order,
//! for which signatures could be made by anybody.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use trialogue_charter::cose::{Many, domain};
use trialogue_charter::fixture::{self, Trilateral};
use trialogue_charter::keyfile::{NodePublic, NodeSecret, PartyPublic, RootSecret};
use trialogue_charter::*;

/// Points of small order in every encoding that a lenient reader takes (RFC 8032 §5.1.3 has one for each): order 1, 2,
/// 4 and 8, with y and y + p, and with a sign at x = 0.
const SMALL: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
];

/// All of them, and every y from p to 2^255 - 1 with both signs: second encodings of points whose first one is fine.
fn refused() -> Vec<[u8; 32]> {
    let mut all: Vec<[u8; 32]> = SMALL.iter().map(|text| hex::decode(text).unwrap().try_into().unwrap()).collect();
    for low in 0xed..=0xff {
        for sign in [0x7f, 0xff] {
            let mut key = [0xff; 32];
            (key[0], key[31]) = (low, sign);
            all.push(key);
        }
    }
    all
}

fn unsound(change: impl FnOnce(&mut Charter)) {
    let mut charter = fixture::charter(Suite::Cnsa2);
    change(&mut charter);
    let error = UnverifiedCharter::draft(charter).unwrap_err();
    assert!(matches!(error, CharterError::Unsound(Unsound::Key { .. })), "{error}");
}

#[test]
fn no_charter_has_such_a_key() {
    for key in refused() {
        unsound(|charter| charter.parties[1].root.ed25519 = key);
        unsound(|charter| charter.nodes[1].journal.ed25519 = key);
        unsound(|charter| charter.nodes[1].link = key);
    }
}

/// A certificate that a fixture's device has, with what it and its voucher say.
fn certificate(three: &Trilateral) -> (DeviceCertificate, Voucher) {
    let (_, certificate, _) = three.device("usa-duty", 1);
    let signed = Many::decode(&certificate, limits::CERTIFICATE_MAX).unwrap();
    let said: DeviceCertificate = minicbor::decode(signed.payload()).unwrap();
    let voucher = Voucher::open(&three.charter, &said.voucher).unwrap();
    (said, voucher)
}

/// As `said`, with this voucher and signed with this one-time key.
fn certify(three: &Trilateral, mut said: DeviceCertificate, voucher: &Voucher, key: &HybridSecret) -> Vec<u8> {
    said.voucher = voucher.sign(three.root(&voucher.party));
    said.possession = three.device("usa-duty", 1).0.possess(&said.voucher);
    let mut signed = Many::new(minicbor::to_vec(&said).unwrap());
    signed.sign(domain::DEVICE, &voucher.id.0, key);
    signed.encode()
}

#[test]
fn no_device_has_such_a_key() {
    let three = Trilateral::new(Suite::XWing);
    let (mut said, mut voucher) = certificate(&three);
    let key = HybridSecret::from_seed(&[9; 32]);
    said.voucher_key = key.public();
    voucher.key = key.public().fingerprint();
    assert!(DeviceCertificate::verify(&three.charter, &certify(&three, said.clone(), &voucher, &key)).is_ok());
    for small in refused() {
        said.device.ed25519 = small;
        let bent = certify(&three, said.clone(), &voucher, &key);
        assert_eq!(DeviceCertificate::verify(&three.charter, &bent).unwrap_err(), CertificateError::DeviceKey);
    }
}

#[test]
fn no_voucher_is_for_such_a_key() {
    let three = Trilateral::new(Suite::XWing);
    let (mut said, mut voucher) = certificate(&three);
    let key = HybridSecret::from_seed(&[9; 32]);
    said.voucher_key = key.public();
    for small in refused() {
        said.voucher_key.ed25519 = small;
        voucher.key = said.voucher_key.fingerprint();
        let bent = certify(&three, said.clone(), &voucher, &key);
        assert_eq!(DeviceCertificate::verify(&three.charter, &bent).unwrap_err(), CertificateError::OtherKey);
    }
}

#[test]
fn no_key_file_has_such_a_key() {
    let name = Texts { en: "Japan".into(), ja: "日本".into(), ko: "일본".into() };
    let root = RootSecret { party: PartyId::new("JPN").unwrap(), key: HybridSecret::from_seed(&[5; 32]) };
    let node = NodeSecret::generate(NodeId::new("jpn-1").unwrap(), &[6; 64]);
    for key in refused() {
        let mut party = PartyPublic::of(&root, name.clone());
        party.0.root.ed25519 = key;
        assert!(PartyPublic::parse(&party.to_text()).unwrap_err().what.starts_with("root-ed25519"));
        let mut public = NodePublic::of(&node, root.party.clone(), vec!["node.example.jp:4460".to_owned()]);
        public.0.link = key;
        assert!(NodePublic::parse(&public.to_text()).unwrap_err().what.starts_with("link-ed25519"));
    }
}

#[test]
fn such_a_key_has_signed_nothing() {
    // R = the neutral element, s = 0: with a key of small order that holds for a lenient reader, for one message in
    // eight or for all.
    let mut signature = [0; 64];
    signature[0] = 1;
    for key in refused() {
        for message in 0..16u8 {
            assert!(!ed25519_holds(&key, &[message], &signature));
        }
    }
}
