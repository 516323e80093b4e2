//! One writing and all that people have signed about it, to be handed to somebody who gets nothing else: who wrote it,
//! who approved a joint text, who certified a translation, who acknowledged a message. With the charter alone it is
//! checked as every node has checked it.

use crate::verify::Taken;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trialogue_charter::{DeviceId, Hash, LineId, NodeId, OfficeId, PartyId, VerifiedCharter};
use trialogue_journal::fold::{Receipts, State};
use trialogue_journal::limits::RECEIPTS_EACH;
use trialogue_journal::{Act, Body, EntryError, GroupId, Kind, VerifiedEntry, Written};

/// Most entries of one; a writing has at most 32 words of each kind from each of 18 nodes, and certificates and circles
/// for them.
pub const ENTRIES_MAX: usize = 4_096;

/// An entry as signed, with the certificate where it enrols a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// As signed.
    pub entry: Vec<u8>,
    /// The certificate.
    pub certificate: Option<Vec<u8>>,
}

/// Picks what belongs to one writing out of a record, entry by entry.
pub struct Collector {
    wanted: (NodeId, u64),
    writing: Option<(Hash, LineId, Written)>,
    devices: BTreeMap<(NodeId, DeviceId), (u64, Signed)>,
    circles: BTreeMap<(NodeId, GroupId), (u64, DeviceId, Signed)>,
    /// By which charter each journal speaks, and where its clock was set back: without these no act in it counts
    /// (journal.md §4.4).
    course: BTreeMap<NodeId, Vec<(u64, Signed)>>,
    /// The latest time of each journal.
    latest_ms: BTreeMap<NodeId, u64>,
    /// Of every word about any writing: which of them it is about is known only when that has come.
    words: BTreeMap<Hash, Vec<Heard>>,
}

/// A word about a writing, as a journal has it.
struct Heard {
    word: Word,
    line: LineId,
    node: NodeId,
    seq: u64,
    device: DeviceId,
    signed: Signed,
}

/// What somebody has said about a writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// Wrote it.
    Wrote,
    /// Approved it, a joint text, for the party.
    Approved,
    /// Certified it, a translation.
    Certified,
    /// Acknowledged it, a message, for the party.
    Acknowledged,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What.
    pub word: Word,
    /// Of which party.
    pub party: PartyId,
    /// In the name of which office.
    pub office: OfficeId,
    /// Name, as its party's root has certified it.
    pub person: String,
    /// By the node's clock, milliseconds since 1970 UTC: a claim.
    pub time_ms: u64,
    /// In whose journal, and where.
    pub node: NodeId,
    /// Position.
    pub seq: u64,
}

/// What was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// On which line.
    pub line: LineId,
    /// Its id.
    pub id: Hash,
    /// What was signed of it.
    pub written: Written,
    /// Who said what, in the order of the entries; the writer first.
    pub said: Vec<Said>,
    /// Parties of the line of which no approval is there; it may have been left out.
    pub not_approved: Vec<PartyId>,
}

/// Why it proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum SignedError {
    /// An entry that no node of the charter signed.
    #[error(
        "an entry in it was not signed by a node of this charter ({0}): give the charter of these parties, or get the file again"
    )]
    Entry(#[from] EntryError),
    /// A statement that no certified device signed, or that the rules do not allow.
    #[error("an entry in it does not count ({0}): the file was altered, or is not whole")]
    Rules(trialogue_journal::Ignored),
    /// Something else than one writing.
    #[error("it does not hold exactly one writing and words about it: the file was altered, or is not whole")]
    Other,
    /// Entries that one journal cannot have.
    #[error(
        "its entries do not stand by journal and position, each position once: the file was put together by something else than this program"
    )]
    Order,
    /// The content is another one.
    #[error("the text is not the one that was signed: the file was altered")]
    Content,
}

impl Collector {
    /// For the writing at a position of a journal.
    pub fn new(node: NodeId, seq: u64) -> Self {
        let (devices, circles, course, latest_ms, words) = Default::default();
        Self { wanted: (node, seq), writing: None, devices, circles, course, latest_ms, words }
    }

