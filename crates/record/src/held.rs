//! What a node remembers of one journal's tree while it runs: the edge, and enough to know the roots of the last sizes.

use crate::limits::RECENT_MAX;
use crate::tree::{Frontier, Root};
use std::collections::VecDeque;

/// The tree of a journal that is held. Its memory does not grow with the journal.
#[derive(Debug, Clone, Default)]
pub struct Held {
    /// As it was before the recent leaves.
    base: Frontier,
    recent: VecDeque<Root>,
    top: Frontier,
}

impl Held {
    /// Of a journal without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next leaf.
    pub fn push(&mut self, leaf: Root) {
        self.top.push(leaf);
        self.recent.push_back(leaf);
        if self.recent.len() > RECENT_MAX
            && let Some(oldest) = self.recent.pop_front()
        {
            self.base.push(oldest);
        }
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.top.size()
    }

    /// The root over all of them.
    pub fn root(&self) -> Root {
        self.top.root()
    }

    /// The root when there were so many entries; none: there are not so many yet, or it is longer ago than [`RECENT_MAX`] entries.
    pub fn root_at(&self, size: u64) -> Option<Root> {
        if size == self.top.size() {
            return Some(self.top.root());
        }
        let more =
            usize::try_from(size.checked_sub(self.base.size())?).ok().filter(|more| *more <= self.recent.len())?;
        let mut frontier = self.base.clone();
        self.recent.iter().take(more).for_each(|leaf| frontier.push(*leaf));
        Some(frontier.root())
    }
}
