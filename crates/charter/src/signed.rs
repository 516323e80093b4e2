//! A charter on its way from a draft to the agreement of all: collecting signatures, then verifying every one.

use crate::agreement::{Charter, Party};
use crate::canonical;
use crate::cose::{Algorithm, Fault, Many, OpenError, domain};
use crate::ids::{Hash, PartyId};
use crate::limits::{CHARTER_MAX, PARTIES_MAX};
use crate::root::{RootSigner, SignError};
use crate::validate::Unsound;
use crate::verified::VerifiedCharter;
use std::collections::BTreeSet;

/// Why a charter was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CharterError {
    /// Not a charter file.
    #[error("this is not a charter: {0}")]
    Open(#[from] OpenError),
    /// The payload is not deterministic CBOR of this format.
    #[error("the charter's content is not in the one form that signatures are made for: ask for the original file")]
    NotCanonical,
    /// The content is not sound.
    #[error("the charter is not sound: {0}")]
    Unsound(#[from] Unsound),
    /// A signature is missing or wrong.
    #[error(
        "the {algorithm} signature of party {party} is {fault}: its security officer must sign exactly this charter"
    )]
    Signature {
        /// Whose.
        party: PartyId,
        /// Which of its two.
        algorithm: Algorithm,
        /// Missing or wrong.
        fault: Fault,
    },
    /// Signed by something that is no party.
    #[error("the charter carries the signature of {0:?}, which is no party of it: ask for the original file")]
    StrangeSignature(String),
    /// To be signed for a party that is not in it.
    #[error("party {0} is not in this charter: check --party, or the draft")]
    NoSuchParty(PartyId),
    /// To be signed with a key that is not the party's root.
    #[error(
        "this is not the root key of party {0} that the charter names: use the key whose .pub file went into the draft"
    )]
    NotTheRoot(PartyId),
    /// The root did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// No party has the pinned root.
    #[error("no party of the charter has the root key {0:?}… that is pinned here: this charter is not for this party")]
    NotPinned(Hash),
    /// Older than the one in force.
    #[error("the charter has serial {offered}, and {held} is in force: an older charter is never taken back")]
    Older {
        /// Offered.
        offered: u64,
        /// In force.
        held: u64,
    },
    /// As old as the one in force, but different.
    #[error("another charter with serial {0} is in force: an amendment needs a higher serial")]
    Conflicting(u64),
    /// A party of the charter in force has not agreed to what takes its place.
    #[error(
        "party {party} has not signed the amendment with its root in the charter in force ({algorithm}, {fault}): it must sign, also when it leaves"
    )]
    NotAgreed {
        /// Whose.
        party: PartyId,
        /// Which of its two signatures.
        algorithm: Algorithm,
        /// Missing or wrong.
        fault: Fault,
    },
    /// Something that an amendment must not do.
    #[error("{0}")]
    NotAnAmendment(#[from] crate::amendment::Breach),
}

/// A charter with the signatures collected so far. Its content is sound, and nothing more is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnverifiedCharter {
    claims: Charter,
    signed: Many,
}

impl UnverifiedCharter {
    /// A sound charter without signatures.
    pub fn draft(charter: Charter) -> Result<Self, CharterError> {
        charter.validate()?;
        let signed = Many::new(canonical::encode(&charter));
        Ok(Self { claims: charter, signed })
    }

    /// Reads a charter file: bounded, in its one encoding, sound, signed by nobody but parties.
    pub fn decode(bytes: &[u8]) -> Result<Self, CharterError> {
        let signed = Many::decode(bytes, CHARTER_MAX)?;
        let claims: Charter = canonical::decode(signed.payload()).ok_or(CharterError::NotCanonical)?;
        claims.validate()?;
        let of_party = |kid: &[u8]| claims.parties.iter().any(|p| p.id.as_str().as_bytes() == kid);
        if let Some(stranger) = signed.kids().find(|kid| !of_party(kid) && !is_former(kid)) {
            let name = String::from_utf8_lossy(&stranger[..stranger.len().min(PartyId::MAX)]).into_owned();
            return Err(CharterError::StrangeSignature(name));
        }
        // The hash leaves signatures out. Whose party was one is known only beside the charter before; more than there
        // may have been, or no signatures at all, are noise.
        let former: BTreeSet<&[u8]> = signed.kids().filter(|kid| is_former(kid)).collect();
        if former.len() > PARTIES_MAX || !former.iter().all(|kid| signed.has_both(kid)) {
            return Err(CharterError::NotCanonical);
        }
        Ok(Self { claims, signed })
    }

