//! Between two nodes: one bidirectional QUIC stream, each message a 4-byte big-endian length and CBOR; media in
//! datagrams.

use crate::Bundle;
use minicbor::{Decode, Encode};
use trialogue_charter::{DeviceId, Hash, NodeId};

/// Version of this protocol.
pub const PROTOCOL: u8 = 1;

/// How far a node holds a journal.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Head {
    /// Whose journal.
    #[n(1)]
    pub node: NodeId,
    /// Last position held; 0: nothing.
    #[n(2)]
    pub seq: u64,
}

/// One message on a link's control stream.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum LinkMessage {
    /// First message of each side, and said again when another charter takes effect.
    #[n(0)]
    #[cbor(map)]
    Hello {
        /// [`PROTOCOL`].
        #[n(1)]
        protocol: u8,
        /// Who speaks; must match the pinned key of the connection.
        #[n(2)]
        node: NodeId,
        /// Hash of the payload of the charter in force at the speaker: the link is up once both have the same.
        #[n(3)]
        charter: Hash,
        /// What the speaker holds of each journal.
        #[n(4)]
        heads: Vec<Head>,
        /// That charter's serial: whoever has the higher one gives it to the other.
        #[n(5)]
        serial: u64,
    },
    /// Entries that the other side lacks, of any node's journal.
    #[n(1)]
    #[cbor(map)]
    Entries {
        /// In a node's own order.
        #[n(1)]
        bundles: Vec<Bundle>,
    },
    /// What the speaker holds now: sent after taking entries, and every 5 s. The other side sends what is missing.
    #[n(2)]
    #[cbor(map)]
    Heads {
        /// One per node.
        #[n(1)]
        heads: Vec<Head>,
    },
    /// Which other nodes the speaker has a direct link to; for "reached through a third".
    #[n(3)]
    #[cbor(map)]
    Neighbours {
        /// Nodes with a direct link that is up.
        #[n(1)]
        nodes: Vec<NodeId>,
    },
    /// Wants a key frame of a console's picture.
    #[n(4)]
    #[cbor(map)]
    KeyFrame {
        /// Whose.
        #[n(1)]
        device: DeviceId,
    },
    /// What a node says of the media of its own consoles ([`crate::word::Word`]), in its own words: passed on as it is.
    #[n(5)]
    #[cbor(map)]
    Said {
        /// The word.
        #[cbor(n(1), with = "minicbor::bytes")]
        word: Vec<u8>,
        /// By the journal key of the node whose word it is, Ed25519, over [`crate::word::signed`].
        #[cbor(n(2), with = "minicbor::bytes")]
        signature: Vec<u8>,
    },
    /// A charter that is newer than the one in force at the other side. Before the hello that names it.
    #[n(8)]
    #[cbor(map)]
    Charter {
        /// The signed charter, whole.
        #[cbor(n(1), with = "minicbor::bytes")]
        charter: Vec<u8>,
    },
    /// Asks for a part of a chunk of an attachment: a part is as small as the link is slow, so that a ring that comes
    /// then does not wait. One at a time.
    #[n(9)]
    #[cbor(map)]
    WantChunk {
        /// Which chunk.
        #[n(1)]
        hash: Hash,
        /// From this byte of it on.
        #[n(2)]
        at: u32,
        /// At most so many bytes.
        #[n(3)]
        most: u32,
    },
    /// Answers [`LinkMessage::WantChunk`].
    #[n(10)]
    #[cbor(map)]
    Chunk {
        /// Which chunk.
        #[n(1)]
        hash: Hash,
        /// Its length; 0: it is not held here.
        #[n(2)]
        whole: u32,
        /// From this byte of it on.
        #[n(3)]
        at: u32,
        /// The part.
        #[cbor(n(4), with = "minicbor::bytes")]
        bytes: Vec<u8>,
    },
    /// Measures throughput: answered by [`LinkMessage::Probed`] as soon as it is whole. One at a time on a link.
    #[n(16)]
    #[cbor(map)]
    Probe {
        /// Echoed.
        #[n(1)]
        number: u32,
        /// Zeros; at most [`crate::limits::PROBE_MAX`].
        #[cbor(n(2), with = "minicbor::bytes")]
        filler: Vec<u8>,
    },
    /// Answers [`LinkMessage::Probe`].
    #[n(17)]
    #[cbor(map)]
    Probed {
        /// As asked.
        #[n(1)]
        number: u32,
    },
}
