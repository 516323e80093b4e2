//! Voice goes through third nodes as well, so that nobody hears the cut of a direct link.
//!
//! For each node that hears a voice, at most [`SPARES_MAX`] relays: nodes that have a link to both ends. Both ends and all relays know who is
//! linked to whom, and so each finds the same ones without asking. A relay hands on what came from the source itself, and nothing that came by
//! another relay: a copy travels two links at most.

use crate::limits::SPARES_MAX;
use crate::machine::Machine;
use std::collections::BTreeSet;
use trialogue_charter::NodeId;
use trialogue_wire::console::Medium;

impl Machine {
    /// Neighbours that get a further copy of what comes from `source`, for the sake of `nodes`, who hear it.
    pub(crate) fn spares(&self, source: &NodeId, nodes: &BTreeSet<NodeId>, medium: Medium) -> Vec<NodeId> {
        if medium != Medium::Voice {
            return Vec::new();
        }
        let own = *source == self.here.node;
        let mut spare = BTreeSet::new();
        for to in nodes.iter().filter(|to| **to != self.here.node && *to != source) {
            let relays = self.relays(source, to, nodes);
            if own {
                spare.extend(relays);
            } else if relays.contains(&self.here.node) {
                spare.insert(to.clone());
            }
        }
        for hop in self.media_hops(source, nodes, medium) {
            spare.remove(&hop);
        }
        spare.into_iter().filter(|node| self.links.get(node).is_some_and(|link| link.up)).collect()
    }

    /// The relays between two nodes that have a link to each other, the same at whichever of all these nodes they are looked for. Who hears
    /// the voice anyway comes first: it costs one copy less.
    fn relays(&self, source: &NodeId, to: &NodeId, nodes: &BTreeSet<NodeId>) -> Vec<NodeId> {
        let (from_source, from_other) = (self.linked_to(source), self.linked_to(to));
        if !from_source.contains(to) && !from_other.contains(source) {
            return Vec::new();
        }
        let both = from_source.intersection(&from_other).filter(|via| *via != source && *via != to);
        let mut relays: Vec<NodeId> = both.filter(|via| self.here.may_relay(source, via)).cloned().collect();
        relays.sort_by_key(|via| (!nodes.contains(via), via.clone()));
        relays.truncate(SPARES_MAX);
        relays
    }

    /// From whom packets of another node are taken beside that node itself, in order. While its link lives: from those that it can have chosen as relays,
    /// which have a link to both ends, as one of the two says, and whom the charter lets relay. When it is dead: from every neighbour that may relay,
    /// because any of them may be the only way.
    pub(crate) fn relays_from(&self, source: &NodeId) -> Vec<NodeId> {
        let alive = self.is_alive(source);
        let both = |via: &NodeId| self.reaches(source, via) || self.reaches(via, source);
        let may = |via: &&NodeId| *via != source && self.here.may_relay(source, via) && (!alive || both(via));
        self.neighbours().filter(may).cloned().collect()
    }

    /// Which nodes a node has links to, as far as this node knows.
    fn linked_to(&self, node: &NodeId) -> BTreeSet<NodeId> {
        if *node == self.here.node {
            return self.neighbours().cloned().collect();
        }
        let Some(link) = self.links.get(node).filter(|link| link.up) else { return BTreeSet::new() };
        link.neighbours.iter().cloned().chain([self.here.node.clone()]).collect()
    }
}
