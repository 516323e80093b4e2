//! Entries that a link brings, of any node of the charter, own ones that the disk has, and what follows when one takes
//! effect: at the consoles, on the links, in the parts that read it.

use super::Machine;
use crate::consoles::Fresh;
use crate::io::Output;
use crate::journals::{After, sort_bodies, weight};
use crate::limits::{BUNDLE_MAX, WAITED_TAKEN_MAX};
use crate::note::{Count, Note};
use crate::revocations::Fate;
use minicbor::bytes::ByteVec;
use trialogue_charter::limits::CERTIFICATE_MAX;
use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_journal::{Act, Body, ChainError, EntryError, UnverifiedEntry, UnverifiedStatement, VerifiedEntry};
use trialogue_wire::Bundle;
use trialogue_wire::console::ToConsole;

impl Machine {
    pub(super) fn take_entries(&mut self, from: &NodeId, bundles: Vec<Bundle>) {
        let now = self.here.now.us;
        if self.budgets.is_forger(from, now) {
            // An honest link brings nothing that is not signed; this one has had all the work that it gets for now.
            return self.out.count(Count::OverBound);
        }
        let before = self.journals.length();
        let mut fresh = Vec::new();
        for bundle in bundles {
            let Self { links, here, journals, budgets, out, .. } = self;
            let read = UnverifiedEntry::decode(&bundle.entry);
            let bundle = match &read {
                Ok(entry) => links.in_budget(from, (entry.claim(), bundle), here, journals, budgets, out),
                Err(_) => Some(bundle),
            };
            if let Some(bundle) = bundle {
                fresh.extend(self.take_or_refuse(from, read, bundle));
            }
        }
        self.entries_taken(std::slice::from_ref(from), before, &fresh);
    }

