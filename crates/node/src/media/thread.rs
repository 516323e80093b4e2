//! The thread: wait, take what came, forward it, send what is to be sent.

use super::address::Bound;
use super::command::{Command, Inbox};
use super::leg::{Common, Gone};
use super::legs::{Drained, Legs};
use super::link::{Joiner, LinkSender};
use super::residence::Stay;
use super::tcp::Tcp;
use super::udp::{Incoming, Udp};
use super::{MediaConfig, MediaCounters, MediaError, MediaEvent};
use crate::limits::media::LINK_PACKETS;
use bytes::Bytes;
use mio::{Events, Poll, Token};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use trialogue_charter::limits::INDEX_MAX;
use trialogue_core::forward::{Destination, Forwarder, Nodes};
use trialogue_wire::leg::LegOffer;
use trialogue_wire::media::MediaHeader;

/// Token of the waker; UDP sockets follow.
pub(super) const WAKER: Token = Token(0);
/// First token of TCP.
pub(super) const TCP_FIRST: usize = 1_000;
/// Niceness of the thread, on Linux of the thread alone.
const PRIORITY: i32 = -15;
/// Longest wait, so that counters are fresh.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Everything that the thread owns.
pub(super) struct Media {
    pub(super) poll: Poll,
    inbox: Inbox,
    pub(super) events: Box<dyn FnMut(MediaEvent) + Send>,
    pub(super) forwarder: Forwarder,
    pub(super) legs: Legs,
    pub(super) links: Vec<Link>,
    /// Addresses of routers before this machine.
    pub(super) public: Vec<IpAddr>,
    /// Addresses of this machine, as of `looked`.
    pub(super) here: Vec<IpAddr>,
    /// Every address of this machine is listened on.
    pub(super) everywhere: bool,
    pub(super) port: u16,
    pub(super) looked: Instant,
    pub(super) udp: Vec<Udp>,
    pub(super) tcp: Tcp,
    /// UDP sockets of which there is more to read.
    pub(super) unread: BTreeSet<usize>,
    pub(super) incoming: Incoming,
    pub(super) drained: Drained,
    /// Legs to drain, with repeats.
    pub(super) dirty: Vec<u32>,
    /// Packets of links of this turn.
    arrived: Vec<(u8, Bytes)>,
    pub(super) out: Vec<Destination>,
    /// One sealed packet.
    pub(super) sealed: Vec<u8>,
    pub(super) pictures: Vec<(Destination, Arc<[u8]>)>,
    pub(super) link_pictures: Vec<(Nodes, MediaHeader, Arc<[u8]>)>,
    pub(super) link_full: u64,
    pub(super) counters: MediaCounters,
    pub(super) stay: Stay,
    began: Instant,
    published: Instant,
}

/// One link, as far as media goes.
#[derive(Default)]
pub(super) struct Link {
    pub(super) sender: Option<Box<dyn LinkSender>>,
    pub(super) joiner: Joiner,
}

impl Link {
    pub(super) fn is_narrow(&self) -> bool {
        self.sender.as_deref().is_some_and(LinkSender::is_narrow)
    }
}

impl Media {
    pub(super) fn new(
        config: &MediaConfig,
        poll: Poll,
        bound: Bound,
        inbox: Inbox,
        events: Box<dyn FnMut(MediaEvent) + Send>,
    ) -> Result<Self, MediaError> {
        let crypto = super::keys::provider();
        let certificate = crypto
            .dtls_provider
            .generate_certificate()
            .ok_or_else(|| std::io::Error::other("no DTLS certificate could be made"))?;
        let mut drawn = [[0; 8]; 3];
        getrandom::fill(drawn.as_flattened_mut()).map_err(|e| std::io::Error::other(e.to_string()))?;
        let seed = drawn.map(u64::from_be_bytes);
        let now = Instant::now();
        let mut media = Self {
            poll,
            inbox,
            events,
            forwarder: Forwarder::new(config.own, config.nodes.clone(), seed),
            legs: Legs::new(Common { addresses: Vec::new(), certificate, crypto }),
            links: (0..=INDEX_MAX).map(|_| Link::default()).collect(),
            udp: Vec::new(),
            tcp: Tcp::new(TCP_FIRST),
            public: config.public.clone(),
            here: bound.udp.iter().map(|(local, _)| local.ip()).collect(),
            everywhere: config.listen.ip().is_unspecified(),
            port: bound.port,
            looked: now,
            unread: BTreeSet::new(),
            incoming: Incoming::new(),
            drained: Drained::default(),
            dirty: Vec::new(),
            arrived: Vec::new(),
            out: Vec::new(),
            sealed: Vec::new(),
            pictures: Vec::new(),
            link_pictures: Vec::new(),
            link_full: 0,
            counters: MediaCounters::default(),
            stay: Stay::new(now).ok_or_else(|| std::io::Error::other("no room for the measure of delay"))?,
            began: now,
            published: now,
        };
        for ((local, socket), (_, listener)) in bound.udp.into_iter().zip(bound.tcp) {
            media.listen(local, socket, listener)?;
        }
        Ok(media)
    }

