//! One direction of a path: which packet comes out when, or not at all. Pure.
//!
//! # Calling contract
//! [`Direction::take`] gives a packet in; [`Direction::due`] says when the next one comes out, and [`Direction::give`]
//! hands it out from then on, until it returns nothing. `now_us` is any clock in microseconds that never runs back.
//!
//! Decisions follow from the seed and the order of packets alone, whatever the shape was before: each packet draws the
//! same numbers.

use crate::limits::HELD_MAX;
use crate::rng::Rng;
use crate::shape::Shape;
use std::collections::BTreeMap;

/// How much later a packet comes that loses its turn, in microseconds: at least, and at most.
const LATER_US: (u64, u64) = (5_000, 40_000);
/// How much later a copy comes at most, in microseconds.
const COPY_US: u64 = 10_000;

/// What became of packets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Came in.
    pub taken: u64,
    /// Went out, copies too.
    pub given: u64,
    /// Lost by chance.
    pub lost: u64,
    /// Lost in bursts.
    pub burst: u64,
    /// Came while the path was cut.
    pub cut: u64,
    /// Too large.
    pub too_large: u64,
    /// The queue before the rate was full, or memory.
    pub overflowed: u64,
}

/// One direction.
#[derive(Debug)]
pub struct Direction {
    shape: Shape,
    rng: Rng,
    held: BTreeMap<(u64, u64), Vec<u8>>,
    held_bytes: usize,
    number: u64,
    /// When the rate is free again.
    free_us: u64,
    /// When the last one that kept its turn comes out.
    last_us: u64,
    /// From when to when the burst of loss lasts that comes or runs.
    burst_us: Option<(u64, u64)>,
    counted: Counted,
}

impl Direction {
    /// A perfect one, until it is shaped.
    pub fn new(seed: u64) -> Self {
        Self {
            shape: Shape::default(),
            rng: Rng::new(seed),
            held: BTreeMap::new(),
            held_bytes: 0,
            number: 0,
            free_us: 0,
            last_us: 0,
            burst_us: None,
            counted: Counted::default(),
        }
    }

    /// From now on. What is under way stays, unless the path is cut.
    pub fn shape(&mut self, shape: Shape) {
        if (shape.burst_ms, shape.burst_every_ms) != (self.shape.burst_ms, self.shape.burst_every_ms) {
            self.burst_us = None;
        }
        self.shape = shape;
        self.free_us = 0;
        self.last_us = 0;
        if shape.cut {
            self.counted.cut += self.held.len() as u64;
            self.held.clear();
            self.held_bytes = 0;
        }
    }

    /// What became of packets so far.
    pub fn counted(&self) -> Counted {
        self.counted
    }

    /// A packet comes in.
    pub fn take(&mut self, now_us: u64, packet: Vec<u8>) {
        self.counted.taken += 1;
        let lost = self.rng.below(1_000) < u64::from(self.shape.loss_permille);
        let late = self.rng.below(1_000) < u64::from(self.shape.reorder_permille);
        let later = LATER_US.0 + self.rng.below(LATER_US.1 - LATER_US.0);
        let twice = self.rng.below(1_000) < u64::from(self.shape.duplicate_permille);
        let copy = self.rng.below(COPY_US);
        let jitter = self.rng.below(u64::from(self.shape.jitter_ms) * 1_000 + 1);
        let shape = self.shape;
        if shape.cut {
            self.counted.cut += 1;
        } else if shape.mtu > 0 && packet.len() > shape.mtu as usize {
            self.counted.too_large += 1;
        } else if self.in_burst(now_us) {
            self.counted.burst += 1;
        } else if lost {
            self.counted.lost += 1;
        } else if let Some(sent_us) = self.send(now_us, packet.len()) {
            let turn = (sent_us + u64::from(shape.delay_ms) * 1_000 + jitter).max(self.last_us);
            let due = if late { turn + later } else { turn };
            if !late {
                self.last_us = turn;
            }
            if twice {
                self.hold(due + copy, packet.clone());
            }
            self.hold(due, packet);
        } else {
            self.counted.overflowed += 1;
        }
    }

    /// When the last bit has left at the rate; none: too much waits.
    fn send(&mut self, now_us: u64, bytes: usize) -> Option<u64> {
        if self.shape.rate_kbit == 0 {
            return Some(now_us);
        }
        let begin = now_us.max(self.free_us);
        if begin - now_us > u64::from(self.shape.queue_ms) * 1_000 {
            return None;
        }
        self.free_us = begin + bytes as u64 * 8_000 / u64::from(self.shape.rate_kbit);
        Some(self.free_us)
    }

    fn in_burst(&mut self, now_us: u64) -> bool {
        if self.shape.burst_ms == 0 {
            return false;
        }
        let length = u64::from(self.shape.burst_ms) * 1_000;
        let every = u64::from(self.shape.burst_every_ms) * 1_000;
        let burst = match self.burst_us {
            Some(burst) if now_us < burst.1 => burst,
            _ => {
                let begin = now_us + every / 2 + self.rng.below(every + 1);
                (begin, begin + length)
            }
        };
        self.burst_us = Some(burst);
        now_us >= burst.0
    }

    fn hold(&mut self, due_us: u64, packet: Vec<u8>) {
        if self.held_bytes + packet.len() > HELD_MAX {
            self.counted.overflowed += 1;
            return;
        }
        self.held_bytes += packet.len();
        self.number += 1;
        self.held.insert((due_us, self.number), packet);
    }

    /// When the next packet comes out.
    pub fn due(&self) -> Option<u64> {
        self.held.first_key_value().map(|((due, _), _)| *due)
    }

    /// The next packet that is due.
    pub fn give(&mut self, now_us: u64) -> Option<Vec<u8>> {
        if self.due()? > now_us {
            return None;
        }
        let (_, packet) = self.held.pop_first()?;
        self.held_bytes -= packet.len();
        self.counted.given += 1;
        Some(packet)
    }
}
