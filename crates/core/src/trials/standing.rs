//! How all tests stand, as this node has heard: for its operator, and for people who must be told.

use super::millis;
use crate::io::Output;
use crate::limits::{LOOK_US, TOLD_US};
use crate::machine::Machine;
use crate::note::{Count, Note};
use trialogue_journal::{Grade, Level, PairTests};

impl Machine {
    /// Results have come.
    pub(crate) fn tests_changed(&mut self) {
        self.trials.fresh = true;
    }

    /// How the tests of every two parties stand, as far as this node has heard.
    pub fn tests(&self) -> &[PairTests] {
        &self.trials.stand
    }

    /// When [`Machine::look_at_tests`] is due.
    pub(crate) fn next_look_us(&self) -> Option<u64> {
        Some(self.trials.look_us)
    }

    /// Works out how all tests stand, and tells of what turned red or good.
    pub(crate) fn look_at_tests(&mut self) {
        if !self.trials.fresh && self.here.now.us < self.trials.look_us {
            return;
        }
        self.trials.fresh = false;
        self.trials.look_us = self.here.now.us + LOOK_US;
        let now_ms = millis(self.here.now.us);
        self.trials.tally.update(self.journals.state(), now_ms, self.here.now.wall_ms);
        let stand = self.trials.tally.pairs(self.journals.state(), now_ms);
        if stand == self.trials.stand {
            return;
        }
        let before = std::mem::replace(&mut self.trials.stand, stand.clone());
        for pair in &stand {
            let was = before.iter().find(|was| was.a == pair.a && was.b == pair.b);
            for (level, outcome) in &pair.levels {
                let was = was.and_then(|was| was.levels.get(level)).map(|was| was.grade).unwrap_or_default();
                if outcome.grade == Grade::Red && was != Grade::Red {
                    self.turned_red(pair, *level);
                }
                if was == Grade::Red && outcome.grade <= Grade::Good {
                    self.log(Note::TestGood { a: pair.a.clone(), b: pair.b.clone(), level: *level });
                }
            }
        }
        self.push_out(Output::Tests { pairs: stand, now_ms });
    }

    /// The operator hears of every two parties; people are fetched for what their own party is one end of.
    fn turned_red(&mut self, pair: &PairTests, level: Level) {
        self.count(Count::TestFailed);
        self.log(Note::TestFailed { a: pair.a.clone(), b: pair.b.clone(), level });
        let other = match (pair.a == self.here.party, pair.b == self.here.party) {
            (true, _) => pair.b.clone(),
            (_, true) => pair.a.clone(),
            _ => return,
        };
        let now = self.here.now.us;
        let told = self.trials.told_us.entry((other.clone(), level)).or_default();
        if self.here.alerts && (*told == 0 || now >= *told + TOLD_US) {
            *told = now;
            self.push_out(Output::AlertTest { party: other, level });
        }
    }
}
