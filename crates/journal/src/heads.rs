//! What a node holds of all journals, under a signature that a quantum computer cannot make.
//!
//! Entries are signed with Ed25519 alone, because there are many and paths are thin. Chain and heads bind all of them
//! by hashes, so that one ML-DSA-87 signature of a head makes everything before it as hard to alter: an entry is out of
//! a quantum computer's reach from the first such signature on that covers it.

use crate::canonical;
use crate::entry::TreeHead;
use minicbor::Encode;
use trialogue_charter::cose::{self, Algorithm, domain};
use trialogue_charter::{HybridPublic, HybridSecret, NodeId};

/// What is signed: deterministic CBOR of this.
#[derive(Encode)]
#[cbor(map)]
struct Signed<'a> {
    #[n(1)]
    node: &'a NodeId,
    #[n(2)]
    time_ms: u64,
    #[n(3)]
    heads: &'a [TreeHead],
}

fn payload(node: &NodeId, time_ms: u64, heads: &[TreeHead]) -> Vec<u8> {
    canonical::encode(&Signed { node, time_ms, heads })
}

/// Signs for an entry of `node` that says at this time that it has seen these heads.
pub fn sign(secret: &HybridSecret, node: &NodeId, time_ms: u64, heads: &[TreeHead]) -> Vec<u8> {
    let payload = payload(node, time_ms, heads);
    cose::sign_detached(secret, Algorithm::MlDsa87, domain::HEAD, node.as_str().as_bytes(), &payload)
}

/// Has this key of `node` signed that?
pub fn holds(key: &HybridPublic, node: &NodeId, time_ms: u64, heads: &[TreeHead], signature: &[u8]) -> bool {
    let payload = payload(node, time_ms, heads);
    cose::detached_holds(key, Algorithm::MlDsa87, domain::HEAD, node.as_str().as_bytes(), &payload, signature)
}
