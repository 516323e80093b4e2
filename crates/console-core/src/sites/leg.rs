//! The leg to a site's node: when to make it, of what, and who is at which of its places.

use super::Around;
use crate::io::{Event, Output};
use crate::limits::{LEG_AGAIN_US, LEG_US, LIFE_US};
use std::collections::BTreeMap;
use trialogue_charter::DeviceId;
use trialogue_wire::console::{Medium, ToNode};
use trialogue_wire::leg::{LegAnswer, LegOffer};
use trialogue_wire::limits::{PICTURES_MAX, VOICES_MAX};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
enum Stage {
    /// There is none, or none that can come up.
    #[default]
    Down,
    /// The platform makes an offer.
    Asked,
    /// The node has the offer.
    Offered,
    /// The answer is with the platform.
    Answered,
    Up,
    /// It was up, or was about to be, and is not: it may come to life again by itself, as long as no other is made.
    Lost,
}

/// What became of it, where it is the one in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LegWord {
    Up,
    /// It is not what the profile says.
    Unfit,
}

#[derive(Clone, Copy, Debug)]
enum Timer {
    /// Another one may be made.
    Again,
    /// It did not come up.
    Late,
}

#[derive(Default)]
pub(crate) struct Leg {
    /// Which leg: another one for each that is made, here or before this machine was started anew. What platform or
    /// node say of another one counts for nothing: they speak of the past.
    number: u32,
    stage: Stage,
    /// What the own WebRTC stack can do, as the node was told.
    offer: Option<LegOffer>,
    since_us: u64,
    again_us: u64,
    /// The node has lost the leg, whatever the platform still believes.
    renew: bool,
    /// Media came over it last.
    heard_us: u64,
    places: BTreeMap<String, (DeviceId, Medium)>,
}

impl Leg {
    /// Where a member is received.
    pub(crate) fn mid_of(&self, device: &DeviceId, medium: Medium) -> Option<String> {
        let mut places = self.places.iter();
        places.find(|(_, (at, of))| at == device && *of == medium).map(|(mid, _)| mid.clone())
    }

    /// When media came over it last, in microseconds; 0: none has.
    pub(crate) fn heard_us(&self) -> u64 {
        self.heard_us
    }

    /// The node has lost it, or the others make their keys for this console anew: another one is made as soon as the
    /// node can be asked.
    pub(crate) fn renew(&mut self) {
        self.renew = true;
    }

    fn enter(&mut self, stage: Stage, around: &Around<'_>) {
        self.stage = stage;
        self.since_us = around.now.us;
    }

    fn at(&self, timer: Timer) -> Option<u64> {
        match (timer, self.stage) {
            (Timer::Again, Stage::Down | Stage::Lost) => Some(self.again_us),
            (Timer::Again, Stage::Up) => self.renew.then_some(self.again_us),
            (Timer::Late, Stage::Asked | Stage::Offered | Stage::Answered) => Some(self.since_us + LEG_US),
            (Timer::Again | Timer::Late, _) => None,
        }
    }

    /// When it needs attention, its WebSocket being up.
    pub(crate) fn next_timeout(&self) -> Option<u64> {
        [Timer::Again, Timer::Late].into_iter().filter_map(|timer| self.at(timer)).min()
    }

    /// `up`: its WebSocket is.
    pub(crate) fn settle(&mut self, up: bool, around: &mut Around<'_>) {
        if !up {
            // An offer that was under way is lost with its WebSocket.
            if matches!(self.stage, Stage::Asked | Stage::Offered) {
                self.enter(Stage::Down, around);
            }
            return;
        }
        let now_us = around.now.us;
        let make = self.next_timeout().is_some_and(|at| now_us >= at);
        if make && now_us >= self.again_us {
            self.renew = false;
            self.again_us = now_us + LEG_AGAIN_US;
            self.free_places(around);
            self.enter(Stage::Asked, around);
            self.number = next_number(self.number, around);
            around.push(Output::MakeOffer { leg: self.number });
        }
    }

    /// It is of no use any more, or not for long: another one is made as soon as the node can be asked.
    pub(crate) fn give_up(&mut self, around: &Around<'_>) {
        match self.stage {
            Stage::Up | Stage::Lost => self.renew = true,
            _ => self.enter(Stage::Down, around),
        }
    }

    /// The network under it is another one: whatever was under way came from the one before.
    pub(crate) fn moved(&mut self, around: &Around<'_>) {
        self.give_up(around);
        self.again_us = around.now.us;
    }

