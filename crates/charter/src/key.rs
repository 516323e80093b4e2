//! Hybrid keys: one Ed25519 and one ML-DSA-87 (FIPS 204) key under one 32-byte seed.

use crate::agreement::HybridPublic;
use crate::cose::Algorithm;
use crate::ids::{DeviceId, Hash};
use ed25519_dalek::Signer as _;
use hkdf::Hkdf;
use ml_dsa::{EncodedSignature, EncodedVerifyingKey, Keypair as _, MlDsa87, SigningKey, VerifyingKey};
use sha2::Sha384;
use std::fmt;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// Length of an ML-DSA-87 public key in bytes (FIPS 204, table 2).
pub const ML_DSA_87_PUBLIC: usize = 2_592;
/// Length of an ML-DSA-87 signature in bytes.
pub const ML_DSA_87_SIGNATURE: usize = 4_627;

/// Secret half of a hybrid key. Both keys come from one seed by HKDF-SHA-384 (RFC 5869) with the salt `trialogue key 1`
/// and the infos `ed25519` and `ml-dsa-87`, so that a key file, a link or a browser keeps 32 bytes.
#[derive(Clone, ZeroizeOnDrop)]
pub struct HybridSecret {
    seed: [u8; 32],
    ed25519: [u8; 32],
    ml_dsa_87: [u8; 32],
}

impl HybridSecret {
    /// The key of this seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self { seed: *seed, ed25519: derive(seed, b"ed25519"), ml_dsa_87: derive(seed, b"ml-dsa-87") }
    }

    /// A new key from 32 bytes of entropy, which the caller draws from the system's source.
    pub fn generate(entropy: [u8; 32]) -> Self {
        Self::from_seed(&Zeroizing::new(entropy))
    }

    /// The seed, to be stored.
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// Seed of the Ed25519 key (RFC 8032 §5.1.5 calls it the private key).
    pub fn ed25519_seed(&self) -> &[u8; 32] {
        &self.ed25519
    }

    /// Seed ξ of the ML-DSA-87 key (FIPS 204, algorithm 6).
    pub fn ml_dsa_87_seed(&self) -> &[u8; 32] {
        &self.ml_dsa_87
    }

    /// The public half.
    pub fn public(&self) -> HybridPublic {
        HybridPublic {
            ed25519: self.ed25519().verifying_key().to_bytes(),
            ml_dsa_87: ml_dsa_87_public(&self.ml_dsa_87),
        }
    }

    /// A bare Ed25519 signature. What is signed must start with a domain of its own; statements use
    /// [`crate::cose::sign1`].
    pub fn sign_ed25519(&self, message: &[u8]) -> [u8; 64] {
        self.ed25519().sign(message).to_bytes()
    }

    pub(crate) fn signature(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        match algorithm {
            Algorithm::Ed25519 => self.sign_ed25519(message).to_vec(),
            Algorithm::MlDsa87 => ml_dsa_87_sign(&self.ml_dsa_87, message),
        }
    }

    fn ed25519(&self) -> ed25519_dalek::SigningKey {
        ed25519_dalek::SigningKey::from_bytes(&self.ed25519)
    }
}

/// The ML-DSA-87 half of a root whose Ed25519 half is elsewhere: seed ξ of FIPS 204 algorithm 6, as it is.
#[derive(ZeroizeOnDrop)]
pub struct MlDsa87Secret {
    seed: [u8; 32],
}

impl MlDsa87Secret {
    /// The key of this seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self { seed: *seed }
    }

    /// The public half: 2,592 bytes.
    pub fn public(&self) -> Vec<u8> {
        ml_dsa_87_public(&self.seed)
    }

    /// A signature with an empty context: 4,627 bytes.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        ml_dsa_87_sign(&self.seed, message)
    }
}

fn ml_dsa_87_public(seed: &[u8; 32]) -> Vec<u8> {
    SigningKey::<MlDsa87>::from_seed(&(*seed).into()).verifying_key().encode().to_vec()
}

