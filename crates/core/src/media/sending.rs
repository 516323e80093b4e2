//! What consoles say that they send: passed on in the words of their own nodes, never believed.

use super::At;
use super::words::{Said, Words};
use crate::io::ConsoleKey;
use crate::out::Out;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_wire::console::ToConsole;
use trialogue_wire::word::What;

/// Number of the last word about what a device sends, by the device.
type Told = BTreeMap<DeviceId, u64>;

/// The last word about each device, and who was told it. Devices: no more than were in on some line when it was said.
#[derive(Default)]
pub(crate) struct Sending {
    said: BTreeMap<DeviceId, Said>,
    links: BTreeMap<NodeId, Told>,
    consoles: BTreeMap<ConsoleKey, Told>,
}

impl Sending {
    /// A link begins: nothing was told by it.
    pub(crate) fn link_up(&mut self, link: &NodeId) {
        self.links.insert(link.clone(), Told::new());
    }

    pub(crate) fn link_down(&mut self, link: &NodeId) {
        self.links.remove(link);
    }

    /// What was told by a link counts for nothing there.
    pub(crate) fn tell_link_anew(&mut self, link: &NodeId) {
        self.links.entry(link.clone()).and_modify(Told::clear);
    }

    /// A WebSocket is gone.
    pub(crate) fn console_gone(&mut self, console: ConsoleKey) {
        self.consoles.remove(&console);
    }

    /// The last word about a device.
    pub(crate) fn held(&self, device: &DeviceId) -> Option<&Said> {
        self.said.get(device)
    }

    /// From an own console: the node gives its word for it. Only of who is in on the line here, and only if it is news.
    pub(crate) fn say(
        &mut self,
        (device, line): (DeviceId, LineId),
        what: What,
        words: &mut Words,
        at: At,
        out: &mut Out,
    ) {
        let members = at.members(&line);
        let own = members.iter().any(|(member, node)| *member == device && *node == at.here.node);
        let held = self.said.get(&device).map(|said| &said.word);
        if !own || held.is_some_and(|word| word.node == at.here.node && word.line == line && word.what == what) {
            return;
        }
        self.said.insert(device, words.say(device, line, what, at));
        out.changed.words = true;
    }

    /// The word of another node, which is news and whose signature holds: of who is in there.
    pub(crate) fn take(&mut self, link: &NodeId, said: Said, at: At, out: &mut Out) {
        let members = at.members(&said.word.line);
        let device = said.word.device;
        if members.iter().any(|(member, node)| *member == device && *node == said.word.node) {
            if let Some(told) = self.links.get_mut(link) {
                told.insert(device, said.word.number);
            }
            self.said.insert(device, said);
            out.changed.words = true;
        }
    }

    /// Tells every console that is in on a line, and every neighbour behind which somebody is, the last word about each
    /// of the others that it has not been told.
    pub(crate) fn tell(&mut self, words: &mut Words, at: At, out: &mut Out) {
        let mut in_on: BTreeSet<DeviceId> = BTreeSet::new();
        // Who is in on a line costs a look at all nodes: only where somebody has said something.
        let lines: BTreeSet<&LineId> = self.said.values().map(|said| &said.word.line).collect();
        for line in lines {
            let members = at.members(line);
            let nodes: BTreeSet<NodeId> = members.iter().map(|(_, node)| node.clone()).collect();
            in_on.extend(members.iter().map(|(device, _)| *device));
            for (device, node) in &members {
                let Some(said) =
                    self.said.get(device).filter(|said| said.word.line == *line && said.word.node == *node)
                else {
                    continue;
                };
                let own = members.iter().filter(|(other, there)| *there == at.here.node && other != device);
                for (other, _) in own {
                    tell_console(&mut self.consoles, other, said, at, out);
                }
                for hop in at.next_hops(node, &nodes) {
                    let Some(told) = self.links.get_mut(&hop) else { continue };
                    let number = said.word.number;
                    if told.get(device) != Some(&number) && words.pass_on(&hop, said, at, out) {
                        told.insert(*device, number);
                    }
                }
            }
        }
        for told in self.links.values_mut() {
            told.retain(|device, _| in_on.contains(device));
        }
        for (device, key) in at.consoles.here() {
            let there = in_on.contains(device);
            if let Some(told) = self.consoles.get_mut(&key) {
                told.retain(|other, _| there && in_on.contains(other));
            }
        }
    }

    /// Somebody came to a line: own consoles, which drop what is said of who is not in yet, are told all again, and
    /// neighbours what is said of it.
    pub(crate) fn tell_again(&mut self, device: &DeviceId, out: &mut Out) {
        self.consoles.clear();
        for told in self.links.values_mut() {
            told.remove(device);
        }
        out.changed.words = true;
    }

    /// What was signed with the journal key of a charter before is signed anew.
    pub(crate) fn sign_anew(&mut self, words: &mut Words, at: At) {
        for said in self.said.values_mut().filter(|said| said.word.node == at.here.node) {
            *said = words.say(said.word.device, said.word.line.clone(), said.word.what, at);
        }
    }

    /// Forgets the words of those who left.
    pub(crate) fn forget_who_left(&mut self, at: At) {
        self.said.retain(|device, said| at.members(&said.word.line).iter().any(|(member, _)| member == device));
    }
}

