//! Media on links: datagrams that are sent now or not at all. Voices go by every path, pictures by the best one.

use super::bucket::Bucket;
use super::transport::DATAGRAMS_OUT;
use crate::media::LinkSender;
use bytes::Bytes;
use quinn::Connection;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};
use trialogue_charter::limits::INDEX_MAX;
use trialogue_wire::console::Medium;

/// Pictures may fill the queue up to here and no further; what remains is the voice's.
const VOICE_RESERVE: usize = 64 << 10;
/// Pictures may wait this long at the rate that the path shows; more only delays the voices behind them.
const PICTURE_WAIT: Duration = Duration::from_millis(150);
/// A key frame's worth that may always wait.
const PICTURE_LEAST: usize = 32 << 10;

/// The cap of a path, for its voices and its control.
#[derive(Clone)]
pub(super) struct SharedBucket(Arc<(Mutex<Bucket>, Instant)>);

impl SharedBucket {
    pub(super) fn new(cap_kbit: u32) -> Self {
        Self(Arc::new((Mutex::new(Bucket::new(cap_kbit, 0)), Instant::now())))
    }

    /// See [`Bucket::take`].
    pub(super) fn take(&self, bytes: usize, reserve: u64) -> bool {
        let now_us = self.0.1.elapsed().as_micros() as u64;
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).take(bytes, reserve, now_us)
    }
}

/// One path, as far as media goes.
pub(super) struct MediaPath {
    pub connection: Connection,
    pub bucket: Option<SharedBucket>,
    /// Most bytes of pictures that may wait.
    pictures: AtomicUsize,
    /// A picture found no room since the last look.
    full: AtomicBool,
}

impl MediaPath {
    pub(super) fn new(connection: Connection, bucket: Option<SharedBucket>) -> Arc<Self> {
        let (pictures, full) = (AtomicUsize::new(PICTURE_LEAST), AtomicBool::new(false));
        Arc::new(Self { connection, bucket, pictures, full })
    }

    /// Fits the queue to what the path carries: window per round trip is its rate.
    pub(super) fn fit(&self, window: u64, round_trip: Duration) {
        let rate = window as f64 / round_trip.as_secs_f64().max(0.001);
        let most = (rate * PICTURE_WAIT.as_secs_f64()) as usize;
        self.pictures.store(most.clamp(PICTURE_LEAST, DATAGRAMS_OUT - VOICE_RESERVE), Ordering::Relaxed);
    }

    /// Did a picture find no room since the last time this was asked?
    pub(super) fn take_full(&self) -> bool {
        self.full.swap(false, Ordering::Relaxed)
    }

    fn has_room(&self) -> bool {
        let waiting = DATAGRAMS_OUT.saturating_sub(self.connection.datagram_send_buffer_space());
        let may = waiting < self.pictures.load(Ordering::Relaxed)
            && self.bucket.as_ref().is_none_or(|bucket| bucket.take(0, 2));
        if !may {
            self.full.store(true, Ordering::Relaxed);
        }
        may
    }

    fn send(&self, datagram: Bytes) -> bool {
        self.bucket.as_ref().is_none_or(|bucket| bucket.take(datagram.len(), 0))
            && self.connection.send_datagram(datagram).is_ok()
    }

    fn max_size(&self) -> Option<usize> {
        self.connection.max_datagram_size()
    }
}

/// The paths of one link.
#[derive(Default)]
struct Slot {
    paths: Vec<Arc<MediaPath>>,
    /// Which one carries pictures.
    best: Option<Arc<MediaPath>>,
}

/// Sends datagrams on any link; cheap to clone, usable from any thread, never waits for the network.
#[derive(Clone)]
pub struct LinkMedia(Arc<[RwLock<Slot>]>);

impl LinkMedia {
    pub(super) fn new() -> Self {
        Self((0..=INDEX_MAX).map(|_| RwLock::default()).collect())
    }

    /// Sends through the link to the node with this index in the charter, whichever paths carry it.
    pub fn sender(&self, node: u8) -> Box<dyn LinkSender> {
        Box::new(NodeLink { slots: self.0.clone(), node })
    }

    /// These are the paths of a link now.
    pub(super) fn set(&self, node: u8, paths: Vec<Arc<MediaPath>>, best: Option<Arc<MediaPath>>) {
        if let Some(slot) = self.0.get(usize::from(node)) {
            *slot.write().unwrap_or_else(PoisonError::into_inner) = Slot { paths, best };
        }
    }

    /// Lets go of all connections.
    pub(super) fn clear(&self) {
        for slot in self.0.iter() {
            *slot.write().unwrap_or_else(PoisonError::into_inner) = Slot::default();
        }
    }
}

/// One node's slot, for the media thread.
struct NodeLink {
    slots: Arc<[RwLock<Slot>]>,
    node: u8,
}

impl NodeLink {
    fn with<T>(&self, otherwise: T, what: impl FnOnce(&Slot) -> T) -> T {
        let Some(slot) = self.slots.get(usize::from(self.node)) else { return otherwise };
        what(&slot.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl LinkSender for NodeLink {
    fn send(&self, medium: Medium, datagram: Bytes) -> bool {
        self.with(false, |slot| match medium {
            // Every path gets its copy, even after one took it.
            Medium::Voice => slot.paths.iter().filter(|path| path.send(datagram.clone())).count() > 0,
            Medium::Picture => slot.best.as_ref().is_some_and(|path| path.send(datagram)),
        })
    }

    fn max_size(&self, medium: Medium) -> usize {
        self.with(0, |slot| {
            let of = |path: &Arc<MediaPath>| path.max_size();
            match medium {
                Medium::Voice => slot.paths.iter().filter_map(of).min(),
                Medium::Picture => slot.best.as_ref().and_then(of),
            }
            .unwrap_or(0)
        })
    }

    fn has_room(&self) -> bool {
        self.with(false, |slot| slot.best.as_ref().is_some_and(|path| path.has_room()))
    }
}
