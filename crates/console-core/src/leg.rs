//! The leg: when to make it, and who is at which of its places.

use crate::console::Console;
use crate::io::Output;
use crate::limits::{LEG_AGAIN_US, LEG_US};
use std::collections::BTreeMap;
use trialogue_charter::DeviceId;
use trialogue_wire::console::{Medium, ToNode};
use trialogue_wire::limits::{PICTURES_MAX, SDP_MAX, VOICES_MAX};

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    #[default]
    Down,
    /// The platform makes an offer.
    Asked,
    /// The node has the offer.
    Offered,
    /// The answer is with the platform.
    Answered,
    Up,
}

#[derive(Default)]
pub(crate) struct Leg {
    stage: Stage,
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
            Stage::Down => Some(self.again_us),
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
            if matches!(self.leg.stage, Stage::Offered) {
                self.leg_stage(Stage::Down);
            }
            return;
        }
        let slow = !matches!(self.leg.stage, Stage::Down | Stage::Up) && self.now_us >= self.leg.since_us + LEG_US;
        let renew = self.leg.renew && self.leg.stage == Stage::Up;
        if (self.leg.stage == Stage::Down || slow || renew) && self.now_us >= self.leg.again_us {
            self.leg.renew = false;
            self.leg.again_us = self.now_us + LEG_AGAIN_US;
            self.free_places();
            self.leg_stage(Stage::Asked);
            self.push(Output::MakeOffer);
        }
    }

    pub(crate) fn leg_next_us(&self) -> Option<u64> {
        if !self.link.is_up() {
            return None;
        }
        self.leg.next_us()
    }

    pub(crate) fn leg_offer(&mut self, sdp: String) {
        if self.leg.stage == Stage::Asked && self.link.is_up() && sdp.len() <= SDP_MAX {
            self.leg_stage(Stage::Offered);
            self.send(&ToNode::Offer { sdp });
        }
    }

    pub(crate) fn leg_answer(&mut self, sdp: String) {
        if self.leg.stage == Stage::Offered {
            self.leg_stage(Stage::Answered);
            self.push(Output::LegAnswer(sdp));
        }
    }

    pub(crate) fn leg_up(&mut self) {
        if matches!(self.leg.stage, Stage::Answered | Stage::Offered) {
            self.leg_stage(Stage::Up);
        }
    }

    pub(crate) fn leg_heard(&mut self) {
        self.leg.heard_us = self.now_us;
    }

    pub(crate) fn leg_down(&mut self) {
        if self.leg.stage == Stage::Up || self.leg.stage == Stage::Answered {
            self.leg_stage(Stage::Down);
            self.free_places();
        }
    }

    fn free_places(&mut self) {
        for (mid, (_, medium)) in std::mem::take(&mut self.leg.places) {
            self.push(Output::Place { mid, device: None, medium });
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
        self.push(Output::Place { mid, device, medium });
    }
}
