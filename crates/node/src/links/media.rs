//! Media on links: datagrams that are sent now or not at all. Voices go by every path, pictures by the best one.

use super::carrier::PathCap;
use super::condition::{Condition, Reading};
use super::later::Later;
use super::steady::Steady;
use crate::limits::links::DATAGRAMS_OUT;
use crate::media::LinkSender;
use bytes::Bytes;
use quinn::Connection;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use trialogue_charter::limits::INDEX_MAX;
use trialogue_wire::console::Medium;

/// Pictures may fill the queue up to here and no further; what remains is the voice's.
const VOICE_RESERVE: usize = 64 << 10;
/// Pictures may wait this long at the rate that the path shows; more only delays the voices behind them.
const PICTURE_WAIT: Duration = Duration::from_millis(150);
/// A piece of a picture that may always wait; on a path that turns out to be slow, voices wait behind it.
const PICTURE_LEAST: usize = 8 << 10;
/// Voices may wait this long at the rate that the path shows, and this much at least; then the newest is not sent,
/// because all of them would come too late.
const VOICE_WAIT: Duration = Duration::from_millis(500);
const VOICE_LEAST: usize = 4 << 10;
/// For so many looks after a voice it is taken that more will come: half a second.
const VOICED: u8 = 5;
/// A cap up to this makes a path narrow, in kbit/s.
const NARROW_CAP: u32 = 128;

/// One path, as far as media goes.
pub(super) struct MediaPath {
    pub connection: Connection,
    pub cap: Option<PathCap>,
    later: Later,
    condition: Mutex<Condition>,
    /// Its cap says that it is narrow.
    capped: bool,
    narrow: AtomicBool,
    /// How many times a voice is said again.
    again: AtomicU8,
    /// Pictures are off.
    off: AtomicBool,
    /// Most bytes that may wait, of pictures and of voices.
    pictures: AtomicUsize,
    voices: AtomicUsize,
    /// A picture found no room since the last look.
    full: AtomicBool,
    /// Looks until it is taken that nobody speaks.
    voiced: AtomicU8,
}

impl MediaPath {
    /// Must be called inside a Tokio runtime.
    pub(super) fn new(connection: Connection, cap: Option<PathCap>, cap_kbit: Option<u32>) -> Arc<Self> {
        let capped = cap_kbit.is_some_and(|cap| cap <= NARROW_CAP);
        Arc::new(Self {
            later: Later::start(connection.clone()),
            connection,
            cap,
            condition: Mutex::default(),
            capped,
            narrow: AtomicBool::new(capped),
            again: AtomicU8::new(0),
            off: AtomicBool::new(capped),
            pictures: AtomicUsize::new(PICTURE_LEAST),
            voices: AtomicUsize::new(DATAGRAMS_OUT),
            full: AtomicBool::new(false),
            voiced: AtomicU8::new(0),
        })
    }

    /// Fits it to what the path can bear now: window per round trip is its rate.
    pub(super) fn fit(&self, now_us: u64, path: &quinn::PathStats, silent: bool) {
        let rate = path.cwnd as f64 / path.rtt.as_secs_f64().max(0.001);
        let most = |wait: Duration| (rate * wait.as_secs_f64()) as usize;
        self.pictures.store(most(PICTURE_WAIT).clamp(PICTURE_LEAST, DATAGRAMS_OUT - VOICE_RESERVE), Ordering::Relaxed);
        self.voices.store(most(VOICE_WAIT).clamp(VOICE_LEAST, DATAGRAMS_OUT), Ordering::Relaxed);
        let _ = self.voiced.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |looks| looks.checked_sub(1));
        let Ok(steady) = self.connection.congestion_state().into_any().downcast::<Steady>() else { return };
        let mut condition = self.condition.lock().unwrap_or_else(PoisonError::into_inner);
        condition.take(Reading {
            now_us,
            sent: path.sent_packets,
            lost: path.lost_packets,
            delivered: steady.delivered(),
            full: steady.is_full(),
            deep: steady.is_deep(),
            // One that is off finds no room for that alone.
            refused: self.full.load(Ordering::Relaxed) && !self.off.load(Ordering::Relaxed),
            silent,
        });
        self.again.store(condition.again(), Ordering::Relaxed);
        self.narrow.store(self.capped || condition.is_narrow(), Ordering::Relaxed);
        self.off.store(self.capped || !condition.pictures(), Ordering::Relaxed);
    }

    fn is_narrow(&self) -> bool {
        self.narrow.load(Ordering::Relaxed)
    }

    /// Control has to go slowly: the path is narrow, and somebody speaks.
    pub(super) fn is_busy(&self) -> bool {
        self.is_narrow() && self.voiced.load(Ordering::Relaxed) > 0
    }

    /// Did a picture find no room since the last time this was asked?
    pub(super) fn take_full(&self) -> bool {
        self.full.swap(false, Ordering::Relaxed)
    }

    pub(super) fn waiting(&self) -> usize {
        DATAGRAMS_OUT.saturating_sub(self.connection.datagram_send_buffer_space())
    }

    fn has_room(&self) -> bool {
        let may = !self.off.load(Ordering::Relaxed)
            && self.waiting() < self.pictures.load(Ordering::Relaxed)
            && self.cap.as_ref().is_none_or(PathCap::has_room);
        if !may {
            self.full.store(true, Ordering::Relaxed);
        }
        may
    }

    fn send(&self, medium: Medium, datagram: Bytes) -> bool {
        let voice = medium == Medium::Voice;
        if voice && self.waiting() > self.voices.load(Ordering::Relaxed) {
            return false;
        }
        if !self.cap.as_ref().is_none_or(|cap| cap.media(datagram.len())) {
            return false;
        }
        if !voice {
            return self.connection.send_datagram(datagram).is_ok();
        }
        self.voiced.store(VOICED, Ordering::Relaxed);
        if self.is_narrow() {
            return self.later.together(datagram);
        }
        self.later.again(self.again.load(Ordering::Relaxed), &datagram);
        self.connection.send_datagram(datagram).is_ok()
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
            Medium::Voice => slot.paths.iter().filter(|path| path.send(medium, datagram.clone())).count() > 0,
            Medium::Picture => slot.best.as_ref().is_some_and(|path| path.send(medium, datagram)),
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

    fn is_narrow(&self) -> bool {
        self.with(false, |slot| slot.paths.iter().all(|path| path.is_narrow()))
    }
}
