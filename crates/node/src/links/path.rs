//! One path that is part of a link: its connection, its tasks, what is known of it.

use super::carrier::PathCap;
use super::media::MediaPath;
use super::meter::{Counted, Meter};
use super::open::Candidate;
use super::places::Place;
use super::steady::Steady;
use super::stream::{self, Said, Writer};
use super::ways::PathKey;
use super::{OnDatagram, carrier::Carrier};
use crate::door::Standing;
use bytes::Bytes;
use quinn::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Bytes of control that may wait for one path. More is memory; less leaves a fast path idle between two looks.
const CREDIT: usize = 256 << 10;
/// On a path with a cap so many milliseconds of the link's part of it; a copy that would wait longer is not made while
/// another path has it.
const CREDIT_MS: usize = 500;
/// And this much at least, so that any message passes in the end.
const CREDIT_LEAST: usize = 2 << 10;

/// A path that is up.
pub(super) struct Path {
    /// Different for every path that the link ever had.
    pub id: u64,
    /// Its place among the paths of the link, below [`trialogue_wire::limits::PATHS_MAX`].
    pub slot: u8,
    pub key: PathKey,
    pub connection: Connection,
    pub dialled_here: bool,
    pub carrier: Carrier,
    /// Which of the local carriers that is.
    pub over: usize,
    /// Link keys of both sides on which it stands.
    pub keys: Option<[[u8; 32]; 2]>,
    pub since: Instant,
    pub meter: Meter,
    /// Pictures found no room between the last two looks.
    pub full: bool,
    pub media: Arc<MediaPath>,
    frames: mpsc::UnboundedSender<Bytes>,
    waiting: Arc<AtomicUsize>,
    tasks: [JoinHandle<()>; 3],
    /// Of all paths of this node, if it is not the first of its link.
    _place: Option<Place>,
    /// The address is a node's for as long as it stands.
    _standing: Standing,
}

/// Where a path's tasks give what they hear.
pub(super) struct Ears {
    pub said: mpsc::Sender<(u64, Said)>,
    pub received: watch::Receiver<u64>,
    pub index: u8,
    pub on_datagram: OnDatagram,
    /// The number of the link, if this side is to say it.
    pub begin: Option<u64>,
    pub standing: Standing,
}

/// Ends with the link.
impl Drop for Path {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Path {
    pub(super) fn start(
        candidate: Candidate,
        (id, slot): (u64, u8),
        (carrier, cap): (Carrier, Option<PathCap>),
        keys: [[u8; 32]; 2],
        place: Option<Place>,
        ears: Ears,
        now_us: u64,
    ) -> Self {
        let Candidate { connection, send, frames, dialled_here, key, carrier: over, .. } = candidate;
        let waiting = Arc::new(AtomicUsize::new(0));
        let (tx, rx) = mpsc::unbounded_channel();
        let mut received = ears.received;
        // A new path says at once how far this side is.
        received.mark_changed();
        let media = MediaPath::new(connection.clone(), cap, carrier.cap_kbit);
        let (begin, waited) = (ears.begin, waiting.clone());
        let writer = Writer { send, frames: rx, waiting: waited, begin, received, media: media.clone() };
        let tasks = [
            tokio::spawn(stream::read(id, connection.clone(), frames, ears.said)),
            tokio::spawn(stream::write(writer)),
            tokio::spawn(stream::datagrams(ears.index, connection.clone(), ears.on_datagram)),
        ];
        let mut path = Self {
            id,
            slot,
            key,
            connection,
            dialled_here,
            carrier,
            over,
            keys: Some(keys),
            since: Instant::now(),
            meter: Meter::new(now_us),
            full: false,
            media,
            frames: tx,
            waiting,
            tasks,
            _place: place,
            _standing: ears.standing,
        };
        path.read_meter(now_us);
        path.meter.end_second();
        path
    }

    /// Gives it a frame; the caller keeps to [`Path::credit`].
    pub(super) fn put(&self, frame: Bytes) {
        self.waiting.fetch_add(frame.len(), Ordering::Relaxed);
        // One that has ended says so by its reader.
        let _ = self.frames.send(frame);
    }

    /// Bytes of control that it may be given now.
    pub(super) fn credit(&self) -> usize {
        let waiting = self.waiting.load(Ordering::Relaxed);
        let capped = |cap: &PathCap| (cap.each_kbit() * CREDIT_MS / 8).clamp(CREDIT_LEAST, CREDIT);
        self.media.cap.as_ref().map_or(CREDIT, capped).saturating_sub(waiting)
    }

    /// Reads the transport's counters.
    pub(super) fn read_meter(&mut self, now_us: u64) {
        let stats = self.connection.stats();
        let steady = self.connection.congestion_state().into_any().downcast::<Steady>();
        let counted = Counted {
            round_trip_us: micros(stats.path.rtt),
            shortest_us: steady.ok().and_then(|steady| steady.shortest()).map_or(0, micros),
            sent: stats.path.sent_packets,
            lost: stats.path.lost_packets,
            udp_out: stats.udp_tx.datagrams,
            udp_in: stats.udp_rx.datagrams,
            bytes_out: stats.udp_tx.bytes,
            bytes_in: stats.udp_rx.bytes,
            waiting: self.media.waiting() > 0,
        };
        self.meter.read(now_us, counted);
        self.media.fit(now_us, &stats.path, self.meter.is_silent(now_us));
    }
}

pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
