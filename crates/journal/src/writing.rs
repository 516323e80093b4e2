//! What is written on a line, as statements carry it: sealed contents stay outside, only what nodes must know is here.

use crate::entry::BodyRef;
use crate::statement::GroupId;
use minicbor::{Decode, Encode};
use trialogue_charter::{Hash, Precedence};

/// What a writing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Kind {
    /// A message to everyone on the line; *about* is the message that it answers.
    #[n(0)]
    Message,
    /// A translation of the message that it is about.
    #[n(1)]
    Translation,
    /// A version of a joint text; *about* is the version that it replaces.
    #[n(2)]
    Readout,
    /// The message that it is about, read back as it was understood.
    #[n(3)]
    ReadBack,
}

/// What a message is for. The three are kept apart everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Traffic {
    /// Between principals, or for them.
    #[n(0)]
    Principal,
    /// Between those who run the line.
    #[n(1)]
    Service,
    /// A test: it means nothing.
    #[n(2)]
    Test,
}

/// The key of one writing, sealed for the readers of one circle (sealing.md §7).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Wrapped {
    /// The circle, opened by the same device on the same line before.
    #[n(1)]
    pub circle: GroupId,
    /// The sealed key.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub key: [u8; 48],
}

/// A writing as it is signed. Its id is the hash of the payload of the statement that carries it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Written {
    /// What it is.
    #[n(1)]
    pub kind: Kind,
    /// The writing that it answers, translates, replaces or reads back.
    #[n(2)]
    pub about: Option<Hash>,
    /// Its key, for each circle of readers; ascending by circle, 1 to [`crate::limits::CIRCLES_MAX`].
    #[n(3)]
    pub keys: Vec<Wrapped>,
    /// Its sealed content, beside the entry.
    #[n(4)]
    pub content: BodyRef,
    /// SHA-384 of the content before sealing: nobody can later open it as something else.
    #[n(5)]
    pub digest: Hash,
    /// When it was written, milliseconds since 1970 UTC, by the console's clock, and above every one that it had shown
    /// and that was not far ahead: the order on screen.
    #[n(6)]
    pub at_ms: u64,
    /// What it is for.
    #[n(7)]
    pub traffic: Traffic,
    /// How urgent.
    #[n(8)]
    pub precedence: Precedence,
    /// A message that every other party is asked to acknowledge by then, milliseconds since 1970 UTC.
    #[n(9)]
    pub answer_by_ms: Option<u64>,
    /// What is attached to a message: the list of its sealed chunks ([`chunks`]), beside the entry. The chunks
    /// themselves travel apart from entries, and after them: whoever waits for a ring does not wait for a hundred
    /// megabytes.
    #[n(10)]
    pub attached: Option<BodyRef>,
}

/// The hashes of a list of chunks, in their order; none if it is not one: 1 to [`crate::limits::CHUNKS_MAX`] hashes and
/// nothing else.
pub fn chunks(list: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = list.as_chunks::<{ Hash::LEN }>();
    let sized = rest.is_empty() && (1..=crate::limits::CHUNKS_MAX).contains(&hashes.len());
    sized.then(|| hashes.iter().map(|hash| Hash(*hash)).collect())
}

/// The list of these chunks.
pub fn chunk_list(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}
