//! Entries that a link brings: of any node of the charter, from any node of the charter.

use crate::feed::Fresh;
use crate::io::Output;
use crate::journals::{After, sort_bodies, weight};
use crate::limits::{BUNDLE_MAX, WAITED_TAKEN_MAX};
use crate::machine::Machine;
use crate::note::{Count, Note};
use minicbor::bytes::ByteVec;
use trialogue_charter::NodeId;
use trialogue_charter::limits::CERTIFICATE_MAX;
use trialogue_journal::{Body, ChainError, UnverifiedEntry, VerifiedEntry};
use trialogue_wire::Bundle;

impl Machine {
    pub(crate) fn take_entries(&mut self, from: &NodeId, bundles: Vec<Bundle>) {
        let now = self.here.now.us;
        if self.budgets.is_forger(from, now) {
            // An honest link brings nothing that is not signed; this one has had all the work that it gets for now.
            return self.count(Count::OverBound);
        }
        let before = self.journals.length();
        let mut fresh = Vec::new();
        for bundle in bundles {
            if let Some(bundle) = self.in_budget(from, bundle) {
                fresh.extend(self.take_or_refuse(from, bundle));
            }
        }
        self.entries_taken(&[from], before, &fresh);
    }

    /// Goes on with entries that had to wait.
    pub(crate) fn settle_waiting(&mut self) {
        let now = self.here.now.us;
        let before = self.journals.length();
        let (mut fresh, mut brought) = (Vec::new(), Vec::new());
        for _ in 0..WAITED_TAKEN_MAX {
            let Some((from, node, bundle)) = self.budgets.waiting.pop(now) else { break };
            match self.budgets.entry(&node, weight(&bundle), now) {
                Ok(()) => {
                    fresh.extend(self.take_or_refuse(&from, bundle));
                    brought.push(from);
                }
                Err(wait_us) => self.budgets.waiting.push_back(&from, &node, bundle, now + wait_us),
            }
        }
        if !brought.is_empty() {
            self.entries_taken(&brought.iter().collect::<Vec<_>>(), before, &fresh);
        }
    }

    /// Who brought something is told how far that is held; the others, where it is further than before.
    fn entries_taken(&mut self, from: &[&NodeId], before: u64, fresh: &[Fresh]) {
        let news = self.journals.length() > before;
        for (node, link) in self.links.iter_mut() {
            link.owes_heads |= news || from.contains(&node);
        }
        self.feed(fresh);
    }

    fn take_or_refuse(&mut self, from: &NodeId, bundle: Bundle) -> Option<Fresh> {
        self.take_entry(from, bundle).unwrap_or_else(|(count, why)| {
            self.count(count);
            self.log(Note::EntryRefused { from: from.clone(), why });
            None
        })
    }

    /// The entry, if it may be looked at now. New entries of a journal that has used up its budget wait, and all that
    /// comes behind them; the side that sends them is not told that they are held, and stops.
    fn in_budget(&mut self, from: &NodeId, bundle: Bundle) -> Option<Bundle> {
        let now = self.here.now.us;
        let claim =
            UnverifiedEntry::decode(&bundle.entry).ok().map(|entry| (entry.claim().node.clone(), entry.claim().seq));
        let Some((node, seq)) = claim else { return Some(bundle) };
        if seq <= self.journals.head(&node) {
            let may = self.budgets.again(from, weight(&bundle), now);
            if !may {
                self.count(Count::OverBound);
            }
            return may.then_some(bundle);
        }
        // Own ones are taken back at any speed; what nobody knows is refused.
        if node == self.here.node || self.here.charter.node(&node).is_none() {
            return Some(bundle);
        }
        let due_us = if self.budgets.waiting.has(from, &node) {
            now
        } else if let Err(wait_us) = self.budgets.entry(&node, weight(&bundle), now) {
            self.count(Count::EntryWaits);
            now + wait_us
        } else {
            return Some(bundle);
        };
        if !self.budgets.waiting.push(from, &node, bundle, due_us) {
            self.count(Count::OverBound);
        }
        None
    }

