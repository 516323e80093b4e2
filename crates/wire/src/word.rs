//! What a node says of the media of its own consoles, signed by it, so that no node that passes it on can say it for
//! another.

use crate::console::Medium;
use minicbor::{Decode, Encode};
use trialogue_charter::{DeviceId, LineId, NodeId};

/// What the signature covers comes after these bytes.
pub const DOMAIN: &[u8] = b"trialogue word 1";

/// One word of one node. Of two about the same, the one with the higher number counts.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Word {
    /// Whose word it is: a node speaks only of consoles that are in at itself, or whose voice comes over it.
    #[n(1)]
    pub node: NodeId,
    /// Higher than that of every word which this node gave before, in earlier runs too.
    #[n(2)]
    pub number: u64,
    /// The console.
    #[n(3)]
    pub device: DeviceId,
    /// On which line.
    #[n(4)]
    pub line: LineId,
    /// What is said.
    #[n(5)]
    pub what: What,
}

/// What a word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum What {
    /// A stream has this number in the datagrams of its node.
    #[n(0)]
    #[cbor(map)]
    Stream {
        /// Unique among the streams of the node.
        #[n(1)]
        number: u16,
        /// Voice or picture.
        #[n(2)]
        medium: Medium,
        /// Nothing is sent for now: the last datagram had this sequence. A voice only.
        #[n(3)]
        quiet_after: Option<u32>,
    },
    /// The stream is over.
    #[n(1)]
    #[cbor(map)]
    Over {
        /// Voice or picture.
        #[n(1)]
        medium: Medium,
    },
    /// What the console says that it sends; cosmetic.
    #[n(2)]
    #[cbor(map)]
    Sending {
        /// Voice is on.
        #[n(1)]
        voice: bool,
        /// Picture is on.
        #[n(2)]
        picture: bool,
    },
}

/// What is signed for a word with these bytes.
pub fn signed(word: &[u8]) -> Vec<u8> {
    [DOMAIN, word].concat()
}
