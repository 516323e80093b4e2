//! What a node says.

use crate::statement::DeclineReason;
use crate::test::PathTest;
use minicbor::{Decode, Encode};
use trialogue_charter::{CallId, DeviceId, Hash, LineId, NodeId, OfficeId, PartyId, Precedence};

/// Refers to a large body (key package, handshake, certificate) that travels beside the entry and may expire.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(map)]
pub struct BodyRef {
    /// SHA-384 of the body.
    #[n(1)]
    pub hash: Hash,
    /// Its length in bytes.
    #[n(2)]
    pub len: u32,
}

/// How much somebody holds of a journal: the head of its Merkle tree (RFC 9162 §2.1, SHA-256, over the payloads of its
/// entries).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TreeHead {
    /// Whose journal.
    #[n(1)]
    pub node: NodeId,
    /// Its first so many entries; at least 1.
    #[n(2)]
    pub size: u64,
    /// The root over them.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub root: [u8; 32],
}

/// How many devices of a party are revoked, and which: what a node tells of the revocations in its journal.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RevokedSet {
    /// Whose devices.
    #[n(1)]
    pub party: PartyId,
    /// How many; at least 1.
    #[n(2)]
    pub count: u32,
    /// SHA-384 of their ids, ascending, one after the other.
    #[n(3)]
    pub digest: Hash,
}

impl RevokedSet {
    /// Of these devices of a party, ascending; none of nobody.
    pub fn of<'a>(party: &PartyId, devices: impl ExactSizeIterator<Item = &'a DeviceId>) -> Option<Self> {
        let count = u32::try_from(devices.len()).ok().filter(|count| *count > 0)?;
        let all: Vec<u8> = devices.flat_map(|device| device.0).collect();
        Some(Self { party: party.clone(), count, digest: Hash::of(&all) })
    }
}

/// Who rang, when and how urgently, as the node says that was rung.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Rang {
    /// The ringer's party, another one than the node's.
    #[n(1)]
    pub party: PartyId,
    /// The ringer's office.
    #[n(2)]
    pub office: OfficeId,
    /// How urgent it was.
    #[n(3)]
    pub precedence: Precedence,
    /// When it rang, milliseconds since 1970 UTC: by the clock of the ringer's node, and no later than by that of the
    /// node that says so.
    #[n(4)]
    pub at_ms: u64,
    /// When the party has promised to call back, milliseconds since 1970 UTC, if it has.
    #[n(5)]
    pub call_back_ms: Option<u64>,
}

