//! What goes into the control machine and what comes out of it.

use crate::note::{Count, Note};
use crate::revocations::{Errand, Fate};
use minicbor::bytes::ByteVec;
use std::sync::Arc;
use trialogue_charter::{CallId, DeviceId, Hash, LineId, NodeId, PartyId, Precedence, VerifiedCharter};
use trialogue_journal::{Level, PairTests};
use trialogue_wire::Bundle;
use trialogue_wire::console::{Medium, PathMeasure};
use trialogue_wire::leg::{LegAnswer, LegOffer};

/// The two clocks of the shell, read once per input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Monotonic, in microseconds from any beginning; never goes back.
    pub us: u64,
    /// Wall clock, milliseconds since 1970 UTC: written into entries, compared with expiries of certificates, nothing
    /// else.
    pub wall_ms: u64,
}

/// One WebSocket of a console. Drawn by the shell, never used again for another WebSocket of the same run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConsoleKey(pub u64);

/// What happens to the node.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A WebSocket was accepted.
    ConsoleOpened {
        /// Its key.
        console: ConsoleKey,
        /// 32 bytes from the system's random source, for the challenge.
        nonce: [u8; 32],
    },
    /// One binary message of a console. The shell refuses longer ones than `limits::MESSAGE_MAX` before reading them
    /// whole.
    ConsoleMessage {
        /// From which.
        console: ConsoleKey,
        /// The message.
        bytes: Vec<u8>,
    },
    /// The WebSocket is gone, whoever closed it. Also comes after an output with `last: true`; the machine does not
    /// mind.
    ConsoleClosed {
        /// Which.
        console: ConsoleKey,
    },
    /// A connection to another node stands, with the key that the charter pins for it, and its control stream is open
    /// in both directions. At most one link per node: when a second connection comes, the shell first says
    /// [`Input::LinkDown`].
    LinkUp {
        /// The node whose key the connection showed.
        node: NodeId,
        /// Round trip in microseconds, as far as it is known.
        round_trip_us: Option<u32>,
    },
    /// The connection to another node is gone.
    LinkDown {
        /// Which.
        node: NodeId,
    },
    /// One message of a link's control stream, without its length prefix. Longer ones than `limits::MESSAGE_MAX` end
    /// the link.
    LinkMessage {
        /// From which.
        node: NodeId,
        /// The message.
        bytes: Vec<u8>,
    },
    /// A newer measurement; as often as the shell likes.
    LinkRoundTrip {
        /// Of which link.
        node: NodeId,
        /// Microseconds.
        round_trip_us: u32,
    },
    /// Nothing comes back by any path of a link any more, or something does again. Links are up long after their last
    /// path was cut: pictures do not wait for that.
    LinkSilent {
        /// Of which link.
        node: NodeId,
        /// Is it so?
        silent: bool,
    },
    /// What is known of the paths of a link, up or not, as often as the shell likes. They may be measured before the
    /// link is up and after it went down.
    LinkPaths {
        /// To which node.
        node: NodeId,
        /// All of them, in an order that stays; at most `limits::PATHS_SHOWN_MAX`.
        paths: Vec<PathMeasure>,
    },
    /// Own entries up to this position are on disk (after fsync).
    Appended {
        /// Position of the last one.
        up_to: u64,
    },
    /// Own entries up to this position could not be written. They count all the same, marked unrecorded; the shell
    /// keeps them and tries again with the next append, in order, and says [`Input::Appended`] when it worked.
    AppendFailed {
        /// Position of the last one that was tried.
        up_to: u64,
    },
    /// An entry of another node could not be written and is dropped ([`Output::Keep`]): it is had again after the next
    /// start.
    EntryNotKept,
    /// So many chunks are on disk of those given out in this run ([`Output::KeepChunk`]), in their order.
    ChunksStored {
        /// Since the start.
        total: u64,
    },
    /// The media thread made a leg for [`Output::Leg`].
    LegAnswer {
        /// Whose.
        console: ConsoleKey,
        /// The console's number of it.
        leg: u32,
        /// What the console must know of it.
        answer: LegAnswer,
    },
    /// The media thread could not use the offer.
    LegRefused {
        /// Whose.
        console: ConsoleKey,
    },
    /// The leg's transport came up or went down.
    LegState {
        /// Whose.
        console: ConsoleKey,
        /// Packets can pass.
        up: bool,
    },
    /// The media thread gave a place of a leg to a sender, or freed it.
    Placed {
        /// Whose leg.
        console: ConsoleKey,
        /// The console's number of it.
        leg: u32,
        /// The `a=mid` of the place.
        mid: String,
        /// Who is heard or seen there; none: free.
        device: Option<DeviceId>,
        /// Voice or picture.
        medium: Medium,
    },
    /// The answer to [`Output::TraceFrames`].
    FramesTraced {
        /// Of which device.
        device: DeviceId,
        /// Nodes over whose links its frames came lately.
        via: Vec<NodeId>,
    },
    /// The media thread needs a key frame of a sender, because a leg asked for one (PLI, RFC 4585 §6.3.1) or missed
    /// one.
    KeyFrameWanted {
        /// Whose picture.
        device: DeviceId,
    },
    /// The media thread gets nothing more of an own voice, or something again.
    VoiceQuiet {
        /// The stream's number.
        number: u16,
        /// The last datagram had this sequence; none: it is heard again.
        after: Option<u32>,
    },
    /// The media thread bars a node as relay of another's packets: they were not those that came from that node itself.
    RelayBarred {
        /// Whose packets.
        source: NodeId,
        /// Through whom they came.
        relay: NodeId,
    },
    /// Somebody hands over a revocation of any party. Nothing but the signatures of that party's root makes it count,
    /// so it may be anybody.
    Revoke {
        /// A signed [`trialogue_charter::Revocation`].
        revocation: Vec<u8>,
        /// For [`Output::Errand`].
        errand: Errand,
    },
    /// The operator lets a device of the own party in no more at this node, or does again.
    Suspend {
        /// Which.
        device: DeviceId,
        /// No more.
        on: bool,
        /// For [`Output::Errand`].
        errand: Errand,
    },
    /// What became of [`Output::Alert`].
    Alerted {
        /// Which ring.
        call: CallId,
        /// On which line.
        line: LineId,
        /// It worked.
        done: bool,
    },
    /// Time has passed.
    Tick,
}

