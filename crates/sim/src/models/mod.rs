//! Model consoles, three of each party: their WebSockets, what they say and are told, and the groups that they keep.

mod groups;
mod people;

use crate::agenda::Event;
use crate::console::SimConsole;
use crate::fixture::Fixture;
use crate::network::Travel;
use crate::node::SimNode;
use crate::rng::Rng;
use crate::world::DEVICES;
pub(crate) use groups::Members;
use groups::{Groups, Handshake};
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use trialogue_charter::{DeviceId, LineId};
use trialogue_core::{ConsoleKey, Input};
use trialogue_journal::fold::Participant;
use trialogue_journal::{Act, Carried, KeyOffer};
use trialogue_wire::console::ToNode;

/// A console says so often that it is still there.
const PING_US: u64 = 5_000_000;

/// All of a world, by position; each can be looked at and changed, and none is added or goes.
pub struct Models {
    fixture: &'static Fixture,
    consoles: Vec<SimConsole>,
    /// Whose each WebSocket is, or was.
    sockets: BTreeMap<ConsoleKey, usize>,
    /// When the last thing arrives at a console's node, or at the console: order is kept.
    last_us: BTreeMap<(usize, bool), u64>,
    groups: Groups,
    /// They keep their groups' members in line with who is in by themselves.
    keep_groups: bool,
}

/// What a console carries over to another node of its party: a line, its stay there, and the ring that it made.
pub(crate) type Stays = Vec<(LineId, Participant, Option<trialogue_journal::fold::Ring>)>;

impl Deref for Models {
    type Target = [SimConsole];

    fn deref(&self) -> &[SimConsole] {
        &self.consoles
    }
}

impl DerefMut for Models {
    fn deref_mut(&mut self) -> &mut [SimConsole] {
        &mut self.consoles
    }
}

impl Models {
    /// Three of each of so many parties, none of them connected.
    pub(crate) fn new(fixture: &'static Fixture, parties: usize) -> Self {
        let consoles = (0..parties).flat_map(|p| (0..DEVICES).map(move |d| SimConsole::new(fixture, p, d)));
        Self {
            fixture,
            consoles: consoles.collect(),
            sockets: BTreeMap::new(),
            last_us: BTreeMap::new(),
            groups: Groups::default(),
            keep_groups: false,
        }
    }

    /// From now on they keep their groups by themselves.
    pub(crate) fn keep_groups(&mut self) {
        self.keep_groups = true;
    }

    /// Whose this WebSocket is, or was.
    pub(crate) fn owner(&self, key: &ConsoleKey) -> Option<usize> {
        self.sockets.get(key).copied()
    }

    /// The device of a console.
    pub(crate) fn device(&self, console: usize) -> DeviceId {
        let console = &self.consoles[console];
        self.fixture.parties[console.party].devices[console.device].id
    }

    /// The console of a device.
    pub(crate) fn with(&self, device: &DeviceId) -> Option<usize> {
        (0..self.consoles.len()).find(|at| self.device(*at) == *device)
    }

    /// A console goes by the clock of its node.
    pub(crate) fn set_clock(&mut self, console: usize, nodes: &[SimNode]) {
        let console = &mut self.consoles[console];
        if let Some(machine) = &nodes[console.node].machine {
            console.now_ms = machine.time_ms();
        }
    }

    /// Opens a console's WebSocket, if its node runs.
    pub(crate) fn connect(&mut self, console: usize, travel: &mut Travel) {
        if travel.nodes[self.consoles[console].node].machine.is_none() {
            return;
        }
        let key = ConsoleKey(travel.rng.draw());
        self.sockets.insert(key, console);
        self.consoles[console].reset(self.fixture, Some(key));
        let nonce = travel.rng.bytes();
        self.input(console, Input::ConsoleOpened { console: key, nonce }, travel);
        travel.agenda.later(PING_US, Event::Ping { console, key });
    }

    /// A console's WebSocket breaks.
    pub(crate) fn disconnect(&mut self, console: usize, travel: &mut Travel) {
        if let Some(key) = self.consoles[console].key {
            self.input(console, Input::ConsoleClosed { console: key }, travel);
            self.consoles[console].reset(self.fixture, None);
        }
    }

    /// The power of a node is gone.
    pub(crate) fn lose(&mut self, node: usize) {
        for console in self.consoles.iter_mut().filter(|console| console.node == node) {
            console.reset(self.fixture, None);
        }
    }

    /// Hands an input of a console to its node, in order and a little later.
    fn input(&mut self, console: usize, input: Input, travel: &mut Travel) {
        let node = self.consoles[console].node;
        let due = self.arrival(console, true, travel);
        let run = travel.nodes[node].run;
        travel.agenda.at(due, Event::Input { node, run, input });
    }

    fn arrival(&mut self, console: usize, up: bool, travel: &mut Travel) -> u64 {
        let due = travel.agenda.now_us() + travel.rng.between(200, 20_000);
        let last = self.last_us.entry((console, up)).or_default();
        *last = due.max(*last + 1);
        *last
    }

