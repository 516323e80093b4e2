//! Streams: one medium of one console in a call, by the number that its own node gave it. A stream, that it is quiet and that it is over are the
//! word of that node alone, whichever link brings it.

use crate::io::{Output, Route};
use crate::limits::STREAMS_OF_NODE_MAX;
use crate::machine::Machine;
use crate::note::Count;
use crate::words::Said;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_wire::console::Medium;
use trialogue_wire::word::What;

/// A stream's source node, by its index in the charter, and its number there.
pub(crate) type StreamKey = (u8, u16);
/// Whose stream, on which line, of which medium: a node has one of it.
pub(crate) type Owner = (DeviceId, LineId, Medium);

/// A stream of this node.
struct Own {
    number: u16,
    quiet_after: Option<u32>,
    said: Option<Said>,
}

/// What another node said last of one of its streams.
pub(crate) struct Heard {
    /// None: it is over. That is remembered, so that nobody says the word before it again.
    pub(crate) number: Option<u16>,
    pub(crate) quiet_after: Option<u32>,
    pub(crate) said: Said,
}

/// All streams that are known.
#[derive(Default)]
pub(crate) struct Streams {
    next: u16,
    /// The sequence before the first one of each own voice.
    before: u32,
    own: BTreeMap<Owner, Own>,
    /// By source node: what one node says takes no place of another's.
    heard: BTreeMap<u8, BTreeMap<Owner, Heard>>,
}

impl Streams {
    /// The number of an own stream, given on first need.
    pub(crate) fn number(&mut self, owner: &Owner) -> u16 {
        if let Some(own) = self.own.get(owner) {
            return own.number;
        }
        // There are far fewer own streams than numbers: at most two for each console.
        while self.own.values().any(|own| own.number == self.next) {
            self.next = self.next.wrapping_add(1);
        }
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.own.insert(owner.clone(), Own { number, quiet_after: self.before(owner.2), said: None });
        number
    }

    /// Begins numbering here, behind so many entries of the own journal: another place in each run, so that streams of
    /// a run before are not mistaken for new ones, nor their datagrams for those of before.
    pub(crate) fn begin(&mut self, head: u64) {
        self.next = (head & 0xffff) as u16;
        // Far from where the runs near it began, and from zero; and below the first roll-over, as in the forwarder.
        self.before = (head as u32).wrapping_add(1).wrapping_mul(0x9e37_79b1) >> 1;
    }

    /// After which sequence an own stream is quiet that has had no packet yet. It is said with the stream, and not
    /// when the forwarder notices: in between others would take for its voice whatever a relay makes up.
    pub(crate) fn before(&self, medium: Medium) -> Option<u32> {
        (medium == Medium::Voice).then_some(self.before)
    }

    /// What is held of a stream of another node.
    pub(crate) fn held(&self, source: u8, owner: &Owner) -> Option<&Said> {
        self.heard.get(&source)?.get(owner).map(|heard| &heard.said)
    }

    /// Streams of other nodes that are not over.
    pub(crate) fn heard(&self) -> impl Iterator<Item = (StreamKey, &Owner, &Heard)> {
        let all = self.heard.iter().flat_map(|(source, streams)| streams.iter().map(move |(o, h)| (source, o, h)));
        all.filter_map(|(source, owner, heard)| Some(((*source, heard.number?), owner, heard)))
    }

    /// Words of nodes and lines that the charter does not have any more.
    pub(crate) fn keep(&mut self, has: impl Fn(u8) -> bool, line: impl Fn(&LineId) -> bool) {
        self.heard.retain(|source, _| has(*source));
        for streams in self.heard.values_mut() {
            streams.retain(|(_, of, _), _| line(of));
        }
        // What was signed with a key of before is signed anew.
        self.own.values_mut().for_each(|own| own.said = None);
    }

