//! Asking for key frames: never more often than a source can bear, and never forgotten.

use super::{ForwardEvent, Forwarder};
use trialogue_charter::DeviceId;

/// Least time between two requests for one source, in milliseconds. A key frame is ten times a delta frame; asking faster than a round
/// trip only makes pictures worse for everyone.
const INTERVAL_MS: u64 = 300;

/// What was asked of one source.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asking {
    asked_ms: Option<u64>,
    wanted: bool,
}

impl Forwarder {
    /// A console's decoder asks for a key frame of what it sees at a place (PLI or FIR on the leg).
    pub fn on_leg_key_frame_request(&mut self, leg: u32, place: u8, now_ms: u64) {
        if let Some(device) = self.sender_at(leg, trialogue_wire::console::Medium::Picture, place) {
            self.want_key_frame(device, now_ms);
        }
    }

    /// When to call [`Forwarder::tick`], if at all.
    pub fn next_timeout(&self) -> Option<u64> {
        self.next_ask_ms.into_iter().chain(self.next_quiet_ms()).min()
    }

    /// Sends requests that had to wait, and says which voices of this node have become quiet.
    pub fn tick(&mut self, now_ms: u64) {
        self.note_quiet(now_ms);
        if self.next_ask_ms.is_none_or(|at| at > now_ms) {
            return;
        }
        self.next_ask_ms = None;
        let waiting: Vec<DeviceId> = self.asking.iter().filter(|(_, a)| a.wanted).map(|(id, _)| *id).collect();
        for device in waiting {
            self.want_key_frame(device, now_ms);
        }
    }

    pub(super) fn want_key_frame(&mut self, device: DeviceId, now_ms: u64) {
        let asking = self.asking.entry(device).or_default();
        if let Some(at) = asking.asked_ms.map(|at| at + INTERVAL_MS).filter(|at| *at > now_ms) {
            asking.wanted = true;
            self.next_ask_ms = Some(self.next_ask_ms.map_or(at, |other| other.min(at)));
            return;
        }
        *asking = Asking { asked_ms: Some(now_ms), wanted: false };
        self.counters.key_frames_wanted += 1;
        self.event(ForwardEvent::KeyFrameWanted { device });
    }

    /// A key frame passes: who waited has it.
    pub(super) fn key_frame_seen(&mut self, device: DeviceId) {
        if let Some(asking) = self.asking.get_mut(&device) {
            asking.wanted = false;
        }
    }
}
