//! What the other side of a link says: what is about the link is done here, the rest is for other parts.

use super::{LinkChange, Links};
use crate::amendment::Lineage;
use crate::chunks::Wanted;
use crate::here::Here;
use crate::journals::Journals;
use crate::note::{Count, Note};
use crate::out::Out;
use trialogue_charter::{DeviceId, Hash, NodeId};
use trialogue_wire::Bundle;
use trialogue_wire::link::{Head, LinkMessage, PROTOCOL};

/// How far a neighbour says that it holds journals, as far as that is for other parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holds {
    /// The journal of this node.
    pub(crate) own: u64,
    /// Of the neighbour's own journal nothing is missing here.
    pub(crate) all_here: bool,
}

/// What is for other parts.
#[must_use]
pub(crate) enum Heard {
    /// Nothing is.
    Nothing,
    /// The link was closed for it.
    Refused(Option<LinkChange>),
    /// It says hello, and what it holds.
    Hello(Holds, Option<LinkChange>),
    /// It says what it holds.
    Heads(Holds),
    /// It gives a charter.
    Charter(Vec<u8>),
    /// It brings entries.
    Entries(Vec<Bundle>),
    /// It misses a key frame of a device.
    KeyFrame(DeviceId),
    /// It passes on a word of a node, with its signature.
    Word(Vec<u8>, Vec<u8>),
    /// A probe of this number has come there.
    Probed(u32),
    /// It asks for a part of a chunk.
    WantChunk(Wanted),
    /// It gives one.
    Chunk { hash: Hash, whole: u32, at: u32, bytes: Vec<u8> },
}

/// A hello, as it was said.
struct Hello<'a> {
    protocol: u8,
    says: &'a NodeId,
    charter: (Hash, u64),
    heads: &'a [Head],
}

impl Links {
    /// The other side of a link says something.
    pub(crate) fn said(
        &mut self,
        node: &NodeId,
        bytes: &[u8],
        lineage: &Lineage,
        here: &Here,
        journals: &Journals,
        out: &mut Out,
    ) -> Heard {
        let Some(link) = self.links.get_mut(node).filter(|link| !link.agreement.is_leaving()) else {
            return Heard::Nothing;
        };
        let greeted = link.agreement.has_greeted();
        match (link.up, trialogue_wire::decode(bytes).ok()) {
            (_, None) => malformed(node, out),
            (_, Some(LinkMessage::Hello { protocol, node: says, charter, heads, serial })) => {
                let hello = Hello { protocol, says: &says, charter: (charter, serial), heads: &heads };
                self.greeted(node, hello, lineage, here, journals, out)
            }
            (_, Some(LinkMessage::Charter { charter })) if greeted => {
                if !link.agreement.may_give(here.now.us) {
                    out.count(Count::OverBound);
                    return Heard::Nothing;
                }
                Heard::Charter(charter)
            }
            // The other side goes on to a newer charter and speaks under it before this side does.
            (false, Some(_)) if greeted => Heard::Nothing,
            (false, Some(_)) => Heard::Refused(self.refuse(node.clone(), "it spoke before its hello", out)),
            (true, Some(message)) => self.said_when_up(node, message, here, journals, out),
        }
    }

    fn said_when_up(
        &mut self,
        node: &NodeId,
        message: LinkMessage,
        here: &Here,
        journals: &Journals,
        out: &mut Out,
    ) -> Heard {
        match message {
            LinkMessage::Hello { .. } | LinkMessage::Charter { .. } => malformed(node, out),
            LinkMessage::Entries { bundles } => Heard::Entries(bundles),
            LinkMessage::Heads { heads } => Heard::Heads(self.take_heads(node, &heads, here, journals)),
            LinkMessage::Neighbours { nodes } => {
                self.take_neighbours(node, nodes, here, out);
                Heard::Nothing
            }
            LinkMessage::KeyFrame { device } => Heard::KeyFrame(device),
            LinkMessage::Said { word, signature } => Heard::Word(word, signature),
            LinkMessage::Probe { number, .. } => {
                out.link(node, &LinkMessage::Probed { number });
                Heard::Nothing
            }
            LinkMessage::Probed { number } => Heard::Probed(number),
            LinkMessage::WantChunk { hash, at, most } => Heard::WantChunk(Wanted { hash, at, most }),
            LinkMessage::Chunk { hash, whole, at, bytes } => Heard::Chunk { hash, whole, at, bytes },
        }
    }

