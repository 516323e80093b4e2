//! Signed bytes: COSE (RFC 9052). COSE_Sign1 with Ed25519 for what is said often, COSE_Sign with Ed25519 *and*
//! ML-DSA-87 for what must outlive a quantum computer. Every kind of statement has a domain of its own in
//! `external_aad` (RFC 9052 §4.3), so that no signature can be shown as one of another kind.
//!
//! There is exactly one encoding of each signed thing: a decoder refuses bytes that it would have written differently.

pub mod domain;
mod held;
mod many;
mod one;

pub use many::{Fault, Many, detached_holds, sign_detached};
pub use one::{Signed1, sign1};

use coset::{Header, HeaderBuilder, iana};

/// A signature algorithm, in the order in which signatures of one key stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// EdDSA with Ed25519: COSE algorithm -8 (RFC 9053 §2.2).
    Ed25519,
    /// ML-DSA-87: COSE algorithm -50 (draft-ietf-cose-dilithium).
    MlDsa87,
}

impl Algorithm {
    /// Both, in order.
    pub const ALL: [Self; 2] = [Self::Ed25519, Self::MlDsa87];

    fn header(self, kid: &[u8]) -> Header {
        let algorithm = match self {
            Self::Ed25519 => iana::Algorithm::EdDSA,
            Self::MlDsa87 => iana::Algorithm::ML_DSA_87,
        };
        HeaderBuilder::new().algorithm(algorithm).key_id(kid.to_vec()).build()
    }

    fn of(header: &Header) -> Option<Self> {
        match header.alg {
            Some(coset::RegisteredLabelWithPrivate::Assigned(iana::Algorithm::EdDSA)) => Some(Self::Ed25519),
            Some(coset::RegisteredLabelWithPrivate::Assigned(iana::Algorithm::ML_DSA_87)) => Some(Self::MlDsa87),
            _ => None,
        }
    }
}

impl std::fmt::Display for Algorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ed25519 => "Ed25519",
            Self::MlDsa87 => "ML-DSA-87",
        })
    }
}

/// Why signed bytes were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Over the bound.
    #[error("{len} bytes where at most {max} are accepted: ask the sender for the right file")]
    TooLarge {
        /// Offered.
        len: usize,
        /// Accepted.
        max: usize,
    },
    /// Not the COSE structure that is expected, or not in its one deterministic encoding.
    #[error("the bytes are not a signed statement of this format: it was cut, altered or made by something else")]
    Malformed,
    /// The signature does not hold under this key and domain.
    #[error("the signature does not hold: the statement was altered or is signed by another key")]
    Signature,
}
