//! What is done again and again waits longer each time, until it rests.

/// How often something was done: with each rest one time is forgotten.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Repeats {
    times: u64,
    last_us: u64,
}

/// By which rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// So many times without a wait.
    pub(crate) free: u64,
    /// The wait after that, doubled each time.
    pub(crate) first_us: u64,
    /// The longest.
    pub(crate) most_us: u64,
    /// After so long one time is forgotten.
    pub(crate) rest_us: u64,
}

impl Repeats {
    /// What is left of it by then.
    pub(crate) fn times(&self, rule: &Rule, now_us: u64) -> u64 {
        self.times.saturating_sub(now_us.saturating_sub(self.last_us) / rule.rest_us)
    }

    /// When it may be done that is wanted since then.
    pub(crate) fn due_us(&self, rule: &Rule, wanted_us: u64) -> u64 {
        let more = self.times(rule, wanted_us).checked_sub(rule.free);
        self.last_us + more.map_or(0, |more| (rule.first_us << more.min(16)).min(rule.most_us))
    }

    /// It was done.
    pub(crate) fn note(&mut self, rule: &Rule, now_us: u64) {
        *self = Self { times: self.times(rule, now_us) + 1, last_us: now_us };
    }
}
