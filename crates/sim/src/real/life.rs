//! The life of a network with real consoles, by a seed: people act, everything breaks, a node falls into hostile
//! hands, what can be is mended, and all is over.

use crate::agenda::Event;
use crate::disk::Health;
use crate::fixture::{LEADERS, SUMMIT, fixture_in};
use crate::mischief::{HOUR_MS, Mischief, Taken};
use crate::mutation::Mutation;
use crate::real::Seated;
use crate::real::desk::{Desk, Reach};
use crate::real::drive::Happens;
use crate::real::promises::TOLD_US;
use crate::runner::Life;
use crate::trace::Trace;
use crate::world::World;
use trialogue_charter::{Revocation, Suite};
use trialogue_console_core::Input;
use trialogue_console_core::view::{Command, Floor, NodeLink};
use trialogue_core::Errand;

/// How many nodes the parties of a network have.
const SHAPES: [&[usize]; 4] = [&[1, 1, 1], &[1, 2, 1], &[1, 1], &[2, 1, 2]];
/// Every so many networks seal by the suite with ML-KEM-1024, the others by the faster one.
const CNSA: u64 = 16;

/// Nobody rings in vain unseen.
const MISSED: &str = "a ring that nobody answered shows at every console of who was rung";
/// How long that takes at most: of one party a node writes down one a minute, and remembers four that wait.
const MISSED_US: u64 = 300_000_000;

/// The network of a seed with real consoles: started, all on watch.
pub(crate) fn real_network(seed: u64, trace: Trace, mutation: Option<Mutation>) -> World {
    let shape = SHAPES[(seed % SHAPES.len() as u64) as usize];
    let suite = if seed % CNSA == CNSA - 1 { Suite::Cnsa2 } else { Suite::XWing };
    let mut world = World::dark_in(fixture_in(shape, suite), shape.len(), seed);
    world.seated().seat();
    let clocks = world.conditions(trace, mutation);
    for node in 0..world.nodes.len() {
        world.nodes[node].wall_off_ms = clocks.off_ms(&mut world.rng);
        world.nodes[node].ahead_us = world.rng.below(1 << 40);
    }
    for desk in 0..world.real.count() {
        world.real.desks[desk].wall_off_ms = clocks.off_ms(&mut world.rng);
        world.real.desks[desk].ahead_us = world.rng.below(1 << 40);
    }
    (0..world.nodes.len()).for_each(|node| world.start(node));
    world.seated().switch_on();
    world.run(4_000_000);
    world.agenda.later(0, Event::Real(Happens::Look));
    world
}

