//! The own node, or the own WebRTC stack, says something of which no leg as agreed can be made: nothing is negotiated,
//! the officer is told, and the console tries again by itself.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::{SECOND, World};
use trialogue_charter::Suite;
use trialogue_console_core::view::Trouble;
use trialogue_console_core::{Input, Output};
use trialogue_wire::console::{ToConsole, ToNode};
use trialogue_wire::leg::{LegAnswer, fixture};

/// A console that has just been asked for a leg, its node being the test.
struct Officer {
    console: trialogue_console_core::Console,
    now_us: u64,
    leg: u32,
    asked: usize,
    /// Offers that left.
    offered: usize,
    /// Descriptions for the platform.
    described: Vec<String>,
    trouble: Option<Trouble>,
}

impl Officer {
    fn new() -> Self {
        let mut world = World::leaders(Suite::XWing);
        world.ring(2);
        world.until(5, |world| world.desks[0].ringing);
        let (now_us, leg) = (world.now_us, world.desks[0].legs[0]);
        let console = world.desks.remove(0).console;
        let mut officer = Self { console, now_us, leg, asked: 0, offered: 0, described: Vec::new(), trouble: None };
        officer.pass(2 * SECOND);
        officer.says(Input::LegDown { leg });
        assert_eq!(officer.asked, 1);
        officer
    }

    fn says(&mut self, input: Input) {
        self.console.handle(self.now_us, common::START_MS, input);
        while let Some(output) = self.console.poll() {
            match output {
                Output::MakeOffer { leg } => (self.leg, self.asked) = (leg, self.asked + 1),
                Output::LegAnswer { sdp, .. } => self.described.push(sdp),
                Output::View(view) => self.trouble = view.trouble,
                Output::Send(bytes) => {
                    let offer = matches!(trialogue_wire::decode(&bytes), Ok(ToNode::Offer { .. }));
                    self.offered += usize::from(offer);
                }
                _ => {}
            }
        }
    }

    fn pass(&mut self, us: u64) {
        for _ in 0..us / 100_000 {
            self.now_us += 100_000;
            let pong = trialogue_wire::encode(&ToConsole::Pong { number: 0 });
            self.says(Input::Received(pong));
        }
    }

    fn offers(&mut self) {
        self.says(Input::LegOffer { leg: self.leg, sdp: fixture::sdp(self.leg) });
    }

    fn answered(&mut self, answer: LegAnswer) {
        let message = trialogue_wire::encode(&ToConsole::Answer { answer, leg: self.leg });
        self.says(Input::Received(message));
    }

    /// It is in trouble, tries again, and is out of trouble with a leg as agreed.
    fn gets_over_it(&mut self) {
        assert_eq!(self.trouble, Some(Trouble::Leg));
        let asked = self.asked;
        self.pass(30 * SECOND);
        assert!(self.asked > asked, "it asks for another leg");
        let described = self.described.len();
        self.offers();
        self.answered(fixture::answer(self.leg));
        assert_eq!(self.described.len(), described + 1);
        self.says(Input::LegUp { leg: self.leg });
        assert_eq!(self.trouble, None);
    }
}

#[test]
fn the_node_answers_another_offer() {
    let mut officer = Officer::new();
    officer.offers();
    assert_eq!(officer.offered, 1);
    let mut answer = fixture::answer(officer.leg);
    answer.streams.pop();
    officer.answered(answer);
    assert!(officer.described.is_empty());
    officer.gets_over_it();
}

#[test]
fn the_node_writes_lines_into_its_password() {
    let mut officer = Officer::new();
    officer.offers();
    let mut answer = fixture::answer(officer.leg);
    answer.end.password = "x\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level".to_owned();
    officer.answered(answer);
    // It is no message at all; the honest answer that comes after it counts.
    assert!(officer.described.is_empty());
    officer.answered(fixture::answer(officer.leg));
    assert_eq!(officer.described.len(), 1);
    assert!(!officer.described[0].contains("audio-level"));
}

#[test]
fn what_the_platform_has_negotiated_is_something_else() {
    let mut officer = Officer::new();
    officer.offers();
    officer.answered(fixture::answer(officer.leg));
    assert_eq!(officer.described.len(), 1);
    let leg = officer.leg;
    officer.says(Input::LegUnfit { leg: leg + 1, why: "another leg".to_owned() });
    assert_eq!(officer.trouble, None, "what is said of another leg counts for nothing");
    officer.says(Input::LegUnfit { leg, why: "a variable rate".to_owned() });
    officer.gets_over_it();
}

#[test]
fn the_platform_offers_what_is_no_leg() {
    let mut officer = Officer::new();
    let leg = officer.leg;
    let sdp = fixture::sdp(leg).replace("opus/48000/2", "PCMU/8000");
    officer.says(Input::LegOffer { leg, sdp });
    assert_eq!(officer.offered, 0, "the node is told nothing");
    officer.gets_over_it();
}
