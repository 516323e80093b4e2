//! Who has the duty, and consultations: on screen, and said from here.

mod consult;
mod shift;

pub use consult::{AnswerView, AttendanceView, ConsultationView, Consulting, Meeting, OfficeView, Topic};
pub(crate) use consult::{attend, begin, consulting, find, line_for, propose, withdraw};
pub use shift::{DutyState, DutyView, OwnDuty};
pub(crate) use shift::{of_line, own, take};

use crate::now::Now;
use crate::roster::Roster;
use crate::timers;
use std::collections::{BTreeMap, VecDeque};
use trialogue_charter::{Hash, PartyId};

/// What is remembered of duty and consultations here; the rest stands in the journals.
#[derive(Default)]
pub(crate) struct Duty {
    /// Since when consultations are known here, by what was proposed; none: without a sound.
    asked_us: BTreeMap<Hash, Option<u64>>,
    /// When consultations of each party sounded here last.
    sounded_us: BTreeMap<PartyId, VecDeque<u64>>,
}

/// What changes on screen by itself.
#[derive(Clone, Copy)]
enum Timer {
    /// A shift is over.
    ShiftEnds,
    /// A consultation is no longer new here.
    Asked,
    /// The time of a consultation has come.
    At,
    /// A consultation that nobody began is over.
    Over,
}

const TIMERS: [Timer; 4] = [Timer::ShiftEnds, Timer::Asked, Timer::At, Timer::Over];

impl Duty {
    /// When something is due next, microseconds of the monotonic clock.
    pub(crate) fn next_timeout(&self, at: Roster, now: Now) -> Option<u64> {
        timers::next(now.us, TIMERS.iter().map(|timer| self.at(*timer, at, now)))
    }

    /// The next one, of all that have this timer.
    fn at(&self, timer: Timer, at: Roster, now: Now) -> Option<u64> {
        match timer {
            Timer::ShiftEnds => shift::next_end_ms(at, now).map(|ms| now.us_at(ms)),
            Timer::Asked => self.next_asked_us(now),
            Timer::At => consult::next_at_ms(at, now).map(|ms| now.us_at(ms)),
            Timer::Over => consult::next_over_ms(at, now).map(|ms| now.us_at(ms)),
        }
    }
}
