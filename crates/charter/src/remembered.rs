//! Certificates that were verified under a charter, so that each costs its post-quantum signatures once.

use crate::device::Device;
use crate::ids::Hash;
use crate::limits::CERTIFICATES_REMEMBERED;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// By the hash of their bytes. Copies of one charter share it; it is no part of what the charter says.
#[derive(Clone, Default)]
pub(crate) struct Remembered(Arc<Mutex<BTreeMap<Hash, Device>>>);

impl Remembered {
    pub(crate) fn get(&self, hash: &Hash) -> Option<Device> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    /// Nothing is forgotten for a new one: whoever fills it makes others slower, not wrong.
    pub(crate) fn keep(&self, hash: Hash, device: &Device) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() < CERTIFICATES_REMEMBERED {
            held.insert(hash, device.clone());
        }
    }
}

impl PartialEq for Remembered {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Remembered {}

impl std::fmt::Debug for Remembered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Remembered")
    }
}
