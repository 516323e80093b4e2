//! What was written before: a node tells every console the newest writings, and more to who wants to read or search further back.

use crate::console::Console;
use crate::limits::EARLIER_US;
use trialogue_charter::LineId;
use trialogue_journal::limits::{WRITINGS_HELD, WRITINGS_SHOWN};
use trialogue_wire::console::ToNode;

/// Four times as many at each wish.
const MORE: usize = 4;

impl Console {
    /// How many of each node the node tells this console now.
    fn told(&self) -> usize {
        usize::from(self.writer.told).max(WRITINGS_SHOWN)
    }

    /// Are there earlier ones on this line that the node could tell?
    pub(super) fn has_earlier(&self, line: &LineId) -> bool {
        let here = self.sites.fold().map_or(0, |fold| fold.writings_of_one(line));
        here >= self.told() && self.told() < WRITINGS_HELD
    }

    /// The officer wants to see further back.
    pub(crate) fn earlier(&mut self) {
        if self.writer.on {
            self.writer.wanted = u16::try_from((self.told() * MORE).min(WRITINGS_HELD)).unwrap_or(u16::MAX);
        }
    }

    /// As far back as a node remembers.
    pub(super) fn want_all(&mut self) {
        self.writer.wanted = u16::try_from(WRITINGS_HELD).unwrap_or(u16::MAX);
    }

    /// The node, perhaps another one than before, tells as many as everybody hears.
    pub(crate) fn told_as_usual(&mut self) {
        (self.writer.told, self.writer.asked_us) = (0, None);
    }

    /// Asks for them, where nothing more important goes on: the state is told anew meanwhile.
    pub(super) fn settle_earlier(&mut self) {
        let wanted = usize::from(self.writer.wanted);
        let reads = self.writer.open.is_some() || self.writer.archive.is_on();
        let busy = self.call.is_some() || self.rings.is_ringing() || !reads;
        let asked = self.writer.asked_us.is_some_and(|at| self.now_us < at + EARLIER_US);
        if wanted > self.told() && !busy && !asked {
            self.writer.asked_us = Some(self.now_us);
            self.send(&ToNode::Earlier { writings: self.writer.wanted });
        }
    }
}
