//! Media of consoles, as the control side has it.

mod at;
#[cfg(test)]
mod bench;
mod forged;
mod hops;
mod key_frames;
mod legs;
mod lost;
mod spares;

use crate::here::Here;
use crate::io::ConsoleKey;
use crate::journals::{Journals, Pen};
use crate::out::Out;
use crate::streams::Streams;
use forged::Forgeries;
use key_frames::KeyFrames;
use lost::Lost;
use trialogue_charter::{DeviceId, NodeId};
use trialogue_journal::State;
use trialogue_wire::console::Medium;
use trialogue_wire::leg::{LegAnswer, LegOffer};

pub(crate) use at::At;
pub(crate) use legs::Legs;

/// All of it. What one part takes of another is handed on here.
#[derive(Default)]
pub(crate) struct Media {
    pub(crate) legs: Legs,
    lost: Lost,
    pub(crate) streams: Streams,
    key_frames: KeyFrames,
    forgeries: Forgeries,
}

impl Media {
    /// A link begins.
    pub(crate) fn link_up(&mut self, link: &NodeId, here: &Here) {
        self.key_frames.link_up(link, here.now.us);
    }

    pub(crate) fn link_down(&mut self, link: &NodeId) {
        self.key_frames.link_down(link);
    }

    /// A console asks for a leg.
    pub(crate) fn offered(&mut self, console: ConsoleKey, device: DeviceId, leg: u32, offer: LegOffer, out: &mut Out) {
        self.legs.offered(console, device, leg, offer, out);
    }

    /// It was made.
    pub(crate) fn answered(&mut self, console: ConsoleKey, leg: u32, answer: LegAnswer, at: At, out: &mut Out) {
        self.legs.answered(console, leg, answer, at, out);
    }

    /// It could not be made.
    pub(crate) fn refused(&mut self, leg: ConsoleKey, out: &mut Out) {
        self.legs.refused(leg, out);
    }

    /// See [`Legs::placed`].
    pub(crate) fn placed(
        &mut self,
        leg: (ConsoleKey, u32),
        mid: String,
        holds: (Option<DeviceId>, Medium),
        at: At,
        out: &mut Out,
    ) {
        self.legs.placed(leg, mid, holds, at, out);
    }

    /// See [`Legs::tell_places`].
    pub(crate) fn tell_places(&self, console: ConsoleKey, device: &DeviceId, out: &mut Out) {
        self.legs.tell_places(console, device, out);
    }

    /// Devices that have a leg.
    pub(crate) fn with_legs(&self) -> impl Iterator<Item = &DeviceId> {
        self.legs.devices()
    }

    /// A device has no WebSocket any more. False: its leg ends at once. See [`Lost::keeps`].
    #[must_use]
    pub(crate) fn keeps(&mut self, device: DeviceId, here: &Here, journals: &Journals) -> bool {
        self.lost.keeps(device, here, journals)
    }

    /// A device is back, or is nobody's any more.
    pub(crate) fn is_not_lost(&mut self, device: &DeviceId) {
        self.lost.forget(device);
    }

    /// The node is in service no more.
    pub(crate) fn retire(&mut self) {
        self.lost.retire();
    }

    /// When [`Media::write_next_lost`] is due, in microseconds.
    pub(crate) fn next_lost_us(&self) -> Option<u64> {
        self.lost.next_us()
    }

    /// See [`Lost::write_next`].
    #[must_use]
    pub(crate) fn write_next_lost(&mut self, pen: &mut Pen<'_>) -> Option<DeviceId> {
        self.lost.write_next(pen)
    }

    /// Somebody here misses a key frame of a device.
    pub(crate) fn want_key_frame(&mut self, device: DeviceId, at: At, out: &mut Out) {
        self.key_frames.want(device, None, &self.legs, at, out);
    }

    /// A neighbour misses one.
    pub(crate) fn key_frame_wished(&mut self, link: &NodeId, device: DeviceId, at: At, out: &mut Out) {
        self.key_frames.wished(link, device, &self.legs, at, out);
    }

    /// When [`Media::settle_key_frames`] is due, in microseconds.
    pub(crate) fn next_key_frame_us(&self) -> Option<u64> {
        self.key_frames.next_us()
    }

    pub(crate) fn settle_key_frames(&mut self, at: At, out: &mut Out) {
        self.key_frames.settle(&self.legs, at, out);
    }

    /// See [`Forgeries::reported`].
    pub(crate) fn frame_was_forged(&mut self, device: DeviceId, here: &Here, state: &State, out: &mut Out) {
        self.forgeries.reported(device, here, state, out);
    }

    /// How frames of a device came: it is written.
    pub(crate) fn frames_traced(device: DeviceId, via: Vec<NodeId>, pen: &mut Pen<'_>) {
        Forgeries::traced(device, via, pen);
    }
}
