//! A revocation list is the word of one party's root, with both algorithms. It needs no witness: whoever has the charter can tell.
#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;
use trialogue_charter::cose::{Algorithm, Fault, Many, domain};
use trialogue_charter::fixture::{self, Trilateral};
use trialogue_charter::limits::{REVOCATIONS_MAX, REVOKED_MAX};
use trialogue_charter::*;

static THREE: LazyLock<Trilateral> = LazyLock::new(|| Trilateral::new(Suite::Cnsa2));

fn party(id: &str) -> PartyId {
    PartyId::new(id).unwrap()
}

fn device(number: u16) -> DeviceId {
    let mut id = [7; 32];
    id[..2].copy_from_slice(&number.to_be_bytes());
    DeviceId(id)
}

fn list(of: &str, devices: &[DeviceId]) -> RevocationList {
    RevocationList { party: party(of), serial: 3, made_ms: 9, devices: devices.to_vec() }
}

fn opened(bytes: &[u8]) -> Result<RevocationList, RevocationError> {
    RevocationList::open(&THREE.charter, bytes)
}

#[test]
fn the_partys_root_is_believed() {
    let said = list("USA", &[device(1), device(2)]);
    let bytes = said.sign(&fixture::root("USA"));
    assert_eq!(opened(&bytes), Ok(said.clone()));
    assert_eq!(said.sign_as_root(&fixture::root("USA")), Ok(bytes.clone()));
    assert_eq!(RevocationList::open_by(&party("USA"), &fixture::root("USA").public(), &bytes), Ok(said));
    let other = RevocationList::open_by(&party("JPN"), &fixture::root("JPN").public(), &bytes);
    assert_eq!(other, Err(RevocationError::NoSuchParty(party("USA"))));
}

#[test]
fn nobody_else_is() {
    let wrong = Err(RevocationError::Root(Algorithm::Ed25519, Fault::Wrong));
    assert_eq!(opened(&list("USA", &[device(1)]).sign(&fixture::root("JPN"))), wrong);
    // Half of the signatures, and a signature that was made for something else.
    let bytes = list("USA", &[device(1)]).sign(&fixture::root("USA"));
    let payload = Many::decode(&bytes, REVOCATIONS_MAX).unwrap().payload().to_vec();
    assert_eq!(
        opened(&Many::new(payload.clone()).encode()),
        Err(RevocationError::Root(Algorithm::Ed25519, Fault::Missing))
    );
    let mut voucher = Many::new(payload.clone());
    voucher.sign(domain::VOUCHER, b"USA", &fixture::root("USA"));
    assert_eq!(opened(&voucher.encode()), wrong);
    // Another party's signature beside the root's.
    let mut both = Many::new(payload);
    both.sign(domain::REVOCATIONS, b"USA", &fixture::root("USA"));
    both.sign(domain::REVOCATIONS, b"JPN", &fixture::root("JPN"));
    assert_eq!(opened(&both.encode()), wrong);
}

#[test]
fn no_bit_of_it_can_be_changed() {
    let bytes = list("USA", &[device(1)]).sign(&fixture::root("USA"));
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        assert!(opened(&altered).is_err(), "byte {at}");
    }
}

#[test]
fn a_list_has_one_form() {
    let root = fixture::root("USA");
    for devices in [vec![device(2), device(1)], vec![device(1), device(1)]] {
        assert_eq!(opened(&list("USA", &devices).sign(&root)), Err(RevocationError::Unsound));
    }
    let zero = RevocationList { serial: 0, ..list("USA", &[]) };
    assert_eq!(opened(&zero.sign(&root)), Err(RevocationError::Unsound));
    let longest: Vec<DeviceId> = (0..=REVOKED_MAX as u16).map(device).collect();
    let bytes = list("USA", &longest[..REVOKED_MAX]).sign(&root);
    assert!(opened(&bytes).is_ok() && bytes.len() <= REVOCATIONS_MAX, "{} bytes", bytes.len());
    assert!(opened(&list("USA", &longest).sign(&root)).is_err());
}

#[test]
fn the_next_list_says_all_that_was_said_before_and_is_newer_than_any() {
    let first = RevocationList::next(party("USA"), None, [device(2)], 1_000).unwrap();
    assert_eq!((first.serial, &first.devices[..]), (1_000, &[device(2)][..]));
    // In the same instant, or by a clock that went back.
    let second = RevocationList::next(party("USA"), Some(&first), [device(1)], 900).unwrap();
    assert_eq!((second.serial, &second.devices[..]), (1_001, &[device(1), device(2)][..]));
    // By an officer who was shown nothing of both.
    let third = RevocationList::next(party("USA"), None, [device(3)], 2_000).unwrap();
    assert!(third.serial > second.serial);
}
