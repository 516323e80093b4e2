//! Between the forwarder and the legs and links.

use super::tcp::Weight;
use super::thread::{Link, Media};
use super::{MediaEvent, link};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Instant;
use str0m::net::Protocol;
use trialogue_core::forward::{Destination, ForwardEvent, Forwarded, LegPacket, Nodes};
use trialogue_wire::console::Medium;
use trialogue_wire::media::{HEADER, Half, MediaHeader};

impl Media {
    /// A packet of a console.
    pub(super) fn take_from_leg(
        &mut self,
        leg: u32,
        medium: Medium,
        packet: LegPacket,
        payload: Arc<[u8]>,
        now: Instant,
    ) {
        let now_ms = self.ms(now);
        self.out.clear();
        let forwarded = self.forwarder.on_leg_packet(leg, medium, packet, &payload, now_ms, &mut self.out);
        self.pass_on(forwarded, medium, payload, now);
    }

    /// A datagram of a link.
    pub(super) fn take_from_link(&mut self, from: u8, datagram: &Bytes, now: Instant) {
        let Some((header, payload)) = MediaHeader::parse(datagram) else {
            self.forwarder.count_malformed();
            return;
        };
        if header.half == Half::Whole {
            self.whole_from_link(from, header, payload, now);
        } else if let Some(link) = self.links.get_mut(usize::from(from))
            && let Some((header, payload)) = link.joiner.join(header, datagram.slice(HEADER..))
        {
            self.whole_from_link(from, header, &payload, now);
        }
    }

    fn whole_from_link(&mut self, from: u8, header: MediaHeader, payload: &[u8], now: Instant) {
        let now_ms = self.ms(now);
        self.stay.arrived = None;
        self.out.clear();
        let forwarded = self.forwarder.on_link_packet(from, header, payload, now_ms, &mut self.out);
        let Some(medium) = self.forwarder.medium_of(header.node, header.stream) else { return };
        if forwarded.is_some() {
            self.pass_on(forwarded, medium, payload.into(), now);
        }
    }

    /// Voices are written at once; pictures wait until all voices of this turn are sent.
    fn pass_on(&mut self, forwarded: Option<Forwarded>, medium: Medium, payload: Arc<[u8]>, now: Instant) {
        let Some(Forwarded { links, spare, header }) = forwarded else { return };
        if !self.out.is_empty() || !links.is_empty() {
            self.stay.forwarded();
        }
        if medium == Medium::Picture {
            self.pictures.extend(self.out.drain(..).map(|to| (to, payload.clone())));
            if !links.is_empty() {
                self.link_pictures.push((links, header, payload));
            }
            return;
        }
        let out = std::mem::take(&mut self.out);
        for to in &out {
            let Some(leg) = self.legs.get(to.leg) else { continue };
            self.sealed.clear();
            match leg.seal(to, &payload, &mut self.sealed) {
                Some(path) if path.proto == Protocol::Udp => {
                    self.udp[path.socket].queue_sealed(path.storage, &self.sealed);
                }
                Some(path) if self.tcp.send(path.remote, &self.sealed, Weight::Light) => self.counters.sent += 1,
                Some(_) => self.counters.unsent += 1,
                None => self.write(to, &payload, now),
            }
        }
        self.out = out;
        if !links.is_empty() {
            let narrow = |node: &u8| self.links.get(usize::from(*node)).is_some_and(Link::is_narrow);
            let links = spare.iter().filter(narrow).fold(links, Nodes::without);
            self.give_to_links(links, &header, &payload, Medium::Voice);
        }
    }

    /// Through str0m.
    fn write(&mut self, to: &Destination, payload: &Arc<[u8]>, now: Instant) {
        if self.legs.with(to.leg, |leg| leg.write(to, payload.clone(), now)) {
            self.dirty.push(to.leg);
        }
    }

    /// Writes the pictures that waited.
    pub(super) fn pass_on_pictures(&mut self, now: Instant) {
        let pictures = std::mem::take(&mut self.pictures);
        for (to, payload) in &pictures {
            self.write(to, payload, now);
        }
        self.pictures = pictures;
        self.pictures.clear();
        let mut waiting = std::mem::take(&mut self.link_pictures);
        for (links, header, payload) in waiting.drain(..) {
            self.give_to_links(links, &header, &payload, Medium::Picture);
        }
        self.link_pictures = waiting;
    }

    fn give_to_links(
        &mut self,
        links: trialogue_core::forward::Nodes,
        header: &MediaHeader,
        payload: &[u8],
        medium: Medium,
    ) {
        let mut whole: Option<Bytes> = None;
        for node in links.iter() {
            let Some(sender) = self.links.get(usize::from(node)).and_then(|l| l.sender.as_deref()) else { continue };
            let max = sender.max_size(medium);
            let sent = if medium == Medium::Picture && !sender.has_room() {
                false
            } else if HEADER + payload.len() <= max {
                sender.send(medium, whole.get_or_insert_with(|| link::datagram(header, payload)).clone())
            } else {
                // `all` would leave the second half out after a failure of the first, which is right: alone it is of no
                // use.
                HEADER + payload.len().div_ceil(2) <= max
                    && link::halves(header, payload).into_iter().all(|half| sender.send(medium, half))
            };
            if !sent {
                self.link_full += 1;
            }
        }
    }

    /// Does what the forwarder asks for, beside packets.
    pub(super) fn forwarder_events(&mut self) {
        while let Some(event) = self.forwarder.poll() {
            match event {
                ForwardEvent::Placed { leg, console, medium, place, sender } => {
                    let at = self.legs.get(leg).and_then(|l| Some((l.number, l.mid(medium, place)?)));
                    if let Some((leg, mid)) = at {
                        (self.events)(MediaEvent::Placed { console, leg, mid, device: sender, medium });
                    }
                }
                ForwardEvent::Traced { device, via } => (self.events)(MediaEvent::FramesTraced { device, via }),
                ForwardEvent::KeyFrameWanted { device } => (self.events)(MediaEvent::KeyFrameWanted { device }),
                ForwardEvent::VoiceQuiet { number, after } => (self.events)(MediaEvent::VoiceQuiet { number, after }),
                ForwardEvent::RelayBarred { source, relay } => {
                    (self.events)(MediaEvent::RelayBarred { source, relay });
                }
            }
        }
    }
}
