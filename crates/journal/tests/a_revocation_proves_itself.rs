//! A device is stolen. Its party's root says so, once; whoever brings that word, it counts, and nobody else's word does: not that of the party's other
//! node, which may be in other hands, and not that of another party.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use trialogue_charter::*;
use trialogue_journal::*;

#[test]
fn it_counts_from_any_node_of_any_party() {
    for at in ["usa-1", "jpn-1", "kor-1"] {
        let (usa, jpn) = (console("usa-duty", 1), console("jpn-duty", 1));
        let mut scene = Scene::with(&[&usa, &jpn]);
        scene.says(&usa, ring(1)).unwrap();
        scene.says(&jpn, answer(1)).unwrap();
        let list = revocations("USA", 1, &[usa.id()]);
        assert_eq!(scene.lists(at, &list), Ok(Applied::Revoked { party: party("USA"), devices: vec![usa.id()] }));
        assert_eq!(scene.in_on(), [jpn.id()], "from {at}");
        assert!(scene.state.is_revoked(&usa.id()) && scene.state.device(&usa.id()).is_none());
        let again = usa.says(9, &duty(), ring(2));
        assert_eq!(scene.state.judge(&usa.node, &again, 0), Err(Ignored::Revoked));
    }
}

#[test]
fn a_node_revokes_nobody() {
    let usa = console("usa-duty", 1);
    let mut scene = Scene::with(&[&usa]);
    scene.says(&usa, ring(1)).unwrap();
    // What is signed by a node's own key, by another root, or by nobody.
    let said = RevocationList { party: party("USA"), serial: 1, made_ms: 1, devices: vec![usa.id()] };
    let signed = [THREE.journal(&node("usa-1")), THREE.root(&party("JPN"))].map(|key| said.sign(key));
    for list in signed.iter().chain([&b"out with them all".to_vec()]) {
        for at in ["usa-1", "jpn-1"] {
            assert_eq!(scene.lists(at, list), Err(Ignored::Revocation));
        }
    }
    // Another party's root names a device that is not its own.
    scene.lists("jpn-1", &revocations("JPN", 1, &[usa.id()])).unwrap();
    // The list is not beside the entry.
    let missing = BodyRef::of(&revocations("USA", 1, &[usa.id()])).unwrap();
    assert_eq!(scene.node("usa-1", Body::Revoked { list: missing }), Err(Ignored::BodyMissing));
    assert_eq!(scene.in_on(), [usa.id()]);
}

#[test]
fn nothing_takes_it_back() {
    let (first, second) = (console("usa-duty", 1), console("usa-duty", 2));
    let mut scene = Scene::with(&[&first, &second]);
    scene.lists("usa-1", &revocations("USA", 5, &[first.id()])).unwrap();
    // A newer list that leaves it out, an older one that comes late, and the same once more.
    scene.lists("usa-1", &revocations("USA", 9, &[second.id()])).unwrap();
    scene.lists("jpn-1", &revocations("USA", 2, &[])).unwrap();
    assert_eq!(scene.lists("usa-1", &revocations("USA", 9, &[second.id()])), Err(Ignored::Listed));
    assert!(scene.state.is_revoked(&first.id()) && scene.state.is_revoked(&second.id()));
    assert_eq!(scene.enrol(&first), Err(Ignored::Revoked));
    // And a console that comes now is told of both.
    let known = newcomer(&scene);
    for device in [first.id(), second.id()] {
        assert!(known.revocations().names(&party("USA"), &device));
    }
    assert_eq!(known.revocations().newest(&party("USA")).unwrap().0.serial, 9);
}

#[test]
fn it_is_known_before_the_device_is() {
    let usa = console("usa-duty", 1);
    let mut scene = Scene::new();
    scene.lists("kor-1", &revocations("USA", 1, &[usa.id()])).unwrap();
    // Its own node may not have heard of it.
    scene.enrol(&usa).unwrap();
    assert!(scene.state.is_revoked(&usa.id()) && scene.state.device(&usa.id()).is_none());
    scene.lists("usa-1", &revocations("USA", 1, &[usa.id()])).unwrap();
    assert_eq!(scene.says(&usa, ring(1)), Err(Ignored::Revoked), "from here on the journal has it");
}

