//! A device: a console's keys, and the certificate that ties them to an office.

use crate::agreement::{HybridPublic, Suite};
use crate::canonical;
use crate::cose::{self, Many, Signed1, domain};
use crate::ids::{DeviceId, Hash, NodeId, OfficeId, PartyId};
use crate::key::{HybridSecret, ed25519_holds};
use crate::limits::CERTIFICATE_MAX;
use crate::person::PersonName;
use crate::verified::VerifiedCharter;
use crate::voucher::{CertificateError, Voucher, VoucherId};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

/// What a device certificate says. Signed by the voucher's one-time key, which is then forgotten; and the device has
/// signed for the voucher, so that no party certifies another party's device as its own.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DeviceCertificate {
    /// The signed voucher.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub voucher: Vec<u8>,
    /// The voucher's one-time key, whose fingerprint the voucher names.
    #[n(2)]
    pub voucher_key: HybridPublic,
    /// The device's keys.
    #[n(3)]
    pub device: HybridPublic,
    /// When, by the device's clock, milliseconds since 1970 UTC.
    #[n(4)]
    pub made_ms: u64,
    /// Of the device itself, see [`DeviceSecret::possess`].
    #[cbor(n(5), with = "minicbor::bytes")]
    pub possession: [u8; 64],
}

/// A device as its party certified it. Made by [`DeviceCertificate::verify`] only, or read back from what a node has
/// kept of that.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Device {
    /// Its id.
    #[n(0)]
    pub id: DeviceId,
    /// Its party.
    #[n(1)]
    pub party: PartyId,
    /// The office that it serves.
    #[n(2)]
    pub office: OfficeId,
    /// Who holds it.
    #[n(3)]
    pub person: PersonName,
    /// Signs statements and log-ins.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub ed25519: [u8; 32],
    /// ML-DSA-87 public key.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub ml_dsa_87: Vec<u8>,
    /// The voucher that it was enrolled with.
    #[n(6)]
    pub voucher_id: VoucherId,
    /// Last instant of enrolment, milliseconds since 1970 UTC; the node checks it when the device first comes.
    #[n(7)]
    pub not_after_ms: u64,
}

impl DeviceCertificate {
    /// Certifies a device with the voucher's key.
    pub(crate) fn sign(&self, voucher_id: &VoucherId, voucher_key: &HybridSecret) -> Vec<u8> {
        let mut signed = Many::new(canonical::encode(self));
        signed.sign(domain::DEVICE, &voucher_id.0, voucher_key);
        signed.encode()
    }

    /// Verifies the whole chain: root → voucher → device. Expiry is not judged here: a node compares
    /// [`Device::not_after_ms`] with its clock once, at enrolment. What holds under a charter holds for good: it is
    /// verified once.
    pub fn verify(charter: &VerifiedCharter, bytes: &[u8]) -> Result<Device, CertificateError> {
        if bytes.len() > CERTIFICATE_MAX {
            return Self::chain(charter, bytes);
        }
        let hash = Hash::of(bytes);
        if let Some(device) = charter.devices.get(&hash) {
            return Ok(device);
        }
        let device = Self::chain(charter, bytes)?;
        charter.devices.keep(hash, &device);
        Ok(device)
    }

    /// The keys that a certificate is about, whoever has signed it: a device's id is made of them, so that what it has
    /// signed is known also when its party has another root since. None: it is not a certificate in its one form.
    pub fn keys(bytes: &[u8]) -> Option<HybridPublic> {
        let signed = Many::decode(bytes, CERTIFICATE_MAX).ok()?;
        let certificate: Self = canonical::decode(signed.payload())?;
        Some(certificate.device).filter(HybridPublic::is_well_formed)
    }

    fn chain(charter: &VerifiedCharter, bytes: &[u8]) -> Result<Device, CertificateError> {
        let signed = Many::decode(bytes, CERTIFICATE_MAX)?;
        let certificate: Self = canonical::decode(signed.payload()).ok_or(CertificateError::NotCanonical)?;
        let voucher = Voucher::open(charter, &certificate.voucher)?;
        if !certificate.voucher_key.is_well_formed() || certificate.voucher_key.fingerprint() != voucher.key {
            return Err(CertificateError::OtherKey);
        }
        signed
            .check_only(domain::DEVICE, &voucher.id.0, &certificate.voucher_key)
            .map_err(|(a, fault)| CertificateError::Voucher(a, fault))?;
        if !certificate.device.is_well_formed() {
            return Err(CertificateError::DeviceKey);
        }
        if certificate.made_ms > voucher.not_after_ms {
            return Err(CertificateError::Late);
        }
        if !ed25519_holds(&certificate.device.ed25519, &possession(&certificate.voucher), &certificate.possession) {
            return Err(CertificateError::Possession);
        }
        Ok(Device {
            id: certificate.device.device_id(),
            party: voucher.party,
            office: voucher.office,
            person: voucher.person,
            ed25519: certificate.device.ed25519,
            ml_dsa_87: certificate.device.ml_dsa_87,
            voucher_id: voucher.id,
            not_after_ms: voucher.not_after_ms,
        })
    }
}

