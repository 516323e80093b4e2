//! Model voices and pictures: numbered packets that go through the real forwarder of each node, over cables that lose,
//! double and reorder them.

use crate::agenda::Event;
use crate::mutation::Mutation;
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_core::forward::{ForwardEvent, Forwarder, LegPacket};
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
pub(crate) const DATAGRAMS_PER_NODE: u32 = 12;

/// What all consoles together have sent and heard.
#[derive(Default)]
pub(crate) struct Media {
    /// Packets that each console has sent.
    pub(crate) sent: BTreeMap<usize, u64>,
    /// What each console heard of whom: listener, speaker; the numbers.
    pub(crate) heard: BTreeMap<(usize, usize, bool), BTreeSet<u64>>,
    /// At which node each console had its last leg.
    at: BTreeMap<usize, usize>,
    /// When it last heard something, and when that was said.
    pub(crate) last: BTreeMap<(usize, usize), (u64, u64)>,
    /// Datagrams that a packet has caused: speaker, number.
    pub(crate) datagrams: BTreeMap<(usize, bool, u64), u32>,
    /// How many packets arrived at consoles.
    pub arrived: u64,
}

/// What the media thread of a node has.
pub(crate) struct NodeMedia {
    pub(crate) forwarder: Forwarder,
    pub(crate) legs: BTreeMap<ConsoleKey, Leg>,
    next: u32,
    /// Packets of streams that came at least once.
    pub(crate) came: BTreeSet<(u8, u16, u32)>,
    /// The first packet that a leg got of a stream since that was placed there, and the place: what is older has no
    /// number there.
    pub(crate) first: BTreeMap<(u32, (u8, u16)), (u32, u8)>,
    /// Places that a liar began, before the source's own packets came there.
    pub(crate) begun: BTreeMap<(u32, (u8, u16)), Begun>,
    /// Sequences that were given out at a place.
    pub(crate) given: BTreeSet<(u32, bool, u8, u64)>,
    /// The newest sequence of each stream that came from its own node.
    pub(crate) newest: BTreeMap<(u8, u16), u32>,
    /// After which packet each stream was quiet last, as its route said.
    pub(crate) quiet_after: BTreeMap<(u8, u16), u32>,
    /// Streams under which somebody made packets up, and how many of them passed while the source's link lived.
    pub(crate) lied_at: BTreeSet<(u8, u16)>,
    pub(crate) made_up: BTreeMap<(u8, u16), u32>,
    /// Counts what comes over links, for a node that cannot tell copies.
    arrivals: u32,
}

/// With what a liar began a place.
pub(crate) struct Begun {
    pub(crate) sequence: u32,
    pub(crate) place: u8,
    /// How many of the source's own packets from before it that has cost there.
    pub(crate) lost: u32,
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
    /// Its node never sent it.
    pub(crate) made_up: bool,
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

#[cfg(test)]
impl Datagram {
    /// A voice's.
    pub(crate) fn of_test(from: usize, to: usize) -> Self {
        let header = MediaHeader {
            marker: false,
            key_frame: false,
            half: trialogue_wire::media::Half::Whole,
            node: 0,
            stream: 1,
            sequence: 1,
            time: 960,
        };
        let (medium, key_frame, made_up) = (Medium::Voice, false, false);
        let packet = Packet { console: 0, medium, number: 1, sent_us: 0, key_frame, made_up };
        Self { from, to, connection: 0, header, packet }
    }
}

impl Packet {
    pub(crate) fn is_picture(&self) -> bool {
        self.medium == Medium::Picture
    }

    /// Bytes that differ for each packet; those of a picture begin as VP8 does.
    pub(crate) fn payload(&self) -> ([u8; PICTURE], usize) {
        let mut bytes = [0; PICTURE];
        bytes[0] = 0x10;
        bytes[1] = u8::from(self.is_picture() && !self.key_frame);
        bytes[2..10].copy_from_slice(&self.number.to_be_bytes());
        bytes[10] = self.console as u8;
        bytes[11] = u8::from(self.made_up);
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
        let drawn = self.rng.draw();
        let seed = [drawn, drawn.rotate_left(17), !drawn];
        self.nodes[node].media = Some(NodeMedia {
            forwarder: Forwarder::new(index, nodes, seed),
            legs: BTreeMap::new(),
            next: 0,
            came: BTreeSet::new(),
            first: BTreeMap::new(),
            begun: BTreeMap::new(),
            given: BTreeSet::new(),
            newest: BTreeMap::new(),
            quiet_after: BTreeMap::new(),
            lied_at: BTreeSet::new(),
            made_up: BTreeMap::new(),
            arrivals: 0,
        });
    }

    fn now_ms(&self) -> u64 {
        self.agenda.now_us() / 1_000
    }

