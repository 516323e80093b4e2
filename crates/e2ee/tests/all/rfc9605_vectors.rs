//! The vectors of RFC 9605, Appendix C, through the library that seals our frames and, for our suite, through our own
//! types.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use serde::Deserialize;
use sframe::CipherSuite;
use sframe::frame::{EncryptedFrameView, MediaFrameView, SingleUseCounter};
use sframe::header::SframeHeader;
use sframe::key::{DecryptionKey, EncryptionKey};
use trialogue_charter::DeviceId;

#[derive(Deserialize)]
struct File {
    header: Vec<Header>,
    sframe: Vec<Frame>,
}

#[derive(Deserialize)]
struct Header {
    kid: u64,
    ctr: u64,
    encoded: String,
}

#[derive(Deserialize)]
struct Frame {
    cipher_suite: u16,
    kid: u64,
    ctr: u64,
    base_key: String,
    metadata: String,
    pt: String,
    ct: String,
}

fn file() -> File {
    serde_json::from_str(include_str!("vectors/sframe.json")).unwrap()
}

#[test]
fn headers_are_written_and_read_as_the_rfc_says() {
    let headers = file().header;
    assert_eq!(headers.len(), 289);
    for case in headers {
        let header = SframeHeader::new(case.kid, case.ctr);
        let mut bytes = vec![0; header.len()];
        header.serialize(&mut bytes).unwrap();
        assert_eq!(hex::encode(&bytes), case.encoded);
        let read = SframeHeader::deserialize(&bytes).unwrap();
        assert_eq!((read.key_id(), read.counter()), (case.kid, case.ctr));
    }
}

#[test]
fn frames_are_sealed_and_opened_as_the_rfc_says() {
    let frames = file().sframe;
    let mut ours = 0;
    for case in frames {
        let suite = match case.cipher_suite {
            1 => CipherSuite::AesCtr128HmacSha256_80,
            2 => CipherSuite::AesCtr128HmacSha256_64,
            3 => CipherSuite::AesCtr128HmacSha256_32,
            4 => CipherSuite::AesGcm128Sha256,
            5 => CipherSuite::AesGcm256Sha512,
            other => panic!("a vector for suite {other}"),
        };
        ours += u32::from(case.cipher_suite == 5);
        let bytes = |text: &str| hex::decode(text).unwrap();
        let (base, metadata, plain, sealed) =
            (bytes(&case.base_key), bytes(&case.metadata), bytes(&case.pt), bytes(&case.ct));

        let key = EncryptionKey::derive_from(suite, case.kid, &base).unwrap();
        let mut counter = SingleUseCounter::new(case.ctr);
        let frame = MediaFrameView::try_with_meta_data(&mut counter, &plain, &metadata).unwrap();
        let mut out = Vec::new();
        frame.encrypt_into(&key, &mut out).unwrap();
        assert_eq!(out, [metadata.clone(), sealed.clone()].concat(), "suite {}", case.cipher_suite);

        let key = DecryptionKey::derive_from(suite, case.kid, &base).unwrap();
        let frame = EncryptedFrameView::try_with_meta_data(&sealed, &metadata).unwrap();
        frame.decrypt_into(&key, &mut out).unwrap();
        assert_eq!(out, [metadata, plain].concat());
    }
    assert_eq!(ours, 1);
}

/// The base key of the RFC's vectors has 16 bytes and ours 32, so our own vector stands here; it is also in
/// `spec/sealing.md`.
#[test]
fn our_own_vector_holds() {
    use trialogue_e2ee::sealing::Source;
    use trialogue_e2ee::{BaseKey, GroupId, KeyId, Medium, Opener, Receiver, Sealer, TagKey, TagSecret};
    let id = KeyId::new(1, &GroupId([0xa5; 16]), 2, 3, 4).unwrap();
    assert_eq!(format!("{:014x}", id.to_u64()), "0696000200c004");
    let base = BaseKey::new(std::array::from_fn(|i| i as u8));
    let (from, to) = (DeviceId([1; 32]), DeviceId([2; 32]));
    let tag = TagKey::derive(&TagSecret::new([0x5e; 32]), &base, id, &from, &to);
    let mut wanted = include_str!("vectors/own-frame.txt").lines();
    assert_eq!(Some(hex::encode(tag.expose()).as_str()), wanted.next());
    let mut sealer = Sealer::new(id, &base, 0, vec![Receiver { party: 2, key: tag.clone() }]).unwrap();
    let (mut sealed, mut out) = (Vec::new(), Vec::new());
    sealer.seal(Medium::Picture, 0, b"\x11\x02\x00hotline", &mut sealed).unwrap();
    assert_eq!(Some(hex::encode(&sealed).as_str()), wanted.next());
    let mut opener = Opener::new();
    opener.insert(id, &base, &Source { device: from, party: 2, turn: 0, fellows: 1, tag, floor: 0 }).unwrap();
    assert_eq!(opener.open(Medium::Picture, &from, 0, &sealed, &mut out).unwrap().id, id);
    assert_eq!(out, b"\x11\x02\x00hotline");
}
