//! One Ed25519 signature: COSE_Sign1 (RFC 9052 §4.2), tagged 18, no key id: who signed stands in the payload.

use super::{Algorithm, OpenError, held};
use crate::key::{HybridSecret, ed25519_holds};
use coset::{CoseSign1, Header, ProtectedHeader, SignatureContext, TaggedCborSerializable as _};

fn protected() -> ProtectedHeader {
    ProtectedHeader { original_data: None, header: Algorithm::Ed25519.header(&[]) }
}

fn to_be_signed(domain: &[u8], payload: &[u8]) -> Vec<u8> {
    coset::sig_structure_data(SignatureContext::CoseSign1, protected(), None, domain, payload)
}

fn encode(payload: Vec<u8>, signature: Vec<u8>) -> Vec<u8> {
    let message =
        CoseSign1 { protected: protected(), unprotected: Header::default(), payload: Some(payload), signature };
    // Encoding into memory cannot fail; if it ever did, no bytes open.
    message.to_tagged_vec().unwrap_or_default()
}

/// Signs `payload` for one purpose, see [`super::domain`].
pub fn sign1(secret: &HybridSecret, domain: &[u8], payload: &[u8]) -> Vec<u8> {
    let signature = secret.sign_ed25519(&to_be_signed(domain, payload));
    encode(payload.to_vec(), signature.to_vec())
}

/// Verifies and returns the payload. The caller has bounded the length of `bytes`.
pub fn open1(ed25519: &[u8; 32], domain: &[u8], bytes: &[u8]) -> Result<Vec<u8>, OpenError> {
    let (payload, signature) = parse(bytes)?;
    let name = held::name(ed25519, domain, bytes);
    if held::known(&name) {
        return Ok(payload);
    }
    if !ed25519_holds(ed25519, &to_be_signed(domain, &payload), &signature) {
        return Err(OpenError::Signature);
    }
    held::remember(name);
    Ok(payload)
}

/// The payload *before* its signature was verified: a claim, good for finding the key to verify with and for nothing
/// else.
pub fn peek1(bytes: &[u8]) -> Result<Vec<u8>, OpenError> {
    Ok(parse(bytes)?.0)
}

fn parse(bytes: &[u8]) -> Result<(Vec<u8>, Vec<u8>), OpenError> {
    let message = CoseSign1::from_tagged_slice(bytes).map_err(|_| OpenError::Malformed)?;
    let payload = message.payload.ok_or(OpenError::Malformed)?;
    // One encoding only: otherwise anyone could make a second, different entry out of a signed one.
    if message.signature.len() != 64 || encode(payload.clone(), message.signature.clone()) != bytes {
        return Err(OpenError::Malformed);
    }
    Ok((payload, message.signature))
}
