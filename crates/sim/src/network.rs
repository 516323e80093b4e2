//! Cables between nodes: cut, hanging, mended; connections over them, and what arrives when.

use crate::agenda::{Agenda, Event};
use crate::media::Datagram;
use crate::node::SimNode;
use crate::rng::Rng;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::NodeId;
use trialogue_core::Input;

/// The way between two nodes.
#[derive(Default)]
struct Cable {
    cut: bool,
    /// The connection stands and nothing arrives: at the lower end, at the higher one.
    deaf: [bool; 2],
    /// Messages that wait for that: a connection loses none, it delivers them or ends. With the connection that they
    /// are of.
    held: [Vec<(u64, Vec<u8>)>; 2],
    /// How it treats datagrams.
    quality: Quality,
    /// Longest time that a message may take more than the network's usual one, in microseconds.
    slow_us: u64,
    /// Until when each direction is busy with datagrams, where it has a rate.
    busy_us: [u64; 2],
    /// Counts connections; none: there is none now.
    connection: Option<u64>,
    /// When the last thing arrives at either end: order within a connection is kept.
    last_us: [u64; 2],
}

/// How a cable treats datagrams: chances in a thousand, and kbit/s.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Quality {
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) kbit_s: Option<u64>,
}

/// What everything that travels needs: whether nodes run, chance, and when it arrives.
pub(crate) struct Travel<'a> {
    pub(crate) nodes: &'a [SimNode],
    pub(crate) rng: &'a mut Rng,
    pub(crate) agenda: &'a mut Agenda,
}

/// After so long without a word a connection is given up, as the shell does it.
pub(crate) const IDLE_US: u64 = 6_000_000;
/// A picture that would wait longer than that for the cable is dropped.
const PICTURE_WAITS_US: u64 = 100_000;

/// All cables, by the positions of their nodes, the lower one first.
pub(crate) struct Network {
    cables: BTreeMap<(usize, usize), Cable>,
    /// Counts connections of all cables.
    connections: u64,
    /// Shortest and longest time that a message travels, in microseconds.
    delay_us: (u64, u64),
    /// A connection over which nothing comes is given up after a while. Where consoles only talk, one that hangs stands
    /// until a test says otherwise.
    gives_up: bool,
    /// When a connection was made or ended last.
    changed_us: u64,
}

/// A cable's name.
fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

impl Network {
    /// A cable between each two of so many nodes.
    pub(crate) fn of(nodes: usize) -> Self {
        let pairs = (0..nodes).flat_map(|a| (a + 1..nodes).map(move |b| (a, b)));
        Self {
            cables: pairs.map(|pair| (pair, Cable::default())).collect(),
            connections: 0,
            delay_us: (1_000, 120_000),
            gives_up: false,
            changed_us: 0,
        }
    }

    pub(crate) fn set_delay(&mut self, delay_us: (u64, u64)) {
        self.delay_us = delay_us;
    }

    /// From now on a connection over which nothing comes is given up after a while.
    pub(crate) fn give_up_what_hangs(&mut self) {
        self.gives_up = true;
    }

    /// When a connection was made or ended last.
    pub(crate) fn changed_us(&self) -> u64 {
        self.changed_us
    }

    /// All cables.
    pub(crate) fn pairs(&self) -> Vec<(usize, usize)> {
        self.cables.keys().copied().collect()
    }

    /// Does a connection stand between two nodes?
    pub(crate) fn carries(&self, a: usize, b: usize) -> bool {
        self.cables.get(&pair(a, b)).is_some_and(|cable| cable.connection.is_some())
    }

    /// Does this very connection stand?
    pub(crate) fn stands(&self, a: usize, b: usize, connection: u64) -> bool {
        self.cables.get(&pair(a, b)).and_then(|cable| cable.connection) == Some(connection)
    }

    /// A connection hangs and nobody has noticed.
    pub(crate) fn hangs_unnoticed(&self) -> bool {
        self.cables.values().any(|cable| cable.connection.is_some() && cable.deaf.contains(&true))
    }

