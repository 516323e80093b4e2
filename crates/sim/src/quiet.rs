//! What must hold in a moment in which nothing out of the ordinary has happened for a while, mended or not.

use crate::reference::Reference;
use crate::world::World;
use std::collections::BTreeSet;
use trialogue_core::limits::RESTORED_US;
use trialogue_journal::fold::RingResponse;
use trialogue_wire::console::Medium;

/// So long after the last trouble everything that can reach somebody has.
const SETTLED_US: u64 = 6_000_000;
/// In this time a voice that can be heard is heard at least once, whatever a lossy cable drops.
const HEARD_US: u64 = 4_000_000;
/// Packets that are made up, one after the other, before the first true one contradicts them (spec/media.md).
const MADE_UP: u64 = 64;

impl World {
    /// Nothing happens for a while but what people see and hear; then what can be told is held to account.
    ///
    /// # Panics
    /// When a promise does not hold.
    pub fn rest(&mut self) {
        self.changed_us = self.agenda.now_us();
        for _ in 0..8 {
            let left = (self.changed_us() + SETTLED_US + HEARD_US).saturating_sub(self.agenda.now_us());
            if left == 0 {
                break;
            }
            self.run(left);
        }
        self.check_reference();
        let settled = self.agenda.now_us() >= self.changed_us() + SETTLED_US + HEARD_US;
        if settled && !self.network.hangs_unnoticed() {
            self.check_rings();
            self.check_heard();
        }
    }

    /// Every node reads its entries as the reference does.
    ///
    /// # Panics
    /// When one does not.
    pub fn check_reference(&self) {
        let made = self.made();
        for node in &self.nodes {
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
    fn check_rings(&self) {
        for (at, node) in self.nodes.iter().enumerate() {
            let Some(machine) = &node.machine else { continue };
            for line in self.fixture.charter.lines.iter().map(|line| &line.id) {
                for ring in machine.state().rings(line).iter().filter(|ring| ring.node == node.id) {
                    for other in
                        self.network.reached(at, &self.nodes).into_iter().filter(|other| !self.same_party(at, *other))
                    {
                        // It waits for those that are out of reach, as long as it may.
                        let waits_us = RESTORED_US + 2 * SETTLED_US;
                        if self.nodes[other].restored_us.is_some_and(|since| self.agenda.now_us() < since + waits_us) {
                            continue;
                        }
                        let party = &self.fixture.parties[self.fixture.sites[other].party].id;
                        let response = machine.state().response(line, party, &ring.call);
                        let there = machine.state().in_on(line).iter().any(|p| p.acts_for(party));
                        let known = there || response != RingResponse::None;
                        let old =
                            self.agenda.wall_ms().saturating_add_signed(node.wall_off_ms).saturating_sub(ring.time_ms);
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

    pub(crate) fn same_party(&self, a: usize, b: usize) -> bool {
        self.fixture.sites[a].party == self.fixture.sites[b].party
    }

    /// Whoever is in with somebody and has a way there hears it.
    fn check_heard(&mut self) {
        if self.media.is_none() {
            return;
        }
        for speaker in 0..self.consoles.len() {
            for listener in (0..self.consoles.len()).filter(|listener| *listener != speaker) {
                if !self.should_hear(speaker, listener) {
                    continue;
                }
                let last = self.media.as_ref().and_then(|media| media.last.get(&(listener, speaker)).copied());
                let since = last.map(|(heard_us, _)| self.agenda.now_us() - heard_us);
                let most_us = HEARD_US + self.made_up_us(speaker, listener);
                assert!(
                    since.is_some_and(|since| since < most_us),
                    "{} has not heard {} for {since:?} µs, with a way between them:\n{}",
                    self.name(&self.device(listener)),
                    self.name(&self.device(speaker)),
                    self.ways(speaker)
                );
            }
        }
    }

    /// For how long what is made up of a speaker may stand in the place of its own packets: where the listener's node
    /// has no link to the speaker's, an honest node between them passes on at most [`MADE_UP`] of a dishonest one
    /// before it bars that.
    fn made_up_us(&self, speaker: usize, listener: usize) -> u64 {
        let (from, to) = (self.consoles[speaker].node, self.consoles[listener].node);
        let direct = from == to || self.network.carries(from, to);
        if direct || self.nodes.iter().all(|node| !node.dishonest) { 0 } else { MADE_UP * crate::media::TALK_US }
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

    /// Where each node passes a console's voice on, for people.
    fn ways(&self, speaker: usize) -> String {
        let device = self.device(speaker);
        let mut ways = String::new();
        for node in self.nodes.iter().filter(|node| node.machine.is_some()) {
            let counters = node.media.as_ref().map(|media| media.forwarder.counters());
            ways += &format!("  {} {counters:?}\n", node.id);
            for route in node.routes.values().filter(|route| route.device == device && route.medium == Medium::Voice) {
                ways +=
                    &format!("    {}/{} → {:?} and {} legs\n", route.node, route.number, route.links, route.legs.len());
            }
        }
        ways
    }

    fn should_hear(&mut self, speaker: usize, listener: usize) -> bool {
        let [from, to] = [speaker, listener].map(|console| self.consoles[console].node);
        let talks = |console: usize| {
            let own = &self.consoles[console];
            let media = self.nodes[own.node].media.as_ref();
            let leg = own.key.zip(media).and_then(|(key, media)| media.legs.get(&key));
            leg.is_some_and(|leg| leg.ready)
        };
        if self.consoles[speaker].muted
            || !talks(speaker)
            || !talks(listener)
            || !self.network.reached(from, &self.nodes).contains(&to)
        {
            return false;
        }
        if !self.honest_way(from, to) {
            return false;
        }
        let (s, l) = (self.device(speaker), self.device(listener));
        // One who is in on several lines is heard where it came in last.
        let lines = self.fixture.charter.lines.iter().filter(|line| {
            let machine = self.nodes[from].machine.as_ref();
            machine.is_some_and(|machine| machine.state().in_on(&line.id).iter().any(|p| p.device == s))
        });
        if lines.count() != 1 {
            return false;
        }
        let ours = |at: usize, device| {
            let machine = self.nodes[at].machine.as_ref();
            let node = &self.nodes[at].id;
            machine.is_some_and(|machine| {
                let state = machine.state();
                self.fixture
                    .charter
                    .lines
                    .iter()
                    .any(|line| state.in_on(&line.id).iter().any(|p| p.device == device && p.node == *node))
            })
        };
        ours(from, s) && ours(to, l) && self.may_hear(from, s, l) && self.may_hear(to, s, l)
    }
}
