//! How all tests stand, as this node has heard: for its operator, and for people who must be told.

use super::{Trials, millis};
use crate::here::Here;
use crate::io::Output;
use crate::limits::{LOOK_US, TOLD_US};
use crate::note::{Count, Note};
use crate::out::Out;
use trialogue_journal::{Grade, Level, PairTests, State};

impl Trials {
    /// Results have come.
    pub(crate) fn changed(&mut self) {
        self.fresh = true;
    }

    /// How the tests of every two parties stand, as far as this node has heard.
    pub(crate) fn stand(&self) -> &[PairTests] {
        &self.stand
    }

    /// When [`Trials::look`] is due, in microseconds.
    pub(crate) fn next_look_us(&self) -> Option<u64> {
        Some(self.look_us)
    }

    /// Works out how all tests stand, and tells of what turned red or good.
    pub(crate) fn look(&mut self, state: &State, here: &Here, out: &mut Out) {
        if !self.fresh && here.now.us < self.look_us {
            return;
        }
        self.fresh = false;
        self.look_us = here.now.us + LOOK_US;
        let now_ms = millis(here.now.us);
        self.tally.update(state, now_ms, here.now.wall_ms);
        let stand = self.tally.pairs(state, now_ms);
        if stand == self.stand {
            return;
        }
        let before = std::mem::replace(&mut self.stand, stand.clone());
        for pair in &stand {
            let was = before.iter().find(|was| was.a == pair.a && was.b == pair.b);
            for (level, outcome) in &pair.levels {
                let was = was.and_then(|was| was.levels.get(level)).map(|was| was.grade).unwrap_or_default();
                if outcome.grade == Grade::Red && was != Grade::Red {
                    self.turned_red(pair, *level, here, out);
                }
                if was == Grade::Red && outcome.grade <= Grade::Good {
                    out.log(Note::TestGood { a: pair.a.clone(), b: pair.b.clone(), level: *level });
                }
            }
        }
        out.push(Output::Tests { pairs: stand, now_ms });
    }

    /// The operator hears of every two parties; people are fetched for what their own party is one end of.
    fn turned_red(&mut self, pair: &PairTests, level: Level, here: &Here, out: &mut Out) {
        out.count(Count::TestFailed);
        out.log(Note::TestFailed { a: pair.a.clone(), b: pair.b.clone(), level });
        let other = match (pair.a == here.party, pair.b == here.party) {
            (true, _) => pair.b.clone(),
            (_, true) => pair.a.clone(),
            _ => return,
        };
        let now_us = here.now.us;
        let told = self.told_us.entry((other.clone(), level)).or_default();
        if here.alerts && (*told == 0 || now_us >= *told + TOLD_US) {
            *told = now_us;
            out.push(Output::AlertTest { party: other, level });
        }
    }
}
