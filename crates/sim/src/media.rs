//! Model voices and pictures: numbered packets that go through the real forwarder of each node, over cables that lose, double and reorder them.

use crate::mutation::Mutation;
use crate::world::{Event, World};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::DeviceId;
use trialogue_core::forward::{Destination, ForwardEvent, Forwarder, LegPacket};
use trialogue_core::{ConsoleKey, Input, Route};
use trialogue_wire::console::Medium;
use trialogue_wire::media::MediaHeader;

/// Between two packets of a console: far more than the 20 ms of a real voice, so that a world costs little.
pub(crate) const TALK_US: u64 = 250_000;
/// How many places a leg has for voices and for pictures.
const PLACES: (usize, usize) = (16, 8);
/// Bytes of a packet.
const VOICE: usize = 80;
const PICTURE: usize = 900;
/// Most datagrams that one packet may cause for each node of the charter.
const DATAGRAMS_PER_NODE: u32 = 12;

/// What all consoles together have sent and heard.
#[derive(Default)]
pub(crate) struct Media {
    /// Packets that each console has sent.
    pub(crate) sent: BTreeMap<usize, u64>,
    /// What each console heard of whom: listener, speaker; the numbers.
    heard: BTreeMap<(usize, usize, bool), BTreeSet<u64>>,
    /// When it last heard something, and when that was said.
    pub(crate) last: BTreeMap<(usize, usize), (u64, u64)>,
    /// Datagrams that a packet has caused: speaker, number.
    datagrams: BTreeMap<(usize, bool, u64), u32>,
    /// How many packets arrived at consoles.
    pub arrived: u64,
}

/// What the media thread of a node has.
pub(crate) struct NodeMedia {
    pub(crate) forwarder: Forwarder,
    pub(crate) legs: BTreeMap<ConsoleKey, Leg>,
    next: u32,
    /// Packets of streams that came at least once.
    came: BTreeSet<(u8, u16, u32)>,
    /// The first packet that a leg got of a stream since that was placed there, and the place: what is older has no number there.
    first: BTreeMap<(u32, (u8, u16)), (u32, u8)>,
    /// Sequences that were given out at a place.
    given: BTreeSet<(u32, bool, u8, u64)>,
    /// Counts what comes over links, for a node that cannot tell copies.
    arrivals: u32,
}

pub(crate) struct Leg {
    pub(crate) number: u32,
    pub(crate) console: usize,
    pub(crate) ready: bool,
}

/// A packet of a console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) console: usize,
    pub(crate) medium: Medium,
    pub(crate) number: u64,
    pub(crate) sent_us: u64,
    pub(crate) key_frame: bool,
}

/// A packet on its way between two nodes.
#[derive(Debug, Clone)]
pub(crate) struct Datagram {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) connection: u64,
    pub(crate) header: MediaHeader,
    pub(crate) packet: Packet,
}

impl Packet {
    fn is_picture(&self) -> bool {
        self.medium == Medium::Picture
    }

    /// Bytes that differ for each packet; those of a picture begin as VP8 does.
    pub(crate) fn payload(&self) -> ([u8; PICTURE], usize) {
        let mut bytes = [0; PICTURE];
        bytes[0] = 0x10;
        bytes[1] = u8::from(self.is_picture() && !self.key_frame);
        bytes[2..10].copy_from_slice(&self.number.to_be_bytes());
        bytes[10] = self.console as u8;
        (bytes, if self.is_picture() { PICTURE } else { VOICE })
    }
}

impl World {
    /// The media thread of a node begins.
    pub(crate) fn start_media(&mut self, node: usize) {
        if self.media.is_none() {
            return;
        }
        let charter = self.nodes[node].charter();
        let (index, nodes) = (charter.node_index(&self.nodes[node].id), charter.indices());
        let Some(index) = index else { return };
        self.nodes[node].media = Some(NodeMedia {
            forwarder: Forwarder::new(index, nodes, self.rng.draw()),
            legs: BTreeMap::new(),
            next: 0,
            came: BTreeSet::new(),
            first: BTreeMap::new(),
            given: BTreeSet::new(),
            arrivals: 0,
        });
    }

    fn now_ms(&self) -> u64 {
        self.now_us / 1_000
    }

