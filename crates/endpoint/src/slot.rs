//! One WebSocket and its leg. An endpoint has two: to its party's site, and to the other one.

use crate::leg::Leg;
use crate::socket::{self, Address};
use std::collections::BTreeMap;
use std::time::Instant;
use str0m::media::Mid;
use trialogue_charter::DeviceId;
use trialogue_wire::console::Medium;

/// A WebSocket and a leg to one site.
#[derive(Default)]
pub(crate) struct Slot {
    /// None: there is no such site.
    pub(crate) node: Option<Address>,
    pub(crate) socket: Option<socket::Sender>,
    /// Tells events of this WebSocket from those of earlier ones, and of the other slot.
    pub(crate) socket_number: u64,
    pub(crate) reconnect_at: Option<Instant>,
    pub(crate) leg: Option<Leg>,
    /// The machine's number of it.
    pub(crate) leg_number: u32,
    pub(crate) places: BTreeMap<Mid, (DeviceId, Medium)>,
    /// When the machine was told last that media came.
    pub(crate) told_heard: Option<Instant>,
}

impl Slot {
    /// Forgets the WebSocket; what it still says counts no more.
    pub(crate) fn drop_socket(&mut self) {
        self.socket = None;
        self.socket_number = 0;
    }
}
