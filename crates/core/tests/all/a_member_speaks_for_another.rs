//! A node of the charter sends packets as another one's, floods, and takes what there is: nobody takes its packets for
//! the other's, and the others lose nothing.
#![allow(clippy::unwrap_used, missing_docs)]

use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_core::forward::{ForwardEvent, Forwarder, LegPacket};
use trialogue_core::limits::STREAMS_OF_NODE_MAX;
use trialogue_core::{ConsoleKey, Route, Source};
use trialogue_wire::console::Medium;
use trialogue_wire::media::{Half, MediaHeader};

/// The node itself, who relays and lies, and who speaks.
const JPN: u8 = 0;
const KOR: u8 = 1;
const USA: u8 = 2;

fn id(node: u8) -> NodeId {
    NodeId::new(["jpn-1", "kor-1", "usa-1"][usize::from(node)]).unwrap()
}

/// Begins with its node.
fn device(node: u8, number: u16) -> DeviceId {
    let mut id = [0; 32];
    id[0] = node;
    id[1..3].copy_from_slice(&number.to_be_bytes());
    DeviceId(id)
}

fn route(node: u8, number: u16) -> Route {
    Route {
        node,
        number,
        source: Source::Links,
        device: device(node, number),
        line: LineId::new("leaders").unwrap(),
        medium: Medium::Voice,
        legs: vec![ConsoleKey(1)],
        links: vec![],
        spare: vec![],
        relays: vec![id(KOR)],
        alive: true,
        quiet_after: None,
    }
}

/// With one console, which has so many places for voices.
fn forwarder(voices: usize) -> Forwarder {
    let mut forwarder = Forwarder::new(JPN, [JPN, KOR, USA].map(|node| (id(node), node)).into(), [1_000; 3]);
    assert!(forwarder.leg_up(1, ConsoleKey(1), voices, 0, 0));
    forwarder.leg_ready(1, 0);
    forwarder
}

fn header(node: u8, stream: u16, sequence: u32) -> MediaHeader {
    let time = sequence.wrapping_mul(960);
    MediaHeader { marker: false, key_frame: false, half: Half::Whole, node, stream, sequence, time }
}

/// How often a packet of the American voice is heard: of a link, with this payload.
fn heard(f: &mut Forwarder, from: u8, sequence: u32, payload: &[u8], now_ms: u64) -> usize {
    let mut out = Vec::new();
    f.on_link_packet(from, header(USA, 5, sequence), payload, now_ms, &mut out);
    out.len()
}

#[test]
fn who_is_muted_is_not_spoken_for() {
    let mut f = forwarder(1);
    f.route(route(USA, 5), 0);
    assert_eq!(heard(&mut f, USA, 8, b"true", 0), 1);
    assert_eq!(heard(&mut f, USA, 10, b"true", 40), 1);
    f.route(Route { quiet_after: Some(10), ..route(USA, 5) }, 600);
    // The last ones before the mute may still be under way by the relay.
    assert_eq!(heard(&mut f, KOR, 9, b"true", 610), 1);
    let minute = (0..3_000u32).map(|n| heard(&mut f, KOR, 11 + n, b"forged", 1_000 + u64::from(n) * 20));
    assert_eq!(minute.sum::<usize>(), 0, "of a minute");
    assert_eq!(heard(&mut f, KOR, 7, b"forged", 61_500), 0, "nor under a number that is long over");
    // Whoever speaks again is heard from the first packet on, even before its word is here.
    assert_eq!(heard(&mut f, USA, 11, b"true", 62_000), 1);
    f.route(route(USA, 5), 62_010);
    assert_eq!(heard(&mut f, KOR, 12, b"true", 62_020), 1, "and its relays bring it, too");
}

#[test]
fn a_relay_is_heard_without_a_word_when_the_direct_link_is_dead() {
    let mut f = forwarder(1);
    f.route(Route { quiet_after: Some(10), ..route(USA, 5) }, 0);
    assert_eq!(heard(&mut f, KOR, 11, b"true", 0), 0, "the link lives and brings nothing: nobody speaks");
    f.route(Route { alive: false, quiet_after: Some(10), ..route(USA, 5) }, 2_000);
    let all = (0..500u32).map(|n| heard(&mut f, KOR, 11 + n, b"true", 2_000 + u64::from(n) * 20));
    assert_eq!(all.sum::<usize>(), 500);
}

