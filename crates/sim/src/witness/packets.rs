//! What must hold of every packet: it is lost nowhere where one copy of it came, heard once, by those who may, and
//! never in a storm. And of what a member makes up for others: that little of it is passed on.

use super::Sight;
use super::floors::Floors;
use crate::media::{Packet, Passed};
use crate::trace::Trace;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_core::Route;
use trialogue_wire::media::MediaHeader;

/// Most datagrams that one packet may cause for each node of the charter.
const DATAGRAMS_PER_NODE: u32 = 12;
/// Packets whose datagrams are counted, the newest.
const COUNTED: usize = 4_096;
/// Packets of a liar that may pass for a source whose link lives: as many as can be ahead of what came directly, once
/// for each time that it can be caught and once for what comes before the source is known to be quiet.
const MADE_UP_MAX: u32 = 3 * 64;

/// A stream, as its headers name it.
pub(crate) type Key = (u8, u16);

fn key_of(header: &MediaHeader) -> Key {
    (header.node, header.stream)
}

/// Everything that was sent and heard.
#[derive(Default)]
pub(super) struct Packets {
    /// By the nodes' positions; none: its media thread does not run.
    at: BTreeMap<usize, At>,
    /// What each console heard of whom: listener, speaker; the numbers.
    heard: BTreeMap<(usize, usize, bool), BTreeSet<u64>>,
    /// At which node each console had its last leg.
    leg_at: BTreeMap<usize, usize>,
    /// When each console last heard whose voice: listener, speaker.
    last_us: BTreeMap<(usize, usize), u64>,
    /// Datagrams that a packet has caused: speaker, number.
    datagrams: BTreeMap<(usize, bool, u64), u32>,
    /// How many packets arrived at consoles.
    arrived: u64,
}

/// What came to the media thread of a node.
#[derive(Default)]
struct At {
    /// Packets of streams that came at least once.
    came: BTreeSet<(Key, u32)>,
    /// The first packet that a leg got of a stream since that was placed there, and the place: what is older has no
    /// number there.
    first: BTreeMap<(u32, Key), (u32, u8)>,
    /// Places that a liar began, before the source's own packets came there.
    begun: BTreeMap<(u32, Key), Begun>,
    /// Sequences that were given out at a place.
    given: BTreeSet<(u32, bool, u8, u64)>,
    /// The newest sequence of each stream that came from its own node.
    newest: BTreeMap<Key, u32>,
    /// After which packet each stream was quiet last, as its route said.
    quiet_after: BTreeMap<Key, u32>,
    /// Streams under which somebody made packets up, and how many of them passed while the source's link lived.
    lied_at: BTreeSet<Key>,
    made_up: BTreeMap<Key, u32>,
}

/// With what a liar began a place.
struct Begun {
    sequence: u32,
    place: u8,
    /// How many of the source's own packets from before it that has cost there.
    lost: u32,
}

impl At {
    fn forget_leg(&mut self, number: u32) {
        self.given.retain(|given| given.0 != number);
        self.first.retain(|first, _| first.0 != number);
        self.begun.retain(|begun, _| begun.0 != number);
    }

    fn forget_stream(&mut self, key: Key) {
        self.first.retain(|first, _| first.1 != key);
        self.begun.retain(|begun, _| begun.1 != key);
    }

    /// Where each copy is given out of a packet that a listener must not miss: the console that does all the same.
    fn missing(&mut self, node: usize, passed: &Passed, route: &Route, sight: &Sight) -> Option<usize> {
        let (key, sequence) = (key_of(&passed.header), passed.header.sequence);
        let before = |first: u32| sequence.wrapping_sub(first) >= u32::MAX / 2;
        let legs = sight.media.legs(node)?;
        let mut missed = None;
        for leg in route.legs.iter().filter_map(|leg| legs.get(leg)).filter(|leg| leg.ready) {
            let at = (leg.number, key);
            if let Some(got) = passed.out.iter().find(|to| to.leg == leg.number) {
                self.first.entry(at).or_insert((sequence, got.place));
            } else if self.first.get(&at).is_none_or(|(first, _)| !before(*first)) {
                // What a liar begins a place with, ahead of all that is known, costs what comes before it there, and no
                // more than that.
                let begun = self.begun.get_mut(&at).filter(|begun| before(begun.sequence));
                let lost = begun.map_or(u32::MAX, |begun| {
                    begun.lost += 1;
                    begun.lost
                });
                missed = missed.or((lost > MADE_UP_MAX).then_some(leg.console));
            }
        }
        missed
    }
}

