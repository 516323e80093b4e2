//! All legs: whose datagram is this, and no leg harms another.

use super::MediaRefusal;
use super::leg::{Common, Gone, Leg};
use crate::limits::media::REMOTES_MAX;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;
use str0m::ice::StunMessage;
use str0m::net::{Protocol, Receive, Transmit};
use trialogue_core::ConsoleKey;
use trialogue_core::forward::{LEGS_MAX, LegPacket};
use trialogue_wire::console::Medium;
use trialogue_wire::leg::{LegAnswer, LegOffer};

/// What one drain of a leg brought.
#[derive(Default)]
pub(super) struct Drained {
    pub(super) transmits: Vec<Transmit>,
    pub(super) arrived: Vec<(Medium, LegPacket, Arc<[u8]>)>,
    /// Places that want a key frame.
    pub(super) wanted: Vec<u8>,
    /// The leg came up or went down.
    pub(super) state: Option<bool>,
    /// The console nominated this path (RFC 8445 §8.1.1): protocol, local and remote address.
    pub(super) nominated: Option<(Protocol, SocketAddr, SocketAddr)>,
    /// What the console can take, in kbit/s, as it measured.
    pub(super) room: Option<u32>,
}

/// The legs of this node.
pub(super) struct Legs {
    slots: Vec<Option<Box<Leg>>>,
    by_console: HashMap<ConsoleKey, u32>,
    by_ufrag: HashMap<String, u32>,
    by_address: HashMap<(Protocol, SocketAddr), u32>,
    pub(super) common: Common,
    /// Legs dropped because of an error inside.
    pub(super) broken: u64,
    /// Datagrams of consoles beyond their due.
    pub(super) flooded: u64,
    began: Instant,
}

impl Legs {
    pub(super) fn new(common: Common) -> Self {
        Self {
            slots: Vec::new(),
            by_console: HashMap::new(),
            by_ufrag: HashMap::new(),
            by_address: HashMap::new(),
            common,
            broken: 0,
            flooded: 0,
            began: Instant::now(),
        }
    }

    /// Makes a leg, of a console and with its number there; its number here and the answer.
    pub(super) fn make(
        &mut self,
        (console, number): (ConsoleKey, u32),
        offer: &LegOffer,
        now: Instant,
    ) -> Result<(u32, LegAnswer), MediaRefusal> {
        let at = self.slots.iter().position(Option::is_none).unwrap_or(self.slots.len());
        if at >= LEGS_MAX {
            return Err(MediaRefusal::Full);
        }
        let common = &self.common;
        let made = catch_unwind(AssertUnwindSafe(|| Leg::make((console, number), offer, common, now)));
        let (leg, answer) = made.map_err(|_| MediaRefusal::Negotiation)??;
        if at == self.slots.len() {
            self.slots.push(None);
        }
        self.by_console.insert(console, at as u32);
        self.by_ufrag.insert(leg.ufrag.clone(), at as u32);
        self.slots[at] = Some(Box::new(leg));
        Ok((at as u32, answer))
    }

    pub(super) fn of(&self, console: ConsoleKey) -> Option<u32> {
        self.by_console.get(&console).copied()
    }

    pub(super) fn get(&self, leg: u32) -> Option<&Leg> {
        self.slots.get(leg as usize)?.as_deref()
    }

    /// Is a leg reached over TCP from here?
    pub(super) fn knows_tcp(&self, from: SocketAddr) -> bool {
        self.by_address.contains_key(&(Protocol::Tcp, from))
    }

    pub(super) fn get_mut(&mut self, leg: u32) -> Option<&mut Leg> {
        self.slots.get_mut(leg as usize)?.as_deref_mut()
    }

    pub(super) fn count(&self) -> usize {
        self.by_console.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Leg)> {
        self.slots.iter().enumerate().filter_map(|(at, leg)| Some((at as u32, leg.as_deref()?)))
    }

    /// Forgets a leg; whose it was.
    pub(super) fn remove(&mut self, leg: u32) -> Option<ConsoleKey> {
        let gone = self.slots.get_mut(leg as usize)?.take()?;
        self.by_ufrag.remove(&gone.ufrag);
        self.by_console.remove(&gone.console);
        self.by_address.retain(|_, at| *at != leg);
        let console = gone.console;
        // What broke once may break again while it is taken apart.
        let _ = catch_unwind(AssertUnwindSafe(move || drop(gone)));
        Some(console)
    }

