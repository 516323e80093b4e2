//! Saying that this node has others' writings on disk.

use crate::append::After;
use crate::machine::Machine;
use std::collections::BTreeSet;
use trialogue_charter::Hash;
use trialogue_journal::limits::STORED_MAX;
use trialogue_journal::{Act, Body, Entry, UnverifiedStatement};

impl Machine {
    /// An entry of another node came, or a body of it that was missing.
    pub(crate) fn note_writing(&mut self, entry: &Entry) {
        let Body::Stated { statement } = &entry.body else { return };
        let Ok(statement) = UnverifiedStatement::decode(statement) else { return };
        let claim = statement.claim();
        self.overdue.changed |= matches!(claim.act, Act::Write { .. } | Act::AcknowledgeWriting { .. });
        if entry.node == self.node {
            return;
        }
        let Act::Write { written } = &claim.act else { return };
        let id = Hash::of(&claim.payload());
        let counts = self.state.writing(&claim.line, &id).is_some_and(|(node, _)| *node == entry.node);
        // The disk takes what is written in its order: the entry that says so comes after what it speaks of.
        if counts && self.ledger.has_body(&written.content.hash) && !self.is_said_stored(&id) {
            self.to_store.insert(id);
        }
    }

    fn is_said_stored(&self, id: &Hash) -> bool {
        self.ahead.receipts(id).any(|(node, receipts)| *node == self.node && receipts.stored.is_some())
    }

    /// At a start: what came before it ended and was not said yet.
    pub(crate) fn note_all_writings(&mut self) {
        let charter = self.charter.clone();
        for line in &charter.lines {
            let of_others = self.state.writings(&line.id).into_iter().filter(|(_, node, _)| **node != self.node);
            let held = of_others.filter(|(_, _, writing)| self.ledger.has_body(&writing.written.content.hash));
            let new: Vec<Hash> = held.map(|(id, _, _)| id).filter(|id| !self.is_said_stored(id)).collect();
            self.to_store.extend(new);
        }
    }

    /// Says it, of all that came together in one entry.
    pub(crate) fn say_stored(&mut self) {
        while !self.to_store.is_empty() {
            let writings: Vec<Hash> = self.to_store.iter().take(STORED_MAX).copied().collect();
            let rest: BTreeSet<Hash> = self.to_store.iter().skip(STORED_MAX).copied().collect();
            // A disk that fails has not stored it; when it works again a start says so.
            if self.failing || self.append(Body::Stored { writings }, Vec::new(), After::Nothing).is_err() {
                return;
            }
            self.to_store = rest;
        }
    }
}