impl Packets {
    /// How many packets arrived at consoles.
    pub(super) fn arrived(&self) -> u64 {
        self.arrived
    }

    /// When a console last heard another's voice.
    pub(super) fn last_us(&self, listener: usize, speaker: usize) -> Option<u64> {
        self.last_us.get(&(listener, speaker)).copied()
    }

    /// Packets of this stream that somebody made up have come to a node.
    pub(super) fn was_lied_to(&self, node: usize, key: Key) -> bool {
        self.at.get(&node).is_some_and(|at| at.lied_at.contains(&key))
    }

    /// Where a stream is at a node: its newest sequence that came directly, and the one after which it was quiet last.
    pub(super) fn whereabouts(&self, node: usize, key: Key) -> (Option<u32>, Option<u32>) {
        let at = self.at.get(&node);
        let of = |known: fn(&At) -> &BTreeMap<Key, u32>| at.and_then(|at| known(at).get(&key).copied());
        (of(|at| &at.newest), of(|at| &at.quiet_after))
    }

    /// The media thread of a node begins.
    pub(super) fn begin(&mut self, node: usize) {
        self.at.insert(node, At::default());
    }

    /// It is gone.
    pub(super) fn end(&mut self, node: usize) {
        self.at.remove(&node);
    }

    /// A console has a leg of this number. At another node the same packet may come anew; nobody there knows what was
    /// heard here.
    pub(super) fn leg_up(&mut self, node: usize, console: usize, number: u32) {
        if self.leg_at.insert(console, node).is_some_and(|before| before != node) {
            self.heard.retain(|(listener, ..), _| *listener != console);
        }
        if let Some(at) = self.at.get_mut(&node) {
            at.forget_leg(number);
        }
    }

    /// Another voice is at a place of a leg.
    pub(super) fn placed(&mut self, node: usize, leg: u32, place: u8) {
        if let Some(at) = self.at.get_mut(&node) {
            at.first.retain(|first, (_, held)| first.0 != leg || *held != place);
            at.begun.retain(|begun, held| begun.0 != leg || held.place != place);
        }
    }

    /// A node's route is another one from now on. To whom a stream begins to go, a packet that went a long way may come
    /// that was heard before the stream ended there (seed 63).
    pub(super) fn routed(&mut self, node: usize, route: &Route, sight: &Sight) {
        let key = (route.node, route.number);
        let before = sight.nodes[node].routes.get(&key).map(|old| old.legs.clone()).unwrap_or_default();
        if let Some(speaker) = sight.consoles.with(&route.device) {
            let new = route.legs.iter().filter(|leg| !before.contains(leg));
            for listener in new.filter_map(|leg| sight.consoles.owner(leg)) {
                self.heard.remove(&(listener, speaker, route.medium == trialogue_wire::console::Medium::Picture));
            }
        }
        if let (Some(at), Some(after)) = (self.at.get_mut(&node), route.quiet_after) {
            at.quiet_after.insert(key, after);
        }
    }

    /// A stream has ended at a node.
    pub(super) fn route_ended(&mut self, node: usize, key: Key) {
        if let Some(at) = self.at.get_mut(&node) {
            at.forget_stream(key);
        }
    }

    /// One packet goes over a cable: there is no storm.
    pub(super) fn sent(&mut self, packet: &Packet, nodes: usize) {
        let count = self.datagrams.entry((packet.console, packet.is_picture(), packet.number)).or_default();
        *count += 1;
        let most = nodes as u32 * DATAGRAMS_PER_NODE;
        assert!(*count <= most, "one packet has caused {count} datagrams between {nodes} nodes");
        if self.datagrams.len() > COUNTED {
            self.datagrams.pop_first();
        }
    }

