//! Sealing and opening frames: prefixes, epochs, replays, counters, hostile bytes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use crate::common;
use common::*;
use proptest::prelude::*;
use trialogue_e2ee::Medium::{Picture, Voice};
use trialogue_e2ee::sealing::{
    FRAME_MAX, Frame, HISTORIES_EACH, HISTORIES_MAX, KEYS_EACH, KEYS_MAX, OVERHEAD_MAX, Source, VP8_DELTA_CLEAR,
    VP8_KEY_CLEAR, is_vp8_key_frame, order, vp8_clear,
};
use trialogue_e2ee::{BaseKey, GroupId, KeyId, Medium, OpenError, Opener, Receiver, SealError, Sealer, TagKey};

fn id(generation: u16) -> KeyId {
    KeyId::new(2, &group(7), 3, 4, generation).unwrap()
}

fn base(n: u8) -> BaseKey {
    BaseKey::new([n; 32])
}

const FROM: u8 = 1;
const TO: u8 = 2;

fn sealer_of(generation: u16, key: u8) -> Sealer {
    let (id, base) = (id(generation), base(key));
    Sealer::new(id, &base, 0, vec![receiver(id, &base, &device(FROM), &device(TO))]).unwrap()
}

fn source_of(generation: u16, key: u8) -> Source {
    source(id(generation), &base(key), &device(FROM), &device(TO))
}

fn pair() -> (Sealer, Opener) {
    let mut opener = Opener::new();
    opener.insert(id(0), &base(1), &source_of(0, 1)).unwrap();
    (sealer_of(0, 1), opener)
}

fn sealed(sealer: &mut Sealer, medium: Medium, at_ms: u64, frame: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    sealer.seal(medium, at_ms, frame, &mut out).unwrap();
    out
}

/// Opened at the place of the sender, as it came at that time.
fn open(opener: &mut Opener, medium: Medium, at_ms: u64, bytes: &[u8]) -> Result<(Frame, Vec<u8>), OpenError> {
    let mut out = vec![1; 9];
    let opened = opener.open(medium, &device(FROM), at_ms, bytes, &mut out);
    assert!(opened.is_ok() || out.is_empty());
    opened.map(|frame| (frame, out))
}

#[test]
fn the_vp8_header_stays_readable_and_cannot_be_changed() {
    let (mut sealer, mut opener) = pair();
    let key_frame: Vec<u8> = [0x10, 1, 0, 0x9d, 0x01, 0x2a, 0x80, 2, 0x68, 1].into_iter().chain(0..200).collect();
    let delta: Vec<u8> = [0x11, 2, 0].into_iter().chain(0..100).collect();
    for (frame, clear) in [(&key_frame, VP8_KEY_CLEAR), (&delta, VP8_DELTA_CLEAR)] {
        assert_eq!(vp8_clear(frame), clear);
        let sealed = sealed(&mut sealer, Picture, 0, frame);
        assert_eq!(sealed[..clear], frame[..clear]);
        assert_eq!(is_vp8_key_frame(&sealed), is_vp8_key_frame(frame));
        assert_eq!(vp8_clear(&sealed), clear);
        assert!(sealed.len() <= frame.len() + OVERHEAD_MAX + 8 + 2);
        assert!(!sealed.windows(8).any(|w| frame[clear..].windows(8).any(|f| f == w)));
        for at in 0..clear {
            let mut changed = sealed.clone();
            changed[at] ^= 2;
            assert_eq!(open(&mut opener, Picture, 0, &changed).unwrap_err(), OpenError::Forged);
        }
        let (opened, plain) = open(&mut opener, Picture, 0, &sealed).unwrap();
        assert_eq!((opened.id, &plain), (id(0), frame));
    }
}

