//! What the other side of a link holds of each journal, as it says, and what is under way to it.

use super::flights::Flights;
use crate::bucket::Bucket;
use crate::limits::{HEADS_BURST, HEADS_EVERY_US, HEADS_US, RELAY_US};
use std::collections::BTreeMap;
use std::ops::Range;
use trialogue_charter::NodeId;
use trialogue_wire::link::Head;

/// Of one link.
pub(super) struct Heads {
    /// What the other side holds, as it says.
    theirs: BTreeMap<NodeId, u64>,
    /// What was sent to it, whether it says so yet or not.
    sent: BTreeMap<NodeId, u64>,
    /// Sent and not yet acknowledged.
    flights: Flights,
    /// Since when it lacks entries of journals that their own nodes should be sending it.
    behind: BTreeMap<NodeId, u64>,
    /// It has not been told yet what is held here now.
    owed: bool,
    next_us: u64,
    /// How often it is told.
    told: Bucket,
}

impl Heads {
    pub(super) fn new(now_us: u64) -> Self {
        Self {
            theirs: BTreeMap::new(),
            sent: BTreeMap::new(),
            flights: Flights::default(),
            behind: BTreeMap::new(),
            owed: false,
            next_us: now_us + HEADS_US,
            told: Bucket::new(HEADS_BURST, HEADS_EVERY_US, now_us),
        }
    }

    /// The other side says how far it holds these.
    pub(super) fn said<'a>(&mut self, heads: impl Iterator<Item = &'a Head>, now_us: u64) {
        for head in heads {
            self.theirs.insert(head.node.clone(), head.seq);
        }
        for journal in self.flights.held(&self.theirs, now_us) {
            let held = self.held(&journal);
            self.sent.insert(journal, held);
        }
    }

    /// How far it holds a journal.
    pub(super) fn held(&self, journal: &NodeId) -> u64 {
        self.theirs.get(journal).copied().unwrap_or(0)
    }

    /// It holds a journal up to here: it has brought that entry.
    pub(super) fn holds(&mut self, journal: &NodeId, seq: u64) {
        let held = self.theirs.entry(journal.clone()).or_default();
        *held = (*held).max(seq);
    }

    /// The link is up: what it does not say that it holds was not sent.
    pub(super) fn begin(&mut self) {
        self.sent = self.theirs.clone();
    }

    /// How far it will hold a journal once it has all that was sent.
    pub(super) fn reach(&self, journal: &NodeId) -> u64 {
        self.sent.get(journal).copied().unwrap_or(0).max(self.held(journal))
    }

    /// Is it sent what it lacks of a journal, which is held here up to `head`? What it gets from the journal's own node
    /// (`served`) it is sent only if that stays away.
    pub(super) fn lacks(&mut self, journal: &NodeId, head: u64, served: bool, now_us: u64) -> bool {
        if head <= self.reach(journal) {
            self.behind.remove(journal);
            return false;
        }
        if !served {
            return true;
        }
        let since = *self.behind.entry(journal.clone()).or_insert(now_us);
        now_us >= since + RELAY_US
    }

    /// Is there room for one more entry of a journal behind so many bytes?
    pub(super) fn has_room(&self, journal: &NodeId, bytes: usize) -> bool {
        self.flights.has_room(journal, bytes)
    }

    /// These entries were sent, in one message of so many bytes.
    pub(super) fn sent(&mut self, journal: &NodeId, seqs: Range<u64>, bytes: usize, now_us: u64) {
        let each = bytes / (seqs.end - seqs.start).max(1) as usize + 1;
        self.sent.insert(journal.clone(), seqs.end - 1);
        self.behind.remove(journal);
        self.flights.sent(journal, seqs.map(|seq| (seq, each)), now_us);
    }

    /// It is to be told what is held here.
    pub(super) fn owe(&mut self) {
        self.owed = true;
    }

    /// Is it told now? Then that is done.
    #[must_use]
    pub(super) fn tell(&mut self, now_us: u64) -> bool {
        if !self.owed && now_us < self.next_us {
            return false;
        }
        if !self.told.take(now_us) {
            self.next_us = self.told.next_us();
            return false;
        }
        (self.owed, self.next_us) = (false, now_us + HEADS_US);
        true
    }

    /// When it is told next, in microseconds.
    pub(super) fn next_us(&self) -> u64 {
        self.next_us
    }

    /// When it is sent what stays away. One that is past waits for room, which the other side's next heads make.
    pub(super) fn next_relay_us(&self, now_us: u64) -> Option<u64> {
        self.behind.values().map(|since| since + RELAY_US).filter(|due| *due > now_us).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::RESEND_US;
    use crate::scene::node_id;

    fn says(heads: &mut Heads, of: &[(&str, u64)], now_us: u64) {
        let said: Vec<Head> = of.iter().map(|(id, seq)| Head { node: node_id(id), seq: *seq }).collect();
        heads.said(said.iter(), now_us);
    }

    #[test]
    fn what_was_sent_is_not_lacking_until_nothing_of_it_arrives_for_too_long() {
        let (mut heads, jpn) = (Heads::new(0), node_id("jpn-1"));
        says(&mut heads, &[("jpn-1", 2)], 0);
        heads.begin();
        assert!(heads.lacks(&jpn, 5, false, 0));
        heads.sent(&jpn, 3..6, 300, 0);
        assert!(!heads.lacks(&jpn, 5, false, 0) && heads.lacks(&jpn, 6, false, 0));
        says(&mut heads, &[("jpn-1", 2)], RESEND_US - 1);
        assert_eq!(heads.reach(&jpn), 5);
        says(&mut heads, &[("jpn-1", 2)], RESEND_US);
        assert_eq!(heads.reach(&jpn), 2, "it is sent again from there");
    }

    #[test]
    fn what_a_journals_own_node_brings_is_sent_only_when_it_stays_away() {
        let (mut heads, kor) = (Heads::new(0), node_id("kor-1"));
        heads.begin();
        assert!(!heads.lacks(&kor, 1, true, 10));
        assert_eq!(heads.next_relay_us(10), Some(10 + RELAY_US));
        assert!(!heads.lacks(&kor, 1, true, 9 + RELAY_US) && heads.lacks(&kor, 1, true, 10 + RELAY_US));
        assert_eq!(heads.next_relay_us(10 + RELAY_US), None, "it waits for room");
        heads.holds(&kor, 1);
        assert!(!heads.lacks(&kor, 1, true, 10 + RELAY_US));
        assert!(!heads.lacks(&kor, 2, true, 20 + RELAY_US), "that counts anew");
    }

    #[test]
    fn it_is_told_when_something_came_and_now_and_then_and_not_without_end() {
        let mut heads = Heads::new(0);
        assert!(!heads.tell(HEADS_US - 1) && heads.tell(HEADS_US));
        let now_us = HEADS_US + 1;
        let told = (0..1_000).filter(|_| {
            heads.owe();
            heads.tell(now_us)
        });
        let told = told.count();
        assert!(told > 0 && told <= HEADS_BURST as usize);
        assert!(heads.next_us() > now_us && heads.next_us() <= now_us + HEADS_EVERY_US);
        assert!(heads.tell(heads.next_us()), "it is owed still");
    }
}