#[test]
fn only_who_was_chosen_relays() {
    let mut f = forwarder(1);
    f.route(Route { relays: vec![], ..route(USA, 5) }, 0);
    assert_eq!(heard(&mut f, KOR, 1, b"forged", 0), 0);
    assert_eq!(heard(&mut f, USA, 1, b"true", 20), 1);
    assert_eq!((f.counters().forged, f.counters().relays_barred), (1, 0));
}

#[test]
fn a_liar_that_is_faster_costs_no_true_packet_and_is_named() {
    let mut f = forwarder(1);
    f.route(route(USA, 5), 0);
    assert_eq!(heard(&mut f, USA, 10, b"true", 0), 1);
    let ahead: usize = (11..200).map(|n| heard(&mut f, KOR, n, b"forged", 1)).sum();
    assert_eq!(ahead, 64, "no further ahead of the source than an honest relay can be");
    let all: usize = (11..200u32).map(|n| heard(&mut f, USA, n, b"true", u64::from(n) * 20)).sum();
    assert_eq!(all, 189, "every one of the source's own");
    let more: usize = (200..400).map(|n| heard(&mut f, KOR, n, b"forged", 5_000)).sum();
    assert_eq!(more, 0);
    let named = std::iter::from_fn(|| f.poll()).filter(|e| *e == ForwardEvent::RelayBarred { source: USA, relay: KOR });
    assert_eq!(named.count(), 1);
    // Under another number it is known again; what it brings of others is another matter.
    f.route(Route { number: 6, ..route(USA, 5) }, 6_000);
    let mut out = Vec::new();
    assert!(f.on_link_packet(KOR, header(USA, 6, 1), b"forged", 6_000, &mut out).is_none());
}

#[test]
fn a_liar_that_is_heard_first_does_not_keep_the_source_from_being_heard() {
    let mut f = forwarder(1);
    f.route(route(USA, 5), 0);
    assert_eq!(
        (60..70).map(|n| heard(&mut f, KOR, n, b"forged", 1)).sum::<usize>(),
        10,
        "nothing speaks against it yet"
    );
    assert_eq!((1..200u32).map(|n| heard(&mut f, USA, n, b"true", u64::from(n) * 20)).sum::<usize>(), 199);
}

#[test]
fn a_sequence_is_given_out_once_whatever_a_liar_does() {
    let mut f = forwarder(1);
    f.route(route(USA, 5), 0);
    let mut given = std::collections::BTreeSet::new();
    for n in 0..2_000u32 {
        let (from, sequence, payload) = match n % 5 {
            0 => (KOR, n + 40, &b"forged"[..]),
            1 => (KOR, n.wrapping_sub(30), &b"else"[..]),
            _ => (USA, n, &b"true"[..]),
        };
        let mut out = Vec::new();
        f.on_link_packet(from, header(USA, 5, sequence), payload, u64::from(n) * 400, &mut out);
        assert!(out.iter().all(|to| given.insert(to.sequence)), "{n}");
    }
}

#[test]
fn a_word_of_before_the_link_lived_keeps_no_relayed_voice_out() {
    let mut f = forwarder(1);
    // It was quiet when the link was cut, and has spoken since: heard by the relay alone, beyond what anybody could
    // guess from the word.
    f.route(Route { alive: false, quiet_after: Some(100), ..route(USA, 5) }, 0);
    assert_eq!((200..212).map(|n| heard(&mut f, KOR, n, b"true", 5_000 + u64::from(n))).sum::<usize>(), 12);
    f.route(Route { quiet_after: Some(100), ..route(USA, 5) }, 9_000);
    f.route(route(USA, 5), 9_005);
    assert_eq!(heard(&mut f, KOR, 212, b"true", 9_040), 1);
    assert_eq!(heard(&mut f, USA, 213, b"true", 9_060), 1);
}

/// The American voice speaks from `first` on at `from_ms`, while a relay sends four packets under numbers of its choice
/// for each of its. How many of 500 were heard, and how many of the relay's.
fn speaks_beside_a_flood(f: &mut Forwarder, first: u32, from_ms: u64, of: impl Fn(u32, u32) -> u32) -> (usize, usize) {
    let (mut own, mut forged) = (0, 0);
    for n in 0..500 {
        for k in 0..4 {
            forged += heard(f, KOR, of(first + n, 4 * n + k), b"x", from_ms + u64::from(n) * 20 + u64::from(k) * 5);
        }
        own += heard(f, USA, first + n, b"true", from_ms + u64::from(n) * 20);
    }
    (own, forged)
}

