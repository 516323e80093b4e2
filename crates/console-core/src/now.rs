//! The time of an input, by both clocks.

/// When the input in hand came. The machine has no other clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// Microseconds of a clock that never goes back.
    pub(crate) us: u64,
    /// Milliseconds since 1970 UTC, by a clock that somebody may set.
    pub(crate) ms: u64,
}

impl Now {
    /// When the wall clock will show so many milliseconds, in microseconds of the other clock, if nobody sets it; what
    /// is past is now.
    pub(crate) fn us_at(self, ms: u64) -> u64 {
        self.us.saturating_add(ms.saturating_sub(self.ms).saturating_mul(1_000))
    }
}

/// What was named is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoTime;

/// A time that the platform has named, in milliseconds since 1970 UTC. A browser names times as floating point numbers,
/// and a page may name what is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WallMs(u64);

impl WallMs {
    /// From here on it is none: the year 5138. All below are whole numbers in floating point as well.
    const END: f64 = 1e14;

    /// A time that somebody else has signed, for the page: what is no time of this millennium is its end. A browser's
    /// calendar ends in the year 275760 and throws beyond it, and one signed number would take the screen of everybody
    /// who is shown it.
    pub(crate) fn shown(ms: u64) -> f64 {
        (ms as f64).min(Self::END - 1.0)
    }

    /// None: it is no number, before 1970, or beyond all use.
    pub(crate) fn named(ms: f64) -> Option<Self> {
        (0.0..Self::END).contains(&ms).then_some(Self(ms as u64))
    }

    /// One that may be left out. An error: something is named, and it is no time.
    pub(crate) fn asked(ms: Option<f64>) -> Result<Option<u64>, NoTime> {
        ms.map(|ms| Self::named(ms).map(Self::get).ok_or(NoTime)).transpose()
    }

    pub(crate) fn get(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{NoTime, Now, WallMs};

    #[test]
    fn what_a_page_names_is_a_time_or_none() {
        let named = |ms| WallMs::named(ms).map(WallMs::get);
        assert_eq!((named(0.0), named(1_700_000_000_000.9)), (Some(0), Some(1_700_000_000_000)));
        for none in [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e14] {
            assert_eq!(named(none), None, "{none}");
            assert_eq!(WallMs::asked(Some(none)), Err(NoTime), "{none}");
        }
        assert_eq!((WallMs::asked(None), WallMs::asked(Some(5.0))), (Ok(None), Ok(Some(5))));
    }

    #[test]
    fn whatever_was_signed_a_page_can_show() {
        assert_eq!(WallMs::shown(1_700_000_000_000), 1_700_000_000_000.0);
        for ms in [100_000_000_000_000, 1 << 53, 1 << 60, u64::MAX] {
            // Also a page may name it again.
            assert!(WallMs::named(WallMs::shown(ms)).is_some(), "{ms}");
        }
    }

    #[test]
    fn a_time_of_the_wall_clock_is_as_far_ahead_by_the_other() {
        let now = Now { us: 5_000_000, ms: 1_700_000_000_000 };
        assert_eq!(now.us_at(now.ms + 1_500), 6_500_000);
    }

    #[test]
    fn what_is_past_is_now_and_what_never_comes_overflows_nothing() {
        let now = Now { us: 5_000_000, ms: 1_700_000_000_000 };
        assert_eq!((now.us_at(now.ms), now.us_at(0), now.us_at(u64::MAX)), (now.us, now.us, u64::MAX));
    }
}
