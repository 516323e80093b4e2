//! The leg: when to make it, of what, and who is at which of its places.

use crate::console::Console;
use crate::io::{Event, Output};
use crate::limits::{LEG_AGAIN_US, LEG_US};
use std::collections::BTreeMap;
use trialogue_charter::DeviceId;
use trialogue_wire::console::{Medium, ToNode};
use trialogue_wire::leg::{LegAnswer, LegOffer};
use trialogue_wire::limits::{PICTURES_MAX, VOICES_MAX};

#[derive(Clone, Copy, PartialEq, Eq, Default)]
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

#[derive(Default)]
pub(crate) struct Leg {
    /// Which leg: another one for each that is made, here or before this machine was started anew. What platform or node say of another one
    /// counts for nothing: they speak of the past.
    pub(crate) number: u32,
    stage: Stage,
    /// What the own WebRTC stack can do, as the node was told.
    offer: Option<LegOffer>,
    since_us: u64,
    again_us: u64,
    /// The node has lost the leg, whatever the platform still believes.
    pub(crate) renew: bool,
    /// Media came over it last.
    pub(crate) heard_us: u64,
    pub(crate) places: BTreeMap<String, (DeviceId, Medium)>,
    /// What the officer sends: voice, picture.
    pub(crate) sending: (bool, bool),
}

impl Leg {
    /// Where a member is received.
    pub(crate) fn mid_of(&self, device: &DeviceId, medium: Medium) -> Option<String> {
        let mut places = self.places.iter();
        places.find(|(_, (at, of))| at == device && *of == medium).map(|(mid, _)| mid.clone())
    }
}

impl Leg {
    /// When it needs attention, its WebSocket being up.
    pub(crate) fn next_us(&self) -> Option<u64> {
        match self.stage {
            Stage::Down | Stage::Lost => Some(self.again_us),
            Stage::Up => self.renew.then_some(self.again_us),
            _ => Some(self.since_us + LEG_US),
        }
    }
}

impl Console {
    fn leg_stage(&mut self, stage: Stage) {
        self.leg.stage = stage;
        self.leg.since_us = self.now_us;
    }

    pub(crate) fn settle_leg(&mut self) {
        if !self.link.is_up() {
            // An offer that was under way is lost with its WebSocket.
            if matches!(self.leg.stage, Stage::Asked | Stage::Offered) {
                self.leg_stage(Stage::Down);
            }
            return;
        }
        let make = match self.leg.stage {
            Stage::Down | Stage::Lost => true,
            Stage::Asked | Stage::Offered | Stage::Answered => self.now_us >= self.leg.since_us + LEG_US,
            Stage::Up => self.leg.renew,
        };
        if make && self.now_us >= self.leg.again_us {
            self.leg.renew = false;
            self.leg.again_us = self.now_us + LEG_AGAIN_US;
            self.free_places();
            self.leg_stage(Stage::Asked);
            self.leg.number = next_number(self.leg.number);
            self.push(Output::MakeOffer { leg: self.leg.number });
        }
    }

    /// It is of no use any more, or not for long: another one is made as soon as the node can be asked.
    pub(crate) fn give_up_leg(&mut self) {
        match self.leg.stage {
            Stage::Up | Stage::Lost => self.leg.renew = true,
            _ => self.leg_stage(Stage::Down),
        }
    }

    /// The network under it is another one: whatever was under way came from the one before.
    pub(crate) fn leg_moved(&mut self) {
        self.give_up_leg();
        self.leg.again_us = self.now_us;
    }

    pub(crate) fn leg_next_us(&self) -> Option<u64> {
        if !self.link.is_up() {
            return None;
        }
        self.leg.next_us()
    }

    pub(crate) fn leg_offer(&mut self, sdp: &str) {
        if self.leg.stage != Stage::Asked || !self.link.is_up() {
            return;
        }
        match LegOffer::read(sdp) {
            Ok(offer) => {
                self.leg_stage(Stage::Offered);
                self.leg.offer = Some(offer.clone());
                self.send(&ToNode::Offer { offer, leg: self.leg.number });
            }
            Err(why) => self.leg_unfit(why.to_string()),
        }
    }

    /// The description for the own WebRTC stack is made here: what the node says of itself goes into it and nothing else of the node does.
    pub(crate) fn leg_answer(&mut self, answer: &LegAnswer) {
        let Some(offer) = self.leg.offer.as_ref().filter(|_| self.leg.stage == Stage::Offered) else { return };
        match answer.describe(offer) {
            Ok(sdp) => {
                self.leg_stage(Stage::Answered);
                self.push(Output::LegAnswer { leg: self.leg.number, sdp });
            }
            Err(why) => self.leg_unfit(why.to_string()),
        }
    }

    /// It is not what the profile says: nothing goes over it, the officer sees why, and another one is made after a while.
    pub(crate) fn leg_unfit(&mut self, why: String) {
        self.log(Event::LegUnfit(why));
        self.leg_stage(Stage::Down);
        if !self.at_spare {
            self.troubles.leg_unfit();
        }
    }

    pub(crate) fn leg_up(&mut self) {
        if matches!(self.leg.stage, Stage::Answered | Stage::Lost) {
            self.leg_stage(Stage::Up);
            if !self.at_spare {
                self.troubles.leg_up();
            }
        }
    }

    pub(crate) fn leg_heard(&mut self) {
        self.leg.heard_us = self.now_us;
    }

    pub(crate) fn leg_down(&mut self) {
        if matches!(self.leg.stage, Stage::Up | Stage::Answered) {
            // Who is at which of its places stays known.
            self.leg_stage(Stage::Lost);
        }
    }

    fn free_places(&mut self) {
        let leg = self.leg.number;
        for (mid, (_, medium)) in std::mem::take(&mut self.leg.places) {
            self.push(Output::Place { leg, mid, device: None, medium });
        }
    }

    pub(crate) fn placed(&mut self, mid: String, device: Option<DeviceId>, medium: Medium) {
        match device {
            Some(device) if self.leg.places.len() < VOICES_MAX + PICTURES_MAX || self.leg.places.contains_key(&mid) => {
                self.leg.places.insert(mid.clone(), (device, medium));
            }
            Some(_) => return,
            None => {
                self.leg.places.remove(&mid);
            }
        }
        self.push(Output::Place { leg: self.leg.number, mid, device, medium });
    }
}

/// Begins anywhere: the node may still hold a leg that this device made before its machine was started anew.
fn next_number(number: u32) -> u32 {
    if number != 0 {
        return number.wrapping_add(1).max(1);
    }
    let mut random = [0; 4];
    let _ = getrandom::fill(&mut random);
    // In the lower half, so that numbers only go up for as long as a machine runs.
    (u32::from_be_bytes(random) / 2).max(1)
}
