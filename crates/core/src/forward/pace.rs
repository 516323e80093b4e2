//! How much a voice may be. Voices go before all else on every link and leg: one that is as much as a picture would be felt by all others.

/// Bytes of a voice for each millisecond: 256 kbit/s, five times what a console sends. More lets one console fill a small path, less cuts off
/// a better codec.
const BYTES_PER_MS: u64 = 32;
/// Packets of a voice for each second: one every 5 ms.
const PACKETS_PER_S: u64 = 200;
/// How much may come at once, in milliseconds of the rate: after a stall, what was under way comes together.
const BURST_MS: u64 = 2_000;

/// A token bucket for one voice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    bytes: u64,
    /// In thousandths of a packet.
    packets: u64,
    filled_ms: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { bytes: BYTES_PER_MS * BURST_MS, packets: PACKETS_PER_S * BURST_MS, filled_ms: 0 }
    }
}

impl Pace {
    /// Is there room for a packet? Then it is taken.
    pub(crate) fn takes(&mut self, bytes: usize, now_ms: u64) -> bool {
        let passed = now_ms.saturating_sub(self.filled_ms).min(BURST_MS);
        self.filled_ms = now_ms.max(self.filled_ms);
        self.bytes = (self.bytes + passed * BYTES_PER_MS).min(BYTES_PER_MS * BURST_MS);
        self.packets = (self.packets + passed * PACKETS_PER_S).min(PACKETS_PER_S * BURST_MS);
        let fits = self.bytes >= bytes as u64 && self.packets >= 1_000;
        if fits {
            self.bytes -= bytes as u64;
            self.packets -= 1_000;
        }
        fits
    }
}
