//! Who signs as a party's root: a key in memory, or one that never leaves a token.

use crate::agreement::HybridPublic;
use crate::cose::Algorithm;
use crate::key::HybridSecret;

/// Holds a party's root key and signs with it, both algorithms. A token may refuse, be pulled out or be locked, so
/// signing can fail.
pub trait RootSigner {
    /// The public half, as the charter has it.
    fn public(&self) -> HybridPublic;

    /// Signs a message as it is, nothing hashed before: Ed25519 (RFC 8032 §5.1.6), or ML-DSA-87 with an empty context
    /// (FIPS 204 algorithm 2, deterministic or hedged).
    ///
    /// # Errors
    /// In the words of what holds the key.
    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// Why a root did not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// What holds the key says why, in a sentence with the remedy.
    #[error("{0}")]
    Refused(String),
    /// Something was signed that no reader would accept.
    #[error(
        "the {0} signature does not hold under the party's root: another key stands where the root should be; nothing was signed, restore the root"
    )]
    OtherKey(Algorithm),
}

impl RootSigner for HybridSecret {
    fn public(&self) -> HybridPublic {
        Self::public(self)
    }

    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(self.signature(algorithm, message))
    }
}
