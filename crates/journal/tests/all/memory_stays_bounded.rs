//! Years of calls do not grow the state.
#![allow(clippy::unwrap_used)]

use crate::common;
use common::*;
use trialogue_charter::CallId;
use trialogue_journal::*;

#[test]
fn old_rings_are_forgotten() {
    let mut scene = Scene::new();
    for number in 0..2 * limits::RESPONSES_MAX as u64 {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.to_be_bytes());
        scene.node("jpn-1", Body::Received { call: CallId(id), line: duty() }).unwrap();
    }
    let kept = |number: u64| {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.to_be_bytes());
        scene.state.node(&node("jpn-1")).unwrap().response(&duty(), &CallId(id)).is_some()
    };
    let most = limits::RESPONSES_MAX as u64;
    assert!((0..most).all(|number| !kept(number)) && (most..2 * most).all(kept), "the oldest go first");
}

#[test]
fn a_group_ends_with_its_epochs() {
    let (usa, jpn) = (console("usa-duty", 1), console("jpn-duty", 1));
    let mut scene = Scene::with(&[&usa, &jpn]);
    scene.says(&usa, ring(1)).unwrap();
    scene.says(&usa, creates(1, &[jpn.id()])).unwrap();
    for epoch in 1..limits::EPOCHS_MAX {
        let act = moves(1, epoch, &[], &[]);
        scene.says(&usa, act).unwrap();
    }
    assert_eq!(scene.says(&usa, moves(1, limits::EPOCHS_MAX, &[], &[])), Err(Ignored::Epoch));
    scene.says(&usa, creates(2, &[jpn.id()])).unwrap();
    let group = scene.line().groups[&usa.node].clone();
    assert_eq!((group.epoch, group.handshakes.len()), (1, 1));
}

#[test]
fn after_a_call_little_is_left() {
    let (usa, jpn) = (console("usa-duty", 1), console("jpn-duty", 1));
    let mut scene = Scene::with(&[&usa, &jpn]);
    scene.says(&usa, ring(1)).unwrap();
    scene.received("jpn-1", 1).unwrap();
    scene.says(&jpn, answer(1)).unwrap();
    scene.says(&usa, creates(1, &[jpn.id()])).unwrap();
    scene.says(&jpn, Act::Leave { cause: None }).unwrap();
    scene.says(&usa, Act::Leave { cause: None }).unwrap();
    let relevant = scene.state.relevant_entries();
    assert_eq!(
        relevant.values().map(|seqs| seqs.len()).sum::<usize>(),
        10,
        "by which charter three journals speak, two certificates, what both parties said of the last two rings"
    );
    assert!(scene.line().groups.is_empty() && scene.line().call.is_none());
}
