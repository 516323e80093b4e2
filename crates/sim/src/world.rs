//! The world: parts that own what they are about, and what nodes and tests do with them.

use crate::agenda::{Agenda, Event};
use crate::console::SimConsole;
use crate::disk::Health;
use crate::fixture::{Fixture, fixture_of};
use crate::media::Media;
use crate::mischief::{Means, Mischief};
use crate::models::Models;
use crate::mutation::Mutation;
use crate::network::{Network, Travel};
use crate::node::SimNode;
use crate::real::{Real, Seated};
use crate::rng::Rng;
use crate::witness::Witness;
use trialogue_charter::{HybridSecret, VerifiedCharter};
use trialogue_core::{AmendError, Input, Machine, Setup, SnapshotError, Start};
use trialogue_wire::word::Word;

/// All of it.
pub struct World {
    /// Where it came from.
    pub seed: u64,
    /// Charter and keys.
    pub fixture: &'static Fixture,
    /// Chance.
    pub rng: Rng,
    /// What happens next, and what time it is.
    pub(crate) agenda: Agenda,
    /// As in [`Fixture::sites`].
    pub nodes: Vec<SimNode>,
    /// Three per party, in order.
    pub consoles: Models,
    /// Voices and pictures, in worlds that have any.
    pub(crate) media: Media,
    /// Who judges all of it.
    pub(crate) witness: Witness,
    /// What goes wrong on purpose.
    pub(crate) mischief: Mischief,
    /// Real consoles, in worlds that have any: the models are never connected there.
    pub real: Real,
    /// Cables between nodes.
    pub(crate) network: Network,
}

/// Devices per party.
pub const DEVICES: usize = 3;
/// Japan's first console, its leader's, in a world of the three default parties; the duty officers' follow.
pub const JPN: usize = 0;
/// Korea's.
pub const KOR: usize = DEVICES;
/// That of the USA.
pub const USA: usize = 2 * DEVICES;

impl World {
    /// So many parties with their nodes started and linked, and no console connected.
    pub fn new(parties: usize, seed: u64) -> Self {
        let mut world = Self::dark(&vec![1; parties], seed);
        (0..world.nodes.len()).for_each(|node| world.start(node));
        world
    }

    /// So many nodes of each party, none of which has started.
    pub fn dark(sites: &[usize], seed: u64) -> Self {
        Self::dark_in(fixture_of(sites), sites.len(), seed)
    }

