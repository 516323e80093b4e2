//! The life of a network, by a seed: how many parties and nodes it has, how its cables are, what people do and what
//! breaks; then everything is mended.

use crate::disk::{Disk, Health};
use crate::mischief::{Forged, HOUR_MS, Mischief, Stroke};
use crate::mutation::Mutation;
use crate::network::Quality;
use crate::rng::Rng;
use crate::trace::Trace;
use crate::world::{DEVICES, World};
use trialogue_journal::UnverifiedEntry;

/// How many nodes the parties of a network have.
const SHAPES: [&[usize]; 6] = [&[1, 1, 1], &[1, 2, 1], &[2, 1, 2], &[1, 1, 1, 1], &[1, 1, 1], &[1, 2, 1, 1]];
/// Strokes of luck in one network.
const STROKES: u64 = 36;

/// How wrong the wall clocks of a network are, at most.
#[derive(Clone, Copy)]
pub(crate) enum Clocks {
    Right,
    Somewhat,
    Hour,
}

impl Clocks {
    /// How far off one of them is, in milliseconds.
    pub(crate) fn off_ms(self, rng: &mut Rng) -> i64 {
        let off_ms = rng.below(2 * HOUR_MS as u64) as i64 - HOUR_MS;
        match self {
            Self::Right => 0,
            Self::Somewhat => off_ms / 1_000,
            Self::Hour => off_ms,
        }
    }
}