fn tell_console(consoles: &mut BTreeMap<ConsoleKey, Told>, device: &DeviceId, said: &Said, at: At, out: &mut Out) {
    let What::Sending { voice, picture } = said.word.what else { return };
    let Some(key) = at.consoles.at(device) else { return };
    // One that is still told entries may not know yet that the device is in, and would drop it.
    if !at.consoles.is_told(key) {
        return;
    }
    let (device, number) = (said.word.device, said.word.number);
    if consoles.entry(key).or_default().insert(device, number) != Some(number) {
        out.console(key, &ToConsole::Sending { device, voice, picture });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::bench::{Bench, line, sent_to};
    use super::*;
    use crate::scene::{Enrolled, node_id};
    use trialogue_journal::Act;

    const VOICE: What = What::Sending { voice: true, picture: false };
    const BOTH: What = What::Sending { voice: true, picture: true };

    /// At Japan's node, with a link to Korea's: two consoles here and one there are in on a line.
    struct Line {
        here: Bench,
        one: Enrolled,
        other: Enrolled,
        korean: Enrolled,
        words: Words,
        sending: Sending,
    }

    fn bench() -> Line {
        let mut here = Bench::at("jpn-1");
        let [one, other] = [1, 2].map(|person| here.comes_in("jpn-duty", person));
        let korean = here.comes_in("kor-duty", 3);
        here.is_here(ConsoleKey(1), &one);
        here.is_here(ConsoleKey(2), &other);
        here.link("kor-1", &["jpn-1"]);
        let (mut words, mut sending) = (Words::default(), Sending::default());
        words.link_up(&node_id("kor-1"));
        sending.link_up(&node_id("kor-1"));
        Line { here, one, other, korean, words, sending }
    }

    impl Line {
        /// Is it something to tell?
        fn says(&mut self, device: DeviceId, what: What) -> bool {
            self.here.out.changed.words = false;
            let mut changed = false;
            self.here.does(|at, out| {
                self.sending.say((device, line()), what, &mut self.words, at, out);
                changed = std::mem::take(&mut out.changed.words);
            });
            changed
        }

        fn takes(&mut self, said: &Said) {
            self.here.does(|at, out| self.sending.take(&node_id("kor-1"), said.clone(), at, out));
        }

        fn told(&mut self) -> Vec<String> {
            let told = self.here.does(|at, out| self.sending.tell(&mut self.words, at, out));
            told.iter().map(sent_to).collect()
        }
    }

    fn said_at_korea(device: DeviceId) -> Said {
        Words::default().say(device, line(), BOTH, Bench::at("kor-1").now())
    }

    #[test]
    fn what_a_console_sends_is_told_once_to_the_others_of_the_line() {
        let mut line = bench();
        let device = line.one.device.id;
        assert!(line.says(device, VOICE) && !line.says(device, VOICE), "news only");
        assert_eq!(line.told(), ["2", "kor-1"]);
        assert!(line.told().is_empty());
        assert!(line.says(device, BOTH));
        assert_eq!(line.told(), ["2", "kor-1"]);
        assert!(!line.says(line.korean.device.id, VOICE), "it is in elsewhere");
    }

    #[test]
    fn the_word_of_another_node_counts_for_who_is_in_there_and_does_not_go_back() {
        let mut line = bench();
        line.takes(&said_at_korea(line.one.device.id));
        assert!(line.told().is_empty(), "it is in here");
        let device = line.korean.device.id;
        line.takes(&said_at_korea(device));
        assert_eq!(line.told(), ["1", "2"]);
        assert_eq!(line.sending.held(&device).map(|said| said.word.what), Some(BOTH));
    }

    #[test]
    fn it_is_told_again_where_it_may_have_been_dropped() {
        let mut line = bench();
        let (one, other) = (line.one.device.id, line.other.device.id);
        assert!(line.says(one, VOICE) && line.says(other, VOICE));
        assert_eq!(line.told().len(), 4);
        line.sending.tell_again(&one, &mut line.here.out);
        let mut told = line.told();
        told.sort();
        assert_eq!(told, ["1", "2", "kor-1"], "the neighbour is told of who came alone");
        line.sending.tell_link_anew(&node_id("kor-1"));
        assert_eq!(line.told(), ["kor-1", "kor-1"]);
        line.sending.console_gone(ConsoleKey(2));
        assert_eq!(line.told(), ["2"]);
    }

    #[test]
    fn words_are_signed_anew_and_of_who_left_forgotten() {
        let mut line = bench();
        let (device, korean) = (line.one.device.id, line.korean.device.id);
        assert!(line.says(device, VOICE));
        line.takes(&said_at_korea(korean));
        let number = |line: &Line, device: &DeviceId| line.sending.held(device).map(|said| said.word.number);
        let before = [device, korean].map(|device| number(&line, &device).unwrap());
        line.sending.sign_anew(&mut line.words, line.here.now());
        assert!(number(&line, &device) > Some(before[0]) && number(&line, &korean) == Some(before[1]));
        line.here.scene.says(&line.one, "duty", Act::Leave { cause: None });
        line.sending.forget_who_left(line.here.now());
        assert!(number(&line, &device).is_none() && number(&line, &korean).is_some());
    }
}
