//! What is said of a leg and what is done about it cross: on the way to the node, from it, and in the browser. Whatever
//! comes when, the console ends with the leg that its node has, and knows who is at which of its places.
#![allow(clippy::unwrap_used)]

use crate::common;

use common::{SECOND, World};
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, Suite};
use trialogue_console_core::view::*;
use trialogue_console_core::{Console, Input, Output};
use trialogue_core::ConsoleKey;
use trialogue_wire::console::{Medium, ToConsole, ToNode};
use trialogue_wire::leg::fixture;

/// One console taken out of the world: the test is its platform and its node's leg from here on.
struct Alone {
    console: Console,
    now_us: u64,
    /// Legs that it was told to make, in order.
    asked: Vec<u32>,
    /// Offers that left for the node.
    offered: Vec<(u32, String)>,
    /// Answers for the platform.
    answers: Vec<(u32, String)>,
    /// Who is where, as the platform was told, of the leg that it was told to make last.
    places: BTreeMap<String, DeviceId>,
}

const VOICE: Medium = Medium::Voice;

/// The node's fragment in the description that the platform is given.
fn fragment(sdp: &str) -> String {
    sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).unwrap().to_owned()
}

fn somebody(number: u8) -> DeviceId {
    DeviceId([number; 32])
}

impl Alone {
    /// A console in a call, with its WebSocket up and a leg asked for and not made yet.
    fn new() -> Self {
        let mut world = World::leaders(Suite::XWing);
        world.ring(2);
        world.until(5, |world| world.desks[0].ringing);
        world.answer(0);
        world.until(5, |world| world.all_ready(&[0, 2]));
        let (now_us, last) = (world.now_us, world.desks[0].legs[0]);
        let console = world.desks.remove(0).console;
        let mut alone = Self {
            console,
            now_us,
            asked: vec![last],
            offered: Vec::new(),
            answers: Vec::new(),
            places: BTreeMap::new(),
        };
        alone.pass(2 * SECOND);
        alone.says(Input::LegDown { leg: last });
        assert_eq!(alone.asked.len(), 2, "another leg is asked for");
        alone
    }

    fn says(&mut self, input: Input) {
        self.console.handle(self.now_us, common::START_MS, input);
        while let Some(output) = self.console.poll() {
            match output {
                Output::MakeOffer { leg } => {
                    self.asked.push(leg);
                    self.places.clear();
                }
                Output::LegAnswer { leg, sdp } => self.answers.push((leg, fragment(&sdp))),
                Output::Send(bytes) => {
                    if let Ok(ToNode::Offer { offer, leg }) = trialogue_wire::decode(&bytes) {
                        self.offered.push((leg, offer.end.fragment));
                    }
                }
                Output::Place { leg, mid, device, .. } if Some(&leg) == self.asked.last() => match device {
                    Some(device) => drop(self.places.insert(mid, device)),
                    None => drop(self.places.remove(&mid)),
                },
                _ => {}
            }
        }
    }

    /// Time passes, and the node says that it is there.
    fn pass(&mut self, us: u64) {
        for _ in 0..us / 100_000 {
            self.now_us += 100_000;
            self.hears(&ToConsole::Pong { number: 0 });
        }
    }

    fn hears(&mut self, message: &ToConsole) {
        self.says(Input::Received(trialogue_wire::encode(message)));
    }

    fn leg(&self) -> u32 {
        *self.asked.last().unwrap()
    }

    fn offers(&mut self, leg: u32) {
        self.says(Input::LegOffer { leg, sdp: fixture::sdp(leg) });
    }

    fn answered(&mut self, leg: u32) {
        self.hears(&ToConsole::Answer { answer: fixture::answer(leg), leg });
    }

    fn placed(&mut self, leg: u32, mid: &str, device: Option<DeviceId>) {
        self.hears(&ToConsole::Place { mid: mid.into(), device, medium: VOICE, leg });
    }

