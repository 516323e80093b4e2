//! Records that somebody has bent.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::Path;
use trialogue_charter::keyfile::NodeSecret;
use trialogue_charter::{Hash, HybridSecret};
use trialogue_journal::{Body, UnverifiedEntry, heads};
use trialogue_record::{Digest, Item};

/// The items of a file.
pub fn items(bytes: &[u8]) -> Vec<Item> {
    let (mut rest, mut items) = (bytes, Vec::new());
    while let Some((item, len)) = Item::decode(rest).unwrap() {
        items.push(item);
        rest = &rest[len..];
    }
    assert!(rest.is_empty());
    items
}

fn stands(item: &Item, node: &str, seq: u64) -> bool {
    let Item::Entry { entry, .. } = item else { return false };
    let entry = UnverifiedEntry::decode(entry).unwrap();
    (entry.claim().node.as_str(), entry.claim().seq) == (node, seq)
}

/// Where an entry stands in the file.
pub fn position(items: &[Item], node: &str, seq: u64) -> usize {
    items.iter().position(|item| stands(item, node, seq)).unwrap()
}

/// Without these, and with an end that fits.
pub fn without(items: &[Item], from: usize, to: usize) -> Vec<Item> {
    ended([&items[..from], &items[to..]].concat())
}

/// With an end that fits, by somebody who has no key.
pub fn ended(mut items: Vec<Item>) -> Vec<Item> {
    items.pop();
    let mut digest = Digest::new();
    items.iter().for_each(|item| digest.add(&item.encode()));
    items.push(Item::End { items: items.len() as u64, digest: digest.hash(), seal: None });
    items
}

/// The journal key of a node.
pub fn keys(path: &Path) -> HybridSecret {
    NodeSecret::parse(&std::fs::read_to_string(path).unwrap()).unwrap().journal
}

/// A record in which a node has written its history anew.
pub struct Bent {
    pub items: Vec<Item>,
}

impl Bent {
    /// From this position on: that entry says something else, and all that follow are chained and signed again.
    pub fn from(items: &[Item], node: &str, from: u64, key: &HybridSecret) -> Self {
        let mut items = items.to_vec();
        let mut previous: Option<Hash> = None;
        for item in &mut items {
            let Item::Entry { entry, .. } = item else { continue };
            let mut claim = UnverifiedEntry::decode(entry).unwrap().claim().clone();
            if claim.node.as_str() != node || claim.seq < from {
                continue;
            }
            if claim.seq == from {
                claim.time_ms += 1;
            }
            claim.previous = previous.unwrap_or(claim.previous);
            // It does not sign against itself.
            if let Body::Seen { heads, signature } = &mut claim.body {
                heads.retain(|head| head.node.as_str() != node);
                *signature = signature.as_ref().map(|_| heads::sign(key, &claim.node, claim.time_ms, heads));
            }
            previous = Some(Hash::of(&claim.payload()));
            *entry = claim.sign(key).0;
        }
        Self { items: ended(items) }
    }
}
