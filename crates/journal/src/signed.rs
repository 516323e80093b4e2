//! Entries on their way to proof: [`Entry`] (a claim) → [`SignedEntry`] (bytes) → [`UnverifiedEntry`] →
//! [`VerifiedEntry`].

use crate::canonical;
use crate::entry::{Body, BodyRef, Entry, TreeHead};
use crate::limits::{
    BODIES_MAX, BODY_MAX, ENTRY_MAX, NODES_MAX, PARTIES_MAX, PATHS_MAX, SEEN_MAX, SEQ_MAX, STAFFED_MAX, STATEMENT_MAX,
    STORED_MAX,
};
use crate::stated::UnverifiedStatement;
use crate::statement::Act;
use std::sync::{Arc, OnceLock};
use trialogue_charter::cose::{self, Signed1, domain};
use trialogue_charter::limits::{NODES_EVER, REVOCATION_MAX};
use trialogue_charter::{Hash, HybridSecret, ML_DSA_87_SIGNATURE, NodeId, VerifiedCharter};

/// Bytes of an entry as signed by its node: COSE_Sign1 (RFC 9052 §4.2) with the domain `trialogue entry 1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedEntry(pub Vec<u8>);

/// An entry whose form was checked and whose signature was not: good for finding out what it claims, and for nothing
/// else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnverifiedEntry(Arc<Read>);

/// An entry that its node has signed. Only these can be folded. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedEntry {
    read: Arc<Read>,
    hash: Hash,
    key: u8,
}

#[derive(Debug)]
struct Read {
    signed: Signed1,
    entry: Entry,
    /// The statement in it, read when it is first asked for: not before its node's signature held, where that is
    /// checked.
    said: OnceLock<Option<UnverifiedStatement>>,
}

/// By the bytes: the rest follows from them.
impl PartialEq for Read {
    fn eq(&self, other: &Self) -> bool {
        self.signed == other.signed
    }
}

impl Eq for Read {}

/// Why bytes are not an entry that can be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Over the bound.
    #[error("entry of {len} bytes is larger than the most allowed, {ENTRY_MAX}; its sender is faulty")]
    TooLarge {
        /// Its length in bytes.
        len: usize,
    },
    /// Not the one encoding of an entry of this version.
    #[error("not an entry in its deterministic form; its sender is faulty or runs another version")]
    Malformed,
    /// The node is not in the charter.
    #[error("entry of node {0}, which the charter does not have; compare charters with that party")]
    UnknownNode(NodeId),
    /// It is signed with a journal key that does not count there: the node had replaced it, or did not have it yet.
    #[error(
        "entry {seq} of node {node} is signed with a journal key that does not count at that position: whoever has the key that was replaced may have made it"
    )]
    BeyondKey {
        /// Whose key.
        node: NodeId,
        /// Its position.
        seq: u64,
    },
    /// The node did not sign it.
    #[error("the signature on an entry of node {0} does not hold; whoever sent it may have forged it")]
    Signature(NodeId),
}

impl Entry {
    /// What is signed: deterministic CBOR.
    pub fn payload(&self) -> Vec<u8> {
        canonical::encode(self)
    }

    /// Signs with the node's journal key (its Ed25519 half).
    pub fn sign(&self, node: &HybridSecret) -> SignedEntry {
        SignedEntry(cose::sign1(node, domain::ENTRY, &self.payload()))
    }

    /// Bounds that the types do not hold by themselves.
    fn bounded(&self) -> bool {
        let fits = match &self.body {
            Body::Staffed { offices } | Body::Soundless { offices } => {
                offices.len() <= STAFFED_MAX && offices.is_sorted_by(|a, b| a.0 < b.0)
            }
            Body::Forged { via, .. } => {
                via.len() <= NODES_MAX && via.is_sorted_by(|a, b| a < b) && !via.contains(&self.node)
            }
            Body::AtConsole { offices } => offices.len() <= STAFFED_MAX && offices.is_sorted_by(|a, b| a < b),
            Body::Tested { results } => {
                let sorted = results.is_sorted_by(|a, b| (&a.node, a.path) < (&b.node, b.path));
                results.len() <= PATHS_MAX && sorted
            }
            Body::Seen { heads, signature } => {
                let sorted = heads.is_sorted_by(|a, b| a.node < b.node);
                // Of the own journal there is nothing beyond the entry before this one.
                let can = |head: &TreeHead| {
                    (1..=SEQ_MAX).contains(&head.size) && (head.node != self.node || head.size < self.seq)
                };
                let most = if signature.is_some() { NODES_EVER } else { SEEN_MAX };
                let signed = signature.as_ref().is_none_or(|signature| signature.len() == ML_DSA_87_SIGNATURE);
                heads.len() <= most && signed && sorted && heads.iter().all(can)
            }
            Body::Stored { writings } => {
                !writings.is_empty() && writings.len() <= STORED_MAX && writings.is_sorted_by(|a, b| a < b)
            }
            Body::Stated { statement } => statement.len() <= STATEMENT_MAX,
            Body::Enrolled { certificate, .. } => certificate.len as usize <= BODY_MAX,
            Body::Listed { sets } => {
                let sorted = sets.is_sorted_by(|a, b| a.party < b.party);
                sets.len() <= PARTIES_MAX && sorted && sets.iter().all(|set| set.count > 0)
            }
            Body::Revoked { revocation } => revocation.len() <= REVOCATION_MAX,
            _ => true,
        };
        fits && (1..=SEQ_MAX).contains(&self.seq) && (self.seq > 1 || self.previous == Hash([0; 48]))
    }
}

impl Read {
    fn said(&self) -> Option<&UnverifiedStatement> {
        let Body::Stated { statement } = &self.entry.body else { return None };
        self.said.get_or_init(|| UnverifiedStatement::decode(statement).ok()).as_ref()
    }