    /// Nodes that can be reached from one over nodes that run and cables that carry.
    pub(crate) fn reached(&self, from: usize, nodes: &[SimNode]) -> BTreeSet<usize> {
        let (mut reached, mut next) = (BTreeSet::from([from]), vec![from]);
        while let Some(at) = next.pop() {
            for (other, node) in nodes.iter().enumerate() {
                if self.carries(at, other) && node.machine.is_some() && reached.insert(other) {
                    next.push(other);
                }
            }
        }
        reached
    }

    /// Cuts the cable between two nodes, or mends it.
    pub(crate) fn set_cut(&mut self, a: usize, b: usize, cut: bool, travel: &mut Travel) {
        if let Some(cable) = self.cables.get_mut(&pair(a, b)) {
            cable.cut = cut;
        }
        self.relink(a, travel);
    }

    /// How a cable treats datagrams from now on, and by how much it is slower than usual.
    pub(crate) fn set_quality(&mut self, a: usize, b: usize, quality: Quality, slow_us: u64) {
        if let Some(cable) = self.cables.get_mut(&pair(a, b)) {
            (cable.quality, cable.slow_us) = (quality, slow_us);
        }
    }

    /// By how much a cable is slower than usual from now on.
    pub(crate) fn set_slow(&mut self, a: usize, b: usize, slow_us: u64) {
        if let Some(cable) = self.cables.get_mut(&pair(a, b)) {
            cable.slow_us = slow_us;
        }
    }

    /// From now on nothing of `to` arrives at `at`; or everything does again.
    pub(crate) fn deafen(&mut self, at: usize, to: usize, deaf: bool, travel: &mut Travel) {
        let pair = pair(at, to);
        if let Some(cable) = self.cables.get_mut(&pair) {
            cable.deaf[usize::from(at == pair.1)] = deaf;
            if let Some(connection) = cable.connection.filter(|_| deaf && self.gives_up) {
                travel.agenda.later(IDLE_US, Event::Idle { pair, connection });
            }
        }
        if !deaf {
            self.relink(at, travel);
            self.hear_again(at, to, travel);
        }
    }

    fn hear_again(&mut self, at: usize, to: usize, travel: &mut Travel) {
        let pair = pair(at, to);
        let held = self.cables.get_mut(&pair).map(|cable| std::mem::take(&mut cable.held[usize::from(at == pair.1)]));
        for (connection, bytes) in held.unwrap_or_default() {
            let due = self.arrival(pair, at, travel);
            travel.agenda.at(due, Event::Message { from: to, to: at, connection, bytes });
        }
    }

    /// A connection over which one end has heard nothing for too long is over for both.
    pub(crate) fn idle(&mut self, pair: (usize, usize), connection: u64, travel: &mut Travel) {
        let Some(cable) = self.cables.get(&pair) else { return };
        if cable.connection == Some(connection) && cable.deaf.contains(&true) {
            self.relink(pair.0, travel);
        }
    }

    /// Makes and ends connections of a node as its state and its cables say.
    pub(crate) fn relink(&mut self, node: usize, travel: &mut Travel) {
        let nodes = travel.nodes;
        for (a, b) in self.pairs().into_iter().filter(|(a, b)| *a == node || *b == node) {
            let knows = |a: usize, b: usize| nodes[a].charter().serves(&nodes[b].id);
            let want = nodes[a].is_on() && nodes[b].is_on() && knows(a, b) && knows(b, a);
            let Some(cable) = self.cables.get_mut(&(a, b)) else { continue };
            let dead = self.gives_up && cable.deaf.contains(&true);
            let want = want && !cable.cut && !dead;
            if want == cable.connection.is_some() {
                continue;
            }
            self.connections += 1;
            cable.connection = want.then_some(self.connections);
            self.changed_us = travel.agenda.now_us();
            self.tell_ends((a, b), want, travel);
        }
    }

