//! Real consoles at real nodes in one process, without sockets: messages come in order, time moves when nothing else is
//! to do.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod drive;
pub mod rogue;
mod trace;
pub mod writing;

use rogue::{LinkTamper, SaidTamper, Tamper};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use trace::trace;
use trialogue_charter::fixture::Trilateral;
use trialogue_charter::{DeviceId, Hash, HybridSecret, NodeId, Suite, VerifiedCharter};
use trialogue_console_core::view::*;
use trialogue_console_core::{Chance, Console, Event, Identity, Input, OpenKey, Output, Receiving, enrol};
use trialogue_core::{ConsoleKey, Machine, Now, Setup};
use trialogue_wire::Bundle;
use trialogue_wire::console::Site;

pub const START_MS: u64 = 1_700_000_000_000;
pub const SECOND: u64 = 1_000_000;

/// Other numbers each time.
pub fn chance() -> Chance {
    Chance::new(|bytes| getrandom::fill(bytes).is_ok())
}

pub struct Desk {
    pub console: Console,
    pub node: usize,
    pub key: Option<ConsoleKey>,
    /// The WebSocket to its party's other site: which node, under which key, and when it is opened.
    pub other: (usize, Option<ConsoleKey>, Option<u64>),
    /// Which of the two it speaks and hears over.
    pub active: u8,
    /// The network between console and node is cut.
    pub cut: bool,
    /// So many times it opens a WebSocket that never answers.
    pub unanswered: u32,
    pub open_at: Option<u64>,
    pub stopped: bool,
    pub ringing: bool,
    /// Calls that its first line was shown with, ringing or not, each time that this changed.
    pub shown: Vec<(bool, bool)>,
    /// What it gave out for its party's archive, and what of it stands in the journal.
    pub archived: Vec<trialogue_console_core::Archived>,
    pub archived_chunks: Vec<trialogue_console_core::ArchivedChunk>,
    pub archive_said: Vec<trialogue_console_core::ArchiveWord>,
    pub seal: Option<(u64, [u8; 32])>,
    /// By whom it is to be heard.
    pub seal_for: Vec<Receiving>,
    /// Keys that it has sealed under, by themselves (ids of two groups may be alike), with the media worker that had
    /// each.
    pub sealed_keys: BTreeMap<[u8; 32], u32>,
    /// Counts its media workers.
    pub worker: u32,
    pub open_with: BTreeMap<u64, OpenKey>,
    pub open: BTreeMap<u64, (DeviceId, [u8; 32])>,
    pub events: Vec<Event>,
    pub charter: Option<Vec<u8>>,
    pub offers: usize,
    /// Number of the leg that it was asked for last, at its site and at the other one.
    pub legs: [u32; 2],
    /// What its node asked last.
    pub asked: Option<[u8; 16]>,
    /// What it has had kept of the written line, and the line that it shows.
    pub kept: Option<Vec<u8>>,
    pub written: Option<WrittenView>,
    /// Sealed chunks of what it attaches, how many of them it gave to a node, and the file that it fetched, whole or
    /// not.
    pub chunks: BTreeMap<Hash, Vec<u8>>,
    pub gave: usize,
    /// It gives no more than so many: its disk hangs.
    pub gives: usize,
    pub file: (Vec<u8>, bool),
    /// Messages from the node, as they came.
    pub heard: Vec<Vec<u8>>,
    /// How far its clock is off, in milliseconds.
    pub off_ms: i64,
    /// How far the time that its console has run is ahead.
    pub off_us: u64,
}

pub struct Node {
    pub id: NodeId,
    pub machine: Option<Machine>,
    pub disk: BTreeMap<NodeId, Vec<Bundle>>,
    /// Chunks that it has had kept since it started.
    pub chunks: u64,
    /// How far its clock is off, in milliseconds.
    pub off_ms: i64,
    /// When people were alerted to a message that nobody has acknowledged, microseconds of the world.
    pub alerted_us: Vec<u64>,
}

enum Step {
    ToNode(usize, trialogue_core::Input),
    ToConsole(usize, Input),
}

pub struct World {
    pub now_us: u64,
    pub fixture: Trilateral,
    pub nodes: Vec<Node>,
    pub desks: Vec<Desk>,
    pub cut_links: BTreeSet<(usize, usize)>,
    pub tamper: Option<Tamper>,
    pub link_tamper: Option<LinkTamper>,
    pub said_tamper: Option<SaidTamper>,
    /// Over whose links frames came, as every media thread says.
    pub ways: Vec<NodeId>,
    steps: VecDeque<Step>,
    keys: u64,
}

