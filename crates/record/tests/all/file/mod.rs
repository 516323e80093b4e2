//! A record of three nodes under two charters, put together as an export puts it, and whoever verifies it.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod bend;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use trialogue_charter::fixture::{Trilateral, amended};
use trialogue_charter::{Hash, HybridSecret, LineId, NodeId, Suite, VerifiedCharter};
use trialogue_journal::{Act, Body, BodyRef, Journal, Occasion, Statement, TreeHead, UnverifiedEntry, heads};
use trialogue_record::item::VERSION;
use trialogue_record::{Digest, Frontier, Item, Root, Seal, Verifier};

pub static THREE: LazyLock<Trilateral> = LazyLock::new(|| Trilateral::new(Suite::XWing));
/// The second charter, in force since the middle of the record.
pub static NEXT: LazyLock<VerifiedCharter> = LazyLock::new(|| amended(&THREE.charter, |charter| charter.name += " 2"));
pub const NODES: [&str; 3] = ["jpn-1", "kor-1", "usa-1"];
/// Whose record it is.
pub const OWN: &str = "kor-1";
pub const BEGIN_MS: u64 = 1_790_000_000_000;

pub fn node(id: &str) -> NodeId {
    NodeId::new(id).unwrap()
}

pub fn key(id: &str) -> &'static HybridSecret {
    THREE.journal(&node(id))
}

pub fn statement(node: &str, number: u64, act: Act) -> Vec<u8> {
    let charter = THREE.charter.hash();
    statement_at(node, &Occasion { node: self::node(node), charter, now_ms: BEGIN_MS }, number, act)
}

/// What the device of this node says somewhere, at some time.
pub fn statement_at(node: &str, at: &Occasion, number: u64, act: Act) -> Vec<u8> {
    let (secret, _, device) = THREE.device(&format!("{}-duty", &node[..3]), 1);
    let line = LineId::new("duty").unwrap();
    Statement::new(device.id, BEGIN_MS + number, at, line, act).sign(&secret).0
}

/// Everything that a node holds, before it is sealed.
#[derive(Clone)]
pub struct Held {
    pub charters: Vec<Vec<u8>>,
    pub evidence: Vec<(NodeId, u64, Vec<u8>)>,
    pub entries: Vec<Kept>,
}

/// An entry, and the certificate where it enrols.
pub type Kept = (Vec<u8>, Option<Vec<u8>>);

impl Held {
    /// An entry is put behind the last one of a journal, at the same time.
    pub fn append(&mut self, id: &str, body: Body) {
        self.append_at(id, self.claim(self.last(id)).time_ms, body);
    }

    /// Where the last entry of a journal stands among the entries.
    fn last(&self, id: &str) -> usize {
        (0..self.entries.len()).rev().find(|at| self.claim(*at).node.as_str() == id).unwrap()
    }

    pub fn append_at(&mut self, id: &str, time_ms: u64, body: Body) {
        let last = self.last(id);
        let mut claim = self.claim(last);
        claim.previous = trialogue_charter::Hash::of(&claim.payload());
        claim.time_ms = time_ms;
        claim.seq += 1;
        claim.body = body;
        self.entries.insert(last + 1, (claim.sign(key(id)).0, None));
    }

