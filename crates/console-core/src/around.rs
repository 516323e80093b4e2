//! What the keys, the call and the written line are told of the console around them, and by what they speak.

use crate::acts::Speaker;
use crate::bodies::Bodies;
use crate::io::{Event, Output};
use crate::now::Now;
use crate::revocations::Revocations;
use crate::roster::Roster;
use trialogue_charter::Hash;
use trialogue_e2ee::Chance;
use trialogue_wire::console::ToNode;

/// All that a part has at hand beside its own state.
pub(crate) struct Around<'a> {
    pub(crate) at: Roster<'a>,
    pub(crate) now: Now,
    /// What the clock of the node in use shows by now, milliseconds since 1970 UTC.
    pub(crate) node_ms: u64,
    /// Kept with what is written.
    pub(crate) revocations: &'a Revocations,
    pub(crate) bodies: &'a mut Bodies,
    pub(crate) chance: &'a mut Chance,
    pub(crate) speaker: Speaker<'a>,
}

impl Around<'_> {
    /// The node in use hears and answers.
    pub(crate) fn is_up(&self) -> bool {
        self.speaker.slot.is_some()
    }

    pub(crate) fn push(&mut self, output: Output) {
        self.speaker.out.push(output);
    }

    pub(crate) fn log(&mut self, event: Event) {
        self.speaker.out.log(event);
    }

    /// Nothing goes where no node hears it.
    pub(crate) fn send(&mut self, message: &ToNode) {
        if let Some(slot) = self.speaker.slot {
            self.speaker.out.send(slot, message);
        }
    }

    /// The platform need not keep these chunks any longer.
    pub(crate) fn forget_chunks(&mut self, hashes: Vec<Hash>) {
        if !hashes.is_empty() {
            self.push(Output::ForgetChunks(hashes));
        }
    }
}