#[test]
fn a_relay_does_not_mute_who_speaks_again() {
    let mut f = forwarder(1);
    f.route(route(USA, 5), 0);
    assert_eq!((20_000..20_010).map(|n| heard(&mut f, USA, n, b"true", u64::from(n - 20_000) * 20)).sum::<usize>(), 10);
    let last = 20_009;
    f.route(Route { quiet_after: Some(last), ..route(USA, 5) }, 700);
    // While it is quiet the relay begins the stream anew far below, and empties what a voice may be.
    let below = (0..6_000).map(|n| heard(&mut f, KOR, last - 16_000 + n, b"x", 2_000 + u64::from(n) * 5));
    assert_eq!(below.sum::<usize>(), 0);
    let rest = |f: &Forwarder| (f.counters().over_rate, f.counters().relays_barred);
    assert_eq!(rest(&f), (0, 0));
    f.route(route(USA, 5), 31_990);
    let (own, forged) = speaks_beside_a_flood(&mut f, last + 1, 32_000, |newest, n| newest - 1 - n % 2_000);
    assert_eq!((own, forged), (500, 0), "all of its own, and nothing under numbers that it has left behind");
}

#[test]
fn a_relay_does_not_mute_a_voice_that_was_never_heard_before() {
    // Before the word that it speaks, and after it.
    for word_ms in [0, 1_000] {
        let mut f = forwarder(1);
        f.route(Route { quiet_after: Some(8_999), ..route(USA, 5) }, 0);
        assert_eq!((7_000..9_000).map(|n| heard(&mut f, KOR, n, b"x", u64::from(n - 7_000))).sum::<usize>(), 0);
        f.route(route(USA, 5), 2_000 + word_ms);
        let (own, forged) = speaks_beside_a_flood(&mut f, 9_000, 2_010, |newest, n| newest - 1 - n % 2_000);
        assert_eq!((own, forged), (500, 0));
    }
    // A node that comes to a voice in the midst of it has no word of where it is.
    let mut f = forwarder(1);
    f.route(route(USA, 5), 0);
    assert_eq!((7_000..7_400).map(|n| heard(&mut f, KOR, n, b"x", 0)).sum::<usize>(), 400, "nothing speaks against it");
    let (own, forged) = speaks_beside_a_flood(&mut f, 9_000, 10, |newest, n| newest - 1 - n % 2_000);
    assert_eq!(own, 500);
    assert!(forged <= 64, "{forged}");
}

#[test]
fn what_a_relay_did_while_the_link_was_dead_takes_nothing_when_it_lives_again() {
    let mut f = forwarder(1);
    f.route(route(USA, 5), 0);
    assert_eq!(heard(&mut f, USA, 20_000, b"true", 0), 1);
    f.route(Route { alive: false, ..route(USA, 5) }, 2_500);
    let far = (4_000..4_500).map(|n| heard(&mut f, KOR, n, b"x", 2_500 + u64::from(n - 4_000) * 5));
    assert!(far.sum::<usize>() > 400, "it may be the only way");
    f.route(route(USA, 5), 5_000);
    let (own, forged) = speaks_beside_a_flood(&mut f, 20_200, 5_000, |newest, n| newest - 1 - n % 2_000);
    assert_eq!(own, 500);
    assert!(forged <= 64, "{forged}: what the direct path lost may be under way");
}

#[test]
fn a_relay_begins_nothing_anew_while_the_direct_link_lives() {
    let mut f = forwarder(1);
    f.route(route(USA, 5), 0);
    assert_eq!(heard(&mut f, USA, 20_000, b"true", 0), 1);
    // Nothing came directly for a while, and no word says that it is quiet.
    let far =
        (0..2_000).map(|n| heard(&mut f, KOR, 4_000 + n, b"x", 2_000) + heard(&mut f, KOR, 40_000 + n, b"x", 2_000));
    assert_eq!(far.sum::<usize>(), 0);
    let next: usize = (20_001..20_400).map(|n| heard(&mut f, KOR, n, b"x", 2_000)).sum();
    assert_eq!(next, 264, "no further than a source can have come in that time");
    let (own, forged) = speaks_beside_a_flood(&mut f, 20_001, 2_010, |newest, _| newest + 1);
    assert_eq!((own, forged, f.counters().relays_barred), (500, 0, 1), "and the first true one names it");
}

