//! Digits that the people in a call can compare by voice: the same for all who hold the same keys, and for nobody else.

use crate::console::Console;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, Hash};

/// What is hashed begins with this.
const DOMAIN: &[u8] = b"trialogue code 1";
/// Groups of five digits.
const BLOCKS: usize = 6;

impl Console {
    /// 30 decimal digits: SHA-384 over the domain, then group id (16 bytes) and epoch authenticator (RFC 9420 §8.7, 48 bytes) of every
    /// node's group in the call, sorted by group id. Each block of five digits is five bytes of the hash, big-endian, modulo 100,000.
    /// Empty until every node in the call has a group of exactly the roster: only then all consoles see the same groups.
    pub(crate) fn code(&self) -> String {
        self.code_bytes().map_or_else(String::new, |bytes| digits(&Hash::of(&bytes)))
    }

    fn code_bytes(&self) -> Option<Vec<u8>> {
        let keys = self.keys.as_ref()?;
        let roster = self.participants();
        let devices: BTreeSet<DeviceId> = roster.iter().map(|participant| participant.device).collect();
        if devices.len() < 2 || !devices.contains(&self.id) {
            return None;
        }
        let groups = self.groups_now();
        let mut sorted = BTreeMap::new();
        for participant in &roster {
            let group = groups.get(&participant.node)?;
            let leaves: BTreeSet<DeviceId> =
                keys.ring.members(&group.id).ok()?.into_iter().map(|leaf| leaf.device).collect();
            if leaves != devices || keys.ring.epoch(&group.id) != Ok(group.epoch) {
                return None;
            }
            sorted.insert(group.id, keys.ring.authenticator(&group.id).ok()?);
        }
        let mut bytes = DOMAIN.to_vec();
        for (group, authenticator) in sorted {
            bytes.extend(group.0);
            bytes.extend(authenticator);
        }
        Some(bytes)
    }
}

fn digits(hash: &Hash) -> String {
    let blocks = hash.0.chunks_exact(5).take(BLOCKS);
    blocks.map(|five| format!("{:05}", five.iter().fold(0u64, |n, byte| n << 8 | u64::from(*byte)) % 100_000)).collect()
}
