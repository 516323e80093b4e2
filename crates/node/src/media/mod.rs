//! The media thread: one thread, one port, every leg of this node.
//!
//! `Forwarder` (pure, in `trialogue-core`) says who gets a packet; here are the sockets, ICE, DTLS and SRTP (through
//! str0m) around it. Nothing here can open a payload: consoles seal frames before they send them.
//!
//! The rest of the node talks to the thread through a [`MediaHandle`], which never waits, and hears of it through one
//! closure that gets [`MediaEvent`]s on the media thread and must not wait either.

mod address;
mod command;
mod forward;
mod framing;
mod keys;
mod leg;
mod legs;
mod link;
mod packets;
mod residence;
mod seal;
mod sockets;
mod tcp;
mod thread;
mod udp;
mod voice;

pub use command::MediaHandle;
#[doc(hidden)]
pub use framing::Framing;
#[doc(hidden)]
pub use legs::try_offer;
pub use link::LinkSender;
pub use residence::Residence;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use trialogue_charter::{DeviceId, NodeId};
use trialogue_core::ConsoleKey;
use trialogue_wire::console::Medium;
use trialogue_wire::leg::{LegAnswer, NotALeg};

/// What the media thread needs to begin.
#[derive(Debug, Clone)]
pub struct MediaConfig {
    /// Where legs come in, UDP and TCP on the same port; a wildcard means every address of this machine, loopback too.
    /// Port 0: any free one.
    pub listen: SocketAddr,
    /// Further addresses under which browsers reach that port, for example of a router in front.
    pub public: Vec<IpAddr>,
    /// Own index in the charter.
    pub own: u8,
    /// Nodes of the charter, with their indices.
    pub nodes: BTreeMap<NodeId, u8>,
}

/// What happens on the media thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaEvent {
    /// A leg was made; places follow.
    Answer {
        /// Whose.
        console: ConsoleKey,
        /// The console's number of it.
        leg: u32,
        /// What the console must know of it.
        answer: LegAnswer,
    },
    /// The offer could not be used; a leg that was there is gone.
    Refused {
        /// Whose.
        console: ConsoleKey,
        /// Why, for the log; holds nothing from the offer.
        why: MediaRefusal,
    },
    /// The transport of a leg came up or went down. A leg that is down may come up again by itself.
    Leg {
        /// Whose.
        console: ConsoleKey,
        /// Packets can pass.
        up: bool,
    },
    /// A place was given or freed.
    Placed {
        /// Whose leg.
        console: ConsoleKey,
        /// The console's number of it.
        leg: u32,
        /// The `a=mid` of the place.
        mid: String,
        /// Who is heard or seen there.
        device: Option<DeviceId>,
        /// Voice or picture.
        medium: Medium,
    },
    /// How frames of a device came, as it was asked.
    FramesTraced {
        /// Of which device.
        device: DeviceId,
        /// Nodes over whose links its frames came lately.
        via: Vec<NodeId>,
    },
    /// A key frame of this device's picture is needed.
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
    /// A node is barred as relay of another's packets: they were not those that came from that one itself.
    RelayBarred {
        /// Whose packets, by its index in the charter.
        source: u8,
        /// Through whom they came.
        relay: u8,
    },
}

/// Why an offer was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MediaRefusal {
    /// No leg can be made of the offer.
    #[error("no leg can be made of the offer: {0}")]
    NotALeg(#[from] NotALeg),
    /// The WebRTC stack does not make what the profile says.
    #[error("the offer could not be negotiated: use the numbers of the own WebRTC stack, and Opus and VP8")]
    Negotiation,
    /// No room for another leg.
    #[error("there is no room for another leg: close some consoles")]
    Full,
}

/// Why the media thread could not begin.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The port is taken or not allowed, or the address is not of this machine.
    #[error("cannot listen for media on {address}: {source}; choose another listen_media")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The system gave no thread, timer or descriptor.
    #[error("cannot start the media thread: {0}; raise the limits of open files and threads")]
    Start(#[from] std::io::Error),
}

/// What the media thread did, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MediaCounters {
    /// What was forwarded and what not.
    pub forward: trialogue_core::forward::Counters,
    /// Legs now.
    pub legs: u64,
    /// Datagrams and frames taken from sockets.
    pub received: u64,
    /// Datagrams and frames given to sockets.
    pub sent: u64,
    /// Not sent because the system's buffer was full.
    pub unsent: u64,
    /// Datagrams of nobody: no leg has that address, or the STUN check fails.
    pub strangers: u64,
    /// Datagrams of consoles that sent more than any console needs.
    pub flooded: u64,
    /// Legs dropped because of an error inside; each is a bug worth reporting.
    pub broken: u64,
    /// Link packets dropped because the queue or the link was full.
    pub link_full: u64,
    /// How long packets of legs stay here.
    pub residence: Residence,
}
