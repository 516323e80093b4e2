//! Congestion control that tells a bad line from a full one, and never starves voices (`docs/decisions/0022`).
//!
//! CUBIC (RFC 9438) takes every loss for a full line, and on a line that loses a fifth of all packets it sends next to
//! nothing. Here a loss counts as CUBIC's only while round trips are longer than the line's own, which is what a queue
//! does to them, or when so much is lost that a full line without a queue is the likelier cause. Whatever CUBIC says,
//! the window has room for voices and a little control.

use quinn::congestion::{Controller, ControllerFactory, CubicConfig};
use quinn_proto::RttEstimator;
use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The first round trips may carry this much, so that a call's first key frame is not cut; a slow path soon says no.
const WINDOW: u64 = 64 << 10;
/// What voices and a little control need, in bytes per second: about 100 kbit/s. Higher fills the queue of a narrow
/// path; lower lets loss silence a second voice.
const VOICES: u64 = 12_000;
/// What may be under way beyond one round trip of that.
const SLACK: Duration = Duration::from_millis(100);
/// Two packets may always be under way (RFC 9002 §7.2).
const LEAST: u64 = 2 * 1_232;
/// Longer by this share of the shortest round trip, and by this much, is a queue. Less takes jitter for one.
const LONGER: f64 = 0.25;
const LONGER_BY: Duration = Duration::from_millis(40);
const DEEP: Duration = Duration::from_millis(200);
/// Of a thousand bytes sent lately so many lost are no chance any more; of less than so many bytes nothing can be said.
const CHANCE: u64 = 350;
const ENOUGH: u64 = 16 << 10;
/// Loss is counted over this long, twice.
const LATELY: Duration = Duration::from_millis(500);

/// Makes one for each connection.
#[derive(Debug, Default)]
pub(super) struct Factory;

impl ControllerFactory for Factory {
    fn build(self: Arc<Self>, now: Instant, mtu: u16) -> Box<dyn Controller> {
        let mut cubic = CubicConfig::default();
        cubic.initial_window(WINDOW);
        Box::new(Steady {
            cubic: Arc::new(cubic).build(now, mtu),
            round_trip: Duration::ZERO,
            shortest: Duration::MAX,
            delivered: 0,
            lately: Lately { since: now, sent: [0; 2], lost: [0; 2] },
        })
    }
}

/// See the module.
pub(super) struct Steady {
    cubic: Box<dyn Controller>,
    round_trip: Duration,
    shortest: Duration,
    delivered: u64,
    lately: Lately,
}

/// Bytes sent and lost in the half second that runs, and in the one before.
#[derive(Debug, Clone, Copy)]
struct Lately {
    since: Instant,
    sent: [u64; 2],
    lost: [u64; 2],
}

impl Lately {
    fn turn(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.since);
        if passed >= LATELY {
            let kept = |counted: [u64; 2]| if passed < LATELY * 2 { [0, counted[0]] } else { [0; 2] };
            *self = Self { since: now, sent: kept(self.sent), lost: kept(self.lost) };
        }
    }

    fn by_chance(&self) -> bool {
        let sum = |counted: [u64; 2]| counted[0] + counted[1];
        sum(self.sent) < ENOUGH || sum(self.lost) * 1_000 < sum(self.sent) * CHANCE
    }
}

impl Steady {
    /// Something waits in a queue on the way.
    pub(super) fn is_full(&self) -> bool {
        self.shortest < Duration::MAX && self.round_trip > self.shortest.mul_f64(1.0 + LONGER) + LONGER_BY
    }

    /// What waits takes longer than any jitter.
    pub(super) fn is_deep(&self) -> bool {
        self.is_full() && self.round_trip > self.shortest + DEEP
    }

    /// The shortest round trip so far.
    pub(super) fn shortest(&self) -> Option<Duration> {
        Some(self.shortest).filter(|shortest| *shortest < Duration::MAX)
    }

    /// Bytes that have arrived since the beginning.
    pub(super) fn delivered(&self) -> u64 {
        self.delivered
    }

    fn floor(&self) -> u64 {
        let shortest = if self.shortest == Duration::MAX { Duration::ZERO } else { self.shortest };
        let needed = (shortest + SLACK).as_secs_f64() * VOICES as f64;
        (needed as u64).max(LEAST)
    }
}

impl Controller for Steady {
    fn on_sent(&mut self, now: Instant, bytes: u64, number: u64) {
        self.lately.turn(now);
        self.lately.sent[0] += bytes;
        self.cubic.on_sent(now, bytes, number);
    }

    fn on_ack(&mut self, now: Instant, sent: Instant, bytes: u64, app_limited: bool, rtt: &RttEstimator) {
        self.round_trip = rtt.get();
        self.shortest = rtt.min();
        self.delivered += bytes;
        // A window that a bad moment made small grows again although media never fill it.
        let app_limited = app_limited && (self.is_full() || self.cubic.window() >= WINDOW);
        self.cubic.on_ack(now, sent, bytes, app_limited, rtt);
    }

    fn on_end_acks(&mut self, now: Instant, in_flight: u64, app_limited: bool, largest: Option<u64>) {
        self.cubic.on_end_acks(now, in_flight, app_limited, largest);
    }

    fn on_congestion_event(&mut self, now: Instant, sent: Instant, is_persistent_congestion: bool, lost_bytes: u64) {
        self.lately.turn(now);
        self.lately.lost[0] += lost_bytes;
        // Without lost bytes it is the network that says so (RFC 3168).
        if lost_bytes == 0 || self.is_full() || !self.lately.by_chance() {
            let persistent = is_persistent_congestion && self.is_full();
            self.cubic.on_congestion_event(now, sent, persistent, lost_bytes);
        }
    }

    fn on_mtu_update(&mut self, new_mtu: u16) {
        self.cubic.on_mtu_update(new_mtu);
    }

    fn window(&self) -> u64 {
        self.cubic.window().max(self.floor())
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(Self { cubic: self.cubic.clone_box(), ..*self })
    }

    fn initial_window(&self) -> u64 {
        self.cubic.initial_window()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
