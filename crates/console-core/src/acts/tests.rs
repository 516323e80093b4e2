#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::io::{Event, Output};
use crate::limits::ACT_STALE_US;
use crate::outputs::Outputs;
use crate::scene::{Enrolled, Scene, after_ms, line_id};
use trialogue_journal::{Occasion, Statement, UnverifiedStatement};
use trialogue_wire::console::{Refusal, ToNode};

const GROUP: GroupId = GroupId([7; 16]);

/// Everything for which something is said.
const PURPOSES: [Purpose; 18] = [
    Purpose::Enter,
    Purpose::Attach,
    Purpose::Again,
    Purpose::Decline,
    Purpose::Acknowledge,
    Purpose::Leave,
    Purpose::Stage,
    Purpose::ComeOn,
    Purpose::Standing,
    Purpose::CalledBack,
    Purpose::Proof,
    Purpose::Written,
    Purpose::Shown,
    Purpose::Archive,
    Purpose::Circle(3),
    Purpose::Write(3),
    Purpose::Handshake(GROUP),
    Purpose::Tags,
];

/// A console with nothing but its statements.
struct Desk {
    scene: Scene,
    console: Enrolled,
    acts: Acts,
    out: Outputs,
    at: Option<Occasion>,
    known: u64,
    up: bool,
    ms: u64,
}

impl Desk {
    fn new() -> Self {
        let mut scene = Scene::new();
        let console = scene.enrol("usa-duty", 1);
        let at = Some(scene.occasion(&console.node, 0));
        let (acts, out) = Default::default();
        Self { scene, console, acts, out, at, known: 0, up: true, ms: 0 }
    }

    fn speaker(&mut self) -> Speaker<'_> {
        Speaker {
            acts: &mut self.acts,
            secret: &self.console.secret,
            device: self.console.device.id,
            at: self.at.clone(),
            known: self.known,
            slot: self.up.then_some(0),
            out: &mut self.out,
            now: after_ms(self.ms),
        }
    }

    fn say(&mut self, purpose: Purpose) -> u64 {
        self.speaker().say(&line_id("duty"), purpose, Act::Leave { cause: None }, vec![vec![1]])
    }

    /// What went to the node since it was asked last.
    fn sent(&mut self) -> Vec<Statement> {
        let mut sent = Vec::new();
        while let Some(output) = self.out.poll() {
            let Output::Send(bytes) = output else { continue };
            let Ok(ToNode::State { statement, .. }) = trialogue_wire::decode(&bytes) else { panic!("a statement") };
            sent.push(UnverifiedStatement::decode(&statement).unwrap().claim().clone());
        }
        sent
    }

    fn refusals(&mut self) -> usize {
        std::iter::from_fn(|| self.out.poll()).filter(|out| matches!(out, Output::Log(Event::Refused(_)))).count()
    }
}

#[test]
fn numbers_grow_whatever_the_clock_shows() {
    let mut desk = Desk::new();
    desk.ms = 10_000;
    let first = desk.say(Purpose::Stage);
    // Somebody sets the clock back.
    desk.ms = 0;
    let second = desk.say(Purpose::Stage);
    assert!(second > first);
    // Its journal has more than this console remembers: it was started anew with a clock that is behind.
    desk.known = second + 1_000_000;
    assert_eq!(desk.say(Purpose::Stage), second + 1_000_001);
}

#[test]
fn what_is_said_is_signed_for_the_node_and_sent_once() {
    let mut desk = Desk::new();
    let number = desk.say(Purpose::Stage);
    let [sent] = &desk.sent()[..] else { panic!("one") };
    assert_eq!((sent.number, &sent.node), (number, &desk.console.node));
    assert!(desk.acts.is_said(number) && desk.acts.is_waiting(&line_id("duty"), |of| of == Purpose::Stage));
    let settled = desk.acts.accepted(number).unwrap();
    assert_eq!((settled.purpose, settled.number, settled.how), (Purpose::Stage, number, How::Counted));
    assert!(!desk.acts.is_said(number));
    assert_eq!(desk.acts.accepted(number), None, "told twice");
    assert_eq!(desk.speaker().refused(number, Refusal::NotNow, None), None);
}

#[test]
fn without_a_node_it_waits_and_is_signed_when_there_is_one() {
    let mut desk = Desk::new();
    let (at, up) = (desk.at.take(), std::mem::take(&mut desk.up));
    let number = desk.say(Purpose::Enter);
    assert!(desk.sent().is_empty());
    (desk.at, desk.up) = (at, up);
    assert_eq!(desk.speaker().again(), []);
    assert_eq!(desk.sent().iter().map(|sent| sent.number).collect::<Vec<_>>(), [number]);
}

#[test]
fn a_call_that_was_asked_for_long_ago_does_not_ring_any_more() {
    for purpose in [Purpose::Enter, Purpose::Again] {
        let mut desk = Desk::new();
        let number = desk.say(purpose);
        desk.ms = ACT_STALE_US / 1_000 + 1;
        desk.sent();
        let again = desk.speaker().again();
        assert_eq!(again.len(), 1, "{purpose:?}");
        assert_eq!((again[0].number, again[0].how), (number, How::Refused(Refusal::NotNow)));
        assert!(desk.sent().is_empty());
    }
}