/// The deterministic variant (FIPS 204 §3.4): this crate draws no randomness of its own.
fn ml_dsa_87_sign(seed: &[u8; 32], message: &[u8]) -> Vec<u8> {
    use ml_dsa::Signer as _;
    SigningKey::<MlDsa87>::from_seed(&(*seed).into()).sign(message).encode().to_vec()
}

fn derive(seed: &[u8; 32], info: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    // Cannot fail: 32 bytes are less than the 255 × 48 that HKDF-SHA-384 can give (RFC 5869 §2.3).
    let _ = Hkdf::<Sha384>::new(Some(b"trialogue key 1"), seed).expand(info, &mut out);
    out
}

impl HybridPublic {
    /// SHA-384 over both keys (Ed25519, then ML-DSA-87): what people compare and what is pinned.
    pub fn fingerprint(&self) -> Hash {
        Hash::of(&[self.ed25519.as_slice(), self.ml_dsa_87.as_slice()].concat())
    }

    /// The id of a device with this key: the first 32 bytes of the fingerprint.
    pub fn device_id(&self) -> DeviceId {
        let mut id = [0; 32];
        id.copy_from_slice(&self.fingerprint().0[..32]);
        DeviceId(id)
    }

    /// Are these keys of the right form: an Ed25519 point in its one encoding that is not of small order, and 2,592
    /// bytes of ML-DSA-87.
    pub fn is_well_formed(&self) -> bool {
        self.ml_dsa_87.len() == ML_DSA_87_PUBLIC && ed25519_is_well_formed(&self.ed25519)
    }

    pub(crate) fn holds(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match algorithm {
            Algorithm::Ed25519 => ed25519_holds(&self.ed25519, message, signature),
            Algorithm::MlDsa87 => ml_dsa_87_holds(&self.ml_dsa_87, message, signature),
        }
    }
}

impl fmt::Debug for HybridPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HybridPublic({:?}…)", self.fingerprint())
    }
}

/// Is this an Ed25519 public key that may stand anywhere: a point of the curve, in its one encoding, not of small
/// order?
pub fn ed25519_is_well_formed(key: &[u8; 32]) -> bool {
    ed25519_key(key).is_some()
}

/// The key, if it is well formed. The curve library reads coordinates modulo p, so that some points have two encodings:
/// with the second one in a charter, two programs could disagree about which keys are the same. A zero x with a sign
/// has small order, and is refused with those.
fn ed25519_key(key: &[u8; 32]) -> Option<ed25519_dalek::VerifyingKey> {
    // p = 2^255 - 19, little-endian: everything from 0xed, 0xff … 0xff, 0x7f on is not below it.
    let reduced = key[0] < 0xed || key[1..31].iter().any(|byte| *byte != 0xff) || key[31] & 0x7f != 0x7f;
    let read = if reduced { ed25519_dalek::VerifyingKey::from_bytes(key).ok() } else { None };
    read.filter(|key| !key.is_weak())
}

/// Does an Ed25519 signature hold? Strictly (well-formed keys, no small-order points), so that no two keys share a
/// signature.
pub fn ed25519_holds(key: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    let (Some(key), Ok(signature)) = (ed25519_key(key), ed25519_dalek::Signature::from_slice(signature)) else {
        return false;
    };
    key.verify_strict(message, &signature).is_ok()
}

fn ml_dsa_87_holds(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    use ml_dsa::Verifier as _;
    let (Ok(key), Ok(signature)) =
        (<&EncodedVerifyingKey<MlDsa87>>::try_from(key), <&EncodedSignature<MlDsa87>>::try_from(signature))
    else {
        return false;
    };
    let Some(signature) = ml_dsa::Signature::<MlDsa87>::decode(signature) else {
        return false;
    };
    VerifyingKey::<MlDsa87>::decode(key).verify(message, &signature).is_ok()
}