    /// A console sends bytes, whatever they are.
    pub(crate) fn send(&mut self, console: usize, bytes: Vec<u8>, travel: &mut Travel) {
        if let Some(key) = self.consoles[console].key {
            self.input(console, Input::ConsoleMessage { console: key, bytes }, travel);
        }
    }

    /// A console says that it is still there, as long as it does not hang.
    pub(crate) fn ping(&mut self, console: usize, key: ConsoleKey, travel: &mut Travel) {
        if self.consoles[console].key == Some(key) && !self.consoles[console].silent {
            self.send(console, trialogue_wire::encode(&ToNode::Ping { number: 0 }), travel);
            travel.agenda.later(PING_US, Event::Ping { console, key });
        }
    }

    /// Signs an act and sends it.
    pub(crate) fn act(&mut self, console: usize, line: &str, act: Act, bodies: Vec<Vec<u8>>, travel: &mut Travel) {
        self.set_clock(console, travel.nodes);
        let message = self.consoles[console].state_act(self.fixture, line, act, bodies);
        self.send(console, trialogue_wire::encode(&message), travel);
    }

    /// Asks for a leg.
    pub(crate) fn offer(&mut self, console: usize, travel: &mut Travel) {
        let offer = trialogue_wire::leg::fixture::offer(1);
        self.send(console, trialogue_wire::encode(&ToNode::Offer { offer, leg: 1 }), travel);
    }

    /// A node says something to a console: it hears that a little later.
    pub(crate) fn tell(&mut self, key: ConsoleKey, bytes: Vec<u8>, last: bool, travel: &mut Travel) {
        let Some(console) = self.owner(&key) else { return };
        let due = self.arrival(console, false, travel);
        travel.agenda.at(due, Event::Hear { console, key, bytes, last });
    }

    /// A console hears something. `talks`: it wants a leg once it is let in.
    pub(crate) fn hear(
        &mut self,
        (console, key): (usize, ConsoleKey),
        bytes: &[u8],
        last: bool,
        talks: bool,
        travel: &mut Travel,
    ) {
        if self.consoles[console].key != Some(key) {
            return;
        }
        self.set_clock(console, travel.nodes);
        if !bytes.is_empty()
            && let Some(answer) = self.consoles[console].hear(self.fixture, bytes)
        {
            self.send(console, trialogue_wire::encode(&answer), travel);
        }
        if talks && self.consoles[console].wants_leg() {
            self.offer(console, travel);
        }
        if self.keep_groups {
            self.settle_groups(console, travel);
        }
        if last {
            self.input(console, Input::ConsoleClosed { console: key }, travel);
            (self.consoles[console].key, self.consoles[console].welcomed) = (None, false);
        }
    }

    /// Brings the group of a console's node in line with who is in, as the console sees both.
    pub(crate) fn commit(&mut self, console: usize, line: &LineId, travel: &mut Travel) {
        let (own, me) = (&self.consoles[console], self.device(console));
        let node = &travel.nodes[own.node].id;
        let Some(handshake) = self.groups.commit(own, node, line, me, travel.rng) else { return };
        let Handshake { act, bodies, adds } = handshake;
        self.act(console, line.as_str(), act, bodies, travel);
        self.consoles[console].committing = Some((self.consoles[console].number, adds));
    }

    /// A console that leads looks after its node's groups, one handshake at a time.
    fn settle_groups(&mut self, console: usize, travel: &mut Travel) {
        let own = &mut self.consoles[console];
        self.groups.moved(&mut own.moved);
        if !own.welcomed || own.committing.is_some() || own.silent || !std::mem::take(&mut own.fresh) {
            return;
        }
        let (node, me) = (travel.nodes[own.node].id.clone(), self.device(console));
        for line in self.fixture.charter.lines.iter().map(|line| &line.id) {
            if self.consoles[console].state.lead(&node, line) == Some(me) {
                self.commit(console, line, travel);
                if self.consoles[console].committing.is_some() {
                    // The rest when its node has decided.
                    return;
                }
            }
        }
    }

    /// A console is at one of its party's nodes, by chance.
    pub(crate) fn choose_site(&mut self, console: usize, rng: &mut Rng) {
        let party = self.consoles[console].party;
        let sites = self.fixture.sites.iter().enumerate().filter(|(_, site)| site.party == party);
        let sites: Vec<usize> = sites.map(|(at, _)| at).collect();
        self.consoles[console].node = sites[rng.below(sites.len() as u64) as usize];
    }

    /// The calls that a console is in on.
    pub(crate) fn stays(&self, console: usize) -> Stays {
        let (own, device) = (&self.consoles[console], self.device(console));
        let lines = self.fixture.charter.lines.iter().map(|line| &line.id);
        let stays = lines.filter_map(|line| {
            let stay = own.state.in_on(line).iter().find(|participant| participant.device == device)?;
            let ring = own.state.rings(line).iter().find(|ring| ring.device == device);
            Some((line.clone(), stay.clone(), ring.cloned()))
        });
        stays.collect()
    }