#[test]
fn what_the_state_shows_by_now_has_counted() {
    let mut desk = Desk::new();
    let number = desk.say(Purpose::Handshake(GROUP));
    (desk.known, _) = (number, desk.sent());
    let again = desk.speaker().again();
    assert_eq!((again.len(), again[0].how), (1, How::Counted));
    assert!(desk.sent().is_empty() && !desk.acts.is_said(number));
}

#[test]
fn said_for_another_charter_it_is_said_anew_once_unless_it_is_bound_to_its_number() {
    for purpose in PURPOSES {
        let mut desk = Desk::new();
        let number = desk.say(purpose);
        desk.sent();
        let settled = desk.speaker().refused(number, Refusal::OtherCharter, None);
        if purpose.is_bound() {
            assert_eq!(settled.unwrap().how, How::Refused(Refusal::OtherCharter), "{purpose:?}");
            assert!(desk.sent().is_empty());
            continue;
        }
        assert_eq!(settled, None, "{purpose:?}");
        let [anew] = &desk.sent()[..] else { panic!("{purpose:?}") };
        assert!(anew.number > number);
        let again = desk.speaker().refused(anew.number, Refusal::OtherCharter, None).unwrap();
        assert_eq!(again.how, How::Refused(Refusal::OtherCharter), "{purpose:?}: a node that says so for ever");
        assert!(desk.sent().is_empty());
    }
}

#[test]
fn at_another_node_what_was_signed_for_the_former_one_is_said_anew_or_is_past() {
    for purpose in PURPOSES {
        let mut desk = Desk::new();
        let number = desk.say(purpose);
        desk.sent();
        let other = desk.scene.charter.nodes.iter().find(|node| node.id != desk.console.node).unwrap().id.clone();
        desk.at = Some(desk.scene.occasion(&other, 1));
        let again = desk.speaker().again();
        match purpose {
            Purpose::Write(_) => assert_eq!((again.len(), again[0].how), (1, How::Past)),
            bound if bound.is_bound() => assert!(matches!(again[0].how, How::Refused(Refusal::Outdated)), "{bound:?}"),
            _ => {
                assert_eq!(again, []);
                let [anew] = &desk.sent()[..] else { panic!("{purpose:?}") };
                assert!(anew.number > number && anew.node == other);
            }
        }
    }
}

#[test]
fn who_is_told_to_wait_waits_where_that_can_be_said_anew() {
    for purpose in PURPOSES {
        let mut desk = Desk::new();
        let number = desk.say(purpose);
        let how = desk.speaker().refused(number, Refusal::Busy, Some(1_500)).unwrap().how;
        match purpose {
            Purpose::Circle(_) | Purpose::Write(_) | Purpose::Handshake(_) => assert_eq!(how, How::Later(1_500_000)),
            _ => assert_eq!(how, How::Refused(Refusal::Busy), "{purpose:?}"),
        }
    }
}

#[test]
fn what_an_archive_says_twice_has_counted_and_the_refusal_is_logged() {
    let mut desk = Desk::new();
    let number = desk.say(Purpose::Archive);
    assert_eq!(desk.speaker().refused(number, Refusal::Replayed, None).unwrap().how, How::Counted);
    assert_eq!(desk.refusals(), 1);
}

#[test]
fn a_lost_socket_takes_back_what_asked_somebody_for_something() {
    let mut desk = Desk::new();
    for purpose in PURPOSES {
        desk.say(purpose);
    }
    desk.acts.unsent();
    let waits = |desk: &Desk, of| desk.acts.is_waiting(&line_id("duty"), |waiting| waiting == of);
    for purpose in PURPOSES {
        let gone = matches!(
            purpose,
            Purpose::Decline | Purpose::Acknowledge | Purpose::Standing | Purpose::CalledBack | Purpose::Proof
        );
        assert_eq!(waits(&desk, purpose), !gone, "{purpose:?}");
    }
    // At another site nothing is left but being in, or leaving.
    desk.acts.elsewhere();
    for purpose in PURPOSES {
        assert_eq!(waits(&desk, purpose), matches!(purpose, Purpose::Enter | Purpose::Leave), "{purpose:?}");
    }
}

#[test]
fn what_takes_long_to_make_waits_until_what_was_said_has_left() {
    let mut desk = Desk::new();
    desk.acts.begin();
    assert!(desk.acts.may_follow());
    desk.say(Purpose::Enter);
    assert!(!desk.acts.may_follow());
    assert_eq!(desk.acts.next_us(5), Some(5), "due at once");
    desk.acts.begin();
    assert!(desk.acts.may_follow() && desk.acts.next_us(5).is_none());
}

#[test]
fn a_node_that_answers_nothing_fills_no_memory() {
    let mut desk = Desk::new();
    let first = desk.say(Purpose::Proof);
    let last = (0..crate::limits::WAITING_MAX).map(|_| desk.say(Purpose::Proof)).last().unwrap();
    assert_eq!(desk.acts.waiting.len(), crate::limits::WAITING_MAX);
    assert!(!desk.acts.is_said(first) && desk.acts.is_said(last));
}

#[test]
fn a_console_that_has_left_does_not_come_back_by_the_state_of_before() {
    let mut desk = Desk::new();
    desk.say(Purpose::Leave);
    let line = line_id("duty");
    assert!(desk.acts.has_just_left(&line, after_ms(0).us));
    assert!(!desk.acts.has_just_left(&line, after_ms(0).us + RETURN_US));
    assert!(!desk.acts.has_just_left(&line_id("leaders"), after_ms(0).us));
}
