//! What every part of the machine may read: which node this is, under which charter, and what time it is.

use crate::io::Now;
use std::sync::Arc;
use trialogue_charter::{HybridSecret, NodeId, PartyId, VerifiedCharter};
use trialogue_journal::fold::Participant;

/// This node, now.
pub(crate) struct Here {
    /// The charter in force.
    pub(crate) charter: Arc<VerifiedCharter>,
    pub(crate) node: NodeId,
    /// The node's index in the charter, which never moves.
    pub(crate) index: u8,
    /// Whose node it is.
    pub(crate) party: PartyId,
    /// There are means to alert people beyond the consoles.
    pub(crate) alerts: bool,
    /// The node's journal key.
    pub(crate) secret: HybridSecret,
    /// The clocks, as of the input that is being handled.
    pub(crate) now: Now,
}

impl Here {
    /// Takes the time of an input. The monotonic clock never goes back.
    pub(crate) fn go_on(&mut self, now: Now) {
        self.now = Now { us: now.us.max(self.now.us), wall_ms: now.wall_ms };
    }

    /// The charter in force does not have this node in service.
    pub(crate) fn is_retired(&self) -> bool {
        !self.charter.serves(&self.node)
    }

    /// Another node of the own party.
    pub(crate) fn is_sibling(&self, node: &NodeId) -> bool {
        let there = self.charter.node(node).filter(|node| !node.retired);
        *node != self.node && there.is_some_and(|node| node.party == self.party)
    }

    /// May the voice of a console come from this node, although it is in at another? A console that goes to the other
    /// site of its party is heard from its first frame there, before its word has reached everybody: its frames are
    /// sealed, and nobody but its party's nodes can bring them.
    pub(crate) fn may_speak_at(&self, member: &Participant, node: &NodeId) -> bool {
        member.node == *node || self.charter.node(node).is_some_and(|node| !node.retired && node.party == member.party)
    }

    /// Does the charter let `via` relay what consoles of the node `source` send?
    pub(crate) fn may_relay(&self, source: &NodeId, via: &NodeId) -> bool {
        let party = |node: &NodeId| self.charter.node(node).map(|node| &node.party);
        let (Some(party), Some(via)) = (party(source), party(via)) else { return false };
        self.charter.policy.may_relay(party, via)
    }
}
