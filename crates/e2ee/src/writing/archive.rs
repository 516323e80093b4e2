//! Sealing contents for a party's archive (sealing.md §8). The machine that reads the line and fills the archive has
//! the public half only: who takes it away, or breaks into it, opens nothing that is in the archive already.

use super::content::Content;
use super::seal::{pad, unpad};
use openmls::prelude::OpenMlsCrypto;
use openmls_rust_crypto::RustCrypto;
use openmls_traits::types::{HpkeAeadType, HpkeCiphertext, HpkeConfig, HpkeKdfType, HpkeKemType};
use trialogue_charter::{Hash, LineId};
use zeroize::Zeroizing;

/// Bytes of the public half: X-Wing, ML-KEM-768 beside X25519.
pub const ARCHIVE_PUBLIC: usize = 1_216;
/// Bytes of the encapsulated key before a sealed content.
const ENCAPSULATED: usize = 1_120;
const INFO: &[u8] = b"trialogue archive 1";
const CONFIG: HpkeConfig = HpkeConfig(HpkeKemType::XWingKemDraft6, HpkeKdfType::HkdfSha256, HpkeAeadType::AesGcm256);

/// Opens a party's archive. No `Debug`; wiped when dropped. Kept offline, by those who may read what principals wrote.
pub struct ArchiveSecret {
    seed: Zeroizing<[u8; 32]>,
}

/// Seals for a party's archive.
#[derive(Clone, PartialEq, Eq)]
pub struct ArchivePublic(Vec<u8>);

/// Why the archive's key is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// Not a key of this kind.
    #[error("this is no key of an archive: make one with `trialogue archive key`")]
    Key,
    /// Another key, or damaged.
    #[error("this was not sealed for that archive's key, or was changed since")]
    Seal,
    /// The platform has no random numbers, or the library fails.
    #[error("the content cannot be sealed for the archive: the system gives no random numbers")]
    Make,
}

impl ArchiveSecret {
    /// The one of this seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self { seed: Zeroizing::new(*seed) }
    }

    /// To be kept offline.
    #[must_use]
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// Its public half.
    ///
    /// # Errors
    /// [`ArchiveError::Key`], which cannot happen with a seed of this length.
    pub fn public(&self) -> Result<ArchivePublic, ArchiveError> {
        let pair = RustCrypto::default().derive_hpke_keypair(CONFIG, &*self.seed).map_err(|_| ArchiveError::Key)?;
        ArchivePublic::from_bytes(&pair.public)
    }

    /// Opens the content of a writing, and holds it against what its writer has signed.
    ///
    /// # Errors
    /// [`ArchiveError::Seal`]: another key, another writing, or not what was signed.
    pub fn open(&self, line: &LineId, writing: &Hash, digest: &Hash, sealed: &[u8]) -> Result<Content, ArchiveError> {
        let (key, text) = sealed.split_at_checked(ENCAPSULATED).ok_or(ArchiveError::Seal)?;
        let pair = RustCrypto::default().derive_hpke_keypair(CONFIG, &*self.seed).map_err(|_| ArchiveError::Key)?;
        let sealed = HpkeCiphertext { kem_output: key.to_vec().into(), ciphertext: text.to_vec().into() };
        let padded = RustCrypto::default()
            .hpke_open(CONFIG, &sealed, &pair.private, INFO, &context(line, writing))
            .map(Zeroizing::new)
            .map_err(|_| ArchiveError::Seal)?;
        let bytes = unpad(&padded).ok_or(ArchiveError::Seal)?;
        if Hash::of(bytes) != *digest {
            return Err(ArchiveError::Seal);
        }
        Content::decode(bytes).ok_or(ArchiveError::Seal)
    }
}

impl ArchivePublic {
    /// From its bytes, [`ARCHIVE_PUBLIC`] of them.
    ///
    /// # Errors
    /// [`ArchiveError::Key`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ArchiveError> {
        if bytes.len() == ARCHIVE_PUBLIC { Ok(Self(bytes.to_vec())) } else { Err(ArchiveError::Key) }
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Seals the content of a writing, as [`Content::encode`] gives it.
    ///
    /// # Errors
    /// [`ArchiveError::Make`].
    pub fn seal(&self, line: &LineId, writing: &Hash, content: &[u8]) -> Result<Vec<u8>, ArchiveError> {
        let padded = pad(content).ok_or(ArchiveError::Make)?;
        let sealed = RustCrypto::default()
            .hpke_seal(CONFIG, &self.0, INFO, &context(line, writing), &padded)
            .map_err(|_| ArchiveError::Make)?;
        Ok([sealed.kem_output.as_slice(), sealed.ciphertext.as_slice()].concat())
    }
}

/// What it is: nobody can put one content in the place of another.
fn context(line: &LineId, writing: &Hash) -> Vec<u8> {
    [writing.0.as_slice(), line.as_str().as_bytes()].concat()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::writing::{Part, Tongue};
    use trialogue_journal::Language;

    fn content(text: &str) -> Content {
        let text = Tongue { language: Language::Ja, text: text.to_owned() };
        Content::new(Part::Message { text, marking: String::new(), files: None }, &mut crate::chance::any()).unwrap()
    }

    #[test]
    fn an_archive_opens_with_its_secret_alone_and_each_content_where_it_belongs() {
        let secret = ArchiveSecret::from_seed(&[1; 32]);
        let again = ArchiveSecret::from_seed(secret.seed());
        assert!(secret.public().unwrap() == again.public().unwrap(), "the seed is all there is");
        let (line, other) = (LineId::new("duty").unwrap(), LineId::new("leaders").unwrap());
        let (said, id) = (content("艦船を確認しました。"), Hash([3; 48]));
        let bytes = said.encode();
        let digest = Hash::of(&bytes);
        let sealed = secret.public().unwrap().seal(&line, &id, &bytes).unwrap();
        assert!(again.open(&line, &id, &digest, &sealed).unwrap() == said);
        let refused = Err(ArchiveError::Seal);
        assert_eq!(ArchiveSecret::from_seed(&[2; 32]).open(&line, &id, &digest, &sealed), refused);
        assert_eq!(secret.open(&other, &id, &digest, &sealed), refused);
        assert_eq!(secret.open(&line, &Hash([4; 48]), &digest, &sealed), refused);
        assert_eq!(secret.open(&line, &id, &Hash::of(b"something else"), &sealed), refused);
        assert_eq!(secret.open(&line, &id, &digest, &sealed[..ENCAPSULATED]), refused);
        assert_eq!(secret.open(&line, &id, &digest, &[]), refused);
        for at in (0..sealed.len()).step_by(37) {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert_eq!(secret.open(&line, &id, &digest, &bent), refused);
        }
        assert!(ArchivePublic::from_bytes(&[1; 32]).is_err());
    }

    #[test]
    fn the_length_of_what_is_archived_says_little() {
        let public = ArchiveSecret::from_seed(&[9; 32]).public().unwrap();
        let line = LineId::new("duty").unwrap();
        let of = |text: &str| public.seal(&line, &Hash([3; 48]), &content(text).encode()).unwrap().len();
        assert_eq!(of("네"), of("확인했습니다. 곧 다시 연락드리겠습니다."));
    }
}
