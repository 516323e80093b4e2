//! To which nodes a neighbour says that it has links.

use crate::bucket::Bucket;
use crate::limits::{NEIGHBOURS_BURST, NEIGHBOURS_EVERY_US};
use std::collections::BTreeSet;
use trialogue_charter::NodeId;

/// Of one neighbour.
pub(super) struct Near {
    known: BTreeSet<NodeId>,
    /// How often it may say so: each time all routes are worked out anew.
    said: Bucket,
    /// What it said last, beyond that.
    next: Option<BTreeSet<NodeId>>,
}

impl Near {
    pub(super) fn new(now_us: u64) -> Self {
        Self { known: BTreeSet::new(), said: Bucket::new(NEIGHBOURS_BURST, NEIGHBOURS_EVERY_US, now_us), next: None }
    }

    /// As it counts now.
    pub(super) fn known(&self) -> &BTreeSet<NodeId> {
        &self.known
    }

    /// The neighbour says it anew. False: what it said before waits still, and is never followed.
    #[must_use]
    pub(super) fn say(&mut self, nodes: BTreeSet<NodeId>) -> bool {
        let before = self.next.take();
        self.next = Some(nodes).filter(|nodes| *nodes != self.known);
        before.is_none()
    }

    /// Takes what it said last, if it may be taken now. True: it counts now, and is something else than before.
    #[must_use]
    pub(super) fn follow(&mut self, now_us: u64) -> bool {
        if self.next.is_none() || !self.said.take(now_us) {
            return false;
        }
        self.next.take().map(|nodes| self.known = nodes).is_some()
    }
}

#[cfg(test)]
impl Near {
    /// A neighbour that has said so.
    pub(super) fn of(nodes: BTreeSet<NodeId>) -> Self {
        Self { known: nodes, ..Self::new(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::node_id;

    fn nodes(ids: &[&str]) -> BTreeSet<NodeId> {
        ids.iter().map(|id| node_id(id)).collect()
    }

    #[test]
    fn what_is_the_same_is_nothing_to_follow() {
        let mut near = Near::new(0);
        assert!(near.say(nodes(&["kor-1"])) && near.follow(0));
        assert!(near.say(nodes(&["kor-1"])) && !near.follow(0));
        assert_eq!(*near.known(), nodes(&["kor-1"]));
    }

    #[test]
    fn of_what_comes_too_often_the_last_is_followed() {
        let mut near = Near::new(0);
        for turn in 0..NEIGHBOURS_BURST {
            let others = if turn % 2 == 0 { nodes(&["kor-1"]) } else { nodes(&["usa-1"]) };
            assert!(near.say(others) && near.follow(0));
        }
        assert!(near.say(nodes(&["kor-1", "usa-1"])) && !near.follow(0));
        assert!(!near.say(nodes(&[])), "that of before is lost");
        assert!(!near.follow(0) && near.follow(NEIGHBOURS_EVERY_US));
        assert!(near.known().is_empty() && !near.follow(2 * NEIGHBOURS_EVERY_US));
    }
}