    /// Each node opens, enrols, lets its device speak, takes the second charter, and signs for what it has seen, in
    /// turn.
    pub fn new() -> Self {
        let mut journals: BTreeMap<&str, Vec<Kept>> = BTreeMap::new();
        let mut writers: BTreeMap<&str, Journal> = NODES.iter().map(|id| (*id, Journal::new(node(id)))).collect();
        let mut trees: BTreeMap<&str, Frontier> = BTreeMap::new();
        for step in 0..6 {
            for id in NODES {
                let time_ms = BEGIN_MS + step * 1_000;
                let (_, certificate, device) = THREE.device(&format!("{}-duty", &id[..3]), 1);
                let seen: Vec<TreeHead> = trees
                    .iter()
                    .map(|(id, tree)| TreeHead { node: node(id), size: tree.size(), root: tree.root().0 })
                    .collect();
                let body = match step {
                    0 => Body::Opened { charter: THREE.charter.hash() },
                    1 => Body::Enrolled { device: device.id, certificate: BodyRef::of(&certificate).unwrap() },
                    2 => Body::Stated { statement: statement(id, 1, Act::TakeDuty { until_ms: time_ms + 60_000 }) },
                    3 => Body::Seen { heads: seen, signature: None },
                    4 => Body::Opened { charter: NEXT.hash() },
                    _ => {
                        let signature = heads::sign(key(id), &node(id), time_ms, &seen);
                        Body::Seen { heads: seen, signature: Some(signature) }
                    }
                };
                let entry = writers.get_mut(id).unwrap().append(time_ms, body);
                trees.entry(id).or_default().push(Root::of(&entry));
                let certificate = (step == 1).then_some(certificate);
                journals.entry(id).or_default().push((entry.sign(key(id)).0, certificate));
            }
        }
        let charters = vec![THREE.charter.bytes().to_vec(), NEXT.bytes().to_vec()];
        Self { charters, evidence: Vec::new(), entries: journals.into_values().flatten().collect() }
    }

    /// With a second entry that Japan has signed for the position of its third one, as evidence.
    pub fn with_evidence() -> Self {
        let mut held = Self::new();
        held.evidence.push((node("jpn-1"), 3, held.other("jpn-1", 3)));
        held
    }

    /// Another entry that a node has signed for a position.
    pub fn other(&self, id: &str, seq: u64) -> Vec<u8> {
        let mut claim = self.claim(self.at(id, seq));
        claim.time_ms += 1;
        claim.sign(key(id)).0
    }

    pub fn claim(&self, at: usize) -> trialogue_journal::Entry {
        UnverifiedEntry::decode(&self.entries[at].0).unwrap().claim().clone()
    }

    /// Where an entry stands among the entries.
    pub fn at(&self, id: &str, seq: u64) -> usize {
        let place = |at: &usize| (self.claim(*at).node.as_str(), self.claim(*at).seq) == (id, seq);
        (0..self.entries.len()).find(place).unwrap()
    }

    /// An entry says something else, and it and all after it are chained and signed again by their node.
    pub fn rewrite(&mut self, id: &str, from: u64, change: impl FnOnce(&mut Body)) {
        let (mut change, mut previous) = (Some(change), None);
        for at in 0..self.entries.len() {
            let mut claim = self.claim(at);
            if claim.node.as_str() != id || claim.seq < from {
                continue;
            }
            if let Some(change) = change.take() {
                change(&mut claim.body);
            }
            claim.previous = previous.unwrap_or(claim.previous);
            previous = Some(Hash::of(&claim.payload()));
            self.entries[at].0 = claim.sign(key(id)).0;
        }
    }

    /// The items but the last.
    pub fn items(&self) -> Vec<Item> {
        let mut items = vec![Item::Header { version: VERSION, node: node(OWN), charter: NEXT.hash() }];
        items.extend(self.charters.iter().map(|charter| Item::Charter { charter: charter.clone() }));
        let evidence = |(node, seq, entry): &(NodeId, u64, Vec<u8>)| Item::Evidence {
            node: node.clone(),
            seq: *seq,
            entry: entry.clone(),
        };
        items.extend(self.evidence.iter().map(evidence));
        let entry = |(entry, certificate): &(Vec<u8>, Option<Vec<u8>>)| Item::Entry {
            entry: entry.clone(),
            certificate: certificate.clone(),
        };
        items.extend(self.entries.iter().map(entry));
        items
    }
}

/// How a bent file is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cover {
    /// By whoever has no key: number and digest are right, and there is no seal.
    Bare,
    /// The same, with the seal of the file as it was.
    Stale,
    /// By the node whose record it is.
    Sealed,
}

pub fn digest(items: &[Item]) -> Hash {
    let mut digest = Digest::new();
    items.iter().for_each(|item| digest.add(&item.encode()));
    digest.hash()
}

