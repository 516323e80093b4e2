//! Whole networks in trouble, by a seed: how many parties and nodes, how their cables are, what people do and what
//! breaks.

use crate::disk::{Disk, Health};
use crate::fixture::{DUTY, LEADERS};
use crate::mutation::Mutation;
use crate::network::Quality;
use crate::rng::Rng;
use crate::trace::Trace;
use crate::world::{DEVICES, World};
use trialogue_journal::{Act, UnverifiedEntry};

/// How many nodes the parties of a network have.
const SHAPES: [&[usize]; 6] = [&[1, 1, 1], &[1, 2, 1], &[2, 1, 2], &[1, 1, 1, 1], &[1, 1, 1], &[1, 2, 1, 1]];
/// Strokes of luck in one network.
const STROKES: u64 = 36;
/// Tells the chance of a hostile member from that of the network.
const TAKEN: u64 = 0x7a6b_e417_0e5c_93d1;
/// An hour.
const HOUR_MS: i64 = 3_600_000;

impl World {
    /// The network of a seed: started, all consoles connected, voices on.
    pub fn network(seed: u64, trace: Trace, mutation: Option<Mutation>) -> Self {
        let shape = SHAPES[(seed % SHAPES.len() as u64) as usize];
        let mut world = Self::lively(shape, seed);
        world.witness.set_trace(trace);
        world.without(mutation);
        world.bad_disks = world.rng.one_in(2);
        let delay_us = [(500, 4_000), (1_000, 120_000), (60_000, 300_000)][world.rng.below(3) as usize];
        world.set_delay(delay_us);
        let clocks = world.rng.below(3);
        for node in 0..world.nodes.len() {
            // Monotonic clocks begin anywhere; wall clocks are right, or somewhat off, or off by an hour.
            world.nodes[node].ahead_us = world.rng.below(1 << 40);
            let off_ms = world.rng.below(2 * HOUR_MS as u64) as i64 - HOUR_MS;
            world.nodes[node].wall_off_ms = [0, off_ms / 1_000, off_ms][clocks as usize];
        }
        (0..world.nodes.len()).for_each(|node| world.start(node));
        for console in 0..world.consoles.len() {
            // Two consoles for each party, and a third where there are few.
            if console % DEVICES < 2 || shape.len() < 4 {
                world.consoles.choose_site(console, &mut world.rng);
                world.connect(console);
            }
        }
        world.run(4_000_000);
        world
    }

    /// Nodes that have not started, in a world in which consoles talk and keep their groups.
    fn lively(shape: &[usize], seed: u64) -> Self {
        let mut world = Self::dark(shape, seed);
        world.media.switch_on();
        world.consoles.keep_groups();
        world.network.give_up_what_hangs();
        world
    }

    /// A network in which nothing is wrong: so many nodes of each party, all consoles on watch and talking.
    pub fn at_peace(shape: &[usize], seed: u64) -> Self {
        let mut world = Self::lively(shape, seed);
        (0..world.nodes.len()).for_each(|node| world.start(node));
        (0..world.consoles.len()).for_each(|console| world.connect(console));
        world.run(5_000_000);
        world
    }

    /// Lives through the whole of a seed: trouble, moments of rest in which it is held to account, and recovery.
    pub fn live(&mut self) {
        let strokes = STROKES / 2 + self.rng.below(STROKES);
        // In every other network, by a chance of its own, a node falls into hostile hands.
        let mut chance = Rng::new(self.seed ^ TAKEN);
        let taken = chance.one_in(2).then(|| chance.below(strokes));
        for stroke in 0..strokes {
            if taken.is_some_and(|from| stroke >= from) && self.taken.is_none() {
                self.take_over();
            }
            if self.taken.is_some() {
                self.taken_strikes();
            }
            self.trouble();
            let pause = if self.rng.one_in(8) { 4_000_000 } else { 300_000 };
            let pause = self.rng.below(pause);
            self.run(pause);
            if stroke % 12 == 11 {
                self.rest();
            }
        }
        self.mend_all();
        // Whatever a node writes by itself now and then needs a moment to come everywhere.
        for _ in 0..5 {
            if self.agrees() {
                break;
            }
            self.run(1_000_000);
        }
        self.check_converged();
        self.check_reference();
        self.check_keys();
        if self.all_are_honest() {
            self.check_honest();
        }
    }

