//! How often something may happen.

/// A token bucket.
pub(crate) struct Bucket {
    left: u32,
    burst: u32,
    every_us: u64,
    since_us: u64,
}

impl Bucket {
    /// `burst` at once, then one per `every_us`.
    pub(crate) fn new(burst: u32, every_us: u64, now_us: u64) -> Self {
        Self { left: burst, burst, every_us, since_us: now_us }
    }

    /// When it may happen next, if it may not now.
    pub(crate) fn next_us(&self) -> u64 {
        self.since_us + self.every_us
    }

    /// May it happen now?
    pub(crate) fn take(&mut self, now_us: u64) -> bool {
        let gained = now_us.saturating_sub(self.since_us) / self.every_us;
        if gained > 0 {
            self.since_us += gained * self.every_us;
            self.left = self.burst.min(self.left.saturating_add(u32::try_from(gained).unwrap_or(u32::MAX)));
        }
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }
}
