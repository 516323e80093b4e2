//! Does a statement stand where and when it may (journal.md §4.4)? Asked of each journal by itself, of whole journals
//! alone, and of whatever stands in them: also of what the fold passes over.

use trialogue_charter::Hash;
use trialogue_journal::limits::{CHARTERS_HELD, CLOCKS_APART_MS, FORMER_CHARTER_MS};
use trialogue_journal::{Body, Entry, Statement, VerifiedEntry};

/// Why a statement may not stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misplaced {
    /// It was made for another node.
    Node,
    /// It was made under another charter.
    Charter,
    /// Its time was over, or had not come.
    Time,
    /// The entry is dated before one that comes before it.
    Backdated,
}

impl Misplaced {
    /// What is said of it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Node => "was made for another node",
            Self::Charter => "was made under another charter than the one in force there",
            Self::Time => "was to be written down at another time",
            Self::Backdated => "stands in an entry that is dated before an earlier one",
        }
    }
}

/// One journal's charters and time, as it has said them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Placing {
    charters: Vec<(Hash, u64)>,
    latest_ms: u64,
}

impl Placing {
    /// The next entry of the journal.
    pub(crate) fn take(&mut self, verified: &VerifiedEntry) -> Option<Misplaced> {
        let entry = verified.entry();
        let found = match &entry.body {
            Body::Opened { charter } => {
                if self.charters.iter().all(|(known, _)| known != charter) {
                    self.charters.push((*charter, entry.time_ms));
                }
                if self.charters.len() > CHARTERS_HELD {
                    self.charters.remove(0);
                }
                None
            }
            Body::Restarted {} => {
                self.latest_ms = entry.time_ms;
                None
            }
            Body::Stated { .. } => verified.said().and_then(|said| self.misplaced(entry, said.claim())),
            _ => None,
        };
        self.latest_ms = self.latest_ms.max(entry.time_ms);
        found
    }

    fn misplaced(&self, entry: &Entry, said: &Statement) -> Option<Misplaced> {
        let time_ms = entry.time_ms;
        if said.node != entry.node {
            return Some(Misplaced::Node);
        }
        let Some((now, before)) = self.charters.split_last() else { return Some(Misplaced::Charter) };
        let lately = time_ms <= now.1.saturating_add(FORMER_CHARTER_MS);
        let former = before.last().is_some_and(|before| before.0 == said.charter) && lately;
        let furthest = time_ms.saturating_add(said.act.lasts_ms()).saturating_add(CLOCKS_APART_MS);
        if said.charter != now.0 && !former {
            Some(Misplaced::Charter)
        } else if time_ms < self.latest_ms {
            Some(Misplaced::Backdated)
        } else if time_ms > said.not_after_ms || said.not_after_ms > furthest {
            Some(Misplaced::Time)
        } else {
            None
        }
    }
}
