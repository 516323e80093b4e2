//! Signatures that held a moment ago: a node meets the same statement when it judges, writes and releases it, and again
//! with every restart of its fold. Whether a signature holds depends on nothing but the key and the bytes, so to
//! remember it changes no answer.

use crate::ids::Hash;
use crate::limits::SIGNATURES_REMEMBERED;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// The newer and the older half: when the newer is full, the older goes.
#[derive(Default)]
struct Halves {
    newer: BTreeSet<Hash>,
    older: BTreeSet<Hash>,
}

thread_local! {
    static HELD: RefCell<Halves> = RefCell::default();
}

/// What a signature is of, and by which key.
pub(super) fn name(ed25519: &[u8; 32], domain: &[u8], bytes: &[u8]) -> Hash {
    let length = (domain.len() as u64).to_be_bytes();
    Hash::of(&[ed25519, &length[..], domain, bytes].concat())
}

/// It held when it was verified.
pub(super) fn known(name: &Hash) -> bool {
    HELD.with_borrow(|held| held.newer.contains(name) || held.older.contains(name))
}

pub(super) fn remember(name: Hash) {
    HELD.with_borrow_mut(|held| {
        if held.newer.len() >= SIGNATURES_REMEMBERED / 2 {
            held.older = std::mem::take(&mut held.newer);
        }
        held.newer.insert(name);
    });
}