    /// Mends everything and waits until it is quiet.
    pub fn mend_all(&mut self) {
        self.tell("everything is mended".to_owned());
        for pair in self.network.pairs() {
            self.hang(pair.0, pair.1, false);
            self.mend(pair.0, pair.1);
            self.network.set_quality(pair.0, pair.1, Quality::default(), 0);
        }
        self.taken_tells_all();
        self.recover();
        self.rest();
    }

    fn trouble(&mut self) {
        let nodes = self.nodes.len() as u64;
        let node = self.rng.below(nodes) as usize;
        let other = (node + 1 + self.rng.below(nodes - 1) as usize) % nodes as usize;
        let console = self.rng.below(self.consoles.len() as u64) as usize;
        let names = [node, other].map(|node| self.nodes[node].id.to_string());
        let [a, b] = &names;
        let who = self.name(&self.device(console));
        let line = match self.rng.below(44) {
            0..=21 => return self.somebody_does(),
            22..=23 => {
                self.cut(node, other);
                format!("{a} – {b} is cut")
            }
            24..=26 => {
                self.hang(node, other, false);
                self.mend(node, other);
                format!("{a} – {b} is mended")
            }
            27 => {
                self.deafen(node, other, true);
                format!("{a} hears nothing of {b} any more")
            }
            28 => {
                self.hang(node, other, true);
                format!("{a} – {b} hangs")
            }
            29 => {
                (0..nodes as usize).filter(|other| *other != node).for_each(|other| self.cut(node, other));
                format!("{a} is cut off")
            }
            30 => {
                let (lost, doubled) = (self.rng.below(150), self.rng.below(300));
                let slow_us = self.rng.below(300_000);
                let kbit_s = self.rng.one_in(2).then_some(64);
                self.network.set_quality(node, other, Quality { lost, doubled, kbit_s }, slow_us);
                format!("{a} – {b} loses {lost} and doubles {doubled} of 1000, {slow_us} µs slower, {kbit_s:?} kbit/s")
            }
            31 => {
                self.disconnect(console);
                format!("{who} is loaded anew")
            }
            32 => {
                self.consoles[console].silent = true;
                format!("{who} falls silent")
            }
            33 => {
                self.go_to_another_site(console);
                format!("{who} comes to {}", self.nodes[self.consoles[console].node].id)
            }
            34 => {
                self.consoles[console].muted ^= true;
                format!("{who} mutes or unmutes")
            }
            35..=36 => return self.power_of(node),
            37..=38 => {
                let health = [Health::Good, Health::Failing, Health::Hanging][self.rng.below(3) as usize];
                if self.bad_disks && self.nodes[node].machine.is_some() {
                    self.set_disk(node, health);
                }
                format!("the disk of {a} is {health:?}, if disks fail here")
            }
            39 => {
                let jump_ms = self.rng.below(2 * HOUR_MS as u64) as i64 - HOUR_MS;
                self.nodes[node].wall_off_ms = jump_ms;
                format!("the clock of {a} jumps to {jump_ms} ms off")
            }
            40..=41 => {
                let kbit_s = self.rng.between(12, 60) as u32;
                let (node, now_ms) = (self.consoles[console].node, self.agenda.now_us() / 1_000);
                if let Some(key) = self.consoles[console].key {
                    self.media.shorten(node, key, kbit_s, now_ms);
                }
                format!("{who} has room for {kbit_s} kbit/s")
            }
            _ => {
                if !self.forge(node, other) {
                    return;
                }
                format!("{a} tells {b} what it must not")
            }
        };
        self.note_change();
        self.tell(line);
    }

    /// A console goes to another node of its party, or to the same one again, and comes over with the calls that it is
    /// in on, mostly.
    fn go_to_another_site(&mut self, console: usize) {
        let (before, stays) = (self.consoles[console].node, self.consoles.stays(console));
        self.disconnect(console);
        self.consoles.choose_site(console, &mut self.rng);
        self.connect(console);
        self.run(1_500_000);
        if self.consoles[console].node == before || !self.consoles[console].welcomed || self.rng.one_in(4) {
            return;
        }
        self.at_consoles(|consoles, travel| consoles.come_over(console, stays, travel));
    }