/// The heads of the journals in these items, as far as their entries can be read.
fn tops(items: &[Item]) -> Vec<TreeHead> {
    let mut trees: BTreeMap<NodeId, Frontier> = BTreeMap::new();
    for item in items {
        let Item::Entry { entry, .. } = item else { continue };
        if let Ok(entry) = UnverifiedEntry::decode(entry) {
            trees.entry(entry.claim().node.clone()).or_default().push(Root::of(entry.claim()));
        }
    }
    trees.into_iter().map(|(node, tree)| TreeHead { node, size: tree.size(), root: tree.root().0 }).collect()
}

pub fn seal(items: &[Item], by: &str) -> Seal {
    Seal { node: node(by), time_ms: BEGIN_MS + 60_000, digest: digest(items), heads: tops(items) }
}

/// The whole file.
pub fn file(items: &[Item], seal: Option<Vec<u8>>) -> Vec<u8> {
    let end = Item::End { items: items.len() as u64, digest: digest(items), seal };
    items.iter().chain([&end]).flat_map(Item::encode).collect()
}

pub fn sealed(items: &[Item]) -> Vec<u8> {
    file(items, Some(seal(items, OWN).sign(key(OWN))))
}

/// What a verifier says: the exit code, and the kinds of what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub code: u8,
    pub kinds: BTreeSet<String>,
    pub covered: BTreeMap<String, (u64, u64)>,
}

pub fn ours(bytes: &[u8], charter: &VerifiedCharter) -> Verdict {
    let mut verifier = Verifier::new(charter.clone());
    let mut rest = bytes;
    loop {
        match Item::decode(rest) {
            Ok(Some((item, len))) => {
                verifier.take(item);
                rest = &rest[len..];
            }
            Ok(None) if rest.is_empty() => break,
            _ => {
                verifier.unreadable();
                break;
            }
        }
    }
    let report = verifier.finish();
    let code = report.weight().map_or(0, |weight| weight as u8 + 3);
    let kinds = report.findings.iter().map(|finding| finding.kind().to_owned()).collect();
    let size = |mark: Option<trialogue_record::Mark>| mark.map_or(0, |mark| mark.size);
    let covered = report.journals.into_iter().filter(|journal| journal.entries > 0);
    let covered = covered.map(|j| (j.node.to_string(), (size(j.covered.own), size(j.covered.other))));
    Verdict { code, kinds, covered: covered.collect() }
}

/// What the other program says of each of these files.
pub fn theirs(files: &[Vec<u8>], charter: &VerifiedCharter) -> Vec<Verdict> {
    let dir = tempfile::tempdir().unwrap();
    let trusted = dir.path().join("charter.cbor");
    std::fs::write(&trusted, charter.bytes()).unwrap();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/verifier/verify.py");
    let mut command = Command::new("python3");
    command.arg("-B").arg(program).arg("--charter").arg(trusted).arg("--json");
    for (number, bytes) in files.iter().enumerate() {
        let path = dir.path().join(format!("{number}.record"));
        std::fs::write(&path, bytes).unwrap();
        command.arg(path);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let verdicts: Vec<Verdict> = said.lines().map(verdict).collect();
    assert_eq!(verdicts.len(), files.len(), "{}", String::from_utf8_lossy(&output.stderr));
    verdicts
}

fn verdict(line: &str) -> Verdict {
    let said: Value = serde_json::from_str(line).unwrap();
    let kinds = said["findings"].as_array().unwrap().iter().map(|finding| finding[1].as_str().unwrap().to_owned());
    let journals = said["journals"].as_object().unwrap().iter().filter(|(_, top)| top["entries"] != 0);
    let size = |top: &Value, field: &str| top[field].as_u64().unwrap();
    let covered = journals.map(|(node, top)| (node.clone(), (size(top, "covered"), size(top, "covered_by_others"))));
    Verdict { code: said["code"].as_u64().unwrap() as u8, kinds: kinds.collect(), covered: covered.collect() }
}