    /// Goes on with entries that had to wait.
    pub(super) fn settle_waiting(&mut self) {
        let before = self.journals.length();
        let (mut fresh, mut brought, mut turns) = (Vec::new(), Vec::new(), WAITED_TAKEN_MAX);
        while let Some((from, bundle)) = self.links.next_waiting(&mut turns, &self.here, &mut self.budgets) {
            let read = UnverifiedEntry::decode(&bundle.entry);
            fresh.extend(self.take_or_refuse(&from, read, bundle));
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

    fn take_or_refuse(
        &mut self,
        from: &NodeId,
        read: Result<UnverifiedEntry, EntryError>,
        bundle: Bundle,
    ) -> Option<Fresh> {
        self.take_entry(from, read, bundle).unwrap_or_else(|(count, why)| {
            self.out.count(count);
            self.out.log(Note::EntryRefused { from: from.clone(), why });
            None
        })
    }

    /// Takes one entry, which was read already; returns what consoles are to be shown, if anything is new.
    fn take_entry(
        &mut self,
        from: &NodeId,
        read: Result<UnverifiedEntry, EntryError>,
        bundle: Bundle,
    ) -> Result<Option<Fresh>, (Count, &'static str)> {
        let forged = (Count::EntryForged, "it is not an entry that a node of this charter has signed");
        let unverified = read.map_err(|_| forged)?;
        let (node, seq) = (unverified.claim().node.clone(), unverified.claim().seq);
        if self.here.charter.node(&node).is_none() {
            return Err(forged);
        }
        if self.journals.entry(&node, seq).is_some_and(|held| *held == *bundle.entry) {
            return Ok(self.take_again(from, &unverified, bundle));
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
            self.out.count(Count::BodyStray);
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
            let head = self.head();
            self.catch_up.given_back(from, head, &self.here, &mut self.out);
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
        self.out.push(Output::Keep { node: node.clone(), seq, bundle: bundle.clone() });
        self.out.count(Count::EntryTaken);
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
                let is_news = if own { self.catch_up.history_differs(from) } else { !known };
                if is_news {
                    self.out.changed.paths = true;
                    let evidence = entry.bytes().to_vec();
                    self.out.push(Output::Evidence { node: node.clone(), seq, entry: evidence });
                    self.out.log(if own { Note::OwnFork { seq } } else { Note::Fork { node: node.clone(), seq } });
                }
                Err((Count::EntryForked, "its node signed two histories; the evidence is kept"))
            }
        }
    }

    /// An entry that is held: bodies that were missing may come with it.
    fn take_again(&mut self, from: &NodeId, entry: &UnverifiedEntry, bundle: Bundle) -> Option<Fresh> {
        let (node, seq) = (&entry.claim().node, entry.claim().seq);
        self.out.count(Count::EntryRepeated);
        self.links.holds(from, node, seq);
        if bundle.bodies.is_empty() {
            return None;
        }
        let missing: Vec<_> = entry.bodies().into_iter().filter(|body| !self.journals.has_body(&body.hash)).collect();
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
        self.writings.note(node, entry.said(), &self.here, &self.journals, &mut self.chunks, &mut self.out);
        if *node != self.here.node {
            self.out.push(Output::Keep { node: node.clone(), seq, bundle: bundle.clone() });
        }
        Some(Fresh::more_of(node, seq, bundle))
    }

    /// The disk has the own journal up to here.
    pub(super) fn appended(&mut self, up_to: u64) {
        self.journals.recorded(up_to, &self.here, &mut self.out);
        self.release(up_to, false);
    }

    /// The disk could not take the own journal up to here. A record must never stop an emergency.
    pub(super) fn append_failed(&mut self, up_to: u64) {
        self.journals.failed(up_to, &mut self.out);
        self.release(up_to, true);
    }

    /// What the disk was silent about for too long goes out all the same.
    pub(super) fn appends_overdue(&mut self) {
        if let Some(seq) = self.journals.overdue(&self.here) {
            self.append_failed(seq);
        }
    }

    /// Lets own entries take effect: in the state, at the consoles, on the links.
    fn release(&mut self, up_to: u64, unrecorded: bool) {
        let mut fresh = Vec::new();
        while let Some(released) = self.journals.release_next(up_to, unrecorded, &self.here, &mut self.out) {
            match released.after {
                After::Nothing => {}
                After::Statement { console, number } => {
                    self.out.count(Count::StatementAccepted);
                    if self.consoles.has(console) {
                        self.out.console(console, &ToConsole::Accepted { number, unrecorded });
                    }
                }
                After::Enrolled(console) => self.enrolled(console),
                After::Errand(errand) => {
                    let fate = if unrecorded { Fate::Unrecorded } else { Fate::Written };
                    self.out.push(Output::Errand { errand, fate });
                }
            }
            let fresh_of = |bundle| Fresh::of(&released.entry, bundle, self.journals.state());
            fresh.extend(released.bundle.map(fresh_of));
            self.applied(&released.entry);
        }
        self.feed(&fresh);
    }

    /// An entry has taken effect.
    pub(super) fn applied(&mut self, verified: &VerifiedEntry) {
        let entry = verified.entry();
        self.out.changed.lines = true;
        self.out.changed.routes = true;
        let (media, at, _) = self.for_media();
        media.forget_who_left(at);
        match entry.body {
            Body::Revoked { .. } => {
                self.put_out();
                self.revocations.came(&self.here);
            }
            // Its voucher may have made another device as well.
            Body::Enrolled { .. } | Body::Suspended { .. } => self.put_out(),
            _ => {}
        }
        if matches!(entry.body, Body::Tested { .. }) {
            self.trials.changed();
        }
        let (node, said) = (&entry.node, verified.said());
        self.writings.note(node, said, &self.here, &self.journals, &mut self.chunks, &mut self.out);
        let Some(claim) = said.map(UnverifiedStatement::claim) else { return };
        if matches!(claim.act, Act::Ring { .. }) {
            self.rang(&claim.line, &claim.device);
        }
        match claim.act {
            Act::Ring { .. } | Act::Answer { .. } | Act::Attach { .. } => {
                self.media.came_in(&claim.device, &mut self.out);
            }
            // Another may be at a console of this node.
            Act::TakeDuty { .. } => self.watch.changed(&self.here, &mut self.out),
            Act::StationTested { .. } | Act::Alive { .. } | Act::SendTest { .. } | Act::Certify { .. } => {
                self.trials.changed();
            }
            Act::Handshake { .. } if entry.node == self.here.node => {
                // Own consoles seal with a new key soon: who opens it needs a picture that does not build on older
                // ones.
                let (_, at, _) = self.for_media();
                let own = at.members(&claim.line).into_iter().filter(|(_, node)| *node == at.here.node);
                for (device, _) in own.collect::<Vec<_>>() {
                    self.want_key_frame(device);
                }
            }
            _ => {}
        }
    }

    /// A console of another party rings, unless it only offers key packages by that.
    fn rang(&mut self, line: &LineId, device: &DeviceId) {
        let rings = self.journals.state().rings(line);
        let Some(ring) = rings.iter().find(|ring| ring.device == *device).cloned() else { return };
        let (rings, _, pen) = self.for_rings();
        rings.rang(&ring, &pen);
    }
}
