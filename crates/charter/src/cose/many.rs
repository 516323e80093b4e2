//! Several signatures over one payload: COSE_Sign (RFC 9052 §4.1), tagged 98. Each signature names its key in the
//! protected header; they stand sorted by key id, then algorithm.

use super::{Algorithm, OpenError};
use crate::agreement::HybridPublic;
use crate::key::{HybridSecret, ML_DSA_87_SIGNATURE};
use crate::root::{RootSigner, SignError};
use coset::{CoseSign, CoseSignature, Header, ProtectedHeader, SignatureContext, TaggedCborSerializable as _};
use std::collections::BTreeMap;

/// A payload with the signatures collected so far. Nothing is verified by holding one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Many {
    payload: Vec<u8>,
    signatures: BTreeMap<(Vec<u8>, Algorithm), Vec<u8>>,
}

/// One signature of a key over `payload`, which travels elsewhere: as [`Many`] has it for this key id and algorithm.
pub fn sign_detached(
    secret: &HybridSecret,
    algorithm: Algorithm,
    domain: &[u8],
    kid: &[u8],
    payload: &[u8],
) -> Vec<u8> {
    secret.signature(algorithm, &to_be_signed(domain, kid, algorithm, payload))
}

/// Does such a signature hold?
pub fn detached_holds(
    key: &HybridPublic,
    algorithm: Algorithm,
    domain: &[u8],
    kid: &[u8],
    payload: &[u8],
    signature: &[u8],
) -> bool {
    key.holds(algorithm, &to_be_signed(domain, kid, algorithm, payload), signature)
}

fn to_be_signed(domain: &[u8], kid: &[u8], algorithm: Algorithm, payload: &[u8]) -> Vec<u8> {
    let sign = ProtectedHeader { original_data: None, header: algorithm.header(kid) };
    coset::sig_structure_data(SignatureContext::CoseSignature, ProtectedHeader::default(), Some(sign), domain, payload)
}

/// What is wrong with one expected signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is not there.
    #[error("missing")]
    Missing,
    /// It is there and does not hold.
    #[error("wrong")]
    Wrong,
}

impl Many {
    /// A payload without signatures.
    pub fn new(payload: Vec<u8>) -> Self {
        Self { payload, signatures: BTreeMap::new() }
    }

    /// The payload: a claim until every expected signature was checked.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Adds or replaces both signatures of a key.
    pub fn sign(&mut self, domain: &[u8], kid: &[u8], secret: &HybridSecret) {
        for algorithm in Algorithm::ALL {
            let signature = secret.signature(algorithm, &self.to_be_signed(domain, kid, algorithm));
            self.signatures.insert((kid.to_vec(), algorithm), signature);
        }
    }

    /// Adds or replaces both signatures of a root, wherever its key is; both or, if one fails, none. Each is verified
    /// before it is taken: what signs may be a token that somebody else has filled.
    pub fn sign_as_root(&mut self, domain: &[u8], kid: &[u8], root: &dyn RootSigner) -> Result<(), SignError> {
        let public = root.public();
        let mut made = Vec::new();
        for algorithm in Algorithm::ALL {
            let message = self.to_be_signed(domain, kid, algorithm);
            let signature = root.sign(algorithm, &message)?;
            if !public.holds(algorithm, &message, &signature) {
                return Err(SignError::OtherKey(algorithm));
            }
            made.push(((kid.to_vec(), algorithm), signature));
        }
        self.signatures.extend(made);
        Ok(())
    }

    /// Checks one signature.
    pub fn check(&self, domain: &[u8], kid: &[u8], algorithm: Algorithm, key: &HybridPublic) -> Result<(), Fault> {
        let signature = self.signatures.get(&(kid.to_vec(), algorithm)).ok_or(Fault::Missing)?;
        let holds = key.holds(algorithm, &self.to_be_signed(domain, kid, algorithm), signature);
        if holds { Ok(()) } else { Err(Fault::Wrong) }
    }

    /// Checks both signatures of the only key that may have signed.
    pub fn check_only(&self, domain: &[u8], kid: &[u8], key: &HybridPublic) -> Result<(), (Algorithm, Fault)> {
        if self.kids().any(|other| other != kid) {
            return Err((Algorithm::Ed25519, Fault::Wrong));
        }
        Algorithm::ALL.into_iter().try_for_each(|a| self.check(domain, kid, a, key).map_err(|fault| (a, fault)))
    }

    /// Key ids with at least one signature, in order; one that has two comes twice.
    pub fn kids(&self) -> impl Iterator<Item = &[u8]> {
        self.signatures.keys().map(|(kid, _)| kid.as_slice())
    }

    /// Is this key id there with both signatures, each of the length that its algorithm has?
    pub(crate) fn has_both(&self, kid: &[u8]) -> bool {
        let len = |algorithm| self.signatures.get(&(kid.to_vec(), algorithm)).map(Vec::len);
        len(Algorithm::Ed25519) == Some(64) && len(Algorithm::MlDsa87) == Some(ML_DSA_87_SIGNATURE)
    }

    /// The one encoding.
    pub fn encode(&self) -> Vec<u8> {
        let signatures = self.signatures.iter().map(|((kid, algorithm), signature)| CoseSignature {
            protected: ProtectedHeader { original_data: None, header: algorithm.header(kid) },
            unprotected: Header::default(),
            signature: signature.clone(),
        });
        let message = CoseSign {
            protected: ProtectedHeader::default(),
            unprotected: Header::default(),
            payload: Some(self.payload.clone()),
            signatures: signatures.collect(),
        };
        // Encoding into memory cannot fail; if it ever did, no bytes decode.
        message.to_tagged_vec().unwrap_or_default()
    }

    /// Reads at most `max` bytes in the one encoding.
    pub fn decode(bytes: &[u8], max: usize) -> Result<Self, OpenError> {
        if bytes.len() > max {
            return Err(OpenError::TooLarge { len: bytes.len(), max });
        }
        let message = CoseSign::from_tagged_slice(bytes).map_err(|_| OpenError::Malformed)?;
        let mut many = Self::new(message.payload.ok_or(OpenError::Malformed)?);
        for signature in message.signatures {
            let header = signature.protected.header;
            let algorithm = Algorithm::of(&header).ok_or(OpenError::Malformed)?;
            many.signatures.insert((header.key_id, algorithm), signature.signature);
        }
        if many.encode() != bytes {
            return Err(OpenError::Malformed);
        }
        Ok(many)
    }

    fn to_be_signed(&self, domain: &[u8], kid: &[u8], algorithm: Algorithm) -> Vec<u8> {
        to_be_signed(domain, kid, algorithm, &self.payload)
    }
}
