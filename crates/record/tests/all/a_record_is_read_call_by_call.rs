//! Who rang, what each party made of it, and who was in from when until when.
#![allow(clippy::unwrap_used)]

use crate::file::*;
use trialogue_charter::{CallId, LineId, Precedence};
use trialogue_journal::{Act, Body, DeclineReason, Occasion, Statement};
use trialogue_record::Verifier;
use trialogue_record::calls::{Call, Calls, Ended, Outcome};
use trialogue_record::utc::Utc;

/// A story on the duty line: who says or writes what, a second after the one before.
struct Story {
    held: Held,
    steps: u64,
}

fn duty() -> LineId {
    LineId::new("duty").unwrap()
}

fn call(number: u8) -> CallId {
    CallId([number; 16])
}

fn ring(number: u8, precedence: Precedence) -> Act {
    Act::Ring { call: call(number), offers: Vec::new(), precedence }
}

fn answer(number: u8) -> Act {
    Act::Answer { call: call(number), offers: Vec::new() }
}

const LEAVE: Act = Act::Leave { cause: None };

impl Story {
    fn new() -> Self {
        Self { held: Held::new(), steps: 0 }
    }

    /// When the next step happens.
    fn next_ms(&self) -> u64 {
        BEGIN_MS + (10 + self.steps) * 1_000
    }

    fn writes(&mut self, id: &str, body: Body) -> u64 {
        let time_ms = self.next_ms();
        self.steps += 1;
        self.held.append_at(id, time_ms, body);
        time_ms
    }

    fn says(&mut self, id: &str, act: Act) -> u64 {
        let (secret, _, device) = THREE.device(&format!("{}-duty", &id[..3]), 1);
        let at = Occasion { node: node(id), charter: NEXT.hash(), now_ms: self.next_ms() };
        let number = BEGIN_MS + 9_000 + self.steps;
        let statement = Statement::new(device.id, number, &at, duty(), act).sign(&secret).0;
        self.writes(id, Body::Stated { statement })
    }

    fn calls(&self) -> Vec<Call> {
        let (mut verifier, mut calls) = (Verifier::new(NEXT.clone()), Calls::default());
        for item in self.held.items() {
            if let Some(taken) = verifier.take(item) {
                assert!(taken.applied.is_ok(), "{:?} changed nothing: {:?}", taken.entry.entry(), taken.applied);
                calls.take(verifier.state(), &taken);
            }
        }
        calls.finish()
    }
}

#[test]
fn a_call_says_who_rang_who_came_and_who_did_not() {
    let mut story = Story::new();
    let rang = story.says("usa-1", ring(1, Precedence::Immediate));
    let declined = story.says(
        "kor-1",
        Act::Decline {
            call: call(1),
            reason: DeclineReason::CallBack,
            call_back_ms: Some(rang + 600_000),
            deputy: None,
        },
    );
    let answered = story.says("jpn-1", answer(1));
    let restarted = story.writes("jpn-1", Body::Restarted {});
    let back = story.says("jpn-1", answer(1));
    // The console is in already: no part of its own.
    story.says("jpn-1", ring(1, Precedence::Immediate));
    let left = story.says("usa-1", LEAVE);
    let alone = story.says("jpn-1", Act::Leave { cause: Some(Precedence::Flash) });

    let all = story.calls();
    assert_eq!(all.len(), 1);
    let one = &all[0];
    assert_eq!((one.line.as_str(), one.call, one.span()), ("duty", call(1), (Utc(rang), Some(Utc(alone)))));
    let rings: Vec<_> = one.rings.iter().map(|r| (r.by.party.as_str(), r.by.office.as_str(), r.precedence)).collect();
    let urgent = Precedence::Immediate;
    assert_eq!(rings, [("USA", "usa-duty", urgent), ("JPN", "jpn-duty", urgent)]);
    let answers: Vec<_> = one.answers.iter().map(|a| (a.party.as_str(), a.at.time.0, a.outcome.clone())).collect();
    let outcome = Outcome::Declined { reason: DeclineReason::CallBack, call_back: Some(Utc(rang + 600_000)) };
    assert_eq!(answers, [("KOR", declined, outcome)]);
    let present = one.present.iter().map(|p| {
        let (until, how) = p.until.clone().unwrap();
        (p.who.party.as_str(), p.from.time.0, until.time.0, how)
    });
    let wanted = [
        ("USA", rang, left, Ended::Left),
        ("JPN", answered, restarted, Ended::Restarted),
        ("JPN", back, alone, Ended::CalledAway(Precedence::Flash)),
    ];
    assert_eq!(present.collect::<Vec<_>>(), wanted);
}

#[test]
fn what_nobody_answered_and_what_goes_on_are_told_as_that() {
    let mut story = Story::new();
    let rang = story.says("usa-1", ring(1, Precedence::Routine));
    story.writes("kor-1", Body::Ringing { call: call(1), line: duty(), consoles: 0 });
    story.writes("jpn-1", Body::Expired { call: call(1), line: duty() });
    let again = story.says("usa-1", ring(2, Precedence::Immediate));
    let all = story.calls();
    let (first, second) = (&all[0], &all[1]);
    let answers: Vec<_> = first.answers.iter().map(|a| (a.party.as_str(), a.outcome.clone())).collect();
    assert_eq!(answers, [("KOR", Outcome::Unstaffed), ("JPN", Outcome::Expired)]);
    assert_eq!(first.present[0].until.as_ref().map(|(at, how)| (at.time.0, *how)), Some((again, Ended::Another)));
    assert_eq!(first.span(), (Utc(rang), Some(Utc(again))));
    assert_eq!((second.call, second.span()), (call(2), (Utc(again), None)));
}