    /// The WebSocket is up again. The leg went the same way.
    pub(crate) fn back(&mut self, around: &Around<'_>) {
        self.renew |= around.in_call && around.active && around.now.us >= self.heard_us + LIFE_US;
    }

    /// The platform has made an offer. `up`: the WebSocket is.
    pub(crate) fn offer(&mut self, leg: u32, sdp: &str, up: bool, around: &mut Around<'_>) -> Option<LegWord> {
        if leg != self.number || self.stage != Stage::Asked || !up {
            return None;
        }
        match LegOffer::read(sdp) {
            Ok(offer) => {
                self.enter(Stage::Offered, around);
                self.offer = Some(offer.clone());
                around.send(&ToNode::Offer { offer, leg: self.number });
                None
            }
            Err(why) => Some(self.unfit(why.to_string(), around)),
        }
    }

    /// The description for the own WebRTC stack is made here: what the node says of itself goes into it and nothing
    /// else of the node does.
    pub(crate) fn answer(&mut self, leg: u32, answer: &LegAnswer, around: &mut Around<'_>) -> Option<LegWord> {
        let offer = self.offer.as_ref().filter(|_| leg == self.number && self.stage == Stage::Offered)?;
        match answer.describe(offer) {
            Ok(sdp) => {
                self.enter(Stage::Answered, around);
                around.push(Output::LegAnswer { leg: self.number, sdp });
                None
            }
            Err(why) => Some(self.unfit(why.to_string(), around)),
        }
    }

    /// The platform finds that it is not what the profile says.
    pub(crate) fn found_unfit(&mut self, leg: u32, why: String, around: &mut Around<'_>) -> Option<LegWord> {
        (leg == self.number).then(|| self.unfit(why, around))
    }

    /// Nothing goes over it, the officer sees why, and another one is made after a while.
    fn unfit(&mut self, why: String, around: &mut Around<'_>) -> LegWord {
        around.log(Event::LegUnfit(why));
        self.enter(Stage::Down, around);
        LegWord::Unfit
    }

    pub(crate) fn up(&mut self, leg: u32, around: &Around<'_>) -> Option<LegWord> {
        let up = leg == self.number && matches!(self.stage, Stage::Answered | Stage::Lost);
        up.then(|| self.enter(Stage::Up, around))?;
        Some(LegWord::Up)
    }

    pub(crate) fn heard(&mut self, leg: u32, around: &Around<'_>) {
        if leg == self.number {
            self.heard_us = around.now.us;
        }
    }

    pub(crate) fn down(&mut self, leg: u32, around: &Around<'_>) {
        if leg == self.number && matches!(self.stage, Stage::Up | Stage::Answered) {
            // Who is at which of its places stays known.
            self.enter(Stage::Lost, around);
        }
    }

    fn free_places(&mut self, around: &mut Around<'_>) {
        let leg = self.number;
        for (mid, (_, medium)) in std::mem::take(&mut self.places) {
            around.push(Output::Place { leg, mid, device: None, medium });
        }
    }

    /// The node says who is received at a place; none: nobody any more.
    pub(crate) fn placed(
        &mut self,
        leg: u32,
        mid: String,
        device: Option<DeviceId>,
        medium: Medium,
        around: &mut Around<'_>,
    ) {
        let room = self.places.len() < VOICES_MAX + PICTURES_MAX || self.places.contains_key(&mid);
        match device {
            // Of a leg before this one, or of one that this device had before it was started anew.
            _ if leg != self.number => return,
            Some(_) if !room => return,
            Some(device) => drop(self.places.insert(mid.clone(), (device, medium))),
            None => drop(self.places.remove(&mid)),
        }
        around.push(Output::Place { leg: self.number, mid, device, medium });
    }

    /// A new media worker is told everything once more.
    pub(crate) fn tell_places(&self, around: &mut Around<'_>) {
        for (mid, (device, medium)) in &self.places {
            let (leg, mid, device, medium) = (self.number, mid.clone(), Some(*device), *medium);
            around.push(Output::Place { leg, mid, device, medium });
        }
    }
}

