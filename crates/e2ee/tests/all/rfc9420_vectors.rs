//! Vectors of RFC 9420 by the MLS working group, through the library and the provider that hold our groups. There are
//! none yet for the post-quantum suites, so these are the classical ones that the provider has; the rest of the
//! protocol is the same.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use openmls::prelude::{tls_codec::Deserialize as _, *};
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::storage::StorageProvider as _;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct File<T> {
    cases: Vec<T>,
}

#[derive(Deserialize)]
struct Passive {
    cipher_suite: u16,
    external_psks: Vec<Psk>,
    key_package: String,
    encryption_priv: String,
    init_priv: String,
    welcome: String,
    ratchet_tree: Option<String>,
    initial_epoch_authenticator: String,
    epochs: Vec<Epoch>,
}

#[derive(Deserialize)]
struct Psk {
    psk_id: String,
    psk: String,
}

#[derive(Deserialize)]
struct Epoch {
    proposals: Vec<String>,
    commit: String,
    epoch_authenticator: String,
}

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn message(text: &str) -> MlsMessageBodyIn {
    MlsMessageIn::tls_deserialize_exact(bytes(text)).unwrap().extract()
}

/// Puts the vector's key package and its private keys into the store, as if it had been made here.
fn own(provider: &OpenMlsRustCrypto, case: &Passive) {
    let MlsMessageBodyIn::KeyPackage(package) = message(&case.key_package) else { panic!("no key package") };
    // Some of the vectors' key packages expired in 2024, and the library rightly validates none of those: their own key
    // package is taken as it stands.
    let package: KeyPackage = match package.clone().validate(provider.crypto(), ProtocolVersion::Mls10) {
        Err(KeyPackageVerifyError::LifetimeError(_)) => {
            serde_json::from_value(serde_json::to_value(&package).unwrap()).unwrap()
        }
        validated => validated.unwrap(),
    };
    let private = |text: &str| serde_json::to_value(HpkePrivateKey::from(bytes(text))).unwrap();
    let mut parts = serde_json::Map::new();
    parts.insert("key_package".into(), serde_json::to_value(&package).unwrap());
    parts.insert("private_init_key".into(), private(&case.init_priv));
    parts.insert("private_encryption_key".into(), serde_json::json!({ "key": private(&case.encryption_priv) }));
    let bundle: KeyPackageBundle = serde_json::from_value(Value::Object(parts)).unwrap();
    let reference = package.hash_ref(provider.crypto()).unwrap();
    provider.storage().write_key_package(&reference, &bundle).unwrap();
}

fn follow(case: &Passive) -> usize {
    let provider = OpenMlsRustCrypto::default();
    for psk in &case.external_psks {
        let id = openmls::schedule::PreSharedKeyId::external(bytes(&psk.psk_id), vec![]);
        id.store(&provider, &bytes(&psk.psk)).unwrap();
    }
    own(&provider, case);
    let config = MlsGroupJoinConfig::builder()
        .use_ratchet_tree_extension(true)
        .wire_format_policy(MIXED_CIPHERTEXT_WIRE_FORMAT_POLICY)
        .number_of_resumption_psks(16)
        .build();
    let MlsMessageBodyIn::Welcome(welcome) = message(&case.welcome) else { panic!("no welcome") };
    let mut join = StagedWelcome::build_from_welcome(&provider, &config, welcome).unwrap().skip_lifetime_validation();
    if let Some(tree) = &case.ratchet_tree {
        join = join.with_ratchet_tree(RatchetTreeIn::tls_deserialize_exact(bytes(tree)).unwrap());
    }
    let mut group = join.build().unwrap().into_group(&provider).unwrap();
    assert_eq!(hex::encode(group.epoch_authenticator().as_slice()), case.initial_epoch_authenticator);
    for epoch in &case.epochs {
        for text in epoch.proposals.iter().chain([&epoch.commit]) {
            let incoming = match message(text) {
                MlsMessageBodyIn::PublicMessage(m) => ProtocolMessage::from(m),
                MlsMessageBodyIn::PrivateMessage(m) => ProtocolMessage::from(m),
                _ => panic!("neither public nor private"),
            };
            match group.process_message(&provider, incoming).unwrap().into_content() {
                ProcessedMessageContent::ProposalMessage(p) => {
                    group.store_pending_proposal(provider.storage(), *p).unwrap();
                }
                ProcessedMessageContent::StagedCommitMessage(c) => group.merge_staged_commit(&provider, *c).unwrap(),
                _ => panic!("neither proposal nor commit"),
            }
        }
        assert_eq!(hex::encode(group.epoch_authenticator().as_slice()), epoch.epoch_authenticator);
    }
    case.epochs.len()
}

fn follow_all(file: &str) -> (usize, usize) {
    let file: File<Passive> = serde_json::from_str(file).unwrap();
    assert!(file.cases.iter().all(|case| (1..=3).contains(&case.cipher_suite)));
    (file.cases.len(), file.cases.iter().map(follow).sum())
}

#[test]
fn a_passive_client_joins_by_welcome() {
    assert_eq!(follow_all(include_str!("vectors/mls-passive-client-welcome.json")), (12, 0));
}

#[test]
fn a_passive_client_follows_commits() {
    let (cases, epochs) = follow_all(include_str!("vectors/mls-passive-client-handling-commit.json"));
    assert_eq!((cases, epochs), (12, 24));
}

#[test]
fn a_passive_client_follows_forty_epochs() {
    assert_eq!(follow_all(include_str!("vectors/mls-passive-client-random.json")), (1, 40));
}

#[test]
fn messages_are_read() {
    let file: File<Value> = serde_json::from_str(include_str!("vectors/mls-messages.json")).unwrap();
    for case in &file.cases {
        let body = |field: &str| message(case[field].as_str().unwrap());
        assert!(matches!(body("mls_welcome"), MlsMessageBodyIn::Welcome(_)));
        assert!(matches!(body("mls_group_info"), MlsMessageBodyIn::GroupInfo(_)));
        assert!(matches!(body("mls_key_package"), MlsMessageBodyIn::KeyPackage(_)));
        for public in ["public_message_application", "public_message_proposal", "public_message_commit"] {
            assert!(matches!(body(public), MlsMessageBodyIn::PublicMessage(_)));
        }
        assert!(matches!(body("private_message"), MlsMessageBodyIn::PrivateMessage(_)));
        assert!(RatchetTreeIn::tls_deserialize_exact(bytes(case["ratchet_tree"].as_str().unwrap())).is_ok());
    }
    assert_eq!(file.cases.len(), 12);
}