impl World {
    /// The three nodes of the fixture, up and linked.
    pub fn new(suite: Suite) -> Self {
        Self::of(Trilateral::new(suite))
    }

    /// The same with an alternate site for the USA, node 3.
    pub fn with_alternate(suite: Suite) -> Self {
        let mut fixture = Trilateral::new(suite);
        fixture.charter = trialogue_charter::fixture::amended(&fixture.charter, |charter| {
            let main = charter.nodes.iter().find(|node| node.id.as_str() == "usa-1").unwrap();
            charter.nodes.push(trialogue_charter::Node {
                id: NodeId::new("usa-2").unwrap(),
                journal: alternate_key().public(),
                link: HybridSecret::from_seed(&[6; 32]).public().ed25519,
                index: 3,
                ..main.clone()
            });
        });
        Self::of(fixture)
    }

    pub fn of(fixture: Trilateral) -> Self {
        let ids: Vec<NodeId> = fixture.charter.nodes.iter().map(|node| node.id.clone()).collect();
        let nodes = ids
            .into_iter()
            .map(|id| Node { id, machine: None, disk: BTreeMap::new(), chunks: 0, alerted_us: Vec::new(), off_ms: 0 })
            .collect();
        let mut world = Self {
            now_us: SECOND,
            fixture,
            nodes,
            desks: Vec::new(),
            cut_links: BTreeSet::new(),
            tamper: None,
            link_tamper: None,
            said_tamper: None,
            ways: Vec::new(),
            steps: VecDeque::new(),
            keys: 0,
        };
        for node in 0..world.nodes.len() {
            world.start_node(node);
        }
        world.run(3 * SECOND);
        world
    }

    pub fn start_node(&mut self, node: usize) {
        let id = self.nodes[node].id.clone();
        let setup = Setup {
            charter: Arc::new(self.fixture.charter.clone()),
            lineage: Vec::new(),
            next_journal: None,
            node: id.clone(),
            journal: if id.as_str() == "usa-2" { alternate_key() } else { self.fixture.journal(&id).clone() },
            alerts: true,
            restored: false,
            shelf: None,
        };
        let held: Vec<Bundle> = self.nodes[node].disk.values().flatten().cloned().collect();
        let mut machine = Machine::restore(setup, self.now(), held).unwrap();
        if id.as_str() == "usa-1" && self.nodes.len() > 3 {
            machine.set_sites(vec![Site { node: NodeId::new("usa-2").unwrap(), url: "usa-2".into() }]);
        }
        self.nodes[node].machine = Some(machine);
        for other in 0..self.nodes.len() {
            if other != node && self.nodes[other].machine.is_some() {
                self.link(node, other, true);
            }
        }
        self.drain_node(node);
    }

    /// The operator of a node installs a charter.
    pub fn install(&mut self, node: usize, charter: &VerifiedCharter) {
        let now = self.now();
        self.nodes[node].machine.as_mut().unwrap().amend(now, charter.bytes(), None).unwrap();
        self.drain_node(node);
    }

    /// The node dies; its disk stays.
    pub fn kill_node(&mut self, node: usize) {
        self.nodes[node].machine = None;
        self.nodes[node].chunks = 0;
        for other in 0..self.nodes.len() {
            if other != node {
                let down = trialogue_core::Input::LinkDown { node: self.nodes[node].id.clone() };
                self.steps.push_back(Step::ToNode(other, down));
            }
        }
        for desk in 0..self.desks.len() {
            if self.desks[desk].node == node && self.desks[desk].key.take().is_some() {
                self.steps.push_back(Step::ToConsole(desk, Input::Closed));
                let leg = self.desks[desk].legs[0];
                self.steps.push_back(Step::ToConsole(desk, Input::LegDown { leg }));
            }
            if self.desks[desk].other.0 == node && self.desks[desk].other.1.take().is_some() {
                self.steps.push_back(Step::ToConsole(desk, at_other(Input::Closed)));
                let leg = self.desks[desk].legs[1];
                self.steps.push_back(Step::ToConsole(desk, at_other(Input::LegDown { leg })));
            }
        }
    }

    pub fn link(&mut self, a: usize, b: usize, up: bool) {
        let (first, second) = (self.nodes[a].id.clone(), self.nodes[b].id.clone());
        if up {
            self.cut_links.remove(&(a.min(b), a.max(b)));
        } else {
            self.cut_links.insert((a.min(b), a.max(b)));
        }
        for (at, node) in [(a, second), (b, first)] {
            let input = if up {
                trialogue_core::Input::LinkUp { node, round_trip_us: Some(1_000) }
            } else {
                trialogue_core::Input::LinkDown { node }
            };
            self.steps.push_back(Step::ToNode(at, input));
        }
    }

