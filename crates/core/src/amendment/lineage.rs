//! Charters of before, for those who missed more than one: each step is to be verified by the one before.

use crate::limits::LINEAGE_MAX;
use std::collections::VecDeque;
use std::sync::Arc;
use trialogue_charter::VerifiedCharter;

/// Charters before the one in force, the oldest first.
pub(crate) struct Lineage(VecDeque<Arc<VerifiedCharter>>);

impl Lineage {
    /// Of these the newest are kept.
    pub(crate) fn new(charters: Vec<Arc<VerifiedCharter>>) -> Self {
        let mut lineage = Self(charters.into());
        lineage.bound();
        lineage
    }

    /// Another one has taken the place of this one.
    pub(crate) fn remember(&mut self, before: Arc<VerifiedCharter>) {
        self.0.push_back(before);
        self.bound();
    }

    fn bound(&mut self) {
        while self.0.len() > LINEAGE_MAX {
            self.0.pop_front();
        }
    }

    /// Those with a higher serial.
    pub(crate) fn after(&self, serial: u64) -> impl Iterator<Item = &Arc<VerifiedCharter>> {
        self.0.iter().filter(move |charter| charter.serial > serial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trialogue_charter::Suite;
    use trialogue_charter::fixture::{Trilateral, amended};

    #[test]
    fn the_newest_are_kept_and_told_from_the_oldest_that_is_missing() {
        let mut charter = Arc::new(Trilateral::new(Suite::XWing).charter.clone());
        let first = charter.serial;
        let mut lineage = Lineage::new(vec![charter.clone()]);
        for _ in 0..LINEAGE_MAX {
            charter = Arc::new(amended(&charter, |_| {}));
            lineage.remember(charter.clone());
        }
        let serials: Vec<u64> = lineage.after(0).map(|charter| charter.serial).collect();
        assert_eq!(serials.len(), LINEAGE_MAX);
        assert!(serials.is_sorted() && !serials.contains(&first));
        assert_eq!(lineage.after(charter.serial - 1).count(), 1);
        assert_eq!(lineage.after(charter.serial).count(), 0);
    }
}
