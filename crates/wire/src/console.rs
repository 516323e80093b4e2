//! Between a console and its own node: one WebSocket, one CBOR message per binary frame.

use crate::Bundle;
use crate::leg::{LegAnswer, LegOffer};
pub use crate::refusal::Refusal;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use trialogue_charter::{DeviceId, Hash, LineId, NodeId};

/// Version of this protocol.
pub const PROTOCOL: u8 = 1;

/// What is carried: voice or picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Medium {
    /// Opus, constant bit rate.
    #[n(0)]
    Voice,
    /// VP8.
    #[n(1)]
    Picture,
}

impl Medium {
    /// Its place in what is kept in pairs, one for each medium.
    pub const fn index(self) -> usize {
        match self {
            Self::Voice => 0,
            Self::Picture => 1,
        }
    }
}

/// From a console to its node.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum ToNode {
    /// Answers [`ToConsole::Challenge`]: first message of a known or newly enrolled device.
    #[n(0)]
    #[cbor(map)]
    Prove {
        /// [`PROTOCOL`].
        #[n(1)]
        protocol: u8,
        /// The device certificate; the node journals it if it is new and its voucher is unused.
        #[cbor(n(2), with = "minicbor::bytes")]
        certificate: Vec<u8>,
        /// Ed25519 signature, by the device, over the domain string, the node id, the origin and the nonce
        /// (`DeviceSecret::prove`).
        #[cbor(n(3), with = "minicbor::bytes")]
        signature: Vec<u8>,
        /// True: on watch (counted as staffed, rings here).
        #[n(4)]
        on_watch: bool,
        /// Where the console has reached the node: the web origin of its page, or of the address that a native console
        /// was given.
        #[n(5)]
        origin: String,
    },
    /// A signed statement with the bodies that it refers to.
    #[n(1)]
    #[cbor(map)]
    State {
        /// COSE_Sign1 over a `Statement`.
        #[cbor(n(1), with = "minicbor::bytes")]
        statement: Vec<u8>,
        /// Its bodies.
        #[n(2)]
        bodies: Vec<ByteVec>,
    },
    /// What the node must know to make the leg.
    #[n(2)]
    #[cbor(map)]
    Offer {
        /// It.
        #[n(1)]
        offer: LegOffer,
        /// The console's number of this leg: another for every offer, also after its page was loaded anew.
        #[n(2)]
        leg: u32,
    },
    /// Wants a key frame of a sender's picture (its decoder or its key is new).
    #[n(3)]
    #[cbor(map)]
    KeyFrame {
        /// Whose.
        #[n(1)]
        device: DeviceId,
    },
    /// Asks for bodies that it misses.
    #[n(4)]
    #[cbor(map)]
    Want {
        /// Their hashes; at most 32.
        #[n(1)]
        hashes: Vec<Hash>,
    },
    /// A frame that came as this sender's was not its own: the node knows by which way it came, and says so in its
    /// journal.
    #[n(12)]
    #[cbor(map)]
    Forged {
        /// At whose place it came.
        #[n(1)]
        device: DeviceId,
    },
    /// Keep-alive, every [`crate::limits::PING_US`], in a call every [`crate::limits::PING_IN_CALL_US`]; answered by
    /// [`ToConsole::Pong`] with the same number.
    #[n(5)]
    #[cbor(map)]
    Ping {
        /// Echoed.
        #[n(1)]
        number: u32,
    },
    /// What this console sends, so that the others can show it; unproven, cosmetic.
    #[n(6)]
    #[cbor(map)]
    Sending {
        /// On which line.
        #[n(1)]
        line: LineId,
        /// Voice is on.
        #[n(2)]
        voice: bool,
        /// Picture is on.
        #[n(3)]
        picture: bool,
    },
    /// Before the log-in, once: the console's charter is so old that the one of the challenge does not follow on it by
    /// itself. The node gives those between, the oldest first, and the console goes on with the challenge.
    #[n(7)]
    #[cbor(map)]
    Behind {
        /// Serial of the charter that the console holds.
        #[n(1)]
        serial: u64,
    },
    /// On watch here from now on, or not any more: a console that holds a leg to each site of its party is on watch at
    /// one of them.
    #[n(8)]
    #[cbor(map)]
    Watch {
        /// It is counted as staffed, and rings sound at it.
        #[n(1)]
        on: bool,
    },
    /// Before a message with attachments is said: which of its chunks has the node not? Answered by
    /// [`ToConsole::Lacking`].
    #[n(9)]
    #[cbor(map)]
    Lacking {
        /// Their hashes; at most [`crate::limits::CHUNKS_MAX`].
        #[n(1)]
        hashes: Vec<Hash>,
    },
    /// A sealed chunk of an attachment whose message is said later. Answered by [`ToConsole::ChunkStored`]; not at all
    /// when the node's disk does not keep up, or the console has sent too much: it asks again with [`ToNode::Lacking`].
    #[n(10)]
    #[cbor(map)]
    Chunk {
        /// At most [`crate::limits::CHUNK_MAX`] bytes.
        #[cbor(n(1), with = "minicbor::bytes")]
        bytes: Vec<u8>,
    },
    /// Wants to be told everything anew, with more of what was written before. Answered by [`ToConsole::Anew`]; not at
    /// all when it was asked for just before.
    #[n(11)]
    #[cbor(map)]
    Earlier {
        /// Newest writings of each node on each line; more than [`crate::limits::WRITINGS_HELD`] are not to be had.
        #[n(1)]
        writings: u16,
    },
    /// Answers [`ToConsole::MoreFollows`]: all that came is taken.
    #[n(13)]
    #[cbor(map)]
    Next {},
    /// Whether this console can sound a ring (a loudspeaker is there, and sound may be played). One that cannot is not
    /// counted as staffed, and others are told of it. Said at once after [`ToNode::Prove`] where it cannot, and
    /// whenever that changes; whoever has not said so can.
    #[n(14)]
    #[cbor(map)]
    Sound {
        /// It can.
        #[n(1)]
        on: bool,
    },
}

