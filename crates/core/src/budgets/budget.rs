//! How much one device or one journal may put onto this node: bytes and entries.

use super::level::{Level, Limit};

/// Of both.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) bytes: Limit,
    pub(crate) entries: Limit,
}

/// What matters more may use all of a budget; what does not leaves a quarter of it for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Urgent,
    Ordinary,
}

/// Both measures of one.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    bytes: Level,
    entries: Level,
}

impl Budget {
    /// As after a rest.
    pub(crate) fn new(limits: Limits, now_us: u64) -> Self {
        let level = |limit: Limit| Level::new(limit, limit.burst, now_us);
        Self { bytes: level(limits.bytes), entries: level(limits.entries) }
    }

    /// As of one from which nothing was heard for long.
    pub(crate) fn saved(limits: Limits, now_us: u64) -> Self {
        let level = |limit: Limit| Level::new(limit, limit.saved, now_us);
        Self { bytes: level(limits.bytes), entries: level(limits.entries) }
    }

    /// May an entry of so many bytes come now? Otherwise: in how many microseconds. Nothing is spent yet.
    pub(crate) fn ask(&mut self, bytes: usize, need: Need, now_us: u64) -> Result<(), u64> {
        let kept = |level: &Level| if need == Need::Ordinary { level.burst() / 4 } else { 0 };
        let bytes = bytes as u64 + kept(&self.bytes);
        let entries = 1 + kept(&self.entries);
        match self.bytes.wait_us(bytes, now_us).max(self.entries.wait_us(entries, now_us)) {
            0 => Ok(()),
            wait_us => Err(wait_us),
        }
    }

    /// It came.
    pub(crate) fn spend(&mut self, bytes: usize) {
        self.bytes.spend(bytes as u64);
        self.entries.spend(1);
    }

    /// It has nothing to catch up with: what was saved up is forgone.
    pub(crate) fn forgo(&mut self, now_us: u64) {
        self.bytes.forgo(now_us);
        self.entries.forgo(now_us);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        bytes: Limit { burst: 1_000, per_day: 86_400, saved: 10_000 },
        entries: Limit { burst: 8, per_day: 86_400, saved: 80 },
    };

    #[test]
    fn what_is_ordinary_leaves_a_quarter_for_what_is_urgent() {
        let mut budget = Budget::new(LIMITS, 0);
        for _ in 0..6 {
            budget.ask(100, Need::Ordinary, 0).unwrap();
            budget.spend(100);
        }
        assert_eq!(budget.ask(100, Need::Ordinary, 0), Err(1_000_000), "entries");
        for _ in 0..2 {
            budget.ask(100, Need::Urgent, 0).unwrap();
            budget.spend(100);
        }
        assert_eq!(budget.ask(1, Need::Urgent, 0), Err(1_000_000));
        assert_eq!(budget.ask(1, Need::Urgent, 1_000_000), Ok(()));
    }

    #[test]
    fn one_that_was_away_may_catch_up_and_then_no_more() {
        let mut budget = Budget::saved(LIMITS, 0);
        for _ in 0..50 {
            budget.ask(100, Need::Urgent, 0).unwrap();
            budget.spend(100);
        }
        budget.forgo(0);
        let more = (0..20).take_while(|_| budget.ask(100, Need::Urgent, 0).map(|()| budget.spend(100)).is_ok());
        assert_eq!(more.count(), 8);
    }
}
