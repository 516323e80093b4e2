//! Keeps the link to one other node: all its paths at once. What is said on the link goes by whichever path is there;
//! the control task hears of the first path that comes and of the last one that goes, and of nothing in between.

use super::carrier::Bound;
use super::choose::Choice;
use super::dial::Dials;
use super::open::{Candidate, Side};
use super::path::Path;
use super::places::Places;
use super::sequence::{Receiver, Sender};
use super::stream::{Said, code};
use super::{LinkEvent, LinkMedia, OnDatagram};
use crate::counters::Counters;
use crate::door::Known;
use crate::limits::links::{EVENTS_WAITING, INBOX_KIB, INBOX_MESSAGES, LAST_WORDS, OUT_BYTES, OUT_MESSAGES, SAID};
use crate::outbox::{Outgoing, outbox};
use quinn::ClientConfig;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use trialogue_charter::NodeId;

/// The node with the higher id dials this much later, so that two dials rarely meet.
const STAGGER: Duration = Duration::from_millis(200);
/// Rest after the control task refused the other side, or was refused by it.
const REFUSED: Duration = Duration::from_secs(5);
/// How often paths are looked at; every tenth look is told.
const LOOK: Duration = Duration::from_millis(100);
const TELL_EVERY: u32 = 10;
/// How long a connection of before a change of keys goes on: the charter that says so has to reach the other side over
/// it.
const RENEW: Duration = Duration::from_secs(3);

/// How the other node is reached. None where there is one: it is not in service any more.
#[derive(Clone)]
pub(super) struct Target {
    /// Those of this node, at which the other one may dial.
    pub own: Vec<String>,
    pub addresses: Vec<String>,
    pub client: ClientConfig,
    /// Link keys of both sides: a connection stands on them.
    pub keys: [[u8; 32]; 2],
}

/// What a keeper is told when it begins.
pub(super) struct Setup {
    pub own: NodeId,
    pub other: NodeId,
    pub index: u8,
    pub target: watch::Receiver<Option<Target>>,
    pub bound: Arc<[Bound]>,
    /// Of this node, for the door; see [`trialogue_wire::path::Open::life`].
    pub life: Arc<AtomicU64>,
    /// Places for all paths of this node beside the first one of each link.
    pub places: Places,
    pub events: mpsc::Sender<LinkEvent>,
    pub media: LinkMedia,
    pub on_datagram: OnDatagram,
    pub counters: Counters,
    /// Addresses for which the doors keep places.
    pub addresses: Known,
}

/// A link that is up: at least one path is.
pub(super) struct Link {
    /// As the node with the lower id drew it.
    pub number: u64,
    /// Of the node with the higher id.
    pub life: u64,
    pub sender: Sender,
    pub receiver: Receiver,
    pub received: watch::Sender<u64>,
    pub outgoing: Outgoing<Vec<u8>>,
    /// Since when the control task does not hold it any more.
    pub let_go: Option<Instant>,
}

/// What a path said, by its id.
type FromPath = (u64, Said);

pub(super) struct Keeper {
    pub setup: Setup,
    pub link: Option<Link>,
    pub paths: Vec<Path>,
    pub next_id: u64,
    pub dials: Dials,
    pub choice: Choice,
    pub best: Option<u64>,
    pub said: (mpsc::Sender<FromPath>, mpsc::Receiver<FromPath>),
    /// What the control task is to hear, in order.
    pub queue: VecDeque<LinkEvent>,
    pub began: Instant,
    pub looks: u32,
    /// Nothing comes back by any path, as the control task was told.
    pub silent: bool,
    /// When it was last so.
    pub silent_us: u64,
}

/// Waits until the control task takes what is next, and there is room for it. None: there is no control task any more.
async fn free<'a>(
    events: &'a mpsc::Sender<LinkEvent>,
    room: &Arc<Semaphore>,
    next: Option<&LinkEvent>,
) -> Option<(mpsc::Permit<'a, LinkEvent>, Option<OwnedSemaphorePermit>)> {
    let taken = match next {
        Some(LinkEvent::Message { bytes, .. }) => {
            let kib =
                u32::try_from(bytes.len().div_ceil(1 << 10).clamp(INBOX_KIB / INBOX_MESSAGES, INBOX_KIB)).unwrap_or(1);
            Some(room.clone().acquire_many_owned(kib).await.ok()?)
        }
        _ => None,
    };
    Some((events.reserve().await.ok()?, taken))
}