/// One entry of a node's journal, before signing. Signed as COSE_Sign1 (RFC 9052) with the node's Ed25519 journal key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Entry {
    /// The node whose journal this is.
    #[n(1)]
    pub node: NodeId,
    /// Position, from 1, without gaps.
    #[n(2)]
    pub seq: u64,
    /// Hash of the previous entry's payload; zeros before the first.
    #[n(3)]
    pub previous: Hash,
    /// The node's clock, milliseconds since 1970 UTC. A claim: nothing that must be the same everywhere depends on it.
    #[n(4)]
    pub time_ms: u64,
    /// What it says.
    #[n(5)]
    pub body: Body,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Body {
    /// The journal starts, under this charter; or a newer charter takes effect.
    #[n(0)]
    #[cbor(map)]
    Opened {
        /// Hash of the charter's payload.
        #[n(1)]
        charter: Hash,
    },
    /// A device of the node's party was enrolled with a voucher.
    #[n(1)]
    #[cbor(map)]
    Enrolled {
        /// The device.
        #[n(1)]
        device: DeviceId,
        /// Its certificate.
        #[n(2)]
        certificate: BodyRef,
    },
    /// The root of a party, any party, accepts a device no more. Whose journal it stands in does not matter.
    #[n(2)]
    #[cbor(map)]
    Revoked {
        /// A signed [`trialogue_charter::Revocation`].
        #[cbor(n(1), with = "minicbor::bytes")]
        revocation: Vec<u8>,
    },
    /// How many consoles are on watch, per office that has any.
    #[n(3)]
    #[cbor(map)]
    Staffed {
        /// Offices, sorted, with the number of connected consoles.
        #[n(1)]
        offices: Vec<(OfficeId, u16)>,
    },
    /// How many consoles are connected to ring and cannot sound a ring, per office that has any; they are not staffed.
    #[n(22)]
    #[cbor(map)]
    Soundless {
        /// Offices, sorted, with the number of such consoles.
        #[n(1)]
        offices: Vec<(OfficeId, u16)>,
    },
    /// Something that a console of the party said and signed itself.
    #[n(4)]
    #[cbor(map)]
    Stated {
        /// COSE_Sign1 over a [`crate::Statement`] with the device's Ed25519 key.
        #[cbor(n(1), with = "minicbor::bytes")]
        statement: Vec<u8>,
    },
    /// This node has another party's ring.
    #[n(5)]
    #[cbor(map)]
    Received {
        /// Which ring.
        #[n(1)]
        call: CallId,
        /// On which line.
        #[n(2)]
        line: LineId,
    },
    /// This node's consoles sound.
    #[n(6)]
    #[cbor(map)]
    Ringing {
        /// Which ring.
        #[n(1)]
        call: CallId,
        /// On which line.
        #[n(2)]
        line: LineId,
        /// How many consoles sound; 0: the station is unstaffed.
        #[n(3)]
        consoles: u16,
    },
    /// Nobody of this party answered in time.
    #[n(7)]
    #[cbor(map)]
    Expired {
        /// Which ring.
        #[n(1)]
        call: CallId,
        /// On which line.
        #[n(2)]
        line: LineId,
    },
    /// Another party's ring was not answered by anybody of this party, or is to be called back: it waits on the boards
    /// of the party until somebody dismisses it.
    #[n(23)]
    #[cbor(map)]
    Missed {
        /// Which ring.
        #[n(1)]
        call: CallId,
        /// On which line.
        #[n(2)]
        line: LineId,
        /// Who rang.
        #[n(3)]
        rang: Rang,
    },
    /// A console in a call is out of touch: it has left the line.
    #[n(8)]
    #[cbor(map)]
    Lost {
        /// The device.
        #[n(1)]
        device: DeviceId,
        /// The line.
        #[n(2)]
        line: LineId,
    },
    /// The node started again: every console of it has left every line until it says otherwise.
    #[n(9)]
    #[cbor(map)]
    Restarted {},
    /// The party as a whole refuses, without a console (policy); same meaning as a console's decline.
    #[n(10)]
    #[cbor(map)]
    Refused {
        /// Which ring.
        #[n(1)]
        call: CallId,
        /// On which line.
        #[n(2)]
        line: LineId,
        /// Why.
        #[n(3)]
        reason: DeclineReason,
    },
    /// The party has alerted people beyond its consoles to a ring that nobody answered (a pager, a telephone), or could
    /// not.
    #[n(11)]
    #[cbor(map)]
    Alerted {
        /// Which ring.
        #[n(1)]
        call: CallId,
        /// On which line.
        #[n(2)]
        line: LineId,
        /// The party's means of alerting said that it worked.
        #[n(3)]
        done: bool,
    },
    /// Nobody has answered at the offices that were rung so far: the ring sounds at the party's next one on the line as
    /// well.
    #[n(12)]
    #[cbor(map)]
    Escalated {
        /// Which ring.
        #[n(1)]
        call: CallId,
        /// On which line.
        #[n(2)]
        line: LineId,
        /// How many of the party's offices it sounds at beyond the first, in the line's order; grows.
        #[n(3)]
        step: u8,
    },
    /// Of which offices the one on duty sits at a console of this node that is on watch or soundless. Replaces what it
    /// said before; whoever takes the duty is at the console by that.
    #[n(13)]
    #[cbor(map)]
    AtConsole {
        /// Offices, sorted.
        #[n(1)]
        offices: Vec<OfficeId>,
    },
    /// What this node has measured of the paths to other nodes since it last said so. Replaces what it said before.
    #[n(16)]
    #[cbor(map)]
    Tested {
        /// One per path, sorted by node and path; at most [`crate::limits::PATHS_MAX`].
        #[n(1)]
        results: Vec<PathTest>,
    },
    /// What this node holds of all journals, its own among them: its signature under everybody's history. Replaces what
    /// it said before.
    #[n(17)]
    #[cbor(map)]
    Seen {
        /// One per journal, sorted by node; at most [`crate::limits::SEEN_MAX`].
        #[n(1)]
        heads: Vec<TreeHead>,
        /// The node's ML-DSA-87 signature of the same, see [`crate::heads`]: at least once in an hour in which
        /// something came.
        #[cbor(n(2), with = "minicbor::bytes")]
        signature: Option<Vec<u8>>,
    },
    /// Frames were given to consoles of this node as a device's that are not its own (sealing.md §6).
    #[n(19)]
    #[cbor(map)]
    Forged {
        /// On which line.
        #[n(1)]
        line: LineId,
        /// Whose they were said to be.
        #[n(2)]
        device: DeviceId,
        /// Nodes through whose links frames of this device had come to this node in the seconds before, sorted: one of
        /// them made the frames or passed them on; none: no other node.
        #[n(3)]
        via: Vec<NodeId>,
    },
    /// This node lets a device of its party in no more, or does again, by its own word. No other node follows.
    #[n(20)]
    #[cbor(map)]
    Suspended {
        /// The device.
        #[n(1)]
        device: DeviceId,
        /// No more.
        #[n(2)]
        on: bool,
    },
    /// Of whom revocations stand in this journal. Replaces what it said before.
    #[n(21)]
    #[cbor(map)]
    Listed {
        /// Of each party that has any, by party; at most [`crate::limits::PARTIES_MAX`].
        #[n(1)]
        sets: Vec<RevokedSet>,
    },
    /// This node has these writings on disk, with their contents.
    #[n(18)]
    #[cbor(map)]
    Stored {
        /// Ids, ascending, 1 to [`crate::limits::STORED_MAX`].
        #[n(1)]
        writings: Vec<Hash>,
    },
}
