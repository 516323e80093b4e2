//! Cables between nodes: cut, hanging, mended; connections over them, and what arrives when.

use crate::agenda::Event;
use crate::media::{Datagram, Packet};
use crate::world::World;
use trialogue_core::Input;
use trialogue_wire::media::MediaHeader;

/// The way between two nodes.
#[derive(Default)]
pub(crate) struct Cable {
    pub(crate) cut: bool,
    /// The connection stands and nothing arrives: at the lower end, at the higher one.
    pub(crate) deaf: [bool; 2],
    /// Messages that wait for that: a connection loses none, it delivers them or ends. With the connection that they
    /// are of.
    pub(crate) held: [Vec<(u64, Vec<u8>)>; 2],
    /// How it treats datagrams.
    pub(crate) quality: Quality,
    /// Longest time that a message may take more than the world's usual one, in microseconds.
    pub(crate) slow_us: u64,
    /// Until when each direction is busy with datagrams, where it has a rate.
    pub(crate) busy_us: [u64; 2],
    /// Counts connections; none: there is none now.
    pub(crate) connection: Option<u64>,
    /// When the last thing arrives at either end: order within a connection is kept.
    pub(crate) last_us: [u64; 2],
}

/// How a cable treats datagrams: chances in a thousand, and kbit/s.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Quality {
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) kbit_s: Option<u64>,
}

/// After so long without a word a connection is given up, as the shell does it.
pub(crate) const IDLE_US: u64 = 6_000_000;

impl World {
    /// Cuts the cable between two nodes.
    pub fn cut(&mut self, a: usize, b: usize) {
        self.set_cable(a, b, true);
    }

    /// From now on nothing arrives between two nodes, and neither notices; or no more.
    pub fn hang(&mut self, a: usize, b: usize, hangs: bool) {
        self.deafen(a, b, hangs);
        self.deafen(b, a, hangs);
    }

    /// From now on nothing of `to` arrives at `at`; or everything does again.
    pub fn deafen(&mut self, at: usize, to: usize, deaf: bool) {
        let pair = (at.min(to), at.max(to));
        let ends = self.hanging_ends();
        if let Some(cable) = self.cables.get_mut(&pair) {
            cable.deaf[usize::from(at == pair.1)] = deaf;
            if let Some(connection) = cable.connection.filter(|_| deaf && ends) {
                self.agenda.later(IDLE_US, Event::Idle { pair, connection });
            }
        }
        if !deaf {
            self.relink(at);
            self.hear_again(at, to);
        }
    }

    fn hear_again(&mut self, at: usize, to: usize) {
        let pair = (at.min(to), at.max(to));
        let held = self.cables.get_mut(&pair).map(|cable| std::mem::take(&mut cable.held[usize::from(at == pair.1)]));
        for (connection, bytes) in held.unwrap_or_default() {
            let due = self.arrival(pair, at);
            self.agenda.at(due, Event::Message { from: to, to: at, connection, bytes });
        }
    }

    /// A connection over which one end has heard nothing for too long is over for both.
    pub(crate) fn idle(&mut self, pair: (usize, usize), connection: u64) {
        let Some(cable) = self.cables.get(&pair) else { return };
        if cable.connection == Some(connection) && cable.deaf.contains(&true) {
            self.relink(pair.0);
        }
    }

    /// A connection over which nothing comes is given up after a while.
    fn hanging_ends(&self) -> bool {
        self.media.is_some() || !self.real.is_empty()
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
        let ends = self.hanging_ends();
        for (a, b) in pairs {
            let knows = |a: usize, b: usize| self.nodes[a].charter().serves(&self.nodes[b].id);
            let want = self.nodes[a].is_on() && self.nodes[b].is_on() && knows(a, b) && knows(b, a);
            let Some(cable) = self.cables.get_mut(&(a, b)) else { continue };
            // Where consoles only talk, a hanging connection stands until a test says otherwise.
            let dead = ends && cable.deaf.contains(&true);
            let want = want && !cable.cut && !dead;
            if want == cable.connection.is_some() {
                continue;
            }
            self.connections += 1;
            cable.connection = want.then_some(self.connections);
            self.changed_us = self.agenda.now_us();
            for (node, other) in [(a, b), (b, a)] {
                let other = self.nodes[other].id.clone();
                let input = if want {
                    Input::LinkUp { node: other, round_trip_us: None }
                } else {
                    Input::LinkDown { node: other }
                };
                let run = self.nodes[node].run;
                let due = self.arrival((a, b), node);
                self.agenda.at(due, Event::Input { node, run, input });
            }
        }
    }

    /// How long something takes over a cable.
    pub(crate) fn delay(&mut self, pair: (usize, usize)) -> u64 {
        let slow = self.cables.get(&pair).map_or(0, |cable| cable.slow_us);
        self.rng.between(self.delay_us.0, self.delay_us.1) + slow / 2 + self.rng.below(slow / 2 + 1)
    }

    /// When the next thing on a cable arrives at one end.
    fn arrival(&mut self, pair: (usize, usize), at: usize) -> u64 {
        let delay = self.delay(pair);
        let Some(cable) = self.cables.get_mut(&pair) else { return self.agenda.now_us() };
        let last = &mut cable.last_us[usize::from(at == pair.1)];
        *last = (*last + 1).max(self.agenda.now_us() + delay);
        *last
    }

    pub(crate) fn transmit(&mut self, from: usize, to: usize, bytes: Vec<u8>) {
        let pair = (from.min(to), from.max(to));
        let end = usize::from(to == pair.1);
        let Some(cable) = self.cables.get_mut(&pair) else { return };
        let Some(connection) = cable.connection else { return };
        if cable.deaf[end] {
            cable.held[end].push((connection, bytes));
            return;
        }
        let due = self.arrival(pair, to);
        self.agenda.at(due, Event::Message { from, to, connection, bytes });
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
                self.agenda.at(due, Event::Input { node, run, input });
            }
            self.agenda.later(5_000_000, Event::Dial { node });
        }
    }

    /// Sends a packet to the node with this index, as far as the cable takes it: voice always before pictures.
    pub(crate) fn send_datagram(&mut self, from: usize, index: u8, header: MediaHeader, packet: Packet) {
        let charter = self.nodes[from].charter();
        let Some(id) = charter.node_at(index).map(|node| node.id.clone()) else { return };
        let Some(to) = self.nodes.iter().position(|node| node.id == id) else { return };
        self.count_datagram(&packet);
        let pair = (from.min(to), from.max(to));
        let end = usize::from(to == pair.1);
        let now_us = self.agenda.now_us();
        let Some(cable) = self.cables.get_mut(&pair) else { return };
        let Some(connection) = cable.connection.filter(|_| !cable.deaf[end]) else { return };
        let quality = cable.quality;
        let mut waits_us = 0;
        if let Some(kbit_s) = quality.kbit_s {
            waits_us = cable.busy_us[end].saturating_sub(now_us);
            if packet.is_picture() && waits_us > 100_000 {
                return;
            }
            let bytes = packet.payload().1 as u64 + 60;
            waits_us += bytes * 8_000 / kbit_s.max(1);
            cable.busy_us[end] = now_us + waits_us;
        }
        let copies = 1 + u64::from(self.rng.below(1_000) < quality.doubled);
        for _ in 0..copies {
            let arrives = self.rng.below(1_000) >= quality.lost;
            let due = self.agenda.now_us() + waits_us + self.delay(pair);
            if arrives {
                self.agenda.at(due, Event::Datagram(Datagram { from, to, connection, header, packet }));
            }
        }
    }
}
