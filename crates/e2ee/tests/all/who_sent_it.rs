//! Secrets between a sender and each device that hears it: told by signed lists, for one device each.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use crate::common;
use common::*;
use trialogue_charter::LineId;
use trialogue_e2ee::{Hearer, Keyring, KeyringError, TagSecret};

fn line(name: &str) -> LineId {
    LineId::new(name).unwrap()
}

fn told(from: &Keyring, at: &Keyring, generation: u16, secret: &TagSecret) -> Vec<u8> {
    let leaves = from.members(&group(1)).unwrap();
    let leaf = leaves.iter().find(|leaf| leaf.device == at.device()).unwrap();
    let hearer = Hearer { device: leaf.device, key: leaf.hearing.as_ref().unwrap(), secret };
    from.tell_tags(&line("leaders"), generation, &[hearer]).unwrap()
}

#[test]
fn each_hears_its_own_secret_and_nobody_else_does() {
    for suite in SUITES {
        let (mut usa, mut jpn, mut kor) = (console(suite, 1), console(suite, 2), console(suite, 3));
        group_of(group(1), &mut [&mut usa, &mut jpn, &mut kor]);
        for at in [&usa, &jpn, &kor] {
            assert!(at.members(&group(1)).unwrap().iter().all(|leaf| leaf.hearing.is_some()), "every leaf can hear");
        }
        let secret = usa.draw_tag_secret().unwrap();
        let list = told(&usa, &kor, 3, &secret);
        let heard = kor.hear_tags(&device(1), usa.signature_key(), &line("leaders"), &list).unwrap();
        assert!(heard.generation == 3 && heard.secret == Some(secret.clone()));
        let heard = jpn.hear_tags(&device(1), usa.signature_key(), &line("leaders"), &list).unwrap();
        assert!(heard.secret.is_none());
    }
}

#[test]
fn a_list_of_another_is_refused_and_so_is_one_for_elsewhere() {
    for suite in SUITES {
        let (mut usa, mut jpn, mut kor) = (console(suite, 1), console(suite, 2), console(suite, 3));
        group_of(group(1), &mut [&mut usa, &mut jpn, &mut kor]);
        let secret = jpn.draw_tag_secret().unwrap();
        // JPN draws the secret for KOR, and says that it is USA's.
        let forged = told(&jpn, &kor, 0, &secret);
        let as_usa = kor.hear_tags(&device(1), usa.signature_key(), &line("leaders"), &forged);
        assert!(matches!(as_usa, Err(KeyringError::NotTheirs)));
        let mut leaves = jpn.members(&group(1)).unwrap();
        leaves.retain(|leaf| leaf.device == device(3));
        let list = told(&usa, &kor, 0, &secret);
        let elsewhere = kor.hear_tags(&device(1), usa.signature_key(), &line("advisers"), &list);
        assert!(matches!(elsewhere, Err(KeyringError::NotTheirs)));
        for at in 0..list.len() {
            let mut spoilt = list.clone();
            spoilt[at] ^= 1;
            let heard = kor.hear_tags(&device(1), usa.signature_key(), &line("leaders"), &spoilt);
            assert!(heard.is_err(), "byte {at}");
        }
    }
}

/// A device of USA's own party may be hostile too: what was sealed for another device is of no use to it under its own
/// name.
#[test]
fn a_sealed_secret_is_not_handed_on() {
    let suite = SUITES[0];
    let (mut usa, mut jpn, mut kor) = (console(suite, 1), console(suite, 2), console(suite, 3));
    group_of(group(1), &mut [&mut usa, &mut jpn, &mut kor]);
    let secret = usa.draw_tag_secret().unwrap();
    // Sealed by USA for KOR's hearing key, under JPN's name.
    let leaves = usa.members(&group(1)).unwrap();
    let key = leaves.iter().find(|leaf| leaf.device == device(3)).unwrap().hearing.clone().unwrap();
    let wrong = Hearer { device: device(2), key: &key, secret: &secret };
    let list = usa.tell_tags(&line("leaders"), 0, &[wrong]).unwrap();
    assert!(jpn.hear_tags(&device(1), usa.signature_key(), &line("leaders"), &list).is_err());
}