    /// `idle`: the stream that makes room if this node has as many as may be.
    fn hear(&mut self, source: u8, owner: Owner, heard: Heard, idle: Option<&Owner>) -> bool {
        let streams = self.heard.entry(source).or_default();
        if streams.len() >= STREAMS_OF_NODE_MAX && !streams.contains_key(&owner) {
            let Some(idle) = idle else { return false };
            streams.remove(idle);
        }
        // One number is one stream: the newest word about it counts.
        if heard.number.is_some() {
            streams.retain(|other, held| *other == owner || held.number != heard.number);
        }
        streams.insert(owner, heard);
        true
    }
}

impl Machine {
    /// A node says something of a stream of its own, newer than what is held of it; the signature holds. Whether it is passed on depends on the
    /// journals: only who is in on a line is heard there.
    pub(crate) fn take_stream_word(&mut self, said: Said) {
        let Some(source) = self.here.charter.node_index(&said.word.node) else { return };
        let (number, medium, quiet_after) = match said.word.what {
            What::Stream { number, medium, quiet_after } => (Some(number), medium, quiet_after),
            What::Over { medium } => (None, medium, None),
            What::Sending { .. } => return,
        };
        let owner = (said.word.device, said.word.line.clone(), medium);
        let held = self.media.streams.heard.get(&source).and_then(|streams| streams.get(&owner));
        let before = held.map(|held| held.number);
        let idle = self.idle_stream(source, &said.word.node);
        if !self.media.streams.hear(source, owner.clone(), Heard { number, quiet_after, said }, idle.as_ref()) {
            return self.count(Count::OverBound);
        }
        if let Some(number) = number.filter(|number| before.flatten() == Some(*number))
            && self.only_quiet_changes((source, number), &owner, quiet_after)
        {
            return;
        }
        // Those who were told of it hear that it is over, or has another number; that it is quiet matters only on the source's own link.
        if let Some(before) = before.flatten().filter(|_| number.is_none()) {
            self.tell_over((source, before), &owner);
        }
        if let Some(number) = number.filter(|number| before.flatten() != Some(*number)) {
            for link in self.links.values_mut() {
                link.told.remove(&(source, number));
            }
        }
        self.out.changed.routes = true;
    }

    /// A stream that has a route goes where it went: who is quiet and not quiet by turns has no other route looked at.
    /// False: it has none that is known to be its.
    fn only_quiet_changes(&mut self, key: StreamKey, owner: &Owner, quiet_after: Option<u32>) -> bool {
        let same = |route: &&mut Route| (route.device, &route.line, route.medium) == (owner.0, &owner.1, owner.2);
        let Some(route) = self.routes.get_mut(&key).filter(same) else { return false };
        if route.quiet_after != quiet_after {
            route.quiet_after = quiet_after;
            let route = route.clone();
            self.push_out(Output::Route(route));
        }
        true
    }

    /// Is the device of a stream in at its source, or may its voice come from there?
    fn is_in_at(&self, (device, line, medium): &Owner, source: &NodeId) -> bool {
        let voice = *medium == Medium::Voice;
        let at = |node: &NodeId, member| *node == *source || voice && self.here.may_speak_at(member, source);
        self.journals.state().in_on(line).iter().any(|member| member.device == *device && at(&member.node, member))
    }

    /// The oldest word of a node that is full of them about a device that is not in. One that is not in yet may be, soon: words come before entries.
    fn idle_stream(&self, source: u8, node: &NodeId) -> Option<Owner> {
        let streams = self.media.streams.heard.get(&source).filter(|streams| streams.len() >= STREAMS_OF_NODE_MAX)?;
        let idle = streams.iter().filter(|(owner, _)| !self.is_in_at(owner, node));
        idle.min_by_key(|(_, heard)| heard.said.word.number).map(|(owner, _)| owner.clone())
    }

