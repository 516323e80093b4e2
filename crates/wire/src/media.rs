//! One media packet between nodes: a QUIC datagram (RFC 9221).
//!
//! ```text
//!  0               1               2               3
//! +---------------+---------------+-------------------------------+
//! | flags         | source node   | stream number                 |
//! +---------------+---------------+-------------------------------+
//! | RTP sequence (extended, low 32 bits)                          |
//! +---------------------------------------------------------------+
//! | RTP time                                                      |
//! +---------------------------------------------------------------+
//! | sealed payload ...
//! ```
//! 12 bytes, so that an RTP packet of 1,200 bytes (12 of header) passes a 1,280-byte path.

/// Length of the header in bytes.
pub const HEADER: usize = 12;

/// Header of a media datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaHeader {
    /// RTP marker bit.
    pub marker: bool,
    /// This packet begins a key frame (the source node saw it in the clear VP8 header).
    pub key_frame: bool,
    /// First of two halves of a packet too large for the path; the payload starts with nothing more, the second half
    /// has the same sequence.
    pub half: Half,
    /// The source node's index in the charter.
    pub node: u8,
    /// Stream number, as its node says in a word ([`crate::word`]).
    pub stream: u16,
    /// Extended sequence number, low 32 bits.
    pub sequence: u32,
    /// RTP timestamp.
    pub time: u32,
}

/// Whether a packet was cut in two to pass a narrow path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// The whole packet.
    Whole,
    /// The first part.
    First,
    /// The second part.
    Second,
}

/// Nodes of a charter are numbered from 0 to below this (6 bits of a key id).
pub const NODE_INDEX_MAX: u8 = 63;

const MARKER: u8 = 0b0001;
const KEY_FRAME: u8 = 0b0010;
const HALF_SHIFT: u8 = 2;
/// Bits that are zero in this version.
const RESERVED: u8 = 0b1111_0000;

impl MediaHeader {
    /// Splits a datagram into header and sealed payload. None: not a media datagram of this protocol (too short, no
    /// payload, a payload over [`crate::limits::PAYLOAD_MAX`], reserved bits, a node index out of range). Allocates
    /// nothing.
    pub fn parse(datagram: &[u8]) -> Option<(Self, &[u8])> {
        let (head, payload) = datagram.split_first_chunk::<HEADER>()?;
        let [flags, node, s0, s1, q0, q1, q2, q3, t0, t1, t2, t3] = *head;
        if flags & RESERVED != 0 || node > NODE_INDEX_MAX {
            return None;
        }
        if payload.is_empty() || payload.len() > crate::limits::PAYLOAD_MAX {
            return None;
        }
        let half = match flags >> HALF_SHIFT {
            0 => Half::Whole,
            1 => Half::First,
            2 => Half::Second,
            _ => return None,
        };
        let header = Self {
            marker: flags & MARKER != 0,
            key_frame: flags & KEY_FRAME != 0,
            half,
            node,
            stream: u16::from_be_bytes([s0, s1]),
            sequence: u32::from_be_bytes([q0, q1, q2, q3]),
            time: u32::from_be_bytes([t0, t1, t2, t3]),
        };
        Some((header, payload))
    }

    /// Writes the header; the payload follows it in the datagram.
    pub fn write(&self, to: &mut [u8; HEADER]) {
        let half = match self.half {
            Half::Whole => 0,
            Half::First => 1,
            Half::Second => 2,
        };
        to[0] =
            (half << HALF_SHIFT) | if self.marker { MARKER } else { 0 } | if self.key_frame { KEY_FRAME } else { 0 };
        to[1] = self.node;
        to[2..4].copy_from_slice(&self.stream.to_be_bytes());
        to[4..8].copy_from_slice(&self.sequence.to_be_bytes());
        to[8..12].copy_from_slice(&self.time.to_be_bytes());
    }
}