    fn bodies(&self) -> Vec<BodyRef> {
        match &self.entry.body {
            Body::Enrolled { certificate, .. } => vec![certificate.clone()],
            _ => self.said().map(|said| said.claim().bodies().cloned().collect()).unwrap_or_default(),
        }
    }
}

impl UnverifiedEntry {
    /// Reads a signed entry without believing it.
    ///
    /// # Errors
    /// When it is too large, or not the one encoding of an entry.
    pub fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > ENTRY_MAX {
            return Err(EntryError::TooLarge { len: bytes.len() });
        }
        let signed = Signed1::parse(bytes).map_err(|_| EntryError::Malformed)?;
        let entry: Entry = canonical::decode(signed.payload()).ok_or(EntryError::Malformed)?;
        if !entry.bounded() {
            return Err(EntryError::Malformed);
        }
        Ok(Self(Arc::new(Read { signed, entry, said: OnceLock::new() })))
    }

    /// What it claims.
    pub fn claim(&self) -> &Entry {
        &self.0.entry
    }

    /// The statement that it claims to carry; none where there is none, or not in its one encoding.
    pub fn said(&self) -> Option<&UnverifiedStatement> {
        self.0.said()
    }

    /// The bodies that it, or the statement in it, refers to.
    pub fn bodies(&self) -> Vec<BodyRef> {
        self.0.bodies()
    }

    /// The list of chunks of what the statement in it attaches to a message.
    pub fn attached(&self) -> Option<BodyRef> {
        match &self.said()?.claim().act {
            Act::Write { written } => written.attached.clone(),
            _ => None,
        }
    }

    /// It carries something written, or the keys for it: bodies beside it are kept as long as the charter's policy
    /// says, not only for a day.
    pub fn writes(&self) -> bool {
        let acts = |act: &Act| matches!(act, Act::Stock { .. } | Act::Circle { .. } | Act::Write { .. });
        self.said().is_some_and(|said| acts(&said.claim().act))
    }

    /// What is signed: deterministic CBOR.
    pub fn payload(&self) -> &[u8] {
        self.0.signed.payload()
    }

    /// Verifies the signature of the node that it claims to be of, by its present journal key or one that it had
    /// before.
    ///
    /// # Errors
    /// When the charter has no such node, or that node did not sign it.
    pub fn verify(self, charter: &VerifiedCharter) -> Result<VerifiedEntry, EntryError> {
        let Read { signed, entry, .. } = &*self.0;
        let Some(node) = charter.node(&entry.node) else {
            return Err(EntryError::UnknownNode(entry.node.clone()));
        };
        let Some(key) = node.journal_keys().find(|key| signed.holds(key.key, domain::ENTRY)) else {
            return Err(EntryError::Signature(entry.node.clone()));
        };
        let hash = Hash::of(signed.payload());
        if !key.signs(entry.seq, &hash, &entry.previous) {
            return Err(EntryError::BeyondKey { node: entry.node.clone(), seq: entry.seq });
        }
        Ok(VerifiedEntry { hash, key: key.number, read: self.0 })
    }
}

impl VerifiedEntry {
    /// Decodes and verifies in one step.
    ///
    /// # Errors
    /// As [`UnverifiedEntry::decode`] and [`UnverifiedEntry::verify`].
    pub fn open(bytes: &[u8], charter: &VerifiedCharter) -> Result<Self, EntryError> {
        UnverifiedEntry::decode(bytes)?.verify(charter)
    }

    /// What the node says.
    pub fn entry(&self) -> &Entry {
        &self.read.entry
    }

    /// The statement in it, whose signature counts for what the fold makes of it; none where there is none, or not in
    /// its one encoding.
    pub fn said(&self) -> Option<&UnverifiedStatement> {
        self.read.said()
    }

    /// Spares the reading, and the signature as far as it was checked, of a statement that its maker has read already.
    /// Another statement than the one in the entry changes nothing.
    #[must_use]
    pub fn carrying(self, said: &UnverifiedStatement) -> Self {
        if matches!(&self.entry().body, Body::Stated { statement } if statement.as_slice() == said.bytes()) {
            let _ = self.read.said.set(Some(said.clone()));
        }
        self
    }

    /// The bodies that the entry, or the statement in it, refers to. A claim of the statement, unless it was verified.
    pub fn bodies(&self) -> Vec<BodyRef> {
        self.read.bodies()
    }

    /// SHA-384 of the payload: the next entry of this node names it.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// What is signed: deterministic CBOR.
    pub fn payload(&self) -> &[u8] {
        self.read.signed.payload()
    }

    /// Which of its node's journal keys signed it, counted from the oldest. A journal never goes back to an older one.
    pub fn key(&self) -> u8 {
        self.key
    }

    /// The signed bytes, as stored and sent on.
    pub fn bytes(&self) -> &[u8] {
        self.read.signed.bytes()
    }
}

impl BodyRef {
    /// Refers to a body.
    ///
    /// # Errors
    /// `None` when it is larger than [`BODY_MAX`].
    pub fn of(body: &[u8]) -> Option<Self> {
        let len = u32::try_from(body.len()).ok().filter(|_| body.len() <= BODY_MAX)?;
        Some(Self { hash: Hash::of(body), len })
    }

    /// Finds the body in what travelled beside an entry.
    pub fn find<'a, B: AsRef<[u8]>>(&self, bodies: &'a [B]) -> Option<&'a [u8]> {
        let of_length = bodies.iter().map(AsRef::as_ref).filter(|body| body.len() == self.len as usize);
        of_length.take(BODIES_MAX).find(|body| Hash::of(body) == self.hash)
    }
}
