//! Messages that this party was asked to acknowledge by a time, and has not: people beyond the consoles are told, once.

use crate::io::Output;
use crate::limits::OVERDUE_MS;
use crate::machine::Machine;
use std::collections::BTreeMap;
use trialogue_charter::{Hash, LineId, PartyId, Precedence};

/// A message that waits for this party's acknowledgement.
pub(crate) struct Asked {
    by_ms: u64,
    line: LineId,
    party: PartyId,
    precedence: Precedence,
    told: bool,
}

/// All of them.
pub(crate) struct Overdue {
    asked: BTreeMap<Hash, Asked>,
    /// A message or an acknowledgement came: they are looked through again.
    pub(crate) changed: bool,
}

impl Overdue {
    pub(crate) fn new() -> Self {
        Self { asked: BTreeMap::new(), changed: true }
    }
}

impl Machine {
    /// Tells people of what has become overdue. Without means to tell them the consoles sound alone.
    pub(crate) fn settle_overdue(&mut self) {
        if std::mem::take(&mut self.overdue.changed) {
            self.look_for_asked();
        }
        let now_ms = self.here.now.wall_ms;
        let mut due = Vec::new();
        let late: Vec<Hash> = self.waiting().filter(|(_, at_ms)| now_ms >= *at_ms).map(|(id, _)| *id).collect();
        for id in late {
            let Some(asked) = self.overdue.asked.get_mut(&id) else { continue };
            asked.told = true;
            // One that was overdue long before this node started is on the boards; nobody is fetched for it again.
            if now_ms < asked.by_ms.saturating_add(OVERDUE_MS) {
                due.push((asked.line.clone(), asked.party.clone(), asked.precedence));
            }
        }
        if self.here.alerts {
            for (line, party, precedence) in due {
                self.push_out(Output::AlertWriting { line, party, precedence });
            }
        }
    }

    fn look_for_asked(&mut self) {
        let mut asked = BTreeMap::new();
        for line in &self.here.charter.lines {
            for (id, node, writing) in self.state.writings(&line.id) {
                let Some(by_ms) = writing.written.answer_by_ms else { continue };
                let Some(party) = self.here.charter.party_of_node(node).filter(|party| party.id != self.here.party)
                else {
                    continue;
                };
                let own =
                    |node: &_| self.here.charter.party_of_node(node).is_some_and(|party| party.id == self.here.party);
                let mut said = self.state.receipts(&id).filter(|(node, _)| own(node));
                if said.any(|(_, receipts)| !receipts.acknowledged.is_empty()) {
                    continue;
                }
                let told = self.overdue.asked.get(&id).is_some_and(|held| held.told);
                let (line, party) = (line.id.clone(), party.id.clone());
                asked.insert(id, Asked { by_ms, line, party, precedence: writing.written.precedence, told });
            }
        }
        self.overdue.asked = asked;
    }

    /// Those of which people beyond the consoles were not told, and when they are, milliseconds since 1970 UTC: as of a ring, so long after it began to
    /// sound, or at once where nobody is on watch to hear it.
    fn waiting(&self) -> impl Iterator<Item = (&Hash, u64)> {
        let patience_ms = u64::from(self.here.charter.policy.alert_seconds) * 1_000;
        self.overdue.asked.iter().filter(|(_, asked)| !asked.told).map(move |(id, asked)| {
            let heard = self.state.on_watch(&self.here.party, &asked.line) > 0;
            (id, asked.by_ms.saturating_add(if heard { patience_ms } else { 0 }))
        })
    }

    /// When that is next, on the clock of [`crate::Now::us`].
    pub(crate) fn next_overdue_us(&self) -> Option<u64> {
        let next = self.waiting().map(|(_, at_ms)| at_ms).min();
        next.map(|at_ms| {
            self.here.now.us.saturating_add(at_ms.saturating_sub(self.here.now.wall_ms).saturating_mul(1_000))
        })
    }
}
