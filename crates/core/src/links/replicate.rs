//! Sending entries to neighbours that lack them, and telling them what is held here.

use super::Links;
use crate::here::Here;
use crate::journals::{Journals, weight};
use crate::limits::BATCH_MAX;
use crate::out::Out;
use trialogue_charter::NodeId;
use trialogue_wire::limits::ENTRIES_MAX;
use trialogue_wire::link::LinkMessage;

impl Links {
    /// A neighbour has brought an entry: it holds that journal up to there.
    pub(crate) fn holds(&mut self, from: &NodeId, journal: &NodeId, seq: u64) {
        if let Some(link) = self.links.get_mut(from) {
            link.heads.holds(journal, seq);
        }
    }

    /// Entries were looked at: who brought them is told how far they are held, and with `news` all others as well.
    pub(crate) fn owe_heads(&mut self, from: &[NodeId], news: bool) {
        for (_, link) in self.links.iter_mut().filter(|(node, _)| news || from.contains(node)) {
            link.heads.owe();
        }
    }

    /// Sends each neighbour what it lacks, the own journal first, as far as its window allows.
    pub(crate) fn push_entries(&mut self, here: &Here, journals: &Journals, out: &mut Out) {
        let others = here.charter.nodes.iter().map(|node| &node.id).filter(|node| **node != here.node);
        let order: Vec<&NodeId> = std::iter::once(&here.node).chain(others).collect();
        for neighbour in self.neighbours().cloned().collect::<Vec<_>>() {
            for journal in &order {
                if self.may_push(&neighbour, journal, here, journals) {
                    self.push_journal(&neighbour, journal, here, journals, out);
                }
            }
        }
    }

    /// Entries of a node that the neighbour is linked to come from that node itself; only if they stay away they go
    /// from here.
    fn may_push(&mut self, neighbour: &NodeId, journal: &NodeId, here: &Here, journals: &Journals) -> bool {
        let head = journals.shown_head(journal, here);
        let served = *journal != here.node && self.reaches(neighbour, journal);
        self.links.get_mut(neighbour).is_some_and(|link| link.heads.lacks(journal, head, served, here.now.us))
    }

    fn push_journal(&mut self, neighbour: &NodeId, journal: &NodeId, here: &Here, journals: &Journals, out: &mut Out) {
        let head = journals.shown_head(journal, here);
        let Some(link) = self.links.get_mut(neighbour) else { return };
        loop {
            let first = link.heads.reach(journal) + 1;
            let (mut next, mut bytes, mut bundles) = (first, 0, Vec::new());
            while next <= head && bundles.len() < ENTRIES_MAX && link.heads.has_room(journal, bytes) {
                let Some(bundle) = journals.bundle(journal, next) else { break };
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
            link.heads.sent(journal, first..next, bytes, here.now.us);
            out.link(neighbour, &LinkMessage::Entries { bundles });
        }
    }

    /// Tells neighbours what is held here: after taking entries, and now and then.
    pub(crate) fn tell_heads(&mut self, here: &Here, journals: &Journals, out: &mut Out) {
        for (neighbour, link) in self.links.iter_mut().filter(|(_, link)| link.up) {
            if link.heads.tell(here.now.us) {
                out.link(neighbour, &LinkMessage::Heads { heads: journals.shown_heads(here) });
            }
        }
    }

    /// When [`Links::push_entries`] is due, in microseconds.
    pub(crate) fn next_relay_us(&self, here: &Here) -> Option<u64> {
        let up = self.links.values().filter(|link| link.up);
        up.filter_map(|link| link.heads.next_relay_us(here.now.us)).min()
    }

    /// When [`Links::tell_heads`] is due, in microseconds.
    pub(crate) fn next_heads_us(&self) -> Option<u64> {
        self.links.values().filter(|link| link.up).map(|link| link.heads.next_us()).min()
    }
}
