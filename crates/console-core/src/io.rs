//! What goes into the console machine and what comes out of it.

use crate::view::{Command, View, WrittenView};
use serde::{Deserialize, Serialize};
use trialogue_charter::{DeviceId, Hash, LineId, NodeId};
use trialogue_wire::console::Medium;
use ts_rs::TS;
use zeroize::Zeroizing;

/// Something that happened outside.
pub enum Input {
    /// The WebSocket to the own node is open.
    Opened,
    /// One binary message of it.
    Received(Vec<u8>),
    /// It closed, or could not be opened. The machine says when to try again ([`Output::Reconnect`]), also where
    /// neither comes within 5 s, and within 10 and 20 s the next times.
    Closed,
    /// The officer did something.
    Command(Command),
    /// The platform's WebRTC stack made the leg's SDP offer, after [`Output::MakeOffer`]. It stays here: the node gets
    /// what differs between legs.
    LegOffer {
        /// Of which leg: whatever is said of another one than that which was asked for last counts for nothing.
        leg: u32,
        /// SDP.
        sdp: String,
    },
    /// What the platform's WebRTC stack has negotiated is not what [`Output::LegAnswer`] says. The platform has closed
    /// the leg and let nothing out over it; the machine asks for another ([`Output::MakeOffer`]) after a while.
    LegUnfit {
        /// Of which leg.
        leg: u32,
        /// One sentence for the log.
        why: String,
    },
    /// The leg's transport is connected.
    LegUp {
        /// Of which leg.
        leg: u32,
    },
    /// The leg's transport is gone. The machine asks for a new one ([`Output::MakeOffer`]), unless it is up again
    /// before.
    LegDown {
        /// Of which leg.
        leg: u32,
    },
    /// The media worker has opened frames. Said at most every 200 ms, and after each change: a worker after it opens
    /// none of these again.
    Heard {
        /// Key id, and the highest number opened under it.
        highest: Vec<(u64, u64)>,
    },
    /// The media worker had to refuse a frame, or takes one that is suspect. Said at most once a second per sender and
    /// reason.
    Suspect {
        /// At whose place it came.
        device: DeviceId,
        /// Why.
        what: Suspicion,
    },
    /// The media worker is new: its counters are at zero, so it must never again be given a key of before.
    WorkerRestarted,
    /// This machine has another address or another network than before: what was open leads nowhere.
    Network,
    /// Media came over the leg: the node is alive. Said at most every 50 ms.
    LegHeard {
        /// Over which leg.
        leg: u32,
    },
    /// One of the above of a WebSocket or leg, at this slot ([`Output::At`]).
    At {
        /// Which of the two.
        slot: u8,
        /// What happened.
        input: Box<Input>,
    },
    /// The media worker has sealed and opened a frame, after [`Output::ProveAlive`].
    Proven {
        /// As asked.
        nonce: [u8; 16],
    },
    /// Say on the line that the party's archive has these contents, or has destroyed them; [`Output::ArchiveSaid`]
    /// follows when that stands in the journal. While one is under way, and for some time after one was refused, it is
    /// as if nothing had been asked.
    ArchiveSay(ArchiveWord),
    /// The platform has kept what [`Output::Keep`] of that number gave: it outlives this process.
    Kept {
        /// As given.
        version: u64,
    },
    /// A chunk that [`Output::GiveChunk`] asked for; none: it is not there any more.
    Chunk {
        /// Its hash.
        hash: Hash,
        /// It.
        bytes: Option<Vec<u8>>,
    },
    /// A station has tested the line: what it heard of every other party.
    StationTested {
        /// By party.
        results: Vec<trialogue_journal::StationTest>,
    },
    /// Nothing happened but time.
    Tick,
}