#[test]
fn a_delta_frame_passed_off_as_a_key_frame_is_refused() {
    let (mut sealer, mut opener) = pair();
    let mut sealed = sealed(&mut sealer, Picture, 0, &[0x11; 64]);
    sealed[0] &= 0xfe;
    assert!(open(&mut opener, Picture, 0, &sealed).is_err());
    // Nor does a picture pass at a voice's place, where nothing is clear.
    sealed[0] |= 1;
    assert!(open(&mut opener, Voice, 0, &sealed).is_err());
    assert!(open(&mut opener, Picture, 0, &sealed).is_ok());
}

#[test]
fn one_packet_is_one_try_for_each_device_of_the_party_and_no_more() {
    let (id, base) = (id(0), base(1));
    let fellows = [2_u8, 66, 130].map(|n| receiver(id, &base, &device(FROM), &device(n)));
    let mut sealer = Sealer::new(id, &base, 0, fellows.into()).unwrap();
    let crowded = sealed(&mut sealer, Voice, 0, b"three of one party");
    let at_most = |fellows| {
        let mut opener = Opener::new();
        opener.insert(id, &base, &Source { fellows, ..source_of(0, 1) }).unwrap();
        opener
    };
    // The own tag is among them, and they are more than there are devices.
    assert_eq!(open(&mut at_most(2), Voice, 0, &crowded).unwrap_err(), OpenError::Forged);
    assert!(open(&mut at_most(3), Voice, 0, &crowded).is_ok());
}

#[test]
fn a_picture_shorter_than_its_clear_prefix_is_not_sent() {
    let (mut sealer, mut opener) = pair();
    for (first, clear) in [(0x10, VP8_KEY_CLEAR), (0x11, VP8_DELTA_CLEAR)] {
        let mut out = vec![1];
        for len in 1..clear {
            assert_eq!(sealer.seal(Picture, 0, &vec![first; len], &mut out), Err(SealError::Prefix), "{len}");
            assert!(out.is_empty());
        }
        // The shortest one: nothing but its prefix.
        let sealed = sealed(&mut sealer, Picture, 0, &vec![first; clear]);
        assert_eq!(open(&mut opener, Picture, 0, &sealed).unwrap().1, vec![first; clear]);
    }
    assert_eq!(sealer.seal(Picture, 0, &[], &mut Vec::new()), Err(SealError::Prefix));
}

#[test]
fn empty_and_tiny_frames_are_sealed_too() {
    let (mut sealer, mut opener) = pair();
    for len in 0..4 {
        let frame = vec![0xfe; len];
        let sealed = sealed(&mut sealer, Voice, 0, &frame);
        assert!(sealed.len() > len + 16);
        assert_eq!(open(&mut opener, Voice, 0, &sealed).unwrap().1, frame);
    }
    let mut out = vec![1];
    let large = vec![0; FRAME_MAX + 1];
    assert_eq!(sealer.seal(Voice, 0, &large, &mut out), Err(SealError::TooLarge(FRAME_MAX + 1)));
    assert!(out.is_empty());
    assert!(matches!(Sealer::new(id(0), &base(1), 0, Vec::new()), Err(SealError::Receivers)));
}

#[test]
fn packets_have_one_size_from_the_first_to_the_last_of_a_call() {
    let (mut sealer, _) = pair();
    let sizes: std::collections::BTreeSet<usize> = [0, 20, 1_000, 60_000, 3_600_000, 18 * 3_600_000]
        .into_iter()
        .map(|at| sealed(&mut sealer, Voice, at, &[0; 60]).len())
        .collect();
    assert_eq!(sizes.into_iter().collect::<Vec<_>>(), [60 + 28 + 4 + 2]);
}