    /// A packet that nobody was ready for has come.
    fn note_came(&mut self, node: usize, header: &MediaHeader, sight: &Sight) {
        let key = key_of(header);
        let Some(route) = sight.nodes[node].routes.get(&key) else { return };
        let (Some(at), Some(legs)) = (self.at.get_mut(&node), sight.media.legs(node)) else { return };
        if !route.legs.iter().filter_map(|leg| legs.get(leg)).any(|leg| leg.ready) {
            at.came.insert((key, header.sequence));
        }
    }

    /// Whoever has a place for a stream gets each packet of it that comes: none is lost where one copy arrived.
    pub(super) fn check_complete(&mut self, node: usize, from: usize, passed: &Passed, sight: &Sight) {
        let (header, packet) = (&passed.header, &passed.packet);
        let key = key_of(header);
        if passed.out.is_empty() && from != node && self.may_refuse(node, from, header, sight) {
            // Taken where nobody could be given it yet, it is no news when it comes again.
            self.note_came(node, header, sight);
            return;
        }
        let own = &sight.nodes[node];
        let directly = from == node || own.charter().node_index(&sight.nodes[from].id) == Some(header.node);
        let (Some(route), Some(at)) = (own.routes.get(&key), self.at.get_mut(&node)) else { return };
        if packet.is_picture() {
            return;
        }
        let newest = at.newest.get(&key).copied();
        let late = newest.is_some_and(|newest| header.sequence.wrapping_sub(newest) as i32 <= 0);
        if directly && !late {
            at.newest.insert(key, header.sequence);
        }
        if !at.came.insert((key, header.sequence)) {
            return;
        }
        let missed = at.missing(node, passed, route, sight);
        if (late || !directly) && at.lied_at.contains(&key) {
            // What came first may have been made up, and when a liar is caught the place begins anew: what is further
            // back has no number there.
            return;
        }
        if let Some(listener) = missed {
            let [speaker, listener] = [packet.console, listener].map(|console| sight.console_name(console));
            let (id, counters) = (&own.id, sight.media.counters(node));
            panic!("voice {} of {speaker} reached {id} as {header:?} and not {listener}: {counters:?}", packet.number);
        }
    }

    /// A packet reaches consoles: only those that may hear who sent it, in the right place, once.
    pub(super) fn deliver(
        &mut self,
        node: usize,
        passed: &Passed,
        sight: &Sight,
        floors: &mut Floors,
        trace: &mut Trace,
    ) {
        let (packet, speaker) = (&passed.packet, sight.consoles.device(passed.packet.console));
        for to in &passed.out {
            let (Some(at), Some(legs)) = (self.at.get_mut(&node), sight.media.legs(node)) else { return };
            assert_eq!(sight.media.sender_at(node, to), Some(speaker), "a packet at the place of another");
            let picture = to.medium == trialogue_wire::console::Medium::Picture;
            assert!(
                at.given.insert((to.leg, picture, to.place, to.sequence)),
                "a sequence was given out twice at one place"
            );
            let Some((key, leg)) = legs.iter().find(|(_, leg)| leg.number == to.leg) else { continue };
            let listener = sight.consoles.device(leg.console);
            assert!(
                floors.may_hear(node, speaker, listener, sight),
                "{} hears {}, who is not in with it as {} sees it",
                sight.name(&listener),
                sight.name(&speaker),
                sight.nodes[node].id
            );
            if sight.consoles[leg.console].key == Some(*key) && !packet.made_up {
                self.hear(leg.console, packet, sight, trace);
            }
            // No console opens what was made up.
        }
    }

    fn hear(&mut self, console: usize, packet: &Packet, sight: &Sight, trace: &mut Trace) {
        trace.note(sight.now_us, packet.number << 16 | (console as u64) << 8 | packet.console as u64);
        self.arrived += 1;
        let heard = self.heard.entry((console, packet.console, packet.is_picture())).or_default();
        let fresh = heard.insert(packet.number);
        if !packet.is_picture() {
            self.last_us.insert((console, packet.console), sight.now_us);
        }
        assert!(
            fresh,
            "{} got packet {} of {} twice",
            sight.console_name(console),
            packet.number,
            sight.console_name(packet.console)
        );
    }