/// Something to do outside.
pub enum Output {
    /// Send this as one binary message on the WebSocket.
    Send(Vec<u8>),
    /// Forget the WebSocket if there is one (say no [`Input::Closed`] for it any more), and open a new one after this
    /// many milliseconds: then comes [`Input::Opened`], or [`Input::Closed`] if it could not be opened.
    Reconnect {
        /// 0 to 15,000.
        after_ms: u32,
    },
    /// Close the WebSocket and do not open it again: the console is refused; the view says why.
    Stop,
    /// Show this.
    View(Box<View>),
    /// Make the leg (again) and give its offer by [`Input::LegOffer`].
    MakeOffer {
        /// Its number. Nothing of those before is of use any more.
        leg: u32,
    },
    /// The SDP answer for the leg, made here after the profile of spec/console.md §5. Before a track is attached the
    /// platform checks that this is what was negotiated; otherwise it closes the leg and says [`Input::LegUnfit`].
    LegAnswer {
        /// Of which leg.
        leg: u32,
        /// SDP.
        sdp: String,
    },
    /// Seal with this key from the next frame on; none: stop sending at once, drop what is queued.
    Seal(Option<SealKey>),
    /// Frames under this key id can be opened with this key.
    OpenKey(OpenKey),
    /// Frames under this key id are opened no more.
    ForgetKey {
        /// SFrame key id.
        key_id: u64,
        /// The key cannot come back. Otherwise it may: what it has opened is to be remembered.
        over: bool,
    },
    /// Who is received at a place of the leg from now on; none: the place is free.
    Place {
        /// Of which leg.
        leg: u32,
        /// The `a=mid` of the media section.
        mid: String,
        /// The sender.
        device: Option<DeviceId>,
        /// Voice or picture.
        medium: Medium,
    },
    /// One of the above, for the WebSocket and leg of this slot. A console of a party with two sites holds a pair for
    /// each: slot 0 leads to the address that the platform knows, slot 1 to that of [`Output::Connect`]. What is not
    /// inside an `At` is for slot 0.
    At {
        /// Which of the two.
        slot: u8,
        /// What to do there.
        output: Box<Output>,
    },
    /// Inside an [`Output::At`]: its WebSocket leads to this origin from now on (`https://…`); open it.
    Connect {
        /// Origin of the other site.
        url: String,
    },
    /// What is said and shown goes over the leg of this slot from now on, and only over that one; only what comes over
    /// it is heard and seen. Sealing goes on as it was: the same key, the next number.
    Use {
        /// Which of the two.
        slot: u8,
    },
    /// The node asks whether this console lives: let the media worker seal and open a frame under a key made for that,
    /// and say [`Input::Proven`] if it did.
    ProveAlive {
        /// To be given back.
        nonce: [u8; 16],
    },
    /// A ring sounds here, or no more.
    Ringing(bool),
    /// Store this verified charter (signed bytes) in place of the one held before.
    Charter(Vec<u8>),
    /// Keep these bytes, under the seal that keeps the device's own key, in place of those before; then say
    /// [`Input::Kept`]. Only where [`crate::Console::keep_writings`] was said.
    Keep {
        /// To be given back.
        version: u64,
        /// Secrets among them.
        bytes: Zeroizing<Vec<u8>>,
    },
    /// Say [`Input::Chunk`] with the chunk of an attachment that [`crate::Console::attach_piece`] gave.
    GiveChunk(Hash),
    /// These chunks are of no use any more.
    ForgetChunks(Vec<Hash>),
    /// The next part of a file that the officer wants. Nothing of it is to be used before it is whole.
    File(FilePart),
    /// Put this writing into the party's archive. Only where [`crate::Console::archive_writings`] was said.
    Archive(Box<Archived>),
    /// Put this chunk of what is attached to a writing beside it. They come in their order.
    ArchiveChunk(ArchivedChunk),
    /// What [`Input::ArchiveSay`] asked for stands in the journal.
    ArchiveSaid(ArchiveWord),
    /// Show this written line, or none.
    Written(Option<Box<WrittenView>>),
    /// For the log; nothing private in it.
    Log(Event),
}

/// A part of a file. No `Debug`: it is what people wrote.
pub struct FilePart {
    /// Id of the message, hex.
    pub id: String,
    /// Which of its files, from 0.
    pub at: u32,
    /// The next bytes of it.
    pub bytes: Zeroizing<Vec<u8>>,
    /// These were the last, and it is what was attached.
    pub whole: bool,
}

