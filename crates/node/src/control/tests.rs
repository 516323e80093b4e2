//! How the tests of the line stand, for the operator's pages.

use super::Control;
use crate::web::TestStatus;
use trialogue_journal::{Grade, PairTests};

impl Control {
    /// `now_ms`: now, on the clock of the times in `pairs`.
    pub(super) fn show_tests(&self, pairs: &[PairTests], now_ms: i64) {
        let wall_ms = self.clock.now().wall_ms;
        let at = |then_ms: i64| wall_ms.saturating_sub(u64::try_from(now_ms.saturating_sub(then_ms)).unwrap_or(0));
        let all = pairs.iter().flat_map(|pair| {
            pair.levels.iter().map(move |(level, outcome)| TestStatus {
                a: pair.a.to_string(),
                b: pair.b.to_string(),
                level: level.name(),
                grade: name(outcome.grade),
                good_ms: outcome.good_ms.map(at),
            })
        });
        let all: Vec<TestStatus> = all.collect();
        self.status.change(|status| status.tests = all);
    }
}

fn name(grade: Grade) -> &'static str {
    match grade {
        Grade::Unset => "unset",
        Grade::Unknown => "unknown",
        Grade::Good => "good",
        Grade::Amber => "amber",
        Grade::Red => "red",
    }
}
