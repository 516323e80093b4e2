//! A party says that it fetches somebody; and nobody rings higher than the charter lets the office.
#![allow(clippy::unwrap_used)]

use crate::common;
use common::*;
use trialogue_charter::Precedence;
use trialogue_journal::fold::RingResponse;
use trialogue_journal::*;

#[test]
fn a_promise_stands_until_it_is_kept() {
    let (usa, jpn) = (console("usa-duty", 1), console("jpn-duty", 1));
    let mut scene = Scene::with(&[&usa, &jpn]);
    scene.says(&usa, ring(1)).unwrap();
    scene.received("jpn-1", 1).unwrap();
    scene.node("jpn-1", Body::Ringing { call: call(1), line: duty(), consoles: 2 }).unwrap();
    scene.says(&jpn, acknowledge(1, 5_000)).unwrap();
    assert_eq!(scene.response("JPN"), RingResponse::Acknowledged { by: jpn.id(), ready_ms: 5_000 });
    assert_eq!(scene.sounding("JPN"), [call(1)], "it can still be answered");
    scene.node("jpn-1", Body::Ringing { call: call(1), line: duty(), consoles: 1 }).unwrap();
    scene.says(&jpn, acknowledge(1, 9_000)).unwrap();
    assert_eq!(
        scene.response("JPN"),
        RingResponse::Acknowledged { by: jpn.id(), ready_ms: 9_000 },
        "the last word counts"
    );
    let few = scene.state.relevant_entries();
    let log: Vec<Sent> =
        scene.log.iter().filter(|(e, _)| few[&e.entry().node].contains(&e.entry().seq)).cloned().collect();
    assert_eq!(fold(&log).line(&duty()), scene.line(), "a console that comes later knows of it");
    scene.says(&jpn, answer(1)).unwrap();
    assert_eq!(scene.response("JPN"), RingResponse::Answered);
    assert_eq!(scene.says(&jpn, acknowledge(1, 10_000)), Err(Ignored::NotNow));
}

#[test]
fn a_promise_that_is_not_kept_expires_and_one_can_still_decline() {
    let (usa, jpn, kor) = (console("usa-duty", 1), console("jpn-duty", 1), console("kor-duty", 1));
    let mut scene = Scene::with(&[&usa, &jpn, &kor]);
    scene.says(&usa, ring(1)).unwrap();
    for (at, who) in [("jpn-1", &jpn), ("kor-1", &kor)] {
        scene.received(at, 1).unwrap();
        scene.says(who, acknowledge(1, 5_000)).unwrap();
    }
    scene.node("jpn-1", Body::Expired { call: call(1), line: duty() }).unwrap();
    assert_eq!(scene.response("JPN"), RingResponse::Expired);
    scene.says(&kor, decline(1)).unwrap();
    assert!(matches!(scene.response("KOR"), RingResponse::Declined { .. }));
}

#[test]
fn no_office_rings_above_its_authority() {
    let usa = console("usa-duty", 1);
    let mut scene = Scene::with(&[&usa]);
    let at = |precedence| Act::Ring { call: call(1), offers: Vec::new(), precedence };
    // The fixture's duty officers ring up to immediate.
    for above in [Precedence::Flash, Precedence::FlashOverride] {
        assert_eq!(scene.says(&usa, at(above)), Err(Ignored::AboveAuthority));
    }
    assert!(scene.sounding("JPN").is_empty());
    scene.says(&usa, at(Precedence::Immediate)).unwrap();
    let rings = scene.state.rings(&duty());
    assert_eq!(rings.iter().map(|ring| ring.precedence).collect::<Vec<_>>(), [Precedence::Immediate]);
}

#[test]
fn who_leaves_for_a_more_urgent_ring_says_so() {
    let usa = console("usa-duty", 1);
    let mut scene = Scene::with(&[&usa]);
    scene.says(&usa, ring(1)).unwrap();
    let cause = Some(Precedence::Flash);
    let left = scene.says(&usa, Act::Leave { cause }).unwrap();
    assert_eq!(left, Applied::Left { line: duty(), device: usa.id(), cause });
    assert!(scene.in_on().is_empty());
}
