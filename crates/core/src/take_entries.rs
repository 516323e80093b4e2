//! Entries that a link brings: of any node of the charter, from any node of the charter.

use crate::consoles::Fresh;
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
            let Self { links, here, journals, budgets, out, .. } = self;
            if let Some(bundle) = links.in_budget(from, bundle, here, journals, budgets, out) {
                fresh.extend(self.take_or_refuse(from, bundle));
            }
        }
        self.entries_taken(std::slice::from_ref(from), before, &fresh);
    }

    /// Goes on with entries that had to wait.
    pub(crate) fn settle_waiting(&mut self) {
        let before = self.journals.length();
        let (mut fresh, mut brought, mut turns) = (Vec::new(), Vec::new(), WAITED_TAKEN_MAX);
        while let Some((from, bundle)) = self.links.next_waiting(&mut turns, &self.here, &mut self.budgets) {
            fresh.extend(self.take_or_refuse(&from, bundle));
            brought.push(from);
        }
        if !brought.is_empty() {
            self.entries_taken(&brought, before, &fresh);
        }
    }

    /// Who brought something is told how far that is held; the others, where it is further than before.
    fn entries_taken(&mut self, from: &[NodeId], before: u64, fresh: &[Fresh]) {
        self.links.owe_heads(from, self.journals.length() > before);
        self.feed(fresh);
    }

    fn take_or_refuse(&mut self, from: &NodeId, bundle: Bundle) -> Option<Fresh> {
        self.take_entry(from, bundle).unwrap_or_else(|(count, why)| {
            self.count(count);
            self.log(Note::EntryRefused { from: from.clone(), why });
            None
        })
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
        self.links.holds(from, &node, seq);
        // What changes nothing here changes nothing at a console either: it stays in the journal, and goes nowhere
        // else.
        if !counts {
            return Ok(None);
        }
        let fresh = Fresh::of(&entry, bundle, self.journals.state());
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
        self.links.holds(from, node, seq);
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
