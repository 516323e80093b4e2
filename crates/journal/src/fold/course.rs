//! Under which charter a journal speaks, and how far its time has come: what decides whether a statement may stand in
//! it here and now.
//!
//! All of it comes from the journal itself. No clock is asked, so every reader decides alike.

use super::Ignored;
use crate::limits::{CHARTERS_HELD, CLOCKS_APART_MS, FORMER_CHARTER_MS, NUMBER_AHEAD_MS, SET_BACK_HELD};
use crate::statement::Statement;
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;
use trialogue_charter::{Hash, NodeId};

/// A charter has taken effect.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct Effect {
    #[n(0)]
    charter: Hash,
    #[n(1)]
    seq: u64,
    #[n(2)]
    time_ms: u64,
}

/// One journal's charters and its time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Course {
    /// The newest last.
    #[n(0)]
    charters: Vec<Effect>,
    /// The latest time of an entry that counted, since the clock was set back at a restart.
    #[n(1)]
    latest_ms: u64,
    /// Positions of the restarts at which the clock was set back.
    #[n(2)]
    set_back: Vec<u64>,
}

impl Course {
    /// The charter that the journal speaks under; none: it has not said so.
    pub(super) fn charter(&self) -> Option<Hash> {
        self.charters.last().map(|effect| effect.charter)
    }

    /// Entries after this time go forward.
    pub(super) fn latest_ms(&self) -> u64 {
        self.latest_ms
    }

    /// A charter takes effect, once: a journal does not go back to one that it had.
    pub(super) fn open(&mut self, charter: Hash, seq: u64, time_ms: u64) -> Result<(), Ignored> {
        if self.charters.iter().any(|effect| effect.charter == charter) {
            return Err(Ignored::NotNow);
        }
        self.charters.push(Effect { charter, seq, time_ms });
        if self.charters.len() > CHARTERS_HELD {
            self.charters.remove(0);
        }
        Ok(())
    }

    /// Is this time before that of what has counted since the last restart?
    pub(super) fn is_past(&self, time_ms: u64) -> bool {
        time_ms < self.latest_ms
    }

    /// An entry of that time has counted.
    pub(super) fn pass(&mut self, time_ms: u64) {
        self.latest_ms = self.latest_ms.max(time_ms);
    }

    /// The node has started again: its clock may have been set back meanwhile, and everybody sees that it was.
    pub(super) fn restart(&mut self, seq: u64, time_ms: u64) {
        if time_ms < self.latest_ms {
            self.set_back.push(seq);
            if self.set_back.len() > SET_BACK_HELD {
                self.set_back.remove(0);
            }
        }
        self.latest_ms = time_ms;
    }

    /// How often the clock was set back, as far as it is remembered.
    pub(super) fn set_back(&self) -> &[u64] {
        &self.set_back
    }

    /// May the statement stand in an entry of this time?
    pub(super) fn permits(&self, statement: &Statement, time_ms: u64) -> Result<(), Ignored> {
        let Some((now, before)) = self.charters.split_last() else { return Err(Ignored::OtherCharter) };
        let former = || {
            let lately = time_ms <= now.time_ms.saturating_add(FORMER_CHARTER_MS);
            before.last().is_some_and(|before| before.charter == statement.charter) && lately
        };
        if statement.charter != now.charter && !former() {
            return Err(Ignored::OtherCharter);
        }
        if time_ms < self.latest_ms {
            return Err(Ignored::Backdated);
        }
        if time_ms > statement.not_after_ms {
            return Err(Ignored::Outdated);
        }
        let furthest = time_ms.saturating_add(statement.act.lasts_ms()).saturating_add(CLOCKS_APART_MS);
        // By the entry alone: a console that comes later is not shown all that a device has said, and would refuse what
        // others have taken.
        if statement.not_after_ms > furthest || statement.number > time_ms.saturating_add(NUMBER_AHEAD_MS) {
            return Err(Ignored::Ahead);
        }
        Ok(())
    }

    /// Adds what a reader needs to judge the entries at these positions as this one has.
    pub(super) fn relevant(&self, seqs: &mut BTreeSet<u64>) {
        seqs.extend(&self.set_back);
        for (at, effect) in self.charters.iter().enumerate() {
            // What was said under a charter may stand until a little after the next one has taken effect.
            let until = self.charters.get(at + 2).map_or(u64::MAX, |later| later.seq);
            if until == u64::MAX || seqs.range(effect.seq..until).next().is_some() {
                seqs.insert(effect.seq);
            }
        }
    }
}

/// A statement is for one node: in another's journal it is nothing.
pub(super) fn is_for(statement: &Statement, node: &NodeId) -> Result<(), Ignored> {
    if statement.node == *node { Ok(()) } else { Err(Ignored::OtherNode) }
}
