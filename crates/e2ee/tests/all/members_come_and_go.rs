//! Joining, leaving and being removed while a call goes on.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use crate::common;
use common::*;
use trialogue_e2ee::{Invite, KeyringError, Medium, OpenError, Opener};

#[test]
fn a_removed_console_cannot_open_what_is_sealed_after() {
    for suite in SUITES {
        let (mut usa, mut jpn, mut kor) = (console(suite, 1), console(suite, 2), console(suite, 3));
        let id = group(1);
        group_of(id, &mut [&mut usa, &mut jpn, &mut kor]);
        let old_key = *kor.base_key(&id, &device(1), 0).unwrap().expose();

        let pending = usa.add_and_remove(&id, &[], &[device(3)]).unwrap();
        assert_eq!((pending.epoch, pending.removed.as_slice()), (1, [device(3)].as_slice()));
        assert!(pending.welcome.is_none());
        assert_eq!(usa.confirm(&id), Ok(2));
        let progress = jpn.process(&id, &device(1), &pending.commit).unwrap();
        assert_eq!((progress.epoch, progress.removed.as_slice(), progress.left), (2, [device(3)].as_slice(), false));
        let progress = kor.process(&id, &device(1), &pending.commit).unwrap();
        assert!(progress.left);
        assert_eq!(kor.members(&id), Err(KeyringError::NoGroup));

        let mut sealed = Vec::new();
        sealer(&usa, &id).seal(Medium::Voice, 0, b"between us two", &mut sealed).unwrap();
        let (mut out, mut opener) = (Vec::new(), Opener::new());
        listen(&mut opener, &jpn, &id, &device(1));
        assert!(opener.open(Medium::Voice, &device(1), 0, &sealed, &mut out).is_ok());

        // The removed console tries its last key under the new key id.
        let mut eavesdropper = Opener::new();
        let current = key_id(&usa, &id, &device(1), 0);
        // Even if it knew what USA and JPN share.
        let source = source(current, &usa.base_key(&id, &device(1), 0).unwrap(), &device(1), &device(2));
        eavesdropper.insert(current, &trialogue_e2ee::BaseKey::new(old_key), &source).unwrap();
        assert_eq!(eavesdropper.open(Medium::Voice, &device(1), 0, &sealed, &mut out), Err(OpenError::Forged));
        assert!(out.is_empty());
    }
}

#[test]
fn a_newcomer_cannot_open_what_was_sealed_before() {
    let suite = SUITES[1];
    let (mut usa, mut jpn, mut kor) = (console(suite, 1), console(suite, 2), console(suite, 3));
    let id = group(1);
    group_of(id, &mut [&mut usa, &mut jpn]);
    let mut early = Vec::new();
    let before = key_id(&usa, &id, &device(1), 0);
    sealer(&usa, &id).seal(Medium::Voice, 0, b"before you came", &mut early).unwrap();
    let pending = bring_in(&mut usa, &id, &mut [&mut kor]);
    jpn.process(&id, &device(1), &pending.commit).unwrap();
    assert_eq!(devices(&kor, &id), [device(1), device(2), device(3)]);

    let (mut opener, mut out) = (Opener::new(), Vec::new());
    listen(&mut opener, &kor, &id, &device(1));
    assert_eq!(opener.open(Medium::Voice, &device(1), 0, &early, &mut out), Err(OpenError::UnknownKey(before)));
}

