//! Media on links: datagrams that are sent now or not at all.

use super::transport::DATAGRAMS_OUT;
use bytes::Bytes;
use quinn::{Connection, SendDatagramError};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Pictures may fill the queue up to here and no further; what remains is the voice's.
const VOICE_RESERVE: usize = 64 << 10;
/// Pictures may wait this long at the rate that the path shows; more only delays the voices behind them.
const PICTURE_WAIT: Duration = Duration::from_millis(150);
/// A key frame's worth that may always wait.
const PICTURE_LEAST: usize = 32 << 10;

/// What became of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// Handed to the link.
    Yes,
    /// No link to that node.
    NoLink,
    /// Larger than the path takes: cut it in halves of at most this many bytes, header included.
    TooLarge(usize),
    /// A picture, and the path is full: it would have delayed a voice.
    Full,
}

struct Slot {
    connection: RwLock<Option<Connection>>,
    /// Most bytes of pictures that may wait.
    pictures: AtomicUsize,
}

/// Sends datagrams on any link; cheap to clone, usable from any thread, never waits for the network.
#[derive(Clone)]
pub struct LinkMedia(Arc<[Slot]>);

impl LinkMedia {
    pub(super) fn new(nodes: usize) -> Self {
        let slot = |_| Slot { connection: RwLock::new(None), pictures: AtomicUsize::new(PICTURE_LEAST) };
        Self((0..nodes).map(slot).collect())
    }

    /// Sends to the node with this index in the charter. `voice`: goes before pictures when the path is full.
    pub fn send(&self, node: u8, voice: bool, datagram: Bytes) -> Sent {
        let Some(slot) = self.0.get(usize::from(node)) else { return Sent::NoLink };
        let connection = slot.connection.read().unwrap_or_else(PoisonError::into_inner);
        let Some(connection) = connection.as_ref() else { return Sent::NoLink };
        let waiting = DATAGRAMS_OUT.saturating_sub(connection.datagram_send_buffer_space());
        if !voice && waiting + datagram.len() > slot.pictures.load(Ordering::Relaxed) {
            return Sent::Full;
        }
        match connection.send_datagram(datagram) {
            Ok(()) => Sent::Yes,
            Err(SendDatagramError::TooLarge) => Sent::TooLarge(connection.max_datagram_size().unwrap_or(0)),
            Err(_) => Sent::NoLink,
        }
    }

    /// Largest datagram that the path to a node takes now, in bytes; none without a link.
    pub fn most(&self, node: u8) -> Option<usize> {
        let slot = self.0.get(usize::from(node))?;
        slot.connection.read().unwrap_or_else(PoisonError::into_inner).as_ref()?.max_datagram_size()
    }

    pub(super) fn set(&self, node: u8, connection: Option<Connection>) {
        if let Some(slot) = self.0.get(usize::from(node)) {
            *slot.connection.write().unwrap_or_else(PoisonError::into_inner) = connection;
        }
    }

    /// Fits the queue to what the path carries: window per round trip is its rate.
    pub(super) fn measure(&self, node: u8, window: u64, round_trip: Duration) {
        if let Some(slot) = self.0.get(usize::from(node)) {
            let rate = window as f64 / round_trip.as_secs_f64().max(0.001);
            let most = (rate * PICTURE_WAIT.as_secs_f64()) as usize;
            slot.pictures.store(most.clamp(PICTURE_LEAST, DATAGRAMS_OUT - VOICE_RESERVE), Ordering::Relaxed);
        }
    }
}
