//! A console in a call, with no more than the journals around it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::bench::Bench;
use crate::limits::STAGE_AGAIN_US;
use crate::scene::{Scene, line_id};
use crate::sites::Leg;
use crate::view::CallView;
use trialogue_journal::Statement;
use trialogue_journal::fold::Floor;

struct Desk {
    scene: Scene,
    bench: Bench,
    call: Call,
    keys: Keys,
}

impl Desk {
    fn new(office: &str) -> Self {
        let mut scene = Scene::new();
        let bench = Bench::of(scene.enrol(office, 1));
        Self { scene, bench, call: Call::default(), keys: Keys::default() }
    }

    /// The officer rings, or answers.
    fn enter(&mut self, line: &str, call: u8, ring: Option<Precedence>) {
        let mut around = self.bench.around(&self.scene);
        self.call.enter(line_id(line), CallId([call; 16]), ring, &mut self.keys, &mut around);
    }

    /// The own ring stands in the journal, and nothing of it waits any more.
    fn rings(&mut self, line: &str, call: u8) {
        self.enter(line, call, Some(Precedence::Priority));
        self.bench.settled();
        self.scene.rings(&self.bench.console, line, call, Precedence::Priority);
    }

    /// What is said in so many milliseconds.
    fn settle(&mut self, after_ms: u64) -> Vec<Act> {
        self.scene.time_ms += after_ms;
        let mut around = self.bench.around(&self.scene);
        let _ = self.call.settle(&mut self.keys, &mut around);
        self.call.settle_stage(false, &mut around);
        self.said()
    }

    fn said(&mut self) -> Vec<Act> {
        self.bench.said().into_iter().map(|(Statement { act, .. }, ..)| act).collect()
    }

    fn floor(&self) -> Floor {
        self.call.own_floor(self.scene.roster(&self.bench.console))
    }

    fn view(&self) -> CallView {
        let at = self.scene.roster(&self.bench.console);
        let beside = Beside { keys: &self.keys, leg: &Leg::default(), at, now: Bench::now(&self.scene) };
        self.call.view(beside).unwrap()
    }

    fn rings_ms(&self) -> u64 {
        u64::from(self.scene.charter.policy.ring_seconds) * 1_000
    }

    fn patience_ms(&self) -> u64 {
        self.rings_ms() + SILENT_GRACE_US / 1_000
    }
}

#[test]
fn a_ring_that_nobody_answers_is_given_up_and_its_end_is_remembered() {
    let mut desk = Desk::new("usa-duty");
    let rang_ms = Bench::now(&desk.scene).ms;
    desk.rings("duty", 1);
    let before_ms = desk.scene.time_ms;
    assert!(matches!(&desk.said()[..], [Act::Ring { .. }]));
    assert!(desk.settle(0).is_empty() && desk.call.is_on_line(&line_id("duty")));
    let due_us = desk.call.next_timeout(desk.scene.roster(&desk.bench.console), Bench::now(&desk.scene));
    assert!(due_us.is_some(), "it is called again by itself");
    assert_eq!(desk.view().ring_ends_ms, Some((rang_ms + desk.rings_ms()) as f64), "the caller sees for how long");
    let patience_ms = desk.patience_ms() - (desk.scene.time_ms - before_ms);
    assert!(matches!(&desk.settle(patience_ms)[..], [Act::Leave { cause: None }]));
    assert!(!desk.call.is_on());
    let (line, japan) = (line_id("duty"), PartyId::new("JPN").unwrap());
    assert_eq!(desk.call.outcome(&line), Some(Outcome::Unanswered));
    assert_eq!(desk.call.answer_of(&line, &japan), Some(RingResponse::None));
    desk.call.dismiss("duty");
    assert_eq!((desk.call.outcome(&line), desk.call.answer_of(&line, &japan)), (None, None));
}

#[test]
fn who_goes_to_another_line_leaves_first_and_says_for_how_urgent_a_ring() {
    let mut desk = Desk::new("usa-duty");
    desk.rings("duty", 1);
    desk.said();
    let other = desk.scene.enrol("jpn-leaders", 1);
    desk.scene.rings(&other, "leaders", 2, Precedence::Flash);
    desk.enter("leaders", 2, None);
    let said = desk.said();
    assert!(matches!(&said[..], [Act::Leave { cause: Some(Precedence::Flash) }, Act::Answer { .. }]), "{said:?}");
    assert!(desk.call.is_on_line(&line_id("leaders")));
}

#[test]
fn the_officers_word_is_brought_into_the_journal_and_a_hold_there_counts() {
    let mut desk = Desk::new("usa-duty");
    desk.rings("duty", 1);
    desk.said();
    assert!(desk.settle(0).is_empty());
    desk.call.hold(true);
    assert_eq!(desk.floor(), Floor::Held, "at once, whatever the journal has");
    let id = desk.bench.console.device.id;
    assert_eq!(desk.settle(0), [Act::Hold { device: id, on: true }]);
    assert!(desk.settle(0).is_empty(), "it is on its way");
    desk.bench.settled();
    assert!(desk.settle(100).is_empty(), "the node has accepted it, and tells of the entry in a moment");
    assert_eq!(desk.settle(STAGE_AGAIN_US / 1_000).len(), 1, "it does not");
    desk.bench.settled();
    desk.scene.says(&desk.bench.console, "duty", Act::Hold { device: id, on: true });
    assert!(desk.settle(0).is_empty());
    assert_eq!(desk.floor(), Floor::Held);
    // Another duty officer of the party takes it off hold.
    let officer = desk.scene.enrol("usa-duty", 2);
    desk.scene.says(&officer, "duty", Act::Hold { device: id, on: false });
    assert!(desk.settle(0).is_empty());
    assert_ne!(desk.floor(), Floor::Held);
}

#[test]
fn what_the_node_refuses_the_officer_does_not_want_any_more() {
    let mut desk = Desk::new("usa-duty");
    desk.rings("duty", 1);
    desk.said();
    assert!(desk.settle(0).is_empty());
    desk.call.hold(true);
    assert_eq!(desk.settle(0).len(), 1);
    let settled = |purpose, how| Settled { purpose, number: 1, line: line_id("duty"), how };
    let refused = settled(Purpose::Stage, How::Refused(Refusal::Role));
    let mut around = desk.bench.around(&desk.scene);
    assert!(desk.call.settled(&refused, &mut desk.keys, &mut around), "the officer is told");
    assert_ne!(desk.floor(), Floor::Held);
    let mut around = desk.bench.around(&desk.scene);
    let again = settled(Purpose::Again, How::Refused(Refusal::NotNow));
    assert!(!desk.call.settled(&again, &mut desk.keys, &mut around), "said by the console itself");
    assert!(desk.call.is_on());
    let enter = settled(Purpose::Enter, How::Refused(Refusal::NotNow));
    assert!(desk.call.settled(&enter, &mut desk.keys, &mut around));
    assert!(!desk.call.is_on());
}
