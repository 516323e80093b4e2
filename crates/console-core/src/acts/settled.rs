//! What became of a statement, for whoever had it said.

use super::{Purpose, Said};
use trialogue_charter::LineId;
use trialogue_wire::console::Refusal;

/// A statement that waits for the node no more.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(crate) struct Settled {
    pub(crate) purpose: Purpose,
    /// Its number, as the keys or the outbox may have noted it.
    pub(crate) number: u64,
    pub(crate) line: LineId,
    pub(crate) how: How,
}

/// How it was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// It stands in the journal, or was refused before another that stands there: the fold tells which.
    Counted,
    /// It was for another node, charter or time, and its keys or words are bound to it: they are made anew.
    Past,
    /// The node takes no more from this console for so long, in microseconds.
    Later(u64),
    /// It stands nowhere.
    Refused(Refusal),
}

impl Settled {
    pub(super) fn of(said: &Said, how: How) -> Self {
        let how = match how {
            // Sent again after a WebSocket was lost, it had counted the first time.
            How::Refused(Refusal::Replayed) if said.purpose == Purpose::Archive => How::Counted,
            how => how,
        };
        Self { purpose: said.purpose, number: said.number, line: said.line.clone(), how }
    }
}

/// The act may stand; it was said for another node, charter or time.
pub(crate) fn is_of_occasion(reason: Refusal) -> bool {
    matches!(reason, Refusal::OtherNode | Refusal::OtherCharter | Refusal::Outdated)
}