    /// A packet that its source's node never sent came to consoles: none does while that node's link lives and it has
    /// said that it is quiet, and few do while it speaks.
    pub(super) fn check_made_up(&mut self, node: usize, passed: &Passed, sight: &Sight) {
        let (header, key) = (&passed.header, key_of(&passed.header));
        let (Some(at), id) = (self.at.get_mut(&node), &sight.nodes[node].id) else { return };
        at.lied_at.insert(key);
        for to in passed.out.iter().filter(|to| !at.first.contains_key(&(to.leg, key))) {
            let begun = Begun { sequence: header.sequence, place: to.place, lost: 0 };
            at.begun.entry((to.leg, key)).or_insert(begun);
        }
        let route = sight.nodes[node].routes.get(&key).filter(|route| route.alive && !passed.out.is_empty());
        let Some(route) = route else { return };
        let after = |last: u32| header.sequence.wrapping_sub(last) as i32 > 0;
        assert!(!route.quiet_after.is_some_and(after), "{id} passes on what was made up for one who is quiet");
        let count = at.made_up.entry(key).or_default();
        *count += 1;
        assert!(*count <= MADE_UP_MAX, "{id} has passed on {count} packets that were made up for one who speaks");
    }

    /// May this copy of a true packet be refused? One of a relay may while the source is quiet, as it says, or where
    /// that is no relay, or has lied.
    fn may_refuse(&self, node: usize, from: usize, header: &MediaHeader, sight: &Sight) -> bool {
        let (own, sender) = (&sight.nodes[node], &sight.nodes[from].id);
        let Some(route) = own.routes.get(&key_of(header)) else { return true };
        let relay = own.charter().node_index(sender) != Some(header.node);
        // A relay that was caught is barred for all of that source's streams.
        let at = self.at.get(&node);
        let lied = at.is_some_and(|at| at.lied_at.iter().any(|(source, _)| *source == header.node));
        let chosen = route.relays.contains(sender);
        relay && (lied || !chosen || route.alive && route.quiet_after.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Datagram;

    fn packet(number: u64) -> Packet {
        Packet::voice(0, number)
    }

    #[test]
    #[should_panic(expected = "datagrams between 3 nodes")]
    fn a_storm_is_noticed() {
        let mut packets = Packets::default();
        (0..=3 * DATAGRAMS_PER_NODE).for_each(|_| packets.sent(&packet(1), 3));
    }

    #[test]
    fn many_packets_are_no_storm_and_the_oldest_are_forgotten() {
        let mut packets = Packets::default();
        for number in 0..2 * COUNTED as u64 {
            (0..3 * DATAGRAMS_PER_NODE).for_each(|_| packets.sent(&packet(number), 3));
        }
        assert_eq!(packets.datagrams.len(), COUNTED);
    }

    #[test]
    fn a_console_at_another_node_may_hear_again_what_it_heard() {
        let mut packets = Packets::default();
        packets.leg_up(0, 4, 0);
        packets.heard.insert((4, 1, false), BTreeSet::from([7]));
        packets.leg_up(0, 4, 1);
        assert!(!packets.heard.is_empty(), "a new leg at the same node changes nothing");
        packets.leg_up(1, 4, 0);
        assert!(packets.heard.is_empty());
    }

    #[test]
    fn what_a_stream_began_with_is_forgotten_when_it_ends() {
        let mut packets = Packets::default();
        packets.begin(0);
        let (ends, stays) = (key_of(&Datagram::of_test(0, 1).header), (0, 2));
        let at = packets.at.get_mut(&0).unwrap();
        at.first.extend([((0, ends), (1, 0)), ((0, stays), (1, 1))]);
        packets.route_ended(0, ends);
        assert_eq!(packets.at[&0].first.keys().collect::<Vec<_>>(), [&(0, stays)]);
        packets.end(0);
        assert_eq!(packets.whereabouts(0, stays), (None, None));
    }
}
