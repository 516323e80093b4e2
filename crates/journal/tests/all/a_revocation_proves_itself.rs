//! A device is stolen. Its party's root says so, once; in whatever journal that word stands, it counts, and nobody
//! else's word does: not that of a node, which may be in other hands, and not that of another party.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::*;
use trialogue_charter::*;
use trialogue_journal::limits::REVOKED_MAX;
use trialogue_journal::*;

#[test]
fn it_counts_from_any_node_of_any_party() {
    for at in ["usa-1", "jpn-1", "kor-1"] {
        let (usa, jpn) = (console("usa-duty", 1), console("jpn-duty", 1));
        let mut scene = Scene::with(&[&usa, &jpn]);
        scene.says(&usa, ring(1)).unwrap();
        scene.says(&jpn, answer(1)).unwrap();
        let lines = if at == "usa-1" { vec![duty()] } else { Vec::new() };
        assert_eq!(scene.node(at, revoked("USA", usa.id())), Ok(Applied::Revoked { device: usa.id(), lines }));
        assert_eq!(scene.in_on(), [jpn.id()], "from {at}");
        assert!(scene.state.is_revoked(&usa.id()) && scene.state.device(&usa.id()).is_none());
        let again = usa.says(9, &duty(), ring(2));
        assert_eq!(scene.state.judge(&usa.node, &read(&again), 60_000), Err(Ignored::Revoked));
        assert!(newcomer(&scene).has_revoked(&party("USA"), &usa.id()));
    }
}

#[test]
fn nobody_else_revokes() {
    let usa = console("usa-duty", 1);
    let mut scene = Scene::with(&[&usa]);
    scene.says(&usa, ring(1)).unwrap();
    // Signed by a node's own key, by another root, or by nobody.
    let said = Revocation { party: party("USA"), device: usa.id() };
    let signed = [THREE.journal(&node("usa-1")), THREE.root(&party("JPN"))].map(|key| said.sign(key));
    for revocation in signed.iter().chain([&b"out with it".to_vec()]) {
        for at in ["usa-1", "jpn-1"] {
            let body = Body::Revoked { revocation: revocation.clone() };
            assert_eq!(scene.node(at, body), Err(Ignored::Revocation));
        }
    }
    // Another party's root names a device that is not its own: that it says so stands there, and says nothing of the
    // device.
    scene.node("jpn-1", revoked("JPN", usa.id())).unwrap();
    scene.node("usa-1", revoked("JPN", usa.id())).unwrap();
    assert_eq!(scene.in_on(), [usa.id()]);
    assert!(!scene.state.is_revoked(&usa.id()) && scene.state.device(&usa.id()).is_some());
    // Nor does it stand in the way of the right one.
    scene.node("jpn-1", revoked("USA", usa.id())).unwrap();
    assert!(scene.in_on().is_empty());
}

#[test]
fn nobody_enrols_anothers_device_to_revoke_it() {
    let usa = console("usa-duty", 1);
    let mut scene = Scene::with(&[&usa]);
    scene.says(&usa, ring(1)).unwrap();
    let keys = HybridPublic { ed25519: usa.device.ed25519, ml_dsa_87: usa.device.ml_dsa_87.clone() };
    let certificate = THREE.certificate_over("jpn-duty", keys, [7; 64]);
    let body = Body::Enrolled { device: usa.id(), certificate: BodyRef::of(&certificate).unwrap() };
    assert_eq!(scene.entry(&node("jpn-1"), body, vec![certificate]), Err(Ignored::Certificate));
    scene.node("jpn-1", revoked("JPN", usa.id())).unwrap();
    assert_eq!(scene.in_on(), [usa.id()]);
    assert!(!scene.state.is_revoked(&usa.id()));
}

#[test]
fn nothing_takes_it_back() {
    let (first, second) = (console("usa-duty", 1), console("usa-duty", 2));
    let mut scene = Scene::with(&[&first, &second]);
    scene.node("usa-1", revoked("USA", first.id())).unwrap();
    scene.node("usa-1", revoked("USA", second.id())).unwrap();
    assert_eq!(scene.node("usa-1", revoked("USA", first.id())), Err(Ignored::Revoked), "said already");
    assert_eq!(scene.node("usa-1", Body::Suspended { device: first.id(), on: false }), Err(Ignored::Revoked));
    assert_eq!(scene.enrol(&first), Err(Ignored::Revoked));
    let known = newcomer(&scene);
    assert!([&first, &second].iter().all(|device| known.has_revoked(&party("USA"), &device.id())));
}

#[test]
fn it_is_known_before_the_device_is() {
    let usa = console("usa-duty", 1);
    let mut scene = Scene::new();
    scene.node("kor-1", revoked("USA", usa.id())).unwrap();
    // Its own node may not have heard of it.
    scene.enrol(&usa).unwrap();
    assert!(scene.state.is_revoked(&usa.id()) && scene.state.device(&usa.id()).is_none());
    assert!(newcomer(&scene).has_revoked(&party("USA"), &usa.id()));
    scene.node("usa-1", revoked("USA", usa.id())).unwrap();
    assert_eq!(scene.says(&usa, ring(1)), Err(Ignored::Revoked), "from here on the journal has it");
    // Once it stands there, a console is told of it once.
    let wanted = scene.state.relevant_entries();
    let told = scene.log.iter().filter(|(entry, _)| {
        let claim = entry.entry();
        matches!(claim.body, Body::Revoked { .. }) && wanted[&claim.node].contains(&claim.seq)
    });
    assert_eq!(told.map(|(entry, _)| entry.entry().node.as_str()).collect::<Vec<_>>(), ["usa-1"]);
}

