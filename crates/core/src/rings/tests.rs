//! Rings of others, at a node where nobody is on watch.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::scene::{Enrolled, OwnNode};
use trialogue_charter::Precedence;
use trialogue_journal::{Act, BodyRef, DeclineReason, KeyOffer};

const SECOND: u64 = 1_000_000;

/// The node of a party that is rung, and nobody on watch there.
struct Bench {
    own: OwnNode,
    rings: Rings,
    start_us: u64,
    ringer: Enrolled,
}

impl Bench {
    fn new() -> Self {
        let mut own = OwnNode::at("usa-1");
        let ringer = own.scene.enrol("jpn-duty", 1);
        own.take();
        let start_us = own.scene.here.now.us;
        Self { own, rings: Rings::default(), start_us, ringer }
    }

    fn ring(&mut self, call: u8) {
        let nodes = self.own.scene.here.charter.nodes.iter().map(|node| node.id.clone());
        let offer = |node| KeyOffer { node, package: BodyRef::of(b"key package").unwrap() };
        let act = Act::Ring {
            call: CallId([call; 16]),
            offers: nodes.map(offer).collect(),
            precedence: Precedence::default(),
        };
        self.own.scene.says(&self.ringer, "duty", act);
        self.came();
    }

    fn leaves(&mut self) {
        let ringer = &self.ringer;
        self.own.scene.says(ringer, "duty", Act::Leave { cause: None });
        self.came();
    }

    /// What own consoles say is written down.
    fn said(&mut self) {
        self.own.write();
        self.came();
    }

    fn came(&mut self) {
        self.own.take();
        self.own.out.changed.lines = true;
    }

    /// What is given out when so much time has passed since the start.
    fn after(&mut self, us: u64) -> (Vec<Body>, Vec<Output>) {
        self.own.goes_on_to(self.start_us + us);
        let (consoles, links) = (Consoles::default(), Links::new(0));
        let watching = Watching { consoles: &consoles, links: &links };
        self.rings.settle(watching, &mut self.own.pen());
        let outputs = self.own.outputs();
        let body = |output: &Output| {
            let Output::Append { bundle, .. } = output else { return None };
            let entry = trialogue_journal::UnverifiedEntry::decode(&bundle.entry).unwrap();
            Some(entry.claim().body.clone())
        };
        (outputs.iter().filter_map(body).collect(), outputs)
    }
}

#[test]
fn a_ring_is_said_to_have_come_and_where_it_sounds_and_once() {
    let mut bench = Bench::new();
    bench.ring(1);
    let (written, _) = bench.after(0);
    assert!(matches!(written[..], [Body::Received { .. }, Body::Ringing { consoles: 0, .. }]), "{written:?}");
    bench.own.out.changed.lines = true;
    assert!(bench.after(1).0.is_empty());
}

#[test]
fn where_nobody_is_on_watch_people_are_fetched_soon_and_once() {
    let mut bench = Bench::new();
    bench.ring(1);
    bench.after(0);
    let (mut alerted_us, mut now_us) = (Vec::new(), 0);
    while let Some(due_us) = bench.rings.next_us(&bench.own.scene.here).filter(|_| now_us < 120 * SECOND) {
        assert!(due_us > bench.own.scene.here.now.us, "it would be called without end");
        now_us = due_us - bench.start_us;
        let (_, outputs) = bench.after(now_us);
        let alerts = outputs.iter().filter(|output| matches!(output, Output::Alert { .. }));
        alerted_us.extend(alerts.map(|_| now_us));
    }
    assert_eq!(alerted_us, [UNSTAFFED_US]);
}

