//! A revocation list: the devices of a party that are accepted no more, signed by the party's root. It proves itself, so it counts from whatever
//! hands it over; nothing else than the root can revoke, and nobody can take a revocation back.

use crate::agreement::HybridPublic;
use crate::canonical;
use crate::cose::{Algorithm, Fault, Many, OpenError, domain};
use crate::ids::{DeviceId, Hash, PartyId};
use crate::key::HybridSecret;
use crate::limits::{REVOCATIONS_MAX, REVOKED_MAX};
use crate::root::{RootSigner, SignError};
use crate::verified::VerifiedCharter;
use minicbor::{Decode, Encode};

/// What a revocation list says: all of the party's devices that were ever revoked, not only the last.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RevocationList {
    /// Whose devices; this party's root signs.
    #[n(1)]
    pub party: PartyId,
    /// From 1; each list of a party has a higher one than the list before, and none below its time: an officer who was shown an old list still makes
    /// one that is newer than all.
    #[n(2)]
    pub serial: u64,
    /// When it was signed, by the officer's clock, milliseconds since 1970 UTC.
    #[n(3)]
    pub made_ms: u64,
    /// The devices, ascending, at most [`REVOKED_MAX`]. None: the officer says by it that nobody was revoked.
    #[n(4)]
    pub devices: Vec<DeviceId>,
}

/// Which list somebody holds: short enough to be said again and again. Of two, the one with the higher serial is newer, then the one with the higher hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(map)]
pub struct ListName {
    /// Its serial.
    #[n(1)]
    pub serial: u64,
    /// SHA-384 of the signed list.
    #[n(2)]
    pub hash: Hash,
}

/// Why a revocation list was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevocationError {
    /// Not such bytes.
    #[error("this is not a revocation list: {0}")]
    Open(#[from] OpenError),
    /// The content is not deterministic CBOR of this format.
    #[error("the list's content is not in the one form that signatures are made for: ask for the original file")]
    NotCanonical,
    /// Serial 0, or devices that do not ascend, or too many.
    #[error(
        "the list's devices are not in order, too many, or its serial is 0: ask the security officer to sign it again with `trialogue device revoke`"
    )]
    Unsound,
    /// The charter does not have that party.
    #[error("the list is of party {0}, which the charter does not have")]
    NoSuchParty(PartyId),
    /// The root did not sign it.
    #[error(
        "the {0} signature of the party's root on the revocation list is {1}: only the party's own root revokes its devices"
    )]
    Root(Algorithm, Fault),
    /// The list cannot take one more.
    #[error(
        "{REVOKED_MAX} devices were revoked, which is all that a list can name: give the party a new root by an amendment, which ends all certificates of the old one"
    )]
    Full,
    /// The root did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl RevocationList {
    /// The list after `held` with these devices as well. Nothing that was revoked is left out.
    ///
    /// # Errors
    /// When it cannot take one more.
    pub fn next(
        party: PartyId,
        held: Option<&Self>,
        devices: impl IntoIterator<Item = DeviceId>,
        made_ms: u64,
    ) -> Result<Self, RevocationError> {
        let before = held.map(|held| held.devices.as_slice()).unwrap_or_default();
        let mut all: Vec<DeviceId> = before.iter().copied().chain(devices).collect();
        all.sort_unstable();
        all.dedup();
        let after = held.map_or(0, |held| held.serial).checked_add(1).ok_or(RevocationError::Full)?;
        let serial = after.max(made_ms);
        if all.len() > REVOKED_MAX {
            return Err(RevocationError::Full);
        }
        Ok(Self { party, serial, made_ms, devices: all })
    }

    /// The signed list.
    pub fn sign(&self, root: &HybridSecret) -> Vec<u8> {
        let mut signed = Many::new(canonical::encode(self));
        signed.sign(domain::REVOCATIONS, self.party.as_str().as_bytes(), root);
        signed.encode()
    }

    /// The same with a root wherever its key is.
    ///
    /// # Errors
    /// The root did not sign.
    pub fn sign_as_root(&self, root: &dyn RootSigner) -> Result<Vec<u8>, RevocationError> {
        let mut signed = Many::new(canonical::encode(self));
        signed.sign_as_root(domain::REVOCATIONS, self.party.as_str().as_bytes(), root)?;
        Ok(signed.encode())
    }

    /// Verifies a signed list against the party's root in the charter: both algorithms, and nobody else's signature on it.
    ///
    /// # Errors
    /// When it is none, or not the root's.
    pub fn open(charter: &VerifiedCharter, bytes: &[u8]) -> Result<Self, RevocationError> {
        let (list, signed) = Self::claimed(bytes)?;
        let party = charter.party(&list.party).ok_or_else(|| RevocationError::NoSuchParty(list.party.clone()))?;
        list.signed_by(&signed, &party.root)?;
        Ok(list)
    }

    /// The same for a party whose root is at hand.
    ///
    /// # Errors
    /// When it is none, another party's, or not signed by this root.
    pub fn open_by(party: &PartyId, root: &HybridPublic, bytes: &[u8]) -> Result<Self, RevocationError> {
        let (list, signed) = Self::claimed(bytes)?;
        if list.party != *party {
            return Err(RevocationError::NoSuchParty(list.party));
        }
        list.signed_by(&signed, root)?;
        Ok(list)
    }

    fn claimed(bytes: &[u8]) -> Result<(Self, Many), RevocationError> {
        let signed = Many::decode(bytes, REVOCATIONS_MAX)?;
        let list: Self = canonical::decode(signed.payload()).ok_or(RevocationError::NotCanonical)?;
        let ascends = list.devices.windows(2).all(|pair| pair[0] < pair[1]);
        if list.serial == 0 || list.devices.len() > REVOKED_MAX || !ascends {
            return Err(RevocationError::Unsound);
        }
        Ok((list, signed))
    }

    fn signed_by(&self, signed: &Many, root: &HybridPublic) -> Result<(), RevocationError> {
        let kid = self.party.as_str().as_bytes();
        let wrong = |(algorithm, fault)| RevocationError::Root(algorithm, fault);
        signed.check_only(domain::REVOCATIONS, kid, root).map_err(wrong)
    }

    /// The name of a signed list.
    pub fn name(&self, bytes: &[u8]) -> ListName {
        ListName { serial: self.serial, hash: Hash::of(bytes) }
    }
}
