//! Somebody with the PIN deleted, changed or added objects: nothing is signed, and a sentence says what is wrong.
#![allow(clippy::unwrap_used)]

mod common;

use common::{of_class, open, other_hand, root, with_token};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass};
use cryptoki::session::Session;
use trialogue_charter::SignError;
use trialogue_charter::cose::{Algorithm, Many};
use trialogue_charter::keyfile::RootToken;

fn refused(root: &RootToken, expected: &str) {
    let said = open(root).map(|_| ()).unwrap_err();
    assert!(said.contains(expected), "{said}");
}

#[test]
fn a_deleted_key_is_named() {
    with_token("a_deleted_key_is_named", || {
        for (number, class, expected) in [
            (1, ObjectClass::PRIVATE_KEY, "the root's Ed25519 key is not in token USA: plug in the token"),
            (2, ObjectClass::SECRET_KEY, "the key that seals the root's ML-DSA-87 seed is not in token USA"),
            (3, ObjectClass::DATA, "the root's sealed ML-DSA-87 seed is not in token USA"),
        ] {
            let made = root(number);
            let session = other_hand(true);
            for object in of_class(&session, class) {
                session.destroy_object(object).unwrap();
            }
            drop(session);
            refused(&made, expected);
        }
    });
}

#[test]
fn without_its_public_half_a_root_signs_all_the_same() {
    with_token("without_its_public_half_a_root_signs_all_the_same", || {
        let mut made = root(1);
        let session = other_hand(true);
        session.destroy_object(of_class(&session, ObjectClass::PUBLIC_KEY)[0]).unwrap();
        drop(session);
        let mut signed = Many::new(b"what is signed".to_vec());
        signed.sign_as_root(b"trialogue test 1", b"USA", &open(&made).unwrap_or_else(|why| panic!("{why}"))).unwrap();

        // Of another root's public half, the first signature shows it, and is not kept.
        made.public.ed25519 = root(2).public.ed25519;
        let before = signed.clone();
        let other = open(&made).unwrap_or_else(|why| panic!("{why}"));
        let said = signed.sign_as_root(b"trialogue test 1", b"USA", &other).unwrap_err();
        assert_eq!((said, signed), (SignError::OtherKey(Algorithm::Ed25519), before));
    });
}

fn sealed(session: &Session) -> Vec<Vec<u8>> {
    let objects = of_class(session, ObjectClass::DATA);
    let values =
        objects.iter().map(|object| session.get_attributes(*object, &[AttributeType::Value]).unwrap().remove(0));
    values.map(|value| if let Attribute::Value(value) = value { value } else { panic!() }).collect()
}

/// Puts other bytes in the place of the sealed seed of root 1.
fn replace_sealed(session: &Session, value: Vec<u8>) {
    let label = Attribute::Label(format!("trialogue root {}", "01".repeat(16)).into_bytes());
    let name = [Attribute::Class(ObjectClass::DATA), Attribute::Application(b"trialogue".to_vec()), label];
    for old in session.find_objects(&name).unwrap() {
        session.destroy_object(old).unwrap();
    }
    let rest = [Attribute::Token(true), Attribute::Private(true), Attribute::Value(value)];
    session.create_object(&[name.as_slice(), &rest].concat()).unwrap();
}

#[test]
fn an_altered_or_exchanged_seed_does_not_open() {
    with_token("an_altered_or_exchanged_seed_does_not_open", || {
        let made = root(1);
        let session = other_hand(true);
        let original = sealed(&session).remove(0);
        root(2);
        let exchanged = sealed(&session).into_iter().find(|other| *other != original).unwrap();
        let flipped = |at: usize| {
            let mut sealed = original.clone();
            sealed[at] ^= 1;
            sealed
        };
        let cut = original[..60].to_vec();
        for other in [flipped(0), flipped(1), flipped(20), flipped(60), cut, Vec::new(), exchanged] {
            replace_sealed(&session, other);
            let mut signed = Many::new(b"what is signed".to_vec());
            let root = open(&made).unwrap_or_else(|why| panic!("{why}"));
            let said = signed.sign_as_root(b"trialogue test 1", b"USA", &root).unwrap_err().to_string();
            assert!(said.contains("the sealed ML-DSA-87 seed in token USA does not open"), "{said}");
            assert_eq!(signed.kids().count(), 0, "not even the Ed25519 signature was kept");
        }
        replace_sealed(&session, original);
        let mut signed = Many::new(b"what is signed".to_vec());
        signed.sign_as_root(b"trialogue test 1", b"USA", &open(&made).unwrap_or_else(|why| panic!("{why}"))).unwrap();
    });
}

#[test]
fn a_key_beside_the_roots_own_is_not_taken_for_it() {
    with_token("a_key_beside_the_roots_own_is_not_taken_for_it", || {
        let made = root(1);
        let session = other_hand(true);
        let curve = Attribute::EcParams(vec![0x06, 0x03, 0x2b, 0x65, 0x70]);
        let id = Attribute::Id(vec![1; 16]);
        let public = [Attribute::Token(true), curve, Attribute::Id(vec![9; 16])];
        let private = [Attribute::Token(true), Attribute::Sign(true), id];
        session.generate_key_pair(&Mechanism::EccEdwardsKeyPairGen, &public, &private).unwrap();
        drop(session);
        refused(&made, "the root's Ed25519 key is in token USA more than once");
    });
}