    pub(crate) fn power_of(&mut self, node: usize) {
        self.note_change();
        if self.nodes[node].hostile {
        } else if self.nodes[node].machine.is_none() {
            match self.nodes[node]
                .backup
                .as_ref()
                .map(Disk::copy)
                .filter(|_| !self.agenda.now_us().is_multiple_of(3) && self.others_hold_all_of(node))
            {
                Some(backup) => self.restore(node, backup),
                None => self.start(node),
            }
        } else if !self.nodes[node].excused {
            // One whose disk fails as well loses what it said; that has a scenario of its own.
            self.crash(node);
        }
    }

    /// Would nothing be lost if this node's disk were gone? What nobody else holds nobody can give back.
    fn others_hold_all_of(&self, node: usize) -> bool {
        let own = &self.nodes[node];
        let held = own.disk.read();
        let held = held.iter().filter_map(|bundle| UnverifiedEntry::decode(&bundle.entry).ok());
        let held = held.map(|entry| (entry.claim().node.clone(), entry.claim().seq));
        let all: Vec<_> = held.filter(|(journal, _)| *journal == own.id).collect();
        let mut others = self.nodes.iter().enumerate().filter(|(other, _)| *other != node);
        others.all(|(_, other)| {
            !other.hostile && other.machine.is_some() && all.iter().all(|at| other.known.contains_key(at))
        })
    }

    /// Somebody who is in disposes of somebody of the own party, or does what people do.
    fn somebody_does(&mut self) {
        let console = self.rng.below(self.consoles.len() as u64) as usize;
        let other = self.consoles[console].party * DEVICES + self.rng.below(DEVICES as u64) as usize;
        if !self.rng.one_in(6) || !self.consoles[console].welcomed {
            return self.somebody_acts();
        }
        let line = if self.rng.one_in(2) { LEADERS } else { DUTY };
        let device = self.device(other);
        let act = match self.rng.below(4) {
            0 if other != console => Act::Remove { device },
            0..=2 => Act::Hold { device, on: self.rng.one_in(2) },
            _ => {
                let call = self.consoles[console].rings_here(self.fixture, line);
                // Officers read the time on a screen that their node keeps.
                let off_ms = self.nodes[self.consoles[console].node].wall_off_ms;
                let ready_ms = self.agenda.wall_ms().saturating_add_signed(off_ms) + self.rng.below(20_000);
                let Some(call) = call else { return self.somebody_acts() };
                Act::Acknowledge { call, ready_ms }
            }
        };
        self.act(console, line, act, Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DUTY;
    use trialogue_journal::{Act, Carried};

    /// The duty officers of a party with two nodes, and one of another party.
    const GOES: usize = 1;
    const STAYS: usize = 2;
    const RINGS: usize = 4;

    /// By the first node's journal it is in until it is back there, and would have answered.
    #[test]
    fn who_left_at_the_other_site_has_not_answered_the_next_ring() {
        let mut world = World::dark(&[2, 1], 7);
        (0..3).for_each(|node| world.start(node));
        for (console, node) in [(GOES, 0), (STAYS, 0), (RINGS, 2)] {
            world.consoles[console].node = node;
            world.connect(console);
        }
        world.run(5_000_000);
        let call = world.ring(RINGS, DUTY);
        world.run(1_000_000);
        world.answer(GOES, DUTY, call);
        world.run(1_000_000);
        world.disconnect(GOES);
        world.consoles[GOES].node = 1;
        world.connect(GOES);
        world.run(1_500_000);
        let word = Carried { confirmed: vec![], ready: vec![], on: vec![], drops: vec![], held: false };
        let (offers, _) = crate::console::SimConsole::offers(world.fixture, &mut world.rng);
        world.act(GOES, DUTY, Act::Attach { call, offers, ring: None, word }, Vec::new());
        world.run(1_000_000);
        assert!(world.is_in(1, GOES, DUTY), "it has come over");
        world.leave(GOES, DUTY);
        world.leave(RINGS, DUTY);
        world.run(1_000_000);
        let next = world.ring(RINGS, DUTY);
        world.run(1_000_000);
        assert_eq!(world.consoles[STAYS].rings_here(world.fixture, DUTY), Some(next));
        assert_eq!(world.response(RINGS, DUTY, 0), trialogue_journal::fold::RingResponse::Ringing(2));
        world.check_honest();
    }
}
