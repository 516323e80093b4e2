//! When a station calls the others.

use std::time::{Duration, Instant};

/// A station that has just come on waits for the others to come on too.
const SETTLE: Duration = Duration::from_secs(4);
/// The station of the next party waits so much longer, so that one call is made and not three.
const TURN: Duration = Duration::from_secs(5);
/// Soonest repetition of a test that failed.
const AGAIN_MIN: Duration = Duration::from_secs(60);

/// And for those who are not on watch yet so long: a test that finds them missing would say nothing but that a machine
/// begins.
const PATIENCE: Duration = Duration::from_secs(60);

/// When the next test call is due.
pub struct Plan {
    place: u32,
    due: Instant,
    /// Until when others may be missing.
    patient_until: Instant,
}

impl Plan {
    /// `place`: of the own party among those of the charter.
    pub fn new(place: usize, now: Instant) -> Self {
        let place = u32::try_from(place).unwrap_or(0);
        Self { place, due: now + SETTLE + TURN * place, patient_until: now + PATIENCE }
    }

    /// When to ring.
    pub fn due(&self) -> Instant {
        self.due
    }

    /// Others may be on their way still.
    pub fn is_patient(&self, now: Instant) -> bool {
        now < self.patient_until
    }

    /// A test call is over, whoever rang. A failure is tested again soon: one that was chance shall not keep a board
    /// amber for an hour.
    pub fn done(&mut self, period: Duration, good: bool, now: Instant) {
        let next = if good { period } else { (period / 10).max(AGAIN_MIN).min(period) };
        self.due = now + next + TURN * self.place;
        self.patient_until = now;
    }

    /// It could not be rung just now.
    pub fn later(&mut self, now: Instant) {
        self.due = now + TURN;
    }
}