    pub fn identity(&self, office: &str, number: u8) -> Identity {
        enrol(&self.fixture.enrolment(office, number).to_fragment(), START_MS, &mut chance()).unwrap()
    }

    /// A console of an office comes on watch; returns its place.
    pub fn desk(&mut self, office: &str) -> usize {
        let number = self.desks.len() as u8 + 1;
        let identity = self.identity(office, number);
        self.desk_with(identity)
    }

    pub fn desk_with(&mut self, identity: Identity) -> usize {
        let console = Console::new(identity.clone(), None, true, chance()).unwrap();
        let party = self.fixture.charter.party_with_root(&identity.root).unwrap().id.clone();
        let node = self.fixture.charter.nodes.iter().position(|node| node.party == party).unwrap();
        self.desks.push(Desk {
            console,
            node,
            key: None,
            other: (0, None, None),
            active: 0,
            cut: false,
            unanswered: 0,
            open_at: Some(self.now_us),
            stopped: false,
            shown: Vec::new(),
            archived: Vec::new(),
            archived_chunks: Vec::new(),
            archive_said: Vec::new(),
            ringing: false,
            seal: None,
            seal_for: Vec::new(),
            sealed_keys: BTreeMap::new(),
            worker: 0,
            open_with: BTreeMap::new(),
            open: BTreeMap::new(),
            events: Vec::new(),
            charter: None,
            offers: 0,
            legs: [0; 2],
            asked: None,
            kept: None,
            written: None,
            chunks: BTreeMap::new(),
            gave: 0,
            gives: usize::MAX,
            file: (Vec::new(), false),
            heard: Vec::new(),
            off_ms: 0,
            off_us: 0,
        });
        self.desks.len() - 1
    }

    /// Three consoles of the leaders' line, one per party, on watch, legs up.
    pub fn leaders(suite: Suite) -> Self {
        let mut world = Self::new(suite);
        for office in ["jpn-leaders", "kor-leaders", "usa-leaders"] {
            world.desk(office);
        }
        world.until(10, |world| world.desks.iter().all(|desk| desk.console.view().node == NodeLink::Up));
        world.until(10, |world| {
            world.desks.iter().all(|d| d.console.view().lines[0].parties.iter().all(|p| p.on_watch > 0 && p.reached))
        });
        world.until(10, |world| world.desks.iter().all(|desk| desk.offers > 0));
        world
    }

    pub fn now(&self) -> Now {
        Now { us: self.now_us, wall_ms: self.wall_ms() }
    }

    pub fn wall_ms(&self) -> u64 {
        START_MS + self.now_us / 1_000
    }

    pub fn view(&self, desk: usize) -> &View {
        self.desks[desk].console.view()
    }

    pub fn line(&self, desk: usize) -> &LineView {
        &self.view(desk).lines[0]
    }

    pub fn call(&self, desk: usize) -> &CallView {
        self.view(desk).call.as_ref().expect("in a call")
    }

    /// The listener has the key under which the speaker seals now.
    pub fn hears(&self, listener: usize, speaker: usize) -> bool {
        let Some((id, key)) = self.desks[speaker].seal else { return false };
        self.desks[listener].open.get(&id).is_some_and(|(_, held)| *held == key)
    }

    pub fn party(&self, desk: usize, party: &str) -> &PartyView {
        self.line(desk).parties.iter().find(|view| view.id == party).unwrap()
    }

    pub fn command(&mut self, desk: usize, command: Command) {
        self.steps.push_back(Step::ToConsole(desk, Input::Command(command)));
    }

    pub fn ring(&mut self, desk: usize) {
        self.command(desk, Command::Ring { line: "leaders".into(), precedence: Default::default() });
    }

    pub fn answer(&mut self, desk: usize) {
        self.command(desk, Command::Answer { line: "leaders".into() });
    }

    pub fn input(&mut self, desk: usize, input: Input) {
        self.steps.push_back(Step::ToConsole(desk, input));
    }

    pub fn node_input(&mut self, node: usize, input: trialogue_core::Input) {
        self.steps.push_back(Step::ToNode(node, input));
    }

    /// Cuts a console off its node, or joins it again.
    pub fn cut(&mut self, desk: usize, cut: bool) {
        self.desks[desk].cut = cut;
        if cut && let Some(key) = self.desks[desk].key.take() {
            let node = self.desks[desk].node;
            self.steps.push_back(Step::ToNode(node, trialogue_core::Input::ConsoleClosed { console: key }));
            self.steps.push_back(Step::ToConsole(desk, Input::Closed));
        }
    }

