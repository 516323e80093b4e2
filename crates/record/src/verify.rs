//! Verifies an exported record with nothing but a charter, item by item: memory is 32 bytes an entry and what nodes have signed of each other.

use crate::check::{Reading, two};
use crate::claims::Claims;
use crate::finding::{Finding, Weight};
use crate::item::{Item, VERSION};
use crate::limits::{CHARTERS_MAX, EVIDENCE_MAX, FINDINGS_MAX};
use crate::tree::Root;
use std::collections::BTreeMap;
use std::sync::Arc;
use trialogue_charter::{NodeId, UnverifiedCharter, VerifiedCharter};
use trialogue_journal::fold::State;
use trialogue_journal::{Applied, Body, EntryError, Ignored, UnverifiedEntry, VerifiedEntry};

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
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whose record it is.
    pub node: Option<NodeId>,
    /// What is wrong, at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// So much more is wrong.
    pub more: u64,
    /// Journals, by node.
    pub journals: Vec<Journal>,
    /// Entries that were verified.
    pub entries: u64,
    /// Heads that nodes have signed of each other's journals and that were compared.
    pub heads: u64,
    /// Entries that changed nothing, by why. They are part of the record all the same.
    pub ignored: BTreeMap<String, u64>,
}

impl Report {
    /// The gravest finding; none: everything holds.
    pub fn weight(&self) -> Option<Weight> {
        self.findings.iter().map(Finding::weight).max()
    }
}

/// Takes the items of a file in their order, then says what is wrong.
pub struct Verifier {
    charter: Arc<VerifiedCharter>,
    state: State,
    items: u64,
    stage: u8,
    charters: usize,
    node: Option<NodeId>,
    ended: bool,
    current: Option<NodeId>,
    readings: BTreeMap<NodeId, Reading>,
    evidence: Vec<(NodeId, VerifiedEntry)>,
    claims: Claims,
    findings: Vec<Finding>,
    entries: u64,
    ignored: BTreeMap<String, u64>,
}

impl Verifier {
    /// With the charter that the auditor trusts. Newer ones in the file are followed where the parties have agreed to them.
    pub fn new(charter: VerifiedCharter) -> Self {
        let charter = Arc::new(charter);
        Self {
            state: State::new(charter.clone()),
            charter,
            items: 0,
            stage: 0,
            charters: 0,
            node: None,
            ended: false,
            current: None,
            readings: BTreeMap::new(),
            evidence: Vec::new(),
            claims: Claims::default(),
            findings: Vec::new(),
            entries: 0,
            ignored: BTreeMap::new(),
        }
    }