impl Device {
    /// The public key of the device's MLS leaf in a suite.
    pub fn mls_public(&self, suite: Suite) -> &[u8] {
        match suite {
            Suite::XWing => &self.ed25519,
            Suite::Cnsa2 => &self.ml_dsa_87,
        }
    }

    /// Did this device answer the node's challenge, where it was reached at `origin`? See [`DeviceSecret::prove`].
    pub fn proves(&self, node: &NodeId, origin: &str, nonce: &[u8; 32], signature: &[u8]) -> bool {
        ed25519_holds(&self.ed25519, &challenge(node, origin, nonce), signature)
    }

    /// Whether this device signed it as a statement for a journal.
    pub fn stated(&self, signed: &Signed1) -> bool {
        signed.holds(&self.ed25519, domain::STATEMENT)
    }
}

/// The secret keys of a device: one 32-byte seed, kept by the console and nowhere else.
#[derive(Clone)]
pub struct DeviceSecret(HybridSecret);

/// The MLS signature key of a device, in the form that openmls takes.
pub struct MlsKey {
    /// 32-byte seed: RFC 8032 private key, or ξ of FIPS 204.
    pub private: Zeroizing<[u8; 32]>,
    /// Ed25519 (32 bytes) or ML-DSA-87 (2,592 bytes).
    pub public: Vec<u8>,
}

impl DeviceSecret {
    /// The device of this seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(HybridSecret::from_seed(seed))
    }

    /// A new device from 32 bytes of entropy.
    pub fn generate(entropy: [u8; 32]) -> Self {
        Self(HybridSecret::generate(entropy))
    }

    /// The seed, to be stored by the console.
    pub fn seed(&self) -> &[u8; 32] {
        self.0.seed()
    }

    /// The public keys.
    pub fn public(&self) -> HybridPublic {
        self.0.public()
    }

    /// The device's id.
    pub fn id(&self) -> DeviceId {
        self.0.public().device_id()
    }

    /// Signs a journal statement (its encoded bytes) as COSE_Sign1.
    pub fn sign_statement(&self, payload: &[u8]) -> Vec<u8> {
        cose::sign1(&self.0, domain::STATEMENT, payload)
    }

    /// Answers a node's challenge: Ed25519 over `trialogue log-in 2`, the node id's length (1 byte), the node id, the
    /// length of the origin at which the console has reached the node (2 bytes), the origin and the nonce. A site that
    /// hands on the challenge of another gets an answer that names itself.
    pub fn prove(&self, node: &NodeId, origin: &str, nonce: &[u8; 32]) -> [u8; 64] {
        self.0.sign_ed25519(&challenge(node, origin, nonce))
    }

    /// Signs for the voucher with which it is enrolled: Ed25519 over `trialogue possession 1` and the SHA-384 of the
    /// signed voucher. Without that a party could certify another party's device, whose public keys everybody has, as
    /// its own, and revoke it.
    pub fn possess(&self, voucher: &[u8]) -> [u8; 64] {
        self.0.sign_ed25519(&possession(voucher))
    }

    /// The key of the device's MLS leaf in a suite.
    pub fn mls_key(&self, suite: Suite) -> MlsKey {
        let public = self.0.public();
        match suite {
            Suite::XWing => MlsKey { private: Zeroizing::new(*self.0.ed25519_seed()), public: public.ed25519.to_vec() },
            Suite::Cnsa2 => MlsKey { private: Zeroizing::new(*self.0.ml_dsa_87_seed()), public: public.ml_dsa_87 },
        }
    }
}

fn challenge(node: &NodeId, origin: &str, nonce: &[u8; 32]) -> Vec<u8> {
    let id = node.as_str().as_bytes();
    // A node id has at most 32 bytes, so its length is one byte.
    let len = [id.len().min(255) as u8];
    // An origin has at most [`crate::limits::ORIGIN_MAX`] bytes, so two hold its length.
    let origin_len = (origin.len().min(usize::from(u16::MAX)) as u16).to_be_bytes();
    [domain::LOG_IN, &len, id, &origin_len, origin.as_bytes(), nonce].concat()
}

fn possession(voucher: &[u8]) -> Vec<u8> {
    [domain::POSSESSION, &Hash::of(voucher).0].concat()
}
