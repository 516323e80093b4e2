//! Verifies an exported record with nothing but a charter, item by item: memory is 40 bytes an entry and what nodes
//! have signed of each other.
//!
//! Everything in the file is held against something that was signed: each charter by its parties and its neighbours in
//! time, each entry by its node, evidence by what it contradicts, the cover by the charters and the journals, and all
//! of it by the signature of the node that exported it.

use crate::anchor::Anchor;
use crate::check::Reading;
use crate::claims::Claims;
use crate::clocks::Clocks;
use crate::cover::Cover;
use crate::coverage::{Coverage, Covered};
use crate::evidence::Evidence;
use crate::finding::{Finding, Weight};
use crate::found::Found;
use crate::in_force::InForce;
use crate::item::{Item, VERSION};
use crate::spoken::Spoken;
use crate::tree::Root;
use std::collections::BTreeMap;
use std::sync::Arc;
use trialogue_charter::{Hash, NodeId, VerifiedCharter};
use trialogue_journal::fold::State;
use trialogue_journal::limits::CLOCKS_APART_MS;
use trialogue_journal::{Applied, Body, EntryError, Ignored, UnverifiedEntry, VerifiedEntry, heads};

/// An entry that was verified and follows on the one before.
pub struct Taken {
    /// The entry.
    pub entry: VerifiedEntry,
    /// What it changed, or why it changed nothing.
    pub applied: Result<Applied, Ignored>,
    /// The certificate, where it enrols a device.
    pub certificate: Option<Vec<u8>>,
}

/// One journal that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    /// Whose.
    pub node: NodeId,
    /// Entries, from the first on without a gap.
    pub entries: u64,
    /// The root over them.
    pub root: Root,
    /// The time of the last entry that was read, by the clock of the node: milliseconds since 1970 UTC.
    pub last_ms: u64,
    /// Up to where it is under signatures that a quantum computer cannot make.
    pub covered: Covered,
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whose record it is.
    pub node: Option<NodeId>,
    /// What is wrong, bounded ([`crate::limits::FINDINGS_EACH`]).
    pub findings: Vec<Finding>,
    /// So much more is wrong.
    pub more: u64,
    /// Journals, by node.
    pub journals: Vec<Journal>,
    /// Nodes in service of which no entry is in the file. They may never have written any.
    pub absent: Vec<NodeId>,
    /// Entries that were verified.
    pub entries: u64,
    /// Heads that nodes have signed of each other's journals and that were compared.
    pub heads: u64,
    /// Entries that changed nothing, by why. They are part of the record all the same.
    pub ignored: BTreeMap<String, u64>,
    /// Entries of nodes whose party has left: they were verified, count for nothing, and stand in no timeline.
    pub not_shown: BTreeMap<NodeId, u64>,
    /// When the record's node signed the whole file, by its own clock: milliseconds since 1970 UTC; none: nobody did.
    pub sealed_ms: Option<u64>,
    /// What the journals say of each other's clocks. That they disagree is no finding: times are claims.
    pub clocks: Clocks,
}

impl Report {
    /// The gravest finding; none: everything holds.
    pub fn weight(&self) -> Option<Weight> {
        self.findings.iter().map(Finding::weight).max()
    }
}

/// Takes the items of a file in their order, then says what is wrong.
pub struct Verifier {
    cover: Cover,
    anchor: Anchor,
    in_force: InForce,
    state: State,
    items: u64,
    stage: u8,
    ended: bool,
    sealed_ms: Option<u64>,
    current: Option<NodeId>,
    readings: BTreeMap<NodeId, Reading>,
    evidence: Evidence,
    claims: Claims,
    clocks: Clocks,
    coverage: Coverage,
    spoken: Spoken,
    found: Found,
    entries: u64,
    ignored: BTreeMap<String, u64>,
    not_shown: BTreeMap<NodeId, u64>,
}

