//! Streams: one medium of one console in a call, by the number that its own node gave it. A stream, that it is quiet
//! and that it is over are the word of that node alone, whichever link brings it.

use super::At;
use super::routes::Routes;
use super::words::{Said, Words};
use crate::limits::STREAMS_OF_NODE_MAX;
use crate::note::Count;
use crate::out::Out;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, LineId, NodeId, VerifiedCharter};
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
struct Heard {
    /// None: it is over. That is remembered, so that nobody says the word before it again.
    number: Option<u16>,
    quiet_after: Option<u32>,
    said: Said,
}

/// All streams that are known, and which of them each link was told of.
#[derive(Default)]
pub(crate) struct Streams {
    next: u16,
    /// The sequence before the first one of each own voice.
    before: u32,
    own: BTreeMap<Owner, Own>,
    /// By source node: what one node says takes no place of another's.
    heard: BTreeMap<u8, BTreeMap<Owner, Heard>>,
    /// Own ones of which there is a new word.
    fresh: BTreeSet<StreamKey>,
    told: BTreeMap<NodeId, BTreeSet<StreamKey>>,
}

impl Streams {
    /// A link begins: nothing was told by it.
    pub(crate) fn link_up(&mut self, link: &NodeId) {
        self.told.insert(link.clone(), BTreeSet::new());
    }

    pub(crate) fn link_down(&mut self, link: &NodeId) {
        self.told.remove(link);
    }