    /// The forwarder noticed that an own voice has become quiet, or is heard again.
    pub(crate) fn own_quiet(&mut self, number: u16, quiet_after: Option<u32>) {
        let Some(own) = self.media.streams.own.values_mut().find(|own| own.number == number) else { return };
        if own.quiet_after != quiet_after {
            own.quiet_after = quiet_after;
            own.said = None;
            self.out.changed.routes = true;
        }
    }

    /// Signs what is to be said of own streams, and says that those which have no route any more are over.
    pub(crate) fn word_own_streams(&mut self, live: &BTreeSet<u16>) {
        if self.is_opening() {
            // Its number would be one of the run before.
            return;
        }
        let over = self.media.streams.own.iter().filter(|(_, own)| !live.contains(&own.number));
        for (owner, number) in over.map(|(owner, own)| (owner.clone(), own.number)).collect::<Vec<_>>() {
            self.tell_over((self.here.index, number), &owner);
            self.media.streams.own.remove(&owner);
        }
        let due = self.media.streams.own.iter().filter(|(_, own)| own.said.is_none());
        let due: Vec<_> = due.map(|(owner, own)| (owner.clone(), own.number, own.quiet_after)).collect();
        for (owner, number, quiet_after) in due {
            let what = What::Stream { number, medium: owner.2, quiet_after };
            let said = self.say(owner.0, owner.1.clone(), what);
            if let Some(own) = self.media.streams.own.get_mut(&owner) {
                own.said = Some(said);
                self.streams_fresh.insert((self.here.index, number));
            }
        }
    }

    /// Each link that was told of a stream hears that it is over, by the source's word: an own one, or the one that came.
    fn tell_over(&mut self, key: StreamKey, owner: &Owner) {
        let told: Vec<NodeId> =
            self.links.iter().filter(|(_, link)| link.told.contains(&key)).map(|(node, _)| node.clone()).collect();
        if told.is_empty() {
            return;
        }
        let said = if key.0 == self.here.index {
            Some(self.say(owner.0, owner.1.clone(), What::Over { medium: owner.2 }))
        } else {
            self.media.streams.heard.get(&key.0).and_then(|streams| streams.get(owner)).map(|heard| heard.said.clone())
        };
        for node in told {
            if let Some(link) = self.links.get_mut(&node) {
                link.told.remove(&key);
            }
            if let Some(said) = said.as_ref().filter(|said| said.word.node != node) {
                // One that a flood of its node keeps from here is not made up for: nothing comes under the number any more.
                self.pass_on(&node, said);
            }
        }
    }

    fn word_of(&self, key: StreamKey) -> Option<&Said> {
        let owner = self.routes.get(&key).map(|route| (route.device, route.line.clone(), route.medium))?;
        if key.0 == self.here.index {
            return self.media.streams.own.get(&owner)?.said.as_ref();
        }
        self.media.streams.heard.get(&key.0)?.get(&owner).map(|heard| &heard.said)
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
            let mut due = due.remove(&node).unwrap_or_default();
            due.retain(|key| self.word_of(*key).is_some());
            let Some(link) = self.links.get_mut(&node) else { continue };
            let told = std::mem::replace(&mut link.told, due.clone());
            due.retain(|key| !told.contains(key) || self.streams_fresh.contains(key));
            for key in due {
                let said = self.word_of(key).cloned();
                if said.is_some_and(|said| !self.pass_on(&node, &said))
                    && let Some(link) = self.links.get_mut(&node)
                {
                    link.told.remove(&key);
                }
            }
        }
        self.streams_fresh.clear();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_run_begins_the_numbers_of_its_voices_far_from_those_of_the_runs_before() {
        let begun = |head| {
            let mut streams = Streams::default();
            streams.begin(head);
            streams.before(Medium::Voice)
        };
        for more in 1..5_000 {
            let (one, next) = (begun(1_000).unwrap(), begun(1_000 + more).unwrap());
            // More than half an hour of a voice.
            assert!(one.abs_diff(next) > 100_000, "{more} entries later");
        }
        assert_eq!(Streams::default().before(Medium::Picture), None);
    }
}
