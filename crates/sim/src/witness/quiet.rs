//! What must hold in a moment in which nothing out of the ordinary has happened for a while, mended or not.

use super::Sight;
use super::floors::Floors;
use super::packets::Packets;
use crate::reference::Reference;
use std::collections::BTreeSet;
use trialogue_charter::DeviceId;
use trialogue_core::limits::RESTORED_US;
use trialogue_journal::fold::RingResponse;
use trialogue_wire::console::Medium;

/// So long after the last trouble everything that can reach somebody has.
const SETTLED_US: u64 = 6_000_000;
/// In this time a voice that can be heard is heard at least once, whatever a lossy cable drops.
const HEARD_US: u64 = 4_000_000;
/// So long after the last trouble all that must hold then can be told.
pub(crate) const QUIET_US: u64 = SETTLED_US + HEARD_US;

impl Sight<'_> {
    /// Every node reads its entries as the reference does.
    pub(crate) fn check_reference(&self) {
        let made = self.made();
        for node in self.nodes {
            let Some(machine) = &node.machine else { continue };
            if node.syncing {
                // Some of its own entries have not taken effect.
                continue;
            }
            let reference = Reference::read(self.fixture, node.known.values(), &|device, said| made.by(device, said));
            assert_eq!(reference.unknown, None, "the reference must be taught this act");
            for line in self.fixture.charter.lines.iter().map(|line| &line.id) {
                let inside = machine.state().in_on(line);
                let seen: Vec<_> = inside.iter().map(|p| (p.node.clone(), p.device, p.order)).collect();
                let told = reference.inside(line);
                let told: Vec<_> =
                    told.iter().map(|(node, device, inside)| (node.clone(), *device, inside.order)).collect();
                assert_eq!(seen, told, "{} and the reference differ on who is in on {line}", node.id);
                for (at, party) in self.fixture.parties.iter().enumerate() {
                    let sounds = machine.state().sounding_on(&party.id, line);
                    let sounds: BTreeSet<_> = sounds.iter().map(|ring| ring.call).collect();
                    let told = reference.sounding(at, line);
                    assert_eq!(sounds, told, "{} and the reference differ on what sounds at {}", node.id, party.id);
                }
                for other in machine.state().nodes().map(|(id, _)| id) {
                    let seen = machine.state().node(other).and_then(|state| state.group(line));
                    let seen = seen.map(|group| (group.id, group.epoch, group.members.clone()));
                    let told = reference.keys(other, line).map(|keys| (keys.id, keys.epoch, keys.members.clone()));
                    assert_eq!(seen, told, "{} and the reference differ on the group of {other} on {line}", node.id);
                }
            }
        }
    }

    /// A ring has come to every party that can be reached, and its ringer's node knows.
    pub(crate) fn check_rings(&self) {
        for (at, node) in self.nodes.iter().enumerate() {
            let Some(machine) = &node.machine else { continue };
            for line in self.fixture.charter.lines.iter().map(|line| &line.id) {
                for ring in machine.state().rings(line).iter().filter(|ring| ring.node == node.id) {
                    for other in self
                        .network
                        .reached(at, self.nodes)
                        .into_iter()
                        .filter(|other| !self.fixture.same_party(at, *other))
                    {
                        // It waits for those that are out of reach, as long as it may.
                        let waits_us = RESTORED_US + 2 * SETTLED_US;
                        if self.nodes[other].restored_us.is_some_and(|since| self.now_us < since + waits_us) {
                            continue;
                        }
                        let party = &self.fixture.parties[self.fixture.sites[other].party].id;
                        let response = machine.state().response(line, party, &ring.call);
                        let there = machine.state().in_on(line).iter().any(|p| p.acts_for(party));
                        let known = there || response != RingResponse::None;
                        let old = self.wall_ms.saturating_add_signed(node.wall_off_ms).saturating_sub(ring.time_ms);
                        assert!(
                            known || old < SETTLED_US / 1_000,
                            "a ring of {} on {line} has not come to {party}, {old} ms old and with a way there",
                            node.id
                        );
                    }
                }
            }
        }
    }

    /// Whoever speaks in the name of others can come between two that have no link and no honest node with links to
    /// both.
    fn honest_way(&self, from: usize, to: usize) -> bool {
        if self.nodes.iter().all(|node| !node.dishonest) {
            return true;
        }
        let carries = |a: usize, b: usize| a == b || self.network.carries(a, b);
        let honest = |at: usize| !self.nodes[at].dishonest && self.nodes[at].machine.is_some();
        let mut relays = (0..self.nodes.len()).filter(|via| honest(*via) && carries(from, *via) && carries(*via, to));
        honest(from) && honest(to) && relays.next().is_some()
    }

    /// Where the listener's node has no link to the speaker's, a liar whose packets come there first stands in the way
    /// of the true ones (spec/media.md, *what is left*).
    fn may_be_silenced(&self, speaker: usize, listener: usize, packets: &Packets) -> bool {
        let [from, to] = [speaker, listener].map(|console| self.consoles[console].node);
        let device = self.consoles.device(speaker);
        let mut routes = self.nodes[to].routes.values();
        let route = routes.find(|route| route.device == device && route.medium == Medium::Voice);
        let linked = from == to || self.network.carries(from, to);
        !linked && route.is_some_and(|route| packets.was_lied_to(to, (route.node, route.number)))
    }

    /// Where each node passes a console's voice on, for people.
    fn ways(&self, device: DeviceId) -> String {
        let mut ways = String::new();
        for (at, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.machine.is_some()) {
            ways += &format!("  {} {:?}\n", node.id, self.media.counters(at));
            for route in node.routes.values().filter(|route| route.device == device && route.medium == Medium::Voice) {
                let (links, legs, relays) = (&route.links, route.legs.len(), &route.relays);
                ways += &format!("    {}/{} by {relays:?} → {links:?} and {legs} legs\n", route.node, route.number);
            }
        }
        ways
    }

    /// A console has a leg that is connected.
    fn talks(&self, console: usize) -> bool {
        let own = &self.consoles[console];
        let leg = own.key.zip(self.media.legs(own.node)).and_then(|(key, legs)| legs.get(&key));
        leg.is_some_and(|leg| leg.ready)
    }

    /// A device is in by the journal of this node, on some line.
    fn is_in_here(&self, at: usize, device: DeviceId) -> bool {
        let node = &self.nodes[at];
        node.machine.as_ref().is_some_and(|machine| {
            let mut lines = self.fixture.charter.lines.iter();
            let state = machine.state();
            lines.any(|line| state.in_on(&line.id).iter().any(|p| p.device == device && p.node == node.id))
        })
    }

    /// On how many lines a device is in, as a node sees it. One who is in on several is heard where it came in last.
    fn lines_of(&self, at: usize, device: DeviceId) -> usize {
        let Some(machine) = &self.nodes[at].machine else { return 0 };
        let lines = self.fixture.charter.lines.iter();
        lines.filter(|line| machine.state().in_on(&line.id).iter().any(|p| p.device == device)).count()
    }
}