    /// A console comes over to the node where it is now, with the calls that it was in on before.
    pub(crate) fn come_over(&mut self, console: usize, stays: Stays, travel: &mut Travel) {
        for (line, stay, ring) in stays {
            let held = stay.floor == trialogue_journal::fold::Floor::Held;
            let call = ring.as_ref().map_or(stay.call, |ring| ring.call);
            let word = Carried { confirmed: vec![], ready: vec![], on: vec![], drops: vec![], held };
            let act = Act::Attach { call, offers: offers(stay), ring: ring.map(|ring| ring.precedence), word };
            self.act(console, line.as_str(), act, Vec::new(), travel);
        }
    }
}

fn offers(stay: Participant) -> Vec<KeyOffer> {
    stay.offers.into_iter().map(|(node, package)| KeyOffer { node, package }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agenda::Agenda;
    use crate::fixture::{LEADERS, fixture};

    /// The consoles of two parties whose nodes do not run: nothing that is said arrives anywhere but here.
    struct Bench {
        models: Models,
        nodes: Vec<SimNode>,
        rng: Rng,
        agenda: Agenda,
    }

    impl Bench {
        fn new() -> Self {
            let fixture = fixture(2);
            let node = |site: &crate::fixture::Site| SimNode::new(site.node.clone(), fixture.charter.clone());
            let nodes = fixture.sites.iter().map(node).collect();
            let mut models = Models::new(fixture, 2);
            models.consoles[0].key = Some(ConsoleKey(1));
            models.sockets.insert(ConsoleKey(1), 0);
            Self { models, nodes, rng: Rng::new(1), agenda: Agenda::default() }
        }

        fn does(&mut self, what: impl FnOnce(&mut Models, &mut Travel)) {
            let travel = &mut Travel { nodes: &self.nodes, rng: &mut self.rng, agenda: &mut self.agenda };
            what(&mut self.models, travel);
        }

        /// What reaches the node of the console, in order, within so long.
        fn come(&mut self, for_us: u64) -> Vec<ToNode> {
            let until_us = self.agenda.now_us() + for_us;
            let mut come = Vec::new();
            while let Some(event) = self.agenda.take(until_us) {
                match event {
                    Event::Input { input: Input::ConsoleMessage { bytes, .. }, .. } => {
                        come.push(trialogue_wire::decode(&bytes).unwrap());
                    }
                    Event::Ping { console, key } => self.does(|models, travel| models.ping(console, key, travel)),
                    _ => {}
                }
            }
            come
        }
    }

    #[test]
    fn nobody_connects_to_a_node_that_does_not_run() {
        let mut bench = Bench::new();
        bench.does(|models, travel| models.connect(1, travel));
        assert_eq!((bench.models[1].key, bench.agenda.first_us()), (None, None));
    }

    #[test]
    fn what_a_console_says_arrives_in_its_order() {
        let mut bench = Bench::new();
        for number in 0..50 {
            let bytes = trialogue_wire::encode(&ToNode::Ping { number });
            bench.does(|models, travel| models.send(0, bytes, travel));
        }
        let come: Vec<ToNode> = bench.come(1_000_000);
        assert_eq!(come, (0..50).map(|number| ToNode::Ping { number }).collect::<Vec<_>>());
    }

    #[test]
    fn one_that_hangs_says_no_more_that_it_is_there() {
        let mut bench = Bench::new();
        bench.does(|models, travel| models.ping(0, ConsoleKey(1), travel));
        assert_eq!(bench.come(12_000_000).len(), 3);
        bench.models[0].silent = true;
        assert!(bench.come(12_000_000).is_empty());
    }

    #[test]
    fn one_that_is_loaded_anew_hears_nothing_that_was_meant_for_the_page_before() {
        let mut bench = Bench::new();
        bench.does(|models, travel| models.disconnect(0, travel));
        bench.models.consoles[0].key = Some(ConsoleKey(2));
        let message = trialogue_wire::encode(&trialogue_wire::console::ToConsole::Pong { number: 1 });
        bench.does(|models, travel| models.hear((0, ConsoleKey(1)), &message, false, false, travel));
        assert!(bench.models[0].heard.is_empty());
        bench.does(|models, travel| models.hear((0, ConsoleKey(2)), &message, false, false, travel));
        assert_eq!(bench.models[0].heard.len(), 1);
    }

    #[test]
    fn an_act_is_told_apart_from_what_a_console_never_signed() {
        let mut bench = Bench::new();
        bench.does(|models, travel| models.act(0, LEADERS, Act::Leave { cause: None }, Vec::new(), travel));
        let [ToNode::State { statement, .. }] = &bench.come(1_000_000)[..] else { panic!("one statement") };
        let made = |statement: &[u8]| bench.models[0].made.contains(&crate::trace::digest(statement));
        assert!(made(statement) && !made(&statement[1..]));
    }
}