/// What the shell is to do, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// What became of something that a person asked for ([`Input::Revoke`], [`Input::Suspend`]).
    Errand {
        /// What.
        errand: Errand,
        /// This.
        fate: Fate,
    },
    /// Write an entry of the own journal, fsync, then say [`Input::Appended`]. Several may be under way; write them in
    /// order, as many as there are under one fsync.
    Append {
        /// Its position.
        seq: u64,
        /// The entry and its bodies.
        bundle: Bundle,
    },
    /// Store an entry of another node's journal; no fsync is waited for, but the order within a journal is kept. Comes
    /// again for a position when bodies that were missing have come.
    Keep {
        /// Whose journal.
        node: NodeId,
        /// Its position.
        seq: u64,
        /// The entry and its bodies.
        bundle: Bundle,
    },
    /// Store a chunk of an attachment, in the order of all outputs, and say [`Input::ChunksStored`] when it is on the
    /// disk.
    KeepChunk {
        /// Its hash.
        hash: Hash,
        /// It.
        bytes: ByteVec,
        /// A message that is held says that it is attached. Otherwise it may go after a day, unless one says so until
        /// then ([`Output::Append`] of it).
        lasting: bool,
    },
    /// Store this in place of the one before, after all entries that came before it; give it to [`crate::Start`] the
    /// next time. Only where there is a [`crate::Shelf`].
    Snapshot {
        /// Signed by the node, for itself.
        bytes: Vec<u8>,
    },
    /// Store evidence that a node signed two different entries for one position. Never deleted.
    Evidence {
        /// Whose journal.
        node: NodeId,
        /// The position.
        seq: u64,
        /// The signed entry that contradicts the one held.
        entry: Vec<u8>,
    },
    /// A newer charter has taken effect. Store it with fsync before any entry that follows; link to its nodes, by their
    /// keys and addresses in it, and to no others. A link that stands goes on until [`Output::CloseLink`], but one to a
    /// node whose link key changed (or the own one) is made anew within some seconds.
    Charter(Arc<VerifiedCharter>),
    /// A neighbour gave this charter, and it names another journal key for this node. If the key is there, call
    /// [`crate::Machine::amend`].
    NextKey {
        /// The signed charter.
        charter: Vec<u8>,
    },
    /// Send one binary message on a WebSocket.
    SendConsole {
        /// To which.
        console: ConsoleKey,
        /// The message.
        bytes: Vec<u8>,
        /// Close the WebSocket once it is sent. Empty `bytes`: close only.
        last: bool,
    },
    /// Send one message on a link's control stream (the shell puts the length before it).
    SendLink {
        /// To which.
        node: NodeId,
        /// The message.
        bytes: Vec<u8>,
    },
    /// Close the connection to a node: it said something that no node of this charter says. The shell may dial again,
    /// not sooner than after 5 s.
    CloseLink {
        /// Which.
        node: NodeId,
    },
    /// Make the leg of a console from its offer, or make it anew, and say [`Input::LegAnswer`] or
    /// [`Input::LegRefused`].
    Leg {
        /// Whose.
        console: ConsoleKey,
        /// Whose packets they are.
        device: DeviceId,
        /// The console's number of it.
        leg: u32,
        /// As the console said it, within the profile of spec/console.md §5.
        offer: Box<LegOffer>,
    },
    /// End the leg of a console. Its routes were changed before.
    CloseLeg {
        /// Whose.
        console: ConsoleKey,
    },
    /// A stream that the forwarder passes on from now on; replaces the one with the same source node and number.
    Route(Route),
    /// A stream is over. Unknown ones are nothing to complain about.
    RouteEnd {
        /// The source node's index in the charter.
        node: u8,
        /// Its number there.
        number: u16,
    },
    /// Ask the console for a key frame now (PLI on its leg). Already limited to one per device in 200 ms.
    RequestKeyFrame {
        /// Whose leg.
        console: ConsoleKey,
    },
    /// Alert people of the party beyond its consoles to a ring that nobody has answered, and say [`Input::Alerted`].
    /// Once per ring.
    Alert {
        /// Which ring.
        call: CallId,
        /// On which line.
        line: LineId,
        /// Of which party.
        party: PartyId,
        /// How urgent.
        precedence: Precedence,
        /// How many consoles sound.
        consoles: u16,
    },
    /// Alert people of the party beyond its consoles that a test of the line with another party failed.
    AlertTest {
        /// The other party.
        party: PartyId,
        /// What was tested.
        level: Level,
    },
    /// Alert people of the party beyond its consoles that messages were not acknowledged in time.
    AlertWriting {
        /// On which line.
        line: LineId,
        /// The party that wrote them.
        party: PartyId,
        /// How urgent: the highest of them.
        precedence: Precedence,
        /// How many, that people were not told of before.
        messages: u16,
    },
    /// How the tests of every two parties stand now, for the operator.
    Tests {
        /// By the parties' ids.
        pairs: Vec<PairTests>,
        /// Now, on the clock of the times in them.
        now_ms: i64,
    },
    /// Say over which links frames of this device came lately, by [`Input::FramesTraced`].
    TraceFrames {
        /// Of which device.
        device: DeviceId,
    },
    /// Count something, for the operator.
    Count(Count),
    /// Log something, for the operator; it holds no names of people and no addresses.
    Log(Note),
}

