//! Requests for key frames: to an own console's leg, or on towards the console's node, each device at most every 200 ms.

use crate::bucket::Bucket;
use crate::io::Output;
use crate::limits::{KEY_FRAME_US, KEY_FRAME_WISH_US, KEY_FRAME_WISHES_BURST};
use crate::machine::Machine;
use crate::note::Count;
use trialogue_charter::{DeviceId, NodeId};
use trialogue_wire::link::LinkMessage;

/// When a device was asked last, and whether to ask again when it may be.
pub(crate) struct Asked {
    at_us: u64,
    again: bool,
}

/// The bucket of a link for wishes.
pub(crate) fn bucket(now_us: u64) -> Bucket {
    Bucket::new(KEY_FRAME_WISHES_BURST, KEY_FRAME_WISH_US, now_us)
}

impl Machine {
    /// A link asks on behalf of its own consoles. One that asks without end makes no console send key frames without end.
    pub(crate) fn take_key_frame_wish(&mut self, link: &NodeId, device: DeviceId) {
        let now = self.here.now.us;
        if self.links.get_mut(link).is_some_and(|link| link.key_frames.take(now)) {
            self.want_key_frame(device, Some(link));
        } else {
            self.count(Count::OverBound);
        }
    }

    /// Somebody misses a key frame: an own console, or a link on behalf of its own. Asks now, or as soon as the device may be asked
    /// again: the wish stands until then, so that nobody stays without a picture.
    pub(crate) fn want_key_frame(&mut self, device: DeviceId, but: Option<&NodeId>) {
        let Some(node) = self.node_of_member(&device) else { return };
        if let Some(asked) = self.key_frames.get_mut(&device)
            && self.here.now.us < asked.at_us + KEY_FRAME_US
        {
            // A wish that is only passed on does not stand, or two relays could keep one alive between them.
            asked.again |= but.is_none() || node == self.here.node;
            return;
        }
        self.key_frames.insert(device, Asked { at_us: self.here.now.us, again: false });
        self.ask_key_frame(device, but);
    }

    fn ask_key_frame(&mut self, device: DeviceId, but: Option<&NodeId>) {
        let Some(node) = self.node_of_member(&device) else { return };
        if node == self.here.node {
            if let Some(console) = self.legs.get(&device).copied() {
                self.push_out(Output::RequestKeyFrame { console });
            }
            return;
        }
        let direct = self.links.get(&node).filter(|link| link.up);
        let near = || self.neighbours().filter(|n| Some(*n) != but);
        let relay = near().find(|via| !self.is_silent(via) && self.reaches(via, &node)).cloned();
        // A picture that goes round a silent link is asked for the same way.
        let hops: Vec<NodeId> = match (direct, relay) {
            (Some(link), _) if !link.silent => vec![node],
            (_, Some(relay)) => vec![relay],
            (Some(_), None) => vec![node],
            (None, None) => near().cloned().collect(),
        };
        for hop in hops {
            self.send_link(&hop, &LinkMessage::KeyFrame { device });
        }
    }

    /// The node in whose journal a device is in on some line.
    pub(crate) fn node_of_member(&self, device: &DeviceId) -> Option<NodeId> {
        let mut lines = self.here.charter.lines.iter();
        lines.find_map(|line| self.members(&line.id).into_iter().find(|(d, _)| d == device).map(|(_, node)| node))
    }

    /// Asks those whose time has come.
    pub(crate) fn key_frames_due(&mut self) {
        let now = self.here.now.us;
        self.key_frames.retain(|_, asked| asked.again || now < asked.at_us + KEY_FRAME_US);
        let due = self.key_frames.iter().filter(|(_, asked)| now >= asked.at_us + KEY_FRAME_US);
        for device in due.map(|(device, _)| *device).collect::<Vec<_>>() {
            self.key_frames.remove(&device);
            self.want_key_frame(device, None);
        }
    }

    /// When [`Machine::key_frames_due`] is due.
    pub(crate) fn next_key_frame_us(&self) -> Option<u64> {
        self.key_frames.values().filter(|asked| asked.again).map(|asked| asked.at_us + KEY_FRAME_US).min()
    }
}