/// Whoever is in with somebody and has a way there hears it.
pub(super) fn check_heard(packets: &Packets, floors: &mut Floors, sight: &Sight) {
    if !sight.media.is_on() {
        return;
    }
    for speaker in 0..sight.consoles.len() {
        for listener in (0..sight.consoles.len()).filter(|listener| *listener != speaker) {
            if !should_hear(speaker, listener, floors, sight) {
                continue;
            }
            if sight.may_be_silenced(speaker, listener, packets) {
                continue;
            }
            let since = packets.last_us(listener, speaker).map(|heard_us| sight.now_us - heard_us);
            assert!(
                since.is_some_and(|since| since < HEARD_US),
                "{} has not heard {} for {since:?} µs, with a way between them:\n{}",
                sight.console_name(listener),
                sight.console_name(speaker),
                sight.ways(sight.consoles.device(speaker))
            );
        }
    }
}

fn should_hear(speaker: usize, listener: usize, floors: &mut Floors, sight: &Sight) -> bool {
    let [from, to] = [speaker, listener].map(|console| sight.consoles[console].node);
    let [s, l] = [speaker, listener].map(|console| sight.consoles.device(console));
    let speaks = !sight.consoles[speaker].muted && sight.talks(speaker) && sight.talks(listener);
    speaks
        && sight.network.reached(from, sight.nodes).contains(&to)
        && sight.honest_way(from, to)
        && sight.lines_of(from, s) == 1
        && sight.is_in_here(from, s)
        && sight.is_in_here(to, l)
        && floors.may_hear(from, s, l, sight)
        && floors.may_hear(to, s, l, sight)
}

#[cfg(test)]
mod tests {
    use crate::fixture::LEADERS;
    use crate::world::{JPN, USA, World};

    /// A network in which two leaders talk.
    fn a_call() -> World {
        let mut world = World::at_peace(&[1, 1, 1], 1);
        let call = world.ring(USA, LEADERS);
        world.run(1_000_000);
        world.answer(JPN, LEADERS, call);
        world.run(10_000_000);
        world
    }

    #[test]
    fn those_who_talk_hear_each_other() {
        let mut world = a_call();
        let (witness, sight) = world.witness();
        witness.check_heard(&sight);
        sight.check_rings();
        sight.check_reference();
    }

    #[test]
    #[should_panic(expected = "has not heard")]
    fn a_voice_that_is_missing_is_noticed() {
        let mut world = a_call();
        // Time passes for the witness alone: nobody has said anything meanwhile.
        world.agenda.pass_to(world.now_us() + 5_000_000);
        let (witness, sight) = world.witness();
        witness.check_heard(&sight);
    }
}
