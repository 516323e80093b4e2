//! What consoles are told of the ways to other nodes.

use crate::limits::ROUND_TRIP_US;
use crate::machine::Machine;
use trialogue_charter::NodeId;
use trialogue_wire::console::{PathMeasure, PathState, ToConsole};
use trialogue_wire::limits::PATHS_SHOWN_MAX;

impl Machine {
    /// The state of the way to every other node of the charter.
    pub(crate) fn paths(&self) -> Vec<PathState> {
        let others = self.here.charter.in_service().filter(|node| node.id != self.here.node);
        let path = |node: &trialogue_charter::Node| {
            let link = self.links.get(&node.id).filter(|link| link.up);
            PathState {
                node: node.id.clone(),
                direct: link.is_some(),
                reached: link.is_some() || self.neighbours().any(|via| self.reaches(via, &node.id)),
                round_trip_us: link.and_then(|link| link.round_trip_us),
                paths: self.measured.get(&node.id).cloned().unwrap_or_default(),
                disputed: self.journals.is_disputed(&node.id),
            }
        };
        others.map(path).collect()
    }

    /// The ways to other nodes, for the operator.
    pub fn ways(&self) -> Vec<PathState> {
        self.paths()
    }

    /// The shell measured the paths of a link.
    pub(crate) fn link_paths(&mut self, node: NodeId, mut paths: Vec<PathMeasure>) {
        if node == self.here.node || !self.here.charter.serves(&node) {
            return;
        }
        paths.truncate(PATHS_SHOWN_MAX);
        let ups = |paths: &[PathMeasure]| paths.iter().map(|path| path.up).collect::<Vec<_>>();
        let before = self.measured.get(&node).map(|paths| ups(paths)).unwrap_or_default();
        self.out.changed.paths |= before != ups(&paths);
        self.trials.sample(&node, &paths);
        self.measured.insert(node, paths);
    }

    /// When [`Machine::tell_paths`] is due.
    pub(crate) fn next_paths_us(&self) -> Option<u64> {
        (!self.devices.is_empty()).then_some(self.next_paths_us)
    }

    /// Tells consoles at once when a way came or went, and of new round trips now and then.
    pub(crate) fn tell_paths(&mut self) {
        let due = self.here.now.us >= self.next_paths_us;
        if !self.out.changed.paths && !due {
            return;
        }
        let paths = self.paths();
        let up = |p: &PathState| p.paths.iter().map(|path| path.up).collect::<Vec<_>>();
        let ways =
            |paths: &[PathState]| paths.iter().map(|p| (p.direct, p.reached, p.disputed, up(p))).collect::<Vec<_>>();
        if ways(&paths) != ways(&self.paths_told) || (due && paths != self.paths_told) {
            self.paths_told = paths.clone();
            self.send_all_consoles(&ToConsole::Paths { paths });
        }
        if due {
            self.next_paths_us = self.here.now.us + ROUND_TRIP_US;
        }
        self.out.changed.paths = false;
    }
}
