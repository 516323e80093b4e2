//! A member writes a welcome for another group than its statement says: for the one that the console speaks in, for a
//! later epoch, in another's name, or by a key package that was meant for somebody else. Nothing changes, and nothing
//! is used up.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use crate::common;
use common::*;
use trialogue_charter::{Hash, Suite};
use trialogue_e2ee::{Expected, GroupId, Invite, Keyring, KeyringError};

/// The group that the console speaks in, and one of the hostile member.
const SPOKEN: u8 = 1;
const HOSTILE: u8 = 2;

/// JPN and USA talk; KOR is the hostile one, and has made a group of any name, some epochs further on.
fn scene(suite: Suite, name: GroupId) -> (Keyring, Keyring, Keyring) {
    let (mut usa, mut jpn, mut kor) = (console(suite, 1), console(suite, 2), console(suite, 3));
    group_of(group(SPOKEN), &mut [&mut usa, &mut jpn]);
    kor.create(name).unwrap();
    for extra in 4..8 {
        bring_in(&mut kor, &name, &mut [&mut console(suite, extra)]);
    }
    (usa, jpn, kor)
}

fn welcome(by: &mut Keyring, name: &GroupId, guest: &Keyring, package: &[u8]) -> (Vec<u8>, u64) {
    let key = guest.signature_key().to_vec();
    let invite = Invite { device: guest.device(), signature_key: &key, key_package: package };
    let pending = by.add_and_remove(name, &[invite], &[]).unwrap();
    by.confirm(name).unwrap();
    (pending.welcome.unwrap(), pending.epoch + 1)
}

fn speaks_with(jpn: &Keyring, usa: &Keyring) {
    assert_eq!(jpn.authenticator(&group(SPOKEN)), usa.authenticator(&group(SPOKEN)));
    assert_eq!(jpn.groups().count(), 1);
}

#[test]
fn the_group_that_it_speaks_in_is_not_replaced() {
    for suite in SUITES {
        let (usa, mut jpn, mut kor) = scene(suite, group(SPOKEN));
        let package = jpn.key_package().unwrap();
        let (forged, epoch) = welcome(&mut kor, &group(SPOKEN), &jpn, &package);
        let refused = join(&mut jpn, &forged, &group(HOSTILE), epoch, device(3), &package);
        assert_eq!(refused, Err(KeyringError::OtherGroup));
        speaks_with(&jpn, &usa);

        // The key package still serves for what it was offered for.
        kor.create(group(HOSTILE)).unwrap();
        let (honest, epoch) = welcome(&mut kor, &group(HOSTILE), &jpn, &package);
        join(&mut jpn, &honest, &group(HOSTILE), epoch, device(3), &package).unwrap();
        assert_eq!(jpn.authenticator(&group(SPOKEN)), usa.authenticator(&group(SPOKEN)));
    }
}

#[test]
fn another_epoch_or_another_sender_is_refused() {
    for suite in SUITES {
        let (usa, mut jpn, mut kor) = scene(suite, group(HOSTILE));
        let package = jpn.key_package().unwrap();
        let (honest, epoch) = welcome(&mut kor, &group(HOSTILE), &jpn, &package);
        let late = join(&mut jpn, &honest, &group(HOSTILE), epoch + 1, device(3), &package);
        assert_eq!(late, Err(KeyringError::Epoch { theirs: epoch, ours: epoch + 1 }));
        let by = join(&mut jpn, &honest, &group(HOSTILE), epoch, device(1), &package);
        assert_eq!(by, Err(KeyringError::OtherSender(device(3))));
        speaks_with(&jpn, &usa);
        join(&mut jpn, &honest, &group(HOSTILE), epoch, device(3), &package).unwrap();
    }
}

#[test]
fn a_key_package_that_was_offered_to_another_is_not_used_up() {
    for suite in SUITES {
        let (mut usa, mut jpn, mut kor) = scene(suite, group(HOSTILE));
        let (to_kor, to_usa) = (jpn.key_package().unwrap(), jpn.key_package().unwrap());
        let (greedy, epoch) = welcome(&mut kor, &group(HOSTILE), &jpn, &to_usa);
        let refused = join(&mut jpn, &greedy, &group(HOSTILE), epoch, device(3), &to_kor);
        assert_eq!(refused, Err(KeyringError::OtherPackage));
        speaks_with(&jpn, &usa);

        usa.create(group(9)).unwrap();
        let (honest, epoch) = welcome(&mut usa, &group(9), &jpn, &to_usa);
        join(&mut jpn, &honest, &group(9), epoch, device(1), &to_usa).unwrap();
    }
}

#[test]
fn a_group_of_later_epochs_under_the_same_name_has_to_be_the_journals() {
    // Whoever expects the group that is held, at a later epoch, still takes it from the device that the journal names
    // alone.
    let (usa, mut jpn, mut kor) = scene(SUITES[0], group(SPOKEN));
    let package = jpn.key_package().unwrap();
    let (forged, epoch) = welcome(&mut kor, &group(SPOKEN), &jpn, &package);
    let expected = Expected { group: group(SPOKEN), epoch, by: device(1), packages: &[Hash::of(&package)] };
    assert_eq!(jpn.join(&forged, &expected), Err(KeyringError::OtherSender(device(3))));
    speaks_with(&jpn, &usa);
}
