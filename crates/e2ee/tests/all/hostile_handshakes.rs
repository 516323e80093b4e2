//! Whatever comes from outside is refused with a reason, and the console stays where it was.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use crate::common;
use common::*;
use proptest::prelude::*;
use trialogue_charter::Suite;
use trialogue_e2ee::groups::HANDSHAKE_MAX;
use trialogue_e2ee::{Invite, Keyring, KeyringError};

/// State that must not change by a refusal.
fn state(keyring: &Keyring, id: &trialogue_e2ee::GroupId) -> (u64, Vec<u8>, usize) {
    (keyring.epoch(id).unwrap(), keyring.authenticator(id).unwrap(), keyring.members(id).unwrap().len())
}

#[test]
fn an_uninvited_devices_key_package_is_refused() {
    for suite in SUITES {
        let (mut usa, mut jpn, mut stranger) = (console(suite, 1), console(suite, 2), console(suite, 66));
        let id = group(1);
        group_of(id, &mut [&mut usa, &mut jpn]);
        let before = state(&usa, &id);
        let expected = console(suite, 3).signature_key().to_vec();
        let offer = stranger.key_package().unwrap();
        // Another device under an invited name; an invited device's name with another key.
        for (as_device, key) in [(device(3), &expected), (device(66), &expected)] {
            let invite = Invite { device: as_device, signature_key: key, key_package: &offer };
            assert_eq!(usa.add_and_remove(&id, &[invite], &[]).unwrap_err(), KeyringError::NotTheirs);
        }
        assert_eq!(state(&usa, &id), before);
        assert!(!usa.is_pending(&id));
    }
}

#[test]
fn a_bad_key_package_does_not_keep_the_good_ones_out() {
    let suite = SUITES[1];
    let (mut usa, mut jpn, mut kor) = (console(suite, 1), console(suite, 2), console(suite, 3));
    let id = group(1);
    usa.create(id).unwrap();
    let (jpn_key, kor_key) = (jpn.signature_key().to_vec(), kor.signature_key().to_vec());
    let (jpn_offer, mut kor_offer) = (jpn.key_package().unwrap(), kor.key_package().unwrap());
    let last = kor_offer.len() - 1;
    kor_offer[last] ^= 1;
    let invites = [
        Invite { device: device(3), signature_key: &kor_key, key_package: &kor_offer },
        Invite { device: device(2), signature_key: &jpn_key, key_package: &jpn_offer },
    ];
    let pending = usa.add_and_remove(&id, &invites, &[]).unwrap();
    assert_eq!(pending.added, [device(2)]);
    assert_eq!(pending.refused.len(), 1);
    assert_eq!(pending.refused[0].0, device(3));
    usa.confirm(&id).unwrap();
    join(&mut jpn, pending.welcome.as_ref().unwrap(), &id, 1, device(1), &jpn_offer).unwrap();
}

#[test]
fn another_suite_is_refused() {
    let (mut usa, mut other) = (console(Suite::Cnsa2, 1), console(Suite::XWing, 2));
    let id = group(1);
    usa.create(id).unwrap();
    let (key, offer) = (other.signature_key().to_vec(), other.key_package().unwrap());
    let invite = Invite { device: device(2), signature_key: &key, key_package: &offer };
    assert_eq!(usa.add_and_remove(&id, &[invite], &[]).unwrap_err(), KeyringError::OtherSuite);

    // And a welcome of another suite names no key package that is held.
    let mut third = console(Suite::XWing, 3);
    other.create(group(2)).unwrap();
    let pending = bring_in(&mut other, &group(2), &mut [&mut third]);
    let offer = usa.key_package().unwrap();
    let refused = join(&mut usa, pending.welcome.as_ref().unwrap(), &group(2), 1, device(2), &offer);
    assert_eq!(refused, Err(KeyringError::NotForUs));
}

#[test]
fn a_key_package_serves_once() {
    let suite = SUITES[0];
    let (mut usa, mut kor, mut jpn) = (console(suite, 1), console(suite, 3), console(suite, 2));
    let (key, offer) = (jpn.signature_key().to_vec(), jpn.key_package().unwrap());
    let invite = Invite { device: device(2), signature_key: &key, key_package: &offer };
    usa.create(group(1)).unwrap();
    kor.create(group(2)).unwrap();
    let first = usa.add_and_remove(&group(1), &[invite], &[]).unwrap();
    let second = kor.add_and_remove(&group(2), &[invite], &[]).unwrap();
    join(&mut jpn, first.welcome.as_ref().unwrap(), &group(1), 1, device(1), &offer).unwrap();
    jpn.drop_group(&group(1));
    let again = join(&mut jpn, first.welcome.as_ref().unwrap(), &group(1), 1, device(1), &offer);
    assert_eq!(again, Err(KeyringError::NotForUs));
    let other = join(&mut jpn, second.welcome.as_ref().unwrap(), &group(2), 1, device(3), &offer);
    assert_eq!(other, Err(KeyringError::NotForUs));
}

