//! What a root has signed and was verified under a charter, so that each costs its post-quantum signatures once.

use crate::ids::Hash;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// By the hash of their bytes, at most `N`. Copies of one charter share it; it is no part of what the charter says.
#[derive(Clone)]
pub(crate) struct Remembered<T, const N: usize>(Arc<Mutex<BTreeMap<Hash, T>>>);

impl<T, const N: usize> Default for Remembered<T, N> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone, const N: usize> Remembered<T, N> {
    pub(crate) fn get(&self, hash: &Hash) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    /// Nothing is forgotten for a new one: whoever fills it makes others slower, not wrong.
    pub(crate) fn keep(&self, hash: Hash, verified: &T) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() < N {
            held.insert(hash, verified.clone());
        }
    }
}

impl<T, const N: usize> PartialEq for Remembered<T, N> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T, const N: usize> Eq for Remembered<T, N> {}

impl<T, const N: usize> std::fmt::Debug for Remembered<T, N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Remembered")
    }
}
