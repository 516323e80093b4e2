//! One Ed25519 signature: COSE_Sign1 (RFC 9052 §4.2), tagged 18, no key id: who signed stands in the payload.

use super::{Algorithm, OpenError, held};
use crate::key::{HybridSecret, ed25519_holds};
use coset::{CoseSign1, Header, ProtectedHeader, SignatureContext, TaggedCborSerializable as _};
use std::ops::Range;
use std::sync::Arc;

/// Bytes of an Ed25519 signature, the last thing in the encoding.
const SIGNATURE: usize = 64;
/// Bytes before the signature that say so: a byte string of 64 bytes (RFC 8949 §3.1).
const SIGNATURE_HEAD: usize = 2;

/// Signed bytes in their one encoding, read once. Whether the signature holds is asked with a key ([`Signed1::holds`]);
/// until then the payload is a claim, good for finding the key to ask with and for nothing else. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed1 {
    bytes: Arc<[u8]>,
    payload: Range<usize>,
}

impl Signed1 {
    /// Reads signed bytes. The caller has bounded their length.
    ///
    /// # Errors
    /// When they are no COSE_Sign1 as [`sign1`] writes it.
    pub fn parse(bytes: &[u8]) -> Result<Self, OpenError> {
        let message = CoseSign1::from_tagged_slice(bytes).map_err(|_| OpenError::Malformed)?;
        let (payload, signature) = (message.payload.ok_or(OpenError::Malformed)?, message.signature);
        let len = payload.len();
        // One encoding only: otherwise anyone could make a second, different entry out of a signed one.
        if signature.len() != SIGNATURE || encode(payload, signature) != bytes {
            return Err(OpenError::Malformed);
        }
        let end = bytes.len().saturating_sub(SIGNATURE + SIGNATURE_HEAD);
        Ok(Self { bytes: bytes.into(), payload: end.saturating_sub(len)..end })
    }

    /// What is signed.
    pub fn payload(&self) -> &[u8] {
        self.bytes.get(self.payload.clone()).unwrap_or_default()
    }

    /// All of it, as stored and sent.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether this key signed it for this purpose, see [`super::domain`].
    pub fn holds(&self, ed25519: &[u8; 32], domain: &[u8]) -> bool {
        let name = held::name(ed25519, domain, &self.bytes);
        if held::known(&name) {
            return true;
        }
        let signature = self.bytes.len().saturating_sub(SIGNATURE)..;
        let holds = self
            .bytes
            .get(signature)
            .is_some_and(|signature| ed25519_holds(ed25519, &to_be_signed(domain, self.payload()), signature));
        if holds {
            held::remember(name);
        }
        holds
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cose::domain;

    #[test]
    fn what_was_signed_is_read_where_it_stands() {
        let key = HybridSecret::from_seed(&[7; 32]);
        for payload in [&b""[..], b"ring", &[9; 23], &[9; 24], &[9; 300], &vec![9; 70_000]] {
            let bytes = sign1(&key, domain::ENTRY, payload);
            let signed = Signed1::parse(&bytes).unwrap();
            assert_eq!((signed.payload(), signed.bytes()), (payload, &bytes[..]));
            assert!(signed.holds(&key.public().ed25519, domain::ENTRY));
            assert!(!signed.holds(&key.public().ed25519, domain::STATEMENT), "for another purpose");
            assert!(!signed.holds(&[7; 32], domain::ENTRY), "no key of anybody");
            let mut altered = bytes.clone();
            *altered.last_mut().unwrap() ^= 1;
            let altered = Signed1::parse(&altered).unwrap();
            assert!(!altered.holds(&key.public().ed25519, domain::ENTRY));
        }
    }
}
