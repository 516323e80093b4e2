//! What must hold at every step, and what must hold once it is quiet.

use crate::world::World;
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_core::{Count, Output};
use trialogue_journal::{BodyRef, UnverifiedEntry};
use trialogue_wire::Bundle;
use trialogue_wire::console::ToConsole;
use trialogue_wire::link::LinkMessage;

impl World {
    /// Nothing of the own journal goes out before it is on disk, unless the disk fails; and nothing is acknowledged
    /// that a crash could take back.
    ///
    /// # Panics
    /// When that does not hold.
    #[allow(clippy::expect_used)]
    pub(crate) fn check_output(&mut self, at: usize, output: &Output) {
        let node = &self.nodes[at];
        match output {
            Output::SendLink { bytes, .. } => {
                let message = trialogue_wire::decode(bytes).expect("a node sends only messages of the protocol");
                if let LinkMessage::Entries { bundles } = message {
                    bundles.iter().for_each(|bundle| self.check_durable(at, bundle));
                }
            }
            Output::SendConsole { console, bytes, .. } if !bytes.is_empty() => {
                match trialogue_wire::decode(bytes).expect("a node sends only messages of the protocol") {
                    ToConsole::Entries { bundles } => {
                        bundles.iter().for_each(|bundle| self.check_durable(at, bundle));
                    }
                    ToConsole::Accepted { number, unrecorded } => {
                        assert!(!unrecorded || node.excused, "unrecorded on a disk that works");
                        let model = || self.consoles.owner(console).map(|console| self.device(console));
                        let Some(device) = self.real.device_at(console).or_else(model) else { return };
                        assert!(unrecorded || self.is_stated(at, &device, number), "acknowledged and not on disk");
                        if !unrecorded {
                            self.note_acknowledged(at, device, number);
                        }
                    }
                    _ => {}
                }
            }
            Output::Route(route) => {
                let state = node.machine.as_ref().expect("it runs").state();
                let here = state.in_on(&route.line);
                assert!(here.iter().any(|p| p.device == route.device), "media of somebody who is not in");
            }
            _ => {}
        }
    }

    fn check_durable(&self, at: usize, bundle: &Bundle) {
        let node = &self.nodes[at];
        #[allow(clippy::expect_used)]
        let entry = UnverifiedEntry::decode(&bundle.entry).expect("nodes send entries");
        let claim = entry.claim();
        if claim.node == node.id && !node.excused {
            assert!(node.disk.holds(&node.id, claim.seq, &bundle.entry), "shown before it was on disk");
        }
    }

    fn is_stated(&self, at: usize, device: &DeviceId, number: u64) -> bool {
        let node = &self.nodes[at];
        let Some(seq) = self.stands(at, device, number) else { return false };
        let entry = node.known.get(&(node.id.clone(), seq));
        entry.is_some_and(|entry| node.disk.holds(&node.id, seq, entry))
    }

    /// Do all running nodes hold the same entries?
    pub fn agrees(&self) -> bool {
        let ids: Vec<&NodeId> = self.nodes.iter().map(|node| &node.id).collect();
        let running =
            self.nodes.iter().filter_map(|node| node.machine.as_ref()).filter(|machine| !machine.is_retired());
        let read = |machine: &trialogue_core::Machine| -> Vec<_> {
            ids.iter().map(|id| machine.state().node(id).cloned()).collect()
        };
        let all: Vec<_> = running.map(read).collect();
        all.windows(2).all(|pair| pair[0] == pair[1])
    }

