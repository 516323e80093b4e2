//! WebSockets of real consoles: opened, broken, noticed.

use crate::agenda::Event;
use crate::real::Seated;
use crate::real::desk::Reach;
use crate::real::drive::{Happens, at, opens};
use trialogue_console_core::Input;
use trialogue_console_core::view::Command;
use trialogue_core::ConsoleKey;
use trialogue_wire::console::Site;

/// The party whose consoles are not told what a mutation withholds.
const WITHHELD_FROM: usize = 1;

impl Seated<'_> {
    /// The platform tries to open a WebSocket.
    pub(crate) fn desk_opens(&mut self, desk: usize, slot: usize, tries: u64) {
        let held = &self.world.real.desks[desk];
        if held.ways[slot].tries != tries || held.stopped {
            return;
        }
        let node = held.ways[slot].node;
        match held.reach {
            // The console gives that up by itself.
            Reach::Silent => return,
            Reach::Refused => return self.desk_input(desk, at(slot, Input::Closed)),
            Reach::Good => {}
        }
        if self.world.nodes[node].machine.is_none() {
            return self.desk_input(desk, at(slot, Input::Closed));
        }
        let (console, run) = (ConsoleKey(self.world.rng.draw()), self.world.nodes[node].run);
        self.world.real.sockets.insert(console, (desk, slot));
        let way = &mut self.world.real.desks[desk].ways[slot];
        (way.key, way.run, way.broken) = (Some(console), run, false);
        let (nonce, due) = (self.world.rng.bytes(), self.way_arrival(desk, slot, true));
        self.world
            .agenda
            .at(due, Event::Input { node, run, input: trialogue_core::Input::ConsoleOpened { console, nonce } });
        self.desk_input(desk, at(slot, Input::Opened));
    }

    /// A node says something to a real console.
    pub(crate) fn desk_is_told(&mut self, key: ConsoleKey, bytes: Vec<u8>, last: bool) {
        let Some((desk, slot)) = self.world.real.sockets.get(&key).copied() else { return };
        if self.world.real.desks[desk].ways[slot].key == Some(key) && !self.world.real.desks[desk].ways[slot].broken {
            let due = self.way_arrival(desk, slot, false);
            let withheld = self.world.real.desks[desk].party == WITHHELD_FROM;
            let bytes = if withheld { self.world.mischief.withhold(bytes) } else { bytes };
            self.world.agenda.at(due, Event::Real(Happens::Hears { desk, slot, key, bytes, last }));
        }
    }

    /// The console's end of a WebSocket closes; its node hears of it, if anything passes.
    pub(crate) fn desk_hangs_up(&mut self, desk: usize, slot: usize) {
        let way = &mut self.world.real.desks[desk].ways[slot];
        let Some(console) = way.key.take() else { return };
        let (node, run, broken) = (way.node, way.run, way.broken);
        if !broken {
            let due = self.way_arrival(desk, slot, true);
            self.world
                .agenda
                .at(due, Event::Input { node, run, input: trialogue_core::Input::ConsoleClosed { console } });
        }
    }

    /// The console is told that its WebSocket is gone.
    pub(crate) fn desk_closed(&mut self, desk: usize, slot: usize) {
        if self.world.real.desks[desk].ways[slot].key.is_some() {
            self.desk_hangs_up(desk, slot);
            self.desk_input(desk, at(slot, Input::Closed));
        }
    }

    /// How a console reaches nodes from now on.
    pub(crate) fn set_reach(&mut self, desk: usize, reach: Reach) {
        if self.world.real.desks[desk].reach == reach {
            return;
        }
        self.world.real.desks[desk].reach = reach;
        for slot in 0..2 {
            let way = &self.world.real.desks[desk].ways[slot];
            let (Some(console), node, run, tries) = (way.key, way.node, way.run, way.tries) else { continue };
            match reach {
                // What hung while nothing came through is over: the first packet of either end says so.
                Reach::Good => {
                    self.later(40_000, Event::Real(Happens::Closed { desk, slot, tries }));
                    self.later(
                        40_000,
                        Event::Input { node, run, input: trialogue_core::Input::ConsoleClosed { console } },
                    );
                }
                Reach::Refused => {
                    self.desk_closed(desk, slot);
                }
                Reach::Silent => self.world.real.desks[desk].ways[slot].broken = true,
            }
        }
        if reach != Reach::Good {
            self.legs_go(desk);
        }
    }

    /// The power of a node is gone: consoles notice at once where a program died, and by themselves where a machine
    /// did.
    pub(crate) fn desks_lose(&mut self, node: usize) {
        for desk in 0..self.world.real.desks.len() {
            for slot in 0..2 {
                let way = &self.world.real.desks[desk].ways[slot];
                if way.node != node || way.key.is_none() {
                    continue;
                }
                let tries = way.tries;
                if self.world.rng.one_in(2) {
                    self.later(10_000, Event::Real(Happens::Closed { desk, slot, tries }));
                }
            }
            self.legs_go(desk);
        }
    }

    /// A node that has just started tells consoles where else they find their party.
    pub(crate) fn tell_sites(&mut self, node: usize) {
        if self.world.real.is_empty() {
            return;
        }
        let party = self.world.fixture.sites[node].party;
        let others = self
            .world
            .fixture
            .sites
            .iter()
            .filter(|site| site.party == party && site.node != self.world.nodes[node].id);
        let site = |site: &crate::fixture::Site| Site { node: site.node.clone(), url: site.node.to_string() };
        let sites: Vec<Site> = others.map(site).collect();
        if let Some(machine) = self.world.nodes[node].machine.as_mut() {
            machine.set_sites(sites);
        }
    }

    /// A node has found a fault in itself.
    pub(crate) fn tell_fault(&mut self, node: usize, note: &trialogue_core::Note) {
        if let (trialogue_core::Note::Fault { what }, true) = (note, !self.world.real.is_empty()) {
            self.tell(format!("{} has a fault: {what}", self.world.nodes[node].id));
        }
    }

    /// A page is loaded anew. `resumes`: the tab remembers its call.
    pub(crate) fn reload_desk(&mut self, desk: usize, resumes: bool) {
        (0..2).for_each(|slot| self.desk_hangs_up(desk, slot));
        let line = self.world.real.shown(desk).call.as_ref().map(|call| call.line.clone()).filter(|_| resumes);
        let seed = self.world.rng.bytes();
        self.world.real.workers += 1;
        let worker = self.world.real.workers;
        // A page comes from a node: from the party's other one, where the usual one is gone for good.
        let held = &self.world.real.desks[desk];
        let (usual, party) = (held.ways[0].node, held.party);
        let there = |site: usize| self.world.fixture.sites[site].party == party && !self.world.nodes[site].hostile;
        let from =
            Some(usual).filter(|node| there(*node)).or_else(|| (0..self.world.nodes.len()).find(|at| there(*at)));
        self.world.real.desks[desk].ways[0].node = from.unwrap_or(usual);
        self.world.real.desks[desk].reload(self.world.fixture, worker, seed);
        self.later(300_000, opens(&self.world.real.desks[desk], desk, 0));
        self.desk_input(desk, Input::Tick);
        if self.world.real.desks[desk].soundless {
            self.desk_input(desk, Input::Command(Command::Sound { on: false }));
        }
        self.opens_written(desk);
        if let Some(line) = line {
            self.desk_input(desk, Input::Command(Command::Resume { line }));
        }
    }
}