#[test]
fn a_node_suspends_at_itself_alone_and_lets_in_again() {
    let usa = console("usa-duty", 1);
    let mut scene = Scene::with(&[&usa]);
    scene.says(&usa, ring(1)).unwrap();
    // Another party's node has no say in it, and another node of the party would not either.
    scene.node("jpn-1", Body::Suspended { device: usa.id(), on: true }).unwrap();
    assert_eq!(scene.in_on(), [usa.id()]);
    assert!(scene.state.device(&usa.id()).is_some());
    let suspended = scene.node("usa-1", Body::Suspended { device: usa.id(), on: true });
    assert_eq!(suspended, Ok(Applied::Suspended { device: usa.id(), on: true }));
    assert!(scene.in_on().is_empty() && !scene.state.is_revoked(&usa.id()));
    assert!(scene.state.device(&usa.id()).is_none(), "no other node lets it in");
    assert_eq!(scene.says(&usa, ring(2)), Err(Ignored::Suspended));
    assert!(newcomer(&scene).is_suspended(&usa.id()));
    scene.node("usa-1", Body::Suspended { device: usa.id(), on: false }).unwrap();
    scene.says(&usa, ring(3)).unwrap();
    // What the root has said is not a node's to lift.
    scene.revoke(&usa).unwrap();
    assert_eq!(scene.node("usa-1", Body::Suspended { device: usa.id(), on: false }), Err(Ignored::Revoked));
}

#[test]
fn every_node_says_which_lists_it_holds() {
    let mut scene = Scene::new();
    scene.lists("jpn-1", &revocations("USA", 4, &[])).unwrap();
    let lists = scene.state.revocations().heads();
    assert_eq!(scene.node("jpn-1", Body::Listed { lists: lists.clone() }), Ok(Applied::Listed));
    let known = newcomer(&scene);
    let said = known.node(&node("jpn-1")).unwrap().listed().unwrap();
    assert_eq!(said.of(&party("USA")), Some(lists[0].list));
    assert_eq!(said.of(&party("KOR")), None);
}

/// What a console folds that comes on watch now.
fn newcomer(scene: &Scene) -> State {
    let wanted = scene.state.relevant_entries();
    let of =
        |entry: &VerifiedEntry| wanted.get(&entry.entry().node).is_some_and(|seqs| seqs.contains(&entry.entry().seq));
    fold(&scene.log.iter().filter(|(entry, _)| of(entry)).cloned().collect::<Vec<_>>())
}

#[test]
fn a_root_in_other_hands_fills_nobodys_memory() {
    let usa = console("usa-duty", 1);
    let lists: Vec<Vec<u8>> = (1..=40).map(|n| revocations("USA", n, &[DeviceId([n as u8; 32])])).collect();
    let orders: [Vec<&Vec<u8>>; 2] = [lists.iter().collect(), lists.iter().rev().collect()];
    let [forth, back] = orders.map(|order| {
        let mut scene = Scene::with(&[&usa]);
        for list in order {
            scene.lists("jpn-1", list).unwrap();
        }
        assert_eq!(scene.state.revocations().all().count(), trialogue_journal::limits::LISTS_HELD);
        scene
    });
    assert_eq!(forth.state.revocations(), back.state.revocations());
    assert!(forth.state.revocations().names(&party("USA"), &DeviceId([40; 32])), "the newest count");
    // What an honest root says next names them all, and is all that is left to read.
    let mut scene = forth;
    let all: Vec<DeviceId> = (1..=40).map(|n| DeviceId([n; 32])).collect();
    scene.lists("kor-1", &revocations("USA", 41, &all)).unwrap();
    assert_eq!(scene.state.revocations().all().count(), 1);
    assert!(all.iter().all(|device| scene.state.revocations().names(&party("USA"), device)));
}
