//! Legs come, become ready and go.

use super::{Forwarder, LEGS_MAX, Leg, Place};
use crate::forward::budget::Budget;
use trialogue_charter::DeviceId;
use trialogue_wire::console::Medium;
use trialogue_wire::limits::{PICTURES_MAX, VOICES_MAX};

impl Forwarder {
    /// A leg was negotiated, with so many places to receive. A leg that the device had before is replaced. `leg` is the caller's
    /// number, below [`LEGS_MAX`]; false: it is not.
    pub fn leg_up(
        &mut self,
        leg: u32,
        device: DeviceId,
        voices: u8,
        pictures: u8,
        now_ms: u64,
    ) -> bool {
        let at = leg as usize;
        if at >= LEGS_MAX {
            return false;
        }
        if let Some(old) = self.leg_of(device) {
            self.legs[old as usize] = None;
        }
        if self.legs.len() <= at {
            self.legs.resize_with(at + 1, || None);
        }
        let places = |n: u8, max: usize| {
            (0..usize::from(n).min(max))
                .map(|_| Place::default())
                .collect()
        };
        self.legs[at] = Some(Leg {
            device,
            ready: false,
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
        for place in &mut state.places[1] {
            place.waits_since_ms = Some(now_ms);
            senders.extend(place.sender);
        }
        self.rebuild(now_ms);
        for sender in senders {
            self.want_key_frame(sender, now_ms);
        }
    }

    /// The leg is gone.
    pub fn leg_down(&mut self, leg: u32, now_ms: u64) {
        if let Some(slot) = self.legs.get_mut(leg as usize) {
            *slot = None;
            self.rebuild(now_ms);
        }
    }

    /// How much a console can take, in kbit/s, from what its leg measured; none: unlimited.
    pub fn set_budget(&mut self, leg: u32, kbit_s: Option<u32>, now_ms: u64) {
        if let Some(leg) = self.leg_mut(leg) {
            leg.budget.limit(kbit_s, now_ms);
        }
    }

    /// Who is at a place.
    pub fn sender_at(&self, leg: u32, medium: Medium, place: u8) -> Option<DeviceId> {
        self.leg(leg)?.places[super::index(medium)]
            .get(usize::from(place))?
            .sender
    }

    pub(super) fn leg(&self, leg: u32) -> Option<&Leg> {
        self.legs.get(leg as usize)?.as_ref()
    }

    pub(super) fn leg_mut(&mut self, leg: u32) -> Option<&mut Leg> {
        self.legs.get_mut(leg as usize)?.as_mut()
    }

    pub(super) fn leg_of(&self, device: DeviceId) -> Option<u32> {
        self.legs
            .iter()
            .position(|l| l.as_ref().is_some_and(|l| l.device == device))
            .map(|at| at as u32)
    }
}
