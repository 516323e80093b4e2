//! The signature over a whole exported record, by the node whose record it is: nobody else adds, removes or alters
//! anything in the file unseen, its cover included.
//!
//! It is a head as well: size and root of every journal in the file, at a time, with both algorithms. An export is safe
//! from a quantum computer from then on.

use minicbor::{Decode, Encode};
use trialogue_charter::cose::{Many, domain};
use trialogue_charter::{Hash, HybridPublic, HybridSecret, NodeId};
use trialogue_journal::{TreeHead, strict};

use crate::limits::{SEAL_ITEMS_MAX, SEAL_MAX};

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Seal {
    /// Whose record it is.
    #[n(1)]
    pub node: NodeId,
    /// When it was exported, by that node's clock: milliseconds since 1970 UTC.
    #[n(2)]
    pub time_ms: u64,
    /// SHA-384 of all bytes of the file before its last item.
    #[n(3)]
    pub digest: Hash,
    /// The head of every journal that has an entry in the file, by node.
    #[n(4)]
    pub heads: Vec<TreeHead>,
}

/// A seal before it was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnverifiedSeal {
    claim: Seal,
    signed: Many,
}

impl Seal {
    /// Signs with the node's journal key, both halves.
    pub fn sign(&self, key: &HybridSecret) -> Vec<u8> {
        // Encoding into memory cannot fail; if it ever did, no bytes decode.
        let mut signed = Many::new(minicbor::to_vec(self).unwrap_or_default());
        signed.sign(domain::RECORD, self.node.as_str().as_bytes(), key);
        signed.encode()
    }
}

impl UnverifiedSeal {
    /// Reads a seal without believing it; none: it is not one in its one form.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let signed = Many::decode(bytes, SEAL_MAX).ok()?;
        strict::check(signed.payload(), SEAL_ITEMS_MAX).ok()?;
        let claim: Seal = minicbor::decode(signed.payload()).ok()?;
        let one_form = minicbor::to_vec(&claim).is_ok_and(|bytes| bytes == signed.payload());
        one_form.then_some(Self { claim, signed })
    }

    /// What it claims.
    pub fn claim(&self) -> &Seal {
        &self.claim
    }

    /// Has this key of the node signed it, with both halves, and nobody else?
    pub fn holds(&self, key: &HybridPublic) -> bool {
        self.signed.check_only(domain::RECORD, self.claim.node.as_str().as_bytes(), key).is_ok()
    }
}
