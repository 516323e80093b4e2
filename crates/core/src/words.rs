//! Words: what a node says of the media of its own consoles, signed by it. Whoever passes one on can neither change nor invent it.

use crate::bucket::Bucket;
use crate::limits::{PASSED_WORD_EVERY_US, PASSED_WORDS_BURST, WORD_EVERY_US, WORDS_BURST};
use crate::machine::Machine;
use crate::note::Count;
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
    pub(crate) fn message(&self) -> LinkMessage {
        LinkMessage::Said { word: self.bytes.clone(), signature: self.signature.clone() }
    }
}

impl Machine {
    /// An own word. Its number is higher than all of the runs before: each run appends to the own journal, and no run gives so many words between
    /// two entries that it would come to the next one's.
    pub(crate) fn say(&mut self, device: DeviceId, line: LineId, what: What) -> Said {
        self.word = (self.word + 1).max(self.head() << 24);
        let word = Word { node: self.here.node.clone(), number: self.word, device, line, what };
        let bytes = trialogue_wire::encode(&word);
        let signature = self.here.secret.sign_ed25519(&word::signed(&bytes)).to_vec();
        Said { word, bytes, signature, direct: true }
    }

    /// A word of another node, that came over a link.
    pub(crate) fn take_word(&mut self, link: &NodeId, bytes: Vec<u8>, signature: Vec<u8>) {
        let now = self.here.now.us;
        if self.budgets.is_forger(link, now) {
            // Honest nodes verify what they pass on; this one has had all the work that it gets for now.
            return self.count(Count::OverBound);
        }
        let Ok(word) = trialogue_wire::decode::<Word>(&bytes) else { return self.count(Count::LinkMalformed) };
        if self.here.charter.node(&word.node).is_none() {
            return;
        }
        // Of each node by itself: what a link brings of one that says too much takes nothing from the others' words.
        let fresh = || Bucket::new(WORDS_BURST, WORD_EVERY_US, now);
        let Some(held) = self.links.get_mut(link) else { return };
        if !held.words.entry(word.node.clone()).or_insert_with(fresh).take(now) {
            return self.count(Count::OverBound);
        }
        let own = word.node == self.here.node;
        let Some(node) = self.here.charter.node(&word.node).filter(|node| !own && !node.retired) else { return };
        if self.here.charter.line(&word.line).is_none() || !self.is_news(link, &word) {
            return;
        }
        if !ed25519_holds(&node.journal.ed25519, &word::signed(&bytes), &signature) {
            self.budgets.forged(link, bytes.len(), now);
            return self.count(Count::WordForged);
        }
        let direct = word.node == *link;
        let said = Said { word, bytes, signature, direct };
        match said.word.what {
            What::Sending { .. } => self.take_sending_word(link, said),
            What::Stream { .. } | What::Over { .. } => self.take_stream_word(said),
        }
    }

    /// Is it newer than what is held? Before the signature is looked at: what comes again by another way costs nothing. What a node says on its own
    /// link counts whatever its number.
    fn is_news(&self, link: &NodeId, word: &Word) -> bool {
        let held = match word.what {
            What::Sending { .. } => self.sending.get(&word.device),
            What::Stream { medium, .. } | What::Over { medium } => {
                let Some(source) = self.here.charter.node_index(&word.node) else { return false };
                self.media.streams.held(source, &(word.device, word.line.clone(), medium))
            }
        };
        let Some(held) = held.filter(|held| held.word.node == word.node) else { return true };
        if *link == word.node {
            return held.word != *word || !held.direct;
        }
        // A later word is the node's own whoever brings it: its link may be dead to here, and that not be known yet (seed 1047).
        held.word.number < word.number
    }

    /// Sends a word over a link. False: it is another node's, of which this link was passed too many lately; it may go later.
    pub(crate) fn pass_on(&mut self, link: &NodeId, said: &Said) -> bool {
        let now = self.here.now.us;
        if said.word.node != self.here.node {
            let fresh = || Bucket::new(PASSED_WORDS_BURST, PASSED_WORD_EVERY_US, now);
            let Some(held) = self.links.get_mut(link) else { return false };
            let passed = held.passed.entry(said.word.node.clone()).or_insert_with(fresh);
            if !passed.take(now) {
                let next_us = passed.next_us();
                self.word_again_us = Some(self.word_again_us.map_or(next_us, |again_us| again_us.min(next_us)));
                return false;
            }
        }
        self.send_link(link, &said.message());
        true
    }

    /// Tells neighbours and consoles the words that they have not been told.
    pub(crate) fn tell_words(&mut self) {
        let again = self.word_again_us.is_some_and(|again_us| self.here.now.us >= again_us);
        if again {
            self.word_again_us = None;
            self.tell_streams();
        }
        if std::mem::take(&mut self.out.changed.words) || again {
            self.tell_sending();
        }
    }
}
