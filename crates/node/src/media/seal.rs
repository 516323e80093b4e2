//! SRTP for voice: one header, one seal, no bookkeeping. AES-GCM (RFC 7714), and AES-CM with HMAC-SHA1 (RFC 3711),
//! which is what Chromium puts first with DTLS 1.3. Either way the payload is sealed end to end already; this is the
//! hop's own protection.

use super::keys::Keys;
use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use str0m::crypto::dtls::SrtpProfile;
use zeroize::Zeroizing;

/// Labels of the key derivation for RTP (RFC 3711 §4.3.2).
const LABEL_KEY: u8 = 0;
const LABEL_AUTH: u8 = 1;
const LABEL_SALT: u8 = 2;
/// Length of the tag of AES-CM with HMAC-SHA1-80.
const SHORT_TAG: usize = 10;

/// Seals what goes to one console.
pub(super) struct Sealer {
    cipher: Cipher,
    salt: [u8; 14],
}

enum Cipher {
    Gcm(LessSafeKey),
    Cm(Box<(EncryptingKey, hmac::Key)>),
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
    /// None: another profile was agreed on.
    pub(super) fn new(keys: &Keys) -> Option<Self> {
        let (length, salt_length) = match keys.profile {
            SrtpProfile::AES128_CM_SHA1_80 => (16, 14),
            SrtpProfile::AEAD_AES_128_GCM => (16, 12),
            SrtpProfile::AEAD_AES_256_GCM => (32, 12),
            _ => return None,
        };
        // RFC 5764 §4.2: client key, server key, client salt, server salt.
        let own = usize::from(!keys.client);
        let master = keys.material.get(own * length..(own + 1) * length)?;
        let salt_at = 2 * length + own * salt_length;
        let master_salt = keys.material.get(salt_at..salt_at + salt_length)?;
        let key = derive(master, master_salt, LABEL_KEY)?;
        let cipher = if keys.profile == SrtpProfile::AES128_CM_SHA1_80 {
            let auth = derive(master, master_salt, LABEL_AUTH)?;
            let auth = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &auth[..20]);
            Cipher::Cm(Box::new((EncryptingKey::ctr(UnboundCipherKey::new(&AES_128, &key[..16]).ok()?).ok()?, auth)))
        } else {
            let algorithm = if length == 16 { &AES_128_GCM } else { &AES_256_GCM };
            Cipher::Gcm(LessSafeKey::new(UnboundKey::new(algorithm, &key[..length]).ok()?))
        };
        let salt = *derive(master, master_salt, LABEL_SALT)?.first_chunk()?;
        Some(Self { cipher, salt })
    }

    /// Appends one sealed packet to `out`. False: nothing was appended. A sequence must never come twice for an SSRC.
    pub(super) fn seal(&self, header: &Header<'_>, payload: &[u8], out: &mut Vec<u8>) -> bool {
        let begin = out.len();
        header.write(out);
        let body = out.len();
        out.extend_from_slice(payload);
        let sealed = match &self.cipher {
            Cipher::Gcm(key) => self.gcm(key, header, begin, body, out),
            Cipher::Cm(keys) => self.cm(keys, header, begin, body, out),
        };
        if sealed.is_none() {
            out.truncate(begin);
        }
        sealed.is_some()
    }

    /// RFC 7714 §8: the header is authenticated, the nonce is of SSRC, roll-over counter and sequence.
    fn gcm(&self, key: &LessSafeKey, header: &Header<'_>, begin: usize, body: usize, out: &mut Vec<u8>) -> Option<()> {
        let mut nonce = [0; 12];
        nonce[2..6].copy_from_slice(&header.ssrc.to_be_bytes());
        nonce[6..].copy_from_slice(&header.sequence.to_be_bytes()[2..]);
        nonce.iter_mut().zip(self.salt).for_each(|(byte, salt)| *byte ^= salt);
        let (clear, sealed) = out[begin..].split_at_mut(body - begin);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = key.seal_in_place_separate_tag(nonce, Aad::from(&*clear), sealed).ok()?;
        out.extend_from_slice(tag.as_ref());
        Some(())
    }

    /// RFC 3711 §4.1.1 and §4.2: the roll-over counter is authenticated behind the packet and not sent.
    fn cm(
        &self,
        (key, auth): &(EncryptingKey, hmac::Key),
        header: &Header<'_>,
        begin: usize,
        body: usize,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let mut counter = [0; 16];
        counter[4..8].copy_from_slice(&header.ssrc.to_be_bytes());
        counter[8..14].copy_from_slice(&header.sequence.to_be_bytes()[2..]);
        counter.iter_mut().zip(self.salt).for_each(|(byte, salt)| *byte ^= salt);
        key.less_safe_encrypt(&mut out[body..], EncryptionContext::Iv128(FixedLength::from(counter))).ok()?;
        let end = out.len();
        out.extend_from_slice(&header.sequence.to_be_bytes()[2..6]);
        let tag = hmac::sign(auth, &out[begin..]);
        out.truncate(end);
        out.extend_from_slice(&tag.as_ref()[..SHORT_TAG]);
        Some(())
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

/// RFC 3711 §4.3.3 with a key derivation rate of 0: the key stream of AES in counter mode. 32 bytes; a shorter key is
/// the beginning.
fn derive(master: &[u8], salt: &[u8], label: u8) -> Option<Zeroizing<[u8; 32]>> {
    let mut counter = [0; 16];
    counter[..salt.len()].copy_from_slice(salt);
    counter[7] ^= label;
    let algorithm = if master.len() == 16 { &AES_128 } else { &AES_256 };
    let key = EncryptingKey::ctr(UnboundCipherKey::new(algorithm, master).ok()?).ok()?;
    let mut derived = Zeroizing::new([0; 32]);
    key.less_safe_encrypt(&mut *derived, EncryptionContext::Iv128(FixedLength::from(counter))).ok()?;
    Some(derived)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn sealed(profile: SrtpProfile, own: &[u8], salt: &[u8]) -> Vec<u8> {
        let other = vec![0xee; own.len()];
        let other_salt = vec![0xdd; salt.len()];
        let material = Zeroizing::new([&other[..], own, &other_salt, salt].concat());
        let sealer = Sealer::new(&Keys { material, profile, client: false }).unwrap();
        let header =
            Header { marker: false, payload_type: 15, sequence: 0x1234, time: 0xdecafbad, ssrc: 0xcafebabe, mid: None };
        let mut out = vec![7];
        assert!(sealer.seal(&header, &[0xab; 16], &mut out));
        out.split_off(1)
    }

    /// The packet that libsrtp's own tests use for each profile, and the keys of RFC 3711 appendix B.3.
    #[test]
    fn packets_are_those_of_libsrtp() {
        let master = hex::decode("e1f97a0d3e018be0d64fa32c06de4139").unwrap();
        let salt = hex::decode("0ec675ad498afeebb6960b3aabe6").unwrap();
        assert_eq!(
            hex::encode(sealed(SrtpProfile::AES128_CM_SHA1_80, &master, &salt)),
            "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb"
        );
        let master = hex::decode("000102030405060708090a0b0c0d0e0f").unwrap();
        let salt = hex::decode("a0a1a2a3a4a5a6a7a8a9aaab").unwrap();
        assert_eq!(
            hex::encode(sealed(SrtpProfile::AEAD_AES_128_GCM, &master, &salt)),
            "800f1234decafbadcafebabec5002ede04cfdd2eb91159e0880aa06ed2976826f796b201df3131a127e8a392"
        );
    }

    #[test]
    fn keys_are_those_of_rfc_3711_appendix_b_3() {
        let master = hex::decode("e1f97a0d3e018be0d64fa32c06de4139").unwrap();
        let salt = hex::decode("0ec675ad498afeebb6960b3aabe6").unwrap();
        let key = |label| hex::encode(*derive(&master, &salt, label).unwrap());
        assert!(key(LABEL_KEY).starts_with("c61e7a93744f39ee10734afe3ff7a087"));
        assert!(key(LABEL_SALT).starts_with("30cbbc08863d8c85d49db34a9ae1"));
        assert!(key(LABEL_AUTH).starts_with("cebe321f6ff7716b6fd4ab49af256a156d38baa4"));
    }

    #[test]
    fn the_mid_travels_in_whole_words() {
        let mut out = Vec::new();
        let header =
            Header { marker: true, payload_type: 111, sequence: 65_537, time: 1, ssrc: 2, mid: Some((4, "12")) };
        header.write(&mut out);
        assert_eq!(hex::encode(out), "90ef00010000000100000002bede000141313200");
    }
}
