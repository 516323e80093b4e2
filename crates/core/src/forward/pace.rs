//! How much a voice and a picture may be. Voices go before all else on every link and leg: one that is as much as a picture would be felt by all others; and
//! a picture without a bound fills the lines of all who see it.

use trialogue_wire::console::Medium;

/// What may come of a medium.
struct Rate {
    /// Bytes for each millisecond.
    bytes: u64,
    /// Packets for each second.
    packets: u64,
}

/// 256 kbit/s, five times what a console sends, and a packet every 5 ms. More lets one console fill a small path, less cuts off a better codec.
const VOICE: Rate = Rate { bytes: 32, packets: 200 };
/// 4 Mbit/s, nearly six times what a console's encoder may send, before filling and tags. More lets one console fill the line of everyone who sees it, less cuts off a
/// larger picture.
const PICTURE: Rate = Rate { bytes: 500, packets: 800 };
/// How much may come at once, in milliseconds of the rate: after a stall, what was under way comes together.
const BURST_MS: u64 = 2_000;

/// A token bucket for one stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    medium: Medium,
    bytes: u64,
    /// In thousandths of a packet.
    packets: u64,
    filled_ms: u64,
}

impl Pace {
    /// As after a rest.
    pub(crate) fn of(medium: Medium) -> Self {
        let Rate { bytes, packets } = Self::rate(medium);
        Self { medium, bytes: bytes * BURST_MS, packets: packets * BURST_MS, filled_ms: 0 }
    }

    const fn rate(medium: Medium) -> Rate {
        match medium {
            Medium::Voice => VOICE,
            Medium::Picture => PICTURE,
        }
    }

    /// Is there room for a packet? Then it is taken.
    pub(crate) fn takes(&mut self, bytes: usize, now_ms: u64) -> bool {
        let rate = Self::rate(self.medium);
        let passed = now_ms.saturating_sub(self.filled_ms).min(BURST_MS);
        self.filled_ms = now_ms.max(self.filled_ms);
        self.bytes = (self.bytes + passed * rate.bytes).min(rate.bytes * BURST_MS);
        self.packets = (self.packets + passed * rate.packets).min(rate.packets * BURST_MS);
        let fits = self.bytes >= bytes as u64 && self.packets >= 1_000;
        if fits {
            self.bytes -= bytes as u64;
            self.packets -= 1_000;
        }
        fits
    }
}