#[test]
fn relays_carry_a_voice_for_as_long_as_a_link_that_seems_to_live_brings_nothing() {
    for every_ms in [20, 60] {
        let mut f = forwarder(1);
        f.route(route(USA, 5), 0);
        assert_eq!(heard(&mut f, USA, 0, b"true", 0), 1);
        let all = (1..3_000u32).map(|n| heard(&mut f, KOR, n, b"true", u64::from(n) * every_ms + 300));
        assert_eq!(all.sum::<usize>(), 2_999);
        // The direct path comes back, and of what it lost the relay is still bringing some.
        let back = u64::from(3_020u32) * every_ms;
        assert_eq!(heard(&mut f, USA, 3_020, b"true", back), 1);
        assert_eq!((3_000..3_020).map(|n| heard(&mut f, KOR, n, b"true", back + 300)).sum::<usize>(), 20);
        assert_eq!(f.counters().forged, 0);
    }
}

#[test]
fn a_source_and_its_relays_are_together_no_more_than_a_voice() {
    let mut f = forwarder(1);
    f.route(route(USA, 5), 0);
    // 400 kbit/s, of which the one and the other come first by turns.
    for n in 0..2_000u32 {
        let ways = if n % 3 == 0 { [USA, KOR] } else { [KOR, USA] };
        for from in ways {
            heard(&mut f, from, n, &[0; 1_000], u64::from(n) * 20);
        }
    }
    let bytes = f.counters().to_legs * 1_000;
    assert!((1_280_000..=1_280_000 + 2 * 64_000).contains(&bytes), "{bytes} bytes in 40 s");
}

#[test]
fn a_relay_shows_nothing_under_a_picture_that_is_off() {
    let picture = Route { medium: Medium::Picture, ..route(USA, 5) };
    let mut f = forwarder(1);
    f.route(picture.clone(), 0);
    assert_eq!(f.medium_of(USA, 5), Some(Medium::Picture));
    let take = |f: &mut Forwarder, from, n, now| {
        f.on_link_packet(from, header(USA, 5, n), b"delta", now, &mut Vec::new()).is_some()
    };
    assert!(take(&mut f, USA, 10, 0));
    assert!(take(&mut f, KOR, 11, 4_000), "its link may be dead, and that not be known yet");
    assert!(!(12..2_000).any(|n| take(&mut f, KOR, n, 6_000 + u64::from(n) * 10)));
    f.route(Route { alive: false, ..picture }, 30_000);
    assert!(take(&mut f, KOR, 12, 30_000));
}

#[test]
fn streams_without_end_leave_another_node_its_own() {
    let mut f = forwarder(1);
    for number in 0..1_100 {
        f.route(route(KOR, number), 0);
    }
    f.route(route(USA, 5), 0);
    let known = (0..1_100).filter(|number| f.medium_of(KOR, *number).is_some()).count();
    assert_eq!((known, f.medium_of(USA, 5)), (STREAMS_OF_NODE_MAX, Some(Medium::Voice)));
}

#[test]
fn consoles_without_end_leave_another_node_a_place() {
    let mut f = forwarder(4);
    for number in 0..40 {
        f.route(route(KOR, number), 0);
    }
    let at = |f: &Forwarder, place| f.sender_at(1, Medium::Voice, place);
    assert!((0..4).all(|place| at(&f, place) == Some(route(KOR, place.into()).device)), "first come, first placed");
    f.route(route(USA, 5), 0);
    assert_eq!(at(&f, 3), Some(route(USA, 5).device), "of four voices of one node the last one yields");
    f.route(route(USA, 6), 0);
    f.route(route(USA, 7), 0);
    let placed: Vec<_> = (0..4).map(|place| at(&f, place).unwrap().0[0]).collect();
    assert_eq!(placed, [KOR, KOR, USA, USA], "and they share");
    for number in 40..80 {
        f.route(route(KOR, number), 0);
    }
    assert_eq!(at(&f, 3), Some(route(USA, 5).device), "nobody is moved to and fro");
}

#[test]
fn a_voice_is_no_more_than_a_voice() {
    let mut f = forwarder(1);
    f.route(route(USA, 5), 0);
    let flood = (0..20_000u32).map(|n| heard(&mut f, USA, n, &[7; 1_000], u64::from(n) / 20));
    let bytes = flood.sum::<usize>() * 1_000;
    assert!(bytes < 100_000, "{bytes} bytes in a second");
    assert!(f.counters().over_rate > 19_000);
    let mut f = forwarder(1);
    f.route(route(USA, 5), 0);
    let speech = (0..20_000u32).map(|n| heard(&mut f, USA, n, &[7; 160], u64::from(n) * 10)).sum::<usize>();
    assert_eq!((speech, f.counters().over_rate), (20_000, 0), "a hundred good packets a second pass");
}