    /// The charter file.
    pub fn encode(&self) -> Vec<u8> {
        self.signed.encode()
    }

    /// What it says, before anything is verified: for showing to a person who is asked to sign.
    pub fn claims(&self) -> &Charter {
        &self.claims
    }

    /// SHA-384 of the payload: what officers compare before they sign.
    pub fn hash(&self) -> Hash {
        Hash::of(self.signed.payload())
    }

    /// Adds both signatures of a party's root.
    pub fn sign(&mut self, party: &PartyId, root: &dyn RootSigner) -> Result<(), CharterError> {
        let known = self.claims.parties.iter().find(|p| p.id == *party);
        let known = known.ok_or_else(|| CharterError::NoSuchParty(party.clone()))?;
        if known.root != root.public() {
            return Err(CharterError::NotTheRoot(party.clone()));
        }
        self.signed.sign_as_root(domain::CHARTER, party.as_str().as_bytes(), root)?;
        Ok(())
    }

    /// Adds both signatures of a root of the charter `held` that this one does not have any more: its party leaves, or
    /// gets another root.
    pub fn consent(
        &mut self,
        held: &VerifiedCharter,
        party: &PartyId,
        root: &dyn RootSigner,
    ) -> Result<(), CharterError> {
        let known = held.party(party).ok_or_else(|| CharterError::NoSuchParty(party.clone()))?;
        if known.root != root.public() {
            return Err(CharterError::NotTheRoot(party.clone()));
        }
        self.signed.sign_as_root(domain::AMENDMENT, &former_kid(party), root)?;
        Ok(())
    }

    /// Has the root of a party in the charter in force agreed to this one: as a root of this one, or as one that is not
    /// in it any more?
    pub(crate) fn agrees(&self, party: &Party) -> Result<(), (Algorithm, Fault)> {
        let stays = self.claims.parties.iter().any(|p| p.id == party.id && p.root == party.root);
        let kid = if stays { party.id.as_str().as_bytes().to_vec() } else { former_kid(&party.id) };
        let domain = if stays { domain::CHARTER } else { domain::AMENDMENT };
        Algorithm::ALL.into_iter().try_for_each(|a| self.signed.check(domain, &kid, a, &party.root).map_err(|f| (a, f)))
    }

    /// Signatures that are missing or wrong, in order of parties.
    pub fn missing(&self) -> Vec<(PartyId, Algorithm, Fault)> {
        let mut missing = Vec::new();
        for party in &self.claims.parties {
            for algorithm in Algorithm::ALL {
                let kid = party.id.as_str().as_bytes();
                if let Err(fault) = self.signed.check(domain::CHARTER, kid, algorithm, &party.root) {
                    missing.push((party.id.clone(), algorithm, fault));
                }
            }
        }
        missing
    }

    /// The agreement of all, if every party's root has signed it with both keys. `own_root` is the fingerprint of the
    /// own party's root, pinned by a node's configuration or an enrolment link.
    pub fn verify(&self, own_root: Option<&Hash>) -> Result<VerifiedCharter, CharterError> {
        if let Some(pin) = own_root
            && !self.claims.parties.iter().any(|party| party.root.fingerprint() == *pin)
        {
            return Err(CharterError::NotPinned(*pin));
        }
        if let Some((party, algorithm, fault)) = self.missing().into_iter().next() {
            return Err(CharterError::Signature { party, algorithm, fault });
        }
        Ok(VerifiedCharter::new(self.claims.clone(), self.hash(), self.encode()))
    }
}

/// Before the id of a party in the key id of a root that is not in the charter any more. No id of a party has it in it.
const FORMER: &[u8] = b"former ";

fn former_kid(party: &PartyId) -> Vec<u8> {
    [FORMER, party.as_str().as_bytes()].concat()
}

fn is_former(kid: &[u8]) -> bool {
    let id = kid.strip_prefix(FORMER).and_then(|id| std::str::from_utf8(id).ok());
    id.is_some_and(|id| PartyId::new(id).is_ok())
}