impl World {
    /// The network of a seed: started, all consoles connected, voices on.
    pub fn network(seed: u64, trace: Trace, mutation: Option<Mutation>) -> Self {
        let shape = SHAPES[(seed % SHAPES.len() as u64) as usize];
        let mut world = Self::lively(shape, seed);
        let clocks = world.conditions(trace, mutation);
        for node in 0..world.nodes.len() {
            // Monotonic clocks begin anywhere.
            world.nodes[node].ahead_us = world.rng.below(1 << 40);
            world.nodes[node].wall_off_ms = clocks.off_ms(&mut world.rng);
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

    /// What the seed of a network decides first, whatever its consoles are: whether disks fail, how slow its cables
    /// are, how wrong clocks are.
    pub(crate) fn conditions(&mut self, trace: Trace, mutation: Option<Mutation>) -> Clocks {
        self.witness.set_trace(trace);
        self.without(mutation);
        let disks_fail = self.rng.one_in(2);
        self.let_disks_fail(disks_fail);
        let delay_us = [(500, 4_000), (1_000, 120_000), (60_000, 300_000)][self.rng.below(3) as usize];
        self.set_delay(delay_us);
        [Clocks::Right, Clocks::Somewhat, Clocks::Hour][self.rng.below(3) as usize]
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
        let taken = Mischief::taken_at(self.seed, strokes);
        for stroke in 0..strokes {
            if taken.is_some_and(|from| stroke >= from) && self.mischief.taken().is_none() {
                self.take_over();
            }
            self.taken_strikes();
            self.trouble();
            let pause = if self.rng.one_in(8) { 4_000_000 } else { 300_000 };
            let pause = self.rng.below(pause);
            self.run(pause);
            if stroke % 12 == 11 {
                self.rest();
            }
        }
        self.mend_all();
        self.until_agreed();
        self.check_converged();
        self.check_reference();
        self.check_keys();
        if self.all_are_honest() {
            self.check_honest();
        }
    }

    /// Whatever a node writes by itself now and then needs a moment to come everywhere.
    pub(crate) fn until_agreed(&mut self) {
        for _ in 0..5 {
            if self.agrees() {
                break;
            }
            self.run(1_000_000);
        }
    }

    /// So many strokes of luck in a world without voices, then everything is mended and becomes quiet.
    pub fn suffer(&mut self, strokes: usize) {
        for _ in 0..strokes {
            match Stroke::draw_plain(self.nodes.len(), self.consoles.len(), &mut self.rng) {
                Stroke::Deed => self.at_consoles(|consoles, travel| consoles.somebody_acts(travel)),
                Stroke::Mended(a, b) => self.mend(a, b),
                Stroke::Power(node) if self.nodes[node].machine.is_none() => self.start(node),
                Stroke::Power(node) => self.crash_unless_excused(node),
                stroke => {
                    self.befall(&stroke);
                }
            }
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

    /// Mends everything and waits until it is quiet.
    pub fn mend_all(&mut self) {
        self.tell("everything is mended".to_owned());
        for (a, b) in self.network.pairs() {
            self.hang(a, b, false);
            self.mend(a, b);
            self.network.set_quality(a, b, Quality::default(), 0);
        }
        let (mischief, mut means) = self.mischief();
        mischief.tell_all(&mut means);
        self.recover();
        self.rest();
    }

    fn trouble(&mut self) {
        let stroke = Stroke::draw(self.nodes.len(), self.consoles.len(), &mut self.rng);
        if !self.befall(&stroke) {
            return;
        }
        let (fixture, consoles) = (self.fixture, &self.consoles);
        let name = |console| fixture.name(&consoles.device(console));
        if let Some(words) = stroke.in_words(&self.nodes, name, |console| consoles[console].node) {
            self.note_change();
            self.tell(words);
        }
    }

    /// Lets a stroke happen; false: there was nothing to do.
    fn befall(&mut self, stroke: &Stroke) -> bool {
        match *stroke {
            Stroke::Deed => self.at_consoles(|consoles, travel| consoles.somebody_does(travel)),
            Stroke::Cut(a, b) => self.cut(a, b),
            Stroke::Mended(a, b) => {
                self.hang(a, b, false);
                self.mend(a, b);
            }
            Stroke::Deaf(at, to) => self.deafen(at, to, true),
            Stroke::Hangs(a, b) => self.hang(a, b, true),
            Stroke::CutOff(node) => {
                (0..self.nodes.len()).filter(|other| *other != node).for_each(|other| self.cut(node, other));
            }
            Stroke::Bad(a, b, quality, slow_us) => self.network.set_quality(a, b, quality, slow_us),
            Stroke::Reloaded(console) => self.disconnect(console),
            Stroke::Silent(console) => self.consoles[console].silent = true,
            Stroke::Moves(console) => self.go_to_another_site(console),
            Stroke::Mutes(console) => self.consoles[console].muted ^= true,
            Stroke::Power(node) => self.power_of(node),
            Stroke::Disk(node, health) => {
                if self.mischief.disks_fail() && self.nodes[node].machine.is_some() {
                    self.set_disk(node, health);
                }
            }
            Stroke::Clock(node, off_ms) => self.nodes[node].wall_off_ms = off_ms,
            Stroke::Narrow(console, kbit_s) => {
                let (node, now_ms) = (self.consoles[console].node, self.agenda.now_us() / 1_000);
                if let Some(key) = self.consoles[console].key {
                    self.media.shorten(node, key, kbit_s, now_ms);
                }
            }
            Stroke::Forged(from, to) => {
                let (_, mut means) = self.mischief();
                let forged = crate::mischief::forge(from, to, &mut means);
                self.nodes[from].dishonest |= forged != Forged::Nothing;
                return forged == Forged::Said;
            }
        }
        true
    }

    /// A node that runs falls into hostile hands; not one that may have lost what others hold of its journal.
    pub(crate) fn take_over(&mut self) {
        let node = self.rng.below(self.nodes.len() as u64) as usize;
        if self.nodes[node].machine.is_none() || self.nodes[node].excused {
            return;
        }
        self.make_hostile(node);
        let Some(words) = self.mischief.take(node, &self.nodes[node], self.fixture) else {
            // It has said nothing yet: it lost its power, and that is all.
            self.nodes[node].hostile = false;
            return;
        };
        self.nodes[node].dishonest = true;
        self.note_change();
        self.tell(words);
    }

    /// One stroke of the hostile member, if there is one.
    pub(crate) fn taken_strikes(&mut self) {
        let (mischief, mut means) = self.mischief();
        if mischief.strike(&mut means) {
            self.note_change();
        }
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
        } else {
            self.crash_unless_excused(node);
        }
    }

    /// One whose disk fails as well loses what it said; that has a scenario of its own.
    fn crash_unless_excused(&mut self, node: usize) {
        if !self.nodes[node].excused {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DUTY;
    use trialogue_charter::CallId;
    use trialogue_journal::{Act, Carried};

    /// The duty officers of a party with two nodes, and one of another party.
    const GOES: usize = 1;
    const STAYS: usize = 2;
    const RINGS: usize = 4;

    /// The first of them has answered the other party's ring, at its first node.
    fn in_a_call() -> (World, CallId) {
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
        (world, call)
    }

    /// The first of them goes on at its party's other node, in the same call.
    fn comes_over(world: &mut World, call: CallId) {
        world.consoles[GOES].node = 1;
        world.connect(GOES);
        world.run(1_500_000);
        let word = Carried { confirmed: vec![], ready: vec![], on: vec![], drops: vec![], held: false };
        let (offers, _) = crate::console::SimConsole::offers(world.fixture, &mut world.rng);
        world.act(GOES, DUTY, Act::Attach { call, offers, ring: None, word }, Vec::new());
        world.run(1_000_000);
        assert!(world.is_in(1, GOES, DUTY), "it has come over");
    }

    /// By the first node's journal it is in until it is back there, and would have answered.
    #[test]
    fn who_left_at_the_other_site_has_not_answered_the_next_ring() {
        let (mut world, call) = in_a_call();
        world.disconnect(GOES);
        comes_over(&mut world, call);
        world.leave(GOES, DUTY);
        world.leave(RINGS, DUTY);
        world.run(1_000_000);
        let next = world.ring(RINGS, DUTY);
        world.run(1_000_000);
        assert_eq!(world.consoles[STAYS].rings_here(world.fixture, DUTY), Some(next));
        assert_eq!(world.response(RINGS, DUTY, 0), trialogue_journal::fold::RingResponse::Ringing(2));
        world.check_honest();
    }

    /// It came in while the one who leads the group was cut off, and that one is back at the other site.
    #[test]
    fn who_came_over_leaves_no_group_behind_that_nobody_there_can_move() {
        let (mut world, call) = in_a_call();
        let (node, line) = (world.nodes[0].id.clone(), world.lines(DUTY).unwrap().clone());
        let holds = |world: &World, console: usize| {
            let own = world.nodes[0].machine.as_ref().unwrap().state().node(&node).unwrap();
            let device = world.device(console);
            let stay = own.present(&line).find(|(other, _)| **other == device).map(|(_, stay)| stay.clone());
            own.group(&line).zip(stay).is_some_and(|(group, stay)| group.holds(&device, &stay))
        };
        world.commit(GOES, DUTY);
        world.run(500_000);
        assert!(holds(&world, GOES), "it leads");
        world.disconnect(GOES);
        world.answer(STAYS, DUTY, call);
        world.run(1_000_000);
        assert!(world.is_in(0, STAYS, DUTY) && !holds(&world, STAYS), "nobody can add it");
        comes_over(&mut world, call);
        world.commit(STAYS, DUTY);
        world.run(500_000);
        assert!(holds(&world, STAYS), "and there is a new group, which holds the one who came in");
        world.check_honest();
    }
}
