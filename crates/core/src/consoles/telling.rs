//! What one console is still to be told of the journals: no more is under way to it than it takes, whatever members
//! write.

use crate::limits::{TO_TELL_MAX, TOLD_MAX, TOLD_RUN};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::NodeId;

/// Of one console.
#[derive(Default)]
pub(super) struct Telling {
    /// Positions of each journal, to be told in its order.
    waiting: BTreeMap<NodeId, BTreeSet<u64>>,
    /// Of those, how many have come since the state was told from the beginning.
    later: usize,
    /// Bytes told that it has not said it has taken.
    under_way: usize,
    /// It knows that more follows, and has not asked for it yet.
    held_back: bool,
    /// The state is being told from the beginning: the paths follow on its last entry.
    whole: bool,
    /// Whose entries were told last, and how many bytes of them in one run.
    run: Option<(NodeId, usize)>,
}

impl Telling {
    /// The state is told from the beginning; what waited is part of it.
    pub(super) fn begin(&mut self, state: BTreeMap<NodeId, BTreeSet<u64>>) {
        self.waiting = state;
        self.waiting.retain(|_, seqs| !seqs.is_empty());
        (self.whole, self.run, self.later) = (true, None, 0);
    }

    /// What is new may be told at once: nothing waits that must come before it.
    pub(super) fn is_free(&self) -> bool {
        self.waiting.is_empty() && !self.held_back
    }

    /// It may be given what it asks for.
    pub(super) fn has_room(&self) -> bool {
        !self.held_back
    }

    /// It has not been told all of the state yet.
    pub(super) fn is_whole_to_come(&self) -> bool {
        self.whole
    }

    /// An entry waits its turn. False: too many do, the console does not keep up.
    pub(super) fn put(&mut self, node: &NodeId, seq: u64) -> bool {
        self.later += usize::from(self.waiting.entry(node.clone()).or_default().insert(seq));
        self.later <= TO_TELL_MAX
    }

    /// The next one to be told: a run of each journal in turn, so that a long one holds up no other.
    pub(super) fn next(&mut self) -> Option<(NodeId, u64)> {
        if self.held_back {
            return None;
        }
        let run = self.run.take();
        let of = |node: &NodeId| self.waiting.contains_key(node);
        let same = run.as_ref().filter(|(node, bytes)| *bytes < TOLD_RUN && of(node)).cloned();
        let after = |(node, _): &(NodeId, usize)| {
            use std::ops::Bound::{Excluded, Unbounded};
            self.waiting.range::<NodeId, _>((Excluded(node), Unbounded)).next().map(|(node, _)| node.clone())
        };
        let next = || run.as_ref().and_then(after).or_else(|| self.waiting.keys().next().cloned());
        let (node, bytes) = same.or_else(|| next().map(|node| (node, 0)))?;
        let seqs = self.waiting.get_mut(&node)?;
        let seq = seqs.pop_first()?;
        if seqs.is_empty() {
            self.waiting.remove(&node);
        }
        self.later = self.later.min(self.waiting.values().map(BTreeSet::len).sum());
        self.run = Some((node.clone(), bytes));
        Some((node, seq))
    }

    /// So many bytes were told. True: the console is to be told that more follows when it asks.
    pub(super) fn told(&mut self, bytes: usize) -> bool {
        if let Some((_, run)) = &mut self.run {
            *run += bytes;
        }
        self.under_way += bytes;
        let full = self.under_way >= TOLD_MAX && !self.held_back;
        self.held_back |= full;
        full
    }

    /// The console has taken all and asks for more. False: nothing was held back.
    pub(super) fn taken(&mut self) -> bool {
        self.under_way = 0;
        std::mem::take(&mut self.held_back)
    }

    /// True, once: the state has been told to its end.
    pub(super) fn ends(&mut self) -> bool {
        self.is_free() && std::mem::take(&mut self.whole)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn node(id: &str) -> NodeId {
        NodeId::new(id).unwrap()
    }

    fn state(of: &[(&str, u64)]) -> BTreeMap<NodeId, BTreeSet<u64>> {
        of.iter().map(|(id, seqs)| (node(id), (1..=*seqs).collect())).collect()
    }

    #[test]
    fn a_long_journal_holds_up_no_other_and_each_keeps_its_order() {
        let mut telling = Telling::default();
        telling.begin(state(&[("jpn-1", 1_000), ("kor-1", 3), ("usa-1", 3)]));
        let mut told: BTreeMap<NodeId, Vec<u64>> = BTreeMap::new();
        let mut turns = 0;
        while told.get(&node("usa-1")).is_none_or(|seqs| seqs.len() < 3) {
            let (node, seq) = telling.next().unwrap();
            assert!(!telling.told(1_000));
            told.entry(node).or_default().push(seq);
            turns += 1;
        }
        assert!(turns <= TOLD_RUN / 1_000 + 7, "{turns}");
        for seqs in told.values() {
            assert!(seqs.iter().copied().eq(1..=seqs.len() as u64), "{seqs:?}");
        }
    }

    #[test]
    fn no_more_is_under_way_than_may_be_and_the_end_comes_once() {
        let mut telling = Telling::default();
        telling.begin(state(&[("jpn-1", 100)]));
        let (mut told, mut asked) = (0, 0);
        loop {
            let mut under_way = 0;
            while telling.next().is_some() {
                told += 1;
                under_way += TOLD_MAX / 10;
                if telling.told(TOLD_MAX / 10) {
                    assert!(telling.next().is_none() && !telling.is_free() && !telling.ends());
                }
            }
            assert!(under_way <= TOLD_MAX + TOLD_MAX / 10);
            if !telling.taken() {
                break;
            }
            asked += 1;
        }
        assert_eq!(told, 100);
        assert!(asked >= 9);
        assert!(telling.ends() && !telling.ends() && telling.is_free());
        // Asking for what was not held back is nothing.
        assert!(!telling.taken());
    }

    #[test]
    fn no_more_wait_than_may() {
        let mut telling = Telling::default();
        assert!((1..=TO_TELL_MAX as u64).all(|seq| telling.put(&node("jpn-1"), seq)));
        assert!(!telling.put(&node("kor-1"), 1));
    }
}