    fn greeted(
        &mut self,
        node: &NodeId,
        hello: Hello<'_>,
        lineage: &Lineage,
        here: &Here,
        journals: &Journals,
        out: &mut Out,
    ) -> Heard {
        let Some(link) = self.links.get_mut(node) else { return Heard::Nothing };
        if !link.agreement.may_greet(here.now.us) {
            out.count(Count::OverBound);
            return Heard::Nothing;
        }
        if let Some(why) = hello.fault(node, here) {
            return Heard::Refused(self.refuse(node.clone(), why, out));
        }
        link.agreement.greeted(hello.charter);
        if hello.charter.1 < here.charter.serial {
            self.hand_charters(node, lineage, here, out);
        }
        let holds = self.take_heads(node, hello.heads, here, journals);
        Heard::Hello(holds, self.settle_agreement(node, here, out))
    }

    fn take_heads(&mut self, from: &NodeId, heads: &[Head], here: &Here, journals: &Journals) -> Holds {
        let known = || heads.iter().filter(|head| here.charter.node(&head.node).is_some());
        let own = known().rfind(|head| head.node == here.node).map_or(0, |head| head.seq);
        let of_itself = self.links.get_mut(from).map_or(0, |link| {
            link.heads.said(known(), here.now.us);
            link.heads.held(from)
        });
        Holds { own, all_here: of_itself <= journals.head(from) }
    }

    fn take_neighbours(&mut self, node: &NodeId, nodes: Vec<NodeId>, here: &Here, out: &mut Out) {
        let known = nodes.into_iter().filter(|node| here.charter.node(node).is_some()).collect();
        let Some(link) = self.links.get_mut(node) else { return };
        if !link.near.say(known) {
            out.count(Count::OverBound);
        }
    }
}

impl Hello<'_> {
    /// Why the link of a node is closed for it.
    fn fault(&self, node: &NodeId, here: &Here) -> Option<&'static str> {
        let (hash, serial) = self.charter;
        if self.protocol != PROTOCOL {
            Some("it speaks another version of the link protocol: update the older of the two nodes")
        } else if self.says != node {
            Some("it calls itself by another name than its key's in the charter: check its configuration")
        } else if serial == here.charter.serial && hash != here.charter.hash() {
            Some(
                "it holds another charter with the same serial: compare the two, and agree on one with a higher serial",
            )
        } else {
            None
        }
    }
}

