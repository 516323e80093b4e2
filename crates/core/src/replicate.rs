//! Sending entries to neighbours that lack them.

use crate::journals::weight;
use crate::limits::*;
use crate::links::Link;
use crate::machine::Machine;
use trialogue_charter::NodeId;
use trialogue_wire::limits::ENTRIES_MAX;
use trialogue_wire::link::{Head, LinkMessage};

impl Link {
    /// How far the other side will hold a journal once it has all that was sent.
    fn reach(&self, node: &NodeId) -> u64 {
        self.sent.get(node).copied().unwrap_or(0).max(self.theirs.get(node).copied().unwrap_or(0))
    }

    /// The other side holds a journal up to here.
    pub(crate) fn holds(&mut self, node: &NodeId, seq: u64) {
        let held = self.theirs.entry(node.clone()).or_default();
        *held = (*held).max(seq);
    }
}

impl Machine {
    /// See [`crate::journals::Journals::shown_heads`].
    pub(crate) fn shown_heads(&self) -> Vec<Head> {
        self.journals.shown_heads(&self.here)
    }

    fn shown_head(&self, node: &NodeId) -> u64 {
        self.journals.shown_head(node, &self.here)
    }

    /// A neighbour says what it holds.
    pub(crate) fn take_heads(&mut self, from: &NodeId, heads: &[Head]) {
        let now = self.here.now.us;
        let Some(link) = self.links.get_mut(from) else { return };
        let mut own = 0;
        for head in heads.iter().filter(|head| self.here.charter.node(&head.node).is_some()) {
            link.theirs.insert(head.node.clone(), head.seq);
            if head.node == self.here.node {
                own = head.seq;
            }
        }
        for journal in link.flights.held(&link.theirs, now) {
            let held = link.theirs.get(&journal).copied().unwrap_or(0);
            link.sent.insert(journal, held);
        }
        let of_itself = link.theirs.get(from).copied().unwrap_or(0);
        let all_here = of_itself <= self.journals.head(from);
        self.budgets.told(from, all_here, now);
        self.own_held_by(from, own);
    }

    /// Sends each neighbour what it lacks, the own journal first, as far as its window allows.
    pub(crate) fn push_entries(&mut self) {
        let mut journals: Vec<NodeId> = vec![self.here.node.clone()];
        journals
            .extend(self.here.charter.nodes.iter().map(|node| node.id.clone()).filter(|node| *node != self.here.node));
        for neighbour in self.neighbours().cloned().collect::<Vec<_>>() {
            for journal in &journals {
                if self.may_push(&neighbour, journal) {
                    self.push_journal(&neighbour, journal);
                }
            }
        }
    }

    /// Entries of a node that the neighbour is linked to come from that node itself; only if they stay away they go
    /// from here.
    fn may_push(&mut self, neighbour: &NodeId, journal: &NodeId) -> bool {
        let head = self.shown_head(journal);
        let served = *journal != self.here.node && self.reaches(neighbour, journal);
        let now = self.here.now.us;
        let Some(link) = self.links.get_mut(neighbour) else { return false };
        if head <= link.reach(journal) {
            link.behind.remove(journal);
            return false;
        }
        if !served {
            return true;
        }
        let since = *link.behind.entry(journal.clone()).or_insert(now);
        now >= since + RELAY_US
    }

    fn push_journal(&mut self, neighbour: &NodeId, journal: &NodeId) {
        let head = self.shown_head(journal);
        loop {
            let Some(link) = self.links.get(neighbour) else { return };
            let mut next = link.reach(journal) + 1;
            let (first, mut bytes, mut bundles) = (next, 0, Vec::new());
            while next <= head && bundles.len() < ENTRIES_MAX && link.flights.has_room(journal, bytes) {
                let Some(bundle) = self.journals.bundle(journal, next) else { break };
                let more = weight(&bundle);
                if bytes > 0 && bytes + more > BATCH_MAX {
                    break;
                }
                bytes += more;
                bundles.push(bundle);
                next += 1;
            }
            if bundles.is_empty() {
                return;
            }
            let now = self.here.now.us;
            if let Some(link) = self.links.get_mut(neighbour) {
                let each = bytes / (next - first) as usize + 1;
                link.flights.sent(journal, (first..next).map(|seq| (seq, each)), now);
                link.sent.insert(journal.clone(), next - 1);
                link.behind.remove(journal);
            }
            self.send_link(neighbour, &LinkMessage::Entries { bundles });
        }
    }

    /// Tells neighbours what is held here: after taking entries, and now and then.
    pub(crate) fn tell_heads(&mut self) {
        let now = self.here.now.us;
        for neighbour in self.neighbours().cloned().collect::<Vec<_>>() {
            let Some(link) = self.links.get_mut(&neighbour) else { continue };
            if !link.owes_heads && now < link.next_heads_us {
                continue;
            }
            if !link.heads.take(now) {
                link.next_heads_us = link.heads.next_us();
                continue;
            }
            link.owes_heads = false;
            link.next_heads_us = now + HEADS_US;
            let heads = self.shown_heads();
            self.send_link(&neighbour, &LinkMessage::Heads { heads });
        }
    }

    /// When [`Machine::push_entries`] is due.
    pub(crate) fn next_relay_us(&self) -> Option<u64> {
        let up = self.links.values().filter(|link| link.up);
        let due = up.flat_map(|link| link.behind.values()).map(|since| since + RELAY_US);
        // One that is past waits for the window, which the next heads open.
        due.filter(|due| *due > self.here.now.us).min()
    }

    /// When [`Machine::tell_heads`] is due.
    pub(crate) fn next_heads_us(&self) -> Option<u64> {
        self.links.values().filter(|link| link.up).map(|link| link.next_heads_us).min()
    }
}
