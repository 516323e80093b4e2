//! By which neighbours something goes on to the nodes that it is for.

use super::At;
use std::collections::BTreeSet;
use trialogue_charter::NodeId;
use trialogue_wire::console::Medium;

impl At<'_> {
    /// Neighbours that get what comes from `source`, so that it reaches all `nodes`: those among them that `source`
    /// does not reach itself, and relays towards those that have no link to this node.
    pub(crate) fn next_hops(self, source: &NodeId, nodes: &BTreeSet<NodeId>) -> Vec<NodeId> {
        self.hops(source, nodes, false, |_| true)
    }

    /// [`At::next_hops`] of media, which not every node may relay.
    pub(crate) fn media_hops(self, source: &NodeId, nodes: &BTreeSet<NodeId>, medium: Medium) -> Vec<NodeId> {
        if *source != self.here.node && !self.here.may_relay(source, &self.here.node) {
            return Vec::new();
        }
        self.hops(source, nodes, medium == Medium::Picture, |via| self.here.may_relay(source, via))
    }

    /// Somebody near has a link to this node.
    pub(crate) fn is_known(self, node: &NodeId) -> bool {
        let near = || self.links.neighbours().any(|via| self.links.reaches(via, node));
        self.links.is_up(node) || near()
    }

    /// `round`: not over a link from which nothing comes, if there is another way.
    fn hops(
        self,
        source: &NodeId,
        nodes: &BTreeSet<NodeId>,
        round: bool,
        may_relay: impl Fn(&NodeId) -> bool,
    ) -> Vec<NodeId> {
        let own = *source == self.here.node;
        let served = |to: &NodeId| !own && self.links.reaches(source, to);
        let may = |via: &&NodeId| *via != source && !served(via) && may_relay(via);
        let mut hops: BTreeSet<NodeId> = BTreeSet::new();
        for to in nodes.iter().filter(|to| **to != self.here.node && *to != source && !served(to)) {
            let direct = self.links.is_up(to);
            if direct && !(round && self.links.is_silent(to)) {
                hops.insert(to.clone());
                continue;
            }
            let relays = self.links.neighbours().filter(may).filter(|via| self.links.reaches(via, to));
            let relays: Vec<&NodeId> = relays.filter(|via| !(round && self.links.is_silent(via))).collect();
            if relays.is_empty() && direct {
                hops.insert(to.clone());
            } else if relays.is_empty() {
                // Nobody near knows a way: each hop drops what it has seen, so sending everywhere ends.
                hops.extend(self.links.neighbours().filter(may).cloned());
            } else {
                hops.extend(relays.into_iter().cloned());
            }
        }
        hops.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::links::bench::{falls_silent, is_cut};
    use crate::media::bench::Bench as Around;
    use crate::scene::node_id;

    /// At Japan's node, with links to these nodes, which say to whom they have links.
    struct Bench(Around);

    impl Bench {
        fn new(linked: &[(&str, &[&str])]) -> Self {
            let mut around = Around::at("jpn-1");
            for (node, neighbours) in linked {
                around.link(node, neighbours);
            }
            Self(around)
        }

        fn go_on(&self, medium: Option<Medium>, source: &str, nodes: &[&str]) -> Vec<String> {
            let at = self.0.now();
            let (source, nodes) = (node_id(source), nodes.iter().map(|id| node_id(id)).collect());
            let hops = match medium {
                Some(medium) => at.media_hops(&source, &nodes, medium),
                None => at.next_hops(&source, &nodes),
            };
            hops.iter().map(ToString::to_string).collect()
        }
    }

    #[test]
    fn it_goes_to_whom_it_is_for_or_to_a_relay_towards_them() {
        let near = Bench::new(&[("kor-1", &[]), ("usa-1", &["kor-1"])]);
        assert_eq!(near.go_on(None, "jpn-1", &["jpn-1", "kor-1", "usa-1"]), ["kor-1", "usa-1"]);
        assert_eq!(near.go_on(None, "jpn-1", &["kor-1"]), ["kor-1"]);
        let behind = Bench::new(&[("usa-1", &["kor-1"])]);
        assert_eq!(behind.go_on(None, "jpn-1", &["kor-1"]), ["usa-1"]);
    }

    #[test]
    fn it_goes_to_all_where_nobody_near_knows_a_way_and_never_back() {
        let bench = Bench::new(&[("usa-1", &[])]);
        assert_eq!(bench.go_on(None, "jpn-1", &["kor-1"]), ["usa-1"]);
        assert!(bench.go_on(None, "usa-1", &["kor-1"]).is_empty());
    }

    #[test]
    fn what_comes_from_another_goes_on_to_those_whom_it_does_not_reach_itself() {
        let apart = Bench::new(&[("kor-1", &[]), ("usa-1", &[])]);
        assert_eq!(apart.go_on(None, "usa-1", &["jpn-1", "kor-1", "usa-1"]), ["kor-1"]);
        let linked = Bench::new(&[("kor-1", &[]), ("usa-1", &["kor-1"])]);
        assert!(linked.go_on(None, "usa-1", &["jpn-1", "kor-1"]).is_empty());
    }

    #[test]
    fn a_picture_goes_round_a_silent_link_where_there_is_another_way() {
        let mut bench = Bench::new(&[("kor-1", &[]), ("usa-1", &["kor-1"])]);
        falls_silent(&mut bench.0.links, "kor-1");
        assert_eq!(bench.go_on(Some(Medium::Picture), "jpn-1", &["kor-1"]), ["usa-1"]);
        assert_eq!(bench.go_on(Some(Medium::Voice), "jpn-1", &["kor-1"]), ["kor-1"]);
        is_cut(&mut bench.0.links, "usa-1");
        assert_eq!(bench.go_on(Some(Medium::Picture), "jpn-1", &["kor-1"]), ["kor-1"], "there is none");
    }
}
