//! Voice before picture: what a receiver has room for goes to voices first, and pictures are given up one by one, the
//! one that takes most first, rather than all torn a little.

/// How many milliseconds of its rate a receiver may get in one burst: a key frame must pass.
const BURST_MS: u64 = 500;
/// What a picture that was given up may cost when it is tried again: a key frame and a second more, long enough that
/// the receiver's measurement shows whether there is room now. In bits.
const TRIAL: i64 = 800_000;
/// How long a picture is given up: at first, and at most. It doubles while it does not help.
const PAUSE_MS: u64 = 2_000;
const PAUSE_MAX_MS: u64 = 32_000;

/// A measurement is believed for so long; receivers that have something to say repeat it every second.
const BELIEVED_MS: u64 = 10_000;
/// How many seconds of what was sent a measurement is held against.
const SECONDS: usize = 3;

/// A token bucket for one receiver. Voice always passes and is paid for; a picture passes while something is left.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Budget {
    /// Bits per millisecond, which is kbit/s; none: unlimited.
    rate: Option<u32>,
    /// Bits, may be below zero after voice.
    left: i64,
    /// Bits for a trial, used up before the rest.
    trial: i64,
    filled_ms: u64,
    measured_ms: u64,
    pause_ms: u64,
    paused_ms: u64,
    /// Bits of pictures sent in the second that runs, and in those before it.
    second: u64,
    sending: u64,
    sent: [u64; SECONDS],
}

impl Budget {
    /// The receiver says how much it can take (REMB). Without a shortage that is hardly more than what it gets, and
    /// says nothing of what it could get; so it is a limit only when it is less than what was sent in each of the last
    /// seconds.
    pub(crate) fn measured(&mut self, kbit_s: u32, now_ms: u64) {
        self.count(0, now_ms);
        let least = self.sent.iter().min().copied().unwrap_or(0);
        let short = u64::from(kbit_s) * 1_000 * 10 < least * 9;
        self.limit(short.then_some(kbit_s), now_ms);
    }

    fn count(&mut self, bytes: usize, now_ms: u64) {
        let second = now_ms / 1_000;
        if second > self.second {
            let passed = ((second - self.second) as usize).min(SECONDS);
            self.sent.rotate_right(passed);
            self.sent[..passed].fill(0);
            self.sent[passed - 1] = self.sending;
            (self.second, self.sending) = (second, 0);
        }
        self.sending += bytes as u64 * 8;
    }

    pub(crate) fn limit(&mut self, kbit_s: Option<u32>, now_ms: u64) {
        self.measured_ms = now_ms;
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
        let fits = self.fits(bytes, now_ms);
        if fits {
            self.count(bytes, now_ms);
        }
        fits
    }

    fn fits(&mut self, bytes: usize, now_ms: u64) -> bool {
        if self.refill(now_ms).is_none() {
            return true;
        }
        let bits = bytes as i64 * 8;
        if self.trial >= bits {
            self.trial -= bits;
            return true;
        }
        let fits = self.left >= bits;
        if fits {
            self.left -= bits;
        }
        fits
    }

    /// A picture is given up: until when. Those that remain get some air.
    pub(crate) fn pause(&mut self, now_ms: u64) -> u64 {
        let again = self.pause_ms > 0 && now_ms < self.paused_ms + self.pause_ms + PAUSE_MAX_MS;
        self.pause_ms = if again { (2 * self.pause_ms).min(PAUSE_MAX_MS) } else { PAUSE_MS };
        self.paused_ms = now_ms;
        self.trial = 0;
        self.left = self.left.max(i64::from(self.rate.unwrap_or(0)) * BURST_MS as i64 / 4);
        now_ms + self.pause_ms
    }

    /// A picture that was given up is tried again.
    pub(crate) fn try_again(&mut self) {
        self.trial = TRIAL;
    }

    fn refill(&mut self, now_ms: u64) -> Option<i64> {
        let rate = u64::from(self.rate?);
        if now_ms > self.measured_ms + BELIEVED_MS {
            self.rate = None;
            return None;
        }
        let full = (rate * BURST_MS) as i64;
        let gained = (now_ms.saturating_sub(self.filled_ms)).min(BURST_MS) * rate;
        self.left = (self.left + gained as i64).min(full);
        self.filled_ms = now_ms;
        Some(full)
    }
}