impl Verifier {
    /// With the charter that the auditor trusts. Newer ones in the file are followed where the parties have agreed to
    /// them.
    pub fn new(charter: VerifiedCharter) -> Self {
        let charter = Arc::new(charter);
        Self {
            cover: Cover::new(),
            state: State::new(charter.clone()),
            anchor: Anchor::new(charter),
            in_force: InForce::default(),
            items: 0,
            stage: 0,
            ended: false,
            sealed_ms: None,
            current: None,
            readings: BTreeMap::new(),
            evidence: Evidence::default(),
            claims: Claims::default(),
            clocks: Clocks::default(),
            coverage: Coverage::default(),
            spoken: Spoken::default(),
            found: Found::default(),
            entries: 0,
            ignored: BTreeMap::new(),
            not_shown: BTreeMap::new(),
        }
    }

    /// What the journals say, as far as they were read.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The newest charter that the auditor's leads to.
    pub fn charter(&self) -> &Arc<VerifiedCharter> {
        self.anchor.newest()
    }

    /// The leaves of a journal, from its first entry on.
    pub fn leaves(&self, node: &NodeId) -> &[Root] {
        self.readings.get(node).map_or(&[], |reading| &reading.leaves)
    }

    /// Takes the next item. Returns the entry, if it is one that can be believed and is the next of its journal.
    pub fn take(&mut self, item: Item) -> Option<Taken> {
        self.items += 1;
        let stage = match &item {
            Item::Header { .. } => 1,
            Item::Charter { .. } => 2,
            Item::Evidence { .. } => 3,
            Item::Entry { .. } => 4,
            Item::End { .. } => 5,
        };
        let again = stage == self.stage && matches!(stage, 1 | 5);
        if stage < self.stage || again || (self.stage == 0 && stage != 1) {
            self.found.push(Finding::Order { item: self.items });
        }
        self.stage = self.stage.max(stage);
        if stage > 2 {
            self.settle();
        }
        if stage < 5 {
            self.cover.add(&item);
        }
        match item {
            Item::Header { version, node, charter } => {
                if version != VERSION {
                    self.found.push(Finding::Unreadable { item: self.items });
                }
                self.cover.header(node, charter);
            }
            Item::Charter { charter } => {
                let found = self.anchor.offer(self.items, &charter);
                self.found.extend(found);
            }
            Item::Evidence { node, seq, entry } => self.evidence(node, seq, &entry),
            Item::Entry { entry, certificate } => return self.entry(&entry, certificate),
            Item::End { items, digest, seal } => self.end(items, digest, seal),
        }
        None
    }

    /// The file cannot be read any further.
    pub fn unreadable(&mut self) {
        self.found.push(Finding::Unreadable { item: self.items + 1 });
        self.ended = true;
    }

    /// All charters have come.
    fn settle(&mut self) {
        let findings = self.anchor.settle();
        self.found.extend(findings);
        if self.state.charter().hash() != self.anchor.newest().hash() {
            self.state = State::new(self.anchor.newest().clone());
        }
    }

    /// Opens an entry under the newest charter that has its node.
    fn open(&self, bytes: &[u8]) -> Result<VerifiedEntry, EntryError> {
        let entry = UnverifiedEntry::decode(bytes)?;
        let node = entry.claim().node.clone();
        let charter = self.anchor.with_node(&node).ok_or(EntryError::UnknownNode(node))?;
        entry.verify(charter)
    }

    fn evidence(&mut self, node: NodeId, seq: u64, bytes: &[u8]) {
        let item = self.items;
        match self.open(bytes) {
            Ok(entry) => {
                // What another node has seen counts as what its journal says.
                if let Body::Seen { heads, .. } = &entry.entry().body {
                    self.claims.add(&entry.entry().node, entry.entry().seq, heads);
                }
                let found = self.evidence.take(item, node, seq, entry);
                self.found.extend(found);
            }
            Err(_) => self.found.push(Finding::Evidence { item }),
        }
    }

