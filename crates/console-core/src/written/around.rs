//! What the parts of the written line are told of the console around them, and by what they speak.

use crate::acts::Speaker;
use crate::bodies::Bodies;
use crate::io::{Event, Output};
use crate::now::Now;
use crate::revocations::Revocations;
use crate::roster::Roster;
use trialogue_charter::Hash;
use trialogue_e2ee::Chance;
use trialogue_wire::console::ToNode;

/// All that one input of the written line has at hand.
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

/// What else this console does, which comes before what is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Busy {
    pub(crate) in_call: bool,
    /// A line rings here.
    pub(crate) ringing: bool,
    /// Keys of the call are only just on their way.
    pub(crate) awaits_keys: bool,
}

impl Around<'_> {
    /// The node in use hears and answers.
    pub(super) fn is_up(&self) -> bool {
        self.speaker.slot.is_some()
    }

    pub(super) fn push(&mut self, output: Output) {
        self.speaker.out.push(output);
    }

    pub(super) fn log(&mut self, event: Event) {
        self.speaker.out.log(event);
    }

    /// Nothing goes where no node hears it.
    pub(super) fn send(&mut self, message: &ToNode) {
        if let Some(slot) = self.speaker.slot {
            self.speaker.out.send(slot, message);
        }
    }

    /// The platform need not keep these chunks any longer.
    pub(super) fn forget_chunks(&mut self, hashes: Vec<Hash>) {
        if !hashes.is_empty() {
            self.push(Output::ForgetChunks(hashes));
        }
    }
}
