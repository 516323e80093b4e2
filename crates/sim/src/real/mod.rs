//! Real consoles in the simulated network: `console-core` with its MLS groups in the place of the models. What a
//! browser or an endpoint is around a console (WebSockets, legs, a media worker) is a `Desk`, and it judges by the
//! keys that the console really gave out.

mod desk;
mod drive;
mod life;
mod net;
mod people;
mod promises;
mod written;

use crate::agenda::Event;
use crate::fixture::{Fixture, fixture_in};
use crate::rng::Rng;
use crate::world::World;
pub(crate) use desk::Desk;
pub(crate) use drive::Happens;
pub(crate) use life::real_network;
pub use promises::WHOLE_US;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};
use trialogue_charter::{DeviceId, Suite};
use trialogue_console_core::view::View;
use trialogue_core::ConsoleKey;
use written::Written;

/// Everything of a world that has real consoles; empty where there are none.
#[derive(Default)]
pub struct Real {
    pub(crate) desks: Vec<Desk>,
    /// Which console has this WebSocket, and at which of its two places.
    pub(crate) sockets: BTreeMap<ConsoleKey, (usize, usize)>,
    /// Every key that somebody ever sealed under.
    pub(crate) keys: BTreeMap<[u8; 32], Known>,
    /// Counts media workers.
    pub(crate) workers: u64,
    /// Since when a console seals what somebody can open who is out, as its own node sees it: who seals, who opens.
    pub(crate) out_us: BTreeMap<(usize, DeviceId), u64>,
    /// The same of whoever keeps a key of somebody who is out: who opens, who seals.
    pub(crate) kept_us: BTreeMap<(usize, DeviceId), u64>,
    /// How long it took at last until everybody had everybody's keys, once the network was whole.
    pub(crate) whole_us: u64,
    /// What was written.
    pub(crate) written: Written,
    /// Keys that were sealed under, and given to somebody who opens, for the tally.
    pub(crate) given: u64,
}

/// A key that was sealed under.
pub(crate) struct Known {
    /// The one media worker that had it.
    pub(crate) worker: u64,
    /// Everybody who was ever given it to open.
    pub(crate) holders: BTreeSet<DeviceId>,
}

/// More entries than one message of a network brings: revocations among them are read back at once.
const RECENT: usize = 256;
/// Which consoles of each party there are: the leader's and the first duty officer's.
const SEATED: usize = 2;

/// A world of so many nodes of each party, in which nothing is wrong, with real consoles that seal by this suite: the
/// leader's and a duty officer's of each party, on watch.
pub fn with_real_consoles(shape: &[usize], suite: Suite, seed: u64) -> World {
    let mut world = World::dark_in(fixture_in(shape, suite), shape.len(), seed);
    world.seated().seat();
    (0..world.nodes.len()).for_each(|node| world.start(node));
    world.seated().switch_on();
    world.run(5_000_000);
    world
}

/// A world at its real consoles: what people and machines do there, and what must hold of it.
pub struct Seated<'w> {
    world: &'w mut World,
}

impl Deref for Seated<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        self.world
    }
}

impl DerefMut for Seated<'_> {
    fn deref_mut(&mut self) -> &mut World {
        self.world
    }
}

impl Real {
    /// There are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.desks.is_empty()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.desks.len()
    }

    /// What one shows.
    pub fn shown(&self, desk: usize) -> &View {
        self.desks[desk].console.view()
    }

    /// For how many others one seals now.
    pub fn seals_for(&self, desk: usize) -> usize {
        self.desks[desk].seal.as_ref().map_or(0, |seal| seal.receivers)
    }

    /// When the next one wants to be called, and which.
    pub(crate) fn due(&self) -> Option<(u64, usize)> {
        let due = self.desks.iter().enumerate().filter_map(|(at, desk)| desk.due_us.map(|due| (due, at)));
        due.min()
    }

    /// The device that has this WebSocket.
    pub(crate) fn device_at(&self, key: &ConsoleKey) -> Option<DeviceId> {
        self.sockets.get(key).map(|(desk, _)| self.desks[*desk].id)
    }
}

impl<'w> Seated<'w> {
    pub(crate) fn at(world: &'w mut World) -> Self {
        Self { world }
    }

    /// A line of the trace.
    fn tell(&mut self, line: String) {
        self.world.tell(line);
    }

    fn later(&mut self, after_us: u64, event: Event) {
        self.world.agenda.later(after_us, event);
    }

    /// A console for each of these people, not yet switched on.
    pub(crate) fn seat(&mut self) {
        let fixture: &Fixture = self.world.fixture;
        self.world.nodes.iter_mut().for_each(|node| node.disk.recent = RECENT);
        self.world.network.give_up_what_hangs();
        for party in 0..fixture.parties.len() {
            for device in 0..SEATED {
                let mut chance = Rng::new(self.world.seed ^ ((party as u64) << 32 | device as u64));
                let mut desk = Desk::new(fixture, party, device, chance.bytes());
                self.world.real.workers += 1;
                desk.worker = self.world.real.workers;
                self.world.real.desks.push(desk);
            }
        }
    }

    /// All of them are switched on: the platform opens the first WebSocket by itself, and calls the console a first
    /// time.
    pub(crate) fn switch_on(&mut self) {
        for desk in 0..self.world.real.desks.len() {
            let opens = drive::opens(&self.world.real.desks[desk], desk, 0);
            self.later(1_000 * desk as u64, opens);
            self.desk_input(desk, trialogue_console_core::Input::Tick);
            self.opens_written(desk);
        }
    }
}
