//! Sealing and opening frames: prefixes, epochs, replays, counters, hostile bytes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;
use common::*;
use proptest::prelude::*;
use trialogue_e2ee::sealing::{
    COUNTER_MAX, FRAME_MAX, KEYS_MAX, OVERHEAD_MAX, REPLAY_WINDOW, VP8_DELTA_CLEAR, VP8_KEY_CLEAR, is_vp8_key_frame,
    vp8_clear,
};
use trialogue_e2ee::{BaseKey, GroupId, KeyId, OpenError, Opener, SealError, Sealer};

fn id(generation: u16) -> KeyId {
    KeyId::new(2, &group(7), 3, 4, generation).unwrap()
}

fn base(n: u8) -> BaseKey {
    BaseKey::new([n; 32])
}

fn pair() -> (Sealer, Opener) {
    let mut opener = Opener::new();
    opener.insert(id(0), &base(1)).unwrap();
    (Sealer::new(id(0), &base(1)).unwrap(), opener)
}

#[test]
fn the_vp8_header_stays_readable_and_cannot_be_changed() {
    let (mut sealer, mut opener) = pair();
    let key_frame: Vec<u8> = [0x10, 1, 0, 0x9d, 0x01, 0x2a, 0x80, 2, 0x68, 1].into_iter().chain(0..200).collect();
    let delta: Vec<u8> = [0x11, 2, 0].into_iter().chain(0..100).collect();
    let (mut sealed, mut out) = (Vec::new(), Vec::new());
    for (frame, clear) in [(&key_frame, VP8_KEY_CLEAR), (&delta, VP8_DELTA_CLEAR)] {
        assert_eq!(vp8_clear(frame), clear);
        sealer.seal(clear, frame, &mut sealed).unwrap();
        assert_eq!(sealed[..clear], frame[..clear]);
        assert_eq!(is_vp8_key_frame(&sealed), is_vp8_key_frame(frame));
        assert_eq!(vp8_clear(&sealed), clear);
        assert!(sealed.len() <= frame.len() + OVERHEAD_MAX);
        assert!(!sealed.windows(8).any(|w| frame[clear..].windows(8).any(|f| f == w)));
        for at in 0..clear {
            let mut changed = sealed.clone();
            changed[at] ^= 2;
            assert_eq!(opener.open(clear, &changed, &mut out), Err(OpenError::Forged));
            assert!(out.is_empty());
        }
        assert_eq!(opener.open(clear, &sealed, &mut out), Ok(id(0)));
        assert_eq!(&out, frame);
    }
}

#[test]
fn a_delta_frame_passed_off_as_a_key_frame_is_refused() {
    let (mut sealer, mut opener) = pair();
    let (mut sealed, mut out) = (Vec::new(), Vec::new());
    let delta = [0x11; 64];
    sealer.seal(vp8_clear(&delta), &delta, &mut sealed).unwrap();
    sealed[0] &= 0xfe;
    assert!(opener.open(vp8_clear(&sealed), &sealed, &mut out).is_err());
    // Nor does a picture pass at a voice's place, where nothing is clear.
    sealed[0] |= 1;
    assert!(opener.open(0, &sealed, &mut out).is_err());
}

#[test]
fn empty_and_tiny_frames_are_sealed_too() {
    let (mut sealer, mut opener) = pair();
    let (mut sealed, mut out) = (Vec::new(), Vec::new());
    for len in 0..4 {
        let frame = vec![0xfe; len];
        sealer.seal(0, &frame, &mut sealed).unwrap();
        assert!(sealed.len() > len + 16);
        assert_eq!(opener.open(0, &sealed, &mut out), Ok(id(0)));
        assert_eq!(out, frame);
    }
    assert_eq!(sealer.seal(10, &[0; 9], &mut sealed), Err(SealError::Prefix));
    assert!(sealed.is_empty());
    assert_eq!(sealer.seal(0, &vec![0; FRAME_MAX + 1], &mut sealed), Err(SealError::TooLarge(FRAME_MAX + 1)));
}

#[test]
fn a_frame_is_taken_once_in_any_order_within_the_window() {
    let (mut sealer, mut opener) = pair();
    let mut out = Vec::new();
    let frames: Vec<Vec<u8>> = (0..3 * REPLAY_WINDOW)
        .map(|_| {
            let mut sealed = Vec::new();
            sealer.seal(0, b"x", &mut sealed).unwrap();
            sealed
        })
        .collect();
    // Late by less than the window, and out of order.
    for at in [5, 3, 4, 0, 5 + REPLAY_WINDOW - 10, 7, 900] {
        assert_eq!(opener.open(0, &frames[at], &mut out), Ok(id(0)), "frame {at}");
        assert_eq!(opener.open(0, &frames[at], &mut out), Err(OpenError::Replayed), "frame {at}");
    }
    assert_eq!(opener.open(0, &frames[3 * REPLAY_WINDOW - 1], &mut out), Ok(id(0)));
    for too_old in [1, 2, REPLAY_WINDOW, 2 * REPLAY_WINDOW - 1] {
        assert_eq!(opener.open(0, &frames[too_old], &mut out), Err(OpenError::Replayed), "frame {too_old}");
    }
    assert_eq!(opener.open(0, &frames[2 * REPLAY_WINDOW], &mut out), Ok(id(0)));
    // Told of the key again, it still knows what it has seen.
    opener.insert(id(0), &base(1)).unwrap();
    assert_eq!(opener.open(0, &frames[2 * REPLAY_WINDOW], &mut out), Err(OpenError::Replayed));
}

