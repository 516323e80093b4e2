//! The journals as a node that starts finds them on its disk.

use super::Journals;
use super::ledger::{Held, Ledger, Shelf, plain};
use super::pace::Pace;
use super::seen::Seen;
use crate::here::Here;
use std::collections::VecDeque;
use trialogue_charter::Hash;
use trialogue_journal::fold::{NodeState, State};
use trialogue_journal::{Body, Chain, Journal, UnverifiedEntry, VerifiedEntry};
use trialogue_wire::Bundle;

/// A stored own entry does not verify, or does not follow on the one before; its position.
pub(crate) struct Unfit(pub(crate) u64);

impl Journals {
    /// Nothing is held yet.
    pub(crate) fn blank(here: &Here, shelf: Option<Box<dyn Shelf>>) -> Self {
        let state = State::new(here.charter.clone());
        Self {
            ledger: Ledger::new(here.node.clone(), here.charter.nodes.iter().map(|node| node.id.clone()), shelf),
            chain: Chain::new(),
            writer: Journal::new(here.node.clone()),
            ahead: state.clone(),
            state,
            pace: Pace::new(0, here.now.us),
            pending: VecDeque::new(),
            released: 0,
            recorded: 0,
            failing: false,
            seen: Seen::default(),
            since_snapshot: 0,
        }
    }

    /// Takes a stored entry with its bodies, of each journal in its order. A damaged one of another node is left out.
    pub(crate) fn restore(&mut self, bundle: Bundle, here: &Here) -> Result<(), Unfit> {
        let seq = self.ledger.head(&here.node) + 1;
        let Ok(entry) = VerifiedEntry::open(&bundle.entry, &here.charter) else {
            // If it cannot be told whose it was and it was an own one, the next own one does not follow and says so.
            let own = UnverifiedEntry::decode(&bundle.entry).is_ok_and(|entry| entry.claim().node == here.node);
            return if own { Err(Unfit(seq)) } else { Ok(()) };
        };
        let (node, own) = (entry.entry().node.clone(), entry.entry().node == here.node);
        if self.chain.accept(&entry).is_err() {
            return if own { Err(Unfit(seq)) } else { Ok(()) };
        }
        let lasting = matches!(entry.entry().body, Body::Enrolled { .. });
        let counts = self.state.apply(&entry, &plain(&bundle.bodies)).is_ok();
        self.seen.push(&entry);
        self.since_snapshot += 1;
        if self.ledger.has_shelf() {
            self.ledger.go_on(&node, entry.entry().seq);
            return Ok(());
        }
        for body in &bundle.bodies {
            self.keep_body(&node, Hash::of(body), body.clone(), lasting && counts);
        }
        let bodies = entry.bodies();
        self.ledger.push(&node, Held { entry: bundle.entry, bodies });
        Ok(())
    }

    /// All that is stored is here: the own journal goes on from its end.
    pub(crate) fn restored(&mut self, here: &Here) {
        let head = self.ledger.head(&here.node);
        self.ahead = self.state.clone();
        self.writer = Journal::resume(here.node.clone(), head, self.chain.head(&here.node));
        (self.released, self.recorded) = (head, head);
        let latest_ms = self.state.node(&here.node).map_or(0, NodeState::latest_ms);
        self.pace = Pace::new(latest_ms, here.now.us);
    }
}