    /// What the journals say, as far as they were read.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The newest charter that the auditor's leads to.
    pub fn charter(&self) -> &Arc<VerifiedCharter> {
        &self.charter
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
            self.findings.push(Finding::Order { item: self.items });
        }
        self.stage = self.stage.max(stage);
        match item {
            Item::Header { version, node, .. } => {
                if version != VERSION {
                    self.findings.push(Finding::Unreadable { item: self.items });
                }
                self.node = Some(node);
            }
            Item::Charter { charter } => self.charter_item(&charter),
            Item::Evidence { node, seq: _, entry } => self.evidence(node, &entry),
            Item::Entry { entry, certificate } => return self.entry(&entry, certificate),
            Item::End { items } => {
                self.ended = true;
                if items + 1 != self.items {
                    self.findings.push(Finding::Order { item: self.items });
                }
            }
        }
        None
    }

    /// The file cannot be read any further.
    pub fn unreadable(&mut self) {
        self.findings.push(Finding::Unreadable { item: self.items + 1 });
        self.ended = true;
    }

    /// A newer charter is followed as every node follows it; an older one is there to be read, and counts for nothing.
    fn take_charter(&mut self, bytes: &[u8]) -> Result<(), String> {
        let offered = UnverifiedCharter::decode(bytes).map_err(|why| why.to_string())?;
        self.charters += 1;
        if offered.hash() == self.charter.hash() {
            return Ok(());
        }
        if self.charters > CHARTERS_MAX {
            return Err("there are more than this program reads".to_owned());
        }
        let charter = offered.verify(None).map_err(|why| why.to_string())?;
        if charter.serial > self.charter.serial {
            charter.supersedes(&self.charter).map_err(|why| why.to_string())?;
            self.charter = Arc::new(charter);
            self.state = State::new(self.charter.clone());
        }
        Ok(())
    }

    fn charter_item(&mut self, bytes: &[u8]) {
        if let Err(why) = self.take_charter(bytes) {
            self.findings.push(Finding::Charter { item: self.items, why });
        }
    }

    fn evidence(&mut self, node: NodeId, bytes: &[u8]) {
        match VerifiedEntry::open(bytes, &self.charter) {
            Ok(entry) if self.evidence.len() < EVIDENCE_MAX => {
                // What another node has seen counts as what its journal says.
                if let Body::Seen { heads } = &entry.entry().body {
                    self.claims.add(&entry.entry().node, entry.entry().seq, heads);
                }
                self.evidence.push((node, entry));
            }
            _ => self.findings.push(Finding::Malformed { item: self.items, after: None }),
        }
    }

    fn entry(&mut self, bytes: &[u8], certificate: Option<Vec<u8>>) -> Option<Taken> {
        let entry = match VerifiedEntry::open(bytes, &self.charter) {
            Ok(entry) => entry,
            Err(why) => {
                self.spoilt(bytes, &why);
                return None;
            }
        };
        let (node, seq) = (entry.entry().node.clone(), entry.entry().seq);
        if self.current.as_ref().is_some_and(|current| *current > node) {
            self.findings.push(Finding::Order { item: self.items });
        }
        self.current = Some(node.clone());
        self.against(&entry);
        if !self.readings.entry(node.clone()).or_default().take(&entry, &mut self.findings) {
            return None;
        }
        self.entries += 1;
        if let Body::Seen { heads } = &entry.entry().body {
            self.claims.add(&node, seq, heads);
        }
        let applied = self.state.apply(&entry, &certificate.iter().collect::<Vec<_>>());
        match applied {
            Err(Ignored::BodyMissing) => self.findings.push(Finding::NoCertificate { node, seq }),
            Err(Ignored::Signature) => self.findings.push(Finding::Statement { node, seq }),
            Err(why) => *self.ignored.entry(why.to_string()).or_default() += 1,
            Ok(_) => {}
        }
        self.bound();
        Some(Taken { entry, applied, certificate })
    }

    fn spoilt(&mut self, bytes: &[u8], why: &EntryError) {
        let claim = UnverifiedEntry::decode(bytes).ok().map(|entry| (entry.claim().node.clone(), entry.claim().seq));
        match (why, claim) {
            (EntryError::Signature(_), Some((node, seq))) => {
                self.readings.entry(node.clone()).or_default().spoilt(seq);
                self.findings.push(Finding::Forged { node, seq });
            }
            // Journals of nodes that the charter does not have count for nothing, here as anywhere.
            (EntryError::UnknownNode(node), _) => {
                *self.ignored.entry(format!("node {node} is not in the charter")).or_default() += 1;
            }
            _ => {
                let current = self.current.clone();
                let reading = current.as_ref().and_then(|node| self.readings.get_mut(node));
                let after = current.clone().zip(reading.as_ref().map(|reading| reading.seq));
                if let Some(reading) = reading {
                    reading.spoilt(reading.seq + 1);
                }
                self.findings.push(Finding::Malformed { item: self.items, after });
            }
        }
        self.bound();
    }

    /// Does kept evidence contradict this entry?
    fn against(&mut self, entry: &VerifiedEntry) {
        let (node, seq) = (&entry.entry().node, entry.entry().seq);
        for (_, other) in self.evidence.iter().filter(|(_, other)| other.entry().node == *node) {
            let same = other.entry().seq == seq && other.hash() != entry.hash();
            let next = other.entry().seq == seq + 1 && other.entry().previous != entry.hash();
            if same || next {
                self.findings.push(two(node, seq, entry.bytes(), other.bytes()));
            }
        }
    }

    /// Many findings cost memory, and the first are the ones to look at.
    fn bound(&mut self) {
        self.findings.truncate(FINDINGS_MAX * 2);
    }

    /// What is wrong, and what was verified.
    pub fn finish(mut self) -> Report {
        if !self.ended {
            self.findings.push(Finding::NoEnd);
        }
        let mut found = std::mem::take(&mut self.findings);
        for (node, reading) in &self.readings {
            found.extend(reading.misplaced(node));
            for (size, claim) in self.claims.contradictions(node, &reading.leaves) {
                found.push(Finding::Disputed { node: node.clone(), size, by: claim.by, by_seq: claim.seq });
            }
        }
        for node in self.claims.journals().filter(|node| self.charter.node(node).is_some()) {
            let held = self.readings.get(node).map_or(0, |reading| reading.seq);
            if let Some((seen, claim)) = self.claims.longest(node).filter(|(seen, _)| *seen > held) {
                let (by, by_seq) = (claim.by.clone(), claim.seq);
                found.push(Finding::Truncated { node: node.clone(), held, seen, by, by_seq });
            }
        }
        // The gravest first, each kind in the order in which it was found.
        found.sort_by_key(|finding| std::cmp::Reverse(finding.weight()));
        found.dedup();
        let more = found.len().saturating_sub(FINDINGS_MAX) as u64;
        found.truncate(FINDINGS_MAX);
        let journals = self.readings.iter().map(|(node, reading)| Journal {
            node: node.clone(),
            entries: reading.leaves.len() as u64,
            root: crate::tree::root(&reading.leaves),
        });
        Report {
            node: self.node.clone(),
            findings: found,
            more,
            journals: journals.collect(),
            entries: self.entries,
            heads: self.claims.count(),
            ignored: self.ignored.clone(),
        }
    }
}
