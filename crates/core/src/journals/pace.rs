//! The time of own entries. It never goes back while the node runs: no statement could stand in an entry that is
//! earlier than one before it.

use crate::limits::{CLOCK_TOLD_MS, SET_BACK_MS};

/// From which time, at which instant, the journal goes on.
pub(super) struct Pace {
    from_ms: u64,
    at_us: u64,
    /// What consoles were told last, and when.
    told: (u64, u64),
}

impl Pace {
    /// The journal stands at that time.
    pub(super) fn new(latest_ms: u64, now_us: u64) -> Self {
        Self { from_ms: latest_ms, at_us: now_us, told: (0, now_us) }
    }

    /// Now, for an entry. Where the wall clock was set back it goes on from where it stands.
    pub(super) fn now_ms(&self, now_us: u64, wall_ms: u64) -> u64 {
        wall_ms.max(self.from_ms.saturating_add(now_us.saturating_sub(self.at_us) / 1_000))
    }

    /// The same for the entry that says that the node has started again: there a clock that was set back takes effect,
    /// and everybody sees it.
    pub(super) fn restarts_ms(&self, now_us: u64, wall_ms: u64) -> u64 {
        let now_ms = self.now_ms(now_us, wall_ms);
        if wall_ms.saturating_add(SET_BACK_MS) < now_ms { wall_ms } else { now_ms }
    }

    /// An entry of that time was made.
    pub(super) fn note(&mut self, time_ms: u64, now_us: u64) {
        (self.from_ms, self.at_us) = (time_ms, now_us);
    }

    /// What consoles are to be told, where it is not what they reckon with.
    pub(super) fn untold(&mut self, now_us: u64, wall_ms: u64) -> Option<u64> {
        let now_ms = self.now_ms(now_us, wall_ms);
        let (told_ms, at_us) = self.told;
        let reckoned_ms = told_ms.saturating_add(now_us.saturating_sub(at_us) / 1_000);
        if now_ms.abs_diff(reckoned_ms) < CLOCK_TOLD_MS {
            return None;
        }
        self.told = (now_ms, now_us);
        Some(now_ms)
    }
}