#[test]
fn a_forged_counter_does_not_push_the_honest_frames_out() {
    let (mut sealer, mut opener) = pair();
    let (mut first, mut second, mut out) = (Vec::new(), Vec::new(), Vec::new());
    sealer.seal(0, b"one", &mut first).unwrap();
    let mut ahead = Sealer::new(id(0), &base(9)).unwrap();
    ahead.skip_to(COUNTER_MAX - 1);
    ahead.seal(0, b"far ahead", &mut second).unwrap();
    assert_eq!(opener.open(0, &second, &mut out), Err(OpenError::Forged));
    assert_eq!(opener.open(0, &first, &mut out), Ok(id(0)));
}

#[test]
fn counters_never_repeat_and_end() {
    let mut sealer = Sealer::new(id(0), &base(1)).unwrap();
    let mut sealed = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..2_000 {
        sealer.seal(0, b"same", &mut sealed).unwrap();
        assert!(seen.insert(sealed.clone()));
    }
    assert_eq!(sealer.sealed(), 2_000);
    // A refused frame uses up nothing that could come again.
    let _ = sealer.seal(5, b"four", &mut sealed);
    sealer.skip_to(COUNTER_MAX);
    sealer.seal(0, b"last", &mut sealed).unwrap();
    assert_eq!(sealer.seal(0, b"one too many", &mut sealed), Err(SealError::Exhausted));
    assert!(sealed.is_empty());
    sealer.skip_to(0);
    assert_eq!(sealer.seal(0, b"still", &mut sealed), Err(SealError::Exhausted));
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
        let (mut a, mut b, mut c, mut out) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        old.seal(0, b"before", &mut a).unwrap();

        let pending = bring_in(&mut usa, &gid, &mut [&mut kor]);
        jpn.process(&gid, &device(1), &pending.commit).unwrap();
        listen(&mut opener, &jpn, &gid, &device(1));
        let current = key_id(&jpn, &gid, &device(1), 0);
        opener.retire_others(&[current], 10_000);
        old.seal(0, b"under way", &mut b).unwrap();
        old.seal(0, b"too late", &mut c).unwrap();
        let mut new = sealer(&usa, &gid);
        let mut d = Vec::new();
        new.seal(0, b"after", &mut d).unwrap();

        opener.expire(9_999);
        assert_eq!(opener.keys().count(), 2);
        assert_eq!(opener.open(0, &d, &mut out), Ok(current));
        assert_eq!(opener.open(0, &a, &mut out), Ok(old.key_id()));
        assert_eq!(opener.open(0, &b, &mut out), Ok(old.key_id()));
        opener.retire_others(&[current], 20_000);
        opener.expire(10_000);
        assert_eq!(opener.open(0, &c, &mut out), Err(OpenError::UnknownKey(old.key_id())));
    }
}

#[test]
fn keys_held_are_bounded() {
    let mut opener = Opener::new();
    for n in 0..KEYS_MAX {
        opener.insert(id(n as u16), &base(1)).unwrap();
    }
    assert!(opener.insert(id(KEYS_MAX as u16), &base(1)).is_err());
    opener.remove(id(0));
    assert!(opener.insert(id(KEYS_MAX as u16), &base(1)).is_ok());
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
    fn whatever_is_sealed_opens(frame in prop::collection::vec(any::<u8>(), 0..3_000), clear in 0_usize..12) {
        let clear = clear.min(frame.len());
        let (mut sealer, mut opener) = pair();
        let (mut sealed, mut out) = (Vec::new(), Vec::new());
        sealer.seal(clear, &frame, &mut sealed).unwrap();
        prop_assert_eq!(opener.open(clear, &sealed, &mut out), Ok(id(0)));
        prop_assert_eq!(out, frame);
    }

    #[test]
    fn garbage_and_spoilt_frames_are_refused(
        garbage in prop::collection::vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
        bit in 0_u8..8,
        cut in any::<bool>(),
    ) {
        let (mut sealer, mut opener) = pair();
        let (mut sealed, mut out) = (Vec::new(), Vec::new());
        sealer.seal(3, &[7; 60], &mut sealed).unwrap();
        let at = at.index(sealed.len());
        if cut { sealed.truncate(at) } else { sealed[at] ^= 1 << bit }
        prop_assert!(opener.open(3, &sealed, &mut out).is_err());
        prop_assert!(out.is_empty());
        for clear in [0, 3, 10] {
            prop_assert!(opener.open(clear, &garbage, &mut out).is_err());
            let _ = Opener::names(clear, &garbage);
        }
    }
}