    /// Milliseconds since the start.
    pub(super) fn ms(&self, now: Instant) -> u64 {
        now.duration_since(self.began).as_millis() as u64
    }

    /// Until it is told to stop.
    pub(super) fn run(mut self) {
        // Voice before all else that this machine does; allowed to root and with CAP_SYS_NICE only, and good without.
        if rustix::process::setpriority_process(None, PRIORITY).is_err() {
            tracing::debug!(
                "the media thread runs at normal priority; CAP_SYS_NICE would keep voices on time under load"
            );
        }
        let mut ready = Events::with_capacity(256);
        loop {
            let wait = self.wait(Instant::now());
            if let Err(error) = self.poll.poll(&mut ready, Some(wait))
                && error.kind() != std::io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "the media thread cannot wait for its sockets and ends; restart the node");
                return;
            }
            let now = Instant::now();
            if !self.take_commands(now) {
                return;
            }
            self.take_link_packets(now);
            let left: Vec<usize> = self.unread.iter().copied().chain(self.tcp.again()).collect();
            for event in &ready {
                self.take(event.token().0, now);
            }
            for token in left {
                self.take(token, now);
            }
            self.send(now);
            self.time_passed(now);
            self.publish(now);
        }
    }

    fn wait(&self, now: Instant) -> Duration {
        if !self.unread.is_empty() || self.tcp.again().next().is_some() {
            return Duration::ZERO;
        }
        let legs = self.legs.iter().map(|(_, leg)| leg.timeout).min();
        let asks = self.forwarder.next_timeout().map(|ms| self.began + Duration::from_millis(ms));
        let next = legs.into_iter().chain(asks).min();
        next.map_or(LONGEST_WAIT, |at| at.saturating_duration_since(now).min(LONGEST_WAIT))
    }

    fn take_commands(&mut self, now: Instant) -> bool {
        self.inbox.shared.woken.store(false, Ordering::Release);
        while let Ok(command) = self.inbox.commands.try_recv() {
            if !self.obey(command, now) {
                return false;
            }
        }
        true
    }

    fn obey(&mut self, command: Command, now: Instant) -> bool {
        let now_ms = self.ms(now);
        match command {
            Command::Leg { console, leg, offer } => self.make_leg(console, leg, &offer, now),
            Command::CloseLeg { console } => {
                if let Some(leg) = self.legs.of(console) {
                    self.drop_leg(leg, now);
                }
            }
            Command::Nodes(nodes) => self.forwarder.set_nodes(nodes),
            Command::Route(route) => self.forwarder.route(*route, now_ms),
            Command::RouteEnd { node, number } => self.forwarder.route_end(node, number, now_ms),
            Command::TraceFrames { device } => self.forwarder.trace(device),
            Command::RequestKeyFrame { console } => {
                if let Some(leg) = self.legs.of(console)
                    && self.legs.with(leg, super::leg::Leg::request_key_frame)
                {
                    self.dirty.push(leg);
                }
            }
            Command::Link { node, sender } => {
                if let Some(link) = self.links.get_mut(usize::from(node)) {
                    *link = Link { sender, joiner: Joiner::default() };
                }
            }
            Command::Stop => return false,
        }
        self.forwarder_events();
        true
    }

    fn make_leg(&mut self, console: trialogue_core::ConsoleKey, number: u32, offer: &LegOffer, now: Instant) {
        if let Some(old) = self.legs.of(console) {
            self.drop_leg(old, now);
        }
        self.look_around(now);
        match self.legs.make((console, number), offer, now) {
            Ok((leg, answer)) => {
                (self.events)(MediaEvent::Answer { console, leg: number, answer });
                let (voices, pictures) = self.legs.get(leg).map(super::leg::Leg::places).unwrap_or_default();
                self.forwarder.leg_up(leg, console, voices, pictures, self.ms(now));
                self.forwarder_events();
                self.drain(leg, now);
            }
            Err(why) => (self.events)(MediaEvent::Refused { console, why }),
        }
    }

    pub(super) fn drop_leg(&mut self, leg: u32, now: Instant) {
        let up = self.legs.get(leg).is_some_and(|l| l.up);
        if let Some(console) = self.legs.remove(leg) {
            self.forwarder.leg_down(leg, self.ms(now));
            if up {
                (self.events)(MediaEvent::Leg { console, up: false });
            }
            self.forwarder_events();
        }
    }

    fn take_link_packets(&mut self, now: Instant) {
        let mut arrived = std::mem::take(&mut self.arrived);
        let more = self.inbox.packets.take(LINK_PACKETS, &mut arrived);
        for (from, datagram) in arrived.drain(..) {
            self.take_from_link(from, &datagram, now);
        }
        self.arrived = arrived;
        if !more {
            return;
        }
        // There is more; come back at once, but let the legs have their turn.
        self.inbox.shared.woken.store(true, Ordering::Release);
        let _ = self.inbox.shared.waker.wake();
    }

    /// Drains a leg.
    pub(super) fn drain(&mut self, leg: u32, now: Instant) {
        let mut drained = std::mem::take(&mut self.drained);
        let done = self.legs.drain(leg, now, &mut drained);
        self.done(leg, done, &mut drained, now);
        self.drained = drained;
    }

    pub(super) fn done(&mut self, leg: u32, done: Result<(), Gone>, drained: &mut Drained, now: Instant) {
        if let Some(path) = drained.nominated.take() {
            self.nominated(leg, path, now);
        }
        let path = self.legs.get(leg).and_then(|l| l.path);
        for mut transmit in drained.transmits.drain(..) {
            // STUN answers where the question came from; all else goes the way that the console nominated last, at
            // once. str0m would wait until the old one is dead for certain.
            if let Some(path) = path.filter(|_| transmit.contents.first().is_some_and(|b| *b >= 2)) {
                (transmit.proto, transmit.source, transmit.destination) = (path.proto, path.local, path.remote);
            }
            self.transmit(transmit);
        }
        if let Some(up) = drained.state.take()
            && let Some(console) = self.legs.get(leg).map(|l| l.console)
        {
            (self.events)(MediaEvent::Leg { console, up });
            if up {
                self.forwarder.leg_ready(leg, self.ms(now));
            }
            self.forwarder_events();
        }
        if let Some(room) = drained.room.take() {
            self.forwarder.on_leg_measured(leg, room, self.ms(now));
        }
        for place in drained.wanted.drain(..) {
            self.forwarder.on_leg_key_frame_request(leg, place, self.ms(now));
        }
        for (medium, packet, payload) in drained.arrived.drain(..) {
            self.take_from_leg(leg, medium, packet, payload, now);
        }
        if done.is_err() {
            self.drop_leg(leg, now);
        }
    }

    /// Drains what was written to and sends it: voices, then pictures.
    pub(super) fn send(&mut self, now: Instant) {
        self.drain_dirty(now);
        if !self.pictures.is_empty() || !self.link_pictures.is_empty() {
            self.pass_on_pictures(now);
            self.drain_dirty(now);
        }
        self.forwarder_events();
        for socket in &mut self.udp {
            let (sent, unsent) = socket.flush();
            self.counters.sent += sent;
            self.counters.unsent += unsent;
        }
        self.stay.sent();
    }

    fn drain_dirty(&mut self, now: Instant) {
        while !self.dirty.is_empty() {
            let mut legs = std::mem::take(&mut self.dirty);
            for leg in legs.drain(..) {
                if self.legs.get(leg).is_some_and(|l| l.dirty) {
                    self.drain(leg, now);
                }
            }
            if self.dirty.is_empty() {
                self.dirty = legs;
                return;
            }
        }
    }

    fn time_passed(&mut self, now: Instant) {
        let due: Vec<u32> = self.legs.iter().filter(|(_, l)| l.timeout <= now).map(|(at, _)| at).collect();
        for leg in due {
            self.drain(leg, now);
        }
        self.forwarder.tick(self.ms(now));
        self.send(now);
    }

    fn publish(&mut self, now: Instant) {
        if now.duration_since(self.published) < LONGEST_WAIT / 2 {
            return;
        }
        self.published = now;
        let now_ms = self.ms(now);
        self.tcp.sweep(self.poll.registry(), now_ms, |from| self.legs.knows_tcp(from));
        self.counters.forward = self.forwarder.counters();
        self.counters.legs = self.legs.count() as u64;
        self.counters.broken = self.legs.broken;
        self.counters.flooded = self.legs.flooded;
        self.counters.link_full = self.link_full;
        self.counters.residence = self.stay.publish(now);
        if let Ok(mut shared) = self.inbox.shared.counters.lock() {
            *shared = self.counters;
        }
    }
}