    /// Both ends of a cable learn that their connection was made, or is over.
    fn tell_ends(&mut self, (a, b): (usize, usize), up: bool, travel: &mut Travel) {
        for (node, other) in [(a, b), (b, a)] {
            let other = travel.nodes[other].id.clone();
            let input =
                if up { Input::LinkUp { node: other, round_trip_us: None } } else { Input::LinkDown { node: other } };
            let run = travel.nodes[node].run;
            let due = self.arrival((a, b), node, travel);
            travel.agenda.at(due, Event::Input { node, run, input });
        }
    }

    /// How long something takes over a cable.
    fn delay(&self, pair: (usize, usize), rng: &mut Rng) -> u64 {
        let slow = self.cables.get(&pair).map_or(0, |cable| cable.slow_us);
        rng.between(self.delay_us.0, self.delay_us.1) + slow / 2 + rng.below(slow / 2 + 1)
    }

    /// When the next thing on a cable arrives at one end.
    fn arrival(&mut self, pair: (usize, usize), at: usize, travel: &mut Travel) -> u64 {
        let (delay, now_us) = (self.delay(pair, travel.rng), travel.agenda.now_us());
        let Some(cable) = self.cables.get_mut(&pair) else { return now_us };
        let last = &mut cable.last_us[usize::from(at == pair.1)];
        *last = (*last + 1).max(now_us + delay);
        *last
    }

    /// A node sends a control message to another.
    pub(crate) fn transmit(&mut self, from: usize, to: usize, bytes: Vec<u8>, travel: &mut Travel) {
        let pair = pair(from, to);
        let end = usize::from(to == pair.1);
        let Some(cable) = self.cables.get_mut(&pair) else { return };
        let Some(connection) = cable.connection else { return };
        if cable.deaf[end] {
            cable.held[end].push((connection, bytes));
            return;
        }
        let due = self.arrival(pair, to, travel);
        travel.agenda.at(due, Event::Message { from, to, connection, bytes });
    }

    /// A node ends its connection to another, and tries again later.
    pub(crate) fn close(&mut self, node: usize, other: &NodeId, travel: &mut Travel) {
        let Some(other) = travel.nodes.iter().position(|n| n.id == *other) else { return };
        let pair = pair(node, other);
        let Some(cable) = self.cables.get_mut(&pair) else { return };
        if cable.connection.take().is_some() {
            self.tell_ends(pair, false, travel);
            travel.agenda.later(5_000_000, Event::Dial { node });
        }
    }

