//! Charters, certificates, and signed bytes of either kind.

use crate::vectors;
use crate::world::{CNSA2, DEVICES, XWING, node};
use std::sync::LazyLock;
use trialogue_charter::cose::{Many, Signed1, domain, sign1};
use trialogue_charter::fixture::{self, charter};
use trialogue_charter::limits::CHARTER_MAX;
use trialogue_charter::{
    ClaimedRequest, DeviceCertificate, OfficerAct, OfficerRequest, PartyId, Revocation, Suite, UnverifiedCharter,
    Voucher,
};

/// Certificates that were really signed, under the charter with ML-DSA.
static CERTIFICATES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let own = [1, 2].map(|number| CNSA2.device("usa-leaders", number).1);
    vectors::charter("/device/certificate").into_iter().chain(own).collect()
});

/// Of USA's node.
static JOURNAL_KEY: LazyLock<[u8; 32]> = LazyLock::new(|| XWING.journal(&node("usa-1")).public().ed25519);

/// The bytes, and the bytes as the payload of something that nobody has signed.
fn bare_and_wrapped(data: &[u8]) -> [Vec<u8>; 2] {
    [data.to_vec(), Many::new(data.to_vec()).encode()]
}

/// A charter from a stranger: the signed file, and its content as if a file held it.
pub fn decode(data: &[u8]) -> bool {
    let mut taken = false;
    for bytes in bare_and_wrapped(data) {
        if let Ok(charter) = UnverifiedCharter::decode(&bytes) {
            // What is taken has one encoding.
            assert_eq!(charter.encode(), bytes);
            assert_eq!(charter.verify(None).is_ok(), charter.missing().is_empty());
            taken = true;
        }
    }
    taken
}

/// Charters: of all, of some, of nobody, and their payloads alone.
pub fn decode_seeds() -> Vec<Vec<u8>> {
    let unsigned = UnverifiedCharter::draft(charter(Suite::XWing)).expect("fixture");
    let mut one = unsigned.clone();
    let party = one.claims().parties[0].id.clone();
    one.sign(&party, XWING.root(&party)).expect("fixture");
    let payload = Many::decode(&unsigned.encode(), CHARTER_MAX).expect("own").payload().to_vec();
    let mut seeds = vectors::charter("/charter/bytes");
    seeds.extend([XWING.charter.bytes().to_vec(), one.encode(), unsigned.encode(), payload]);
    seeds
}

/// A device certificate, a voucher, a revocation or an officer's request from a stranger, under a real charter: only
/// what was signed opens.
pub fn certificate(data: &[u8]) -> bool {
    let mut taken = false;
    for bytes in bare_and_wrapped(data) {
        if let Ok(voucher) = Voucher::open(&CNSA2.charter, &bytes) {
            // Signatures are deterministic, so whatever opens is what its root signs.
            assert_eq!(voucher.sign(CNSA2.root(&voucher.party)), bytes);
            taken = true;
        }
        if let Ok(claimed) = ClaimedRequest::decode(&bytes) {
            if let Ok(request) = claimed.verify(&CNSA2.charter, &node("usa-1")) {
                assert_eq!(request.sign(CNSA2.root(&request.party)), bytes);
            }
            taken = true;
        }
        if let Ok(claimed) = Revocation::claimed(&bytes) {
            if let Ok(revocation) = Revocation::open(&CNSA2.charter, &bytes) {
                assert_eq!(revocation, claimed);
                assert_eq!(revocation.sign(CNSA2.root(&revocation.party)), bytes);
            }
            taken = true;
        }
        if DeviceCertificate::verify(&CNSA2.charter, &bytes).is_ok() {
            assert!(CERTIFICATES.contains(&bytes), "a certificate that nobody has signed");
            taken = true;
        }
    }
    taken
}

/// Certificates, vouchers, a revocation, and what an officer asks.
pub fn certificate_seeds() -> Vec<Vec<u8>> {
    let vouchers = ["jpn-duty", "usa-leaders"].map(|office| {
        let voucher = CNSA2.enrolment(office, 1).voucher(&CNSA2.charter).expect("fixture");
        voucher.sign(CNSA2.root(&voucher.party))
    });
    let party = PartyId::new("USA").expect("fixture");
    let request = OfficerRequest { party, node: node("usa-1"), nonce: [7; 32], act: OfficerAct::Devices };
    let asked = request.sign(CNSA2.root(&request.party));
    let revoked = fixture::revocation("USA", &DEVICES[0].1.id());
    CERTIFICATES.iter().cloned().chain(vouchers).chain([asked, revoked]).collect()
}

/// Signed bytes of either kind.
pub fn signed(data: &[u8]) -> bool {
    let key = XWING.journal(&node("usa-1"));
    let read = Signed1::parse(data);
    if let Ok(read) = &read {
        assert_eq!(read.bytes(), data);
        assert!(!read.holds(&[7; 32], domain::ENTRY));
        if read.holds(&JOURNAL_KEY, domain::ENTRY) {
            assert_eq!(sign1(key, domain::ENTRY, read.payload()), data, "signed, yet not what the signer writes");
        }
    }
    let many = Many::decode(data, 1 << 20);
    if let Ok(many) = &many {
        assert_eq!(many.encode(), data);
    }
    read.is_ok() || many.is_ok()
}

/// One signature, several, none.
pub fn signed_seeds() -> Vec<Vec<u8>> {
    let mut seeds = vectors::charter("/device/statement/bytes");
    seeds.extend(vectors::journal("signed").into_iter().take(3));
    seeds.push(sign1(XWING.journal(&node("usa-1")), domain::ENTRY, b"an entry"));
    seeds.push(Many::new(b"by nobody".to_vec()).encode());
    seeds.push(DEVICES[0].2.clone());
    seeds
}
