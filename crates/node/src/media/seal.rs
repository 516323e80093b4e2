//! SRTP for voice, AES-GCM only (RFC 7714): one header, one seal, no bookkeeping.

use super::keys::Keys;
use str0m::crypto::dtls::SrtpProfile;
use str0m::crypto::{AeadAes128GcmCipher, AeadAes256GcmCipher, SrtpProvider};
use zeroize::Zeroizing;

/// Length of the tag after each packet.
const TAG: usize = 16;
/// Label of the RTP encryption key and of its salt in the key derivation (RFC 3711 §4.3.2).
const LABEL_KEY: u8 = 0;
const LABEL_SALT: u8 = 2;

/// Seals what goes to one console.
pub(super) struct Sealer {
    cipher: Cipher,
    salt: [u8; 12],
}

enum Cipher {
    Aes128(Box<dyn AeadAes128GcmCipher>),
    Aes256(Box<dyn AeadAes256GcmCipher>),
}

/// Header of one packet.
pub(super) struct Header<'a> {
    pub(super) marker: bool,
    pub(super) payload_type: u8,
    /// Extended; the upper part is the roll-over counter.
    pub(super) sequence: u64,
    pub(super) time: u32,
    pub(super) ssrc: u32,
    /// Id of the extension and the `mid` to carry (RFC 8843 §15), if any: 1 to 14, and at most 16 bytes.
    pub(super) mid: Option<(u8, &'a str)>,
}

impl Sealer {
    /// None: another profile than AES-GCM was agreed on.
    pub(super) fn new(keys: &Keys, provider: &dyn SrtpProvider) -> Option<Self> {
        let length = match keys.profile {
            SrtpProfile::AEAD_AES_128_GCM => 16,
            SrtpProfile::AEAD_AES_256_GCM => 32,
            _ => return None,
        };
        let own = usize::from(!keys.client);
        let master = keys.material.get(own * length..(own + 1) * length)?;
        let salt_at = 2 * length + own * 12;
        let master_salt = keys.material.get(salt_at..salt_at + 12)?;
        let key = derive(provider, master, master_salt, LABEL_KEY);
        let salt = derive(provider, master, master_salt, LABEL_SALT);
        let cipher = if length == 16 {
            Cipher::Aes128(provider.aead_aes_128_gcm().create_cipher(*key.first_chunk()?, true))
        } else {
            Cipher::Aes256(provider.aead_aes_256_gcm().create_cipher(*key, true))
        };
        Some(Self { cipher, salt: *salt.first_chunk()? })
    }

    /// Appends one sealed packet to `out`. False: nothing was appended. A sequence must never come twice for an SSRC.
    pub(super) fn seal(&mut self, header: &Header<'_>, payload: &[u8], out: &mut Vec<u8>) -> bool {
        let begin = out.len();
        header.write(out);
        let body = out.len();
        out.resize(body + payload.len() + TAG, 0);
        let (clear, sealed) = out[begin..].split_at_mut(body - begin);
        let nonce = self.nonce(header.ssrc, header.sequence);
        let done = match &mut self.cipher {
            Cipher::Aes128(cipher) => cipher.encrypt(&nonce, clear, payload, sealed),
            Cipher::Aes256(cipher) => cipher.encrypt(&nonce, clear, payload, sealed),
        };
        if done.is_err() {
            out.truncate(begin);
        }
        done.is_ok()
    }

    /// RFC 7714 §8.1.
    fn nonce(&self, ssrc: u32, sequence: u64) -> [u8; 12] {
        let mut nonce = [0; 12];
        nonce[2..6].copy_from_slice(&ssrc.to_be_bytes());
        nonce[6..].copy_from_slice(&sequence.to_be_bytes()[2..]);
        for (byte, salt) in nonce.iter_mut().zip(self.salt) {
            *byte ^= salt;
        }
        nonce
    }
}

impl Header<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let extended = if self.mid.is_some() { 0x10 } else { 0 };
        let marker = if self.marker { 0x80 } else { 0 };
        out.extend([0x80 | extended, marker | self.payload_type]);
        out.extend((self.sequence as u16).to_be_bytes());
        out.extend(self.time.to_be_bytes());
        out.extend(self.ssrc.to_be_bytes());
        if let Some((id, mid)) = self.mid {
            // One-byte form (RFC 8285 §4.2), filled up to whole words.
            let words = (1 + mid.len()).div_ceil(4);
            out.extend([0xbe, 0xde, 0, words as u8]);
            let begin = out.len();
            out.push(id << 4 | (mid.len() - 1) as u8);
            out.extend(mid.as_bytes());
            out.resize(begin + 4 * words, 0);
        }
    }
}

/// RFC 3711 §4.3.3 with a key derivation rate of 0; 32 bytes, of which a shorter key is the beginning.
fn derive(provider: &dyn SrtpProvider, master: &[u8], salt: &[u8], label: u8) -> Zeroizing<[u8; 32]> {
    let mut derived = Zeroizing::new([0; 32]);
    let mut input = [0; 16];
    input[..12].copy_from_slice(salt);
    input[7] ^= label;
    for (round, half) in derived.chunks_exact_mut(16).enumerate() {
        input[15] = round as u8;
        // The provider writes a block more than it is asked for.
        let mut block = Zeroizing::new([0; 32]);
        if master.len() == 16 {
            provider.srtp_aes_128_ecb_round(master, &input, &mut *block);
        } else {
            provider.srtp_aes_256_ecb_round(master, &input, &mut *block);
        }
        half.copy_from_slice(&block[..16]);
    }
    derived
}