impl Keeper {
    pub(super) fn new(setup: Setup) -> Self {
        setup.life.store(drawn(), Ordering::Relaxed);
        Self {
            setup,
            link: None,
            paths: Vec::new(),
            next_id: 0,
            dials: Dials::default(),
            choice: Choice::default(),
            best: None,
            said: mpsc::channel(SAID),
            queue: VecDeque::new(),
            began: Instant::now(),
            looks: 0,
            silent: false,
            silent_us: 0,
        }
    }

    pub(super) fn is_lower(&self) -> bool {
        self.setup.own < self.setup.other
    }

    pub(super) fn now_us(&self) -> u64 {
        super::path::micros(self.began.elapsed())
    }

    pub(super) fn stagger(&self) -> Duration {
        if self.is_lower() { Duration::ZERO } else { STAGGER }
    }

    pub(super) async fn run(mut self, mut accepted: mpsc::Receiver<Candidate>) {
        let mut changes = self.setup.target.clone();
        let mut target = changes.borrow_and_update().clone();
        self.aim(target.as_ref());
        // When connections end because their keys or their node are not in the charter any more.
        let mut renew_at: Option<Instant> = None;
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let events = self.setup.events.clone();
        let room = Arc::new(Semaphore::new(INBOX_KIB));
        loop {
            if self.link.is_none() && target.is_none() && self.queue.is_empty() {
                return;
            }
            let dial_at = self.dial_at(target.as_ref());
            let link = &mut self.link;
            tokio::select! {
                Ok(()) = changes.changed() => {
                    let newer = changes.borrow_and_update().clone();
                    if newer.as_ref().map(|t| t.keys) != target.as_ref().map(|t| t.keys) {
                        renew_at = Some(Instant::now() + RENEW);
                    }
                    target = newer;
                    self.aim(target.as_ref());
                }
                () = at(renew_at) => {
                    renew_at = None;
                    self.renew(target.as_ref().map(|t| t.keys));
                }
                candidate = accepted.recv() => match candidate {
                    Some(candidate) => self.consider(candidate, target.as_ref()),
                    None => return,
                },
                Some((_, found)) = self.dials.answer(), if !self.dials.is_idle() => match found {
                    Some(candidate) => self.consider(candidate, target.as_ref()),
                    None => self.setup.counters.count("link_dial_failed"),
                },
                () = at(dial_at) => {
                    let life = self.setup.life.load(Ordering::Relaxed);
                    let lower = self.setup.own < self.setup.other;
                    let side = |carrier| Side { lower, life, carrier, counters: self.setup.counters.clone() };
                    let (paths, setup) = (&self.paths, &self.setup);
                    if let Some(target) = &target {
                        let from = (&*setup.bound, &setup.addresses, setup.index);
                        self.dials.start(|key| paths.iter().any(|path| path.key == *key), target, from, side);
                    }
                }
                found = free(&events, &room, self.queue.front()), if !self.queue.is_empty() => {
                    let Some((permit, taken)) = found else { return };
                    match self.queue.pop_front() {
                        Some(LinkEvent::Message { node, bytes, .. }) => {
                            permit.send(LinkEvent::Message { node, bytes, room: taken });
                        }
                        Some(event) => permit.send(event),
                        None => {}
                    }
                }
                Some((id, said)) = self.said.1.recv(), if self.queue.len() < EVENTS_WAITING => match said {
                    Said::Frame(frame) => self.frame(id, &frame),
                    Said::Gone => self.gone(id),
                },
                message = next_of(link) => match message {
                    Some(message) => self.send(&message),
                    // The control task let go of it.
                    None => self.down(code::REFUSED, Some(REFUSED)),
                },
                _ = look.tick() => self.look(),
            }
            self.give();
        }
    }

    fn aim(&mut self, target: Option<&Target>) {
        let names = self.names();
        let addresses = target.map(|target| target.addresses.clone()).unwrap_or_default();
        let (lower, stagger) = (self.is_lower(), self.stagger());
        self.dials.aim(&names, &addresses, lower, Instant::now() + stagger);
    }

