//! With the token and its PIN in hand, other software signs, but takes no private key away.
#![allow(clippy::unwrap_used)]

mod common;

use common::{of_class, open, other_hand, root, with_token};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass};
use trialogue_charter::cose::{Algorithm, Many};

#[test]
fn no_key_can_be_read_wrapped_loosened_or_copied() {
    with_token("no_key_can_be_read_wrapped_loosened_or_copied", || {
        root(1);
        let session = other_hand(true);
        let private = of_class(&session, ObjectClass::PRIVATE_KEY);
        let secret = of_class(&session, ObjectClass::SECRET_KEY);
        assert_eq!((private.len(), secret.len()), (1, 1));
        let wrapping = session.generate_key(
            &Mechanism::AesKeyGen,
            &[Attribute::ValueLen(32.into()), Attribute::Wrap(true), Attribute::Token(false)],
        );
        let wrapping = wrapping.unwrap();
        for key in private.into_iter().chain(secret) {
            assert!(session.get_attributes(key, &[AttributeType::Value]).unwrap().is_empty());
            let flags = [
                Attribute::Sensitive(true),
                Attribute::AlwaysSensitive(true),
                Attribute::Extractable(false),
                Attribute::NeverExtractable(true),
                Attribute::Local(true),
                Attribute::Private(true),
            ];
            let kinds: Vec<_> = flags.iter().map(Attribute::attribute_type).collect();
            assert_eq!(session.get_attributes(key, &kinds).unwrap(), flags);
            assert!(session.wrap_key(&Mechanism::AesKeyWrapPad, wrapping, key).is_err());
            assert!(session.update_attributes(key, &[Attribute::Extractable(true)]).is_err());
            assert!(session.update_attributes(key, &[Attribute::Sensitive(false)]).is_err());
            let loose = [Attribute::Extractable(true), Attribute::Sensitive(false), Attribute::Token(false)];
            assert!(session.copy_object(key, &loose).is_err());
        }
    });
}

#[test]
fn the_seed_lies_there_sealed() {
    with_token("the_seed_lies_there_sealed", || {
        root(2);
        let session = other_hand(true);
        let data = of_class(&session, ObjectClass::DATA);
        let kinds = [AttributeType::Value, AttributeType::Private, AttributeType::Application];
        let read = session.get_attributes(data[0], &kinds).unwrap();
        let Attribute::Value(sealed) = &read[0] else { panic!("{read:?}") };
        assert_eq!(&read[1..], [Attribute::Private(true), Attribute::Application(b"trialogue".to_vec())]);
        assert_eq!((data.len(), sealed.len(), sealed[0]), (1, 61, 1));
        assert!(!sealed.windows(8).any(|piece| piece == [2; 8]) || sealed[1..13] == [2; 12]);
        assert!(!sealed[13..].windows(8).any(|piece| piece == [2; 8]), "the seed is 32 times 2");
    });
}

#[test]
fn without_the_pin_there_is_nothing_to_see_but_the_public_half() {
    with_token("without_the_pin_there_is_nothing_to_see_but_the_public_half", || {
        let made = root(3);
        let session = other_hand(false);
        for class in [ObjectClass::PRIVATE_KEY, ObjectClass::SECRET_KEY, ObjectClass::DATA] {
            assert!(of_class(&session, class).is_empty());
        }
        assert_eq!(of_class(&session, ObjectClass::PUBLIC_KEY).len(), 1);
        assert!(trialogue_token::TokenRoot::open(&made, None).is_err());
    });
}

#[test]
fn two_roots_in_one_token_are_told_apart() {
    with_token("two_roots_in_one_token_are_told_apart", || {
        let (one, two) = (root(4), root(5));
        let mut proofs = Vec::new();
        for made in [&one, &two] {
            let root = open(made).unwrap_or_else(|why| panic!("{why}"));
            assert!(!root.is_whole());
            let mut signed = Many::new(b"what is signed".to_vec());
            signed.sign_as_root(b"trialogue test 1", b"USA", &root).unwrap();
            proofs.push(signed);
        }
        for algorithm in Algorithm::ALL {
            let holds = |proof: &Many, key| proof.check(b"trialogue test 1", b"USA", algorithm, key).is_ok();
            assert!(holds(&proofs[0], &one.public) && holds(&proofs[1], &two.public));
            assert!(!holds(&proofs[0], &two.public) && !holds(&proofs[1], &one.public));
        }
    });
}