    pub(crate) fn leg_up(&mut self, node: usize, console: ConsoleKey) {
        let (now_ms, run) = (self.now_ms(), self.nodes[node].run);
        let Some(owner) = self.keys.get(&console).copied() else { return };
        let Some(media) = self.nodes[node].media.as_mut() else { return };
        let number = media.next;
        media.next = (media.next + 1) % 200;
        media.forwarder.leg_up(number, console, PLACES.0, PLACES.1, now_ms);
        media.given.retain(|given| given.0 != number);
        media.first.retain(|first, _| first.0 != number);
        media.legs.insert(console, Leg { number, console: owner, ready: false });
        self.later(30_000, Event::LegReady { node, run, console });
    }

    pub(crate) fn leg_ready(&mut self, node: usize, run: u64, console: ConsoleKey) {
        if self.nodes[node].run != run {
            return;
        }
        let now_ms = self.now_ms();
        let Some(media) = self.nodes[node].media.as_mut() else { return };
        let Some(leg) = media.legs.get_mut(&console) else { return };
        leg.ready = true;
        media.forwarder.leg_ready(leg.number, now_ms);
        let owner = leg.console;
        self.input(node, Input::LegState { console, up: true });
        self.later(TALK_US, Event::Talk { console: owner, key: console });
    }

    pub(crate) fn leg_down(&mut self, node: usize, console: ConsoleKey) {
        let now_ms = self.now_ms();
        let Some(media) = self.nodes[node].media.as_mut() else { return };
        if let Some(leg) = media.legs.remove(&console) {
            media.forwarder.leg_down(leg.number, now_ms);
        }
    }

    pub(crate) fn route(&mut self, node: usize, route: &Route) {
        let (now_ms, swaps) = (self.now_ms(), self.mutation == Some(Mutation::PicturesFirst));
        let Some(media) = self.nodes[node].media.as_mut() else { return };
        let mut route = route.clone();
        if swaps {
            route.medium = other(route.medium);
        }
        media.forwarder.route(route, now_ms);
    }

    pub(crate) fn route_end(&mut self, node: usize, index: u8, number: u16) {
        let now_ms = self.now_ms();
        let Some(media) = self.nodes[node].media.as_mut() else { return };
        media.forwarder.route_end(index, number, now_ms);
        media.first.retain(|first, _| first.1 != (index, number));
    }

    /// Passes on what the forwarder has to say.
    pub(crate) fn place(&mut self, node: usize) {
        while let Some(event) = self.nodes[node].media.as_mut().and_then(|media| media.forwarder.poll()) {
            match event {
                ForwardEvent::Placed { leg, console, medium, place, sender } => {
                    if let Some(media) = self.nodes[node].media.as_mut().filter(|_| medium == Medium::Voice) {
                        media.first.retain(|first, (_, at)| first.0 != leg || *at != place);
                    }
                    let mid = format!("{place}");
                    self.input_quietly(node, Input::Placed { console, mid, device: sender, medium });
                }
                ForwardEvent::KeyFrameWanted { device } => {
                    self.input_quietly(node, Input::KeyFrameWanted { device });
                }
            }
        }
    }

    /// The console's next picture is a key frame.
    pub(crate) fn key_frame_wanted(&mut self, console: ConsoleKey) {
        if let Some(console) = self.keys.get(&console).copied() {
            self.consoles[console].key_frame = true;
        }
    }

    /// A console sends a voice packet, and a picture now and then, whether it is in a call or not: its node must know.
    pub(crate) fn talk(&mut self, console: usize, key: ConsoleKey) {
        if self.consoles[console].key != Some(key) {
            return;
        }
        self.later(TALK_US, Event::Talk { console, key });
        if self.consoles[console].muted {
            return;
        }
        self.speak(console, key, Medium::Voice);
        if self.rng.one_in(2) {
            self.speak(console, key, Medium::Picture);
        }
    }

    fn speak(&mut self, console: usize, key: ConsoleKey, medium: Medium) {
        let node = self.consoles[console].node;
        let (now_ms, sent_us) = (self.now_ms(), self.now_us);
        let Some(all) = self.media.as_mut() else { return };
        let number = all.sent.entry(console).or_default();
        *number += 1;
        let key_frame = medium == Medium::Picture && std::mem::take(&mut self.consoles[console].key_frame);
        let packet = Packet { console, medium, number: *number, sent_us, key_frame };
        let swaps = self.mutation == Some(Mutation::PicturesFirst);
        let Some(media) = self.nodes[node].media.as_mut() else { return };
        let Some(leg) = media.legs.get(&key) else { return };
        let (bytes, length) = packet.payload();
        let rtp = LegPacket { ssrc: 1, sequence: packet.number, time: packet.number as u32 * 960, marker: false };
        let mut out = Vec::new();
        let fed = if swaps { other(medium) } else { medium };
        let forwarded = media.forwarder.on_leg_packet(leg.number, fed, rtp, &bytes[..length], now_ms, &mut out);
        let Some(forwarded) = forwarded else { return };
        self.check_complete(node, &forwarded.header, &packet, &out);
        self.deliver(node, &packet, &out);
        for to in forwarded.links.iter() {
            self.send_datagram(node, to, forwarded.header, packet);
        }
        self.place(node);
        self.set_due(node);
    }

