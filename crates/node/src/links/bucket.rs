//! A rate: a token bucket, pure.

/// So much of a second may come at once: less drops what a line has held up for a moment, more lets as much wait in
/// memory.
const BURST_MS: u64 = 250;

/// Lets a number of kbit/s pass.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    kbit: u64,
    /// Bits that may pass now.
    bits: u64,
    filled_us: u64,
}

impl Bucket {
    pub(super) fn new(kbit: u32, now_us: u64) -> Self {
        let kbit = u64::from(kbit.max(1));
        Self { kbit, bits: kbit * BURST_MS, filled_us: now_us }
    }

    /// Takes room for so many bytes. What is larger than all there can be passes when it is full.
    pub(super) fn take(&mut self, bytes: usize, now_us: u64) -> bool {
        let wanted = (bytes as u64 * 8).min(self.fill(now_us));
        let may = self.bits >= wanted;
        if may {
            self.bits -= wanted;
        }
        may
    }

    /// As good as a new one.
    pub(super) fn is_full(&mut self, now_us: u64) -> bool {
        self.fill(now_us) == self.bits
    }

    /// Adds what has come with time, and says how much it holds at most.
    fn fill(&mut self, now_us: u64) -> u64 {
        let most = self.kbit * BURST_MS;
        let gained = now_us.saturating_sub(self.filled_us).saturating_mul(self.kbit) / 1_000;
        if gained > 0 {
            // Less than a bit is not lost: it counts with the next one.
            self.filled_us = self.filled_us.max(now_us);
        }
        self.bits = self.bits.saturating_add(gained).min(most);
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_rate_passes() {
        let mut bucket = Bucket::new(64, 0);
        let passed = (0..10_000_000).step_by(1_000).filter(|now| bucket.take(100, *now)).count();
        assert!((60..=66).contains(&(passed * 800 / 10_000)), "{passed}");
    }

    #[test]
    fn a_packet_larger_than_the_burst_passes_when_it_is_full_and_a_clock_that_stands_gives_nothing() {
        let mut bucket = Bucket::new(8, 0);
        assert!(bucket.take(10_000, 0));
        assert!(!bucket.take(100, 0));
        assert!(bucket.take(100, 100_000));
    }
}
