//! A node's journal keys: which one signs which entries.

use crate::agreement::Node;
use crate::ids::Hash;
use minicbor::{Decode, Encode};

/// A journal key that a node had before.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Former {
    /// Ed25519, 32 bytes.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub key: [u8; 32],
    /// The last entry under it; none: the key has just been replaced, and the next amendment says it.
    #[n(2)]
    pub last: Option<Last>,
}

/// Up to where a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Last {
    /// Position of the last entry under the key; 0: it has signed none.
    #[n(1)]
    pub seq: u64,
    /// Hash of that entry's payload; zeros: there is none.
    #[n(2)]
    pub hash: Hash,
}

/// One of a node's journal keys, with the entries that it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalKey<'a> {
    /// Counted from the node's oldest.
    pub number: u8,
    /// Ed25519.
    pub key: &'a [u8; 32],
    before: Option<Last>,
    last: Option<Last>,
}

impl JournalKey<'_> {
    /// Does an entry with this position, payload hash and predecessor count under this key? Whoever has a former key
    /// can sign what they like with it, and add nothing.
    pub fn signs(&self, seq: u64, hash: &Hash, previous: &Hash) -> bool {
        let after =
            self.before.is_none_or(|before| seq > before.seq && (seq - 1 > before.seq || *previous == before.hash));
        let within = self.last.is_none_or(|last| seq < last.seq || (seq == last.seq && *hash == last.hash));
        after && within
    }

    /// The last entry that counts under it; none: it is the present key, or one whose end no charter names yet.
    pub fn last(&self) -> Option<Last> {
        self.last
    }
}

impl Node {
    /// Its journal keys, the present one first.
    pub fn journal_keys(&self) -> impl Iterator<Item = JournalKey<'_>> {
        let former = self.former.iter().map(|former| (&former.key, former.last));
        let keys = former.chain([(&self.journal.ed25519, self.last)]);
        let mut before = None;
        let bounded = keys.zip(0..).map(move |((key, last), number)| {
            let bounded = JournalKey { number, key, before, last };
            before = last;
            bounded
        });
        bounded.collect::<Vec<_>>().into_iter().rev()
    }

    /// Every former key but the newest has a last entry, none before that of the one before it; only a retired node has
    /// one itself.
    pub(crate) fn ends_are_in_order(&self) -> bool {
        let ends: Vec<Option<Last>> = self.former.iter().map(|former| former.last).chain([self.last]).collect();
        let known = |last: &Option<Last>| last.is_some();
        let whole = ends.iter().rev().skip(2).all(known) && (self.last.is_none() || ends.iter().all(known));
        let ends: Vec<Last> = ends.into_iter().flatten().collect();
        let in_order = ends.is_sorted_by(|a, b| a.seq < b.seq || a == b);
        let real = ends.iter().all(|last| (last.seq == 0) == (last.hash == Hash([0; 48])));
        whole && in_order && real && (self.retired || self.last.is_none())
    }
}
