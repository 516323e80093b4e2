//! What a console does by itself, to be in its call again after its node has restarted, is not shown as its officer's
//! act.
#![allow(clippy::unwrap_used)]

use crate::file::*;
use trialogue_charter::{CallId, LineId};
use trialogue_journal::{Act, Body, Occasion, Statement};
use trialogue_record::Verifier;
use trialogue_record::timeline::Timeline;

#[test]
fn who_is_in_a_call_already_neither_rings_nor_answers_anew() {
    let (secret, _, device) = THREE.device("usa-duty", 1);
    let ring = |number| Act::Ring { call: CallId([number; 16]), offers: Vec::new(), precedence: Default::default() };
    let answer = |number| Act::Answer { call: CallId([number; 16]), offers: Vec::new() };
    let leave = Act::Leave { cause: None };
    let story = [
        (Some(answer(1)), "answer"),
        (Some(ring(1)), "ring_on"),
        (None, "restarted"),
        (Some(answer(1)), "come_back"),
        (Some(leave), "leave"),
        (Some(answer(1)), "answer"),
        (Some(ring(2)), "ring"),
    ];
    let mut held = Held::new();
    let at = Occasion { node: node("usa-1"), charter: NEXT.hash(), now_ms: BEGIN_MS + 5_000 };
    for (number, (act, _)) in (BEGIN_MS + 9_000..).zip(&story) {
        let body = match act {
            None => Body::Restarted {},
            Some(act) => {
                let statement = Statement::new(device.id, number, &at, LineId::new("duty").unwrap(), act.clone());
                Body::Stated { statement: statement.sign(&secret).0 }
            }
        };
        held.append("usa-1", body);
    }
    let (mut verifier, mut timeline, mut told) = (Verifier::new(NEXT.clone()), Timeline::default(), Vec::new());
    for item in held.items() {
        if let Some(taken) = verifier.take(item) {
            let event = timeline.event(verifier.state(), &taken);
            told.extend((event.node == at.node).then_some((event.kind, event.ignored)));
        }
    }
    let told = &told[told.len() - story.len()..];
    let wanted: Vec<_> = story.iter().map(|(_, kind)| (*kind, None)).collect();
    assert_eq!(told, wanted);
}
