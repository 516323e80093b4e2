//! Saying that this node has others' writings on disk.

use crate::journals::After;
use crate::machine::Machine;
use std::collections::BTreeSet;
use trialogue_charter::{DeviceId, Hash, NodeId};
use trialogue_journal::limits::STORED_MAX;
use trialogue_journal::{Act, Body, Entry, UnverifiedStatement, Written};

impl Machine {
    /// An entry of another node came, or a body of it that was missing.
    pub(crate) fn note_writing(&mut self, entry: &Entry) {
        let Body::Stated { statement } = &entry.body else { return };
        let Ok(statement) = UnverifiedStatement::decode(statement) else { return };
        let claim = statement.claim();
        self.overdue.note(&claim.act);
        let Act::Write { written } = &claim.act else { return };
        let id = Hash::of(&claim.payload());
        let counts = self.journals.state().writing(&claim.line, &id).is_some_and(|(node, _)| *node == entry.node);
        // Of an own one all was there before it was journalled, unless this node was restored since.
        if !counts
            || !self.has_attached(&id, &claim.line, &entry.node, &claim.device, written)
            || entry.node == self.here.node
        {
            return;
        }
        // The disk takes what is written in its order: the entry that says so comes after what it speaks of.
        if self.journals.has_body(&written.content.hash) && !self.is_said_stored(&id) {
            self.to_store.insert(id);
        }
    }

    fn is_said_stored(&self, id: &Hash) -> bool {
        self.journals.ahead().receipts(id).any(|(node, receipts)| *node == self.here.node && receipts.stored.is_some())
    }

    /// At a start: what came before it ended and was not said yet, and what is still missing of what is attached.
    pub(crate) fn note_all_writings(&mut self) {
        let charter = self.here.charter.clone();
        for line in &charter.lines {
            let all: Vec<(Hash, NodeId, DeviceId, Written)> = self
                .state()
                .writings(&line.id)
                .into_iter()
                .map(|(id, node, writing)| (id, node.clone(), writing.by, writing.written.clone()))
                // What was said to be stored was all there.
                .filter(|(id, node, _, _)| *node == self.here.node || !self.is_said_stored(id))
                .collect();
            for (id, node, by, written) in all {
                let whole = self.has_attached(&id, &line.id, &node, &by, &written);
                if whole && node != self.here.node && self.journals.has_body(&written.content.hash) {
                    self.to_store.insert(id);
                }
            }
        }
    }

    /// Says it, of all that came together in one entry.
    pub(crate) fn say_stored(&mut self) {
        while !self.to_store.is_empty() {
            let writings: Vec<Hash> = self.to_store.iter().take(STORED_MAX).copied().collect();
            let rest: BTreeSet<Hash> = self.to_store.iter().skip(STORED_MAX).copied().collect();
            // A disk that fails has not stored it; when it works again a start says so.
            if self.journals.is_failing() || self.append(Body::Stored { writings }, Vec::new(), After::Nothing).is_err()
            {
                return;
            }
            self.to_store = rest;
        }
    }
}
