//! A revocation counts by the signatures of the root that the charter has of its party, and by nothing else.
#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;
use trialogue_charter::cose::{Algorithm, Fault, Many, domain};
use trialogue_charter::fixture::{self, Trilateral};
use trialogue_charter::limits::REVOCATION_MAX;
use trialogue_charter::*;

static THREE: LazyLock<Trilateral> = LazyLock::new(|| Trilateral::new(Suite::Cnsa2));
const DEVICE: DeviceId = DeviceId([9; 32]);

fn said_by(party: &str) -> Revocation {
    Revocation { party: PartyId::new(party).unwrap(), device: DEVICE }
}

fn open(bytes: &[u8]) -> Result<Revocation, RevocationError> {
    Revocation::open(&THREE.charter, bytes)
}

#[test]
fn the_partys_root_is_believed_wherever_its_key_is() {
    let revocation = said_by("USA");
    let root = fixture::root("USA");
    for bytes in [revocation.sign(&root), revocation.sign_as_root(&root).unwrap()] {
        assert!(bytes.len() < REVOCATION_MAX, "{} bytes", bytes.len());
        assert_eq!(open(&bytes), Ok(revocation.clone()));
        assert_eq!(open(&bytes), Ok(revocation.clone()), "and again");
    }
}

#[test]
fn nobody_elses_root_is() {
    let wrong = Err(RevocationError::Root(Algorithm::Ed25519, Fault::Wrong));
    assert_eq!(open(&said_by("USA").sign(&fixture::root("JPN"))), wrong);
    assert_eq!(open(&said_by("USA").sign(&fixture::next_root("USA"))), wrong);
    let stranger = said_by("CHN").sign(&fixture::root("CHN"));
    assert_eq!(open(&stranger), Err(RevocationError::NoSuchParty(PartyId::new("CHN").unwrap())));
}

#[test]
fn both_signatures_are_needed_and_for_this_purpose() {
    let root = fixture::root("USA");
    let payload = Many::decode(&said_by("USA").sign(&root), REVOCATION_MAX).unwrap().payload().to_vec();
    assert!(matches!(open(&Many::new(payload.clone()).encode()), Err(RevocationError::Root(_, Fault::Missing))));
    let mut other = Many::new(payload.clone());
    other.sign(domain::OFFICER, b"USA", &root);
    assert_eq!(open(&other.encode()), Err(RevocationError::Root(Algorithm::Ed25519, Fault::Wrong)));
    let mut twice = Many::new(payload);
    twice.sign(domain::REVOCATION, b"USA", &root);
    twice.sign(domain::REVOCATION, b"JPN", &fixture::root("JPN"));
    assert!(open(&twice.encode()).is_err(), "nobody signs beside the root");
}

#[test]
fn no_byte_of_it_can_be_another() {
    let bytes = said_by("USA").sign(&fixture::root("USA"));
    for at in (0..bytes.len()).step_by(7) {
        let mut bent = bytes.clone();
        bent[at] ^= 1;
        assert!(open(&bent).is_err(), "byte {at}");
    }
    for len in (0..bytes.len()).step_by(97) {
        assert!(open(&bytes[..len]).is_err(), "{len} bytes");
    }
    assert!(open(&[bytes.as_slice(), &[0]].concat()).is_err());
    assert!(open(&vec![0; REVOCATION_MAX + 1]).is_err());
}

#[test]
fn a_root_that_was_replaced_revokes_nobody() {
    let bytes = said_by("USA").sign(&fixture::root("USA"));
    assert!(open(&bytes).is_ok());
    let amended = fixture::amended(&THREE.charter, |charter| {
        charter.parties.iter_mut().find(|party| party.id.as_str() == "USA").unwrap().root =
            fixture::next_root("USA").public();
    });
    assert!(Revocation::open(&amended, &bytes).is_err());
    assert!(Revocation::open(&amended, &said_by("USA").sign(&fixture::next_root("USA"))).is_ok());
}