/// Whoever has the key of the group can open what is sealed under it, and could seal under it as well as its sender.
#[test]
fn a_member_of_the_group_cannot_speak_as_another() {
    let (id, base) = (id(0), base(1));
    let (usa, jpn, kor) = (device(1), device(2), device(3));
    let mut opener = Opener::new();
    opener.insert(id, &base, &source(id, &base, &usa, &kor)).unwrap();
    // JPN has the base key; the secret that it shares with USA, and those that it shares with KOR.
    let guesses = [
        receiver(id, &base, &usa, &jpn),
        receiver(id, &base, &jpn, &kor),
        receiver(id, &base, &kor, &usa),
        receiver(id, &BaseKey::new([9; 32]), &usa, &kor),
        receiver(KeyId::from_u64(id.to_u64() + 1).unwrap(), &base, &usa, &kor),
    ];
    for (guess, medium) in guesses.iter().flat_map(|guess| [(guess, Voice), (guess, Picture)]) {
        let forged = Receiver { party: 3, key: TagKey::new(*guess.key.expose()) };
        let mut sealer = Sealer::new(id, &base, 0, vec![forged]).unwrap();
        let frame = sealed(&mut sealer, medium, 0, &[0x11; 40]);
        let mut out = Vec::new();
        assert_eq!(opener.open(medium, &usa, 0, &frame, &mut out), Err(OpenError::Forged));
    }
    // The true frame, its contents changed by whoever has the base key, under the true tag.
    let mut true_sealer = Sealer::new(id, &base, 0, vec![receiver(id, &base, &usa, &kor)]).unwrap();
    let frame = sealed(&mut true_sealer, Voice, 0, b"no");
    let mut other = Sealer::new(id, &base, 0, vec![receiver(id, &base, &jpn, &kor)]).unwrap();
    let mut changed = sealed(&mut other, Voice, 0, b"go");
    let at = changed.len() - 6;
    changed[at..].copy_from_slice(&frame[frame.len() - 6..]);
    let mut out = Vec::new();
    assert_eq!(opener.open(Voice, &usa, 0, &changed, &mut out), Err(OpenError::Forged));
    assert_eq!(opener.open(Voice, &jpn, 0, &frame, &mut out), Err(OpenError::OtherSender));
    assert!(opener.open(Voice, &usa, 0, &frame, &mut out).is_ok(), "what was refused used up no number");
    assert_eq!(out, b"no");
}

#[test]
fn a_frame_is_opened_once_and_in_its_order() {
    let (mut sealer, mut opener) = pair();
    let frames: Vec<Vec<u8>> = (0..100).map(|n| sealed(&mut sealer, Voice, n * 20, b"x")).collect();
    for (at, n) in [(0, 0), (60, 3), (61, 1), (62, 2), (120, 6)] {
        assert!(open(&mut opener, Voice, at, &frames[n]).is_ok(), "frame {n}");
        assert_eq!(open(&mut opener, Voice, at, &frames[n]).unwrap_err(), OpenError::Replayed, "frame {n}");
    }
    assert!(open(&mut opener, Voice, 1_000, &frames[50]).is_ok());
    for (n, may) in [(49, true), (30, true), (29, false), (5, false), (4, false)] {
        assert_eq!(open(&mut opener, Voice, 1_010, &frames[n]).is_ok(), may, "frame {n}");
    }
    // Told of the key again, it still knows what it has opened; put away and taken again, too: a hold does not make it
    // forget.
    opener.insert(id(0), &base(1), &source_of(0, 1)).unwrap();
    assert_eq!(open(&mut opener, Voice, 1_020, &frames[50]).unwrap_err(), OpenError::Replayed);
    opener.close(id(0));
    assert_eq!(open(&mut opener, Voice, 1_020, &frames[51]).unwrap_err(), OpenError::UnknownKey(id(0)));
    opener.insert(id(0), &base(1), &source_of(0, 1)).unwrap();
    for n in [50, 49, 3] {
        assert_eq!(open(&mut opener, Voice, 1_030, &frames[n]).unwrap_err(), OpenError::Replayed);
    }
    assert!(open(&mut opener, Voice, 1_040, &frames[52]).is_ok());
    assert_eq!(opener.highest().map(|(_, number)| number.time_ms()).collect::<Vec<_>>(), [1_040]);
}