/// A writing for the party's archive. No `Debug`: it says what people wrote.
pub struct Archived {
    /// Which: the hash of the payload of its statement.
    pub id: Hash,
    /// On which line.
    pub line: LineId,
    /// In whose journal it stands, and where.
    pub node: NodeId,
    /// Position there.
    pub seq: u64,
    /// When it was written, milliseconds since 1970 UTC, by its writer's console.
    pub at_ms: u64,
    /// What it says, in its one encoding (sealing.md §7); none: this console is not among its readers, or it is not
    /// what was signed.
    pub content: Option<Zeroizing<Vec<u8>>>,
    /// How many chunks are attached to it: they follow, as soon as they are to be had.
    pub chunks: usize,
}

/// A sealed chunk for the party's archive: its key is in the writing's content.
pub struct ArchivedChunk {
    /// Of which writing.
    pub writing: Hash,
    /// Which of its chunks, from 0.
    pub at: u32,
    /// It.
    pub bytes: Vec<u8>,
}

/// What a party's archive says of contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveWord {
    /// On this line.
    pub line: LineId,
    /// Of these, ascending, 1 to [`trialogue_journal::limits::SHOWN_MAX`].
    pub writings: Vec<Hash>,
    /// They were destroyed; otherwise they are there.
    pub destroyed: bool,
}

/// Why a frame is suspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum Suspicion {
    /// It is not by the sender at whose place it came, though it was sealed by somebody with the key of the group or
    /// damaged on its way: refused.
    Forged,
    /// What the sender says comes much later than before: somebody holds it back, or its way has become longer.
    Late,
}

/// The key under which this console seals. The same may come again after [`Output::Seal`] said none: it goes on where
/// it was.
pub struct SealKey {
    /// SFrame key id, 56 bits.
    pub key_id: u64,
    /// SFrame base key, 32 bytes.
    pub base_key: Zeroizing<[u8; 32]>,
    /// Who is to hear: at least one.
    pub receivers: Vec<Receiving>,
    /// Pictures are filled to a multiple of so many bytes; 0: they are not.
    pub picture_step: u16,
}

/// One who is to hear what this console seals.
pub struct Receiving {
    /// Its party's number: the lowest index of a node of the party.
    pub party: u8,
    /// Key of the tags for it, 32 bytes.
    pub tag_key: Zeroizing<[u8; 32]>,
}

/// A key under which another console seals.
pub struct OpenKey {
    /// SFrame key id, 56 bits.
    pub key_id: u64,
    /// Whose. Frames at a place of another device must not be opened with it.
    pub device: DeviceId,
    /// SFrame base key, 32 bytes.
    pub base_key: Zeroizing<[u8; 32]>,
    /// The own party's number: the lowest index of a node of the party.
    pub party: u8,
    /// Counts what its sender has told this console: of an earlier turn nothing is opened once a later one was heard.
    pub turn: u32,
    /// Devices of the own party that are in the sender's group beside it: a frame has no more tags for them.
    pub fellows: u8,
    /// Key of the tags that it makes for this console.
    pub tag_key: Zeroizing<[u8; 32]>,
    /// Numbers below this are not opened.
    pub floor: u64,
}

/// What an operator wants to know of a console: counted, without private data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The node accepted this console.
    Accepted,
    /// A newer charter is in force.
    Amended,
    /// A message of the node was not one of this protocol, or over a limit; it was dropped.
    Malformed(&'static str),
    /// An entry did not verify; it was dropped.
    BadEntry(String),
    /// A device's certificate does not verify; it is nobody on every roster.
    BadCertificate(DeviceId),
    /// A handshake could not be used.
    BadHandshake {
        /// Where it failed.
        step: &'static str,
        /// Why.
        why: String,
    },
    /// A group has a leaf that is no member of its line: keys of it are not used.
    Stranger(DeviceId),
    /// Frames at the place of a sender are not its own, or come late.
    Suspect {
        /// The sender.
        device: DeviceId,
        /// Which.
        what: Suspicion,
    },
    /// Keys are here in both directions, with everyone in the call.
    KeysReady {
        /// How many others.
        others: usize,
    },
    /// A chunk of an attachment is not where the platform kept it: the message cannot be sent as it is.
    AttachmentLost,
    /// The node refused an act, or this console.
    Refused(trialogue_wire::console::Refusal),
    /// No leg can be made of what the WebRTC stack or the node has said.
    LegUnfit(String),
}