/// Begins anywhere: the node may still hold a leg that this device made before its machine was started anew.
fn next_number(number: u32, around: &mut Around<'_>) -> u32 {
    if number != 0 {
        return number.wrapping_add(1).max(1);
    }
    // In the lower half, so that numbers only go up for as long as a machine runs.
    (u32::from_be_bytes(around.draw()) / 2).max(1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, clippy::unwrap_used)]
    use super::*;
    use crate::now::Now;
    use crate::outputs::Outputs;
    use trialogue_e2ee::Chance;

    const MID: &str = "1";

    /// A leg and the outputs of what is done with it in a call, at the site in use.
    struct Bench {
        leg: Leg,
        chance: Chance,
        out: Outputs,
    }

    impl Default for Bench {
        fn default() -> Self {
            Self { leg: Leg::default(), chance: Chance::replayable([7; 32]), out: Outputs::default() }
        }
    }

    impl Bench {
        fn at<T>(&mut self, us: u64, act: impl FnOnce(&mut Leg, &mut Around<'_>) -> T) -> T {
            let now = Now { us, ms: us / 1_000 };
            let (chance, out) = (&mut self.chance, &mut self.out);
            let mut around = Around { now, in_call: true, active: true, stalled: false, slot: 0, chance, out };
            act(&mut self.leg, &mut around)
        }

        /// Numbers of the legs that the platform was asked to make.
        fn asked(&mut self) -> Vec<u32> {
            let asked = |output| if let Output::MakeOffer { leg } = output { Some(leg) } else { None };
            std::iter::from_fn(|| self.out.poll()).filter_map(asked).collect()
        }
    }

    #[test]
    fn another_one_is_made_only_after_a_while_and_under_another_number() {
        let mut bench = Bench::default();
        bench.at(1, |leg, around| leg.settle(false, around));
        assert!(bench.asked().is_empty(), "nobody can be asked");
        bench.at(1, |leg, around| leg.settle(true, around));
        let first = bench.asked();
        assert_eq!((first.len(), bench.leg.next_timeout()), (1, Some(1 + LEG_US)));
        bench.at(LEG_US, |leg, around| leg.settle(true, around));
        assert!(bench.asked().is_empty());
        bench.at(1 + LEG_US, |leg, around| leg.settle(true, around));
        assert_eq!(bench.asked(), [first[0] + 1]);
    }

    #[test]
    fn what_is_said_of_a_former_leg_counts_for_nothing() {
        let mut bench = Bench::default();
        bench.at(1, |leg, around| leg.settle(true, around));
        let former = bench.leg.number.wrapping_sub(1);
        bench.at(2, |leg, around| {
            assert_eq!(leg.offer(former, "v=0", true, around), None);
            assert_eq!(leg.found_unfit(former, String::new(), around), None);
            leg.heard(former, around);
            leg.placed(former, MID.into(), Some(DeviceId([1; 32])), Medium::Voice, around);
            leg.stage = Stage::Answered;
            assert_eq!(leg.up(former, around), None);
            leg.down(former, around);
        });
        assert_eq!((bench.leg.stage, bench.leg.heard_us), (Stage::Answered, 0));
        assert_eq!(bench.leg.mid_of(&DeviceId([1; 32]), Medium::Voice), None);
    }

    #[test]
    fn a_description_that_is_none_ends_the_try_and_says_so() {
        let mut bench = Bench::default();
        bench.at(1, |leg, around| leg.settle(true, around));
        let number = bench.leg.number;
        assert_eq!(bench.at(2, |leg, around| leg.offer(number, "no description", true, around)), Some(LegWord::Unfit));
        assert_eq!(bench.leg.next_timeout(), Some(1 + LEG_AGAIN_US));
    }

    #[test]
    fn its_places_are_bounded_and_freed_with_it() {
        let mut bench = Bench::default();
        let device = DeviceId([7; 32]);
        for mid in 0..2 * (VOICES_MAX + PICTURES_MAX) {
            bench.at(1, |leg, around| leg.placed(0, mid.to_string(), Some(device), Medium::Voice, around));
        }
        assert_eq!(bench.leg.places.len(), VOICES_MAX + PICTURES_MAX);
        bench.at(2, |leg, around| leg.settle(true, around));
        assert!(bench.leg.places.is_empty());
        let freed = std::iter::from_fn(|| bench.out.poll());
        let freed = freed.filter(|output| matches!(output, Output::Place { device: None, .. })).count();
        assert_eq!(freed, VOICES_MAX + PICTURES_MAX);
    }

    #[test]
    fn one_that_is_lost_may_come_back_and_one_under_way_may_not() {
        let mut bench = Bench::default();
        bench.at(1, |leg, around| {
            leg.enter(Stage::Up, around);
            leg.give_up(around);
        });
        assert_eq!((bench.leg.stage, bench.leg.renew), (Stage::Up, true));
        bench.at(2, |leg, around| {
            leg.enter(Stage::Offered, around);
            leg.give_up(around);
        });
        assert_eq!(bench.leg.stage, Stage::Down);
    }
}