    /// After everything is healed and quiet: all nodes hold the same and see the same, and so do their consoles.
    ///
    /// # Panics
    /// When that does not hold.
    #[allow(clippy::panic)]
    pub fn check_converged(&self) {
        let runs = |n: &usize| self.nodes[*n].machine.as_ref().is_some_and(|machine| !machine.is_retired());
        let running: Vec<usize> = (0..self.nodes.len()).filter(runs).collect();
        let Some(charter) = running.first().map(|first| self.nodes[*first].charter()) else { return };
        let lines: Vec<_> = charter.lines.iter().map(|line| line.id.clone()).collect();
        let ids: Vec<NodeId> = charter.nodes.iter().map(|node| node.id.clone()).collect();
        for pair in running.windows(2) {
            let [Some(a), Some(b)] = [pair[0], pair[1]].map(|n| self.nodes[n].machine.as_ref()) else { continue };
            for id in &ids {
                assert_eq!(
                    a.state().node(id),
                    b.state().node(id),
                    "two nodes read {id} differently (seed {})",
                    self.seed
                );
            }
        }
        for machine in running.iter().filter_map(|node| self.nodes[*node].machine.as_ref()) {
            // A ring ends by the word of its party's own nodes: it sounds on where none of them is honest.
            let honest = |party: usize| running.iter().any(|node| self.fixture.sites[*node].party == party);
            let parties = self.fixture.parties.iter().enumerate().filter(|(at, _)| honest(*at));
            for (party, line) in parties.flat_map(|(_, p)| lines.iter().map(move |line| (&p.id, line))) {
                let sounds = machine.state().sounding_on(party, line);
                assert!(self.rings_may_sound || sounds.is_empty(), "a ring sounds for ever (seed {})", self.seed);
            }
        }
        for console in self.consoles.iter().filter(|console| console.welcomed) {
            let machine = self.nodes[console.node].machine.as_ref().filter(|machine| !machine.is_retired());
            let Some(machine) = machine else { continue };
            for line in &lines {
                let [seen, held] = [console.state.line(line), machine.state().line(line)].map(|line| self.told(line));
                assert_eq!(
                    seen,
                    held,
                    "{} sees another line {line} than its node {} (seed {})",
                    self.name(&self.fixture.parties[console.party].devices[console.device].id),
                    self.nodes[console.node].id,
                    self.seed
                );
            }
        }
    }

    /// Without what a hostile member's node says its party does with a ring. A console is shown the four responses of a
    /// node of which something was said last, to rings that nobody knows yet: a node that makes up more has consoles
    /// that come later miss its true one, which is of its own party.
    fn told(&self, mut line: trialogue_journal::fold::LineState) -> trialogue_journal::fold::LineState {
        let hostile = self.nodes.iter().position(|node| node.hostile);
        if let Some(party) = hostile.map(|node| &self.fixture.parties[self.fixture.sites[node].party].id) {
            line.responses.remove(party);
        }
        line
    }

    /// Nobody was caught in anything: no fork, no forgery, no fault inside.
    ///
    /// # Panics
    /// When somebody was.
    pub fn check_honest(&self) {
        for node in &self.nodes {
            for count in [Count::EntryForged, Count::EntryForked, Count::LinkMalformed, Count::EntryIgnored] {
                assert_eq!(node.count(count), 0, "{} counted {count:?} (seed {})", node.id, self.seed);
            }
            let faults = node.notes.iter().filter(|note| matches!(note, trialogue_core::Note::Fault { .. }));
            assert_eq!(faults.collect::<Vec<_>>(), Vec::<&trialogue_core::Note>::new(), "seed {}", self.seed);
        }
    }

    /// Once it is quiet, each group has exactly those who are in, in their present stays, and each of them was shown
    /// what it needs to follow.
    ///
    /// # Panics
    /// When a key is stuck.
    pub fn check_keys(&self) {
        for console in (0..self.consoles.len()).filter(|console| self.consoles[*console].welcomed) {
            let (own, me) = (&self.consoles[console], self.device(console));
            for line in self.fixture.charter.lines.iter().map(|line| &line.id) {
                let now = own.state.line(line);
                if now.participants.iter().any(|participant| participant.device == me) {
                    self.check_groups(console, line, &now);
                }
            }
        }
    }

    fn check_groups(&self, console: usize, line: &LineId, now: &trialogue_journal::fold::LineState) {
        let (own, me) = (&self.consoles[console], self.device(console));
        for node in now.participants.iter().map(|participant| &participant.node) {
            if self.nodes.iter().any(|other| other.id == *node && other.hostile) {
                continue;
            }
            let name = self.name(&me);
            let Some(group) = now.groups.get(node) else {
                panic!("{name} sees no group of {node} on {line}, whose consoles are in");
            };
            let inside: Vec<DeviceId> = now.participants.iter().map(|participant| participant.device).collect();
            assert!(
                group.members.keys().all(|device| inside.contains(device)) && group.members.len() == inside.len(),
                "{name} sees a group of {node} on {line} with {:?}, while {:?} are in",
                group.members.keys().map(|device| self.name(device)).collect::<Vec<_>>(),
                inside.iter().map(|device| self.name(device)).collect::<Vec<_>>(),
            );
            let since =
                group.handshakes.iter().rposition(|handshake| handshake.added.contains(&me) || handshake.by == me);
            for handshake in group.handshakes.iter().skip(since.unwrap_or(0)).filter(|handshake| handshake.by != me) {
                let joins = handshake.added.contains(&me);
                let needs = if joins { &handshake.welcome } else { &handshake.commit };
                let has =
                    |body: &BodyRef| own.bodies.iter().any(|held| body.find(std::slice::from_ref(held)).is_some());
                assert!(needs.as_ref().is_none_or(has), "{name} was not shown the keys of {node} on {line}");
            }
        }
    }
}