    /// Gives a datagram to its leg and drains that. None: it is of a stranger.
    pub(super) fn receive(
        &mut self,
        proto: Protocol,
        from: SocketAddr,
        to: SocketAddr,
        datagram: &[u8],
        now: Instant,
        into: &mut Drained,
    ) -> Option<(u32, Result<(), Gone>)> {
        // The first byte tells STUN from the rest (RFC 7983 §7).
        let (leg, nominates) = if *datagram.first()? < 2 {
            self.greeted(proto, from, to, datagram, now)?
        } else {
            (*self.by_address.get(&(proto, from))?, false)
        };
        let began = self.began;
        let state = self.slots.get_mut(leg as usize)?.as_deref_mut()?;
        if state.floods(now.duration_since(began).as_millis() as u64) {
            self.flooded += 1;
            return Some((leg, Ok(())));
        }
        let done = catch_unwind(AssertUnwindSafe(|| {
            // What cannot be parsed says nothing about the leg: it may come from anybody.
            let Ok(receive) = Receive::new(proto, from, to, datagram) else { return Ok(()) };
            state.receive(receive, now)?;
            if nominates {
                into.nominated = Some((proto, to, from));
            }
            state.drain(now, false, into)
        }));
        Some((leg, self.outcome(done)))
    }

    /// Does something with a leg that cannot harm the others: one that breaks is gone with its next drain. False:
    /// nothing was done.
    pub(super) fn with(&mut self, leg: u32, act: impl FnOnce(&mut Leg)) -> bool {
        let Some(state) = self.get_mut(leg) else { return false };
        if catch_unwind(AssertUnwindSafe(|| act(state))).is_ok() {
            return true;
        }
        state.broken = true;
        state.dirty = true;
        self.broken += 1;
        true
    }

    /// Lets time pass for a leg and drains it.
    pub(super) fn drain(&mut self, leg: u32, now: Instant, into: &mut Drained) -> Result<(), Gone> {
        let Some(state) = self.get_mut(leg) else { return Ok(()) };
        let done = catch_unwind(AssertUnwindSafe(|| state.drain(now, true, into)));
        self.outcome(done)
    }

    fn outcome(&mut self, done: std::thread::Result<Result<(), Gone>>) -> Result<(), Gone> {
        done.unwrap_or_else(|_| {
            self.broken += 1;
            Err(Gone)
        })
    }

    /// The leg that a STUN message is for, and whether it nominates its path. It names the leg, and must prove to know
    /// its password before its address is believed.
    fn greeted(
        &mut self,
        proto: Protocol,
        from: SocketAddr,
        to: SocketAddr,
        datagram: &[u8],
        now: Instant,
    ) -> Option<(u32, bool)> {
        let known = self.by_address.get(&(proto, from)).copied();
        let message = StunMessage::parse(datagram).ok()?;
        let nominates = message.use_candidate();
        let named = message.split_username().and_then(|(local, _)| self.by_ufrag.get(local)).copied();
        let leg = named.or(known)?;
        let state = self.get(leg)?;
        let moves = nominates && state.path.is_some_and(|p| (p.proto, p.remote) != (proto, from));
        if known != Some(leg) || moves {
            let receive = Receive::new(proto, from, to, datagram).ok()?;
            catch_unwind(AssertUnwindSafe(|| state.accepts(receive, now))).ok().filter(|accepted| *accepted)?;
        }
        if known != Some(leg) {
            if self.by_address.values().filter(|at| **at == leg).count() >= REMOTES_MAX {
                self.by_address.retain(|_, at| *at != leg);
            }
            self.by_address.insert((proto, from), leg);
        }
        Some((leg, nominates))
    }
}

/// Makes a leg of an offer, as for a console that has proven who it is, and lets go of it. For tests: true, it could be
/// made.
#[doc(hidden)]
pub fn try_offer(offer: &LegOffer, now: Instant) -> bool {
    static COMMON: std::sync::OnceLock<Option<Common>> = std::sync::OnceLock::new();
    let common = COMMON.get_or_init(|| {
        let crypto = super::keys::provider();
        let certificate = crypto.dtls_provider.generate_certificate()?;
        Some(Common { addresses: vec![SocketAddr::from(([192, 0, 2, 1], 3_478))], certificate, crypto })
    });
    common.as_ref().is_some_and(|common| Leg::make((ConsoleKey(1), 1), offer, common, now).is_ok())
}
