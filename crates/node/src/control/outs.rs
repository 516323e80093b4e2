//! What writes to the links that are up.

use crate::outbox::Outbox;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::NodeId;

/// Of each link. One that took no more is over for the machine at once; its keeper needs a moment more, and what it
/// says in that moment is not heard.
#[derive(Default)]
pub(crate) struct Outs {
    up: BTreeMap<NodeId, Outbox<Vec<u8>>>,
    over: BTreeSet<NodeId>,
}

impl Outs {
    /// How many are up.
    pub(super) fn len(&self) -> usize {
        self.up.len()
    }

    /// A link is up.
    pub(super) fn up(&mut self, node: NodeId, out: Outbox<Vec<u8>>) {
        self.over.remove(&node);
        self.up.insert(node, out);
    }

    /// Says something on a link, if there is one. False: it took no more, and is over; the machine has to hear that
    /// before all else.
    #[must_use]
    pub(super) fn put(&mut self, node: &NodeId, bytes: Vec<u8>) -> bool {
        let took = self.up.get(node).is_none_or(|out| out.put(bytes.len(), bytes).is_ok());
        if !took {
            // Dropping it ends the link.
            self.up.remove(node);
            self.over.insert(node.clone());
        }
        took
    }

    /// The machine wants no link to that node.
    pub(super) fn close(&mut self, node: &NodeId) {
        self.up.remove(node);
    }

    /// The link is down. True: the machine has not heard it yet.
    pub(super) fn down(&mut self, node: &NodeId) -> bool {
        self.up.remove(node);
        !self.over.remove(node)
    }

    /// Is what the link says heard? Not between its end for the machine and its end.
    pub(super) fn hears(&self, node: &NodeId) -> bool {
        !self.over.contains(node)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::outbox::outbox;

    #[test]
    fn a_link_that_takes_no_more_is_over_at_once_and_only_once() {
        let node = NodeId::new("jpn-1").unwrap();
        let (mut outs, (out, outgoing)) = (Outs::default(), outbox(2, 100));
        assert!(outs.put(&node, vec![1]), "no link: nothing to say it on");
        outs.up(node.clone(), out);
        assert!(outs.put(&node, vec![1]) && outs.put(&node, vec![2]) && outs.hears(&node));
        assert!(!outs.put(&node, vec![3]));
        assert!(outgoing.is_let_go() && !outs.hears(&node));
        assert!(!outs.down(&node), "it was told already");
        let (out, _outgoing) = outbox(2, 100);
        outs.up(node.clone(), out);
        assert!(outs.hears(&node));
        outs.close(&node);
        assert!(outs.down(&node) && outs.down(&node));
    }
}
