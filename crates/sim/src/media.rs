//! Model voices and pictures: numbered packets that go through the real forwarder of each node, over cables that lose,
//! double and reorder them.

use crate::node::SimNode;
use crate::rng::Rng;
use std::collections::BTreeMap;
use trialogue_charter::DeviceId;
use trialogue_core::forward::{Counters, Destination, ForwardEvent, Forwarded, Forwarder, LegPacket};
use trialogue_core::{ConsoleKey, Route};
use trialogue_wire::console::Medium;
use trialogue_wire::media::MediaHeader;

/// Between two packets of a console: far more than the 20 ms of a real voice, so that a world costs little.
pub(crate) const TALK_US: u64 = 250_000;
/// How many places a leg has for voices and for pictures.
const PLACES: (usize, usize) = (16, 8);
/// Legs of a node are numbered anew after so many.
const LEGS: u32 = 200;
/// Bytes of a packet.
const VOICE: usize = 80;
const PICTURE: usize = 900;

/// The media threads of all nodes, in worlds that have voices and pictures.
pub(crate) struct Media {
    on: bool,
    /// By the nodes' positions; none: it does not run.
    nodes: Vec<Option<NodeMedia>>,
    /// Packets that each console has sent.
    sent: BTreeMap<usize, u64>,
    /// A forwarder that takes pictures for voices, and voices for pictures.
    swaps: bool,
    /// A forwarder to which no two copies of a packet look alike.
    renumbers: bool,
}

/// What the media thread of a node has.
struct NodeMedia {
    forwarder: Forwarder,
    legs: BTreeMap<ConsoleKey, Leg>,
    next: u32,
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
    pub(crate) key_frame: bool,
    /// Its node never sent it.
    pub(crate) made_up: bool,
}

/// A packet on its way between two nodes.
#[derive(Debug, Clone)]
pub(crate) struct Datagram {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// That over which it goes; of one that has not set out, 0.
    pub(crate) connection: u64,
    pub(crate) header: MediaHeader,
    pub(crate) packet: Packet,
}

/// What a node made of a packet.
pub(crate) struct Passed {
    pub(crate) packet: Packet,
    /// As the forwarder took it.
    pub(crate) header: MediaHeader,
    /// To places of the node's own legs.
    pub(crate) out: Vec<Destination>,
    /// To other nodes; none: it was refused.
    pub(crate) onward: Option<Forwarded>,
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
        Self { from, to, connection: 0, header, packet: Packet::voice(0, 1) }
    }
}

impl Packet {
    pub(crate) fn voice(console: usize, number: u64) -> Self {
        Self { console, medium: Medium::Voice, number, key_frame: false, made_up: false }
    }

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

impl Media {
    /// Of so many nodes, none of which runs, in a world without voices.
    pub(crate) fn of(nodes: usize) -> Self {
        let nodes = (0..nodes).map(|_| None).collect();
        Self { on: false, nodes, sent: BTreeMap::new(), swaps: false, renumbers: false }
    }

    /// The world has voices and pictures.
    pub(crate) fn switch_on(&mut self) {
        self.on = true;
    }

    pub(crate) fn is_on(&self) -> bool {
        self.on
    }

    /// From now on pictures are taken for voices, and voices for pictures.
    pub(crate) fn swap_media(&mut self) {
        self.swaps = true;
    }

    /// From now on each copy of a packet that comes over a link has a number of its own.
    pub(crate) fn renumber(&mut self) {
        self.renumbers = true;
    }

    /// The media thread of a node begins, if it is to; false: it does not.
    pub(crate) fn start(&mut self, at: usize, node: &SimNode, rng: &mut Rng) -> bool {
        let index = node.charter().node_index(&node.id).filter(|_| self.on);
        self.nodes[at] = index.map(|index| {
            let drawn = rng.draw();
            let seed = [drawn, drawn.rotate_left(17), !drawn];
            let forwarder = Forwarder::new(index, node.charter().indices(), seed);
            NodeMedia { forwarder, legs: BTreeMap::new(), next: 0, arrivals: 0 }
        });
        index.is_some()
    }

    /// The power of a node is gone.
    pub(crate) fn stop(&mut self, node: usize) {
        self.nodes[node] = None;
    }

    /// The legs at a node; none: its media thread does not run.
    pub(crate) fn legs(&self, node: usize) -> Option<&BTreeMap<ConsoleKey, Leg>> {
        self.nodes[node].as_ref().map(|media| &media.legs)
    }

    pub(crate) fn counters(&self, node: usize) -> Option<Counters> {
        self.nodes[node].as_ref().map(|media| media.forwarder.counters())
    }

    /// Who is at a place of a leg.
    pub(crate) fn sender_at(&self, node: usize, to: &Destination) -> Option<DeviceId> {
        self.nodes[node].as_ref()?.forwarder.sender_at(to.leg, to.medium, to.place)
    }

    /// A leg was made: its number.
    pub(crate) fn leg_up(&mut self, node: usize, key: ConsoleKey, console: usize, now_ms: u64) -> Option<u32> {
        let media = self.nodes[node].as_mut()?;
        let number = media.next;
        media.next = (media.next + 1) % LEGS;
        media.forwarder.leg_up(number, key, PLACES.0, PLACES.1, now_ms);
        media.legs.insert(key, Leg { number, console, ready: false });
        Some(number)
    }

    /// A leg is connected: whose it is.
    pub(crate) fn leg_ready(&mut self, node: usize, key: ConsoleKey, now_ms: u64) -> Option<usize> {
        let media = self.nodes[node].as_mut()?;
        let leg = media.legs.get_mut(&key)?;
        leg.ready = true;
        media.forwarder.leg_ready(leg.number, now_ms);
        Some(leg.console)
    }

