//! Requests for key frames: to an own console's leg, or on towards the console's node, each device at most every 200
//! ms.

use super::{At, Legs};
use crate::bucket::Bucket;
use crate::io::Output;
use crate::limits::{KEY_FRAME_US, KEY_FRAME_WISH_US, KEY_FRAME_WISHES_BURST};
use crate::note::Count;
use crate::out::Out;
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, NodeId};
use trialogue_wire::link::LinkMessage;

/// When a device was asked last, and whether to ask again when it may be.
struct Asked {
    at_us: u64,
    again: bool,
}

/// Whoever was asked, and how often links may wish for it. Devices: no more than are in on some line; links: no more
/// than nodes.
#[derive(Default)]
pub(crate) struct KeyFrames {
    asked: BTreeMap<DeviceId, Asked>,
    wishes: BTreeMap<NodeId, Bucket>,
}

impl KeyFrames {
    /// A link begins, with wishes of its own.
    pub(crate) fn link_up(&mut self, link: &NodeId, now_us: u64) {
        self.wishes.insert(link.clone(), Bucket::new(KEY_FRAME_WISHES_BURST, KEY_FRAME_WISH_US, now_us));
    }

    pub(crate) fn link_down(&mut self, link: &NodeId) {
        self.wishes.remove(link);
    }

    /// A link asks on behalf of its own consoles. One that asks without end makes no console send key frames without
    /// end.
    pub(crate) fn wished(&mut self, link: &NodeId, device: DeviceId, legs: &Legs, at: At, out: &mut Out) {
        if self.wishes.get_mut(link).is_some_and(|wishes| wishes.take(at.here.now.us)) {
            self.want(device, Some(link), legs, at, out);
        } else {
            out.count(Count::OverBound);
        }
    }

    /// Somebody misses a key frame: an own console, or a link (`from`) on behalf of its own. Asks now, or as soon as
    /// the device may be asked again: the wish stands until then, so that nobody stays without a picture.
    pub(crate) fn want(&mut self, device: DeviceId, from: Option<&NodeId>, legs: &Legs, at: At, out: &mut Out) {
        let Some(node) = at.node_of(&device) else { return };
        let now_us = at.here.now.us;
        if let Some(asked) = self.asked.get_mut(&device)
            && now_us < asked.at_us + KEY_FRAME_US
        {
            // A wish that is only passed on does not stand, or two relays could keep one alive between them.
            asked.again |= from.is_none() || node == at.here.node;
            return;
        }
        self.asked.insert(device, Asked { at_us: now_us, again: false });
        if node == at.here.node {
            if let Some(console) = legs.of(&device) {
                out.push(Output::RequestKeyFrame { console });
            }
            return;
        }
        for hop in hops(&node, from, at) {
            out.link(&hop, &LinkMessage::KeyFrame { device });
        }
    }

    /// Asks those whose time has come.
    pub(crate) fn settle(&mut self, legs: &Legs, at: At, out: &mut Out) {
        let now_us = at.here.now.us;
        self.asked.retain(|_, asked| asked.again || now_us < asked.at_us + KEY_FRAME_US);
        let due = self.asked.iter().filter(|(_, asked)| now_us >= asked.at_us + KEY_FRAME_US);
        for device in due.map(|(device, _)| *device).collect::<Vec<_>>() {
            self.asked.remove(&device);
            self.want(device, None, legs, at, out);
        }
    }

    /// When something is due next, on the clock of [`crate::Now::us`].
    pub(crate) fn next_us(&self) -> Option<u64> {
        self.asked.values().filter(|asked| asked.again).map(|asked| asked.at_us + KEY_FRAME_US).min()
    }
}

