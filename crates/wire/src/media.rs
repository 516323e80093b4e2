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
    /// First of two halves of a packet too large for the path; the payload starts with nothing more, the second half has the
    /// same sequence.
    pub half: Half,
    /// The source node's index in the charter.
    pub node: u8,
    /// Stream number, see `link::LinkMessage::Stream`.
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