#[test]
fn every_node_copies_what_it_has_not() {
    let (usa, jpn) = (console("usa-duty", 1), console("jpn-duty", 1));
    let mut scene = Scene::with(&[&usa, &jpn]);
    for (at, of, device) in [("usa-1", "USA", &usa), ("kor-1", "USA", &usa), ("kor-1", "JPN", &jpn)] {
        scene.node(at, revoked(of, device.id())).unwrap();
    }
    let wants = |at: &str| -> Vec<(String, DeviceId)> {
        let own = scene.state.node(&node(at)).unwrap();
        scene.state.revocations_to_copy(own).map(|(of, device, ..)| (of.to_string(), *device)).collect()
    };
    assert_eq!(wants("usa-1"), [("JPN".to_owned(), jpn.id())]);
    assert!(wants("kor-1").is_empty());
    assert_eq!(wants("jpn-1"), [("JPN".to_owned(), jpn.id()), ("USA".to_owned(), usa.id())], "each once");
}

#[test]
fn a_node_suspends_at_itself_alone_and_lets_in_again() {
    let usa = console("usa-duty", 1);
    let suspended = |on| Body::Suspended { device: usa.id(), on };
    let suspends = |state: &State| state.node(&usa.node).unwrap().suspends(&usa.id());
    let mut scene = Scene::with(&[&usa]);
    scene.says(&usa, ring(1)).unwrap();
    // Another party's node has no say in it.
    scene.node("jpn-1", suspended(true)).unwrap();
    assert_eq!(scene.in_on(), [usa.id()]);
    let lines = vec![duty()];
    assert_eq!(scene.node("usa-1", suspended(true)), Ok(Applied::Suspended { device: usa.id(), on: true, lines }));
    assert!(scene.in_on().is_empty() && !scene.state.is_revoked(&usa.id()) && suspends(&scene.state));
    assert!(!scene.state.readers(&duty()).contains_key(&usa.id()), "nobody writes to it");
    let again = usa.says(50, &duty(), ring(2));
    assert_eq!(
        scene.state.judge(&usa.node, &read(&again), 60_000),
        Err(Ignored::Suspended),
        "the node takes nothing of it"
    );
    assert!(suspends(&newcomer(&scene)));
    scene.node("usa-1", suspended(false)).unwrap();
    assert!(scene.state.readers(&duty()).contains_key(&usa.id()) && !suspends(&newcomer(&scene)));
    scene.says(&usa, ring(3)).unwrap();
    // What the root has said is not a node's to lift.
    scene.node("usa-1", revoked("USA", usa.id())).unwrap();
    assert_eq!(scene.node("usa-1", suspended(false)), Err(Ignored::Revoked));
}

#[test]
fn a_root_in_other_hands_fills_nobodys_memory_and_takes_nobodys_room() {
    let jpn = console("jpn-duty", 1);
    let mut scene = Scene::with(&[&jpn]);
    let root = fixture::root("USA");
    for n in 0..REVOKED_MAX as u16 + 8 {
        let mut device = [7; 32];
        device[..2].copy_from_slice(&n.to_be_bytes());
        let revocation = Revocation { party: party("USA"), device: DeviceId(device) }.sign(&root);
        let took = scene.node("kor-1", Body::Revoked { revocation });
        assert_eq!(took.is_ok(), usize::from(n) < REVOKED_MAX, "{n}");
    }
    assert_eq!(scene.state.node(&node("kor-1")).unwrap().revocations().count(), REVOKED_MAX);
    scene.node("kor-1", revoked("JPN", jpn.id())).unwrap();
    assert!(scene.state.is_revoked(&jpn.id()));
}

#[test]
fn a_console_that_comes_later_is_shown_the_last_good_list_too() {
    let usa = console("usa-duty", 1);
    let mut scene = Scene::with(&[&usa]);
    scene.node("usa-1", revoked("USA", usa.id())).unwrap();
    let sets = |scene: &Scene| scene.state.node(&node("usa-1")).unwrap().revoked_sets();
    let good = Body::Listed { sets: sets(&scene) };
    scene.node("usa-1", good.clone()).unwrap();
    let told = |scene: &Scene| scene.log.last().unwrap().0.entry().seq;
    let right = told(&scene);
    // Of another set, and of another time: those who are there have heard the good one, and whoever comes now is to
    // judge as they do.
    let mut others = sets(&scene);
    others[0].count += 1;
    for (time_ms, body) in [(u64::MAX / 2, Body::Listed { sets: others }), (1, good)] {
        scene.node_at(time_ms, "usa-1", body).unwrap();
        let wanted = scene.state.relevant_entries()[&node("usa-1")].clone();
        assert!(wanted.contains(&right) && wanted.contains(&told(&scene)), "{wanted:?}");
    }
}

/// What a console folds that comes on watch now.
fn newcomer(scene: &Scene) -> State {
    let wanted = scene.state.relevant_entries();
    let of = |entry: &VerifiedEntry| wanted[&entry.entry().node].contains(&entry.entry().seq);
    fold(&scene.log.iter().filter(|(entry, _)| of(entry)).cloned().collect::<Vec<_>>())
}
