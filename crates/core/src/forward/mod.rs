//! Which packet goes to whom: pure, on the media thread, without an allocation per packet.
//!
//! # Calling contract
//! - [`Forwarder::route`] and [`Forwarder::route_end`] take what the control machine says; [`Forwarder::leg_up`],
//!   [`Forwarder::leg_ready`] and [`Forwarder::leg_down`] what the media thread knows of legs. After any of them, and
//!   after packets, drain [`Forwarder::poll`] until it returns nothing.
//! - [`Forwarder::on_leg_packet`] and [`Forwarder::on_link_packet`] append to a buffer of the caller, who must send to
//!   each destination the same payload with the numbers given there, and who clears the buffer.
//! - `now_ms` is any clock in milliseconds that never runs back. [`Forwarder::next_timeout`] says when to call
//!   [`Forwarder::tick`].
//!
//! A stream is one medium of one device in a call. A receiver is a place of a leg: an RTP stream whose numbers go on
//! whoever is heard there. Places are given when a route comes, not when somebody first speaks, so that the console
//! knows who is where before anything arrives; first come, first placed, and nobody is moved, unless one node has all
//! places and another none.

mod budget;
mod counters;
mod guard;
mod key_frame;
mod legs;
mod nodes;
mod pace;
mod packet;
mod pictures;
mod places;
mod reach;
mod rebase;
mod routes;
mod sound;
mod vp8;
mod window;

pub use counters::Counters;
pub use nodes::Nodes;
pub use packet::{Destination, Forwarded, LegPacket};
pub use window::WINDOW;

use crate::io::{ConsoleKey, Source};
use budget::Budget;
use guard::{Barred, Guard};
use key_frame::KeyFrames;
use pace::Pace;
use pictures::Taken;
use rebase::Rebase;
use sound::{OVERTAKEN, Sound};
use std::collections::{BTreeMap, VecDeque};
use trialogue_charter::{DeviceId, NodeId};
use trialogue_wire::console::Medium;
use trialogue_wire::media::NODE_INDEX_MAX;
use window::Window;

/// Most streams of this node: two for each leg, and as many again while consoles go from one line to another.
const OWN_STREAMS_MAX: usize = 4 * LEGS_MAX;
/// Most legs of this node.
pub const LEGS_MAX: usize = 256;
/// Events kept until [`Forwarder::poll`]; more than a full roster can cause.
const EVENTS_MAX: usize = 65_536;

/// Says which packet goes to whom.
pub struct Forwarder {
    own: u8,
    /// Nodes in service, with their indices in the charter.
    nodes: BTreeMap<NodeId, u8>,
    /// Where the numbers of a source begin, so that a restarted node does not repeat those of before.
    first_sequence: u32,
    /// Of [`guard::hash`].
    key: [u64; 2],
    streams: Vec<Option<Stream>>,
    numbers: BTreeMap<(u8, u16), usize>,
    /// By source.
    barred: Vec<Barred>,
    legs: Vec<Option<Leg>>,
    key_frames: KeyFrames,
    events: VecDeque<ForwardEvent>,
    generation: u32,
    counters: Counters,
    /// How often places were worked out.
    #[cfg(test)]
    rebuilt: usize,
}

/// What the forwarder has to say, apart from packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForwardEvent {
    /// Who is received at a place of a leg from now on.
    Placed {
        /// The leg.
        leg: u32,
        /// Whose leg.
        console: ConsoleKey,
        /// Voice or picture.
        medium: Medium,
        /// The place, counted from 0 for each medium.
        place: u8,
        /// Who is heard or seen there; none: free.
        sender: Option<DeviceId>,
    },
    /// Over which links frames of this device came lately, as [`Forwarder::trace`] was asked.
    Traced {
        /// Whose.
        device: DeviceId,
        /// Nodes, sorted.
        via: Vec<NodeId>,
    },
    /// A key frame of this device's picture is needed, wherever it is.
    KeyFrameWanted {
        /// Whose.
        device: DeviceId,
    },
    /// A voice of this node has become quiet, or is heard again.
    VoiceQuiet {
        /// Its number.
        number: u16,
        /// The last sequence; none: heard again.
        after: Option<u32>,
    },
    /// A node is no relay of another's packets any more: they were not those that came from that node itself.
    RelayBarred {
        /// Whose packets, by its index in the charter.
        source: u8,
        /// Through whom they came.
        relay: u8,
    },
}

struct Stream {
    node: u8,
    number: u16,
    device: DeviceId,
    medium: Medium,
    from: Source,
    /// Legs that are to get it.
    wanted: Vec<ConsoleKey>,
    links: Nodes,
    /// These get what came from the source itself.
    spare: Nodes,
    /// In which order streams came: who came first is placed first.
    order: u32,
    window: Window,
    guard: Guard,
    pace: Pace,
    /// Voices of this node only.
    sound: Sound,
    /// Makes the numbers of successive legs of a local device one line.
    source: Rebase,
    source_generation: u32,
    source_ssrc: Option<(u32, u32)>,
    /// Changes when numbers before and after are not comparable.
    generation: u32,
    /// Legs and places that get it, ready to be walked through.
    receivers: Vec<(u32, u8)>,
}

