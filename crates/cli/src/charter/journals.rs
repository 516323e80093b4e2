//! Where journals ended under the keys that were replaced: read from an exported record, verified by the charter in
//! force.

use crate::Failure;
use crate::record::read;
use std::collections::BTreeMap;
use std::path::Path;
use trialogue_charter::{Last, Node, NodeId, VerifiedCharter};
use trialogue_record::{Verifier, Weight};

/// The last entry of each node under each of its journal keys, counted from the oldest.
pub struct Ends(BTreeMap<(NodeId, u8), Last>);

impl Ends {
    /// Reads the record.
    ///
    /// # Errors
    /// When it cannot be read, or is not what the nodes signed.
    pub fn read(record: &Path, held: VerifiedCharter) -> Result<Self, Failure> {
        let mut verifier = Verifier::new(held);
        let mut ends = BTreeMap::new();
        read(record, &mut verifier, |_, taken| {
            let (entry, key) = (taken.entry.entry(), taken.entry.key());
            ends.insert((entry.node.clone(), key), Last { seq: entry.seq, hash: taken.entry.hash() });
        })?;
        let report = verifier.finish();
        match report.findings.iter().find(|finding| finding.weight() > Weight::Incomplete) {
            Some(finding) => Err(Failure::content(record, format!("{finding}; take the record of another node"))),
            None => Ok(Self(ends)),
        }
    }

    /// The last entry of a node under its former key of that number.
    fn of(&self, node: &Node, number: u8) -> Result<Last, String> {
        let later = self.0.keys().any(|(of, key)| *of == node.id && *key > number);
        if !later {
            return Err(format!(
                "the record has no entry of node {} under the key that took the place of a former one: export it again once the node has said something under its new key",
                node.id
            ));
        }
        let before = self.0.range(..=(node.id.clone(), number)).next_back().filter(|((of, _), _)| *of == node.id);
        Ok(before.map_or(Last { seq: 0, hash: trialogue_charter::Hash([0; 48]) }, |(_, last)| *last))
    }
}

/// Fills in the last entry under each former key that has none.
///
/// # Errors
/// What is missing, with the remedy.
pub fn end_former_keys(node: &mut Node, ends: Option<&Ends>) -> Result<(), String> {
    for number in 0..node.former.len() {
        if node.former[number].last.is_some() {
            continue;
        }
        let Some(ends) = ends else {
            return Err(format!(
                "node {} has a former journal key whose last entry the charter in force does not name yet: give `--journals` and a record that `trialogue record export` made at a node now",
                node.id
            ));
        };
        node.former[number].last = Some(ends.of(node, number as u8)?);
    }
    Ok(())
}