#[test]
fn a_ring_expires_by_this_nodes_own_count_and_one_that_is_taken_back_is_forgotten() {
    let mut bench = Bench::new();
    bench.ring(1);
    bench.after(0);
    let ring_us = u64::from(bench.own.scene.here.charter.policy.ring_seconds) * SECOND;
    let expired = |written: &[Body]| written.iter().any(|body| matches!(body, Body::Expired { .. }));
    assert!(!expired(&bench.after(ring_us - 1).0));
    assert!(expired(&bench.after(ring_us).0));
    bench.own.out.changed.lines = true;
    bench.after(ring_us + 1);
    bench.after(ring_us + 2 * SECOND);
    assert_eq!(bench.rings.next_us(&bench.own.scene.here), None);
    bench.ring(2);
    bench.after(ring_us + 3 * SECOND);
    bench.leaves();
    assert!(bench.after(ring_us + 4 * SECOND).0.is_empty());
    bench.after(ring_us + 6 * SECOND);
    assert_eq!(bench.rings.next_us(&bench.own.scene.here), None);
}

/// Calls of the rings that are said to have been missed.
fn missed(written: &[Body]) -> Vec<u8> {
    let missed = written.iter().filter_map(|body| match body {
        Body::Missed { call, .. } => Some(call.0[0]),
        _ => None,
    });
    missed.collect()
}

#[test]
fn a_ring_that_nobody_answers_is_written_down_once_when_it_is_over() {
    let mut bench = Bench::new();
    bench.ring(1);
    bench.after(0);
    bench.after(5 * SECOND);
    bench.leaves();
    assert!(missed(&bench.after(6 * SECOND).0).is_empty(), "somebody may answer just then");
    let (written, _) = bench.after(7 * SECOND);
    assert_eq!(missed(&written), [1]);
    let Some(Body::Missed { rang, .. }) = written.first() else { panic!("{written:?}") };
    assert_eq!((rang.party.as_str(), rang.office.as_str(), rang.call_back_ms), ("JPN", "jpn-duty", None));
    bench.own.out.changed.lines = true;
    assert!(missed(&bench.after(8 * SECOND).0).is_empty());
    // One that goes on with others when it is over here is missed, too.
    bench.ring(2);
    bench.after(9 * SECOND);
    let ring_us = u64::from(bench.own.scene.here.charter.policy.ring_seconds) * SECOND;
    bench.after(9 * SECOND + ring_us);
    bench.own.out.changed.lines = true;
    bench.after(9 * SECOND + ring_us + 1);
    assert_eq!(missed(&bench.after(11 * SECOND + ring_us).0), [2]);
    bench.leaves();
    assert!(missed(&bench.after(14 * SECOND + ring_us).0).is_empty());
}

#[test]
fn what_somebody_answered_or_declined_is_not_missed_and_what_is_to_be_called_back_is() {
    for (call_back_ms, wanted) in [(None, vec![]), (Some(1_900_000_000_000), vec![1])] {
        let mut bench = Bench::new();
        let own = bench.own.scene.enrol("usa-duty", 1);
        bench.ring(1);
        bench.after(0);
        let (reason, deputy) = (DeclineReason::Busy, None);
        bench.own.scene.says(&own, "duty", Act::Decline { call: CallId([1; 16]), reason, call_back_ms, deputy });
        bench.said();
        bench.after(SECOND);
        assert_eq!(missed(&bench.after(3 * SECOND).0), wanted);
    }
    let mut bench = Bench::new();
    let own = bench.own.scene.enrol("usa-duty", 1);
    bench.ring(1);
    bench.after(0);
    bench.own.scene.says(&own, "duty", Act::Answer { call: CallId([1; 16]), offers: Vec::new() });
    bench.said();
    bench.after(SECOND);
    bench.own.scene.says(&own, "duty", Act::Leave { cause: None });
    bench.said();
    bench.leaves();
    bench.after(2 * SECOND);
    assert!(missed(&bench.after(5 * SECOND).0).is_empty());
}

#[test]
fn whoever_rings_under_another_s_number_hides_nothing() {
    let mut bench = Bench::new();
    let other = bench.own.scene.enrol("kor-duty", 1);
    bench.ring(1);
    bench.after(0);
    bench.own.scene.rings(&other, 1);
    bench.came();
    bench.after(SECOND);
    bench.leaves();
    bench.after(2 * SECOND);
    let by = |written: &[Body]| -> Vec<String> {
        let rang = written.iter().filter_map(|body| match body {
            Body::Missed { rang, .. } => Some(rang.party.to_string()),
            _ => None,
        });
        rang.collect()
    };
    assert_eq!(by(&bench.after(4 * SECOND).0), ["JPN"], "although the other one rings on");
    bench.own.scene.says(&other, "duty", Act::Leave { cause: None });
    bench.came();
    bench.after(5 * SECOND);
    assert_eq!(by(&bench.after(7 * SECOND).0), ["KOR"]);
}