    /// The leg that was asked for last comes up, and is a whole one.
    fn ends_well(&mut self) {
        let leg = self.leg();
        if self.offered.last().is_none_or(|(last, _)| *last != leg) {
            self.offers(leg);
        }
        assert_eq!(self.offered.last(), Some(&(leg, format!("offer{leg}"))));
        if self.answers.last().is_none_or(|(last, _)| *last != leg) {
            self.answered(leg);
        }
        assert_eq!(self.answers.last(), Some(&(leg, format!("answer{leg}"))));
        self.says(Input::LegUp { leg });
        self.placed(leg, "2", Some(somebody(7)));
        let asked = self.asked.len();
        self.pass(30 * SECOND);
        assert_eq!(self.asked.len(), asked, "it is up: no other is asked for");
        assert_eq!(self.places, BTreeMap::from([("2".to_owned(), somebody(7))]));
    }

    /// Nothing comes of the leg that was asked for: after a while it is asked for another.
    fn asks_again(&mut self) -> u32 {
        let asked = self.asked.len();
        self.pass(10 * SECOND);
        assert!(self.asked.len() > asked, "it does not wait for ever");
        self.leg()
    }
}

#[test]
fn the_offer_of_the_leg_before_is_not_taken_for_the_new_one() {
    let mut alone = Alone::new();
    let old = alone.leg();
    let new = alone.asks_again();
    alone.offers(old);
    assert!(alone.offered.is_empty(), "the node never hears of it");
    alone.offers(new);
    alone.ends_well();
}

#[test]
fn the_answer_to_the_offer_before_is_not_applied_to_the_new_one() {
    let mut alone = Alone::new();
    let old = alone.leg();
    alone.offers(old);
    let new = alone.asks_again();
    alone.offers(new);
    alone.answered(old);
    assert!(alone.answers.is_empty());
    alone.ends_well();
}

#[test]
fn a_leg_before_that_comes_up_late_is_not_the_new_one() {
    let mut alone = Alone::new();
    let old = alone.leg();
    alone.offers(old);
    alone.answered(old);
    let new = alone.asks_again();
    alone.says(Input::LegUp { leg: old });
    alone.offers(new);
    alone.says(Input::LegUp { leg: old });
    alone.ends_well();
}

#[test]
fn a_leg_before_that_ends_does_not_end_the_new_one() {
    let mut alone = Alone::new();
    let old = alone.leg();
    alone.offers(old);
    alone.answered(old);
    let new = alone.asks_again();
    alone.offers(new);
    alone.answered(new);
    alone.says(Input::LegDown { leg: old });
    alone.ends_well();
    alone.says(Input::LegDown { leg: old });
    alone.pass(5 * SECOND);
    assert_eq!(alone.leg(), new);
}

#[test]
fn places_of_the_leg_before_are_nobodys() {
    let mut alone = Alone::new();
    let old = alone.leg();
    alone.offers(old);
    alone.answered(old);
    alone.placed(old, "3", Some(somebody(3)));
    assert_eq!(alone.places.len(), 1);
    let new = alone.asks_again();
    alone.placed(old, "4", Some(somebody(4)));
    alone.offers(new);
    alone.placed(old, "5", Some(somebody(5)));
    alone.answered(new);
    alone.placed(old, "2", None);
    alone.ends_well();
}

#[test]
fn nothing_is_up_before_it_is_answered() {
    let mut alone = Alone::new();
    let leg = alone.leg();
    alone.says(Input::LegUp { leg });
    alone.offers(leg);
    alone.says(Input::LegUp { leg });
    alone.answered(leg);
    assert_eq!(alone.answers.len(), 1, "the answer is still wanted");
    alone.ends_well();
}

#[test]
fn a_leg_that_was_lost_comes_to_life_again_with_its_places() {
    let mut alone = Alone::new();
    alone.ends_well();
    let leg = alone.leg();
    alone.says(Input::Closed);
    alone.says(Input::LegDown { leg });
    alone.now_us += SECOND;
    alone.says(Input::LegUp { leg });
    assert_eq!(alone.places.len(), 1);
    assert_eq!(alone.leg(), leg, "without its WebSocket it cannot ask for another");
}

