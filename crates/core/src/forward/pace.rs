//! How much a voice and a picture may be. Voices go before all else on every link and leg: one that is as much as a
//! picture would be felt by all others; and a picture without a bound fills the lines of all who see it.

use trialogue_wire::console::Medium;

/// What may come of a medium.
struct Rate {
    /// Bytes for each millisecond.
    bytes: u64,
    /// Packets for each second.
    packets: u64,
}

/// 256 kbit/s, five times what a console sends, and a packet every 5 ms. More lets one console fill a small path, less
/// cuts off a better codec.
const VOICE: Rate = Rate { bytes: 32, packets: 200 };
/// 4 Mbit/s, nearly six times what a console's encoder may send, before filling and tags. More lets one console fill
/// the line of everyone who sees it, less cuts off a larger picture.
const PICTURE: Rate = Rate { bytes: 500, packets: 800 };
/// How much may come at once, in milliseconds of the rate: after a stall, what was under way comes together.
const BURST_MS: u64 = 2_000;

/// How a packet came: over its source's own link or leg, or by a node in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Direct,
    Relayed,
}

/// Two token buckets for one stream. What comes directly takes from both, what relays bring from theirs alone: no relay
/// takes anything from the source, and relays bring no more than the source leaves of what the medium may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    medium: Medium,
    direct: Room,
    relayed: Room,
    filled_ms: u64,
}

/// Of relays it may be below zero.
#[derive(Debug, Clone, Copy)]
struct Room {
    bytes: i64,
    /// In thousandths of a packet.
    packets: i64,
}

impl Pace {
    /// As after a rest.
    pub(crate) fn of(medium: Medium) -> Self {
        let full = Room::full(&rate(medium));
        Self { medium, direct: full, relayed: full, filled_ms: 0 }
    }

    /// Is there room for a packet that came this way? Then it is taken.
    pub(crate) fn takes(&mut self, way: Way, bytes: usize, now_ms: u64) -> bool {
        let fits = self.has_room(way, bytes, now_ms);
        if fits {
            self.take(way, bytes);
        }
        fits
    }

    /// Is there room for a packet that came this way?
    pub(crate) fn has_room(&mut self, way: Way, bytes: usize, now_ms: u64) -> bool {
        let rate = rate(self.medium);
        let passed_ms = now_ms.saturating_sub(self.filled_ms).min(BURST_MS);
        self.filled_ms = now_ms.max(self.filled_ms);
        self.direct.fill(passed_ms, &rate);
        self.relayed.fill(passed_ms, &rate);
        match way {
            Way::Direct => self.direct.fits(bytes),
            Way::Relayed => self.relayed.fits(bytes),
        }
    }

    /// Takes the room of a packet that came this way.
    pub(crate) fn take(&mut self, way: Way, bytes: usize) {
        let rate = rate(self.medium);
        if way == Way::Direct {
            self.direct.take(bytes, &rate);
        }
        self.relayed.take(bytes, &rate);
    }
}

impl Room {
    const fn full(rate: &Rate) -> Self {
        Self { bytes: (rate.bytes * BURST_MS) as i64, packets: (rate.packets * BURST_MS) as i64 }
    }

    fn fill(&mut self, passed_ms: u64, rate: &Rate) {
        let full = Self::full(rate);
        self.bytes = (self.bytes + (passed_ms * rate.bytes) as i64).min(full.bytes);
        self.packets = (self.packets + (passed_ms * rate.packets) as i64).min(full.packets);
    }

    const fn fits(self, bytes: usize) -> bool {
        self.bytes >= bytes as i64 && self.packets >= 1_000
    }

    fn take(&mut self, bytes: usize, rate: &Rate) {
        let full = Self::full(rate);
        self.bytes = (self.bytes - bytes as i64).max(-full.bytes);
        self.packets = (self.packets - 1_000).max(-full.packets);
    }
}

const fn rate(medium: Medium) -> Rate {
    match medium {
        Medium::Voice => VOICE,
        Medium::Picture => PICTURE,
    }
}

/// How many packets of a medium there can be in a time at most, apart from a burst.
pub(crate) fn packets_in(medium: Medium, ms: u64) -> u64 {
    ms.saturating_mul(rate(medium).packets) / 1_000
}
