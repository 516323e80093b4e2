//! The last call on each line, as this console has seen it since it came on watch.

use crate::console::Console;
use crate::show::text;
use crate::view::LastCall;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{LineId, PartyId, VerifiedCharter};

/// A call on a line: people of two parties at least were in.
#[derive(Clone)]
pub(crate) struct Seen {
    since_ms: u64,
    /// None while it goes on.
    until_ms: Option<u64>,
    parties: BTreeSet<PartyId>,
}

impl Console {
    /// Notes which calls began and which ended. Not while the state is being told anew: then nobody has left.
    pub(crate) fn note_calls(&mut self) {
        let (Some(fold), Some(charter)) = (&self.fold, &self.charter) else { return };
        let inside = |line: &LineId| fold.in_on(line).into_iter().map(|participant| participant.party).collect();
        let now: BTreeMap<LineId, BTreeSet<PartyId>> =
            charter.lines.iter().map(|line| (line.id.clone(), inside(&line.id))).collect();
        let now_ms = self.now_ms;
        self.calls.retain(|line, _| now.contains_key(line));
        for (line, parties) in now {
            let going_on = parties.len() > 1;
            match self.calls.get_mut(&line) {
                Some(seen) if seen.until_ms.is_none() => {
                    seen.parties.extend(parties);
                    seen.until_ms = (!going_on).then_some(now_ms);
                }
                _ if going_on => {
                    self.calls.insert(line, Seen { since_ms: now_ms, until_ms: None, parties });
                }
                _ => {}
            }
        }
    }

    pub(crate) fn last_call(&self, charter: &VerifiedCharter, line: &LineId) -> Option<LastCall> {
        let seen = self.calls.get(line)?;
        let parties = charter.parties_on_line(line).filter(|party| seen.parties.contains(&party.id));
        Some(LastCall {
            since_ms: seen.since_ms as f64,
            until_ms: seen.until_ms? as f64,
            parties: parties.map(|party| text(&party.name)).collect(),
        })
    }
}
