//! `crypto-basics` of the MLS working group (RFC 9420 §5.1, §5.2, §8) through the provider that holds our groups.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::OpenMlsProvider as _;
use openmls_traits::crypto::OpenMlsCrypto as _;
use openmls_traits::types::{Ciphersuite, HpkeCiphertext};
use serde_json::Value;

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

/// `opaque<V>` of less than 16,384 bytes (RFC 9420 §2.1.2).
fn opaque(content: &[u8]) -> Vec<u8> {
    let len = content.len();
    let header = if len < 64 { vec![len as u8] } else { (0x4000 | len as u16).to_be_bytes().to_vec() };
    [header, content.to_vec()].concat()
}

fn labelled(prefix: &[u8], label: &Value, content: &[u8]) -> Vec<u8> {
    let label = [b"MLS 1.0 ".as_slice(), label.as_str().unwrap().as_bytes()].concat();
    [prefix.to_vec(), opaque(&label), opaque(content)].concat()
}

#[test]
fn the_provider_computes_what_the_rfc_says() {
    let provider = OpenMlsRustCrypto::default();
    let crypto = provider.crypto();
    let file: Value = serde_json::from_str(include_str!("vectors/mls-crypto-basics.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 3);
    for case in cases {
        let suite = Ciphersuite::try_from(case["cipher_suite"].as_u64().unwrap() as u16).unwrap();
        let expand = |secret: &Value, label: &Value, context: &[u8], length: u16| {
            let info = labelled(&length.to_be_bytes(), label, context);
            let okm = crypto.hkdf_expand(suite.hash_algorithm(), &bytes(secret), &info, length.into()).unwrap();
            okm.as_slice().to_vec()
        };

        let c = &case["expand_with_label"];
        let length = c["length"].as_u64().unwrap() as u16;
        assert_eq!(expand(&c["secret"], &c["label"], &bytes(&c["context"]), length), bytes(&c["out"]));

        let c = &case["derive_secret"];
        let length = suite.hash_length() as u16;
        assert_eq!(expand(&c["secret"], &c["label"], &[], length), bytes(&c["out"]));

        let c = &case["derive_tree_secret"];
        let generation = (c["generation"].as_u64().unwrap() as u32).to_be_bytes();
        let length = c["length"].as_u64().unwrap() as u16;
        assert_eq!(expand(&c["secret"], &c["label"], &generation, length), bytes(&c["out"]));

        // The vector's label stands alone: RefHash has no "MLS 1.0" before it (RFC 9420 §5.2).
        let c = &case["ref_hash"];
        let input = [opaque(c["label"].as_str().unwrap().as_bytes()), opaque(&bytes(&c["value"]))].concat();
        assert_eq!(crypto.hash(suite.hash_algorithm(), &input).unwrap(), bytes(&c["out"]));

        let c = &case["sign_with_label"];
        let content = labelled(&[], &c["label"], &bytes(&c["content"]));
        let (public, signature) = (bytes(&c["pub"]), bytes(&c["signature"]));
        crypto.verify_signature(suite.signature_algorithm(), &content, &public, &signature).unwrap();
        let other = labelled(&[], &Value::from("OtherLabel"), &bytes(&c["content"]));
        assert!(crypto.verify_signature(suite.signature_algorithm(), &other, &public, &signature).is_err());

        let c = &case["encrypt_with_label"];
        let info = labelled(&[], &c["label"], &bytes(&c["context"]));
        let sealed =
            HpkeCiphertext { kem_output: bytes(&c["kem_output"]).into(), ciphertext: bytes(&c["ciphertext"]).into() };
        let opened = crypto.hpke_open(suite.hpke_config(), &sealed, &bytes(&c["priv"]), &info, &[]).unwrap();
        assert_eq!(opened.as_slice(), bytes(&c["plaintext"]));
    }
}
