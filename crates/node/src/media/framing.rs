//! Packets in a stream, each with its length before it (RFC 4571).

use crate::limits::media::LONGEST;

/// What has come of a stream and is no whole packet yet: at most one packet and what came with it.
#[derive(Debug, Default)]
pub struct Framing(Vec<u8>);

/// The stream is none of packets: one was announced that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoPackets;

impl Framing {
    /// Takes what came, and gives out the packets that are whole with it.
    ///
    /// # Errors
    /// When a packet is announced that is too long; the stream is of no use any more.
    pub fn take(&mut self, bytes: &[u8], mut packet: impl FnMut(&[u8])) -> Result<(), NoPackets> {
        self.0.extend_from_slice(bytes);
        let mut at = 0;
        while let Some((head, rest)) = self.0.get(at..).and_then(<[u8]>::split_first_chunk::<2>) {
            let length = usize::from(u16::from_be_bytes(*head));
            if length > LONGEST {
                return Err(NoPackets);
            }
            let Some(whole) = rest.get(..length) else { break };
            packet(whole);
            at += 2 + length;
        }
        self.0.drain(..at);
        Ok(())
    }

    /// Bytes that wait for the rest of their packet.
    pub fn waiting(&self) -> usize {
        self.0.len()
    }
}