    /// This world at its real consoles.
    pub fn seated(&mut self) -> Seated<'_> {
        Seated::at(self)
    }

    /// The same of a fixture.
    pub(crate) fn dark_in(fixture: &'static Fixture, parties: usize, seed: u64) -> Self {
        Self {
            seed,
            fixture,
            rng: Rng::new(seed),
            agenda: Agenda::default(),
            nodes: fixture.sites.iter().map(|site| SimNode::new(site.node.clone(), fixture.charter.clone())).collect(),
            consoles: Models::new(fixture, parties),
            media: Media::of(fixture.sites.len()),
            witness: Witness::default(),
            mischief: Mischief::default(),
            real: Real::default(),
            network: Network::of(fixture.sites.len()),
        }
    }

    /// Like [`World::new`], with every console connected and everything quiet.
    pub fn on_watch(parties: usize, seed: u64) -> Self {
        let mut world = Self::new(parties, seed);
        for console in 0..world.consoles.len() {
            world.connect(console);
        }
        world.run(5_000_000);
        assert!(world.consoles.iter().all(|console| console.welcomed));
        world
    }

    /// The console of a party's device.
    pub fn console(&self, party: usize, device: usize) -> &SimConsole {
        &self.consoles[party * DEVICES + device]
    }

    /// Microseconds since it began.
    pub fn now_us(&self) -> u64 {
        self.agenda.now_us()
    }

    /// The true time, milliseconds since 1970 UTC.
    pub fn wall_ms(&self) -> u64 {
        self.agenda.wall_ms()
    }

    /// Starts a node from its disk.
    ///
    /// # Panics
    /// When it cannot start from what its disk holds.
    pub fn start(&mut self, node: usize) {
        if !self.nodes[node].disk.is_restored() {
            self.witness.check_restored(node, &self.sight());
        }
        self.start_as(node);
    }

    /// Starts a node, which does not run, from a backup. Its own disk is gone.
    pub fn restore(&mut self, node: usize, backup: crate::disk::Disk) {
        self.nodes[node].disk = backup;
        self.nodes[node].disk.mark_restored();
        self.start_as(node);
    }

    /// Starts a node, which does not run, from whatever its disk is now: a machine that was set back, and knows nothing
    /// of it.
    pub fn set_back(&mut self, node: usize) {
        self.start_as(node);
    }

    #[allow(clippy::expect_used)]
    fn start_as(&mut self, node: usize) {
        let restored = self.nodes[node].disk.is_restored();
        if restored {
            self.nodes[node].restored_us = Some(self.agenda.now_us());
        }
        let site = &self.fixture.sites[node];
        let journal = HybridSecret::from_seed(site.journal.seed());
        let mut lineage = self.nodes[node].charters.clone();
        let charter = lineage.pop().expect("there is one from the start");
        let shelf = Some(self.nodes[node].disk.shelf());
        let setup = Setup {
            charter,
            lineage,
            node: site.node.clone(),
            journal,
            next_journal: None,
            alerts: true,
            restored,
            shelf,
        };
        let held = self.nodes[node].disk.read();
        self.nodes[node].know_all(&held);
        drop(held);
        if self.agenda.now_us().is_multiple_of(2) || self.nodes[node].backup.is_none() {
            self.nodes[node].backup = Some(self.nodes[node].disk.copy());
        }
        let mut start = Start::new(setup, self.nodes[node].now(&self.agenda)).expect("the charter has it");
        if let Some(snapshot) = self.nodes[node].disk.snapshot() {
            let outcome = start.snapshot(&snapshot);
            assert!(matches!(outcome, Ok(()) | Err(SnapshotError::Charter)), "{outcome:?}");
        }
        for bundle in self.nodes[node].disk.read_after(&start.positions()) {
            start.entry(bundle).expect("a disk that was written in order is whole");
        }
        let machine = start.done();
        self.witness.check_read(node, &machine, &self.sight());
        let own = &mut self.nodes[node];
        own.written = machine.head();
        own.machine = Some(machine);
        own.run += 1;
        (own.syncing, own.excused, own.chunks) = (false, false, 0);
        own.routes.clear();
        own.legs.clear();
        let talks = self.media.start(node, &self.nodes[node], &mut self.rng);
        self.witness.started(node, talks);
        self.seated().tell_sites(node);
        let from = if restored { " from a backup" } else { "" };
        self.tell(format!("{} starts{from}", self.nodes[node].id));
        self.set_due(node);
        self.relink(node);
    }

    /// The power of a node goes.
    pub fn crash(&mut self, node: usize) {
        self.nodes[node].machine = None;
        self.media.stop(node);
        self.witness.stopped(node);
        (self.nodes[node].due_us, self.nodes[node].due_cause) = (None, None);
        self.nodes[node].disk.crash(&mut self.rng);
        self.tell(format!("{} loses power", self.nodes[node].id));
        self.relink(node);
        self.seated().desks_lose(node);
        self.consoles.lose(node);
    }

    /// A test speaks for this node from now on.
    pub fn make_hostile(&mut self, node: usize) {
        self.crash(node);
        self.nodes[node].hostile = true;
        self.relink(node);
    }

    /// A hostile node says something.
    pub fn say_as(&mut self, from: usize, to: usize, bytes: Vec<u8>) {
        self.cabled(|network, travel| network.transmit(from, to, bytes, travel));
    }

    /// Shortest and longest time that a message travels between nodes from now on, in microseconds.
    pub fn set_delay(&mut self, delay_us: (u64, u64)) {
        self.network.set_delay(delay_us);
    }

    /// Cuts the cable between two nodes.
    pub fn cut(&mut self, a: usize, b: usize) {
        self.cabled(|network, travel| network.set_cut(a, b, true, travel));
    }

    /// Mends the cable between two nodes.
    pub fn mend(&mut self, a: usize, b: usize) {
        self.cabled(|network, travel| network.set_cut(a, b, false, travel));
    }

    /// From now on nothing arrives between two nodes, and neither notices; or no more.
    pub fn hang(&mut self, a: usize, b: usize, hangs: bool) {
        self.deafen(a, b, hangs);
        self.deafen(b, a, hangs);
    }

    /// From now on nothing of `to` arrives at `at`; or everything does again.
    pub fn deafen(&mut self, at: usize, to: usize, deaf: bool) {
        self.cabled(|network, travel| network.deafen(at, to, deaf, travel));
    }

    /// Makes and ends connections of a node as its state and its cables say.
    pub(crate) fn relink(&mut self, node: usize) {
        self.cabled(|network, travel| network.relink(node, travel));
    }

    /// Something is done with the cables.
    pub(crate) fn cabled(&mut self, does: impl FnOnce(&mut Network, &mut Travel)) {
        let travel = &mut Travel { nodes: &self.nodes, rng: &mut self.rng, agenda: &mut self.agenda };
        does(&mut self.network, travel);
    }

    /// How a node's disk does from now on.
    pub fn set_disk(&mut self, node: usize, health: Health) {
        self.nodes[node].disk.health = health;
        self.nodes[node].excused |= health != Health::Good;
        if health == Health::Good && self.nodes[node].syncing {
            let run = self.nodes[node].run;
            self.agenda.later(1_000, Event::Sync { node, run });
        }
    }

    /// Opens a console's WebSocket.
    pub fn connect(&mut self, console: usize) {
        self.at_consoles(|consoles, travel| consoles.connect(console, travel));
    }

    /// A console's WebSocket breaks.
    pub fn disconnect(&mut self, console: usize) {
        self.at_consoles(|consoles, travel| consoles.disconnect(console, travel));
    }

    /// Something is done at model consoles.
    pub(crate) fn at_consoles<T>(&mut self, does: impl FnOnce(&mut Models, &mut Travel) -> T) -> T {
        let travel = &mut Travel { nodes: &self.nodes, rng: &mut self.rng, agenda: &mut self.agenda };
        does(&mut self.consoles, travel)
    }

    /// What goes wrong on purpose, and what somebody has who does it with a node's keys.
    pub(crate) fn mischief(&mut self) -> (&mut Mischief, Means<'_>) {
        let means = Means {
            fixture: self.fixture,
            nodes: &self.nodes,
            consoles: &self.consoles,
            media: &self.media,
            network: &mut self.network,
            agenda: &mut self.agenda,
            rng: &mut self.rng,
            witness: &mut self.witness,
        };
        (&mut self.mischief, means)
    }

    /// Disks may fail in this world, as chance has it.
    pub fn let_disks_fail(&mut self, fail: bool) {
        self.mischief.let_disks_fail(fail);
    }

    /// A safeguard is missing from now on, to see that its loss is noticed.
    pub(crate) fn without(&mut self, safeguard: Option<Mutation>) {
        self.mischief.take_away(safeguard);
        match safeguard {
            Some(Mutation::NoDedupe) => self.media.renumber(),
            Some(Mutation::PicturesFirst) => self.media.swap_media(),
            _ => {}
        }
    }

    /// A word with the signature of one node, whoever's it claims to be.
    pub fn word_by(&self, signer: usize, word: &Word) -> Vec<u8> {
        crate::mischief::word_by(self.fixture, signer, word)
    }

    /// Gives a node an input now.
    pub fn input(&mut self, node: usize, input: Input) {
        let now = self.nodes[node].now(&self.agenda);
        if let Some(machine) = self.nodes[node].machine.as_mut() {
            machine.handle(now, input);
            self.witness.state_changed(node);
            self.drain(node);
        }
    }

    /// Gives a node an input while its outputs are being done: those that follow are done with them.
    pub(crate) fn input_quietly(&mut self, node: usize, input: Input) {
        let now = self.nodes[node].now(&self.agenda);
        if let Some(machine) = self.nodes[node].machine.as_mut() {
            machine.handle(now, input);
        }
        while let Some(output) = self.nodes[node].machine.as_mut().and_then(Machine::poll) {
            self.asks(node, output);
        }
    }

    /// The operator of a node installs a charter.
    ///
    /// # Errors
    /// Why the node does not take it.
    pub fn install(&mut self, node: usize, charter: &VerifiedCharter) -> Result<(), AmendError> {
        let now = self.nodes[node].now(&self.agenda);
        let Some(machine) = self.nodes[node].machine.as_mut() else { return Ok(()) };
        let outcome = machine.amend(now, charter.bytes(), None);
        self.drain(node);
        outcome
    }
}