    /// What was told by a link counts for nothing there.
    pub(crate) fn tell_link_anew(&mut self, link: &NodeId) {
        self.told.entry(link.clone()).and_modify(BTreeSet::clear);
    }

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
        self.of(source, owner).map(|heard| &heard.said)
    }

    fn of(&self, source: u8, owner: &Owner) -> Option<&Heard> {
        self.heard.get(&source)?.get(owner)
    }

    /// Streams of other nodes that are not over, each with after which sequence it is quiet.
    pub(crate) fn heard(&self) -> impl Iterator<Item = (StreamKey, &Owner, Option<u32>)> {
        let all = self.heard.iter().flat_map(|(source, streams)| streams.iter().map(move |(o, h)| (source, o, h)));
        all.filter_map(|(source, owner, heard)| Some(((*source, heard.number?), owner, heard.quiet_after)))
    }

    /// A charter takes effect: words of nodes and lines that it does not have any more are forgotten.
    pub(crate) fn amended(&mut self, charter: &VerifiedCharter) {
        self.heard.retain(|source, _| charter.node_at(*source).is_some_and(|node| !node.retired));
        for streams in self.heard.values_mut() {
            streams.retain(|(_, line, _), _| charter.line(line).is_some());
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

    /// A node says something of a stream of its own, newer than what is held of it; the signature holds. Whether it is
    /// passed on depends on the journals: only who is in on a line is heard there.
    pub(crate) fn take(&mut self, said: Said, routes: &mut Routes, words: &mut Words, at: At, out: &mut Out) {
        let Some(source) = at.here.charter.node_index(&said.word.node) else { return };
        let (number, medium, quiet_after) = match said.word.what {
            What::Stream { number, medium, quiet_after } => (Some(number), medium, quiet_after),
            What::Over { medium } => (None, medium, None),
            What::Sending { .. } => return,
        };
        let owner = (said.word.device, said.word.line.clone(), medium);
        let before = self.of(source, &owner).and_then(|heard| heard.number);
        let idle = self.idle(source, &said.word.node, at);
        if !self.hear(source, owner.clone(), Heard { number, quiet_after, said }, idle.as_ref()) {
            return out.count(Count::OverBound);
        }
        if let Some(number) = number.filter(|number| before == Some(*number))
            && routes.only_quiet_changes((source, number), &owner, quiet_after, out)
        {
            return;
        }
        // Those who were told of it hear that it is over, or has another number; that it is quiet matters only on the
        // source's own link.
        if let Some(before) = before.filter(|_| number.is_none()) {
            self.tell_over((source, before), &owner, words, at, out);
        }
        if let Some(number) = number.filter(|number| before != Some(*number)) {
            for told in self.told.values_mut() {
                told.remove(&(source, number));
            }
        }
        out.changed.routes = true;
    }

    /// The oldest word of a node that is full of them about a device that is not in. One that is not in yet may be,
    /// soon: words come before entries.
    fn idle(&self, source: u8, node: &NodeId, at: At) -> Option<Owner> {
        let streams = self.heard.get(&source).filter(|streams| streams.len() >= STREAMS_OF_NODE_MAX)?;
        let idle = streams.iter().filter(|(owner, _)| !is_in_at(owner, node, at));
        idle.min_by_key(|(_, heard)| heard.said.word.number).map(|(owner, _)| owner.clone())
    }

    /// The forwarder noticed that an own voice has become quiet, or is heard again.
    pub(crate) fn own_quiet(&mut self, number: u16, quiet_after: Option<u32>, out: &mut Out) {
        let Some(own) = self.own.values_mut().find(|own| own.number == number) else { return };
        if own.quiet_after != quiet_after {
            own.quiet_after = quiet_after;
            own.said = None;
            out.changed.routes = true;
        }
    }

    /// Signs what is to be said of own streams, and says that those which have no route any more are over. `live`:
    /// numbers of those that have one.
    pub(crate) fn say_own(&mut self, live: &BTreeSet<u16>, words: &mut Words, at: At, out: &mut Out) {
        if !at.open {
            // Its number would be one of the run before.
            return;
        }
        let own = at.here.index;
        let over = self.own.iter().filter(|(_, own)| !live.contains(&own.number));
        for (owner, number) in over.map(|(owner, own)| (owner.clone(), own.number)).collect::<Vec<_>>() {
            self.tell_over((own, number), &owner, words, at, out);
            self.own.remove(&owner);
        }
        for ((device, line, medium), stream) in self.own.iter_mut().filter(|(_, stream)| stream.said.is_none()) {
            let what = What::Stream { number: stream.number, medium: *medium, quiet_after: stream.quiet_after };
            stream.said = Some(words.say(*device, line.clone(), what, at));
            self.fresh.insert((own, stream.number));
        }
    }

    /// Each link that was told of a stream hears that it is over, by the source's word: an own one, or the one that
    /// came.
    fn tell_over(&mut self, key: StreamKey, owner: &Owner, words: &mut Words, at: At, out: &mut Out) {
        let told = self.told.iter_mut().filter_map(|(node, told)| told.remove(&key).then_some(node));
        let told: Vec<NodeId> = told.cloned().collect();
        if told.is_empty() {
            return;
        }
        let said = if key.0 == at.here.index {
            Some(words.say(owner.0, owner.1.clone(), What::Over { medium: owner.2 }, at))
        } else {
            self.held(key.0, owner).cloned()
        };
        for node in told {
            if let Some(said) = said.as_ref().filter(|said| said.word.node != node) {
                // One that a flood of its node keeps from here is not made up for: nothing comes under the number any
                // more.
                let _ = words.pass_on(&node, said, at, out);
            }
        }
    }

    /// The word about a stream that has a route.
    fn word_of(&self, key: StreamKey, routes: &Routes, at: At) -> Option<&Said> {
        let owner = routes.owner(key)?;
        if key.0 == at.here.index { self.own.get(&owner)?.said.as_ref() } else { self.held(key.0, &owner) }
    }

    /// Tells each link of the streams that it gets, before the first datagram of them.
    pub(crate) fn tell(&mut self, routes: &Routes, words: &mut Words, at: At, out: &mut Out) {
        let mut due = routes.by_link();
        for node in at.links.neighbours() {
            let mut due = due.remove(node).unwrap_or_default();
            due.retain(|key| self.word_of(*key, routes, at).is_some());
            let Some(told) = self.told.get_mut(node) else { continue };
            let told = std::mem::replace(told, due.clone());
            due.retain(|key| !told.contains(key) || self.fresh.contains(key));
            for key in due {
                let passed = self.word_of(key, routes, at).is_none_or(|said| words.pass_on(node, said, at, out));
                if let Some(told) = self.told.get_mut(node).filter(|_| !passed) {
                    told.remove(&key);
                }
            }
        }
        self.fresh.clear();
    }
}

/// Is the device of a stream in at its source, or may its voice come from there?
fn is_in_at((device, line, medium): &Owner, source: &NodeId, at: At) -> bool {
    let voice = *medium == Medium::Voice;
    let there = |node: &NodeId, member| *node == *source || voice && at.here.may_speak_at(member, source);
    at.state.in_on(line).iter().any(|member| member.device == *device && there(&member.node, member))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::bench::{Bench, line, offer, sent_to};
    use super::super::legs::Legs;
    use super::*;
    use crate::ConsoleKey;
    use crate::io::Output;
    use crate::scene::node_id;

    /// At Japan's node, with a link to Korea's: a console here, which has a leg, and one there are in on a line.
    struct Call {
        here: Bench,
        own: DeviceId,
        korean: DeviceId,
        legs: Legs,
        words: Words,
        routes: Routes,
        streams: Streams,
    }

    fn bench() -> Call {
        let mut here = Bench::at("jpn-1");
        let [own, korean] = [("jpn-duty", 1), ("kor-duty", 2)].map(|(office, n)| here.comes_in(office, n).device.id);
        here.link("kor-1", &["jpn-1"]);
        let (mut legs, mut words, mut streams) = (Legs::default(), Words::default(), Streams::default());
        legs.offered(ConsoleKey(1), own, 1, offer(), &mut here.out);
        here.outputs();
        words.link_up(&node_id("kor-1"));
        streams.link_up(&node_id("kor-1"));
        Call { here, own, korean, legs, words, routes: Routes::default(), streams }
    }

    impl Call {
        /// Routes are worked out, and words of them said: to whom.
        fn settle(&mut self) -> Vec<String> {
            let said = self.here.does(|at, out| {
                self.routes.renew(&mut self.streams, &self.legs, at);
                self.streams.say_own(&self.routes.live(at.here), &mut self.words, at, out);
                self.streams.tell(&self.routes, &mut self.words, at, out);
            });
            said.iter().map(sent_to).collect()
        }

        /// Are all routes to be worked out, and what else follows?
        fn takes(&mut self, said: Said) -> (bool, Vec<Output>) {
            let mut changed = false;
            let outputs = self.here.does(|at, out| {
                out.changed.routes = false;
                self.streams.take(said, &mut self.routes, &mut self.words, at, out);
                changed = out.changed.routes;
            });
            (changed, outputs)
        }

        fn numbers(&self) -> Vec<u16> {
            self.streams.heard().map(|((_, number), ..)| number).collect()
        }
    }

    /// What Korea's node says of consoles, one word after the other.
    struct Korea(Bench, Words);

    impl Korea {
        fn new() -> Self {
            Self(Bench::at("kor-1"), Words::default())
        }

        fn says(&mut self, device: DeviceId, what: What) -> Said {
            self.1.say(device, line(), what, self.0.now())
        }
    }

    fn voice(number: u16, quiet_after: Option<u32>) -> What {
        What::Stream { number, medium: Medium::Voice, quiet_after }
    }

    #[test]
    fn own_streams_are_told_before_they_flow_once_and_when_they_are_over() {
        let mut call = bench();
        assert_eq!(call.settle(), ["kor-1", "kor-1"], "voice and picture");
        assert!(call.settle().is_empty());
        let number = call.streams.number(&(call.own, line(), Medium::Voice));
        call.streams.own_quiet(number, Some(9), &mut call.here.out);
        assert_eq!(call.settle(), ["kor-1"]);
        call.streams.tell_link_anew(&node_id("kor-1"));
        assert_eq!(call.settle().len(), 2);
        assert!(call.legs.end(&call.own, &mut call.here.out).is_some());
        assert_eq!(call.settle(), ["kor-1", "kor-1"]);
        assert!(call.settle().is_empty() && call.streams.own.is_empty());
    }

    #[test]
    fn nothing_is_said_of_own_streams_before_the_journal_has_gone_on() {
        let mut call = bench();
        call.here.open = false;
        assert!(call.settle().is_empty());
        call.here.open = true;
        assert_eq!(call.settle().len(), 2);
    }

    #[test]
    fn a_stream_of_another_node_is_known_until_it_is_over_and_its_quiet_moves_no_other_route() {
        let (mut call, mut korea) = (bench(), Korea::new());
        let device = call.korean;
        assert!(call.takes(korea.says(device, voice(4, None))).0);
        call.settle();
        let quiet = call.takes(korea.says(device, voice(4, Some(7))));
        assert!(
            matches!(&quiet, (false, routes) if matches!(&routes[..], [Output::Route(r)] if r.quiet_after == Some(7)))
        );
        assert_eq!(call.takes(korea.says(device, voice(4, Some(7)))), (false, vec![]));
        assert!(call.takes(korea.says(device, voice(5, None))).0, "another number");
        assert_eq!(call.numbers(), [5]);
        assert!(call.takes(korea.says(device, What::Over { medium: Medium::Voice })).0);
        assert!(call.numbers().is_empty());
        let source = call.here.scene.here.charter.node_index(&node_id("kor-1")).unwrap();
        assert!(
            call.streams.held(source, &(device, line(), Medium::Voice)).is_some(),
            "nobody says the ones before again"
        );
    }

    #[test]
    fn of_a_node_that_is_full_of_words_the_oldest_about_who_is_not_in_makes_room() {
        let (mut call, mut korea) = (bench(), Korea::new());
        call.takes(korea.says(call.korean, voice(1_000, None)));
        let over = u16::try_from(STREAMS_OF_NODE_MAX).unwrap();
        for number in 0..=over {
            let device = DeviceId([u8::try_from(number).unwrap(); 32]);
            assert!(call.takes(korea.says(device, voice(number, None))).0);
        }
        let numbers = call.numbers();
        assert_eq!(numbers.len(), STREAMS_OF_NODE_MAX);
        assert!(numbers.contains(&1_000) && numbers.contains(&over) && !numbers.contains(&0) && !numbers.contains(&1));
    }

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