    fn entry(&mut self, bytes: &[u8], certificate: Option<Vec<u8>>) -> Option<Taken> {
        let entry = match self.open(bytes) {
            Ok(entry) => entry,
            Err(why) => {
                self.spoilt(bytes, &why);
                return None;
            }
        };
        let node = entry.entry().node.clone();
        if self.current.as_ref().is_some_and(|current| *current > node) {
            self.found.push(Finding::Order { item: self.items });
        }
        self.current = Some(node.clone());
        let against = self.evidence.against(&entry);
        self.found.extend(against);
        if !self.readings.entry(node.clone()).or_default().take(&entry, &mut self.found) {
            return None;
        }
        self.entries += 1;
        self.says(&entry, certificate.as_deref());
        // Of nodes whose party has left everything was verified, and nothing counts.
        if self.anchor.newest().node(&node).is_none() {
            *self.ignored.entry(Ignored::UnknownNode.to_string()).or_default() += 1;
            *self.not_shown.entry(node).or_default() += 1;
            return None;
        }
        let applied = self.state.apply(&entry, &certificate.iter().collect::<Vec<_>>());
        match applied {
            Ok(_) | Err(Ignored::BodyMissing | Ignored::Signature) => {}
            Err(why) => *self.ignored.entry(why.to_string()).or_default() += 1,
        }
        Some(Taken { entry, applied, certificate })
    }

    /// What it says is held against what was signed, whether it counts or not.
    fn says(&mut self, entry: &VerifiedEntry, certificate: Option<&[u8]>) {
        let claim = entry.entry();
        let (node, seq) = (&claim.node, claim.seq);
        self.clocks.take(claim);
        match &claim.body {
            Body::Opened { charter } => self.in_force.opened(&self.anchor, node, seq, charter),
            Body::Seen { heads, signature } => {
                self.claims.add(node, seq, heads);
                if let Some(signature) = signature {
                    let signed = |key| heads::holds(key, node, claim.time_ms, heads, signature);
                    if self.anchor.keys(node).any(signed) {
                        self.coverage.add(node, claim.time_ms, heads);
                        if heads.iter().any(|head| head.node == *node && head.size.checked_add(1) == Some(seq)) {
                            self.readings.entry(node.clone()).or_default().covered();
                        }
                    } else {
                        self.found.push(Finding::Head { node: node.clone(), seq });
                    }
                }
            }
            _ => {}
        }
        let whole = self.readings.get(node).is_some_and(|reading| reading.leaves.len() as u64 == seq);
        let spoken = self.spoken.take(claim, certificate, whole);
        self.found.extend(spoken);
    }

    fn spoilt(&mut self, bytes: &[u8], why: &EntryError) {
        let claim = UnverifiedEntry::decode(bytes).ok().map(|entry| (entry.claim().node.clone(), entry.claim().seq));
        match (why, claim) {
            (EntryError::Signature(_), Some((node, seq))) => {
                self.readings.entry(node.clone()).or_default().spoilt(seq);
                self.found.push(Finding::Forged { node, seq });
            }
            (EntryError::BeyondKey { .. }, Some((node, seq))) => {
                self.readings.entry(node.clone()).or_default().spoilt(seq);
                self.found.push(Finding::FormerKey { node, seq });
            }
            (EntryError::UnknownNode(_), Some((node, seq))) => {
                self.found.push(Finding::UnknownNode { node, seq });
            }
            _ => {
                let current = self.current.clone();
                let reading = current.as_ref().and_then(|node| self.readings.get_mut(node));
                let after = current.clone().zip(reading.as_ref().map(|reading| reading.seq));
                if let Some(reading) = reading {
                    reading.spoilt(reading.seq.saturating_add(1));
                }
                self.found.push(Finding::Malformed { item: self.items, after });
            }
        }
    }

