//! Findings as they come, bounded: whatever a hostile file does, no kind hides another, and the gravest is never lost.

use crate::finding::Finding;
use crate::limits::{FINDINGS_EACH, FINDINGS_MAX};
use std::collections::BTreeMap;

/// Per kind the first ones, and how many there are.
#[derive(Default)]
pub(crate) struct Found {
    kinds: BTreeMap<&'static str, (Vec<Finding>, u64)>,
}

impl Found {
    pub(crate) fn push(&mut self, finding: Finding) {
        let (first, count) = self.kinds.entry(finding.kind()).or_default();
        if first.contains(&finding) {
            return;
        }
        *count += 1;
        if first.len() < FINDINGS_EACH {
            first.push(finding);
        }
    }

    pub(crate) fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }

    /// The gravest first, then by kind, each kind in the order in which it was found; and how many more there are.
    pub(crate) fn finish(self) -> (Vec<Finding>, u64) {
        let count: u64 = self.kinds.values().map(|(_, count)| count).sum();
        let mut all: Vec<Finding> = self.kinds.into_values().flat_map(|(first, _)| first).collect();
        all.sort_by_key(|finding| std::cmp::Reverse(finding.weight()));
        all.truncate(FINDINGS_MAX);
        let more = count - all.len() as u64;
        (all, more)
    }
}
