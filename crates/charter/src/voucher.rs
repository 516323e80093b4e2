//! A voucher: a party's root lets the holder of a one-time key enrol one device for an office.

use crate::canonical;
use crate::cose::{Algorithm, Fault, Many, OpenError, domain};
use crate::ids::{Hash, OfficeId, PartyId};
use crate::key::HybridSecret;
use crate::limits::VOUCHER_MAX;
use crate::person::PersonName;
use crate::root::{RootSigner, SignError};
use crate::verified::VerifiedCharter;
use minicbor::{Decode, Encode};
use std::fmt;

/// Names a voucher: 16 random bytes. A node accepts each once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct VoucherId(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

impl fmt::Debug for VoucherId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0[..8]))
    }
}

/// What a voucher says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Voucher {
    /// Its id.
    #[n(1)]
    pub id: VoucherId,
    /// Whose office it opens; this party's root signs.
    #[n(2)]
    pub party: PartyId,
    /// Which office.
    #[n(3)]
    pub office: OfficeId,
    /// Who will hold it.
    #[n(4)]
    pub person: PersonName,
    /// Last instant of enrolment, milliseconds since 1970 UTC. A device that was enrolled in time stays enrolled.
    #[n(5)]
    pub not_after_ms: u64,
    /// Fingerprint of the one-time key. Its public half travels in the device certificate, which keeps links short.
    #[n(6)]
    pub key: Hash,
}

/// Why a voucher or a device certificate was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not such bytes.
    #[error("this is not a voucher or device certificate: {0}")]
    Open(#[from] OpenError),
    /// The content is not deterministic CBOR of this format.
    #[error("the content is not in the one form that signatures are made for: ask for a new enrolment link")]
    NotCanonical,
    /// The voucher's party is not in the charter.
    #[error("the voucher is of party {0}, which the charter does not have: ask for a new enrolment link")]
    NoSuchParty(PartyId),
    /// The office is not in the charter, or another party's.
    #[error("party {party} has no office {office} in the charter: ask for a new enrolment link")]
    NoSuchOffice {
        /// Voucher's party.
        party: PartyId,
        /// Voucher's office.
        office: OfficeId,
    },
    /// The root did not sign the voucher.
    #[error("the {0} signature of the party's root on the voucher is {1}: ask for a new enrolment link")]
    Root(Algorithm, Fault),
    /// Another key than the voucher names.
    #[error("the voucher was made for another key: ask for a new enrolment link")]
    OtherKey,
    /// The voucher key did not sign the certificate.
    #[error("the {0} signature of the voucher's key on the device certificate is {1}: enrol again")]
    Voucher(Algorithm, Fault),
    /// The device's keys are none.
    #[error("the device's public keys are not usable: enrol again")]
    DeviceKey,
    /// The device did not sign for the voucher.
    #[error("the device whose keys are in the certificate did not sign for this voucher: enrol again")]
    Possession,
    /// Certified after the voucher ran out.
    #[error("the voucher had run out when the device was certified: ask for a new enrolment link")]
    Late,
}

impl Voucher {
    /// The signed voucher. Only [`crate::EnrolmentLink::issue`] and tests need it.
    pub fn sign(&self, root: &HybridSecret) -> Vec<u8> {
        let mut signed = Many::new(canonical::encode(self));
        signed.sign(domain::VOUCHER, self.party.as_str().as_bytes(), root);
        signed.encode()
    }

    /// The same with a root wherever its key is.
    pub(crate) fn sign_as_root(&self, root: &dyn RootSigner) -> Result<Vec<u8>, SignError> {
        let mut signed = Many::new(canonical::encode(self));
        signed.sign_as_root(domain::VOUCHER, self.party.as_str().as_bytes(), root)?;
        Ok(signed.encode())
    }

    /// Verifies a signed voucher against the party's root in the charter.
    pub fn open(charter: &VerifiedCharter, bytes: &[u8]) -> Result<Self, CertificateError> {
        let signed = Many::decode(bytes, VOUCHER_MAX)?;
        let voucher: Self = canonical::decode(signed.payload()).ok_or(CertificateError::NotCanonical)?;
        let party = charter.party(&voucher.party);
        let party = party.ok_or_else(|| CertificateError::NoSuchParty(voucher.party.clone()))?;
        let kid = voucher.party.as_str().as_bytes();
        signed.check_only(domain::VOUCHER, kid, &party.root).map_err(|(a, fault)| CertificateError::Root(a, fault))?;
        let office = charter.office(&voucher.office);
        if office.is_none_or(|office| office.party != voucher.party) {
            return Err(CertificateError::NoSuchOffice { party: voucher.party, office: voucher.office });
        }
        Ok(voucher)
    }
}
