//! Asking for key frames: never more often than a source can bear, and never forgotten.

use super::{ForwardEvent, Forwarder};
use trialogue_charter::DeviceId;

/// Least time between two requests to one source, in milliseconds. A key frame is ten times a delta frame; asking faster than a round
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
        let sender = self
            .leg(leg)
            .and_then(|l| l.places[1].get(usize::from(place)))
            .and_then(|p| p.sender);
        if let Some(device) = sender {
            self.want_key_frame(device, now_ms);
        }
    }

    /// When to call [`Forwarder::tick`], if at all.
    pub fn next_timeout(&self) -> Option<u64> {
        self.next_ask_ms
    }

    /// Sends requests that had to wait.
    pub fn tick(&mut self, now_ms: u64) {
        if self.next_ask_ms.is_none_or(|at| at > now_ms) {
            return;
        }
        self.next_ask_ms = None;
        let waiting: Vec<DeviceId> = self
            .devices
            .iter()
            .filter(|(_, d)| d.asking.wanted)
            .map(|(id, _)| *id)
            .collect();
        for device in waiting {
            self.want_key_frame(device, now_ms);
        }
    }

    pub(super) fn want_key_frame(&mut self, device: DeviceId, now_ms: u64) {
        let Some(state) = self.devices.get_mut(&device) else {
            return;
        };
        if let Some(at) = state
            .asking
            .asked_ms
            .map(|at| at + INTERVAL_MS)
            .filter(|at| *at > now_ms)
        {
            state.asking.wanted = true;
            self.next_ask_ms = Some(self.next_ask_ms.map_or(at, |other| other.min(at)));
            return;
        }
        let node = state.node;
        if node != self.own {
            state.asking = Asking {
                asked_ms: Some(now_ms),
                wanted: false,
            };
            self.event(ForwardEvent::AskNode { node, device });
        } else if let Some(leg) = self
            .leg_of(device)
            .filter(|leg| self.leg(*leg).is_some_and(|l| l.ready))
        {
            if let Some(state) = self.devices.get_mut(&device) {
                state.asking = Asking {
                    asked_ms: Some(now_ms),
                    wanted: false,
                };
            }
            self.counters.key_frames_asked += 1;
            self.event(ForwardEvent::AskLeg { leg });
        }
        // A local console without a leg begins with a key frame when it has one.
    }

    /// A key frame passes: who waited has it.
    pub(super) fn key_frame_seen(&mut self, device: DeviceId) {
        if let Some(state) = self.devices.get_mut(&device) {
            state.asking.wanted = false;
        }
    }
}
