//! What must hold of every packet: it is lost nowhere where one copy of it came, heard once, by those who may, and
//! never in a storm.

use crate::media::{DATAGRAMS_PER_NODE, Packet};
use crate::member::MADE_UP_MAX;
use crate::world::World;
use std::collections::BTreeSet;
use trialogue_charter::DeviceId;
use trialogue_core::Route;
use trialogue_core::forward::Destination;
use trialogue_wire::console::Medium;
use trialogue_wire::media::MediaHeader;

impl World {
    /// One packet goes over a cable: there is no storm.
    pub(crate) fn count_datagram(&mut self, packet: &Packet) {
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

    /// A packet that nobody was ready for has come.
    fn note_came(&mut self, node: usize, header: &MediaHeader) {
        let key = (header.node, header.stream);
        let Some(route) = self.nodes[node].routes.get(&key) else { return };
        let wanted = route.legs.clone();
        let Some(media) = self.nodes[node].media.as_mut() else { return };
        if !wanted.iter().filter_map(|leg| media.legs.get(leg)).any(|leg| leg.ready) {
            media.came.insert((header.node, header.stream, header.sequence));
        }
    }

    /// Whoever has a place for a stream gets each packet of it that comes: none is lost where one copy arrived.
    pub(crate) fn check_complete(
        &mut self,
        node: usize,
        from: usize,
        header: &MediaHeader,
        packet: &Packet,
        out: &[Destination],
    ) {
        let key = (header.node, header.stream);
        let (id, name) = (self.nodes[node].id.clone(), self.device(packet.console));
        if out.is_empty() && from != node && self.may_refuse(node, from, header) {
            // Taken where nobody could be given it yet, it is no news when it comes again.
            self.note_came(node, header);
            return;
        }
        let directly = from == node || self.nodes[node].charter().node_index(&self.nodes[from].id) == Some(header.node);
        let Some(route) = self.nodes[node].routes.get(&key) else { return };
        let wanted = route.legs.clone();
        let Some(media) = self.nodes[node].media.as_mut() else { return };
        if packet.is_picture() {
            return;
        }
        let newest = media.newest.get(&key).copied();
        let late = newest.is_some_and(|newest| header.sequence.wrapping_sub(newest) as i32 <= 0);
        if directly && !late {
            media.newest.insert(key, header.sequence);
        }
        if !media.came.insert((header.node, header.stream, header.sequence)) {
            return;
        }
        let before = |first: u32| header.sequence.wrapping_sub(first) >= u32::MAX / 2;
        let mut missed = None;
        for leg in wanted.iter().filter_map(|leg| media.legs.get(leg)).filter(|leg| leg.ready) {
            let at = (leg.number, key);
            if let Some(got) = out.iter().find(|to| to.leg == leg.number) {
                media.first.entry(at).or_insert((header.sequence, got.place));
            } else if media.first.get(&at).is_none_or(|(first, _)| !before(*first)) {
                // What a liar begins a place with, ahead of all that is known, costs what comes before it there, and no
                // more than that.
                let begun = media.begun.get_mut(&at).filter(|begun| before(begun.sequence));
                let lost = begun.map_or(u32::MAX, |begun| {
                    begun.lost += 1;
                    begun.lost
                });
                missed = missed.or((lost > MADE_UP_MAX).then_some(leg.console));
            }
        }
        if (late || !directly) && media.lied_at.contains(&key) {
            // What came first may have been made up, and when a liar is caught the place begins anew: what is further
            // back has no number there.
            return;
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
    pub(crate) fn deliver(&mut self, node: usize, packet: &Packet, out: &[Destination]) {
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
            if self.consoles[console].key != Some(key) || packet.made_up {
                // No console opens what was made up.
                continue;
            }
            self.hear_packet(console, packet);
        }
    }

    /// To whom a stream begins to go, a packet that went a long way may come that was heard before the stream ended
    /// there (seed 63).
    pub(crate) fn new_listeners(&mut self, node: usize, route: &Route) {
        let before = self.nodes[node].routes.get(&(route.node, route.number)).map(|old| old.legs.clone());
        let before = before.unwrap_or_default();
        let Some(speaker) = self.consoles.with(&route.device) else { return };
        for key in route.legs.iter().filter(|key| !before.contains(key)) {
            if let (Some(listener), Some(media)) = (self.consoles.owner(key), self.media.as_mut()) {
                media.heard.remove(&(listener, speaker, route.medium == Medium::Picture));
            }
        }
    }

    fn hear_packet(&mut self, console: usize, packet: &Packet) {
        self.trace.note(self.agenda.now_us(), packet.number << 16 | (console as u64) << 8 | packet.console as u64);
        let now_us = self.agenda.now_us();
        let Some(media) = self.media.as_mut() else { return };
        media.arrived += 1;
        let fresh =
            media.heard.entry((console, packet.console, packet.is_picture())).or_default().insert(packet.number);
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