#[test]
fn a_word_that_was_held_back_is_refused_and_a_longer_way_is_told() {
    let (mut sealer, mut opener) = pair();
    let yes = sealed(&mut sealer, Voice, 0, b"yes");
    let next = sealed(&mut sealer, Voice, 20, b"and");
    assert!(open(&mut opener, Voice, 5, &yes).is_ok());
    assert_eq!(open(&mut opener, Voice, 12_000, &next).unwrap_err(), OpenError::Late);
    let mut told = 0;
    for n in 0..200 {
        let frame = sealed(&mut sealer, Voice, 12_000 + n * 20, b"late");
        if let Ok((frame, _)) = open(&mut opener, Voice, 15_000 + n * 20, &frame) {
            told += u64::from(frame.longer);
        }
    }
    assert_eq!(told, 1);
}

#[test]
fn a_worker_after_another_opens_nothing_that_was_opened_before_it() {
    let (mut sealer, mut opener) = pair();
    let before = sealed(&mut sealer, Voice, 1_000, b"yes");
    let (first, _) = open(&mut opener, Voice, 1_000, &before).unwrap();
    let mut second = Opener::new();
    let floor = first.number.to_u64() + 1;
    second.insert(id(0), &base(1), &Source { floor, ..source_of(0, 1) }).unwrap();
    assert_eq!(open(&mut second, Voice, 9_000, &before).unwrap_err(), OpenError::Replayed);
    let after = sealed(&mut sealer, Voice, 9_000, b"no");
    assert!(open(&mut second, Voice, 9_010, &after).is_ok());
}

#[test]
fn of_an_earlier_generation_nothing_is_opened_once_a_later_one_was_heard() {
    let (mut old, mut opener) = pair();
    let (one, two) = (sealed(&mut old, Voice, 0, b"a"), sealed(&mut old, Voice, 20, b"b"));
    assert!(open(&mut opener, Voice, 0, &one).is_ok());
    opener.insert(id(1), &base(1), &Source { turn: 1, ..source_of(1, 1) }).unwrap();
    let mut new = sealer_of(1, 1);
    let three = sealed(&mut new, Voice, 0, b"c");
    assert!(open(&mut opener, Voice, 100, &three).is_ok(), "its clock begins again");
    assert_eq!(open(&mut opener, Voice, 110, &two).unwrap_err(), OpenError::Replayed);
}

#[test]
fn a_forged_number_does_not_push_the_honest_frames_out() {
    let (mut sealer, mut opener) = pair();
    let first = sealed(&mut sealer, Voice, 0, b"one");
    let mut other = sealer_of(0, 9);
    let ahead = sealed(&mut other, Voice, 17 * 3_600_000, b"far ahead");
    assert_eq!(open(&mut opener, Voice, 0, &ahead).unwrap_err(), OpenError::Forged);
    assert!(open(&mut opener, Voice, 0, &first).is_ok());
}

#[test]
fn numbers_go_on_over_all_keys_of_a_generation_and_end() {
    let mut sealer = sealer_of(0, 1);
    let mut seen = std::collections::BTreeSet::new();
    for n in 0..2_000 {
        // Keys come and go, the clock stands still: no pair of key and number repeats.
        let to = receiver(id(0), &base(1), &device(FROM), &device(TO));
        if n % 500 == 499 {
            sealer.rekey(id(0), &base(1), vec![to]).unwrap();
        }
        assert!(seen.insert(sealed(&mut sealer, Voice, 0, b"same")));
    }
    assert_eq!(sealer.sealed(), 2_000);
    let to = receiver(id(1), &base(1), &device(FROM), &device(TO));
    assert_eq!(sealer.rekey(id(1), &base(1), vec![to]), Err(SealError::Generation));
    let mut out = vec![1];
    assert_eq!(sealer.seal(Voice, u64::MAX / 8, b"no more", &mut out), Err(SealError::Exhausted));
    assert!(out.is_empty());
}

