//! A revocation: a party's root says that one of its devices is accepted no more, for good. It proves itself, so it
//! counts from whatever hands it over; nobody but the root can make one, and nobody can take one back.

use crate::canonical;
use crate::cose::{Algorithm, Fault, Many, OpenError, domain};
use crate::ids::{DeviceId, Hash, PartyId};
use crate::key::HybridSecret;
use crate::limits::REVOCATION_MAX;
use crate::root::{RootSigner, SignError};
use crate::verified::VerifiedCharter;
use minicbor::{Decode, Encode};

/// What a revocation says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Revocation {
    /// Whose device; this party's root signs.
    #[n(1)]
    pub party: PartyId,
    /// Which. It need not be enrolled anywhere yet.
    #[n(2)]
    pub device: DeviceId,
}

/// Why a revocation was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevocationError {
    /// Not such bytes.
    #[error("this is not a revocation: {0}; bring the file that `trialogue device revoke --out` has written")]
    Open(#[from] OpenError),
    /// The content is not deterministic CBOR of this format.
    #[error("the content is not in the one form that signatures are made for: sign the revocation anew")]
    NotCanonical,
    /// The party is not in the charter.
    #[error(
        "the revocation is of party {0}, which the charter does not have: compare the party with that of the root that has signed"
    )]
    NoSuchParty(PartyId),
    /// The root did not sign it.
    #[error(
        "the {0} signature of the party's root on the revocation is {1}: sign it anew with the root that the charter names"
    )]
    Root(Algorithm, Fault),
}

impl Revocation {
    /// The signed revocation.
    pub fn sign(&self, root: &HybridSecret) -> Vec<u8> {
        let mut signed = Many::new(canonical::encode(self));
        signed.sign(domain::REVOCATION, self.party.as_str().as_bytes(), root);
        signed.encode()
    }

    /// The same with a root wherever its key is.
    ///
    /// # Errors
    /// When the root does not sign.
    pub fn sign_as_root(&self, root: &dyn RootSigner) -> Result<Vec<u8>, SignError> {
        let mut signed = Many::new(canonical::encode(self));
        signed.sign_as_root(domain::REVOCATION, self.party.as_str().as_bytes(), root)?;
        Ok(signed.encode())
    }

    /// What bytes claim to say. Nothing of it is proven: whether it is known already is cheaper to tell than whether
    /// the signatures hold.
    ///
    /// # Errors
    /// When they are no revocation in its one form.
    pub fn claimed(bytes: &[u8]) -> Result<Self, RevocationError> {
        let signed = Many::decode(bytes, REVOCATION_MAX)?;
        canonical::decode(signed.payload()).ok_or(RevocationError::NotCanonical)
    }

    /// Verifies a signed revocation, at most [`REVOCATION_MAX`] bytes, against the root that the charter has of its
    /// party. Copies stand in many journals: the same bytes are verified once.
    ///
    /// # Errors
    /// When the root of a party of the charter has not signed it with both algorithms.
    pub fn open(charter: &VerifiedCharter, bytes: &[u8]) -> Result<Self, RevocationError> {
        let signed = Many::decode(bytes, REVOCATION_MAX)?;
        let hash = Hash::of(bytes);
        if let Some(revocation) = charter.revocations.get(&hash) {
            return Ok(revocation);
        }
        let revocation: Self = canonical::decode(signed.payload()).ok_or(RevocationError::NotCanonical)?;
        let party = charter.party(&revocation.party);
        let party = party.ok_or_else(|| RevocationError::NoSuchParty(revocation.party.clone()))?;
        let kid = party.id.as_str().as_bytes();
        signed
            .check_only(domain::REVOCATION, kid, &party.root)
            .map_err(|(algorithm, fault)| RevocationError::Root(algorithm, fault))?;
        charter.revocations.keep(hash, &revocation);
        Ok(revocation)
    }
}