/// Where a stream comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The leg of a console of this node; the forwarder numbers its datagrams as the route says.
    Leg(ConsoleKey),
    /// Datagrams with the route's node index and number, from any link.
    Links,
}

/// Where the packets of one stream (one medium of one console in a call) come from and go to. Whole every time:
/// applying the latest one is all there is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The source node's index in the charter, as in `MediaHeader::node`.
    pub node: u8,
    /// The stream's number, as in `MediaHeader::stream`.
    pub number: u16,
    /// Where it comes from.
    pub source: Source,
    /// Who is heard or seen.
    pub device: DeviceId,
    /// On which line.
    pub line: LineId,
    /// Voice or picture.
    pub medium: Medium,
    /// Legs that get it. Sorted, never the source's own.
    pub legs: Vec<ConsoleKey>,
    /// Links that get it, each as one datagram. Sorted. The forwarder leaves out the link that a packet came from.
    pub links: Vec<NodeId>,
    /// Voice only: links that get a further copy, so that a cut of a direct link is not heard. Of a stream of this
    /// node: relays; of another one's: nodes that it reaches itself, which get what came from the source directly and
    /// nothing that came by a relay. Sorted, none of `links`.
    pub spare: Vec<NodeId>,
    /// Of another node's stream: neighbours from which it may come beside that node itself. Sorted.
    pub relays: Vec<NodeId>,
    /// Of another node's stream: there is a link to that node by which something comes back.
    pub alive: bool,
    /// Of another node's stream: nothing is sent after the datagram of this sequence, says that node. Of a voice of
    /// this node: its first datagram has the sequence after this one.
    pub quiet_after: Option<u32>,
}
