//! Glare: two rings on one line are one call.

use crate::common;
use common::*;
use trialogue_journal::fold::RingResponse;

#[test]
fn both_ringers_are_in_one_call_and_nothing_sounds_between_them() {
    let (usa, jpn, kor) = (console("usa-duty", 1), console("jpn-duty", 1), console("kor-duty", 1));
    let mut scene = Scene::with(&[&usa, &jpn, &kor]);
    scene.says(&usa, ring(9)).unwrap();
    scene.says(&jpn, ring(3)).unwrap();
    for (node, number) in [("jpn-1", 9), ("usa-1", 3), ("kor-1", 9), ("kor-1", 3)] {
        scene.received(node, number).unwrap();
    }
    let line = scene.line();
    assert_eq!(line.call, Some(call(3)), "the smallest id is shown");
    assert_eq!(line.participants.len(), 2);
    assert!(scene.sounding("USA").is_empty() && scene.sounding("JPN").is_empty());
    assert_eq!(scene.sounding("KOR"), [call(3), call(9)]);
    assert_eq!(scene.response("USA"), RingResponse::Answered);
    assert_eq!(scene.response("KOR"), RingResponse::Received);
}

#[test]
fn one_answer_answers_both() {
    let (usa, jpn, kor) = (console("usa-duty", 1), console("jpn-duty", 1), console("kor-duty", 1));
    let mut scene = Scene::with(&[&usa, &jpn, &kor]);
    scene.says(&usa, ring(9)).unwrap();
    scene.says(&jpn, ring(3)).unwrap();
    scene.received("kor-1", 9).unwrap();
    scene.received("kor-1", 3).unwrap();
    scene.says(&kor, answer(9)).unwrap();
    assert!(scene.sounding("KOR").is_empty());
    assert_eq!(scene.line().participants.len(), 3);
    // Having been there, Korea is not rung again by the ring that it did not name.
    scene.says(&kor, trialogue_journal::Act::Leave { cause: None }).unwrap();
    assert!(scene.sounding("KOR").is_empty());
    assert_eq!(scene.response("KOR"), RingResponse::Left);
}

#[test]
fn a_ringer_who_hangs_up_is_not_rung_by_the_other_ring() {
    let (usa, jpn) = (console("usa-duty", 1), console("jpn-duty", 1));
    let mut scene = Scene::with(&[&usa, &jpn]);
    scene.says(&usa, ring(9)).unwrap();
    scene.says(&jpn, ring(3)).unwrap();
    scene.received("jpn-1", 9).unwrap();
    scene.says(&jpn, trialogue_journal::Act::Leave { cause: None }).unwrap();
    assert!(scene.sounding("JPN").is_empty());
    // A new ring sounds.
    scene.says(&usa, ring(10)).unwrap();
    scene.received("jpn-1", 10).unwrap();
    assert_eq!(scene.sounding("JPN"), [call(10)]);
}
