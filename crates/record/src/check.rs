//! One journal of a record, entry by entry: does each follow on the one before?

use crate::finding::Finding;
use crate::found::Found;
use crate::limits::BARE_MS;
use crate::placing::Placing;
use crate::tree::Root;
use std::collections::BTreeMap;
use trialogue_charter::NodeId;
use trialogue_journal::{Body, VerifiedEntry};

/// One journal, as far as it was read.
#[derive(Default)]
pub(crate) struct Reading {
    /// The highest position read.
    pub(crate) seq: u64,
    /// The entry there; none: it is not known what stood there.
    last: Option<VerifiedEntry>,
    key: u8,
    /// Of entries 1, 2 and so on, up to the first that is missing.
    pub(crate) leaves: Vec<Root>,
    /// Where entries are missing between others.
    holes: Vec<(u64, u64)>,
    /// Entries that stand after a later one, with the position of that.
    late: BTreeMap<u64, u64>,
    /// The time of the first entry, other than *seen*, that the node has not signed for with ML-DSA-87; later by as
    /// long as it stood still since.
    bare_since: Option<u64>,
    /// The time of the last entry.
    pub(crate) time_ms: u64,
    placing: Placing,
}

impl Reading {
    /// An entry came whose bytes are not what its node signed; `seq`: the position that it claims.
    pub(crate) fn spoilt(&mut self, seq: u64) {
        if self.seq.checked_add(1) == Some(seq) {
            self.seq = seq;
        }
        self.last = None;
    }

    /// Takes a verified entry; true: it is the next one, whatever else is wrong with it.
    pub(crate) fn take(&mut self, entry: &VerifiedEntry, findings: &mut Found) -> bool {
        let claim = entry.entry();
        let (node, seq) = (claim.node.clone(), claim.seq);
        if seq <= self.seq {
            match self.last.as_ref().filter(|last| last.entry().seq == seq && last.hash() != entry.hash()) {
                Some(last) => findings.push(two(&node, seq, last.bytes(), entry.bytes())),
                None => {
                    self.late.insert(seq, self.seq);
                }
            }
            return false;
        }
        if seq - 1 > self.seq {
            self.holes.push((self.seq + 1, seq - 1));
            self.last = None;
        }
        if let Some(last) = self.last.as_ref().filter(|last| last.hash() != claim.previous) {
            findings.push(two(&node, last.entry().seq, last.bytes(), entry.bytes()));
        }
        if entry.key() < self.key {
            findings.push(Finding::FormerKey { node: node.clone(), seq });
        }
        self.key = self.key.max(entry.key());
        if self.leaves.len() as u64 + 1 == seq {
            self.leaves.push(Root::leaf(entry.payload()));
            if let Some(why) = self.placing.take(entry) {
                findings.push(Finding::Misplaced { node, seq, why });
            }
        }
        (self.seq, self.last) = (seq, Some(entry.clone()));
        let before_ms = std::mem::replace(&mut self.time_ms, claim.time_ms);
        match &claim.body {
            Body::Seen { .. } => {}
            // While it stood still it could not sign. The time before that counts.
            Body::Restarted {} => {
                let bare_ms = self.bare_since.map_or(0, |since| before_ms.saturating_sub(since));
                self.bare_since = Some(claim.time_ms.saturating_sub(bare_ms));
            }
            _ => _ = self.bare_since.get_or_insert(claim.time_ms),
        }
        true
    }

    /// The node has signed for all of it, up to the entry before this one.
    pub(crate) fn covered(&mut self) {
        self.bare_since = None;
    }

    /// Have its newest entries been without that for too long?
    pub(crate) fn is_bare(&self) -> bool {
        self.bare_since.is_some_and(|since| self.time_ms > since.saturating_add(BARE_MS))
    }

    /// What was removed and what was moved.
    pub(crate) fn misplaced(&self, node: &NodeId) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (from, to) in &self.holes {
            let moved = (*from..=*to).all(|seq| self.late.contains_key(&seq));
            if !moved {
                findings.push(Finding::Removed { node: node.clone(), from: *from, to: *to });
            }
        }
        let late =
            self.late.iter().map(|(seq, after)| Finding::Reordered { node: node.clone(), seq: *seq, after: *after });
        findings.extend(late);
        findings
    }
}

/// Two entries of one node that cannot stand in one journal.
pub(crate) fn two(node: &NodeId, seq: u64, one: &[u8], other: &[u8]) -> Finding {
    Finding::TwoHistories { node: node.clone(), seq, one: one.to_vec(), other: other.to_vec() }
}