#[test]
fn a_picture_is_no_more_than_a_picture() {
    let picture = |number| Route { medium: Medium::Picture, ..route(USA, number) };
    let mut f = forwarder(1);
    f.route(picture(5), 0);
    // 40 Mbit/s for four seconds: what comes of two at once, and what those bring.
    (0..20_000u32).for_each(|n| {
        let _ = heard(&mut f, USA, n, &[0; 1_000], u64::from(n) / 5);
    });
    let passed = 20_000 - f.counters().over_rate;
    assert!((2_000..=3_100).contains(&passed), "{passed} kB in four seconds");
    let mut f = forwarder(1);
    f.route(picture(5), 0);
    (0..20_000u32).for_each(|n| {
        let _ = heard(&mut f, USA, n, &[0; 1_200], u64::from(n) * 4);
    });
    assert_eq!(f.counters().over_rate, 0, "2.4 Mbit/s pass");
}

/// What is said of the own voice.
fn quiet(f: &mut Forwarder) -> Vec<Option<u32>> {
    let events = std::iter::from_fn(|| f.poll());
    events.filter_map(|e| if let ForwardEvent::VoiceQuiet { after, .. } = e { Some(after) } else { None }).collect()
}

#[test]
fn a_node_says_when_a_voice_of_its_own_is_quiet() {
    let mut f = forwarder(1);
    f.route(Route { source: Source::Leg(ConsoleKey(1)), legs: vec![], ..route(JPN, 3) }, 0);
    let [Some(before)] = quiet(&mut f)[..] else { panic!("a voice that was never heard is quiet") };
    let speak = |f: &mut Forwarder, n: u64, now| {
        let packet = LegPacket { ssrc: 1, sequence: n, time: 0, marker: false };
        f.on_leg_packet(1, Medium::Voice, packet, b"sealed", now, &mut Vec::new()).unwrap().header.sequence
    };
    let first = speak(&mut f, 100, 1_000);
    assert_eq!((first, quiet(&mut f)), (before + 1, vec![None]), "heard from the first packet on");
    let last = speak(&mut f, 101, 1_020);
    assert_eq!(f.next_timeout(), Some(1_520));
    f.tick(1_519);
    assert_eq!(quiet(&mut f), []);
    f.tick(1_520);
    assert_eq!((quiet(&mut f), f.next_timeout()), (vec![Some(last)], None));
    // Whatever was lost on the leg before: relays bring nothing that is far ahead. One number is left for what it may
    // have overtaken.
    assert_eq!((speak(&mut f, 700, 9_000), quiet(&mut f)), (last + 2, vec![None]));
}

#[test]
fn the_first_two_packets_after_a_silence_may_overtake_each_other() {
    let mut f = forwarder(1);
    f.route(Route { source: Source::Leg(ConsoleKey(1)), legs: vec![], ..route(JPN, 3) }, 0);
    let speak = |f: &mut Forwarder, n: u64, now| {
        let packet = LegPacket { ssrc: 1, sequence: n, time: 0, marker: false };
        let sent = f.on_leg_packet(1, Medium::Voice, packet, b"sealed", now, &mut Vec::new());
        sent.map(|sent| sent.header.sequence)
    };
    let mut last = speak(&mut f, 100, 0).unwrap();
    // What was sent meanwhile was lost, or nothing was: there is room for one, and no more than that.
    for (first, now) in [(102, 9_000), (10_002, 18_000), (10_009, 27_000)] {
        f.tick(now);
        assert_eq!(speak(&mut f, first, now), Some(last + 2), "it overtook one");
        assert_eq!(speak(&mut f, first - 1, now + 1), Some(last + 1), "which goes before it");
        assert_eq!(speak(&mut f, first - 1, now + 2), None, "once");
        assert_eq!(speak(&mut f, first + 1, now + 20), Some(last + 3));
        last += 3;
    }
    // Where none can be on its way no number is left out.
    f.tick(36_000);
    assert_eq!(speak(&mut f, 10_011, 36_000), Some(last + 1));
}

/// The numbers under which a packet of the American voice goes to the place.
fn given(f: &mut Forwarder, from: u8, sequence: u32, payload: &[u8], now_ms: u64) -> Vec<u64> {
    let mut out = Vec::new();
    f.on_link_packet(from, header(USA, 5, sequence), payload, now_ms, &mut out);
    out.iter().map(|to| to.sequence).collect()
}

