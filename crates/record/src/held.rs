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
    /// Roots of the first sizes after `base`, each worked out once, when somebody first asks for it or a later one: a
    /// node that signs for many sizes costs no more than the journal itself.
    roots: VecDeque<Root>,
    /// The tree at the last of `roots`; none: at `base`.
    worked_out: Option<Frontier>,
    top: Frontier,
}

impl Held {
    /// Of a journal without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Of a journal whose tree was this one once; what came after it is to be added.
    pub fn go_on(base: Frontier) -> Self {
        Self { top: base.clone(), base, ..Self::default() }
    }

    /// The tree as it was before the recent leaves: what is needed to go on from there.
    pub fn base(&self) -> &Frontier {
        &self.base
    }

    /// Adds the next leaf.
    pub fn push(&mut self, leaf: Root) {
        self.top.push(leaf);
        self.recent.push_back(leaf);
        if self.recent.len() > RECENT_MAX
            && let Some(oldest) = self.recent.pop_front()
        {
            self.base.push(oldest);
            if self.roots.pop_front().is_none() {
                self.worked_out = None;
            }
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

    /// The root when there were so many entries; none: there are not so many yet, or it is longer ago than
    /// [`RECENT_MAX`] entries.
    pub fn root_at(&mut self, size: u64) -> Option<Root> {
        if size == self.top.size() {
            return Some(self.top.root());
        }
        let more =
            usize::try_from(size.checked_sub(self.base.size())?).ok().filter(|more| *more <= self.recent.len())?;
        let frontier = self.worked_out.get_or_insert_with(|| self.base.clone());
        for leaf in self.recent.iter().take(more).skip(self.roots.len()) {
            frontier.push(*leaf);
            self.roots.push_back(frontier.root());
        }
        match more.checked_sub(1) {
            Some(at) => self.roots.get(at).copied(),
            None => Some(self.base.root()),
        }
    }
}