    pub(crate) fn leg_up(&mut self, node: usize, console: ConsoleKey) {
        let (now_ms, run) = (self.now_ms(), self.nodes[node].run);
        let Some(owner) = self.consoles.owner(&console) else { return };
        let Some(media) = self.nodes[node].media.as_mut() else { return };
        // At another node the same packet may come anew; nobody there knows what was heard here.
        if let Some(all) = self.media.as_mut()
            && all.at.insert(owner, node).is_some_and(|before| before != node)
        {
            all.heard.retain(|(listener, ..), _| *listener != owner);
        }
        let number = media.next;
        media.next = (media.next + 1) % 200;
        media.forwarder.leg_up(number, console, PLACES.0, PLACES.1, now_ms);
        media.given.retain(|given| given.0 != number);
        media.first.retain(|first, _| first.0 != number);
        media.begun.retain(|begun, _| begun.0 != number);
        media.legs.insert(console, Leg { number, console: owner, ready: false });
        self.agenda.later(30_000, Event::LegReady { node, run, console });
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
        self.agenda.later(TALK_US, Event::Talk { console: owner, key: console });
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
        media.begun.retain(|begun, _| begun.1 != (index, number));
    }

    /// Passes on what the forwarder has to say.
    pub(crate) fn place(&mut self, node: usize) {
        while let Some(event) = self.nodes[node].media.as_mut().and_then(|media| media.forwarder.poll()) {
            match event {
                ForwardEvent::Placed { leg, console, medium, place, sender } => {
                    if let Some(media) = self.nodes[node].media.as_mut().filter(|_| medium == Medium::Voice) {
                        media.first.retain(|first, (_, at)| first.0 != leg || *at != place);
                        media.begun.retain(|begun, held| begun.0 != leg || held.place != place);
                    }
                    let mid = format!("{place}");
                    self.input_quietly(node, Input::Placed { console, leg: 1, mid, device: sender, medium });
                }
                ForwardEvent::Traced { device, via } => {
                    self.input_quietly(node, Input::FramesTraced { device, via });
                }
                ForwardEvent::KeyFrameWanted { device } => {
                    self.input_quietly(node, Input::KeyFrameWanted { device });
                }
                ForwardEvent::VoiceQuiet { number, after } => {
                    self.input_quietly(node, Input::VoiceQuiet { number, after });
                }
                ForwardEvent::RelayBarred { source, relay } => {
                    let ids = [source, relay].map(|at| self.nodes[node].charter().node_at(at).map(|n| n.id.clone()));
                    let [Some(source), Some(relay)] = ids else { continue };
                    self.input_quietly(node, Input::RelayBarred { source, relay });
                }
            }
        }
    }

    /// The console's next picture is a key frame.
    pub(crate) fn key_frame_wanted(&mut self, console: ConsoleKey) {
        if let Some(console) = self.consoles.owner(&console) {
            self.consoles[console].key_frame = true;
        }
    }

    /// A console sends a voice packet, and a picture now and then, whether it is in a call or not: its node must know.
    pub(crate) fn talk(&mut self, console: usize, key: ConsoleKey) {
        if self.consoles[console].key != Some(key) {
            return;
        }
        self.agenda.later(TALK_US, Event::Talk { console, key });
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
        let (now_ms, sent_us) = (self.now_ms(), self.agenda.now_us());
        let Some(all) = self.media.as_mut() else { return };
        let number = all.sent.entry(console).or_default();
        *number += 1;
        let key_frame = medium == Medium::Picture && std::mem::take(&mut self.consoles[console].key_frame);
        let packet = Packet { console, medium, number: *number, sent_us, key_frame, made_up: false };
        let swaps = self.mutation == Some(Mutation::PicturesFirst);
        let Some(media) = self.nodes[node].media.as_mut() else { return };
        let Some(leg) = media.legs.get(&key) else { return };
        let (bytes, length) = packet.payload();
        let rtp = LegPacket { ssrc: 1, sequence: packet.number, time: packet.number as u32 * 960, marker: false };
        let mut out = Vec::new();
        let fed = if swaps { other(medium) } else { medium };
        let forwarded = media.forwarder.on_leg_packet(leg.number, fed, rtp, &bytes[..length], now_ms, &mut out);
        let Some(forwarded) = forwarded else { return };
        self.check_complete(node, node, &forwarded.header, &packet, &out);
        self.deliver(node, &packet, &out);
        for to in forwarded.links.iter() {
            self.send_datagram(node, to, forwarded.header, packet);
        }
        self.place(node);
        self.set_due(node);
    }

    /// Sends a packet to the node with this index, as far as the cable takes it.
    pub(crate) fn send_datagram(&mut self, from: usize, index: u8, header: MediaHeader, packet: Packet) {
        let charter = self.nodes[from].charter();
        let Some(id) = charter.node_at(index).map(|node| node.id.clone()) else { return };
        let Some(to) = self.nodes.iter().position(|node| node.id == id) else { return };
        self.count_datagram(&packet);
        let datagram = Datagram { from, to, connection: 0, header, packet };
        self.cabled(|network, travel| network.send(datagram, travel));
    }

    pub(crate) fn datagram(&mut self, datagram: Datagram) {
        let Datagram { from, to, connection, mut header, packet } = datagram;
        if !self.network.stands(from, to, connection) || self.nodes[to].hostile {
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
        if packet.made_up {
            self.check_made_up(to, &header, &out);
        } else if mutation != Some(Mutation::NoDedupe) {
            self.check_complete(to, from, &header, &packet, &out);
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
}

fn other(medium: Medium) -> Medium {
    match medium {
        Medium::Voice => Medium::Picture,
        Medium::Picture => Medium::Voice,
    }
}
