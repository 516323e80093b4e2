//! An enrolment link: `https://node/#enrol=…`. Browsers do not send the part after `#`, so the node never sees the
//! secret.

use crate::agreement::HybridPublic;
use crate::canonical;
use crate::cose::Many;
use crate::device::{Device, DeviceCertificate, DeviceSecret};
use crate::ids::{Hash, OfficeId, PartyId};
use crate::key::HybridSecret;
use crate::limits::{LINK_MAX, VOUCHER_MAX};
use crate::person::PersonName;
use crate::root::{RootSigner, SignError};
use crate::verified::VerifiedCharter;
use crate::voucher::{CertificateError, Voucher, VoucherId};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use minicbor::{Decode, Encode};
use zeroize::{Zeroize as _, Zeroizing};

/// What comes before the value in the fragment.
const FIELD: &str = "enrol=";

/// What an enrolment link carries. No `Debug`: it holds a secret.
#[derive(Clone)]
pub struct EnrolmentLink {
    seed: Zeroizing<[u8; 32]>,
    voucher: Vec<u8>,
    root: Hash,
}

/// A link that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a whole enrolment link: open or paste it again, from https:// to its end")]
pub struct BadLink;

#[derive(Encode, Decode)]
#[cbor(map)]
struct Fields {
    #[cbor(n(1), with = "minicbor::bytes")]
    seed: [u8; 32],
    #[cbor(n(2), with = "minicbor::bytes")]
    voucher: Vec<u8>,
    #[n(3)]
    root: Hash,
}

impl EnrolmentLink {
    /// Makes a voucher and its link: the act of a security officer. `not_after_ms` is the last instant of enrolment,
    /// milliseconds since 1970 UTC; `entropy` comes from the system's source.
    pub fn issue(
        root: &HybridSecret,
        party: PartyId,
        office: OfficeId,
        person: PersonName,
        not_after_ms: u64,
        entropy: &[u8; 48],
    ) -> Self {
        let (seed, voucher) = draft(party, office, person, not_after_ms, entropy);
        Self { seed, voucher: voucher.sign(root), root: root.public().fingerprint() }
    }

    /// The same with a root wherever its key is.
    ///
    /// # Errors
    /// The root did not sign.
    pub fn issue_as_root(
        root: &dyn RootSigner,
        party: PartyId,
        office: OfficeId,
        person: PersonName,
        not_after_ms: u64,
        entropy: &[u8; 48],
    ) -> Result<Self, SignError> {
        let (seed, voucher) = draft(party, office, person, not_after_ms, entropy);
        Ok(Self { seed, voucher: voucher.sign_as_root(root)?, root: root.public().fingerprint() })
    }

    /// The text after `#`.
    pub fn to_fragment(&self) -> Zeroizing<String> {
        let mut fields = Fields { seed: *self.seed, voucher: self.voucher.clone(), root: self.root };
        let bytes = Zeroizing::new(canonical::encode(&fields));
        fields.seed.zeroize();
        Zeroizing::new(format!("{FIELD}{}", Base64UrlUnpadded::encode_string(&bytes)))
    }

    /// Reads a whole link, or what comes after its `#`.
    pub fn parse(link: &str) -> Result<Self, BadLink> {
        let link = link.trim();
        if link.len() > LINK_MAX {
            return Err(BadLink);
        }
        let fragment = link.split_once('#').map_or(link, |(_, fragment)| fragment);
        let value = fragment.strip_prefix(FIELD).ok_or(BadLink)?;
        let bytes = Zeroizing::new(Base64UrlUnpadded::decode_vec(value).map_err(|_| BadLink)?);
        let mut fields: Fields = canonical::decode(&bytes).ok_or(BadLink)?;
        let link =
            Self { seed: Zeroizing::new(fields.seed), voucher: std::mem::take(&mut fields.voucher), root: fields.root };
        fields.seed.zeroize();
        Ok(link)
    }

    /// Fingerprint of the root that made the link: the pin for [`crate::UnverifiedCharter::verify`].
    pub fn root(&self) -> &Hash {
        &self.root
    }

    /// What the voucher says, verified: to greet the person before the device is made.
    pub fn voucher(&self, charter: &VerifiedCharter) -> Result<Voucher, CertificateError> {
        let voucher = Voucher::open(charter, &self.voucher)?;
        let own = charter.party(&voucher.party).map(|party| party.root.fingerprint());
        if own != Some(self.root) || voucher.key != HybridSecret::from_seed(&self.seed).public().fingerprint() {
            return Err(CertificateError::OtherKey);
        }
        Ok(voucher)
    }

    /// Certifies a device, at `made_ms` by its own clock: the device certificate, and what it says. Forget the link
    /// afterwards.
    pub fn certify(
        &self,
        charter: &VerifiedCharter,
        device: &DeviceSecret,
        made_ms: u64,
    ) -> Result<(Vec<u8>, Device), CertificateError> {
        let bytes = self.certify_ahead(device, made_ms)?;
        let device = DeviceCertificate::verify(charter, &bytes)?;
        Ok((bytes, device))
    }

    /// Certifies a device before a charter is at hand, so that a console can store its whole identity before it first
    /// connects: a link works once. Of the voucher only its key and its time are judged; the node and every console
    /// verify the rest.
    pub fn certify_ahead(&self, device: &DeviceSecret, made_ms: u64) -> Result<Vec<u8>, CertificateError> {
        self.certify_keys(device.public(), device.possess(&self.voucher), made_ms)
    }

    pub(crate) fn certify_keys(
        &self,
        device: HybridPublic,
        possession: [u8; 64],
        made_ms: u64,
    ) -> Result<Vec<u8>, CertificateError> {
        let signed = Many::decode(&self.voucher, VOUCHER_MAX)?;
        let claims: Voucher = canonical::decode(signed.payload()).ok_or(CertificateError::NotCanonical)?;
        let key = HybridSecret::from_seed(&self.seed);
        let public = key.public();
        if claims.key != public.fingerprint() {
            return Err(CertificateError::OtherKey);
        }
        if made_ms > claims.not_after_ms {
            return Err(CertificateError::Late);
        }
        let voucher = self.voucher.clone();
        let certificate = DeviceCertificate { voucher, voucher_key: public, device, made_ms, possession };
        Ok(certificate.sign(&claims.id, &key))
    }
}

/// A new one-time key and the voucher that will be signed for it.
fn draft(
    party: PartyId,
    office: OfficeId,
    person: PersonName,
    not_after_ms: u64,
    entropy: &[u8; 48],
) -> (Zeroizing<[u8; 32]>, Voucher) {
    let mut seed = Zeroizing::new([0; 32]);
    let mut id = VoucherId([0; 16]);
    seed.copy_from_slice(&entropy[..32]);
    id.0.copy_from_slice(&entropy[32..]);
    let key = HybridSecret::from_seed(&seed).public().fingerprint();
    (seed, Voucher { id, party, office, person, not_after_ms, key })
}