#[test]
fn the_old_epochs_frames_are_opened_for_a_while_and_then_not() {
    for suite in SUITES {
        let (mut usa, mut jpn, mut kor) = (console(suite, 1), console(suite, 2), console(suite, 3));
        let gid = group(1);
        group_of(gid, &mut [&mut usa, &mut jpn]);
        let mut opener = Opener::new();
        listen(&mut opener, &jpn, &gid, &device(1));
        let mut old = sealer(&usa, &gid);
        let a = sealed(&mut old, Voice, 0, b"before");

        let pending = bring_in(&mut usa, &gid, &mut [&mut kor]);
        jpn.process(&gid, &device(1), &pending.commit).unwrap();
        listen(&mut opener, &jpn, &gid, &device(1));
        let current = key_id(&jpn, &gid, &device(1), 0);
        opener.retire_others(&[current], 10_000);
        let (b, c) = (sealed(&mut old, Voice, 20, b"under way"), sealed(&mut old, Voice, 40, b"too late"));
        let mut new = sealer(&usa, &gid);
        let d = sealed(&mut new, Voice, 60, b"after");

        opener.expire(9_999);
        assert_eq!(opener.keys().count(), 2);
        for (bytes, id) in [(&d, current), (&a, old.key_id()), (&b, old.key_id())] {
            assert_eq!(open(&mut opener, Voice, 60, bytes).unwrap().0.id, id);
        }
        opener.retire_others(&[current], 20_000);
        opener.expire(10_000);
        assert_eq!(open(&mut opener, Voice, 60, &c).unwrap_err(), OpenError::UnknownKey(old.key_id()));
    }
}

/// Keys of that many generations of one sender, at some time in its life.
fn insert_all(opener: &mut Opener, sender: u8, generations: std::ops::Range<u16>) -> Vec<KeyId> {
    let of = |n| KeyId::new(2, &group(7), u64::from(sender), u32::from(sender), n).unwrap();
    let ids: Vec<KeyId> = generations.map(of).collect();
    for id in &ids {
        let (base, device) = (base(1), device(sender));
        if opener.insert(*id, &base, &source(*id, &base, &device, &common::device(TO))).is_err() {
            break;
        }
    }
    ids
}

#[test]
fn keys_held_are_bounded_and_a_sender_takes_no_room_of_another() {
    let mut opener = Opener::new();
    let ids = insert_all(&mut opener, FROM, 0..100);
    assert_eq!(opener.keys().count(), KEYS_EACH, "of one that changes them without end");
    let newest = &ids[ids.len() - KEYS_EACH..];
    assert!(newest.iter().all(|id| opener.keys().any(|held| held == *id)), "it is heard under the newest");
    for other in 10..40 {
        insert_all(&mut opener, other, 0..100);
    }
    assert_eq!(opener.keys().count(), 31 * KEYS_EACH);
    insert_all(&mut opener, 99, 0..4);
    assert_eq!(opener.keys().count(), 31 * KEYS_EACH + 4, "one who comes last");
    opener.remove(ids[0]);
    insert_all(&mut opener, FROM, 20..21);
    assert_eq!(opener.keys().count(), 31 * KEYS_EACH + 4);
    const { assert!(32 * KEYS_EACH <= KEYS_MAX && 32 * HISTORIES_EACH <= HISTORIES_MAX) };
    const { assert!(order::ORDER_MS < order::LATE_MS) };
}