    pub(crate) fn datagram(&mut self, datagram: Datagram) {
        let Datagram { from, to, connection, mut header, packet } = datagram;
        let pair = (from.min(to), from.max(to));
        let stands = self.cables.get(&pair).and_then(|cable| cable.connection) == Some(connection);
        if !stands || self.nodes[to].hostile {
            return;
        }
        let now_ms = self.now_ms();
        let Some(index) = self.nodes[to].charter().node_index(&self.nodes[from].id) else { return };
        let mutation = self.mutation;
        let Some(media) = self.nodes[to].media.as_mut() else { return };
        if mutation == Some(Mutation::NoDedupe) {
            media.arrivals += 1;
            header.sequence = media.arrivals;
        }
        let (bytes, length) = packet.payload();
        let mut out = Vec::new();
        let forwarded = media.forwarder.on_link_packet(index, header, &bytes[..length], now_ms, &mut out);
        if mutation != Some(Mutation::NoDedupe) {
            self.check_complete(to, &header, &packet, &out);
        }
        self.deliver(to, &packet, &out);
        if mutation == Some(Mutation::RelayLoop) {
            for other in (0..self.nodes.len()).filter(|other| *other != to && *other != from) {
                self.send_datagram(to, other as u8, header, packet);
            }
        } else if let Some(forwarded) = forwarded {
            for other in forwarded.links.iter() {
                self.send_datagram(to, other, forwarded.header, packet);
            }
        }
        self.place(to);
        self.set_due(to);
    }

    /// Sends a packet to the node with this index, as far as the cable takes it: voice always before pictures.
    fn send_datagram(&mut self, from: usize, index: u8, header: MediaHeader, packet: Packet) {
        let charter = self.nodes[from].charter();
        let Some(id) = charter.node_at(index).map(|node| node.id.clone()) else { return };
        let Some(to) = self.nodes.iter().position(|node| node.id == id) else { return };
        self.count_datagram(&packet);
        let pair = (from.min(to), from.max(to));
        let end = usize::from(to == pair.1);
        let now_us = self.now_us;
        let Some(cable) = self.cables.get_mut(&pair) else { return };
        let Some(connection) = cable.connection.filter(|_| !cable.deaf[end]) else { return };
        let quality = cable.quality;
        let mut waits_us = 0;
        if let Some(kbit_s) = quality.kbit_s {
            waits_us = cable.busy_us[end].saturating_sub(now_us);
            if packet.is_picture() && waits_us > 100_000 {
                return;
            }
            let bytes = packet.payload().1 as u64 + 60;
            waits_us += bytes * 8_000 / kbit_s.max(1);
            cable.busy_us[end] = now_us + waits_us;
        }
        let copies = 1 + u64::from(self.rng.below(1_000) < quality.doubled);
        for _ in 0..copies {
            let arrives = self.rng.below(1_000) >= quality.lost;
            let due = self.now_us + waits_us + self.delay(pair);
            if arrives {
                self.at(due, Event::Datagram(Datagram { from, to, connection, header, packet }));
            }
        }
    }

    /// One packet goes over a cable: there is no storm.
    fn count_datagram(&mut self, packet: &Packet) {
        let nodes = self.nodes.len() as u32;
        let Some(media) = self.media.as_mut() else { return };
        let key = (packet.console, packet.is_picture(), packet.number);
        let count = media.datagrams.entry(key).or_default();
        *count += 1;
        assert!(*count <= nodes * DATAGRAMS_PER_NODE, "one packet has caused {count} datagrams between {nodes} nodes");
        if media.datagrams.len() > 4_096 {
            media.datagrams.pop_first();
        }
    }