#[test]
fn a_relay_that_is_faster_cannot_change_one_bit_unseen() {
    let true_one: Vec<u8> = (0..161).collect();
    let bent = |bit: usize| {
        let mut bent = true_one.clone();
        bent[bit / 8] ^= 1 << (bit % 8);
        bent
    };
    // The first bit of every eight bytes among them, and a zero more or less at the end.
    let bits = (0..true_one.len() * 8).step_by(8).map(bent);
    for forged in bits.chain([[&true_one[..], &[0]].concat(), true_one[..160].to_vec()]) {
        let mut f = forwarder(1);
        f.route(route(USA, 5), 0);
        assert_eq!(heard(&mut f, USA, 10, &true_one, 0), 1);
        assert_eq!(heard(&mut f, KOR, 11, &forged, 20), 1, "it is faster");
        assert_eq!(heard(&mut f, USA, 11, &true_one, 30), 1, "and costs no true packet");
        assert_eq!(f.counters().relays_barred, 1);
    }
}

#[test]
fn who_speaks_again_is_not_put_behind_what_a_relay_made_up() {
    // Before the word is here, and after it, while nothing has come directly since.
    for early in [true, false] {
        let mut f = forwarder(1);
        f.route(route(USA, 5), 0);
        assert_eq!(heard(&mut f, USA, 10, b"true", 0), 1);
        f.route(Route { quiet_after: Some(10), ..route(USA, 5) }, 600);
        let mut newest = 0;
        if early {
            newest = given(&mut f, USA, 11, b"true", 62_000)[0];
        }
        f.route(route(USA, 5), 62_010);
        let far = given(&mut f, KOR, 2_050, b"made up", 62_015);
        assert!(far.is_empty() || !early, "far ahead of what has come directly");
        newest = far.first().copied().unwrap_or(newest);
        for n in 12..200 {
            let out = given(&mut f, USA, n, b"true", 62_020 + u64::from(n) * 20);
            assert_eq!(out.len(), 1);
            assert!(out[0] + 100 > newest, "a receiver drops what is {} behind", newest - out[0]);
            newest = newest.max(out[0]);
        }
    }
}

#[test]
fn a_voice_that_an_honest_relay_brings_first_is_not_lost_to_what_another_made_up() {
    const GBR: u8 = 3;
    // Where the place begins, and after that; by more than can be under way at once, and by more than a receiver takes.
    for (begun, far) in [(false, 66), (false, 1_500), (true, 66), (true, 1_500)] {
        let gbr = NodeId::new("gbr-1").unwrap();
        let nodes = [JPN, KOR, USA].map(|node| (id(node), node)).into_iter().chain([(gbr.clone(), GBR)]);
        let mut f = Forwarder::new(JPN, nodes.collect(), [1_000; 3]);
        assert!(f.leg_up(1, ConsoleKey(1), 1, 0, 0));
        f.leg_ready(1, 0);
        f.route(Route { relays: vec![id(KOR), gbr], ..route(USA, 5) }, 0);
        if begun {
            assert_eq!(heard(&mut f, GBR, 1_000, b"true", 0), 1);
        }
        let mut newest = given(&mut f, KOR, 1_000 + far, b"made up", 0)[0];
        let mut lost = 0;
        for n in 1_001..1_100 {
            let now_ms = u64::from(n - 1_000) * 20;
            let out = [given(&mut f, GBR, n, b"true", now_ms), given(&mut f, USA, n, b"true", now_ms + 5)].concat();
            assert!(out.len() <= 1, "it is heard once");
            lost += u32::from(!out.iter().any(|out| out + 100 > newest));
            newest = newest.max(out.first().copied().unwrap_or(0));
        }
        assert!(lost <= 1, "{begun} {far}: {lost} lost");
    }
}

#[test]
fn a_voice_whose_direct_path_is_the_slower_one_keeps_its_numbers() {
    let mut f = forwarder(1);
    f.route(route(USA, 5), 0);
    for n in 0..500u32 {
        let out = given(&mut f, KOR, 1_000 + n, b"true", u64::from(n) * 20);
        assert_eq!(out, [u64::from(n) + 1]);
        if let Some(behind) = n.checked_sub(60) {
            assert!(given(&mut f, USA, 1_000 + behind, b"true", u64::from(n) * 20 + 5).is_empty());
        }
    }
}
