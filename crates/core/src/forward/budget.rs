//! Voice before picture: what a receiver has room for goes to voices first.

/// How many milliseconds of its rate a receiver may get in one burst: a key frame must pass.
const BURST_MS: u64 = 500;

/// A token bucket for one receiver. Voice always passes and is paid for; a picture passes while something is left.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Budget {
    /// Bits per millisecond, which is kbit/s; none: unlimited.
    rate: Option<u32>,
    /// Bits, may be below zero after voice.
    left: i64,
    filled_ms: u64,
}

impl Budget {
    pub(crate) fn limit(&mut self, kbit_s: Option<u32>, now_ms: u64) {
        if self.rate.is_none() {
            self.left = i64::from(kbit_s.unwrap_or(0)) * BURST_MS as i64;
            self.filled_ms = now_ms;
        }
        self.rate = kbit_s;
    }

    pub(crate) fn voice(&mut self, bytes: usize, now_ms: u64) {
        if let Some(full) = self.refill(now_ms) {
            self.left = (self.left - bytes as i64 * 8).max(-full);
        }
    }

    /// True: there is room, and it was taken.
    pub(crate) fn picture(&mut self, bytes: usize, now_ms: u64) -> bool {
        if self.refill(now_ms).is_none() {
            return true;
        }
        let bits = bytes as i64 * 8;
        let fits = self.left >= bits;
        if fits {
            self.left -= bits;
        }
        fits
    }

    fn refill(&mut self, now_ms: u64) -> Option<i64> {
        let rate = u64::from(self.rate?);
        let full = (rate * BURST_MS) as i64;
        let gained = (now_ms.saturating_sub(self.filled_ms)).min(BURST_MS) * rate;
        self.left = (self.left + gained as i64).min(full);
        self.filled_ms = now_ms;
        Some(full)
    }
}