    fn end(&mut self, items: u64, digest: Hash, seal: Option<Vec<u8>>) {
        self.ended = true;
        if items.checked_add(1) != Some(self.items) {
            self.found.push(Finding::Order { item: self.items });
        }
        if !self.cover.names(&digest) {
            self.found.push(Finding::Digest);
        }
        let Some(seal) = seal else { return self.found.push(Finding::Unsealed) };
        match self.cover.open(&seal, &self.anchor, &self.in_force, &self.readings) {
            Ok(seal) => {
                // It covers the sealer's own journal. Of the others' it is its word alone: it could itself have forged
                // what they had signed with Ed25519.
                let own: Vec<_> = seal.heads.iter().filter(|head| head.node == seal.node).cloned().collect();
                self.coverage.add(&seal.node, seal.time_ms, &own);
                self.sealed_ms = Some(seal.time_ms);
                let last_ms = self.readings.get(&seal.node).map_or(0, |reading| reading.time_ms);
                if seal.time_ms.saturating_add(CLOCKS_APART_MS) < last_ms {
                    self.found.push(Finding::SealTime { node: seal.node, sealed_ms: seal.time_ms, last_ms });
                }
            }
            Err(why) => self.found.push(Finding::Seal { why }),
        }
    }

    /// What is wrong, and what was verified.
    pub fn finish(mut self) -> Report {
        self.settle();
        if !self.ended {
            self.found.push(Finding::NoEnd);
        }
        let covered = self.cover.findings(&self.anchor, &self.in_force, &self.readings);
        self.found.extend(covered);
        for (node, reading) in &self.readings {
            // Its entries were verified under a charter of the chain, which turns out not to count.
            if reading.seq > 0 && !self.in_force.has(&self.anchor, node) {
                self.found.push(Finding::UnknownNode { node: node.clone(), seq: reading.seq });
            }
            self.found.extend(reading.misplaced(node));
            for (size, claim) in self.claims.contradictions(node, &reading.leaves) {
                self.evidence.disputes(node, size, &claim);
                self.found.push(Finding::Disputed { node: node.clone(), size, by: claim.by, by_seq: claim.seq });
            }
        }
        self.found.extend(self.evidence.idle());
        let charter = self.anchor.newest().clone();
        // Of a party that left, too. A node that came later than that has neither the charter nor the journal.
        let was_there = self.in_force.has_more(self.cover.node());
        for node in self.claims.journals().filter(|node| was_there || self.anchor.with_node(node).is_some()) {
            let held = self.readings.get(node).map_or(0, |reading| reading.seq);
            if let Some((seen, claim)) = self.claims.longest(node).filter(|(seen, _)| *seen > held) {
                let (by, by_seq) = (claim.by.clone(), claim.seq);
                self.found.push(Finding::Truncated { node: node.clone(), held, seen, by, by_seq });
            }
        }
        let mut journals = Vec::new();
        for (node, reading) in &self.readings {
            let covered = self.coverage.of(node, &reading.leaves);
            if reading.is_bare() && charter.serves(node) {
                let size = covered.own.as_ref().map_or(0, |mark| mark.size);
                self.found.push(Finding::Uncovered { node: node.clone(), covered: size, last: reading.seq });
            }
            journals.push(Journal {
                node: node.clone(),
                entries: reading.leaves.len() as u64,
                root: crate::tree::root(&reading.leaves),
                last_ms: reading.time_ms,
                covered,
            });
        }
        let is_absent = |id: &NodeId| self.readings.get(id).is_none_or(|reading| reading.seq == 0);
        let absent = charter.in_service().map(|node| node.id.clone()).filter(is_absent).collect();
        let (findings, more) = self.found.finish();
        Report {
            node: self.cover.node().cloned(),
            findings,
            more,
            journals,
            absent,
            entries: self.entries,
            heads: self.claims.count(),
            ignored: self.ignored,
            not_shown: self.not_shown,
            sealed_ms: self.sealed_ms,
            clocks: self.clocks,
        }
    }
}