    pub(crate) fn leg_down(&mut self, node: usize, key: ConsoleKey, now_ms: u64) {
        let Some(media) = self.nodes[node].as_mut() else { return };
        if let Some(leg) = media.legs.remove(&key) {
            media.forwarder.leg_down(leg.number, now_ms);
        }
    }

    /// A leg has so much room.
    pub(crate) fn shorten(&mut self, node: usize, key: ConsoleKey, kbit_s: u32, now_ms: u64) {
        let Some(media) = self.nodes[node].as_mut() else { return };
        if let Some(leg) = media.legs.get(&key) {
            media.forwarder.set_budget(leg.number, Some(kbit_s), now_ms);
        }
    }

    pub(crate) fn route(&mut self, node: usize, route: &Route, now_ms: u64) {
        let medium = self.taken_for(route.medium);
        let Some(media) = self.nodes[node].as_mut() else { return };
        media.forwarder.route(Route { medium, ..route.clone() }, now_ms);
    }

    pub(crate) fn route_end(&mut self, node: usize, index: u8, number: u16, now_ms: u64) {
        if let Some(media) = self.nodes[node].as_mut() {
            media.forwarder.route_end(index, number, now_ms);
        }
    }

    /// By which links the frames of a device come is asked.
    pub(crate) fn trace(&mut self, node: usize, device: DeviceId) {
        if let Some(media) = self.nodes[node].as_mut() {
            media.forwarder.trace(device);
        }
    }

    /// What a forwarder has to say.
    pub(crate) fn poll(&mut self, node: usize) -> Option<ForwardEvent> {
        self.nodes[node].as_mut()?.forwarder.poll()
    }

    /// A console gives its node the next packet over a leg; none: it goes nowhere. `packet` has no number yet.
    pub(crate) fn take_from_leg(
        &mut self,
        node: usize,
        key: ConsoleKey,
        packet: Packet,
        now_ms: u64,
    ) -> Option<Passed> {
        let number = self.sent.entry(packet.console).or_default();
        *number += 1;
        let packet = Packet { number: *number, ..packet };
        let fed = self.taken_for(packet.medium);
        let media = self.nodes[node].as_mut()?;
        let leg = media.legs.get(&key)?.number;
        let (bytes, length) = packet.payload();
        let rtp = LegPacket { ssrc: 1, sequence: packet.number, time: packet.number as u32 * 960, marker: false };
        let mut out = Vec::new();
        let onward = media.forwarder.on_leg_packet(leg, fed, rtp, &bytes[..length], now_ms, &mut out)?;
        Some(Passed { packet, header: onward.header, out, onward: Some(onward) })
    }

    /// A datagram comes to a node from the one with this index; none: its media thread does not run.
    pub(crate) fn take_from_link(&mut self, index: u8, datagram: &Datagram, now_ms: u64) -> Option<Passed> {
        let media = self.nodes[datagram.to].as_mut()?;
        let (mut header, packet) = (datagram.header, datagram.packet);
        if self.renumbers {
            media.arrivals += 1;
            header.sequence = media.arrivals;
        }
        let (bytes, length) = packet.payload();
        let mut out = Vec::new();
        let onward = media.forwarder.on_link_packet(index, header, &bytes[..length], now_ms, &mut out);
        Some(Passed { packet, header, out, onward })
    }

    fn taken_for(&self, medium: Medium) -> Medium {
        match (self.swaps, medium) {
            (false, medium) => medium,
            (true, Medium::Voice) => Medium::Picture,
            (true, Medium::Picture) => Medium::Voice,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::fixture;

    fn node() -> SimNode {
        let fixture = fixture(2);
        SimNode::new(fixture.sites[0].node.clone(), fixture.charter.clone())
    }

    #[test]
    fn a_world_without_voices_draws_no_chance_for_them() {
        let (mut media, mut rng) = (Media::of(1), Rng::new(1));
        assert!(!media.start(0, &node(), &mut rng) && media.legs(0).is_none());
        assert_eq!(rng.draw(), Rng::new(1).draw());
        media.switch_on();
        assert!(media.start(0, &node(), &mut rng) && media.legs(0).is_some());
    }

    #[test]
    fn what_was_said_without_a_leg_is_said_all_the_same_and_goes_nowhere() {
        let (mut media, mut rng) = (Media::of(1), Rng::new(1));
        media.switch_on();
        media.start(0, &node(), &mut rng);
        let said = Packet::voice(4, 0);
        assert!(media.take_from_leg(0, ConsoleKey(1), said, 0).is_none());
        assert_eq!(media.leg_up(0, ConsoleKey(1), 4, 0), Some(0));
        assert_eq!(media.leg_ready(0, ConsoleKey(1), 0), Some(4));
        media.take_from_leg(0, ConsoleKey(1), said, 0);
        assert_eq!(media.sent.get(&4), Some(&2));
    }

    #[test]
    fn no_leg_outlives_its_node() {
        let (mut media, mut rng) = (Media::of(1), Rng::new(1));
        media.switch_on();
        media.start(0, &node(), &mut rng);
        media.leg_up(0, ConsoleKey(1), 4, 0);
        media.stop(0);
        assert!(media.legs(0).is_none() && media.leg_ready(0, ConsoleKey(1), 0).is_none());
        media.start(0, &node(), &mut rng);
        assert!(media.legs(0).is_some_and(BTreeMap::is_empty));
    }

    #[test]
    fn no_two_packets_have_the_same_bytes() {
        let voice = Packet::voice(4, 1);
        let others = [Packet { number: 2, ..voice }, Packet { console: 5, ..voice }, Packet { made_up: true, ..voice }];
        assert!(others.iter().all(|other| other.payload() != voice.payload()));
    }
}