#[test]
fn everything_that_was_said_of_former_legs_comes_in_any_order() {
    // A small generator of its own: the same orders every time.
    for seed in 1..=8_u64 {
        let mut random = seed;
        let mut next = |most: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % most
        };
        let mut alone = Alone::new();
        for _ in 0..100 {
            let any = alone.asked[next(alone.asked.len() as u64) as usize];
            match next(7) {
                0 => alone.offers(any),
                1 if alone.offered.iter().any(|(leg, _)| *leg == any) => alone.answered(any),
                2 if alone.answers.iter().any(|(leg, _)| *leg == any) => alone.says(Input::LegUp { leg: any }),
                3 => alone.says(Input::LegDown { leg: any }),
                4 => alone.says(Input::LegHeard { leg: any }),
                5 if alone.answers.iter().any(|(leg, _)| *leg == any) => {
                    let device = (next(3) > 0).then(|| somebody(next(200) as u8));
                    alone.placed(any, &next(20).to_string(), device);
                }
                _ => alone.pass(next(12) * 100_000),
            }
            let legs: Vec<u32> = alone.answers.iter().map(|(leg, _)| *leg).collect();
            assert!(legs.windows(2).all(|two| two[0] != two[1]), "seed {seed}: a leg was answered twice");
            for (leg, sdp) in &alone.answers {
                assert_eq!(*sdp, format!("answer{leg}"), "seed {seed}");
            }
        }
        let leg = alone.leg();
        alone.says(Input::LegDown { leg });
        alone.asks_again();
        alone.ends_well();
    }
}

/// What the desk's node told it of places, last first forgotten.
fn told(world: &World, desk: usize) -> Vec<(String, Option<DeviceId>, u32)> {
    let messages = world.desks[desk].heard.iter().filter_map(|bytes| trialogue_wire::decode(bytes).ok());
    let places = messages.filter_map(|message| match message {
        ToConsole::Place { mid, device, leg, .. } => Some((mid, device, leg)),
        _ => None,
    });
    places.collect()
}

fn place(world: &mut World, desk: usize, (console, leg): (ConsoleKey, u32), mid: &str, device: Option<DeviceId>) {
    let node = world.desks[desk].node;
    let mid = mid.to_owned();
    world.node_input(node, trialogue_core::Input::Placed { console, leg, mid, device, medium: VOICE });
    world.settle();
}

#[test]
fn a_place_that_was_told_on_a_dead_websocket_is_told_again() {
    let mut world = World::leaders(Suite::XWing);
    world.ring(2);
    world.until(5, |world| world.desks[0].ringing);
    world.answer(0);
    world.until(5, |world| world.all_ready(&[0, 2]));
    let (key, leg) = (world.desks[0].key.unwrap(), world.desks[0].legs[0]);
    place(&mut world, 0, (key, leg), "2", Some(somebody(2)));
    // Lost: the console has given this WebSocket up, and the node does not know.
    world.desks[0].key = None;
    place(&mut world, 0, (key, leg), "2", None);
    place(&mut world, 0, (key, leg), "3", Some(somebody(3)));
    // Media come: there is no reason to make another leg.
    world.input(0, Input::LegHeard { leg });
    world.input(0, Input::Closed);
    world.settle();
    world.desks[0].heard.clear();
    world.until(10, |world| world.view(0).node == NodeLink::Up);
    world.run(SECOND);
    let expected = [("2".to_owned(), None, leg), ("3".to_owned(), Some(somebody(3)), leg)];
    assert_eq!(told(&world, 0)[..2], expected[..]);
    assert_eq!(world.desks[0].legs[0], leg, "the leg is the same");
}

#[test]
fn nothing_is_told_of_a_leg_that_was_replaced() {
    let mut world = World::leaders(Suite::XWing);
    let (key, leg) = (world.desks[0].key.unwrap(), world.desks[0].legs[0]);
    place(&mut world, 0, (key, leg), "2", Some(somebody(2)));
    world.run(2 * SECOND);
    world.input(0, Input::LegDown { leg });
    world.settle();
    let new = world.desks[0].legs[0];
    assert_ne!(new, leg);
    world.desks[0].heard.clear();
    // The media thread had said it before it heard of the new offer.
    place(&mut world, 0, (key, leg), "4", Some(somebody(4)));
    assert_eq!(told(&world, 0), Vec::new());
    place(&mut world, 0, (key, new), "2", Some(somebody(5)));
    assert_eq!(told(&world, 0), vec![("2".to_owned(), Some(somebody(5)), new)]);
}
