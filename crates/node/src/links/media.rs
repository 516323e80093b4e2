//! Media on links: datagrams that are sent now or not at all.

use super::transport::DATAGRAMS_OUT;
use crate::media::LinkSender;
use bytes::Bytes;
use quinn::Connection;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use trialogue_charter::limits::INDEX_MAX;

/// Pictures may fill the queue up to here and no further; what remains is the voice's.
const VOICE_RESERVE: usize = 64 << 10;
/// Pictures may wait this long at the rate that the path shows; more only delays the voices behind them.
const PICTURE_WAIT: Duration = Duration::from_millis(150);
/// A key frame's worth that may always wait.
const PICTURE_LEAST: usize = 32 << 10;

struct Slot {
    connection: RwLock<Option<Connection>>,
    /// Most bytes of pictures that may wait.
    pictures: AtomicUsize,
}

/// Sends datagrams on any link; cheap to clone, usable from any thread, never waits for the network.
#[derive(Clone)]
pub struct LinkMedia(Arc<[Slot]>);

impl LinkMedia {
    pub(super) fn new() -> Self {
        let slot = |_| Slot { connection: RwLock::new(None), pictures: AtomicUsize::new(PICTURE_LEAST) };
        Self((0..=INDEX_MAX).map(slot).collect())
    }

    /// Sends through the link to the node with this index in the charter, whichever connection carries it.
    pub fn sender(&self, node: u8) -> Box<dyn LinkSender> {
        Box::new(NodeLink { slots: self.0.clone(), node })
    }

    pub(super) fn set(&self, node: u8, connection: Option<Connection>) {
        if let Some(slot) = self.0.get(usize::from(node)) {
            *slot.connection.write().unwrap_or_else(PoisonError::into_inner) = connection;
        }
    }

    /// Lets go of all connections.
    pub(super) fn clear(&self) {
        for slot in self.0.iter() {
            *slot.connection.write().unwrap_or_else(PoisonError::into_inner) = None;
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

/// One node's slot, for the media thread.
struct NodeLink {
    slots: Arc<[Slot]>,
    node: u8,
}

impl NodeLink {
    fn with<T>(&self, otherwise: T, what: impl FnOnce(&Slot, &Connection) -> T) -> T {
        let Some(slot) = self.slots.get(usize::from(self.node)) else { return otherwise };
        match slot.connection.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            Some(connection) => what(slot, connection),
            None => otherwise,
        }
    }
}

impl LinkSender for NodeLink {
    fn send(&self, datagram: Bytes) -> bool {
        self.with(false, |_, connection| connection.send_datagram(datagram).is_ok())
    }

    fn max_size(&self) -> usize {
        self.with(0, |_, connection| connection.max_datagram_size().unwrap_or(0))
    }

    fn has_room(&self) -> bool {
        self.with(false, |slot, connection| {
            let waiting = DATAGRAMS_OUT.saturating_sub(connection.datagram_send_buffer_space());
            waiting < slot.pictures.load(Ordering::Relaxed)
        })
    }
}
