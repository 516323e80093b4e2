//! Entries on their way to a neighbour: of each journal so many, whatever becomes of the others.

use crate::limits::{FLIGHT_MAX, RESEND_US};
use std::collections::{BTreeMap, VecDeque};
use trialogue_charter::NodeId;

/// Of one journal.
#[derive(Default)]
struct Flight {
    /// Position and bytes.
    entries: VecDeque<(u64, usize)>,
    bytes: usize,
    /// When something was acknowledged last, or sent with nothing on its way.
    progress_us: u64,
}

/// Of all journals, on one link.
#[derive(Default)]
pub(super) struct Flights(BTreeMap<NodeId, Flight>);

impl Flights {
    /// Is there room for the next one behind these bytes?
    pub(super) fn has_room(&self, journal: &NodeId, bytes: usize) -> bool {
        self.0.get(journal).map_or(0, |flight| flight.bytes) + bytes < FLIGHT_MAX
    }

    /// These entries were sent, in one message.
    pub(super) fn sent(&mut self, journal: &NodeId, entries: impl Iterator<Item = (u64, usize)>, now_us: u64) {
        let flight = self.0.entry(journal.clone()).or_default();
        if flight.entries.is_empty() {
            flight.progress_us = now_us;
        }
        for (seq, bytes) in entries {
            flight.bytes += bytes;
            flight.entries.push_back((seq, bytes));
        }
    }

    /// The other side says what it holds. Returns the journals of which nothing has arrived for too long: they are sent
    /// again from there.
    pub(super) fn held(&mut self, theirs: &BTreeMap<NodeId, u64>, now_us: u64) -> Vec<NodeId> {
        let mut again = Vec::new();
        for (journal, flight) in &mut self.0 {
            let held = theirs.get(journal).copied().unwrap_or(0);
            let before = flight.entries.len();
            flight.entries.retain(|(seq, _)| *seq > held);
            flight.bytes = flight.entries.iter().map(|(_, bytes)| bytes).sum();
            if flight.entries.is_empty() || flight.entries.len() < before {
                flight.progress_us = now_us;
            } else if now_us >= flight.progress_us + RESEND_US {
                again.push(journal.clone());
            }
        }
        self.0.retain(|journal, flight| !flight.entries.is_empty() && !again.contains(journal));
        again
    }
}
