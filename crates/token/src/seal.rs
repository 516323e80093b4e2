//! The seed of the ML-DSA-87 key under an AES-256 key that never leaves the token: AES-256-GCM, done by the token.

use crate::enter::Entered;
use crate::error::TokenError;
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::ObjectHandle;
use trialogue_charter::MlDsa87Secret;
use zeroize::Zeroizing;

/// First byte of a sealed seed.
const VERSION: u8 = 1;
/// Length of the initialization vector in bytes (SP 800-38D §5.2.1.1 recommends 96 bits). A key seals one seed once.
pub(crate) const IV_LEN: usize = 12;
const SEED_LEN: usize = 32;
const TAG_LEN: usize = 16;
const SEALED_LEN: usize = 1 + IV_LEN + SEED_LEN + TAG_LEN;

/// What the seed is sealed for: no sealed seed of another root can be put in its place.
fn context(ed25519: &[u8; 32]) -> Vec<u8> {
    [b"trialogue sealed seed 1".as_slice(), ed25519].concat()
}

pub(crate) fn seal(
    at: &Entered,
    key: ObjectHandle,
    ed25519: &[u8; 32],
    seed: &[u8; SEED_LEN],
    iv: &[u8; IV_LEN],
) -> Result<Vec<u8>, TokenError> {
    let refused = || TokenError::said(&at.label, "seal the ML-DSA-87 seed");
    let mut iv = *iv;
    let context = context(ed25519);
    let params = GcmParams::new(&mut iv, &context, 128.into()).map_err(refused())?;
    let text = at.session.encrypt(&Mechanism::AesGcm(params), key, seed).map_err(refused())?;
    // Some tokens insist on an initialization vector of their own and write it here: it is read only now.
    let sealed = [[VERSION].as_slice(), &iv, &text].concat();
    if sealed.len() != SEALED_LEN {
        return Err(TokenError::Seal(at.label.clone()));
    }
    Ok(sealed)
}

/// Opens a sealed seed for one signature; it is wiped when what is returned is dropped.
pub(crate) fn open(
    at: &Entered,
    key: ObjectHandle,
    ed25519: &[u8; 32],
    sealed: &[u8],
) -> Result<MlDsa87Secret, TokenError> {
    let damaged = || TokenError::Seal(at.label.clone());
    if sealed.len() != SEALED_LEN || sealed.first() != Some(&VERSION) {
        return Err(damaged());
    }
    let (iv, text) = sealed[1..].split_at(IV_LEN);
    let mut iv: [u8; IV_LEN] = iv.try_into().map_err(|_| damaged())?;
    let context = context(ed25519);
    let params = GcmParams::new(&mut iv, &context, 128.into()).map_err(|_| damaged())?;
    let seed = at.session.decrypt(&Mechanism::AesGcm(params), key, text).map_err(|_| damaged())?;
    let seed = Zeroizing::new(seed);
    let seed: &[u8; SEED_LEN] = seed.as_slice().try_into().map_err(|_| damaged())?;
    Ok(MlDsa87Secret::from_seed(seed))
}
