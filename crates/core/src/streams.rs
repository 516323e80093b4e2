//! Streams: one medium of one console in a call, by the number that its own node gave it.

use crate::limits::STREAMS_MAX;
use crate::machine::Machine;
use crate::note::Count;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_wire::console::Medium;
use trialogue_wire::link::LinkMessage;

/// A stream's source node, by its index in the charter, and its number there.
pub(crate) type StreamKey = (u8, u16);

/// A stream that a link told of.
pub(crate) struct Heard {
    pub(crate) device: DeviceId,
    pub(crate) line: LineId,
    pub(crate) medium: Medium,
    /// Links that told of it.
    from: BTreeSet<NodeId>,
}

/// All streams that are known.
#[derive(Default)]
pub(crate) struct Streams {
    next: u16,
    /// What third nodes said of streams of nodes that have a link to here, by who said it: it counts once that link is gone.
    claims: BTreeMap<(NodeId, StreamKey), (DeviceId, LineId, Medium)>,
    own: BTreeMap<(DeviceId, LineId, Medium), u16>,
    pub(crate) heard: BTreeMap<StreamKey, Heard>,
}

impl Streams {
    /// The number of an own stream, given on first need.
    pub(crate) fn number(&mut self, device: DeviceId, line: &LineId, medium: Medium) -> u16 {
        if let Some(number) = self.own.get(&(device, line.clone(), medium)) {
            return *number;
        }
        // There are far fewer own streams than numbers: at most two for each console.
        while self.own.values().any(|number| *number == self.next) {
            self.next = self.next.wrapping_add(1);
        }
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.own.insert((device, line.clone(), medium), number);
        number
    }

    /// Frees the numbers of own streams that are over.
    pub(crate) fn keep_own(&mut self, live: &BTreeSet<u16>) {
        self.own.retain(|_, number| live.contains(number));
    }

    /// Begins numbering here: another place in each run, so that streams of a run before are not mistaken for new ones.
    pub(crate) fn begin(&mut self, number: u16) {
        self.next = number;
    }
}

impl Machine {
    /// A link names a stream. Whether it is passed on depends on the journals: only who is in on a line is heard there.
    pub(crate) fn take_stream(
        &mut self,
        link: &NodeId,
        source: &NodeId,
        number: u16,
        device: DeviceId,
        line: LineId,
        medium: Medium,
    ) {
        let Some(index) = self.charter.node_index(source).filter(|index| *index != self.index) else { return };
        if self.charter.line(&line).is_none() {
            return;
        }
        let key = (index, number);
        // What a source with a link to here has not named itself, nobody names for it: a third node could put its own word in the place of the
        // true one, also with those to whom this node passes it on.
        if link != source && !self.streams.heard.contains_key(&key) && self.links.get(source).is_some_and(|l| l.up) {
            let claim = (link.clone(), key);
            if self.streams.claims.len() < STREAMS_MAX || self.streams.claims.contains_key(&claim) {
                self.streams.claims.insert(claim, (device, line, medium));
            } else {
                self.count(Count::OverBound);
            }
            return;
        }
        let streams = &mut self.streams.heard;
        if streams.len() >= STREAMS_MAX && !streams.contains_key(&key) {
            self.count(Count::OverBound);
            return;
        }
        let fresh = || Heard { device, line: line.clone(), medium, from: BTreeSet::new() };
        let heard = streams.entry(key).or_insert_with(fresh);
        let same = heard.device == device && heard.line == line && heard.medium == medium;
        if !same {
            // Another node's word does not change what the source itself said.
            if link != source && heard.from.contains(source) {
                return;
            }
            *heard = fresh();
        }
        heard.from.insert(link.clone());
        // Whoever came back has a new number; the one of before may never be taken back.
        streams.retain(|other, heard| {
            let same = heard.device == device && heard.line == line && heard.medium == medium;
            *other == key || other.0 != index || !same || heard.from.iter().any(|from| from != link)
        });
        self.routes_changed = true;
    }

    pub(crate) fn take_stream_end(&mut self, link: &NodeId, source: &NodeId, number: u16) {
        let Some(index) = self.charter.node_index(source) else { return };
        self.streams.claims.remove(&(link.clone(), (index, number)));
        let Some(heard) = self.streams.heard.get_mut(&(index, number)) else { return };
        heard.from.remove(link);
        // A third node that passes it on no more does not end it: the source's own word may still be under way, and who forgot what came
        // until now would take the copies of it for new.
        if link == source {
            self.streams.heard.remove(&(index, number));
        }
        self.routes_changed = true;
    }

    /// A link is gone. What it told stands until its source leaves the line: the same packets come another way, if there is one, and
    /// nobody loses the place where they were seen.
    pub(crate) fn link_tells_no_more(&mut self, link: &NodeId) {
        for heard in self.streams.heard.values_mut() {
            heard.from.remove(link);
        }
        self.streams.claims.retain(|(by, _), _| by != link);
        let Some(index) = self.charter.node_index(link) else { return };
        let of_link = |((_, key), _): &(&(NodeId, StreamKey), &(DeviceId, LineId, Medium))| key.0 == index;
        let claims = self.streams.claims.iter().filter(of_link);
        let claims: Vec<_> = claims.map(|(claim, said)| (claim.clone(), said.clone())).collect();
        for ((by, key), (device, line, medium)) in claims {
            self.streams.claims.remove(&(by.clone(), key));
            self.take_stream(&by, link, key.1, device, line, medium);
        }
    }

    /// Forgets streams that nobody tells of any more and whose source has left.
    pub(crate) fn forget_streams(&mut self) {
        let stale = self.streams.heard.iter().filter(|(_, heard)| heard.from.is_empty());
        let is_in = |key: &StreamKey, heard: &Heard| {
            let source = self.charter.node_at(key.0).map(|node| &node.id);
            self.state.in_on(&heard.line).iter().any(|member| {
                member.device == heard.device && source.is_some_and(|source| self.may_speak_at(member, source))
            })
        };
        for key in stale.filter(|(key, heard)| !is_in(key, heard)).map(|(key, _)| *key).collect::<Vec<_>>() {
            self.streams.heard.remove(&key);
        }
    }

    /// Tells each link of the streams that it gets, before the first datagram of them.
    pub(crate) fn tell_streams(&mut self) {
        let mut due: BTreeMap<NodeId, BTreeSet<StreamKey>> = BTreeMap::new();
        for (key, route) in &self.routes {
            for link in route.links.iter().chain(&route.spare) {
                due.entry(link.clone()).or_default().insert(*key);
            }
        }
        for node in self.neighbours().cloned().collect::<Vec<_>>() {
            let due = due.remove(&node).unwrap_or_default();
            let Some(link) = self.links.get_mut(&node) else { continue };
            let told = std::mem::replace(&mut link.told, due.clone());
            for key in told.difference(&due) {
                if let Some(source) = self.charter.node_at(key.0).map(|n| n.id.clone()) {
                    self.send_link(&node, &LinkMessage::StreamEnd { number: key.1, node: source });
                }
            }
            for key in due {
                let (Some(route), Some(source)) = (self.routes.get(&key), self.charter.node_at(key.0)) else {
                    continue;
                };
                let fresh = !told.contains(&key) || self.routes_renamed.contains(&key);
                if fresh {
                    let (device, line, medium) = (route.device, route.line.clone(), route.medium);
                    let message = LinkMessage::Stream { number: key.1, node: source.id.clone(), device, line, medium };
                    self.send_link(&node, &message);
                }
            }
        }
        self.routes_renamed.clear();
    }
}