struct Leg {
    console: ConsoleKey,
    /// Different for each leg that there ever was.
    incarnation: u32,
    ready: bool,
    /// The streams that this leg feeds: voice, picture.
    feeds: [Option<usize>; 2],
    places: [Vec<Place>; 2],
    budget: Budget,
}

#[derive(Default)]
struct Place {
    /// Node index and number of the stream, and whose it is.
    sender: Option<(u8, u16, DeviceId)>,
    numbers: Rebase,
    /// Pictures only: since when a key frame is waited for.
    waits_since_ms: Option<u64>,
    /// When it was asked for again while waiting.
    asked_again_ms: u64,
    /// Pictures only: given up for want of room until then.
    paused_until_ms: Option<u64>,
    /// Pictures only: what it took of the room lately.
    taken: Taken,
    /// Of whose picture that was said.
    paid_by: Option<DeviceId>,
}

impl Forwarder {
    /// For the node with index `own` among the `nodes` of the charter. `seed` is drawn at random by the caller: where
    /// numbers begin, which everybody sees, and the key of `guard::hash`.
    pub fn new(own: u8, nodes: BTreeMap<NodeId, u8>, seed: [u64; 3]) -> Self {
        Self {
            own,
            nodes,
            first_sequence: (seed[0] >> 33) as u32,
            key: [seed[1], seed[2]],
            streams: Vec::new(),
            numbers: BTreeMap::new(),
            barred: vec![Barred::default(); usize::from(NODE_INDEX_MAX) + 1],
            legs: Vec::new(),
            key_frames: KeyFrames::default(),
            events: VecDeque::new(),
            generation: 0,
            counters: Counters::default(),
            #[cfg(test)]
            rebuilt: 0,
        }
    }

    /// The nodes of a newer charter. Streams go on: a node's index never becomes another one's.
    pub fn set_nodes(&mut self, nodes: BTreeMap<NodeId, u8>) {
        self.nodes = nodes;
    }

    /// The next event, until there is none.
    pub fn poll(&mut self) -> Option<ForwardEvent> {
        self.events.pop_front()
    }

    /// What was forwarded and what not.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Counts a datagram of a link that could not be read.
    pub fn count_malformed(&mut self) {
        self.counters.malformed += 1;
    }

    /// Asks over which links frames of this device came, as far back as copies are remembered.
    pub fn trace(&mut self, device: DeviceId) {
        let streams = self.streams.iter().flatten().filter(|stream| stream.device == device && stream.node != self.own);
        let ways: Nodes = streams.flat_map(|stream| stream.window.ways()).collect();
        let via = self.nodes.iter().filter(|(_, index)| ways.has(**index)).map(|(id, _)| id.clone()).collect();
        self.event(ForwardEvent::Traced { device, via });
    }

    /// The medium of a stream.
    pub fn medium_of(&self, node: u8, number: u16) -> Option<Medium> {
        let at = self.numbers.get(&(node, number))?;
        self.streams.get(*at)?.as_ref().map(|s| s.medium)
    }

    /// A console's decoder asks for a key frame of what it sees at a place (PLI or FIR on the leg).
    pub fn on_leg_key_frame_request(&mut self, leg: u32, place: u8, now_ms: u64) {
        if let Some(device) = self.sender_at(leg, Medium::Picture, place) {
            self.want_key_frame(device, now_ms);
        }
    }

    /// When to call [`Forwarder::tick`], if at all.
    pub fn next_timeout(&self) -> Option<u64> {
        let quiet = self.streams.iter().flatten().filter_map(|stream| stream.sound.due_ms());
        self.key_frames.next_timeout().into_iter().chain(quiet).min()
    }

    /// Sends requests that had to wait, and says which voices of this node have become quiet.
    pub fn tick(&mut self, now_ms: u64) {
        for at in 0..self.streams.len() {
            let Some(stream) = self.streams[at].as_mut() else { continue };
            let Some(after) = stream.sound.becomes_quiet(now_ms) else { continue };
            // What comes next follows the last packet, whatever was lost before it came here: others take from relays
            // nothing that is far ahead of that.
            stream.source.close_gap(OVERTAKEN);
            let number = stream.number;
            self.event(ForwardEvent::VoiceQuiet { number, after: Some(after) });
        }
        for device in self.key_frames.take_due(now_ms) {
            self.want_key_frame(device, now_ms);
        }
    }

    fn want_key_frame(&mut self, device: DeviceId, now_ms: u64) {
        if self.key_frames.want(device, now_ms) {
            self.counters.key_frames_wanted += 1;
            self.event(ForwardEvent::KeyFrameWanted { device });
        }
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
