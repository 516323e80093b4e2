//! The leg: when to make it, and who is at which of its places.

use crate::console::Console;
use crate::io::Output;
use crate::limits::{DEAF_US, LEG_AGAIN_US, LEG_US, WELL_US};
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
    pub(crate) since_us: u64,
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
            if matches!(self.leg.stage, Stage::Asked | Stage::Offered) {
                self.leg_stage(Stage::Down);
                self.leg.again_us = self.now_us;
            }
            return;
        }
        let slow = !matches!(self.leg.stage, Stage::Down | Stage::Up) && self.now_us >= self.leg.since_us + LEG_US;
        self.leg.renew |= self.is_leg_deaf();
        let renew = self.leg.renew && self.leg.stage == Stage::Up;
        if (self.leg.stage == Stage::Down || slow || renew) && self.now_us >= self.leg.again_us {
            self.leg.renew = false;
            self.leg.again_us = self.now_us + LEG_AGAIN_US;
            self.free_places();
            self.leg_stage(Stage::Asked);
            self.push(Output::MakeOffer);
        }
    }

    /// The network under it is gone: an offer or a handshake that was under way came from there.
    pub(crate) fn leg_moved(&mut self) {
        match self.leg.stage {
            Stage::Up => self.leg.renew = true,
            _ => self.leg_stage(Stage::Down),
        }
        self.leg.again_us = self.now_us;
    }

    /// Somebody who is received here says that voice is sent, and for so long none has come by any place.
    pub(crate) fn is_media_missing(&self, silent_us: u64) -> bool {
        let speaks = |device: &DeviceId| {
            let call = self.call.as_ref();
            call.and_then(|call| call.members.get(device)).is_some_and(|member| member.voice)
        };
        self.leg.heard_us > 0
            && self.now_us >= self.leg.heard_us + silent_us
            && self.leg.places.values().any(|(device, medium)| *medium == Medium::Voice && speaks(device))
    }

    /// The WebSocket is well and the leg is not: it brought media, and brings none any more although there is some. Once made anew it is not
    /// doubted again before it has brought media.
    fn is_leg_deaf(&self) -> bool {
        self.leg.stage == Stage::Up
            && !self.at_spare
            && self.leg.heard_us > self.leg.since_us
            && self.now_us < self.link.heard_us + WELL_US
            && self.is_media_missing(DEAF_US)
            && !self.sites.is_stalled(self.now_us)
    }

    pub(crate) fn leg_next_us(&self) -> Option<u64> {
        if !self.link.is_up() {
            return None;
        }
        let deaf = self.leg.heard_us + DEAF_US;
        let deaf = Some(deaf).filter(|at| self.call.is_some() && *at > self.now_us && self.leg.stage == Stage::Up);
        [self.leg.next_us(), deaf].into_iter().flatten().min()
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
        // One that was given up comes to life again when the system has learned of a new network.
        if !matches!(self.leg.stage, Stage::Asked | Stage::Up) {
            self.leg_stage(Stage::Up);
        }
    }

    pub(crate) fn leg_heard(&mut self) {
        self.leg.heard_us = self.now_us;
        self.note_life();
    }

    pub(crate) fn leg_down(&mut self) {
        if self.leg.stage == Stage::Up || self.leg.stage == Stage::Answered {
            // Who is at which of its places stays known: it may come to life again.
            self.leg_stage(Stage::Down);
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
