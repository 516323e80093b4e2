//! A world in which Korea's node is in hostile hands.

// Each test file uses a part of it.
#![allow(dead_code)]

use trialogue_charter::{CallId, LineId};
use trialogue_core::Count;
use trialogue_journal::fold::RingResponse;
use trialogue_journal::{Act, Body, Entry, Journal, Occasion, Statement};
use trialogue_sim::{JPN, LEADERS, USA, World};
use trialogue_wire::Bundle;
use trialogue_wire::link::LinkMessage;

pub const KOREA: usize = 1;

/// A world in which Korea's node is in hostile hands, keys and all.
pub struct Hostile {
    pub world: World,
    pub journal: Journal,
}

impl Hostile {
    pub fn new(seed: u64) -> Self {
        let mut world = World::on_watch(3, seed);
        // It is found where its journal was.
        let machine = world.nodes[KOREA].machine.as_ref().unwrap();
        let seq = machine.head();
        let node = world.nodes[KOREA].id.clone();
        let held = world.nodes[KOREA].disk.read();
        let last = held
            .iter()
            .map(|bundle| entry_of(&world, bundle))
            .filter(|e| e.entry().node == node)
            .max_by_key(|e| e.entry().seq);
        let journal = Journal::resume(node, seq, last.unwrap().hash());
        world.make_hostile(KOREA);
        world.run(1_000_000);
        Self { world, journal }
    }

    pub fn hello(&mut self) {
        let hello = LinkMessage::Hello {
            protocol: 1,
            node: self.world.nodes[KOREA].id.clone(),
            charter: self.world.fixture.charter.hash(),
            heads: vec![],
            serial: 1,
        };
        self.say(&hello);
    }

    pub fn say(&mut self, message: &LinkMessage) {
        for to in [0, 2] {
            self.world.say_as(KOREA, to, trialogue_wire::encode(message));
        }
        self.world.run(400_000);
    }

    pub fn sign(&self, entry: &Entry) -> Vec<u8> {
        entry.sign(&self.world.fixture.parties[KOREA].journal).0
    }

    pub fn entry(&mut self, body: Body, bodies: Vec<Vec<u8>>) -> Bundle {
        let entry = self.journal.append(1_800_000_010_000, body);
        Bundle { entry: self.sign(&entry), bodies: bodies.into_iter().map(Into::into).collect() }
    }

    /// A statement that it may journal.
    pub fn occasion(&self) -> Occasion {
        let node = self.world.nodes[KOREA].id.clone();
        Occasion { node, charter: self.world.fixture.charter.hash(), now_ms: 1_800_000_010_000 }
    }

    pub fn entries(&mut self, bundles: Vec<Bundle>) {
        self.say(&LinkMessage::Entries { bundles });
    }

    pub fn count(&self, count: Count) -> u64 {
        self.world.nodes[0].count(count)
    }

    /// An entry of its journal: what one of its consoles states, under this number.
    pub fn states(&mut self, console: usize, number: u64, line: &str, act: Act) -> Bundle {
        let keys = &self.world.fixture.parties[KOREA].devices[console];
        let line = LineId::new(line).unwrap();
        let statement = Statement::new(keys.id, number, &self.occasion(), line, act).sign(&keys.secret).0;
        self.entry(Body::Stated { statement }, vec![])
    }

    /// The same of a ring, and Japan's node is told it.
    pub fn rings(&mut self, console: usize, number: u64, line: &str, call: CallId) {
        let act = Act::Ring { call, offers: vec![], precedence: Default::default() };
        let bundles = vec![self.states(console, number, line, act)];
        self.world.say_as(KOREA, 0, trialogue_wire::encode(&LinkMessage::Entries { bundles }));
    }

    /// The leaders of the other two are in a call.
    pub fn the_others_talk(&mut self) -> CallId {
        self.world.offer(USA);
        let call = self.world.ring(USA, LEADERS);
        assert!(self.world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
        self.world.answer(JPN, LEADERS, call);
        assert!(self.world.run_until(|w| w.is_in(2, JPN, LEADERS) && w.is_in(0, USA, LEADERS)));
        call
    }

    /// The other two ring, answer and agree as if nothing were.
    pub fn the_others_call(&mut self) {
        let call = self.world.ring(USA, LEADERS);
        assert!(self.world.run_until(|w| w.consoles[JPN].rings_here(w.fixture, LEADERS) == Some(call)));
        self.world.answer(JPN, LEADERS, call);
        assert!(self.world.run_until(|w| w.response(USA, LEADERS, 0) == RingResponse::Answered));
        self.world.run(10_000_000);
        self.world.check_converged();
    }
}

pub fn entry_of(world: &World, bundle: &Bundle) -> trialogue_journal::VerifiedEntry {
    trialogue_journal::VerifiedEntry::open(&bundle.entry, &world.fixture.charter).unwrap()
}

pub fn line() -> LineId {
    LineId::new(LEADERS).unwrap()
}
