//! Lines as they are now, each worked out once between two changes: a console and a node ask for them many times for
//! each entry.

use super::line::LineState;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use trialogue_charter::{LineId, VerifiedCharter};

/// What was worked out of each line of a charter since anything changed. It follows from the journals: two of these
/// are never different where those are not.
#[derive(Debug, Clone)]
pub(super) struct LinesNow {
    lines: BTreeMap<LineId, OnceLock<LineState>>,
    /// A line that the charter does not have.
    unknown: LineState,
}

impl LinesNow {
    pub(super) fn new(charter: &VerifiedCharter) -> Self {
        let lines = charter.lines.iter().map(|line| (line.id.clone(), OnceLock::new()));
        Self { lines: lines.collect(), unknown: LineState::default() }
    }

    /// The line as it was worked out, or as it is worked out now.
    pub(super) fn line(&self, line: &LineId, work_out: impl FnOnce() -> LineState) -> &LineState {
        self.lines.get(line).map_or(&self.unknown, |known| known.get_or_init(work_out))
    }

    /// Something changes, of whatever line.
    pub(super) fn forget(&mut self) {
        for known in self.lines.values_mut() {
            known.take();
        }
    }
}

impl PartialEq for LinesNow {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for LinesNow {}
