//! Words: what a node says of the media of its own consoles, signed by it. Whoever passes one on can neither change nor
//! invent it.

use super::At;
use crate::bucket::Bucket;
use crate::budgets::Budgets;
use crate::limits::{PASSED_WORD_EVERY_US, PASSED_WORDS_BURST, WORD_EVERY_US, WORDS_BURST};
use crate::note::Count;
use crate::out::Out;
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, LineId, NodeId, ed25519_holds};
use trialogue_wire::link::LinkMessage;
use trialogue_wire::word::{self, What, Word};

/// A word as it is passed on. Its signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) word: Word,
    bytes: Vec<u8>,
    signature: Vec<u8>,
    /// It came over the link of the node whose word it is.
    direct: bool,
}

impl Said {
    fn message(&self) -> LinkMessage {
        LinkMessage::Said { word: self.bytes.clone(), signature: self.signature.clone() }
    }

    /// Is a word about the same, that a link brings, news after this one? What a node says on its own link counts
    /// whatever its number.
    pub(crate) fn is_older_than(&self, link: &NodeId, word: &Word) -> bool {
        if self.word.node != word.node {
            return true;
        }
        if *link == word.node {
            return self.word != *word || !self.direct;
        }
        // A later word is the node's own whoever brings it: its link may be dead to here, and that not be known yet
        // (seed 1047).
        self.word.number < word.number
    }
}

/// How many words of each node a link may give, and how many it is passed. No more than nodes.
#[derive(Default)]
struct OfLink {
    given: BTreeMap<NodeId, Bucket>,
    passed: BTreeMap<NodeId, Bucket>,
}

/// Gives own words their numbers, and keeps to how many others' may come and go by each link.
#[derive(Default)]
pub(crate) struct Words {
    /// Number of the last own word.
    last: u64,
    links: BTreeMap<NodeId, OfLink>,
    /// When a word of another node may be passed on that came too soon after others of it.
    again_us: Option<u64>,
}

impl Words {
    /// A link begins, with bounds of its own.
    pub(crate) fn link_up(&mut self, link: &NodeId) {
        self.links.insert(link.clone(), OfLink::default());
    }

    pub(crate) fn link_down(&mut self, link: &NodeId) {
        self.links.remove(link);
    }

    /// An own word. Its number is higher than all of the runs before: each run appends to the own journal, and no run
    /// gives so many words between two entries that it would come to the next one's.
    pub(crate) fn say(&mut self, device: DeviceId, line: LineId, what: What, at: At) -> Said {
        self.last = (self.last + 1).max(at.head << 24);
        let word = Word { node: at.here.node.clone(), number: self.last, device, line, what };
        let bytes = trialogue_wire::encode(&word);
        let signature = at.here.secret.sign_ed25519(&word::signed(&bytes)).to_vec();
        Said { word, bytes, signature, direct: true }
    }

    /// A word of another node, that came over a link: none unless it is on a line of the charter, `is_news`, and signed
    /// by its node. That is asked before the signature is looked at: what comes again by another way costs nothing.
    pub(crate) fn open(
        &mut self,
        link: &NodeId,
        (bytes, signature): (Vec<u8>, Vec<u8>),
        is_news: impl FnOnce(&Word) -> bool,
        budgets: &mut Budgets,
        at: At,
        out: &mut Out,
    ) -> Option<Said> {
        let (here, now) = (at.here, at.here.now.us);
        if budgets.is_forger(link, now) {
            // Honest nodes verify what they pass on; this one has had all the work that it gets for now.
            out.count(Count::OverBound);
            return None;
        }
        let Ok(word) = trialogue_wire::decode::<Word>(&bytes) else {
            out.count(Count::LinkMalformed);
            return None;
        };
        let node = here.charter.node(&word.node)?;
        // Of each node by itself: what a link brings of one that says too much takes nothing from the others' words.
        let fresh = || Bucket::new(WORDS_BURST, WORD_EVERY_US, now);
        if !self.links.get_mut(link)?.given.entry(word.node.clone()).or_insert_with(fresh).take(now) {
            out.count(Count::OverBound);
            return None;
        }
        if word.node == here.node || node.retired || here.charter.line(&word.line).is_none() || !is_news(&word) {
            return None;
        }
        if !ed25519_holds(&node.journal.ed25519, &word::signed(&bytes), &signature) {
            budgets.forged(link, bytes.len(), now);
            out.count(Count::WordForged);
            return None;
        }
        let direct = word.node == *link;
        Some(Said { word, bytes, signature, direct })
    }

    /// Sends a word over a link. False: it is another node's, of which this link was passed too many lately; it may go
    /// later.
    #[must_use]
    pub(crate) fn pass_on(&mut self, link: &NodeId, said: &Said, at: At, out: &mut Out) -> bool {
        let now = at.here.now.us;
        if said.word.node != at.here.node {
            let fresh = || Bucket::new(PASSED_WORDS_BURST, PASSED_WORD_EVERY_US, now);
            let Some(held) = self.links.get_mut(link) else { return false };
            let passed = held.passed.entry(said.word.node.clone()).or_insert_with(fresh);
            if !passed.take(now) {
                let next_us = passed.next_us();
                self.again_us = Some(self.again_us.map_or(next_us, |again_us| again_us.min(next_us)));
                return false;
            }
        }
        out.link(link, &said.message());
        true
    }

    /// When one that had to wait may be passed on, on the clock of [`crate::Now::us`].
    pub(crate) fn next_us(&self) -> Option<u64> {
        self.again_us
    }

