//! The two clocks of the machine.

use std::time::Duration;
use tokio::time::Instant;
use trialogue_core::Now;

/// Longest sleep without a tick: the wall clock may be set meanwhile.
const LONGEST: Duration = Duration::from_secs(60);

/// Where the monotonic clock of this run begins.
pub(crate) struct Clock {
    begin: Instant,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { begin: Instant::now() }
    }

    /// Both clocks, now.
    pub(crate) fn now(&self) -> Now {
        let us = u64::try_from(self.begin.elapsed().as_micros()).unwrap_or(u64::MAX);
        Now { us, wall_ms: crate::store::wall_ms() }
    }

    /// A time of the machine on this computer's clock.
    pub(crate) fn instant(&self, due_us: Option<u64>) -> Instant {
        let latest = Instant::now() + LONGEST;
        // A tick a little late is as good; a tick a little early would come twice.
        due_us
            .and_then(|us| self.begin.checked_add(Duration::from_micros(us + 1)))
            .map_or(latest, |due| due.min(latest))
    }
}
