//! What must hold once everything is healed and quiet.

use super::Sight;
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_core::Count;
use trialogue_journal::BodyRef;
use trialogue_journal::fold::LineState;

impl Sight<'_> {
    /// Do all running nodes hold the same entries?
    pub(crate) fn agrees(&self) -> bool {
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
    #[allow(clippy::panic)]
    pub(crate) fn check_converged(&self, rings_are_over: bool) {
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
                assert!(!rings_are_over || sounds.is_empty(), "a ring sounds for ever (seed {})", self.seed);
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
    fn told(&self, line: &LineState) -> LineState {
        let mut line = line.clone();
        let hostile = self.nodes.iter().position(|node| node.hostile);
        if let Some(party) = hostile.map(|node| &self.fixture.parties[self.fixture.sites[node].party].id) {
            line.responses.remove(party);
        }
        line
    }

    /// Nobody was caught in anything: no fork, no forgery, no fault inside.
    pub(crate) fn check_honest(&self) {
        for node in self.nodes {
            for count in [Count::EntryForged, Count::EntryForked, Count::LinkMalformed, Count::EntryIgnored] {
                assert_eq!(node.count(count), 0, "{} counted {count:?} (seed {})", node.id, self.seed);
            }
            let faults = node.notes.iter().filter(|note| matches!(note, trialogue_core::Note::Fault { .. }));
            assert_eq!(faults.collect::<Vec<_>>(), Vec::<&trialogue_core::Note>::new(), "seed {}", self.seed);
        }
    }

    /// Once it is quiet, each group has exactly those who are in, in their present stays, and each of them was shown
    /// what it needs to follow.
    pub(crate) fn check_keys(&self) {
        for console in (0..self.consoles.len()).filter(|console| self.consoles[*console].welcomed) {
            let (own, me) = (&self.consoles[console], self.consoles.device(console));
            for line in self.fixture.charter.lines.iter().map(|line| &line.id) {
                let now = own.state.line(line);
                if now.participants.iter().any(|participant| participant.device == me) {
                    self.check_groups(console, line, now);
                }
            }
        }
    }

    fn check_groups(&self, console: usize, line: &LineId, now: &trialogue_journal::fold::LineState) {
        let (own, me) = (&self.consoles[console], self.consoles.device(console));
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

    /// Who is in where, as each node sees it.
    pub(crate) fn ends(&self) -> Vec<String> {
        let mut ends = Vec::new();
        for node in self.nodes {
            let Some(machine) = &node.machine else {
                ends.push(format!("{}: without power", node.id));
                continue;
            };
            for line in self.fixture.charter.lines.iter().map(|line| &line.id) {
                let inside = machine.state().in_on(line);
                let names: Vec<String> =
                    inside.iter().map(|p| format!("{} at {}", self.name(&p.device), p.node)).collect();
                if !names.is_empty() {
                    ends.push(format!("{}: in on {line}: {}", node.id, names.join(", ")));
                }
            }
        }
        ends
    }
}