#[test]
fn what_was_opened_is_remembered_of_each_sender_apart() {
    let (mut sealer, mut opener) = pair();
    let said = sealed(&mut sealer, Voice, 0, b"yes");
    assert!(open(&mut opener, Voice, 0, &said).is_ok());
    opener.close(id(0));
    // Others change their keys without end, and so does a sender that never was in.
    for other in 10..40 {
        for generation in 0..200 {
            insert_all(&mut opener, other, generation..generation + 1).iter().for_each(|id| opener.close(*id));
        }
    }
    opener.insert(id(0), &base(1), &source_of(0, 1)).unwrap();
    assert_eq!(open(&mut opener, Voice, 0, &said).unwrap_err(), OpenError::Replayed);
    // Its own keys come and go as often as it likes.
    for generation in 1..200 {
        opener.close(id(generation - 1));
        opener.insert(id(generation), &base(1), &source_of(generation, 1)).unwrap();
    }
    assert_eq!(opener.keys().count(), 1);
}

#[test]
fn a_key_id_packs_and_unpacks_its_parts_and_refuses_what_does_not_fit() {
    let gid = GroupId([0xff, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let packed = KeyId::new(63, &gid, 0x1_2345, 1023, 16_383).unwrap();
    assert_eq!(packed.to_u64(), 0xff_fc23_45ff_ffff);
    assert_eq!((packed.node(), packed.group_tag(), packed.epoch()), (63, 0x3fc, 0x2345));
    assert_eq!((packed.leaf(), packed.generation()), (1023, 16_383));
    assert!(packed.is_of(63, &gid) && !packed.is_of(62, &gid));
    assert_eq!(KeyId::from_u64(packed.to_u64()), Some(packed));
    assert_eq!(KeyId::from_u64(1 << 56), None);
    assert!(KeyId::new(64, &gid, 0, 0, 0).is_err());
    assert!(KeyId::new(0, &gid, 0, 1024, 0).is_err());
    assert!(KeyId::new(0, &gid, 0, 0, 16_384).is_err());
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens(frame in prop::collection::vec(any::<u8>(), 0..3_000), picture in any::<bool>()) {
        let medium = if picture { Picture } else { Voice };
        let (mut sealer, mut opener) = pair();
        let mut sealed = Vec::new();
        // A picture shorter than its clear prefix is not sent.
        match sealer.seal(medium, 0, &frame, &mut sealed) {
            Ok(()) => prop_assert_eq!(open(&mut opener, medium, 0, &sealed).unwrap().1, frame),
            Err(error) => prop_assert!(error == SealError::Prefix && picture),
        }
    }

    #[test]
    fn a_filled_picture_tells_its_steps_and_no_more(length in 3_usize..3_000, step in 64_u16..600) {
        let (mut sealer, mut opener) = pair();
        sealer.fill_pictures(step);
        let frame = [&[0x11, 0, 0], vec![0; length].as_slice()].concat();
        let mut sealed = Vec::new();
        prop_assert!(sealer.seal(Picture, 0, &frame, &mut sealed).is_ok());
        let steps = (frame.len() + 1).div_ceil(usize::from(step));
        let mut other = Vec::new();
        let longest = vec![0x11; steps * usize::from(step) - 1];
        prop_assert!(sealer.seal(Picture, 0, &longest, &mut other).is_ok());
        prop_assert_eq!(sealed.len(), other.len());
        prop_assert_eq!(open(&mut opener, Picture, 0, &sealed).unwrap().1, frame);
        prop_assert_eq!(open(&mut opener, Picture, 0, &other).unwrap().1, longest);
    }

    #[test]
    fn garbage_and_spoilt_frames_are_refused(
        garbage in prop::collection::vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
        bit in 0_u8..8,
        cut in any::<bool>(),
    ) {
        let (mut sealer, mut opener) = pair();
        let mut sealed = sealed(&mut sealer, Picture, 0, &[7; 60]);
        let at = at.index(sealed.len());
        if cut { sealed.truncate(at) } else { sealed[at] ^= 1 << bit }
        prop_assert!(open(&mut opener, Picture, 0, &sealed).is_err());
        for medium in [Voice, Picture] {
            prop_assert!(open(&mut opener, medium, 0, &garbage).is_err());
            let _ = Opener::names(medium, &garbage);
        }
    }
}
