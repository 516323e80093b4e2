//! Forged, replayed, borrowed or uninvited: ignored with the right reason, and nothing changes (the scene checks that).

use crate::common;
use common::*;
use trialogue_charter::LineId;
use trialogue_journal::*;

#[test]
fn a_replayed_statement_rings_once() {
    let usa = console("usa-duty", 1);
    let mut scene = Scene::with(&[&usa]);
    let said = usa.says(7, &duty(), ring(1));
    scene.stated(&usa.node, said.clone()).unwrap();
    assert_eq!(scene.stated(&usa.node, said), Err(Ignored::Replayed));
    let older = usa.says(6, &duty(), Act::Leave { cause: None });
    assert_eq!(scene.stated(&usa.node, older), Err(Ignored::Replayed));
}

#[test]
fn a_device_of_another_party_says_nothing_here() {
    let (usa, jpn) = (console("usa-duty", 1), console("jpn-duty", 1));
    let mut scene = Scene::with(&[&usa, &jpn]);
    assert_eq!(scene.stated(&jpn.node, usa.says(7, &duty(), ring(1))), Err(Ignored::OtherNode));
    let here = Occasion { node: jpn.node.clone(), ..usa.on(1) };
    assert_eq!(scene.stated(&jpn.node, usa.says_on(&here, 7, &duty(), ring(1))), Err(Ignored::UnknownDevice));
    // Nor can that node enrol it.
    let certificate = BodyRef::of(&usa.certificate).unwrap();
    let body = Body::Enrolled { device: usa.id(), certificate };
    let stolen = scene.entry(&jpn.node, body, vec![usa.certificate.clone()]);
    assert_eq!(stolen, Err(Ignored::Certificate));
}

#[test]
fn a_forged_signature_is_found() {
    let (usa, other) = (console("usa-duty", 1), console("usa-duty", 2));
    let mut scene = Scene::with(&[&usa, &other]);
    let forged = Statement::new(usa.id(), 1, &usa.on(1), duty(), ring(1)).sign(&other.secret).0;
    assert_eq!(scene.stated(&usa.node, forged), Err(Ignored::Signature));
    let mut altered = usa.says(1, &duty(), ring(1));
    let last = altered.len() - 1;
    altered[last] ^= 1;
    assert_eq!(scene.stated(&usa.node, altered), Err(Ignored::Signature));
    assert_eq!(scene.stated(&usa.node, vec![0xd2, 0x80]), Err(Ignored::Malformed));
}

#[test]
fn an_office_that_is_not_on_the_line_is_not_heard() {
    let leader = console("usa-leaders", 1);
    let mut scene = Scene::with(&[&leader]);
    assert_eq!(scene.says(&leader, ring(1)), Err(Ignored::NotOnLine));
    let nowhere = LineId::new("nowhere").unwrap();
    assert_eq!(scene.stated(&leader.node, leader.says(1, &nowhere, ring(1))), Err(Ignored::NotOnLine));
    assert!(scene.stated(&leader.node, leader.says(1, &LineId::new("leaders").unwrap(), ring(1))).is_ok());
}

#[test]
fn a_device_that_is_not_enrolled_or_was_revoked_is_not_heard() {
    let usa = console("usa-duty", 1);
    let mut scene = Scene::new();
    assert_eq!(scene.says(&usa, ring(1)), Err(Ignored::UnknownDevice));
    scene.enrol(&usa).unwrap();
    scene.says(&usa, ring(1)).unwrap();
    let out = scene.node("usa-1", revoked("USA", usa.id()));
    assert_eq!(out, Ok(Applied::Revoked { device: usa.id(), lines: vec![duty()] }));
    assert!(scene.in_on().is_empty() && scene.state.device(&usa.id()).is_none());
    assert_eq!(scene.says(&usa, ring(2)), Err(Ignored::Revoked));
    assert_eq!(scene.enrol(&usa), Err(Ignored::Revoked));
}

#[test]
fn lists_have_one_order_and_no_repetition() {
    let usa = console("usa-duty", 1);
    let mut scene = Scene::with(&[&usa]);
    let offer = |id: &str| KeyOffer { node: node(id), package: body(id) };
    for offers in [vec![offer("usa-1"), offer("jpn-1")], vec![offer("usa-1"), offer("usa-1")]] {
        assert_eq!(
            scene.says(&usa, Act::Ring { call: call(1), offers, precedence: Default::default() }),
            Err(Ignored::Malformed)
        );
    }
}