    /// Takes one entry; returns what consoles are to be shown, if anything is new.
    fn take_entry(&mut self, from: &NodeId, bundle: Bundle) -> Result<Option<Fresh>, (Count, &'static str)> {
        let forged = (Count::EntryForged, "it is not an entry that a node of this charter has signed");
        let unverified = UnverifiedEntry::decode(&bundle.entry).map_err(|_| forged)?;
        let (node, seq) = (unverified.claim().node.clone(), unverified.claim().seq);
        if self.here.charter.node(&node).is_none() {
            return Err(forged);
        }
        if self.journals.entry(&node, seq).is_some_and(|held| *held == *bundle.entry) {
            return Ok(self.take_again(from, &node, seq, bundle));
        }
        let head = self.journals.head(&node);
        if seq > head + 1 {
            return Err((Count::EntryGap, "entries before it are missing and are asked for"));
        }
        if self.journals.is_full(&node) && node != self.here.node {
            return Err((Count::OverBound, "its journal is longer than this node holds"));
        }
        let brought = weight(&bundle);
        let Ok(entry) = unverified.verify(&self.here.charter) else {
            self.budgets.forged(from, brought, self.here.now.us);
            return Err(forged);
        };
        let (bodies, strays) = sort_bodies(&entry.bodies(), bundle.bodies);
        if strays > 0 {
            // Whoever passes an entry on with what does not belong to it pays for that, and not the node that wrote it.
            let own: usize = bundle.entry.len() + bodies.iter().map(|(_, body)| body.len()).sum::<usize>();
            self.budgets.forged(from, brought.saturating_sub(own), self.here.now.us);
        }
        for _ in 0..strays {
            self.count(Count::BodyStray);
        }
        let enrols = matches!(entry.entry().body, Body::Enrolled { .. });
        if enrols && bodies.is_empty() {
            return Err((Count::BodyMissing, "it enrols a device and came without the certificate"));
        }
        if enrols && bodies.iter().any(|(_, body)| body.len() > CERTIFICATE_MAX) {
            return Err((Count::OverBound, "its certificate is larger than any"));
        }
        if bodies.iter().map(|(_, body)| body.len()).sum::<usize>() > BUNDLE_MAX {
            return Err((Count::OverBound, "its bodies are too large together"));
        }
        let plain: Vec<ByteVec> = bodies.iter().map(|(_, body)| body.clone()).collect();
        let bundle = Bundle { entry: bundle.entry, bodies: plain };
        let bytes = weight(&bundle);
        if self.journals.goes_on(entry.entry(), &self.here) {
            // It went out before a crash and did not reach the disk here, or the disk is an older copy.
            if !self.pen().append_signed(bundle, entry, After::Nothing) {
                return Err((Count::EntryForged, "it is signed with a key that this node had before"));
            }
            self.given_back(from);
            return Ok(None);
        }
        if let Err(refused) = self.follow(from, &entry) {
            // Signed, and work for nothing all the same.
            self.budgets.forged(from, bytes, self.here.now.us);
            return Err(refused);
        }
        self.budgets.entry_taken(&node, bytes, self.here.now.us);
        let counts = self.journals.take(&entry, &bundle, &self.here, &mut self.out);
        for (hash, body) in bodies {
            self.journals.keep_body(&node, hash, body, enrols && counts);
        }
        self.push_out(Output::Keep { node: node.clone(), seq, bundle: bundle.clone() });
        self.count(Count::EntryTaken);
        if let Some(link) = self.links.get_mut(from) {
            link.holds(&node, seq);
        }
        // What changes nothing here changes nothing at a console either: it stays in the journal, and goes nowhere
        // else.
        if !counts {
            return Ok(None);
        }
        let fresh = self.fresh(&entry, bundle);
        self.applied(&entry);
        Ok(Some(fresh))
    }

    /// Does it follow on what is held? A second history is kept as evidence, the first one seen stays.
    fn follow(&mut self, from: &NodeId, entry: &VerifiedEntry) -> Result<(), (Count, &'static str)> {
        let node = &entry.entry().node;
        let known = self.journals.is_forked(node);
        match self.journals.accept(entry, &self.here) {
            Ok(()) => Ok(()),
            Err(ChainError::Replayed { .. }) => Err((Count::EntryRepeated, "it is held with another signature")),
            Err(ChainError::FormerKey { .. }) => {
                Err((Count::EntryForged, "it is signed with a key that its node has replaced"))
            }
            Err(ChainError::Gap { .. }) => Err((Count::EntryGap, "entries before it are missing and are asked for")),
            Err(ChainError::Fork { seq }) => {
                let own = *node == self.here.node;
                if own {
                    self.own_history_differs(from);
                }
                let said = if own { std::mem::replace(&mut self.overtaken, true) } else { known };
                if !said {
                    self.out.changed.paths = true;
                    let evidence = entry.bytes().to_vec();
                    self.push_out(Output::Evidence { node: node.clone(), seq, entry: evidence });
                    self.log(if own { Note::OwnFork { seq } } else { Note::Fork { node: node.clone(), seq } });
                }
                Err((Count::EntryForked, "its node signed two histories; the evidence is kept"))
            }
        }
    }

    /// An entry that is held: bodies that were missing may come with it.
    fn take_again(&mut self, from: &NodeId, node: &NodeId, seq: u64, bundle: Bundle) -> Option<Fresh> {
        self.count(Count::EntryRepeated);
        if let Some(link) = self.links.get_mut(from) {
            link.holds(node, seq);
        }
        if bundle.bodies.is_empty() {
            return None;
        }
        let refers = UnverifiedEntry::decode(&bundle.entry).ok()?.bodies();
        let missing: Vec<_> = refers.into_iter().filter(|body| !self.journals.has_body(&body.hash)).collect();
        if missing.is_empty() {
            // Neighbours may bring the same again; what came with it is neither read nor hashed.
            return None;
        }
        let (bodies, _) = sort_bodies(&missing, bundle.bodies);
        if bodies.is_empty() || bodies.iter().map(|(_, body)| body.len()).sum::<usize>() > BUNDLE_MAX {
            return None;
        }
        let bytes: usize = bodies.iter().map(|(_, body)| body.len()).sum();
        // Who brings what a journal had long ago pays for it, and not the node that wrote it: bodies go after a day,
        // and whoever keeps them could say them again without end, until that node's own rings found no room.
        self.budgets.late(from, bytes, self.here.now.us).ok()?;
        for (hash, body) in bodies {
            self.journals.keep_body(node, hash, body, false);
        }
        let bundle = self.journals.bundle(node, seq)?;
        if let Ok(entry) = UnverifiedEntry::decode(&bundle.entry) {
            self.writings.note(
                &entry.claim().node,
                entry.said(),
                &self.here,
                &self.journals,
                &mut self.chunks,
                &mut self.out,
            );
        }
        if *node != self.here.node {
            self.push_out(Output::Keep { node: node.clone(), seq, bundle: bundle.clone() });
        }
        Some(Fresh::more_of(node, seq, bundle))
    }
}