/// From a node to its console.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum ToConsole {
    /// First message on the WebSocket.
    #[n(0)]
    #[cbor(map)]
    Challenge {
        /// [`PROTOCOL`].
        #[n(1)]
        protocol: u8,
        /// The node.
        #[n(2)]
        node: NodeId,
        /// To be signed; fresh for each connection.
        #[cbor(n(3), with = "minicbor::bytes")]
        nonce: [u8; 32],
        /// The signed charter, whole.
        #[cbor(n(4), with = "minicbor::bytes")]
        charter: Vec<u8>,
    },
    /// The console is accepted; entries follow.
    #[n(1)]
    #[cbor(map)]
    Welcome {
        /// The node's clock, milliseconds since 1970 UTC: the time until which a statement may stand is counted from
        /// it.
        #[n(1)]
        time_ms: u64,
    },
    /// Entries for the console's fold: after [`ToConsole::Welcome`] those that matter now, then each new one.
    #[n(2)]
    #[cbor(map)]
    Entries {
        /// In a node's own order; across nodes in any.
        #[n(1)]
        bundles: Vec<Bundle>,
    },
    /// The node's own view of each other node: is there a path.
    #[n(3)]
    #[cbor(map)]
    Paths {
        /// One per other node of the charter.
        #[n(1)]
        paths: Vec<PathState>,
    },
    /// A statement was journalled.
    #[n(4)]
    #[cbor(map)]
    Accepted {
        /// The statement's number.
        #[n(1)]
        number: u64,
        /// True: the journal could not be written; it counts all the same and is shown as unrecorded.
        #[n(2)]
        unrecorded: bool,
    },
    /// A statement, or the console itself, was refused.
    #[n(5)]
    #[cbor(map)]
    Refused {
        /// The statement's number; none: the console is refused and the WebSocket closes.
        #[n(1)]
        number: Option<u64>,
        /// Why, for programs; the console says it in its language.
        #[n(2)]
        reason: Refusal,
        /// After so many milliseconds the same can be said with success, if it is a matter of time alone.
        #[n(3)]
        after_ms: Option<u32>,
    },
    /// Answers [`ToNode::Offer`].
    #[n(6)]
    #[cbor(map)]
    Answer {
        /// What the console must know to reach the node.
        #[n(1)]
        answer: LegAnswer,
        /// Number of the offer that it answers.
        #[n(2)]
        leg: u32,
    },
    /// Who is received at a place (m-line) of the leg from now on. Said of every place that was ever given, when the
    /// console comes back by another WebSocket and its leg is still there.
    #[n(7)]
    #[cbor(map)]
    Place {
        /// The `a=mid` of the media section.
        #[n(1)]
        mid: String,
        /// The sender; none: the place is free.
        #[n(2)]
        device: Option<DeviceId>,
        /// Voice or picture.
        #[n(3)]
        medium: Medium,
        /// Number of the offer that made this leg.
        #[n(4)]
        leg: u32,
    },
    /// Bodies that were asked for, as far as they are held.
    #[n(8)]
    #[cbor(map)]
    Bodies {
        /// Each found by its hash.
        #[n(1)]
        bodies: Vec<ByteVec>,
    },
    /// Answers [`ToNode::Ping`].
    #[n(9)]
    #[cbor(map)]
    Pong {
        /// As asked.
        #[n(1)]
        number: u32,
    },
    /// What a console of the call says that it sends; unproven, cosmetic.
    #[n(10)]
    #[cbor(map)]
    Sending {
        /// Who.
        #[n(1)]
        device: DeviceId,
        /// Voice is on.
        #[n(2)]
        voice: bool,
        /// Picture is on.
        #[n(3)]
        picture: bool,
    },
    /// A newer charter has taken effect: the console's fold begins anew under it. Entries and paths follow as after
    /// [`ToConsole::Welcome`]. Before the log-in: one that lies between the charter that the console holds and that of
    /// the challenge.
    #[n(11)]
    #[cbor(map)]
    Charter {
        /// The signed charter, whole.
        #[cbor(n(1), with = "minicbor::bytes")]
        charter: Vec<u8>,
    },
    /// After [`ToConsole::Welcome`]: where else the console's party can be reached. It holds a second WebSocket and leg
    /// to the first of these that is up, and goes on there when this node dies.
    #[n(12)]
    #[cbor(map)]
    Sites {
        /// The operator's preference first.
        #[n(1)]
        sites: Vec<Site>,
    },
    /// Answers [`ToNode::Lacking`].
    #[n(13)]
    #[cbor(map)]
    Lacking {
        /// Those of the hashes asked for that are not here.
        #[n(1)]
        hashes: Vec<Hash>,
    },
    /// A chunk is on the node's disk.
    #[n(14)]
    #[cbor(map)]
    ChunkStored {
        /// Which.
        #[n(1)]
        hash: Hash,
    },
    /// Answers [`ToNode::Earlier`]: the console's fold begins anew; entries and paths follow as after
    /// [`ToConsole::Welcome`].
    #[n(15)]
    #[cbor(map)]
    Anew {
        /// Newest writings of each node on each line that follow.
        #[n(1)]
        writings: u16,
    },
    /// After entries: more of them wait until the console says [`ToNode::Next`].
    #[n(21)]
    #[cbor(map)]
    MoreFollows {},
    /// The node's clock has been set, or a statement is refused because of the time: consoles speak by this one from
    /// now on.
    #[n(16)]
    #[cbor(map)]
    Clock {
        /// Milliseconds since 1970 UTC.
        #[n(1)]
        time_ms: u64,
    },
    /// Asks a console on watch to prove that it lives: to seal and open a frame where it would those of a call, and to
    /// say so with `Act::Alive` on any line of its office.
    #[n(20)]
    #[cbor(map)]
    AskAlive {
        /// To be said back.
        #[cbor(n(1), with = "minicbor::bytes")]
        nonce: [u8; 16],
    },
}