/// By which links a wish goes towards the node of a device; never back where it came `from`.
fn hops(node: &NodeId, from: Option<&NodeId>, at: At) -> Vec<NodeId> {
    let near = || at.links.neighbours().filter(|near| Some(*near) != from);
    let relay = near().find(|via| !at.links.is_silent(via) && at.links.reaches(via, node)).cloned();
    // A picture that goes round a silent link is asked for the same way.
    match relay {
        _ if at.links.is_alive(node) => vec![node.clone()],
        Some(relay) => vec![relay],
        None if at.links.is_up(node) => vec![node.clone()],
        None => near().cloned().collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::bench::{Bench as Around, offer};
    use super::*;
    use crate::ConsoleKey;
    use crate::links::bench::{falls_silent, is_cut};
    use crate::scene::node_id;

    /// A node with links, where consoles of Japan and of Korea are in on a line.
    struct Bench {
        around: Around,
        legs: Legs,
        key_frames: KeyFrames,
    }

    /// At Japan's node.
    fn bench() -> (Bench, DeviceId, DeviceId) {
        let mut around = Around::at("jpn-1");
        let [own, other] =
            [("jpn-duty", 1), ("kor-duty", 2)].map(|(office, number)| around.comes_in(office, number).device.id);
        let mut legs = Legs::default();
        legs.offered(ConsoleKey(7), own, 1, offer(), &mut around.out);
        around.outputs();
        (Bench { around, legs, key_frames: KeyFrames::default() }, own, other)
    }

    impl Bench {
        fn link(&mut self, node: &str, neighbours: &[&str]) {
            self.around.link(node, neighbours);
            self.key_frames.link_up(&node_id(node), self.around.scene.here.now.us);
        }

        fn want(&mut self, device: DeviceId) -> Vec<Output> {
            self.around.does(|at, out| self.key_frames.want(device, None, &self.legs, at, out))
        }

        fn wished(&mut self, link: &str, device: DeviceId) -> Vec<Output> {
            let link = node_id(link);
            self.around.does(|at, out| self.key_frames.wished(&link, device, &self.legs, at, out))
        }

        fn settle(&mut self) -> Vec<Output> {
            self.around.does(|at, out| self.key_frames.settle(&self.legs, at, out))
        }
    }

    fn is_request(outputs: &[Output]) -> bool {
        matches!(outputs, [Output::RequestKeyFrame { console: ConsoleKey(7) }])
    }

    fn sent_to(outputs: &[Output]) -> Vec<&str> {
        let mut to = Vec::new();
        for output in outputs {
            if let Output::SendLink { node, .. } = output {
                to.push(node.as_str());
            }
        }
        to
    }

    #[test]
    fn a_wish_stands_until_the_device_may_be_asked_again() {
        let (mut bench, own, _) = bench();
        assert!(is_request(&bench.want(own)));
        assert!(bench.want(own).is_empty() && bench.want(own).is_empty());
        let due = bench.key_frames.next_us().unwrap();
        assert_eq!(due, bench.around.scene.here.now.us + KEY_FRAME_US);
        bench.around.scene.pass(KEY_FRAME_US / 1_000);
        assert!(is_request(&bench.settle()), "once for both");
        assert_eq!(bench.key_frames.next_us(), None);
        bench.around.scene.pass(KEY_FRAME_US / 1_000);
        assert!(bench.settle().is_empty() && bench.key_frames.asked.is_empty());
    }

    #[test]
    fn what_is_only_passed_on_does_not_stand() {
        let (mut bench, _, other) = bench();
        bench.link("kor-1", &[]);
        bench.link("usa-1", &["kor-1"]);
        assert_eq!(sent_to(&bench.wished("usa-1", other)), ["kor-1"]);
        assert!(bench.wished("usa-1", other).is_empty());
        assert_eq!(bench.key_frames.next_us(), None);
    }

    #[test]
    fn a_link_that_asks_without_end_is_bounded() {
        let (mut bench, own, _) = bench();
        bench.link("usa-1", &[]);
        let over = |outputs: &[Output]| matches!(outputs, [Output::Count(Count::OverBound)]);
        let refused = (0..KEY_FRAME_WISHES_BURST + 3).filter(|_| over(&bench.wished("usa-1", own))).count();
        assert_eq!(refused, 3);
        bench.key_frames.link_down(&node_id("usa-1"));
        assert!(over(&bench.wished("usa-1", own)), "no link");
    }

    #[test]
    fn it_goes_round_a_silent_link_and_never_back() {
        let (mut bench, _, other) = bench();
        bench.link("kor-1", &[]);
        bench.link("usa-1", &["kor-1"]);
        assert_eq!(sent_to(&bench.want(other)), ["kor-1"]);
        falls_silent(&mut bench.around.links, "kor-1");
        bench.around.scene.pass(KEY_FRAME_US / 1_000);
        assert_eq!(sent_to(&bench.want(other)), ["usa-1"]);
        bench.around.scene.pass(KEY_FRAME_US / 1_000);
        assert_eq!(sent_to(&bench.wished("usa-1", other)), ["kor-1"], "it came from there");
        is_cut(&mut bench.around.links, "kor-1");
        bench.around.scene.pass(KEY_FRAME_US / 1_000);
        assert!(sent_to(&bench.wished("usa-1", other)).is_empty());
    }

    #[test]
    fn who_is_in_nowhere_is_asked_for_nothing() {
        let (mut bench, ..) = bench();
        assert!(bench.want(DeviceId([9; 32])).is_empty() && bench.key_frames.asked.is_empty());
    }
}