    /// The page is loaded anew: the same identity, nothing else.
    pub fn reload(&mut self, desk: usize, identity: Identity) {
        self.cut(desk, true);
        self.settle();
        let node = self.desks[desk].node;
        let console = Console::new(identity, self.desks[desk].charter.clone(), true, chance()).unwrap();
        let now = self.now_us;
        let held = &mut self.desks[desk];
        held.console = console;
        held.cut = false;
        held.node = node;
        held.open_at = Some(now);
        held.seal = None;
        held.open.clear();
    }

    /// The same with a written line: the platform keeps things for the console.
    pub fn writer(&mut self, office: &str) -> usize {
        let desk = self.desk(office);
        self.desks[desk].console.keep_writings(None);
        desk
    }

    /// The page is loaded anew, and what was kept of the written line is there.
    pub fn reload_writer(&mut self, desk: usize, identity: Identity) {
        self.reload(desk, identity);
        let kept = self.desks[desk].kept.clone();
        self.desks[desk].console.keep_writings(kept.as_deref());
        self.desks[desk].written = None;
    }

    /// A file is read to its end, as the page does it, and attached to what is written next.
    pub fn attach_file(&mut self, desk: usize, line: &str, name: &str, file: &[u8]) {
        let held = &mut self.desks[desk];
        held.console.attach_file(line, name, file.len() as u64).unwrap();
        for piece in file.chunks(trialogue_e2ee::writing::PIECE) {
            assert_eq!(held.console.attach_next(), piece.len());
            let (hash, chunk) = held.console.attach_piece(piece).unwrap();
            held.chunks.insert(hash, chunk);
        }
        assert_eq!(held.console.attach_next(), 0);
        held.console.finish_attaching().unwrap();
        self.input(desk, Input::Tick);
        self.settle();
    }

    pub fn written(&self, desk: usize) -> &WrittenView {
        self.desks[desk].written.as_ref().expect("a written line is open")
    }

    /// Everyone in `desks` seals for and opens everyone else, and only them.
    pub fn keys_match(&self, desks: &[usize]) -> bool {
        desks.iter().all(|speaker| {
            let Some((id, key)) = self.desks[*speaker].seal else { return false };
            let device = self.desks[*speaker].console.device();
            desks
                .iter()
                .filter(|other| *other != speaker)
                .all(|other| self.desks[*other].open.get(&id) == Some(&(device, key)) && self.knows(*other, *speaker))
        })
    }

    /// What is said to a node now.
    pub fn occasion(&self, node: usize) -> trialogue_journal::Occasion {
        let (node, charter) = (self.nodes[node].id.clone(), self.fixture.charter.hash());
        trialogue_journal::Occasion { node, charter, now_ms: self.wall_ms() }
    }

    /// Would one know what another seals now to be its own? And nobody else's tag does for it.
    pub fn knows(&self, other: usize, speaker: usize) -> bool {
        let Some((id, _)) = self.desks[speaker].seal else { return false };
        let Some(key) = self.desks[other].open_with.get(&id) else { return false };
        let fits = |to: &&Receiving| *to.tag_key == *key.tag_key && to.party == key.party;
        self.desks[speaker].seal_for.iter().filter(fits).count() == 1
    }

    pub fn all_ready(&self, desks: &[usize]) -> bool {
        self.keys_match(desks)
            && desks.iter().all(|desk| {
                self.view(*desk).call.as_ref().is_some_and(|call| {
                    call.sealing == Sealing::Sealed
                        && call.members.len() == desks.len()
                        && call.members.iter().all(|member| member.keys == KeyState::Ready)
                        && call.code.len() == 30
                        && call.code == self.call(desks[0]).code
                })
            })
    }

    /// Runs until it holds, at most so many seconds of the world.
    #[track_caller]
    pub fn until(&mut self, seconds: u64, holds: impl Fn(&Self) -> bool) {
        let end = self.now_us + seconds * SECOND;
        loop {
            self.settle();
            if holds(self) {
                return;
            }
            if self.now_us >= end {
                for desk in &self.desks {
                    eprintln!(
                        "{:#?}\nseal {:?} open {:?}\n{:?}",
                        desk.console.view(),
                        desk.seal.map(|s| s.0),
                        desk.open.keys(),
                        desk.events
                    );
                }
                panic!("it did not come to hold");
            }
            self.advance(end);
        }
    }
}

fn at_other(input: Input) -> Input {
    Input::At { slot: 1, input: Box::new(input) }
}

fn alternate_key() -> HybridSecret {
    HybridSecret::from_seed(&[5; 32])
}
