//! The short way for voice, past str0m: sealed into the buffer that goes to the system.

use super::keys::Slot;
use super::leg::Place;
use super::seal::{Header, Sealer};
use nix::sys::socket::SockaddrStorage;
use std::net::SocketAddr;
use std::time::Instant;
use str0m::net::Protocol;
use trialogue_core::forward::Destination;

/// The first packets of a place carry its `mid`, and later one in so many, so that a console can never fail to know
/// where they belong (RFC 8843 §9.2).
const MID_FIRST: u64 = 128;
const MID_EVERY: u64 = 64;

/// How to reach a console: the pair that it nominated last.
#[derive(Clone, Copy)]
pub(super) struct Path {
    pub(super) proto: Protocol,
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    pub(super) nominated: Instant,
    /// Index of the socket with the local address; for UDP only.
    pub(super) socket: usize,
    /// The remote address as the system wants it.
    pub(super) storage: SockaddrStorage,
}

/// Seals voices of one leg.
pub(super) struct Voice {
    sealer: Sealer,
    /// Id of the `mid` extension, if the console takes one.
    mid_id: Option<u8>,
}

impl Voice {
    /// None: the keys are not of a kind that is sealed here.
    pub(super) fn new(slot: &Slot, mid_id: Option<u8>) -> Option<Self> {
        let keys = slot.take()?;
        Some(Self { sealer: Sealer::new(&keys)?, mid_id: mid_id.filter(|id| (1..15).contains(id)) })
    }

    /// Appends one sealed packet to `out`; false: it could not be sealed.
    pub(super) fn seal(&self, place: &Place, to: &Destination, payload: &[u8], out: &mut Vec<u8>) -> bool {
        let mid = place.mid_text.as_str();
        let tell = to.sequence < MID_FIRST || to.sequence.is_multiple_of(MID_EVERY);
        let header = Header {
            marker: to.marker,
            payload_type: *place.pt,
            sequence: to.sequence,
            time: to.time,
            ssrc: *place.ssrc,
            mid: self.mid_id.filter(|_| tell && (1..=16).contains(&mid.len())).map(|id| (id, mid)),
        };
        self.sealer.seal(&header, payload, out)
    }
}
