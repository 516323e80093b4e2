//! Cables between nodes: cut, hanging, mended; connections over them, and what arrives when.

use crate::world::{Event, World};
use trialogue_core::Input;

/// The way between two nodes.
#[derive(Default)]
pub(crate) struct Cable {
    pub(crate) cut: bool,
    /// The connection stands and nothing arrives.
    pub(crate) hangs: bool,
    /// Counts connections; none: there is none now.
    pub(crate) connection: Option<u64>,
    /// When the last thing arrives at either end: order within a connection is kept.
    pub(crate) last_us: [u64; 2],
}

impl World {
    /// Cuts the cable between two nodes.
    pub fn cut(&mut self, a: usize, b: usize) {
        self.set_cable(a, b, true);
    }

    /// From now on nothing arrives between two nodes, and neither notices; or no more.
    pub fn hang(&mut self, a: usize, b: usize, hangs: bool) {
        if let Some(cable) = self.cables.get_mut(&(a.min(b), a.max(b))) {
            cable.hangs = hangs;
        }
    }

    /// Mends the cable between two nodes.
    pub fn mend(&mut self, a: usize, b: usize) {
        self.set_cable(a, b, false);
    }

    fn set_cable(&mut self, a: usize, b: usize, cut: bool) {
        let key = (a.min(b), a.max(b));
        if let Some(cable) = self.cables.get_mut(&key) {
            cable.cut = cut;
        }
        self.relink(a);
    }

    /// Makes and ends connections of a node as its state and its cables say.
    pub(crate) fn relink(&mut self, node: usize) {
        let pairs: Vec<(usize, usize)> =
            self.cables.keys().copied().filter(|(a, b)| *a == node || *b == node).collect();
        for (a, b) in pairs {
            let knows = |a: usize, b: usize| self.nodes[a].charter().serves(&self.nodes[b].id);
            let want = self.nodes[a].is_on() && self.nodes[b].is_on() && knows(a, b) && knows(b, a);
            let Some(cable) = self.cables.get_mut(&(a, b)) else { continue };
            let want = want && !cable.cut;
            if want == cable.connection.is_some() {
                continue;
            }
            self.connections += 1;
            cable.connection = want.then_some(self.connections);
            for (node, other) in [(a, b), (b, a)] {
                let other = self.nodes[other].id.clone();
                let input = if want {
                    Input::LinkUp { node: other, round_trip_us: None }
                } else {
                    Input::LinkDown { node: other }
                };
                let run = self.nodes[node].run;
                let due = self.arrival((a, b), node);
                self.at(due, Event::Input { node, run, input });
            }
        }
    }

    /// When the next thing on a cable arrives at one end.
    fn arrival(&mut self, pair: (usize, usize), at: usize) -> u64 {
        let delay = self.rng.between(self.delay_us.0, self.delay_us.1);
        let Some(cable) = self.cables.get_mut(&pair) else { return self.now_us };
        let last = &mut cable.last_us[usize::from(at == pair.1)];
        *last = (*last + 1).max(self.now_us + delay);
        *last
    }

    pub(crate) fn transmit(&mut self, from: usize, to: usize, bytes: Vec<u8>) {
        let pair = (from.min(to), from.max(to));
        let cable = self.cables.get(&pair).filter(|cable| !cable.hangs);
        let Some(connection) = cable.and_then(|cable| cable.connection) else { return };
        let due = self.arrival(pair, to);
        self.at(due, Event::Message { from, to, connection, bytes });
    }

    pub(crate) fn close_link(&mut self, node: usize, other: &trialogue_charter::NodeId) {
        let Some(other) = self.nodes.iter().position(|n| n.id == *other) else { return };
        let (a, b) = (node.min(other), node.max(other));
        let Some(cable) = self.cables.get_mut(&(a, b)) else { return };
        if cable.connection.take().is_some() {
            for (node, other) in [(a, b), (b, a)] {
                let input = Input::LinkDown { node: self.nodes[other].id.clone() };
                let run = self.nodes[node].run;
                let due = self.arrival((a, b), node);
                self.at(due, Event::Input { node, run, input });
            }
            self.later(5_000_000, Event::Dial { node });
        }
    }
}