/// Another node of the console's own party.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Site {
    /// Its id in the charter.
    #[n(1)]
    pub node: NodeId,
    /// Origin of its web address, for example `https://alt.example`. A hint: the node proves itself by the charter.
    #[n(2)]
    pub url: String,
}

/// A node's view of another.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PathState {
    /// The other node.
    #[n(1)]
    pub node: NodeId,
    /// A link is up, directly.
    #[n(2)]
    pub direct: bool,
    /// Reached at all, directly or through others.
    #[n(3)]
    pub reached: bool,
    /// Round trip in microseconds, where there is a direct link.
    #[n(4)]
    pub round_trip_us: Option<u32>,
    /// The paths of that link, up or not, as this node measured them last.
    #[n(5)]
    pub paths: Vec<PathMeasure>,
    /// Its journal is disputed: the node has shown two histories, or another one has signed for one that is not held
    /// here.
    #[n(6)]
    pub disputed: bool,
}

/// One path of a link: a local carrier and an address of the other node. Of the second before it was measured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PathMeasure {
    /// The local carrier; empty where a node has only one.
    #[n(1)]
    pub carrier: String,
    /// The other node's address, as the charter writes it, or where the other side came from.
    #[n(2)]
    pub address: String,
    /// Packets pass.
    #[n(3)]
    pub up: bool,
    /// Smoothed round trip in microseconds (RFC 9002 §5.3), while it is up.
    #[n(4)]
    pub round_trip_us: Option<u32>,
    /// How much round trips differ from one to the next, in microseconds, smoothed as in RFC 3550 §6.4.1.
    #[n(5)]
    pub jitter_us: u32,
    /// Packets lost of a million sent (RFC 9002 §6.1).
    #[n(6)]
    pub loss_ppm: u32,
    /// What the operator lets its carrier carry for all nodes together, in kbit/s; none: whatever fits.
    #[n(7)]
    pub cap_kbit: Option<u32>,
    /// Pictures go this way.
    #[n(8)]
    pub best: bool,
    /// UDP payload sent, in bytes.
    #[n(9)]
    pub bytes_out: u32,
    /// UDP payload received, in bytes.
    #[n(10)]
    pub bytes_in: u32,
}
