//! What the ringer sees of each party: always one of received, unstaffed, ringing, answered, declined, expired.
#![allow(clippy::unwrap_used)]

use crate::common;
use common::*;
use trialogue_journal::fold::RingResponse;
use trialogue_journal::*;

fn rung() -> (Scene, std::sync::Arc<Console>, std::sync::Arc<Console>) {
    let (usa, jpn) = (console("usa-duty", 1), console("jpn-duty", 1));
    let mut scene = Scene::with(&[&usa, &jpn]);
    scene.says(&usa, ring(1)).unwrap();
    (scene, usa, jpn)
}

#[test]
fn from_silence_to_ringing() {
    let (mut scene, ..) = rung();
    assert_eq!(scene.response("JPN"), RingResponse::None);
    assert_eq!(scene.sounding("JPN"), [call(1)]);
    scene.received("jpn-1", 1).unwrap();
    assert_eq!(scene.response("JPN"), RingResponse::Received);
    scene.node("jpn-1", Body::Ringing { call: call(1), line: duty(), consoles: 0 }).unwrap();
    assert_eq!(scene.response("JPN"), RingResponse::Unstaffed);
    scene.node("jpn-1", Body::Ringing { call: call(1), line: duty(), consoles: 2 }).unwrap();
    assert_eq!(scene.response("JPN"), RingResponse::Ringing(2));
    assert_eq!(scene.response("KOR"), RingResponse::None);
}

#[test]
fn a_decline_says_why_and_stops_the_sound() {
    let (mut scene, _, jpn) = rung();
    scene.received("jpn-1", 1).unwrap();
    scene.says(&jpn, decline(1)).unwrap();
    assert!(scene.sounding("JPN").is_empty());
    let declined =
        RingResponse::Declined { reason: DeclineReason::Busy, call_back_ms: Some(9), deputy: None, by: Some(jpn.id()) };
    assert_eq!(scene.response("JPN"), declined);
    assert_eq!(scene.sounding("KOR"), [call(1)], "a party declines for itself only");
    let late = scene.node("jpn-1", Body::Ringing { call: call(1), line: duty(), consoles: 1 });
    assert_eq!(late, Err(Ignored::NotNow));
    // Another officer of the party may still come.
    scene.says(&jpn, answer(1)).unwrap();
    assert_eq!(scene.response("JPN"), RingResponse::Answered);
    assert_eq!(scene.says(&jpn, decline(1)), Err(Ignored::NotNow));
}

#[test]
fn a_deputy_is_an_office_of_the_party_on_the_line() {
    let (mut scene, _, jpn) = rung();
    let with = |deputy: &str| Act::Decline {
        call: call(1),
        reason: DeclineReason::Deputy,
        call_back_ms: None,
        deputy: Some(office(deputy)),
    };
    assert_eq!(scene.says(&jpn, with("usa-duty")), Err(Ignored::Malformed));
    assert_eq!(scene.says(&jpn, with("jpn-leaders")), Err(Ignored::Malformed));
    scene.says(&jpn, with("jpn-duty")).unwrap();
}

#[test]
fn a_node_refuses_by_policy() {
    let (mut scene, ..) = rung();
    scene.node("jpn-1", Body::Refused { call: call(1), line: duty(), reason: DeclineReason::Refused }).unwrap();
    assert!(matches!(scene.response("JPN"), RingResponse::Declined { by: None, .. }));
}

#[test]
fn a_ring_expires_for_one_party_and_goes_on_for_the_other() {
    let (mut scene, usa, jpn) = rung();
    scene.received("jpn-1", 1).unwrap();
    scene.node("jpn-1", Body::Expired { call: call(1), line: duty() }).unwrap();
    assert_eq!(scene.response("JPN"), RingResponse::Expired);
    assert!(scene.sounding("JPN").is_empty());
    assert_eq!(scene.sounding("KOR"), [call(1)]);
    // The line stays open to them.
    scene.says(&jpn, answer(1)).unwrap();
    assert_eq!(scene.in_on(), [jpn.id(), usa.id()]);
}

#[test]
fn the_ring_stops_when_the_ringer_is_gone() {
    let (mut scene, usa, _) = rung();
    scene.received("jpn-1", 1).unwrap();
    scene.says(&usa, Act::Leave { cause: None }).unwrap();
    assert!(scene.sounding("JPN").is_empty());
    assert_eq!(scene.line().call, None);
    assert_eq!(scene.response("JPN"), RingResponse::None);
}

#[test]
fn staffing_is_what_the_nodes_say() {
    let (mut scene, ..) = rung();
    scene.node("jpn-1", Body::Staffed { offices: vec![(office("jpn-duty"), 2), (office("jpn-leaders"), 1)] }).unwrap();
    assert_eq!(scene.state.on_watch(&party("JPN"), &duty()), 2);
    let foreign = scene.node("jpn-1", Body::Staffed { offices: vec![(office("usa-duty"), 2)] });
    assert_eq!(foreign, Err(Ignored::Malformed));
    scene.node("jpn-1", Body::Restarted {}).unwrap();
    assert_eq!(scene.state.on_watch(&party("JPN"), &duty()), 0);
}

#[test]
fn a_ring_that_is_declined_again_reads_the_same_at_a_console_that_comes_later() {
    let (mut scene, _, jpn) = rung();
    scene.received("jpn-1", 1).unwrap();
    // It ends unanswered; somebody rings the same line and leaves; and then says when the first ring will be called
    // back.
    scene.node("jpn-1", Body::Expired { call: call(1), line: duty() }).unwrap();
    scene.says(&jpn, ring(2)).unwrap();
    scene.says(&jpn, Act::Leave { cause: None }).unwrap();
    scene.says(&jpn, decline(1)).unwrap();
    scene.says(&jpn, decline(1)).unwrap();
    assert!(matches!(scene.response("JPN"), RingResponse::Declined { .. }));
    let few = scene.state.relevant_entries();
    let log: Vec<Sent> =
        scene.log.iter().filter(|(e, _)| few[&e.entry().node].contains(&e.entry().seq)).cloned().collect();
    assert_eq!(fold(&log).line(&duty()), scene.line());
}

#[test]
fn a_number_that_is_rung_again_has_the_same_answer_at_a_console_that_came_before() {
    let (mut scene, usa, jpn) = rung();
    scene.received("jpn-1", 1).unwrap();
    // Others ring meanwhile, under numbers of their own.
    for number in 2..10 {
        scene.says(&usa, ring(number)).unwrap();
        scene.received("jpn-1", number).unwrap();
    }
    scene.says(&jpn, answer(1)).unwrap();
    scene.says(&jpn, Act::Leave { cause: None }).unwrap();
    scene.says(&usa, Act::Leave { cause: None }).unwrap();
    // A console comes; then the first number is rung once more, perhaps by somebody whose it was not.
    let few = scene.state.relevant_entries();
    let before = scene.log.len();
    scene.says(&usa, ring(1)).unwrap();
    assert_eq!(scene.response("JPN"), RingResponse::Left);
    let told =
        |(at, (entry, _)): &(usize, &Sent)| *at >= before || few[&entry.entry().node].contains(&entry.entry().seq);
    let log: Vec<Sent> = scene.log.iter().enumerate().filter(told).map(|(_, sent)| sent.clone()).collect();
    assert_eq!(fold(&log).line(&duty()), scene.line());
}