#[test]
fn rings_without_end_fill_neither_the_record_nor_memory() {
    let mut bench = Bench::new();
    let mut written = Vec::new();
    for number in 1..=40 {
        let at_us = u64::from(number) * 3 * SECOND;
        bench.ring(number);
        bench.after(at_us);
        bench.leaves();
        written.extend(missed(&bench.after(at_us + SECOND).0));
        written.extend(missed(&bench.after(at_us + 2 * SECOND + 1).0));
    }
    let over = 40 * 3 * SECOND / crate::limits::MISSED_EVERY_US;
    assert!(written.len() as u64 <= u64::from(crate::limits::MISSED_BURST) + over, "{written:?}");
    let rest: usize = (1..20).map(|n| missed(&bench.after((120 + 60 * n) * SECOND).0).len()).sum();
    assert!(rest <= trialogue_journal::limits::MISSED_MAX, "{rest}");
}

#[test]
fn people_are_said_to_have_been_alerted_only_while_it_sounds() {
    let mut bench = Bench::new();
    bench.ring(1);
    bench.after(0);
    let line = LineId::new("duty").unwrap();
    bench.rings.alerted(CallId([2; 16]), line.clone(), true, &mut bench.own.pen());
    assert!(bench.own.written().is_empty());
    bench.rings.alerted(CallId([1; 16]), line, false, &mut bench.own.pen());
    assert!(matches!(bench.own.written()[..], [Body::Alerted { done: false, .. }]));
}

#[test]
fn people_are_alerted_again_while_nobody_comes() {
    let mut bench = Bench::new();
    let line = LineId::new("duty").unwrap();
    let alerts = |outputs: &[Output]| outputs.iter().filter(|o| matches!(o, Output::Alert { .. })).count();
    bench.ring(1);
    bench.after(0);
    let mut at_us = UNSTAFFED_US;
    assert_eq!(alerts(&bench.after(at_us).1), 1);
    at_us += SECOND;
    assert_eq!(alerts(&bench.after(at_us).1), 0, "one that is under way is not begun again");
    let said = |bench: &mut Bench, done| {
        bench.rings.alerted(CallId([1; 16]), line.clone(), done, &mut bench.own.pen());
        bench.own.written()
    };
    assert!(matches!(said(&mut bench, false)[..], [Body::Alerted { done: false, .. }]));
    assert_eq!(alerts(&bench.after(at_us + ALERT_AGAIN_US - 1).1), 0);
    at_us += ALERT_AGAIN_US;
    assert_eq!(alerts(&bench.after(at_us).1), 1, "nobody could be told");
    assert!(said(&mut bench, false).is_empty(), "the caller knows");
    at_us += ALERT_AGAIN_US;
    assert_eq!(alerts(&bench.after(at_us).1), 1);
    assert!(matches!(said(&mut bench, true)[..], [Body::Alerted { done: true, .. }]), "now somebody was told");
    let ring_us = u64::from(bench.own.scene.here.charter.policy.ring_seconds) * SECOND;
    assert!(at_us + ALERT_REPEAT_US < ring_us, "it still sounds");
    assert_eq!(alerts(&bench.after(at_us + ALERT_REPEAT_US - 1).1), 0);
    assert_eq!(alerts(&bench.after(at_us + ALERT_REPEAT_US).1), 1, "and has not come");
    assert!(said(&mut bench, false).is_empty(), "somebody was told");
    bench.after(ring_us);
    bench.own.outputs();
    assert_eq!(alerts(&bench.after(ring_us + ALERT_REPEAT_US).1), 0, "it is over");
}
