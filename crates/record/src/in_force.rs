//! Which charters were in force, as the journals of their own nodes say.
//!
//! Going up from the auditor's charter, each was signed by all parties of the one before. Going down that proves
//! nothing: whoever writes a charter with parties of its own also makes the signatures by which these agree to the true
//! one. So an older charter counts by the word of a node that stands in it and in the next one.

use crate::anchor::Anchor;
use crate::finding::Finding;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use trialogue_charter::{Hash, HybridPublic, NodeId};
use trialogue_journal::limits::CHARTERS_HELD;

/// What the journals have opened.
#[derive(Default)]
pub(crate) struct InForce {
    journals: BTreeMap<NodeId, Opened>,
}

/// Of one journal: places in the chain.
#[derive(Default)]
struct Opened {
    /// Those that it opened before any newer one.
    in_order: BTreeSet<usize>,
    newest: Option<usize>,
    /// It has opened charters that are not in the chain; the last of them and where, if no newer one of the chain came
    /// after it.
    more: bool,
    missing: Option<(Hash, u64)>,
    /// The newest that it has opened: one that comes again changes nothing (journal.md §4.4).
    had: VecDeque<Hash>,
}

impl InForce {
    /// A journal says that a charter has taken effect.
    pub(crate) fn opened(&mut self, anchor: &Anchor, node: &NodeId, seq: u64, charter: &Hash) {
        let journal = self.journals.entry(node.clone()).or_default();
        if journal.had.contains(charter) {
            return;
        }
        journal.had.push_back(*charter);
        if journal.had.len() > CHARTERS_HELD {
            journal.had.pop_front();
        }
        let Some(place) = anchor.place(charter) else {
            (journal.more, journal.missing) = (true, Some((*charter, seq)));
            return;
        };
        if journal.newest.is_none_or(|newest| newest < place) {
            journal.in_order.insert(place);
            (journal.newest, journal.missing) = (Some(place), None);
        }
    }

    /// Has this node had a charter in force that is not in the chain?
    pub(crate) fn has_more(&self, node: Option<&NodeId>) -> bool {
        node.and_then(|node| self.journals.get(node)).is_some_and(|journal| journal.more)
    }

    /// Has a node that stands in the charter at this place, and in that one, put it in force?
    fn is_vouched_for(&self, anchor: &Anchor, place: usize, also_in: usize) -> bool {
        let stands = |node: &NodeId, at: usize| anchor.chain().get(at).is_some_and(|at| at.node(node).is_some());
        let opened = self.journals.iter().filter(|(_, journal)| journal.in_order.contains(&place));
        opened.into_iter().any(|(node, _)| stands(node, place) && stands(node, also_in))
    }

    /// The first place of the chain from which on charters count.
    fn begin(&self, anchor: &Anchor) -> usize {
        let older = (0..anchor.pinned()).rev();
        older.take_while(|place| self.is_vouched_for(anchor, *place, place + 1)).last().unwrap_or(anchor.pinned())
    }

    /// Is the node in a charter that counts?
    pub(crate) fn has(&self, anchor: &Anchor, node: &NodeId) -> bool {
        anchor.chain().iter().skip(self.begin(anchor)).any(|charter| charter.node(node).is_some())
    }

    /// Every journal key that a charter which counts gives the node, the newest first.
    pub(crate) fn keys<'a>(&self, anchor: &'a Anchor, node: &'a NodeId) -> impl Iterator<Item = &'a HybridPublic> {
        let counts = anchor.chain().iter().skip(self.begin(anchor)).rev();
        counts.filter_map(|charter| charter.node(node)).map(|node| &node.journal)
    }

    /// Charters of which no journal that may says that they were in force; and those that are not here although a
    /// journal says that they were in force last. One that has opened none of the chain may be of before the record's
    /// node came; that node's own is not.
    pub(crate) fn findings(&self, anchor: &Anchor, own: &NodeId) -> Vec<Finding> {
        let begin = self.begin(anchor);
        let never = |place: usize| place < begin || !self.is_vouched_for(anchor, place, place);
        let chain = anchor.chain().iter().enumerate();
        let mut found: Vec<Finding> = chain
            .filter(|(place, _)| never(*place))
            .map(|(_, at)| Finding::NotInForce { charter: at.hash() })
            .collect();
        let mut missing = BTreeMap::new();
        for (node, journal) in self.journals.iter().filter(|(node, held)| held.newest.is_some() || *node == own) {
            if let Some((charter, seq)) = journal.missing {
                missing.entry(charter).or_insert_with(|| Finding::NoCharter { charter, node: node.clone(), seq });
            }
        }
        found.extend(missing.into_values());
        found
    }
}