fn malformed(node: &NodeId, out: &mut Out) -> Heard {
    out.count(Count::LinkMalformed);
    out.log(Note::LinkRefused { node: node.clone(), why: "a message of it could not be read and was dropped" });
    Heard::Nothing
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::io::Output;
    use crate::scene::{OwnNode, node_id};

    /// Japan's node, and what the others say to it.
    struct Bench {
        own: OwnNode,
        links: Links,
    }

    fn bench() -> Bench {
        let mut own = OwnNode::at("jpn-1");
        own.outputs();
        Bench { links: Links::new(own.scene.here.now.us), own }
    }

    impl Bench {
        fn begins(&mut self, node: &str) -> Option<LinkChange> {
            let OwnNode { scene, journals, out, .. } = &mut self.own;
            self.links.up(node_id(node), None, &scene.here, journals, out)
        }

        fn says(&mut self, node: &str, message: &LinkMessage) -> Heard {
            let OwnNode { scene, journals, out, .. } = &mut self.own;
            let (bytes, lineage) = (trialogue_wire::encode(message), Lineage::new(Vec::new()));
            self.links.said(&node_id(node), &bytes, &lineage, &scene.here, journals, out)
        }

        fn hello(&self, node: &str, heads: &[(&str, u64)]) -> LinkMessage {
            let here = &self.own.scene.here;
            LinkMessage::Hello {
                protocol: PROTOCOL,
                node: node_id(node),
                charter: here.charter.hash(),
                heads: heads.iter().map(|(id, seq)| Head { node: node_id(id), seq: *seq }).collect(),
                serial: here.charter.serial,
            }
        }

        /// What is said to neighbours.
        fn told(&mut self) -> Vec<(NodeId, LinkMessage)> {
            let told = |output| {
                let Output::SendLink { node, bytes } = output else { return None };
                Some((node, trialogue_wire::decode(&bytes).unwrap()))
            };
            self.own.outputs().into_iter().filter_map(told).collect()
        }

        /// Nodes whose links are closed.
        fn closed(&mut self) -> Vec<NodeId> {
            let closed = |output| if let Output::CloseLink { node } = output { Some(node) } else { None };
            self.own.outputs().into_iter().filter_map(closed).collect()
        }

        fn push(&mut self) -> usize {
            let OwnNode { scene, journals, out, .. } = &mut self.own;
            self.links.push_entries(&scene.here, journals, out);
            let told = self.told().into_iter();
            told.map(|(_, message)| if let LinkMessage::Entries { bundles } = message { bundles.len() } else { 0 })
                .sum()
        }
    }

    #[test]
    fn a_link_is_up_once_both_have_said_hello_and_then_the_other_side_gets_what_it_lacks() {
        let (mut bench, kor) = (bench(), node_id("kor-1"));
        assert_eq!(bench.begins("kor-1"), Some(LinkChange::Began(kor.clone())));
        assert!(matches!(bench.told()[..], [(_, LinkMessage::Hello { .. })]) && !bench.links.is_up(&kor));
        assert_eq!(bench.push(), 0, "not before");
        let hello = bench.hello("kor-1", &[("jpn-1", 7), ("kor-1", 1)]);
        let heard = bench.says("kor-1", &hello);
        assert!(matches!(heard, Heard::Hello(Holds { own: 7, all_here: true }, None)));
        assert!(bench.links.is_up(&kor) && bench.links.is_alive(&kor));
        bench.told();
        assert_eq!((bench.push(), bench.push()), (1, 0), "of the United States' journal");
        let nodes = vec![node_id("usa-1"), node_id("nobody")];
        assert!(matches!(bench.says("kor-1", &LinkMessage::Neighbours { nodes }), Heard::Nothing));
        bench.links.follow_neighbours(&bench.own.scene.here, &mut bench.own.out);
        assert!(bench.links.reaches(&kor, &node_id("usa-1")) && !bench.links.reaches(&kor, &node_id("nobody")));
    }

    #[test]
    fn whoever_speaks_before_its_hello_or_under_another_name_is_closed() {
        let mut bench = bench();
        let (kor, usa) = (node_id("kor-1"), node_id("usa-1"));
        let _ = bench.begins("kor-1");
        let heard = bench.says("kor-1", &LinkMessage::Heads { heads: Vec::new() });
        assert!(matches!(heard, Heard::Refused(Some(LinkChange::Ended(node))) if node == kor));
        let _ = bench.begins("usa-1");
        let hello = bench.hello("kor-1", &[]);
        assert!(matches!(bench.says("usa-1", &hello), Heard::Refused(Some(LinkChange::Ended(node))) if node == usa));
        assert_eq!(bench.closed(), [kor, usa]);
        assert!(bench.begins("jpn-1").is_none() && bench.begins("nobody").is_none(), "no other node");
    }

    #[test]
    fn a_second_connection_takes_the_place_of_the_first_and_one_that_is_mute_is_closed() {
        let (mut bench, kor) = (bench(), node_id("kor-1"));
        let _ = bench.begins("kor-1");
        let hello = bench.hello("kor-1", &[]);
        let _ = bench.says("kor-1", &hello);
        assert_eq!(bench.begins("kor-1"), Some(LinkChange::Began(kor.clone())));
        assert!(!bench.links.is_up(&kor));
        let due_us = bench.links.next_late_us().unwrap();
        let overdue = |bench: &mut Bench| bench.links.overdue(&bench.own.scene.here, &mut bench.own.out);
        assert_eq!(overdue(&mut bench), []);
        bench.own.goes_on_to(due_us);
        assert_eq!(overdue(&mut bench), [LinkChange::Ended(kor)]);
        assert_eq!(bench.links.next_late_us(), None);
    }
}
