//! The same journals under the newest charter: what it does not touch stays, what it takes away is out, and nothing
//! depends on what came first.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::*;
use std::sync::Arc;
use trialogue_charter::fixture::{add_node, amended, next_key, without};
use trialogue_charter::*;
use trialogue_journal::*;

/// Two of the USA, one of Japan, one of Korea are in.
fn talking() -> (Scene, [Arc<Console>; 3]) {
    let all = [console("usa-duty", 1), console("jpn-duty", 1), console("kor-duty", 1)];
    let mut scene = Scene::with(&[&all[0], &all[1], &all[2]]);
    scene.says(&all[0], ring(1)).unwrap();
    scene.received("jpn-1", 1).unwrap();
    for console in &all[1..] {
        scene.says(console, answer(1)).unwrap();
    }
    scene.says(&all[0], creates(1, &[all[1].id(), all[2].id()])).unwrap();
    scene.says(&all[1], creates(2, &[all[0].id(), all[2].id()])).unwrap();
    (scene, all)
}

/// All entries, read from the beginning under this charter.
fn read(charter: &VerifiedCharter, log: &[Sent]) -> State {
    let charter = Arc::new(charter.clone());
    let mut state = State::new(charter.clone());
    for (entry, bodies) in log {
        if let Ok(entry) = VerifiedEntry::open(entry.bytes(), &charter) {
            let _ = state.apply(&entry, bodies);
        }
    }
    state
}

fn retire(charter: &mut Charter, id: &str) {
    let node = charter.nodes.iter_mut().find(|node| node.id.as_str() == id).unwrap();
    (node.retired, node.addresses) = (true, Vec::new());
}

#[test]
fn what_is_not_touched_stays() {
    let (scene, _) = talking();
    let next = amended(&CHARTER, |charter| {
        charter.policy.ring_seconds = 50;
        add_node(charter, "aaa-1", "JPN", 7);
    });
    let after = read(&next, &scene.log);
    assert_eq!(after.line(&duty()), scene.line());
    assert_eq!(after.relevant_entries()[&node("usa-1")], scene.state.relevant_entries()[&node("usa-1")]);
}

#[test]
fn a_party_that_left_is_not_there_and_the_groups_of_the_others_are() {
    let (scene, all) = talking();
    let after = read(&amended(&CHARTER, |charter| without(charter, "KOR")), &scene.log);
    let after = after.line(&duty());
    let devices: Vec<_> = after.participants.iter().map(|participant| participant.device).collect();
    assert_eq!(devices, [all[1].id(), all[0].id()]);
    // Its leaf is still in their groups: the leads take it out.
    assert_eq!(after.groups.keys().map(NodeId::as_str).collect::<Vec<_>>(), ["jpn-1", "usa-1"]);
    assert_eq!(after.call, Some(call(1)));
    assert!(!after.responses.contains_key(&party("KOR")));
}

#[test]
fn an_offer_for_a_node_that_is_gone_is_passed_over() {
    let (scene, all) = talking();
    let next = amended(&CHARTER, |charter| {
        retire(charter, "kor-1");
        add_node(charter, "kor-2", "KOR", 3);
    });
    let after = read(&next, &scene.log);
    let after = after.in_on(&duty());
    assert_eq!(after.iter().map(|p| p.device).collect::<Vec<_>>(), [all[1].id(), all[0].id()]);
}

#[test]
fn who_was_revoked_at_a_retired_node_stays_revoked() {
    let (mut scene, all) = talking();
    scene.node("usa-1", revoked("USA", all[0].id())).unwrap();
    let next = amended(&CHARTER, |charter| {
        retire(charter, "usa-1");
        add_node(charter, "usa-2", "USA", 3);
    });
    let mut after = read(&next, &scene.log);
    assert!(after.is_revoked(&all[0].id()));
    // The other site enrols it all the same: it is accepted nowhere.
    let certificate = BodyRef::of(&all[0].certificate).unwrap();
    let body = Body::Enrolled { device: all[0].id(), certificate };
    let entry = Journal::new(node("usa-2")).append(1, body).sign(&next_key("usa-2"));
    let entry = VerifiedEntry::open(&entry.0, &next).unwrap();
    let _ = after.apply(&entry, &[all[0].certificate.clone()]);
    assert!(after.device(&all[0].id()).is_none() && after.in_on(&duty()).iter().all(|p| p.device != all[0].id()));
}

#[test]
fn a_journal_goes_on_with_a_new_key_and_never_back() {
    let (scene, all) = talking();
    let next = amended(&CHARTER, |charter| {
        let node = charter.nodes.iter_mut().find(|node| node.id.as_str() == "usa-1").unwrap();
        node.former.push(Former { key: node.journal.ed25519, last: None });
        node.journal = next_key("usa-1").public();
    });
    let mut chain = Chain::new();
    let own: Vec<_> = scene.log.iter().filter(|(entry, _)| entry.entry().node == node("usa-1")).collect();
    for (entry, _) in &own {
        let entry = VerifiedEntry::open(entry.bytes(), &next).unwrap();
        assert_eq!(entry.key(), 0);
        chain.accept(&entry).unwrap();
    }
    let mut journal = Journal::resume(node("usa-1"), own.len() as u64, chain.head(&node("usa-1")));
    let opened = journal.append(9_000, Body::Opened { charter: next.hash() });
    let with_new = VerifiedEntry::open(&opened.sign(&next_key("usa-1")).0, &next).unwrap();
    assert_eq!(with_new.key(), 1);
    chain.accept(&with_new).unwrap();
    // Whoever finds the old key adds nothing.
    let later = journal.append(9_001, Body::Suspended { device: all[0].id(), on: true });
    let with_old = VerifiedEntry::open(&later.sign(THREE.journal(&node("usa-1"))).0, &next).unwrap();
    assert_eq!(chain.accept(&with_old), Err(ChainError::FormerKey { seq: own.len() as u64 + 2 }));
    // And under the charter before, the new key is nobody's.
    assert!(VerifiedEntry::open(with_new.bytes(), &CHARTER).is_err());
}
