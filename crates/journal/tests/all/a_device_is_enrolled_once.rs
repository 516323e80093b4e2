//! The first use of a voucher wins, and only the party's own root makes devices.

use crate::common;
use common::*;
use trialogue_charter::*;
use trialogue_journal::*;

#[test]
fn a_voucher_enrols_one_device() {
    let usa = console("usa-duty", 1);
    let mut scene = Scene::with(&[&usa]);
    assert_eq!(scene.enrol(&usa), Err(Ignored::AlreadyEnrolled));
    let secret = DeviceSecret::from_seed(&[9; 32]);
    let (certificate, second) = THREE.enrolment("usa-duty", 1).certify(&CHARTER, &secret, 0).unwrap();
    let body = Body::Enrolled { device: second.id, certificate: BodyRef::of(&certificate).unwrap() };
    assert_eq!(scene.entry(&usa.node, body, vec![certificate]), Err(Ignored::VoucherUsed));
}

#[test]
fn the_certificate_must_be_there_and_be_the_devices_own() {
    let (one, two) = (console("usa-duty", 1), console("usa-duty", 2));
    let mut scene = Scene::new();
    let certificate = BodyRef::of(&one.certificate).unwrap();
    let missing = Body::Enrolled { device: one.id(), certificate: certificate.clone() };
    assert_eq!(scene.node("usa-1", missing), Err(Ignored::BodyMissing));
    let swapped = Body::Enrolled { device: two.id(), certificate };
    let bodies = vec![two.certificate.clone(), one.certificate.clone()];
    assert_eq!(scene.entry(&one.node, swapped, bodies), Err(Ignored::Certificate));
    let junk = b"junk".to_vec();
    let body = Body::Enrolled { device: one.id(), certificate: BodyRef::of(&junk).unwrap() };
    assert_eq!(scene.entry(&one.node, body, vec![junk]), Err(Ignored::Certificate));
}