    /// Has that time come? Said once.
    pub(crate) fn take_due(&mut self, now_us: u64) -> bool {
        self.again_us.take_if(|again_us| now_us >= *again_us).is_some()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::bench::{Bench, line};
    use super::*;
    use crate::io::Output;
    use crate::scene::node_id;

    const DEVICE: DeviceId = DeviceId([7; 32]);
    const WHAT: What = What::Sending { voice: true, picture: false };

    /// At Japan's node, with links to both others; and what Korea's and that of the United States say there.
    struct Opening {
        here: Bench,
        words: Words,
        budgets: Budgets,
    }

    fn bench() -> Opening {
        let (here, mut words) = (Bench::at("jpn-1"), Words::default());
        ["kor-1", "usa-1"].iter().for_each(|link| words.link_up(&node_id(link)));
        Opening { budgets: Budgets::new(here.scene.here.now.us), here, words }
    }

    fn said_at(node: &str) -> Said {
        Words::default().say(DEVICE, line(), WHAT, Bench::at(node).now())
    }

    impl Opening {
        fn open(&mut self, link: &str, said: &Said, is_news: bool) -> Result<Option<Said>, Count> {
            let signed = (said.bytes.clone(), said.signature.clone());
            let (link, mut opened) = (node_id(link), None);
            let outputs = self.here.does(|at, out| {
                opened = self.words.open(&link, signed, |_| is_news, &mut self.budgets, at, out);
            });
            match outputs[..] {
                [] => Ok(opened),
                [Output::Count(count)] => Err(count),
                _ => panic!("{outputs:?}"),
            }
        }

        fn passes(&mut self, said: &Said) -> bool {
            let mut passed = false;
            let sent = self.here.does(|at, out| passed = self.words.pass_on(&node_id("usa-1"), said, at, out));
            assert_eq!(sent.len(), usize::from(passed));
            passed
        }
    }

    #[test]
    fn numbers_of_own_words_rise_and_a_longer_journal_takes_them_past_those_of_the_run_before() {
        let Opening { mut here, mut words, .. } = bench();
        let mut number = |here: &Bench| words.say(DEVICE, line(), WHAT, here.now()).word.number;
        let (first, second) = (number(&here), number(&here));
        assert_eq!(second, first + 1);
        here.head += 1;
        assert_eq!(number(&here), here.head << 24);
    }

    #[test]
    fn a_word_counts_by_whichever_link_it_comes_if_its_node_signed_it() {
        let (mut bench, said) = (bench(), said_at("kor-1"));
        let direct = bench.open("kor-1", &said, true).unwrap().unwrap();
        let by_relay = bench.open("usa-1", &said, true).unwrap().unwrap();
        assert!(direct.word == said.word && by_relay.word == said.word && direct.direct && !by_relay.direct);
        assert_eq!(bench.open("usa-1", &said, false), Ok(None));
        assert_eq!(bench.open("kor-1", &said_at("jpn-1"), true), Ok(None), "nobody tells this node its own");
        let forged = Said { signature: said_at("usa-1").signature, ..said.clone() };
        assert_eq!(bench.open("usa-1", &forged, true), Err(Count::WordForged));
        bench.words.link_down(&node_id("kor-1"));
        assert_eq!(bench.open("kor-1", &said, true), Ok(None));
    }

    #[test]
    fn who_says_too_much_by_a_link_takes_nothing_from_others_there() {
        let (mut bench, flood, other) = (bench(), said_at("kor-1"), said_at("usa-1"));
        let over = (0..WORDS_BURST + 3).filter(|_| bench.open("usa-1", &flood, false).is_err()).count();
        assert_eq!(over, 3);
        assert!(bench.open("usa-1", &other, true).unwrap().is_some());
        assert!(bench.open("kor-1", &flood, true).unwrap().is_some(), "another link");
    }

    #[test]
    fn others_words_are_passed_on_within_a_bound_and_go_later() {
        let (mut bench, other) = (bench(), said_at("kor-1"));
        let own = bench.words.say(DEVICE, line(), WHAT, bench.here.now());
        let passed = (0..PASSED_WORDS_BURST + 3).filter(|_| bench.passes(&other)).count();
        assert_eq!(passed, PASSED_WORDS_BURST as usize);
        assert!((0..PASSED_WORDS_BURST + 3).all(|_| bench.passes(&own)));
        let due_us = bench.words.next_us().unwrap();
        assert!(!bench.words.take_due(due_us - 1) && bench.words.take_due(due_us));
        assert!(bench.words.next_us().is_none() && !bench.words.take_due(due_us));
    }

    #[test]
    fn a_relay_brings_news_by_a_higher_number_alone() {
        let kor = Bench::at("kor-1");
        let mut words = Words::default();
        let (first, second) = (words.say(DEVICE, line(), WHAT, kor.now()), words.say(DEVICE, line(), WHAT, kor.now()));
        let [usa, kor] = ["usa-1", "kor-1"].map(node_id);
        assert!(first.is_older_than(&usa, &second.word));
        assert!(!second.is_older_than(&usa, &first.word) && !first.is_older_than(&usa, &first.word));
        assert!(second.is_older_than(&kor, &first.word), "on its own link");
        assert!(!first.is_older_than(&kor, &first.word), "said there before");
        let by_relay = Said { direct: false, ..first.clone() };
        assert!(by_relay.is_older_than(&kor, &first.word));
    }
}