impl Seated<'_> {
    /// Lives through the whole of a seed.
    pub fn live_real(&mut self, life: Life) {
        self.until_writable();
        self.begin_call();
        let mean = match life {
            Life::Long => 40,
            Life::Short => 8,
        };
        let strokes = mean / 2 + self.world.rng.below(mean);
        let taken = Mischief::taken_at(self.world.seed, strokes);
        for stroke in 0..strokes {
            if taken.is_some_and(|from| stroke >= from) && self.world.mischief.taken().is_none() {
                self.take_one_over();
            }
            self.world.taken_strikes();
            self.real_trouble();
            let pause = if self.world.rng.one_in(6) { 5_000_000 } else { 500_000 };
            let pause = self.world.rng.below(pause);
            self.run(pause);
        }
        self.mend_real();
        self.until_complete();
        // Rings that began just now end.
        self.run(5_000_000);
        self.until_complete();
        self.until_written();
        self.until_on();
        self.hold_for_a_moment();
        self.until_watched();
        self.until_outcomes();
        self.check_reference();
        for desk in 0..self.world.real.count() {
            if self.world.real.shown(desk).call.is_some() {
                self.press(desk, Command::HangUp);
            }
        }
        // What a hostile member rang last sounds for as long as any ring.
        let over_us = if self.world.mischief.taken().is_some() { 50_000_000 } else { 20_000_000 };
        self.run(over_us);
        self.check_over();
        self.until_outcomes();
        if self.world.all_are_honest() {
            self.ring_in_vain();
        }
        self.until_agreed();
        self.check_converged();
        if self.world.all_are_honest() {
            self.check_honest();
        }
    }

    /// In a whole network somebody rings in vain, and all who were rung see it.
    ///
    /// # Panics
    /// When that takes too long.
    pub fn ring_in_vain(&mut self) {
        let desks = || self.world.real.desks.iter().enumerate().filter(|(_, desk)| desk.counts() && desk.device == 0);
        let Some((ringer, party)) = desks().next().map(|(at, desk)| (at, desk.party)) else { return };
        self.press_ring(ringer, LEADERS);
        self.run(2_000_000);
        let ring =
            self.desk_node(ringer).and_then(|node| self.world.nodes[node].machine.as_ref()).and_then(|machine| {
                let line = self.lines(LEADERS)?;
                let id = self.world.real.desks[ringer].id;
                machine.state().rings(line).iter().find(|ring| ring.device == id).map(|ring| ring.call.to_string())
            });
        self.press(ringer, Command::HangUp);
        let Some(ring) = ring else { return self.tell("nobody was rung".to_owned()) };
        self.until_none_within(MISSED_US, MISSED, TOLD_US / 2, |seated| {
            let others = seated.world.real.desks.iter().enumerate();
            let mut others = others.filter(|(_, desk)| desk.counts() && desk.party != party);
            let lacks = others.find(|(at, desk)| {
                let shown = desk.console.view().lines.iter().find(|line| line.id == LEADERS && line.acts);
                seated.desk_node(*at).is_some()
                    && shown.is_some_and(|line| line.missed.iter().all(|missed| missed.call != ring))
            });
            lacks.map(|(at, _)| seated.desk_name(at))
        });
        self.tell("all who were rung in vain see it".to_owned());
    }

    /// A node falls into hostile hands; where its party has no other one, so do the party's root and consoles.
    fn take_one_over(&mut self) {
        // A node that was restored may have lost what the hostile one alone gives back no more.
        if self.world.nodes.iter().any(|node| node.restored_us.is_some()) {
            return;
        }
        self.world.take_over();
        let Some(node) = self.world.mischief.taken().map(Taken::node) else { return };
        let party = self.world.fixture.sites[node].party;
        let alone = self.world.fixture.sites.iter().filter(|site| site.party == party).count() == 1;
        for desk in self.world.real.desks.iter_mut().filter(|desk| desk.party == party) {
            desk.taken = alone;
        }
    }

    /// A call is on when trouble begins: a leader rings, and most of those who are rung answer.
    fn begin_call(&mut self) {
        let leads: Vec<usize> =
            (0..self.world.real.count()).filter(|desk| self.world.real.desks[*desk].device == 0).collect();
        let ringer = leads[self.world.rng.below(leads.len() as u64) as usize];
        let line = if self.world.rng.one_in(3) { SUMMIT } else { LEADERS };
        self.press_ring(ringer, line);
        self.run(1_500_000);
        for desk in leads.into_iter().filter(|desk| *desk != ringer) {
            if !self.world.rng.one_in(4) && self.world.real.shown(desk).lines.iter().any(|line| line.ring.is_some()) {
                self.press_answer(desk, line);
            }
        }
        let settles_us = self.world.rng.below(3_000_000);
        self.run(settles_us);
        // Trouble finds every other staged call with its principals on, the others being prepared.
        if line == SUMMIT && self.world.seed.is_multiple_of(2) {
            self.until_on();
        }
    }

    /// Somebody in a call goes on hold and comes back, and everybody sees both.
    fn hold_for_a_moment(&mut self) {
        let may = |desk: &Desk| {
            let call = desk.console.view().call.as_ref();
            desk.counts() && call.is_some_and(|call| call.members.len() > 1 && call.floor == Floor::Open)
        };
        let Some(desk) = self.world.real.desks.iter().position(may) else { return };
        for on in [true, false] {
            self.press(desk, Command::Hold { device: None, on });
            self.run(2_000_000);
            self.until_complete();
        }
    }

    /// Everything is mended, and everybody reaches everything.
    fn mend_real(&mut self) {
        self.tell("everything is mended".to_owned());
        for pair in self.world.network.pairs() {
            self.hang(pair.0, pair.1, false);
            self.mend(pair.0, pair.1);
            self.world.network.set_slow(pair.0, pair.1, 0);
        }
        for node in 0..self.world.nodes.len() {
            self.set_disk(node, Health::Good);
            if !self.world.nodes[node].is_on() {
                self.start(node);
            }
        }
        for desk in 0..self.world.real.count() {
            self.set_reach(desk, Reach::Good);
            // Loaded anew just before its node was gone for good, it has not heard of another one: its officer goes
            // there.
            let usual = self.world.real.desks[desk].ways[0].node;
            if self.world.nodes[usual].hostile && self.world.real.shown(desk).node != NodeLink::Up {
                self.reload_desk(desk, true);
            }
        }
        let (mischief, mut means) = self.world.mischief();
        mischief.tell_all(&mut means);
    }

    fn real_trouble(&mut self) {
        let nodes = self.world.nodes.len() as u64;
        let node = self.world.rng.below(nodes) as usize;
        let other = (node + 1 + self.world.rng.below(nodes - 1) as usize) % nodes as usize;
        let desk = self.world.rng.below(self.world.real.count() as u64) as usize;
        let (a, b, who) =
            (self.world.nodes[node].id.to_string(), self.world.nodes[other].id.to_string(), self.desk_name(desk));
        let line = match self.world.rng.below(62) {
            0..=23 => return self.officer_acts(),
            24..=25 => {
                self.cut(node, other);
                format!("{a} – {b} is cut")
            }
            26..=28 => {
                self.hang(node, other, false);
                self.mend(node, other);
                format!("{a} – {b} is mended")
            }
            29 => {
                self.deafen(node, other, true);
                format!("{a} hears nothing of {b} any more")
            }
            30 => {
                (0..nodes as usize).filter(|other| *other != node).for_each(|other| self.cut(node, other));
                format!("{a} is cut off")
            }
            31 => {
                let slow_us = self.world.rng.below(300_000);
                self.world.network.set_slow(node, other, slow_us);
                format!("{a} – {b} is {slow_us} µs slower")
            }
            32..=33 => return self.power_of(node),
            34 => {
                let health = [Health::Good, Health::Failing, Health::Hanging][self.world.rng.below(3) as usize];
                if self.world.mischief.disks_fail() && self.world.nodes[node].machine.is_some() {
                    self.set_disk(node, health);
                }
                format!("the disk of {a} is {health:?}, if disks fail here")
            }
            35 => {
                let jump_ms = self.world.rng.below(2 * HOUR_MS as u64) as i64 - HOUR_MS;
                self.world.nodes[node].wall_off_ms = jump_ms;
                format!("the clock of {a} jumps to {jump_ms} ms off")
            }
            36..=38 => {
                let reach = if self.world.rng.one_in(2) { Reach::Silent } else { Reach::Refused };
                self.set_reach(desk, reach);
                format!("{who} reaches no node: {reach:?}")
            }
            39..=41 => {
                let cut = (0..self.world.real.count()).find(|desk| self.world.real.desks[*desk].reach != Reach::Good);
                let Some(cut) = cut else { return self.officer_acts() };
                self.set_reach(cut, Reach::Good);
                format!("{} reaches nodes again", self.desk_name(cut))
            }
            42 => {
                let stall_us = self.world.rng.below(2_000_000);
                self.world.real.desks[desk].stalled_us = self.world.agenda.now_us() + stall_us;
                format!("the network of {who} holds everything back for {stall_us} µs")
            }
            43..=44 => {
                let resumes = self.world.rng.one_in(2);
                self.tell(format!("{who} is loaded anew, resumes: {resumes}"));
                return self.reload_desk(desk, resumes);
            }
            45 => {
                self.change_network(desk);
                format!("{who} has another network")
            }
            46 => {
                self.restart_worker(desk);
                format!("the media worker of {who} is another one")
            }
            47..=58 => return self.officer_writes(desk),
            59..=60 => {
                let held = &mut self.world.real.desks[desk];
                held.soundless = !held.soundless;
                let on = !held.soundless;
                self.desk_input(desk, Input::Command(Command::Sound { on }));
                format!("{who} has a loudspeaker: {on}")
            }
            _ => {
                let Some(told) = self.revoke_one(desk, node) else { return self.officer_acts() };
                told
            }
        };
        self.world.note_change();
        self.tell(line);
    }

    /// The media worker ends, and another one begins.
    fn restart_worker(&mut self, desk: usize) {
        self.world.real.workers += 1;
        let worker = self.world.real.workers;
        let held = &mut self.world.real.desks[desk];
        held.worker = worker;
        let former = held.seal.take();
        if self.world.mischief.misses(Mutation::UntoldWorker) {
            if let Some(former) = &former {
                self.note_sealed(desk, former);
            }
            self.world.real.desks[desk].seal = former;
            return;
        }
        held.open.clear();
        self.desk_input(desk, Input::WorkerRestarted);
    }

    /// The root of a device's party revokes it, through any node; once in a network, and not in all.
    fn revoke_one(&mut self, desk: usize, node: usize) -> Option<String> {
        let before = self.world.real.desks.iter().any(|desk| desk.revoked);
        let taken = self.world.real.desks[desk].taken;
        if before || taken || self.world.nodes[node].machine.is_none() || self.world.nodes[node].excused {
            return None;
        }
        let held = &mut self.world.real.desks[desk];
        held.revoked = true;
        let party = &self.world.fixture.parties[held.party];
        let revocation = Revocation { party: party.id.clone(), device: held.id }.sign(&party.root);
        self.input(node, trialogue_core::Input::Revoke { revocation, errand: Errand(1) });
        Some(format!("{} is revoked through {}", self.desk_name(desk), self.world.nodes[node].id))
    }
}
