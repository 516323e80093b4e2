//! Even steps in time that never drift and never burst: a step that comes late does not make the next one early.

use std::time::{Duration, Instant};

/// A beat.
pub struct Pace {
    step: Duration,
    next: Instant,
}

impl Pace {
    /// Starts now.
    pub fn new(now: Instant, step: Duration) -> Self {
        Self { step, next: now }
    }

    /// When the next step is due.
    pub fn due(&self) -> Instant {
        self.next
    }

    /// Is a step due? After a pause of more than 10 steps the beat starts anew instead of catching up.
    pub fn take(&mut self, now: Instant) -> bool {
        if now < self.next {
            return false;
        }
        self.next = if now - self.next > self.step * 10 { now + self.step } else { self.next + self.step };
        true
    }
}
