//! The cap of a path: a token bucket, pure.

/// So much of a second may be sent at once: less drops a voice whose packets come in pairs, more overfills a thin path's queue.
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

    /// Takes room for so many bytes, if `reserve` parts of four of the burst stay for what is more urgent.
    pub(super) fn take(&mut self, bytes: usize, reserve: u64, now_us: u64) -> bool {
        let most = self.fill(now_us);
        let wanted = (bytes as u64 * 8).min(most - most * reserve.min(3) / 4);
        let may = self.bits >= wanted + most * reserve.min(3) / 4;
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
    fn no_more_than_the_cap_passes_and_voice_goes_first() {
        let mut bucket = Bucket::new(64, 0);
        let (mut voice, mut control) = (0, 0);
        // Ten seconds: a voice of 50 packets a second, and as much control as passes.
        for turn in 0..1_000u64 {
            let now = turn * 10_000;
            if turn % 2 == 0 && bucket.take(120, 0, now) {
                voice += 1;
            }
            while bucket.take(100, 2, now) {
                control += 100;
            }
        }
        assert_eq!(voice, 500);
        let kbit = (voice * 120 + control) * 8 / 10_000;
        assert!((60..=66).contains(&kbit), "{kbit}");
    }

    #[test]
    fn a_packet_larger_than_the_burst_passes_when_it_is_full_and_a_clock_that_stands_gives_nothing() {
        let mut bucket = Bucket::new(8, 0);
        assert!(bucket.take(10_000, 0, 0));
        assert!(!bucket.take(100, 0, 0));
        assert!(bucket.take(100, 0, 100_000));
    }
}
