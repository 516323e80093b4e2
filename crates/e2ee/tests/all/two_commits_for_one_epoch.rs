//! The node's journal orders commits: the first for an epoch counts, the loser discards and follows.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use crate::common;
use common::*;
use trialogue_e2ee::{Invite, Keyring, KeyringError};

fn invite_late(late: &mut Keyring) -> (Vec<u8>, Vec<u8>) {
    (late.signature_key().to_vec(), late.key_package().unwrap())
}

#[test]
fn the_loser_discards_follows_and_tries_again() {
    for suite in SUITES {
        let (mut first, mut second, mut far) = (console(suite, 1), console(suite, 2), console(suite, 3));
        let (mut late, mut later) = (console(suite, 4), console(suite, 5));
        let id = group(1);
        group_of(id, &mut [&mut first, &mut second, &mut far]);

        let (key, late_offer) = invite_late(&mut late);
        let invite = Invite { device: device(4), signature_key: &key, key_package: &late_offer };
        let winner = first.add_and_remove(&id, &[invite], &[]).unwrap();
        let (key, offer) = invite_late(&mut later);
        let invite = Invite { device: device(5), signature_key: &key, key_package: &offer };
        let loser = second.add_and_remove(&id, &[invite], &[device(3)]).unwrap();
        assert!(second.is_pending(&id));
        assert_eq!(second.add_and_remove(&id, &[invite], &[]).unwrap_err(), KeyringError::CommitPending);

        first.confirm(&id).unwrap();
        second.discard(&id).unwrap();
        second.process(&id, &device(1), &winner.commit).unwrap();
        far.process(&id, &device(1), &winner.commit).unwrap();
        join(&mut late, winner.welcome.as_ref().unwrap(), &id, 2, device(1), &late_offer).unwrap();
        assert_eq!(second.confirm(&id), Err(KeyringError::NothingPending));

        // The losing commit comes all the same: everybody stays where they are.
        for console in [&mut first, &mut far, &mut late] {
            let refused = console.process(&id, &device(2), &loser.commit).unwrap_err();
            assert_eq!(refused, KeyringError::Epoch { theirs: 1, ours: 2 });
        }
        join(&mut later, loser.welcome.as_ref().unwrap(), &id, 2, device(2), &offer).unwrap();
        assert_eq!(later.epoch(&id), Ok(2));
        later.drop_group(&id);

        let (key, offer) = invite_late(&mut later);
        let invite = Invite { device: device(5), signature_key: &key, key_package: &offer };
        let again = second.add_and_remove(&id, &[invite], &[device(3)]).unwrap();
        second.confirm(&id).unwrap();
        for console in [&mut first, &mut late] {
            console.process(&id, &device(2), &again.commit).unwrap();
            assert_eq!(console.authenticator(&id), second.authenticator(&id));
        }
        assert!(far.process(&id, &device(2), &again.commit).unwrap().left);
        join(&mut later, again.welcome.as_ref().unwrap(), &id, 3, device(2), &offer).unwrap();
        assert_eq!(later.authenticator(&id), second.authenticator(&id));
    }
}

#[test]
fn following_another_commit_forgets_the_own_one() {
    let suite = SUITES[0];
    let (mut first, mut second) = (console(suite, 1), console(suite, 2));
    let (mut late, mut far) = (console(suite, 4), console(suite, 3));
    let id = group(1);
    group_of(id, &mut [&mut first, &mut second, &mut far]);
    let (key, offer) = invite_late(&mut late);
    let invite = Invite { device: device(4), signature_key: &key, key_package: &offer };
    let winner = first.add_and_remove(&id, &[invite], &[]).unwrap();
    second.add_and_remove(&id, &[], &[device(3)]).unwrap();
    second.process(&id, &device(1), &winner.commit).unwrap();
    assert!(!second.is_pending(&id));
    assert_eq!(second.epoch(&id), Ok(2));
}

#[test]
fn an_own_commit_is_confirmed_not_processed() {
    let suite = SUITES[1];
    let (mut usa, mut jpn) = (console(suite, 1), console(suite, 2));
    let id = group(1);
    group_of(id, &mut [&mut usa, &mut jpn]);
    let pending = usa.add_and_remove(&id, &[], &[device(2)]).unwrap();
    assert_eq!(usa.process(&id, &device(1), &pending.commit), Err(KeyringError::OwnCommit));
    assert_eq!(usa.confirm(&id), Ok(2));
    assert_eq!(usa.process(&id, &device(1), &pending.commit), Err(KeyringError::Epoch { theirs: 1, ours: 2 }));
}
