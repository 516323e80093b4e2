//! One measure of a budget.

/// How much there may be of something.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    /// At once, after a rest.
    pub(crate) burst: u64,
    /// From then on, per day.
    pub(crate) per_day: u64,
    /// At most so much is saved up by whoever was out of reach; not less than `burst`.
    pub(crate) saved: u64,
}

const DAY_US: u128 = 24 * 60 * 60 * 1_000_000;

/// What is left of it. It fills up with time and never above what may be saved.
#[derive(Debug, Clone)]
pub(super) struct Level {
    limit: Limit,
    left: u64,
    /// Filled up to here.
    at_us: u64,
}

impl Level {
    pub(super) fn new(limit: Limit, left: u64, now_us: u64) -> Self {
        Self { limit, left, at_us: now_us }
    }

    fn fill(&mut self, now_us: u64) {
        let since = u128::from(now_us.saturating_sub(self.at_us));
        let gained = since * u128::from(self.limit.per_day) / DAY_US;
        if gained == 0 {
            return;
        }
        // What is less than one stays with the time.
        let used = (gained * DAY_US).div_ceil(u128::from(self.limit.per_day).max(1));
        self.at_us = self.at_us.saturating_add(u64::try_from(used).unwrap_or(u64::MAX)).min(now_us);
        let gained = u64::try_from(gained).unwrap_or(u64::MAX);
        self.left = self.left.saturating_add(gained).min(self.limit.saved.max(self.left));
    }

    /// How long until so much is there: 0: it is. Never: it is more than ever can be, and counts as all there can be.
    pub(super) fn wait_us(&mut self, amount: u64, now_us: u64) -> u64 {
        self.fill(now_us);
        let amount = amount.min(self.limit.burst);
        if self.left >= amount {
            return 0;
        }
        let missing = u128::from(amount - self.left);
        let takes = (missing * DAY_US).div_ceil(u128::from(self.limit.per_day).max(1));
        let due = u64::try_from(takes).unwrap_or(u64::MAX).saturating_add(self.at_us);
        due.saturating_sub(now_us).max(1)
    }

    pub(super) fn spend(&mut self, amount: u64) {
        self.left = self.left.saturating_sub(amount);
    }

    /// What was saved up beyond a burst is forgone.
    pub(super) fn forgo(&mut self, now_us: u64) {
        self.fill(now_us);
        self.left = self.left.min(self.limit.burst);
    }

    pub(super) fn burst(&self) -> u64 {
        self.limit.burst
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit { burst: 100, per_day: 86_400, saved: 1_000 };
    const SECOND: u64 = 1_000_000;

    #[test]
    fn it_fills_with_time_and_says_how_long_to_wait() {
        let mut level = Level::new(LIMIT, 100, 0);
        assert_eq!(level.wait_us(100, 0), 0);
        level.spend(100);
        assert_eq!(level.wait_us(3, 0), 3 * SECOND);
        assert_eq!(level.wait_us(3, 2 * SECOND + SECOND / 2), SECOND / 2);
        assert_eq!(level.wait_us(3, 3 * SECOND), 0);
        level.spend(3);
        // Asked often, nothing is lost by rounding.
        let waits = (30..50).map(|tenth| level.wait_us(2, tenth * SECOND / 10));
        assert_eq!(waits.last(), Some(SECOND / 10));
        assert_eq!(level.wait_us(2, 5 * SECOND), 0);
    }

    #[test]
    fn what_is_saved_up_has_a_bound_and_is_forgone() {
        let mut level = Level::new(LIMIT, 100, 0);
        assert_eq!(level.wait_us(u64::MAX, 86_400 * SECOND), 0);
        assert_eq!(level.left, 1_000);
        level.forgo(86_400 * SECOND);
        assert_eq!(level.left, 100);
    }

    #[test]
    fn more_than_can_ever_be_there_waits_for_a_full_burst() {
        let mut level = Level::new(LIMIT, 0, 0);
        assert_eq!(level.wait_us(5_000, 0), 100 * SECOND);
        assert_eq!(level.wait_us(5_000, 100 * SECOND), 0);
        level.spend(5_000);
        assert_eq!(level.left, 0);
    }
}