    /// Sends a datagram, as far as the cable takes it: voice always before pictures.
    pub(crate) fn send(&mut self, mut datagram: Datagram, travel: &mut Travel) {
        let (pair, now_us) = (pair(datagram.from, datagram.to), travel.agenda.now_us());
        let end = usize::from(datagram.to == pair.1);
        let Some(cable) = self.cables.get_mut(&pair) else { return };
        let Some(connection) = cable.connection.filter(|_| !cable.deaf[end]) else { return };
        datagram.connection = connection;
        let quality = cable.quality;
        let mut waits_us = 0;
        if let Some(kbit_s) = quality.kbit_s {
            waits_us = cable.busy_us[end].saturating_sub(now_us);
            if datagram.packet.is_picture() && waits_us > PICTURE_WAITS_US {
                return;
            }
            let bytes = datagram.packet.payload().1 as u64 + 60;
            waits_us += bytes * 8_000 / kbit_s.max(1);
            cable.busy_us[end] = now_us + waits_us;
        }
        let copies = 1 + u64::from(travel.rng.below(1_000) < quality.doubled);
        for _ in 0..copies {
            let arrives = travel.rng.below(1_000) >= quality.lost;
            let due = now_us + waits_us + self.delay(pair, travel.rng);
            if arrives {
                travel.agenda.at(due, Event::Datagram(datagram.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::fixture;

    /// Two nodes that take part in links, over one cable.
    struct Cabled {
        network: Network,
        nodes: Vec<SimNode>,
        rng: Rng,
        agenda: Agenda,
    }

    impl Cabled {
        fn new() -> Self {
            let fixture = fixture(2);
            let node = |site: &crate::fixture::Site| SimNode::new(site.node.clone(), fixture.charter.clone());
            let mut nodes: Vec<SimNode> = fixture.sites.iter().map(node).collect();
            nodes.iter_mut().for_each(|node| node.hostile = true);
            let (network, rng, agenda) = (Network::of(2), Rng::new(1), Agenda::default());
            let mut cabled = Self { network, nodes, rng, agenda };
            cabled.does(|network, travel| network.relink(0, travel));
            cabled.come();
            cabled
        }

        fn does(&mut self, what: impl FnOnce(&mut Network, &mut Travel)) {
            let travel = &mut Travel { nodes: &self.nodes, rng: &mut self.rng, agenda: &mut self.agenda };
            what(&mut self.network, travel);
        }

        fn say(&mut self, word: u8) {
            self.does(|network, travel| network.transmit(0, 1, vec![word], travel));
        }

        /// What comes within a second, as far as its connection stands.
        fn come(&mut self) -> Vec<u8> {
            let (until_us, mut come) = (self.agenda.now_us() + 1_000_000, Vec::new());
            while let Some(event) = self.agenda.take(until_us) {
                match event {
                    Event::Message { from, to, connection, bytes } if self.network.stands(from, to, connection) => {
                        come.extend(bytes);
                    }
                    Event::Idle { pair, connection } => {
                        self.does(|network, travel| network.idle(pair, connection, travel));
                    }
                    _ => {}
                }
            }
            come
        }
    }

    #[test]
    fn a_connection_keeps_the_order_of_what_is_said_over_it() {
        let mut cabled = Cabled::new();
        (0..50).for_each(|word| cabled.say(word));
        assert_eq!(cabled.come(), (0..50).collect::<Vec<u8>>());
    }

    #[test]
    fn what_is_under_way_on_a_cable_that_is_cut_never_comes() {
        let mut cabled = Cabled::new();
        cabled.say(1);
        cabled.does(|network, travel| network.set_cut(0, 1, true, travel));
        cabled.does(|network, travel| network.set_cut(0, 1, false, travel));
        cabled.say(2);
        assert_eq!(cabled.come(), [2], "the connection is another one");
    }

    #[test]
    fn what_was_said_to_the_deaf_comes_when_they_hear_again() {
        let mut cabled = Cabled::new();
        cabled.does(|network, travel| network.deafen(1, 0, true, travel));
        cabled.say(1);
        assert!(cabled.come().is_empty() && cabled.network.hangs_unnoticed());
        cabled.does(|network, travel| network.deafen(1, 0, false, travel));
        cabled.say(2);
        assert_eq!(cabled.come(), [1, 2]);
    }

    #[test]
    fn a_connection_that_hangs_is_given_up_where_that_is_so() {
        let mut cabled = Cabled::new();
        cabled.network.give_up_what_hangs();
        cabled.does(|network, travel| network.deafen(1, 0, true, travel));
        cabled.agenda.pass_to(1_000_000 + 2 * IDLE_US);
        cabled.come();
        assert!(!cabled.network.carries(0, 1));
    }

    #[test]
    fn a_cable_that_loses_everything_brings_no_datagram_and_one_that_doubles_brings_two() {
        let mut cabled = Cabled::new();
        for (lost, doubled, come) in [(1_000, 0, 0), (0, 0, 1), (0, 1_000, 2)] {
            let quality = Quality { lost, doubled, kbit_s: None };
            cabled.network.set_quality(0, 1, quality, 0);
            let datagram = Datagram::of_test(0, 1);
            cabled.does(|network, travel| network.send(datagram, travel));
            let came = std::iter::from_fn(|| cabled.agenda.take(u64::MAX));
            assert_eq!(came.filter(|event| matches!(event, Event::Datagram(_))).count(), come);
        }
    }
}