    /// Whoever has a place for a stream gets each packet of it that comes: none is lost where one copy arrived.
    fn check_complete(&mut self, node: usize, header: &MediaHeader, packet: &Packet, out: &[Destination]) {
        let key = (header.node, header.stream);
        let (id, name) = (self.nodes[node].id.clone(), self.device(packet.console));
        let Some(route) = self.nodes[node].routes.get(&key) else { return };
        let wanted = route.legs.clone();
        let Some(media) = self.nodes[node].media.as_mut() else { return };
        if packet.is_picture() || !media.came.insert((header.node, header.stream, header.sequence)) {
            return;
        }
        let mut missed = None;
        for leg in wanted.iter().filter_map(|leg| media.legs.get(leg)).filter(|leg| leg.ready) {
            let got = out.iter().find(|to| to.leg == leg.number);
            let first = media.first.get(&(leg.number, key)).copied();
            if let Some(got) = got {
                media.first.entry((leg.number, key)).or_insert((header.sequence, got.place));
            } else if first.is_none_or(|(first, _)| header.sequence.wrapping_sub(first) < u32::MAX / 2) {
                missed = Some(leg.console);
            }
        }
        if let Some(listener) = missed.map(|console| self.name(&self.device(console))) {
            let counters = self.nodes[node].media.as_ref().map(|media| media.forwarder.counters());
            panic!(
                "voice {} of {} reached {id} as {header:?} and not {listener}: {counters:?}",
                packet.number,
                self.name(&name)
            );
        }
    }

    /// A packet reaches consoles: only those that may hear who sent it, in the right place, once.
    fn deliver(&mut self, node: usize, packet: &Packet, out: &[Destination]) {
        let speaker = self.device(packet.console);
        for to in out {
            let Some(media) = self.nodes[node].media.as_mut() else { return };
            let sits = media.forwarder.sender_at(to.leg, to.medium, to.place);
            assert_eq!(sits, Some(speaker), "a packet at the place of another");
            let fresh = media.given.insert((to.leg, to.medium == Medium::Picture, to.place, to.sequence));
            assert!(fresh, "a sequence was given out twice at one place");
            let Some((key, leg)) = media.legs.iter().find(|(_, leg)| leg.number == to.leg) else { continue };
            let (key, console) = (*key, leg.console);
            let listener = self.device(console);
            assert!(
                self.may_hear(node, speaker, listener),
                "{} hears {}, who is not in with it as {} sees it",
                self.name(&listener),
                self.name(&speaker),
                self.nodes[node].id
            );
            if self.consoles[console].key != Some(key) {
                continue;
            }
            self.hear_packet(console, packet);
        }
    }

    fn hear_packet(&mut self, console: usize, packet: &Packet) {
        self.trace.note(self.now_us, packet.number << 16 | (console as u64) << 8 | packet.console as u64);
        let now_us = self.now_us;
        let Some(media) = self.media.as_mut() else { return };
        media.arrived += 1;
        let fresh = media.heard.entry((console, packet.console, packet.is_picture())).or_default().insert(packet.number);
        if !packet.is_picture() {
            let last = media.last.entry((console, packet.console)).or_default();
            *last = (now_us, last.1.max(packet.sent_us));
        }
        assert!(
            fresh,
            "{} got packet {} of {} twice",
            self.name(&self.device(console)),
            packet.number,
            self.name(&self.device(packet.console))
        );
    }

    /// As the node's state says: both are in on one line, and neither's floor keeps them apart.
    pub(crate) fn may_hear(&mut self, node: usize, speaker: DeviceId, listener: DeviceId) -> bool {
        if self.nodes[node].allowed.is_none() {
            let Some(machine) = &self.nodes[node].machine else { return false };
            let mut allowed = BTreeSet::new();
            for line in &self.fixture.charter.lines {
                let members = machine.state().in_on(&line.id);
                for (speaker, listener) in members.iter().flat_map(|s| members.iter().map(move |l| (s, l))) {
                    let held = listener.floor == trialogue_journal::fold::Floor::Held;
                    if speaker.device != listener.device && !held && speaker.floor.reaches(&listener.party) {
                        allowed.insert((speaker.device, listener.device));
                    }
                }
            }
            self.nodes[node].allowed = Some(allowed);
        }
        self.nodes[node].allowed.as_ref().is_some_and(|allowed| allowed.contains(&(speaker, listener)))
    }
}

fn other(medium: Medium) -> Medium {
    match medium {
        Medium::Voice => Medium::Picture,
        Medium::Picture => Medium::Voice,
    }
}
