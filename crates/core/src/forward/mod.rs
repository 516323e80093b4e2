//! Which packet goes to whom: pure, on the media thread, without an allocation per packet.
//!
//! # Calling contract
//! - [`Forwarder::apply`] takes what the control machine says; [`Forwarder::leg_up`], [`Forwarder::leg_ready`] and
//!   [`Forwarder::leg_down`] what the media thread knows of legs. After any of them, and after packets, drain
//!   [`Forwarder::poll`] until it returns nothing.
//! - [`Forwarder::on_leg_packet`] and [`Forwarder::on_link_packet`] append to a buffer of the caller who must send to each
//!   destination the same payload with the numbers given there, and who clears the buffer.
//! - `now_ms` is any clock in milliseconds that never runs back. [`Forwarder::next_timeout`] says when to call
//!   [`Forwarder::tick`].
//!
//! A stream is what one device speaks or shows on one line. A receiver is a place of a leg: an RTP stream whose numbers go on
//! whoever is heard there. Places are given when a device comes in, not when it first speaks, so that the console knows who is
//! where before anything arrives; first come, first placed, and nobody is moved.

mod budget;
mod change;
mod counters;
mod key_frame;
mod legs;
mod packet;
mod places;
mod rebase;
mod roster;
mod vp8;
mod window;

pub use change::{ForwardChange, ForwardEvent, Nodes};
pub use counters::Counters;
pub use packet::{Destination, Forwarded, LegPacket};
pub use window::WINDOW;

use budget::Budget;
use key_frame::Asking;
use rebase::Rebase;
use std::collections::{BTreeMap, VecDeque};
use trialogue_charter::{DeviceId, LineId};
use trialogue_wire::console::Medium;
use window::Window;

/// Most devices in on lines at once, of all nodes; more are counted and not forwarded. Nine parties with some consoles each need a
/// fraction; every further device costs two windows of 300 bytes.
pub const DEVICES_MAX: usize = 512;
/// Most lines that one device can be in on at once.
pub const LINES_PER_DEVICE_MAX: usize = 8;
/// Most legs of this node.
pub const LEGS_MAX: usize = 256;
/// Most routes told by the control machine: lines times nodes.
pub const ROUTES_MAX: usize = 4_096;
/// Events kept until [`Forwarder::poll`]; more than a full roster can cause.
const EVENTS_MAX: usize = 65_536;

/// Says which packet goes to whom.
pub struct Forwarder {
    own: u8,
    /// Where the numbers of a source begin, so that a restarted node does not repeat those of before.
    first_sequence: u32,
    devices: BTreeMap<DeviceId, Device>,
    lines: BTreeMap<LineId, Vec<DeviceId>>,
    streams: Vec<Option<Stream>>,
    numbers: BTreeMap<(u8, u16), usize>,
    /// Numbers announced before their device was known to be in.
    early: BTreeMap<(u8, u16), (DeviceId, LineId, Medium)>,
    routes: BTreeMap<(LineId, u8), Route>,
    legs: Vec<Option<Leg>>,
    events: VecDeque<ForwardEvent>,
    generation: u32,
    next_ask_ms: Option<u64>,
    counters: Counters,
}

struct Device {
    node: u8,
    /// In the order of joining; the last one is spoken on.
    lines: Vec<LineId>,
    /// Streams on the line spoken on: voice, picture.
    streams: [usize; 2],
    asking: Asking,
}

#[derive(Clone, Copy, Default)]
struct Route {
    voice: Nodes,
    picture: Nodes,
}

struct Stream {
    device: DeviceId,
    node: u8,
    medium: Medium,
    number: Option<u16>,
    window: Window,
    /// Makes the numbers of successive legs of the same local device one line.
    source: Rebase,
    source_generation: u32,
    source_ssrc: Option<(u32, u32)>,
    /// Changes when numbers before and after are not comparable.
    generation: u32,
    receivers: Vec<(u32, u8)>,
    links: Nodes,
}

struct Leg {
    device: DeviceId,
    ready: bool,
    places: [Vec<Place>; 2],
    budget: Budget,
}

#[derive(Default)]
struct Place {
    sender: Option<DeviceId>,
    numbers: Rebase,
    /// Pictures only: since when a key frame is waited for.
    waits_since_ms: Option<u64>,
}

/// Index of a medium in pairs.
const fn index(medium: Medium) -> usize {
    match medium {
        Medium::Voice => 0,
        Medium::Picture => 1,
    }
}

impl Forwarder {
    /// For the node with index `own` in the charter. `first_sequence` is drawn at random by the caller.
    pub fn new(own: u8, first_sequence: u32) -> Self {
        Self {
            own,
            first_sequence: first_sequence >> 1,
            devices: BTreeMap::new(),
            lines: BTreeMap::new(),
            streams: Vec::new(),
            numbers: BTreeMap::new(),
            early: BTreeMap::new(),
            routes: BTreeMap::new(),
            legs: Vec::new(),
            events: VecDeque::new(),
            generation: 0,
            next_ask_ms: None,
            counters: Counters::default(),
        }
    }

    /// The next event, until there is none.
    pub fn poll(&mut self) -> Option<ForwardEvent> {
        self.events.pop_front()
    }

    /// What was forwarded and what not.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    fn event(&mut self, event: ForwardEvent) {
        if self.events.len() < EVENTS_MAX {
            self.events.push_back(event);
        }
    }

    fn next_generation(&mut self) -> u32 {
        self.generation = self.generation.wrapping_add(1).max(1);
        self.generation
    }
}
