//! Bad luck, by a seed: people act, cables are cut, nodes lose power, consoles vanish, disks fail.

use crate::disk::Health;
use crate::fixture::{DUTY, LEADERS};
use crate::world::World;

impl World {
    /// So many strokes of luck, then everything is mended and becomes quiet.
    pub fn suffer(&mut self, strokes: usize) {
        for _ in 0..strokes {
            self.stroke();
            let pause = if self.rng.one_in(6) { 4_000_000 } else { 300_000 };
            let pause = self.rng.below(pause);
            self.run(pause);
        }
        self.recover();
    }

    /// Mends everything, connects everyone, and waits until it is quiet.
    pub fn recover(&mut self) {
        let count = self.nodes.len();
        for node in 0..count {
            self.set_disk(node, Health::Good);
            if !self.nodes[node].is_on() {
                self.start(node);
            }
            (node + 1..count).for_each(|other| self.mend(node, other));
        }
        for console in 0..self.consoles.len() {
            if self.consoles[console].key.is_none() {
                self.connect(console);
            }
        }
        // Longer than a ring sounds (30 s) after the last that begins: a console that fell silent just now is given up
        // some 20 s later, and then a ring that its party had answered through it sounds there anew (seed 2,000,007).
        self.run(90_000_000);
        self.set_rings_may_sound(false);
    }

    fn stroke(&mut self) {
        let nodes = self.nodes.len() as u64;
        let node = self.rng.below(nodes) as usize;
        let other = (node + 1 + self.rng.below(nodes - 1) as usize) % nodes as usize;
        let console = self.rng.below(self.consoles.len() as u64) as usize;
        match self.rng.below(30) {
            0..=19 => self.somebody_acts(),
            20 => self.cut(node, other),
            21..=22 => self.mend(node, other),
            23 => self.disconnect(console),
            24 => self.consoles[console].silent = true,
            25..=26 => self.power(node),
            _ => {
                let health = [Health::Good, Health::Good, Health::Failing, Health::Hanging][self.rng.below(4) as usize];
                if self.bad_disks && self.nodes[node].machine.is_some() {
                    self.set_disk(node, health);
                }
            }
        }
    }

    /// One who has no WebSocket connects; one who is rung answers, mostly; one who is in may leave; else there is a
    /// ring.
    pub(crate) fn somebody_acts(&mut self) {
        let console = self.rng.below(self.consoles.len() as u64) as usize;
        if !self.consoles[console].welcomed {
            return self.connect(console);
        }
        let leader = self.consoles[console].device == 0;
        let line = if !leader && self.rng.one_in(3) { DUTY } else { LEADERS };
        let rung = self.consoles[console].rings_here(self.fixture, line);
        let now = self.lines(line).map(|line| self.consoles[console].state.line(line)).unwrap_or_default();
        let id = self.device(console);
        let is_in = now.participants.iter().any(|participant| participant.device == id);
        match (rung, self.rng.below(8)) {
            (_, 0) => self.offer(console),
            (Some(call), 1) => self.decline(console, line, call),
            (Some(call), _) => self.answer(console, line, call),
            (None, 1..=3) if is_in => self.leave(console, line),
            (None, 4) if is_in => {
                self.ring(console, line);
            }
            (None, _) if is_in => self.commit(console, line),
            (None, n) => match now.call.filter(|_| n < 5) {
                Some(call) => self.answer(console, line, call),
                None => {
                    self.ring(console, line);
                }
            },
        }
    }

    fn power(&mut self, node: usize) {
        if self.nodes[node].machine.is_none() {
            self.start(node);
        } else if !self.nodes[node].excused {
            // One whose disk fails as well loses what it said; that has a scenario of its own.
            self.crash(node);
        }
    }
}