#[test]
fn a_spoilt_welcome_costs_neither_the_key_package_nor_the_call() {
    for suite in SUITES {
        let (mut usa, mut jpn) = (console(suite, 1), console(suite, 2));
        let id = group(1);
        usa.create(id).unwrap();
        let (key, offer) = (jpn.signature_key().to_vec(), jpn.key_package().unwrap());
        let invite = Invite { device: device(2), signature_key: &key, key_package: &offer };
        let pending = usa.add_and_remove(&id, &[invite], &[]).unwrap();
        usa.confirm(&id).unwrap();
        let welcome = pending.welcome.unwrap();
        for at in [welcome.len() - 1, welcome.len() / 2, 200] {
            let mut spoilt = welcome.clone();
            spoilt[at] ^= 0x40;
            assert!(join(&mut jpn, &spoilt, &id, 1, device(1), &offer).is_err());
            assert!(!jpn.has(&id));
        }
        join(&mut jpn, &welcome, &id, 1, device(1), &offer).unwrap();
    }
}

#[test]
fn a_commit_by_another_than_its_statement_says_is_refused() {
    let suite = SUITES[1];
    let (mut usa, mut jpn, mut kor) = (console(suite, 1), console(suite, 2), console(suite, 3));
    let id = group(1);
    group_of(id, &mut [&mut usa, &mut jpn, &mut kor]);
    let pending = usa.add_and_remove(&id, &[], &[device(3)]).unwrap();
    let before = state(&jpn, &id);
    let refused = jpn.process(&id, &device(3), &pending.commit).unwrap_err();
    assert_eq!(refused, KeyringError::OtherSender(device(1)));
    assert_eq!(state(&jpn, &id), before);
    // The journal's own word makes it good.
    jpn.process(&id, &device(1), &pending.commit).unwrap();
}

#[test]
fn a_commit_for_another_group_or_twice_is_refused() {
    let suite = SUITES[0];
    let (mut usa, mut jpn, mut kor) = (console(suite, 1), console(suite, 2), console(suite, 3));
    group_of(group(1), &mut [&mut usa, &mut jpn, &mut kor]);
    group_of(group(2), &mut [&mut usa, &mut jpn, &mut kor]);
    let pending = usa.add_and_remove(&group(1), &[], &[device(3)]).unwrap();
    assert_eq!(jpn.process(&group(2), &device(1), &pending.commit), Err(KeyringError::OtherGroup));
    assert_eq!(jpn.process(&group(3), &device(1), &pending.commit), Err(KeyringError::NoGroup));
    jpn.process(&group(1), &device(1), &pending.commit).unwrap();
    let replayed = jpn.process(&group(1), &device(1), &pending.commit).unwrap_err();
    assert_eq!(replayed, KeyringError::Epoch { theirs: 1, ours: 2 });
}

#[test]
fn bounds_hold() {
    let mut usa = console(SUITES[0], 1);
    let huge = vec![0; HANDSHAKE_MAX + 1];
    assert_eq!(join(&mut usa, &huge, &group(1), 1, device(2), &[]), Err(KeyringError::TooLarge { len: huge.len() }));
    for n in 0..trialogue_e2ee::groups::GROUPS_MAX {
        usa.create(group(n as u8)).unwrap();
    }
    let full = KeyringError::TooMany { what: "groups", most: trialogue_e2ee::groups::GROUPS_MAX };
    assert_eq!(usa.create(group(200)), Err(full));
    assert_eq!(usa.create(group(0)), Err(KeyringError::HaveGroup));
    usa.drop_group(&group(0));
    usa.create(group(0)).unwrap();
    for _ in 0..trialogue_e2ee::groups::KEY_PACKAGES_MAX + 3 {
        usa.key_package().unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn spoilt_commits_change_nothing(at in any::<prop::sample::Index>(), bit in 0_u8..8, cut in any::<bool>()) {
        let suite = SUITES[0];
        let (mut usa, mut jpn, mut kor) = (console(suite, 1), console(suite, 2), console(suite, 3));
        let id = group(1);
        group_of(id, &mut [&mut usa, &mut jpn, &mut kor]);
        let before = state(&jpn, &id);
        let commit = usa.add_and_remove(&id, &[], &[device(3)]).unwrap().commit;
        let mut spoilt = commit.clone();
        let at = at.index(spoilt.len());
        if cut { spoilt.truncate(at) } else { spoilt[at] ^= 1 << bit }
        prop_assert!(jpn.process(&id, &device(1), &spoilt).is_err());
        prop_assert_eq!(state(&jpn, &id), before);
        prop_assert!(jpn.process(&id, &device(1), &commit).is_ok());
    }

    #[test]
    fn garbage_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let mut usa = console(SUITES[0], 1);
        let id = group(1);
        usa.create(id).unwrap();
        let before = state(&usa, &id);
        let offer = usa.key_package().unwrap();
        prop_assert!(join(&mut usa, &bytes, &group(2), 1, device(2), &offer).is_err());
        prop_assert!(usa.process(&id, &device(2), &bytes).is_err());
        let invite = Invite { device: device(2), signature_key: &[2; 32], key_package: &bytes };
        prop_assert!(usa.add_and_remove(&id, &[invite], &[]).is_err());
        prop_assert_eq!(state(&usa, &id), before);
    }
}
