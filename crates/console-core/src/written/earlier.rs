//! What was written before: a node tells every console the newest writings, and more to who wants to read or search
//! further back.

use super::Busy;
use crate::around::Around;
use crate::limits::EARLIER_US;
use trialogue_charter::LineId;
use trialogue_journal::State;
use trialogue_journal::limits::{WRITINGS_HELD, WRITINGS_SHOWN};
use trialogue_wire::console::ToNode;

/// Four times as many at each wish.
const MORE: usize = 4;

/// How far back the node tells this console.
#[derive(Default)]
pub(super) struct Earlier {
    /// Newest writings of each node and line that the node has told; 0: as many as it tells everybody.
    told: u16,
    /// As many as the officer wants, when that is more.
    wanted: u16,
    asked_us: Option<u64>,
}

impl Earlier {
    /// How many of each node the node tells this console now.
    fn told(&self) -> usize {
        usize::from(self.told).max(WRITINGS_SHOWN)
    }

    /// Are there earlier ones on this line that the node could tell?
    pub(super) fn is_there(&self, fold: Option<&State>, line: &LineId) -> bool {
        let here = fold.map_or(0, |fold| fold.writings_of_one(line));
        here >= self.told() && self.told() < WRITINGS_HELD
    }

    /// The officer wants to see further back.
    pub(super) fn want_more(&mut self) {
        self.wanted = u16::try_from((self.told() * MORE).min(WRITINGS_HELD)).unwrap_or(u16::MAX);
    }

    /// As far back as a node remembers.
    pub(super) fn want_all(&mut self) {
        self.wanted = u16::try_from(WRITINGS_HELD).unwrap_or(u16::MAX);
    }

    /// The node, perhaps another one than before, tells as many as everybody hears.
    pub(super) fn told_as_usual(&mut self) {
        (self.told, self.asked_us) = (0, None);
    }

    /// The node tells everything once more, with so many of each node.
    pub(super) fn told_anew(&mut self, writings: u16) {
        self.told = writings;
    }

    /// Asks for them, where nothing more important goes on: the state is told anew meanwhile. `reads`: somebody wants
    /// them.
    pub(super) fn settle(&mut self, reads: bool, busy: Busy, around: &mut Around<'_>) {
        let asked = self.asked_us.is_some_and(|at| around.now.us < at + EARLIER_US);
        let free = reads && !busy.in_call && !busy.ringing;
        if usize::from(self.wanted) > self.told() && free && !asked {
            self.asked_us = Some(around.now.us);
            around.send(&ToNode::Earlier { writings: self.wanted });
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::bench::Bench;
    use crate::scene::Scene;
    use crate::written::tests::FREE;

    #[test]
    fn more_is_asked_for_when_there_is_time_and_again_where_nothing_came() {
        let mut scene = Scene::new();
        let mut bench = Bench::of(scene.enrol("usa-duty", 1));
        let mut earlier = Earlier::default();
        let mut asked = |earlier: &mut Earlier, scene: &Scene, reads, busy| {
            earlier.settle(reads, busy, &mut bench.around(scene));
            bench.sent().len()
        };
        assert_eq!(asked(&mut earlier, &scene, true, FREE), 0, "nobody wants more");
        earlier.want_more();
        assert_eq!(asked(&mut earlier, &scene, false, FREE), 0);
        assert_eq!(asked(&mut earlier, &scene, true, Busy { in_call: true, ..FREE }), 0);
        assert_eq!(asked(&mut earlier, &scene, true, Busy { ringing: true, ..FREE }), 0);
        assert_eq!(asked(&mut earlier, &scene, true, FREE), 1);
        assert_eq!(asked(&mut earlier, &scene, true, FREE), 0, "it was asked for");
        scene.time_ms += EARLIER_US / 1_000;
        assert_eq!(asked(&mut earlier, &scene, true, FREE), 1);
        earlier.told_anew(u16::try_from(WRITINGS_SHOWN * MORE).unwrap());
        scene.time_ms += EARLIER_US / 1_000;
        assert_eq!(asked(&mut earlier, &scene, true, FREE), 0, "it has come");
        earlier.told_as_usual();
        assert_eq!(asked(&mut earlier, &scene, true, FREE), 1, "another node begins as usual");
    }
}