    /// Looks at the next entry of the record.
    pub fn take(&mut self, taken: &Taken) {
        if taken.applied.is_err() {
            return;
        }
        let claim = taken.entry.entry();
        let (node, seq) = (claim.node.clone(), claim.seq);
        let signed = || Signed { entry: taken.entry.bytes().to_vec(), certificate: taken.certificate.clone() };
        let latest_ms = self.latest_ms.entry(node.clone()).or_default();
        let set_back = claim.time_ms < *latest_ms;
        *latest_ms = claim.time_ms.max(if matches!(claim.body, Body::Restarted {}) { 0 } else { *latest_ms });
        match &claim.body {
            Body::Opened { .. } => self.course.entry(node).or_default().push((seq, signed())),
            Body::Restarted {} if set_back => self.course.entry(node).or_default().push((seq, signed())),
            Body::Enrolled { device, .. } => {
                self.devices.insert((node, *device), (seq, signed()));
            }
            Body::Stated { .. } => {
                let Some(stated) = taken.entry.said() else { return };
                let said = stated.claim();
                match &said.act {
                    Act::Circle { circle, .. } => {
                        self.circles.insert((node, *circle), (seq, said.device, signed()));
                    }
                    act => {
                        let word = match act {
                            Act::Write { written } if (&node, seq) == (&self.wanted.0, self.wanted.1) => {
                                let id = stated.hash();
                                self.writing = Some((id, said.line.clone(), written.clone()));
                                Some((Word::Wrote, id))
                            }
                            act => about(act),
                        };
                        let (line, device) = (said.line.clone(), said.device);
                        if let Some((word, id)) = word {
                            let heard = Heard { word, line, node, seq, device, signed: signed() };
                            self.words.entry(id).or_default().push(heard);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// The writing's id and line, what was signed of it, and everything that belongs to it, by journal and position.
    /// None: there is no writing at that position.
    pub fn finish(mut self) -> Option<(Hash, LineId, Written, Vec<Signed>)> {
        let (id, line, written) = self.writing.take()?;
        let mut all: BTreeMap<(NodeId, u64), Signed> = BTreeMap::new();
        let mut devices = BTreeSet::new();
        // Whatever a node wrote down that is no word about this writing would spoil the file for everybody, and what a
        // device repeats would fill it.
        let mut heard: BTreeMap<(Word, NodeId), BTreeSet<DeviceId>> = BTreeMap::new();
        for Heard { word, line: on, node, seq, device, signed } in self.words.remove(&id).unwrap_or_default() {
            if on != line || !word.is_about(written.kind) {
                continue;
            }
            // No more of one node than count: the first ones do.
            let devices_heard = heard.entry((word, node.clone())).or_default();
            if devices_heard.len() < RECEIPTS_EACH && devices_heard.insert(device) {
                devices.insert((node.clone(), device));
                all.insert((node, seq), signed);
            }
        }
        for key in &written.keys {
            if let Some((seq, device, signed)) = self.circles.remove(&(self.wanted.0.clone(), key.circle)) {
                devices.insert((self.wanted.0.clone(), device));
                all.insert((self.wanted.0.clone(), seq), signed);
            }
        }
        for of in devices {
            if let Some((seq, signed)) = self.devices.remove(&of) {
                all.insert((of.0, seq), signed);
            }
        }
        let nodes: BTreeSet<NodeId> = all.keys().map(|(node, _)| node.clone()).collect();
        for node in nodes {
            let course = self.course.remove(&node).unwrap_or_default();
            all.extend(course.into_iter().map(|(seq, signed)| ((node.clone(), seq), signed)));
        }
        Some((id, line, written, all.into_values().collect()))
    }
}

impl Word {
    /// It can be said of a writing of that kind.
    fn is_about(self, kind: Kind) -> bool {
        match self {
            Self::Wrote => true,
            Self::Approved => kind == Kind::Readout,
            Self::Certified => kind == Kind::Translation,
            Self::Acknowledged => kind == Kind::Message,
        }
    }

    /// At which position a device has said it, as far as it counts.
    fn at(self, receipts: &Receipts, device: &DeviceId) -> Option<u64> {
        let receipt = match self {
            Self::Wrote => None,
            Self::Approved => receipts.approved.get(device),
            Self::Certified => receipts.certified.get(device),
            Self::Acknowledged => receipts.acknowledged.get(device).map(|(receipt, _)| receipt),
        };
        receipt.map(|receipt| receipt.seq)
    }
}

fn about(act: &Act) -> Option<(Word, Hash)> {
    match act {
        Act::Approve { writing } => Some((Word::Approved, *writing)),
        Act::CertifyWriting { writing } => Some((Word::Certified, *writing)),
        Act::AcknowledgeWriting { writing, .. } => Some((Word::Acknowledged, *writing)),
        _ => None,
    }
}

/// Checks what [`Collector::finish`] gave, and that `content` is what was written. Revocations are not among it, and
/// are not looked at.
///
/// # Errors
/// [`SignedError`]; then it proves nothing.
pub fn check(charter: VerifiedCharter, entries: &[Signed], content: &[u8]) -> Result<Checked, SignedError> {
    let charter = Arc::new(charter);
    let mut state = State::new(charter.clone());
    let mut writing: Option<(LineId, Hash, Written)> = None;
    let mut words: Vec<(DeviceId, Hash, Said)> = Vec::new();
    let mut last = None;
    if entries.len() > ENTRIES_MAX {
        return Err(SignedError::Other);
    }
    for signed in entries {
        let entry = VerifiedEntry::open(&signed.entry, &charter)?;
        let place = (entry.entry().node.clone(), entry.entry().seq);
        // A node that signs two entries for one position says two things; nobody can tell which of them stands in its
        // journal.
        if last.as_ref().is_some_and(|last| *last >= place) {
            return Err(SignedError::Order);
        }
        last = Some(place);
        let certificate: Vec<&[u8]> = signed.certificate.iter().map(Vec::as_slice).collect();
        state.apply(&entry, &certificate).map_err(SignedError::Rules)?;
        let claim = entry.entry();
        let Body::Stated { .. } = &claim.body else { continue };
        let said = entry.said().ok_or(SignedError::Other)?;
        let stated = said.claim();
        let (word, id) = match &stated.act {
            Act::Write { written } => {
                let id = said.hash();
                if writing.replace((stated.line.clone(), id, written.clone())).is_some() {
                    return Err(SignedError::Other);
                }
                (Word::Wrote, id)
            }
            Act::Circle { .. } => continue,
            act => about(act).ok_or(SignedError::Other)?,
        };
        let device = state.known_device(&stated.device).ok_or(SignedError::Other)?;
        let said = Said {
            word,
            party: device.party.clone(),
            office: device.office.clone(),
            person: device.person.as_str().to_owned(),
            time_ms: claim.time_ms,
            node: claim.node.clone(),
            seq: claim.seq,
        };
        words.push((stated.device, id, said));
    }
    let (line, id, written) = writing.ok_or(SignedError::Other)?;
    if Hash::of(content) != written.digest {
        return Err(SignedError::Content);
    }
    if words.iter().any(|(_, of, _)| *of != id) {
        return Err(SignedError::Other);
    }
    // What a node wrote down that is no word about this writing is passed over, as everybody passes over it: it is
    // truly signed, and one such entry would otherwise make a file of all others' worthless.
    let counts = |(device, _, said): &(DeviceId, Hash, Said)| {
        let mut of_node = state.receipts(&id).filter(|(node, _)| **node == said.node);
        said.word == Word::Wrote || of_node.any(|(_, receipts)| said.word.at(&receipts, device) == Some(said.seq))
    };
    let mut said: Vec<Said> = words.into_iter().filter(counts).map(|(_, _, said)| said).collect();
    said.sort_by(|a, b| (a.word, a.time_ms, &a.node, a.seq).cmp(&(b.word, b.time_ms, &b.node, b.seq)));
    let approved = |party: &PartyId| said.iter().any(|s| s.word == Word::Approved && s.party == *party);
    let acting =
        charter.parties_on_line(&line).filter(|party| charter.acting_offices(&party.id, &line).next().is_some());
    let not_approved = acting.map(|party| party.id.clone()).filter(|party| !approved(party)).collect();
    Ok(Checked { line, id, written, said, not_approved })
}