#[test]
fn one_commit_brings_some_in_and_puts_others_out_and_reuses_their_leaves() {
    for suite in SUITES {
        let mut all: Vec<_> = (1..=5).map(|n| console(suite, n)).collect();
        let id = group(1);
        let [usa, jpn, kor, d, e] = all.as_mut_slice() else { unreachable!() };
        group_of(id, &mut [usa, jpn, kor]);
        let (d_key, e_key) = (d.signature_key().to_vec(), e.signature_key().to_vec());
        let (d_offer, e_offer) = (d.key_package().unwrap(), e.key_package().unwrap());
        let invites = [
            Invite { device: device(4), signature_key: &d_key, key_package: &d_offer },
            Invite { device: device(5), signature_key: &e_key, key_package: &e_offer },
        ];
        let pending = usa.add_and_remove(&id, &invites, &[device(2)]).unwrap();
        assert_eq!(pending.added, [device(4), device(5)]);
        usa.confirm(&id).unwrap();
        let progress = kor.process(&id, &device(1), &pending.commit).unwrap();
        assert_eq!((progress.added, progress.removed), (vec![device(4), device(5)], vec![device(2)]));
        for (guest, offer) in [(d, &d_offer), (e, &e_offer)] {
            join(guest, pending.welcome.as_ref().unwrap(), &id, 2, device(1), offer).unwrap();
            assert_eq!(guest.members(&id), usa.members(&id));
            assert_eq!(guest.authenticator(&id), usa.authenticator(&id));
        }
        // In the order of their leaves, the first in the place that became free.
        assert_eq!(devices(usa, &id), [device(1), device(4), device(3), device(5)]);
    }
}

#[test]
fn another_console_of_the_node_leads_when_the_lead_is_gone() {
    for suite in SUITES {
        let (mut first, mut second, mut far) = (console(suite, 1), console(suite, 2), console(suite, 3));
        let id = group(1);
        group_of(id, &mut [&mut first, &mut second, &mut far]);
        drop(first);
        let pending = second.add_and_remove(&id, &[], &[device(1)]).unwrap();
        second.confirm(&id).unwrap();
        far.process(&id, &device(2), &pending.commit).unwrap();
        let mut late = console(suite, 4);
        let pending = bring_in(&mut second, &id, &mut [&mut late]);
        far.process(&id, &device(2), &pending.commit).unwrap();
        assert_eq!(devices(&late, &id), devices(&far, &id));
        assert_eq!(late.authenticator(&id), far.authenticator(&id));
    }
}

#[test]
fn a_console_that_was_out_comes_back_to_the_group_it_still_holds() {
    let suite = SUITES[0];
    let (mut usa, mut jpn) = (console(suite, 1), console(suite, 2));
    let id = group(1);
    group_of(id, &mut [&mut usa, &mut jpn]);
    // Its removal never reached it; the lead removes it and adds it anew, in one commit.
    let (key, offer) = (jpn.signature_key().to_vec(), jpn.key_package().unwrap());
    let invite = Invite { device: device(2), signature_key: &key, key_package: &offer };
    let pending = usa.add_and_remove(&id, &[invite], &[device(2)]).unwrap();
    assert_eq!((pending.added.len(), pending.removed.len()), (1, 1));
    usa.confirm(&id).unwrap();
    join(&mut jpn, pending.welcome.as_ref().unwrap(), &id, 2, device(1), &offer).unwrap();
    assert_eq!(jpn.epoch(&id), Ok(2));
    assert_eq!(jpn.authenticator(&id), usa.authenticator(&id));
}

#[test]
fn nothing_to_change_is_no_commit() {
    let suite = SUITES[0];
    let (mut usa, mut jpn) = (console(suite, 1), console(suite, 2));
    let id = group(1);
    group_of(id, &mut [&mut usa, &mut jpn]);
    let nothing = usa.add_and_remove(&id, &[], &[device(9), device(1)]);
    assert_eq!(nothing.unwrap_err(), KeyringError::NothingToChange);
    let (key, offer) = (jpn.signature_key().to_vec(), jpn.key_package().unwrap());
    let again = Invite { device: device(2), signature_key: &key, key_package: &offer };
    assert_eq!(usa.add_and_remove(&id, &[again], &[]).unwrap_err(), KeyringError::NothingToChange);
    assert_eq!(usa.epoch(&id), Ok(1));
}
