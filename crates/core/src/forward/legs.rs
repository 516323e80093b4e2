//! Legs come, become ready and go.

use super::{Budget, Forwarder, LEGS_MAX, Leg, Place};
use crate::io::ConsoleKey;
use trialogue_charter::DeviceId;
use trialogue_wire::console::Medium;
use trialogue_wire::limits::{PICTURES_MAX, VOICES_MAX};

impl Forwarder {
    /// A leg was negotiated, with so many places to receive. A leg that the console had before is replaced. `leg` is
    /// the caller's number, below [`LEGS_MAX`]; false: it is not.
    pub fn leg_up(&mut self, leg: u32, console: ConsoleKey, voices: usize, pictures: usize, now_ms: u64) -> bool {
        let at = leg as usize;
        if at >= LEGS_MAX {
            return false;
        }
        if let Some(old) = self.legs.iter().position(|l| l.as_ref().is_some_and(|l| l.console == console)) {
            self.legs[old] = None;
        }
        if self.legs.len() <= at {
            self.legs.resize_with(at + 1, || None);
        }
        let places = |n: usize, max: usize| (0..n.min(max)).map(|_| Place::default()).collect();
        let incarnation = self.next_generation();
        self.legs[at] = Some(Leg {
            console,
            incarnation,
            ready: false,
            feeds: [None, None],
            places: [places(voices, VOICES_MAX), places(pictures, PICTURES_MAX)],
            budget: Budget::default(),
        });
        self.rebuild(now_ms);
        true
    }

    /// The leg is connected: packets can pass. Pictures that it is to see begin with a key frame.
    pub fn leg_ready(&mut self, leg: u32, now_ms: u64) {
        let Some(state) = self.leg_mut(leg) else {
            return;
        };
        state.ready = true;
        let mut senders = Vec::new();
        for place in &mut state.places[Medium::Picture.index()] {
            place.waits_since_ms = Some(now_ms);
            senders.extend(place.sender);
        }
        self.rebuild(now_ms);
        for (_, _, device) in senders {
            self.want_key_frame(device, now_ms);
        }
    }

    /// The leg is gone.
    pub fn leg_down(&mut self, leg: u32, now_ms: u64) {
        if let Some(slot) = self.legs.get_mut(leg as usize) {
            *slot = None;
            self.rebuild(now_ms);
        }
    }

    /// What a console measured that it can take (REMB), in kbit/s.
    pub fn on_leg_measured(&mut self, leg: u32, kbit_s: u32, now_ms: u64) {
        if let Some(leg) = self.leg_mut(leg) {
            leg.budget.measured(kbit_s, now_ms);
        }
    }

    /// How much a console can take for the next 10 s, in kbit/s; none: unlimited.
    pub fn set_budget(&mut self, leg: u32, kbit_s: Option<u32>, now_ms: u64) {
        if let Some(leg) = self.leg_mut(leg) {
            leg.budget.limit(kbit_s, now_ms);
        }
    }

    /// Who is at a place.
    pub fn sender_at(&self, leg: u32, medium: Medium, place: u8) -> Option<DeviceId> {
        let leg = self.legs.get(leg as usize)?.as_ref()?;
        leg.places[medium.index()].get(usize::from(place))?.sender.map(|s| s.2)
    }

    fn leg_mut(&mut self, leg: u32) -> Option<&mut Leg> {
        self.legs.get_mut(leg as usize)?.as_mut()
    }
}
