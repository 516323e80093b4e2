//! The node's journal orders its group: the first handshake for an epoch counts.

use crate::common;
use common::*;
use trialogue_journal::*;

#[test]
fn the_first_counts() {
    let (one, two, jpn, kor) =
        (console("usa-duty", 1), console("usa-duty", 2), console("jpn-duty", 1), console("kor-duty", 1));
    let mut scene = Scene::with(&[&one, &two, &jpn]);
    scene.says(&one, ring(1)).unwrap();
    scene.says(&two, answer(1)).unwrap();
    let created = scene.says(&one, creates(1, &[two.id()]));
    let at_one = Applied::Moved { line: duty(), group: group(1), epoch: 1, created: true, device: one.id() };
    assert_eq!(created, Ok(at_one), "creating and adding is one commit");
    scene.says(&one, moves(1, 1, &[jpn.id()], &[])).unwrap();
    assert_eq!(scene.says(&two, moves(1, 1, &[kor.id()], &[])), Err(Ignored::Epoch));
    scene.says(&two, moves(1, 2, &[kor.id()], &[])).unwrap();
    assert_eq!(scene.line().groups[&one.node].epoch, 3);
    assert_eq!(scene.line().groups[&one.node].members.len(), 4);
}

#[test]
fn a_group_created_alone_stays_at_epoch_0() {
    let (usa, jpn) = (console("usa-duty", 1), console("jpn-duty", 1));
    let mut scene = Scene::with(&[&usa]);
    scene.says(&usa, ring(1)).unwrap();
    scene.says(&usa, creates(1, &[])).unwrap();
    assert_eq!(scene.line().groups[&usa.node].epoch, 0);
    assert_eq!(scene.says(&usa, creates(2, &[jpn.id()])), Err(Ignored::Epoch), "there is one already");
    scene.says(&usa, creates(1, &[jpn.id()])).unwrap();
    assert_eq!(scene.line().groups[&usa.node].epoch, 1);
}

#[test]
fn only_who_is_in_and_a_member_moves_the_group() {
    let (one, two, jpn) = (console("usa-duty", 1), console("usa-duty", 2), console("jpn-duty", 1));
    let mut scene = Scene::with(&[&one, &two, &jpn]);
    scene.says(&one, ring(1)).unwrap();
    assert_eq!(scene.says(&two, creates(1, &[one.id()])), Err(Ignored::NotIn));
    scene.says(&one, creates(1, &[jpn.id()])).unwrap();
    scene.says(&two, answer(1)).unwrap();
    assert_eq!(scene.says(&two, moves(1, 1, &[], &[jpn.id()])), Err(Ignored::Epoch), "not added yet");
    assert_eq!(scene.says(&jpn, answer(1)).map(|_| ()), Ok(()));
    assert_eq!(scene.says(&jpn, moves(1, 1, &[], &[one.id()])), Err(Ignored::Epoch), "another node's group");
    // Removing a stranger, adding a member, an empty welcome: not handshakes.
    assert_eq!(scene.says(&one, moves(1, 1, &[], &[two.id()])), Err(Ignored::Malformed));
    assert_eq!(scene.says(&one, moves(1, 1, &[jpn.id()], &[])), Err(Ignored::Malformed));
    assert_eq!(scene.says(&one, moves(1, 1, &[one.id()], &[])), Err(Ignored::Malformed));
    assert_eq!(scene.says(&one, moves(1, 1, &[jpn.id(), jpn.id()], &[])), Err(Ignored::Malformed));
    // Removed and added again in one commit: how a console that came back gets its keys.
    scene.says(&one, moves(1, 1, &[jpn.id(), two.id()], &[jpn.id()])).unwrap();
}

#[test]
fn the_lead_is_the_earliest_that_holds_the_group() {
    let (one, two, jpn) = (console("usa-duty", 1), console("usa-duty", 2), console("jpn-duty", 1));
    let mut scene = Scene::with(&[&one, &two, &jpn]);
    scene.says(&one, ring(1)).unwrap();
    scene.says(&two, answer(1)).unwrap();
    let lead = |scene: &Scene| scene.state.lead(&one.node, &duty());
    assert_eq!(lead(&scene), Some(one.id()));
    scene.says(&one, creates(1, &[two.id(), jpn.id()])).unwrap();
    // The first one comes back without its keys: the second holds the group, and leads.
    scene.says(&one, answer(1)).unwrap();
    assert_eq!(lead(&scene), Some(two.id()));
    assert!(scene.line().groups.contains_key(&one.node));
    assert_eq!(scene.says(&one, moves(1, 1, &[], &[jpn.id()])), Err(Ignored::Epoch));
    scene.says(&two, moves(1, 1, &[one.id()], &[one.id()])).unwrap();
    scene.says(&two, Act::Leave { cause: None }).unwrap();
    assert_eq!(lead(&scene), Some(one.id()));
    // Alone without keys, it makes a new group.
    scene.says(&one, answer(1)).unwrap();
    assert!(!scene.line().groups.contains_key(&one.node));
    scene.says(&one, creates(2, &[jpn.id()])).unwrap();
    assert_eq!(scene.line().groups[&one.node].epoch, 1);
}

#[test]
fn ringing_again_keeps_the_keys() {
    let (one, jpn) = (console("usa-duty", 1), console("jpn-duty", 1));
    let mut scene = Scene::with(&[&one, &jpn]);
    scene.says(&one, ring(1)).unwrap();
    scene.says(&one, creates(1, &[jpn.id()])).unwrap();
    scene.says(&one, ring(2)).unwrap();
    scene.says(&one, moves(1, 1, &[], &[jpn.id()])).unwrap();
    assert_eq!(scene.line().rings.len(), 1, "the new ring stands for the old");
}
