//! Voice goes through third nodes as well, so that nobody hears the cut of a direct link.
//!
//! For each node that hears a voice, at most [`SPARES_MAX`] relays: nodes that have a link to both ends. Both ends and
//! all relays know who is linked to whom, and so each finds the same ones without asking. A relay hands on what came
//! from the source itself, and nothing that came by another relay: a copy travels two links at most.

use super::At;
use crate::limits::SPARES_MAX;
use std::collections::BTreeSet;
use trialogue_charter::NodeId;
use trialogue_wire::console::Medium;

impl At<'_> {
    /// Neighbours that get a further copy of what comes from `source`, for the sake of `nodes`, who hear it.
    pub(crate) fn spares(self, source: &NodeId, nodes: &BTreeSet<NodeId>, medium: Medium) -> Vec<NodeId> {
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
        spare.into_iter().filter(|node| self.links.is_up(node)).collect()
    }

    /// The relays between two nodes that have a link to each other, the same at whichever of all these nodes they are
    /// looked for. Who hears the voice anyway comes first: it costs one copy less.
    fn relays(self, source: &NodeId, to: &NodeId, nodes: &BTreeSet<NodeId>) -> Vec<NodeId> {
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

    /// From whom packets of another node are taken beside that node itself, in order. While its link lives: from those
    /// that it can have chosen as relays, which have a link to both ends, as one of the two says, and whom the charter
    /// lets relay. When it is dead: from every neighbour that may relay, because any of them may be the only way.
    pub(crate) fn relays_from(self, source: &NodeId) -> Vec<NodeId> {
        let alive = self.links.is_alive(source);
        let both = |via: &NodeId| self.links.reaches(source, via) || self.links.reaches(via, source);
        let may = |via: &&NodeId| *via != source && self.here.may_relay(source, via) && (!alive || both(via));
        self.links.neighbours().filter(may).cloned().collect()
    }

    /// Which nodes a node has links to, as far as this node knows.
    fn linked_to(self, node: &NodeId) -> BTreeSet<NodeId> {
        if *node == self.here.node {
            return self.links.neighbours().cloned().collect();
        }
        if !self.links.is_up(node) {
            return BTreeSet::new();
        }
        let mut linked = self.links.neighbours_of(node);
        linked.insert(self.here.node.clone());
        linked
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::links::bench::{falls_silent, is_cut};
    use crate::media::bench::Bench;
    use crate::scene::node_id;

    /// At Japan's node, where all three have links to each other.
    fn bench() -> Bench {
        let mut bench = Bench::at("jpn-1");
        bench.link("kor-1", &["jpn-1", "usa-1"]);
        bench.link("usa-1", &["jpn-1", "kor-1"]);
        bench
    }

    fn spares(bench: &Bench, source: &str, nodes: &[&str], medium: Medium) -> Vec<String> {
        let nodes = nodes.iter().map(|id| node_id(id)).collect();
        let spares = bench.now().spares(&node_id(source), &nodes, medium);
        spares.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_own_voice_goes_through_a_third_node_that_has_a_link_to_both_ends() {
        let mut bench = bench();
        assert_eq!(spares(&bench, "jpn-1", &["kor-1"], Medium::Voice), ["usa-1"]);
        assert!(spares(&bench, "jpn-1", &["kor-1"], Medium::Picture).is_empty());
        assert!(spares(&bench, "jpn-1", &["kor-1", "usa-1"], Medium::Voice).is_empty(), "it hears it anyway");
        bench.link("kor-1", &["jpn-1"]);
        assert!(spares(&bench, "jpn-1", &["kor-1"], Medium::Voice).is_empty());
    }

    #[test]
    fn the_third_node_finds_itself_and_hands_it_on() {
        let mut bench = bench();
        assert_eq!(spares(&bench, "kor-1", &["usa-1"], Medium::Voice), ["usa-1"]);
        is_cut(&mut bench.links, "usa-1");
        assert!(spares(&bench, "kor-1", &["usa-1"], Medium::Voice).is_empty());
    }

    #[test]
    fn packets_are_taken_from_whom_the_source_can_have_chosen_and_from_all_once_its_link_is_dead() {
        let mut bench = bench();
        let from = |bench: &Bench| bench.now().relays_from(&node_id("kor-1"));
        assert_eq!(from(&bench), [node_id("usa-1")]);
        bench.link("kor-1", &["jpn-1"]);
        bench.link("usa-1", &["jpn-1"]);
        assert!(from(&bench).is_empty(), "neither says that there is a link");
        falls_silent(&mut bench.links, "kor-1");
        assert_eq!(from(&bench), [node_id("usa-1")]);
    }
}
