//! What a console without a browser keeps on disk, under its device's secret (sealing.md §8).

use crate::chance::Chance;
use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use hkdf::Hkdf;
use sha2::Sha512;
use zeroize::Zeroizing;

const INFO: &[u8] = b"trialogue kept 1";
const NONCE: usize = 12;

/// Seals what is kept. No `Debug`; wiped when dropped.
pub struct KeepKey(Zeroizing<[u8; 32]>);

impl KeepKey {
    /// From the secret of the device.
    #[must_use]
    pub fn of(device_secret: &[u8; 32]) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        // 32 bytes are far below what HKDF can give: this cannot fail.
        let _ = Hkdf::<Sha512>::new(None, device_secret).expand(INFO, &mut *key);
        Self(key)
    }

    /// Under a fresh nonce; none: the system gives no random numbers. One device keeps far fewer than the 2³² states
    /// that random nonces allow.
    #[must_use]
    pub fn seal(&self, bytes: &[u8], chance: &mut Chance) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE] = chance.draw().ok()?;
        let sealed = Aes256Gcm::new((&*self.0).into()).encrypt(&Nonce::from(nonce), bytes).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// None: another device's, or damaged.
    #[must_use]
    pub fn open(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        Aes256Gcm::new((&*self.0).into()).decrypt(&Nonce::from(*nonce), sealed).map(Zeroizing::new).ok()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_device_reads_what_it_kept() {
        let key = KeepKey::of(&[7; 32]);
        let sealed = key.seal(b"circles", &mut crate::chance::any()).unwrap();
        assert_eq!(key.open(&sealed).unwrap().as_slice(), b"circles");
        assert!(KeepKey::of(&[8; 32]).open(&sealed).is_none());
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert!(key.open(&bent).is_none());
        }
        assert!(key.open(&sealed[..NONCE]).is_none() && key.open(&[]).is_none());
    }
}
