//! A call of three parties: each console speaks into the group of its own node, all three are in all three.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use crate::common;
use common::*;
use trialogue_e2ee::{Medium, Opener, Sealer};

#[test]
fn everyone_opens_everyone_and_nobody_opens_another_groups_frames() {
    for suite in SUITES {
        let mut consoles = [console(suite, 1), console(suite, 2), console(suite, 3)];
        for lead in 0..3 {
            let id = group(lead as u8 + 10);
            let (before, rest) = consoles.split_at_mut(lead);
            let (me, after) = rest.split_first_mut().unwrap();
            let mut everybody: Vec<_> = std::iter::once(me).chain(before).chain(after).collect();
            group_of(id, &mut everybody);
        }
        for lead in 0..3 {
            let id = group(lead as u8 + 10);
            let codes: Vec<_> = consoles.iter().map(|c| c.authenticator(&id).unwrap()).collect();
            assert!(codes.iter().all(|code| *code == codes[0] && code.len() == 48));
            let rosters: Vec<_> = consoles.iter().map(|c| c.members(&id).unwrap()).collect();
            assert!(rosters.iter().all(|roster| *roster == rosters[0] && roster.len() == 3));
            for leaf in &rosters[0] {
                let owner = consoles.iter().find(|c| c.device() == leaf.device).unwrap();
                assert_eq!(leaf.signature_key, owner.signature_key());
                assert_eq!(leaf.index, owner.own_leaf(&id).unwrap());
            }
        }

        let (mut sealed, mut opened) = (Vec::new(), Vec::new());
        for speaker in 0..3 {
            let id = group(speaker as u8 + 10);
            let mut sealer = sealer(&consoles[speaker], &id);
            sealer.seal(Medium::Voice, 0, b"good morning", &mut sealed).unwrap();
            assert!(!sealed.windows(4).any(|w| w == b"good"));
            for listener in (0..3).filter(|l| *l != speaker) {
                let mut opener = Opener::new();
                listen(&mut opener, &consoles[listener], &id, &consoles[speaker].device());
                let frame = opener.open(Medium::Voice, &consoles[speaker].device(), 0, &sealed, &mut opened).unwrap();
                assert_eq!(frame.id, sealer.key_id());
                assert_eq!(opened, b"good morning");
            }
        }
    }
}

#[test]
fn keys_differ_by_group_epoch_sender_and_generation() {
    let suite = SUITES[0];
    let (mut usa, mut jpn) = (console(suite, 1), console(suite, 2));
    group_of(group(1), &mut [&mut usa, &mut jpn]);
    group_of(group(2), &mut [&mut usa, &mut jpn]);
    let key = |at: &trialogue_e2ee::Keyring, g, d, n| *at.base_key(&group(g), &device(d), n).unwrap().expose();
    let first = key(&usa, 1, 1, 0);
    assert_eq!(first, key(&jpn, 1, 1, 0));
    assert_ne!(first, key(&usa, 2, 1, 0));
    assert_ne!(first, key(&usa, 1, 2, 0));
    assert_ne!(first, key(&usa, 1, 1, 1));
    let mut kor = console(suite, 3);
    bring_in(&mut usa, &group(1), &mut [&mut kor]);
    assert_ne!(first, key(&usa, 1, 1, 0));
    assert_eq!(key(&usa, 1, 1, 0), key(&kor, 1, 1, 0));
}

#[test]
fn a_new_media_worker_has_a_new_key_and_the_old_one_stays_apart() {
    let suite = SUITES[0];
    let (mut usa, mut jpn) = (console(suite, 1), console(suite, 2));
    group_of(group(1), &mut [&mut usa, &mut jpn]);
    let id = |generation| key_id(&usa, &group(1), &device(1), generation);
    let base = |at: &trialogue_e2ee::Keyring, generation| at.base_key(&group(1), &device(1), generation).unwrap();
    let mut opener = Opener::new();
    for generation in [0, 1] {
        let base = base(&jpn, generation);
        opener.insert(id(generation), &base, &source(id(generation), &base, &device(1), &device(2))).unwrap();
    }
    let (mut sealed, mut out) = (Vec::new(), Vec::new());
    for generation in [0, 1] {
        let (id, base) = (id(generation), base(&usa, generation));
        let mut sealer = Sealer::new(id, &base, 0, vec![receiver(id, &base, &device(1), &device(2))]).unwrap();
        sealer.seal(Medium::Voice, 0, b"first of all", &mut sealed).unwrap();
        assert_eq!(opener.open(Medium::Voice, &device(1), 0, &sealed, &mut out).unwrap().id, id);
    }
}