    /// Of the local carriers.
    pub(super) fn names(&self) -> Vec<String> {
        self.setup.bound.iter().map(|bound| bound.carrier.name.clone()).collect()
    }

    fn dial_at(&self, target: Option<&Target>) -> Option<Instant> {
        target.and_then(|_| self.dials.next(|key| self.paths.iter().any(|path| path.key == *key)))
    }

    /// Ends the paths that stand on other keys than those.
    fn renew(&mut self, keys: Option<[[u8; 32]; 2]>) {
        let old: Vec<u64> = self.paths.iter().filter(|p| p.keys != keys || keys.is_none()).map(|p| p.id).collect();
        for id in old {
            self.end(id, code::DUPLICATE, b"the charter was amended", Some(self.stagger()));
        }
    }

    fn look(&mut self) {
        let now_us = self.now_us();
        for path in &mut self.paths {
            path.read_meter(now_us);
            path.full = path.media.take_full();
        }
        let dead: Vec<u64> = self.paths.iter().filter(|path| path.meter.is_dead(now_us)).map(|path| path.id).collect();
        for id in dead {
            self.end(id, code::SILENT, b"nothing came back", None);
        }
        if self.is_let_go() {
            self.down(code::REFUSED, Some(REFUSED));
        }
        self.choose();
        self.tell_silence(now_us);
        self.looks = self.looks.wrapping_add(1);
        if self.looks.is_multiple_of(TELL_EVERY) {
            for path in &mut self.paths {
                path.meter.end_second();
            }
            self.tell();
        }
    }

    /// The control task has let go of the link, and its last words have had their time: the other side may acknowledge
    /// nothing, for ever.
    fn is_let_go(&mut self) -> bool {
        let Some(link) = self.link.as_mut().filter(|link| link.outgoing.is_let_go()) else { return false };
        link.let_go.get_or_insert_with(Instant::now).elapsed() >= LAST_WORDS
    }

    /// The first path of a link is there.
    pub(super) fn up(&mut self, number: u64, life: u64, round_trip_us: u32) {
        let (out, outgoing) = outbox(OUT_MESSAGES, OUT_BYTES);
        let (sender, receiver) = (Sender::default(), Receiver::default());
        self.link =
            Some(Link { number, life, sender, receiver, received: watch::Sender::new(0), outgoing, let_go: None });
        self.queue.push_back(LinkEvent::Up { node: self.setup.other.clone(), round_trip_us, out });
    }

    /// Ends the link with all its paths; none is dialled for a while if `rest` says so.
    pub(super) fn down(&mut self, why: quinn::VarInt, rest: Option<Duration>) {
        let paths = std::mem::take(&mut self.paths);
        self.dials.last_one_went();
        for path in &paths {
            self.dials.ended(&path.key, path.since.elapsed(), None, self.stagger());
        }
        if let Some(rest) = rest {
            self.dials.not_before(Instant::now() + rest);
        }
        self.went_down();
        // Only now: what the other side opens as soon as it hears of this belongs to the next life.
        for path in paths {
            path.connection.close(why, b"the link ends");
        }
    }

    pub(super) fn went_down(&mut self) {
        self.silent = false;
        if self.link.take().is_some() {
            self.setup.life.store(drawn(), Ordering::Relaxed);
            self.queue.push_back(LinkEvent::Down { node: self.setup.other.clone() });
        }
        self.choose();
        self.tell();
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// The next message to send, while the window has room for one.
async fn next_of(link: &mut Option<Link>) -> Option<Vec<u8>> {
    match link {
        Some(link) if link.sender.has_room() => link.outgoing.next().await,
        _ => std::future::pending().await,
    }
}

/// A number that was never drawn before, as far as chance goes; never 0.
pub(super) fn drawn() -> u64 {
    let mut bytes = [0; 8];
    if getrandom::fill(&mut bytes).is_err() {
        // It needs to differ from those before, not to be secret.
        bytes = super::path::micros(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default()).to_be_bytes();
    }
    u64::from_be_bytes(bytes).max(1)
}
