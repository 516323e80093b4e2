//! The pure forwarder: places, copies, numbers, key frames, room.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_core::forward::{Destination, ForwardEvent, Forwarded, Forwarder, LegPacket, WINDOW};
use trialogue_core::{ConsoleKey, Route, Source};
use trialogue_wire::console::Medium;
use trialogue_wire::media::{Half, MediaHeader};

const KEY: &[u8] = &[0x10, 0x00, 1, 2, 3];
const DELTA: &[u8] = &[0x10, 0x01, 1, 2, 3];

fn forwarder() -> Forwarder {
    let nodes = ["jpn-1", "kor-1", "usa-1"].map(|id| NodeId::new(id).unwrap());
    Forwarder::new(0, nodes.into_iter().zip(0..).collect(), [1_000; 3])
}

fn device(n: u64) -> DeviceId {
    DeviceId([n as u8; 32])
}

fn route(from: u64, medium: Medium, to: &[u64], links: &[&str]) -> Route {
    Route {
        node: 0,
        number: (from * 2) as u16 + u16::from(medium == Medium::Picture),
        source: Source::Leg(ConsoleKey(from)),
        device: device(from),
        line: LineId::new("leaders").unwrap(),
        medium,
        legs: to.iter().map(|c| ConsoleKey(*c)).collect(),
        links: links.iter().map(|id| NodeId::new(*id).unwrap()).collect(),
        spare: Vec::new(),
        relays: Vec::new(),
        alive: false,
        quiet_after: None,
    }
}

fn remote(node: u8, number: u16, medium: Medium, to: &[u64], links: &[&str]) -> Route {
    Route {
        node,
        number,
        source: Source::Links,
        device: device(100 + u64::from(number)),
        relays: ["kor-1", "usa-1"].map(|id| NodeId::new(id).unwrap()).to_vec(),
        alive: true,
        ..route(0, medium, to, links)
    }
}

fn leg(f: &mut Forwarder, n: u32, voices: usize, pictures: usize) {
    assert!(f.leg_up(n, ConsoleKey(n.into()), voices, pictures, 0));
    f.leg_ready(n, 0);
}

fn packet(sequence: u64) -> LegPacket {
    LegPacket { ssrc: 7, sequence, time: (sequence as u32).wrapping_mul(960), marker: false }
}

fn header(node: u8, stream: u16, sequence: u32) -> MediaHeader {
    MediaHeader {
        marker: false,
        key_frame: false,
        half: Half::Whole,
        node,
        stream,
        sequence,
        time: sequence.wrapping_mul(960),
    }
}

fn speak(f: &mut Forwarder, from: u32, p: LegPacket, now: u64) -> (Option<Forwarded>, Vec<Destination>) {
    let mut out = Vec::new();
    let forwarded = f.on_leg_packet(from, Medium::Voice, p, b"sealed", now, &mut out);
    (forwarded, out)
}

fn show(f: &mut Forwarder, from: u32, n: u64, payload: &[u8], now: u64) -> Vec<Destination> {
    let mut out = Vec::new();
    f.on_leg_packet(from, Medium::Picture, packet(n), payload, now, &mut out);
    out
}

fn hear(f: &mut Forwarder, from: u8, h: MediaHeader, now: u64) -> (Option<Forwarded>, Vec<Destination>) {
    let mut out = Vec::new();
    let forwarded = f.on_link_packet(from, h, b"sealed", now, &mut out);
    (forwarded, out)
}

fn placed(f: &mut Forwarder) -> Vec<(ConsoleKey, Medium, u8, Option<DeviceId>)> {
    let mut all = Vec::new();
    while let Some(event) = f.poll() {
        if let ForwardEvent::Placed { console, medium, place, sender, .. } = event {
            all.push((console, medium, place, sender));
        }
    }
    all
}

fn wanted(f: &mut Forwarder) -> usize {
    std::iter::from_fn(|| f.poll()).filter(|e| matches!(e, ForwardEvent::KeyFrameWanted { .. })).count()
}

#[test]
fn places_are_given_in_the_order_of_coming_and_nobody_is_moved() {
    let mut f = forwarder();
    leg(&mut f, 1, 2, 0);
    for from in [2, 3, 4] {
        f.route(route(from, Medium::Voice, &[1], &[]), 0);
    }
    let voice = |place, sender: Option<u64>| (ConsoleKey(1), Medium::Voice, place, sender.map(device));
    assert_eq!(placed(&mut f), [voice(0, Some(2)), voice(1, Some(3))], "the third one waits for a place");
    f.route_end(0, 4, 0);
    assert_eq!(placed(&mut f), [voice(0, Some(4))], "and takes the first that is free");
    f.route_end(0, 6, 0);
    assert_eq!(placed(&mut f), [voice(1, None)]);
    assert_eq!(f.sender_at(1, Medium::Voice, 0), Some(device(4)));
}

#[test]
fn a_sender_that_comes_back_under_another_number_keeps_its_place_silently() {
    let mut f = forwarder();
    leg(&mut f, 1, 2, 0);
    f.route(remote(1, 5, Medium::Voice, &[1], &[]), 0);
    f.route(remote(1, 6, Medium::Voice, &[1], &[]), 0);
    placed(&mut f);
    let again = Route { number: 9, ..remote(1, 6, Medium::Voice, &[1], &[]) };
    f.route(again.clone(), 0);
    f.route_end(1, 6, 0);
    f.route_end(1, 5, 0);
    assert!(hear(&mut f, 1, header(1, 6, 1), 0).0.is_none());
    assert_eq!(hear(&mut f, 1, header(1, 9, 1), 0).1.len(), 1);
}

#[test]
fn the_first_copy_goes_on_and_the_others_are_dropped() {
    let mut f = forwarder();
    leg(&mut f, 1, 2, 0);
    f.route(remote(2, 5, Medium::Voice, &[1], &["kor-1"]), 0);
    let (forwarded, out) = hear(&mut f, 2, header(2, 5, 10), 0);
    assert_eq!((forwarded.unwrap().links.iter().collect::<Vec<_>>(), out.len()), (vec![1], 1));
    assert!(hear(&mut f, 1, header(2, 5, 10), 0).0.is_none(), "the same by the other path");
    let (forwarded, _) = hear(&mut f, 1, header(2, 5, 9), 0);
    assert!(forwarded.unwrap().links.is_empty(), "never back to where it came from");
    assert!(hear(&mut f, 2, header(2, 5, 9), 0).0.is_none());
    assert_eq!(f.counters().copies, 2);
}

#[test]
fn a_node_in_between_cannot_talk_over_the_source() {
    let mut f = forwarder();
    leg(&mut f, 1, 1, 0);
    f.route(remote(2, 5, Medium::Voice, &[1], &[]), 0);
    let forge = |f: &mut Forwarder, n: u32, now: u64| {
        let mut out = Vec::new();
        f.on_link_packet(1, header(2, 5, n), b"forged", now, &mut out).is_some()
    };
    assert_eq!(hear(&mut f, 2, header(2, 5, 10), 0).1.len(), 1);
    assert!(!forge(&mut f, 10, 1), "differs from what the source said");
    assert!(!forge(&mut f, 11, 2), "and is not listened to any more");
    assert_eq!(hear(&mut f, 2, header(2, 5, 11), 20).1.len(), 1);
    assert_eq!((f.counters().forged, f.counters().relays_barred), (2, 1));
    assert!(!forge(&mut f, 12, 30), "for this stream and every other one of the source");
    // The other way round: the forger is faster.
    let mut f = forwarder();
    leg(&mut f, 1, 1, 0);
    f.route(remote(2, 5, Medium::Voice, &[1], &[]), 30);
    assert!(forge(&mut f, 20, 40), "nothing speaks against it yet");
    assert_eq!(hear(&mut f, 2, header(2, 5, 20), 41).1.len(), 1, "no true packet is lost");
    assert!(!forge(&mut f, 21, 42), "and no more");
    assert_eq!(hear(&mut f, 2, header(2, 5, 21), 61).1.len(), 1);
    assert_eq!(f.counters().relays_barred, 1);
}

#[test]
fn a_node_in_between_cannot_run_ahead_of_the_source() {
    let mut f = forwarder();
    leg(&mut f, 1, 1, 0);
    f.route(remote(2, 5, Medium::Voice, &[1], &[]), 0);
    assert_eq!(hear(&mut f, 2, header(2, 5, 10), 0).1.len(), 1);
    for n in [5_000, 5_001, u32::MAX - 9_000, u32::MAX - 8_999] {
        assert!(hear(&mut f, 1, header(2, 5, n), 100).0.is_none());
    }
    // Nothing came directly for a while, and its link is dead; the forger takes its chance.
    f.route(Route { alive: false, ..remote(2, 5, Medium::Voice, &[1], &[]) }, 2_000);
    assert!(hear(&mut f, 1, header(2, 5, 16_000), 2_000).0.is_some());
    let sequences: Vec<u64> =
        (11..14).flat_map(|n| hear(&mut f, 2, header(2, 5, n), 2_100).1).map(|d| d.sequence).collect();
    assert_eq!(sequences.len(), 3, "what comes directly is the truth");
    assert!(sequences.windows(2).all(|w| w[1] == w[0] + 1));
}

#[test]
fn honest_copies_by_two_paths_cost_nothing_when_one_is_cut() {
    let mut f = forwarder();
    leg(&mut f, 1, 1, 0);
    f.route(remote(2, 5, Medium::Voice, &[1], &[]), 0);
    let mut sequences = Vec::new();
    for n in 0..100 {
        let now = u64::from(n) * 20;
        if !(30..60).contains(&n) {
            sequences.extend(hear(&mut f, 2, header(2, 5, n), now).1);
        }
        sequences.extend(hear(&mut f, 1, header(2, 5, n), now + 5).1);
    }
    assert!(sequences.iter().map(|d| d.sequence).eq(1..=100));
    assert_eq!((f.counters().copies, f.counters().forged), (70, 0));
}

#[test]
fn the_window_survives_roll_over_and_forgets_what_is_too_old() {
    let mut f = forwarder();
    f.route(remote(2, 5, Medium::Voice, &[], &["kor-1"]), 0);
    let start = u32::MAX - 1;
    let mut now = 0;
    let mut step = |f: &mut Forwarder, n: u32| {
        now += 10;
        hear(f, 2, header(2, 5, n), now).0.is_some()
    };
    for n in 0..WINDOW as u32 * 2 {
        assert!(step(&mut f, start.wrapping_add(n)));
        assert!(!step(&mut f, start.wrapping_add(n)));
    }
    assert!(!step(&mut f, start), "older than the window");
}

#[test]
fn a_stray_number_changes_nothing_but_a_source_that_began_again_is_followed() {
    let mut f = forwarder();
    leg(&mut f, 1, 1, 0);
    f.route(remote(2, 5, Medium::Voice, &[1], &[]), 0);
    let mut sent = Vec::new();
    for n in [500_000, 500_001, 9, 500_002, 20, 21, 22, 23] {
        sent.extend(hear(&mut f, 2, header(2, 5, n), 0).1);
    }
    let sequences: Vec<u64> = sent.iter().map(|d| d.sequence).collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5, 6], "9 and 20 are dropped, from 21 on it is a new beginning");
}

#[test]
fn numbers_go_on_when_another_sender_takes_a_place() {
    let mut f = forwarder();
    leg(&mut f, 1, 1, 0);
    leg(&mut f, 2, 0, 0);
    leg(&mut f, 3, 0, 0);
    f.route(route(2, Medium::Voice, &[1], &[]), 0);
    let mut out: Vec<Destination> = (0..3).flat_map(|n| speak(&mut f, 2, packet(40_000 + n), n * 20).1).collect();
    f.route_end(0, 4, 60);
    f.route(route(3, Medium::Voice, &[1], &[]), 60);
    out.extend((0..3).flat_map(|n| speak(&mut f, 3, packet(10 + n), 1_040 + n * 20).1));
    let sequences: Vec<u64> = out.iter().map(|d| d.sequence).collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5, 6]);
    let step = |at: usize| out[at].time.wrapping_sub(out[at - 1].time);
    assert_eq!([step(1), step(2), step(3), step(4)], [960, 960, 48_000, 960], "one second of silence is one second");
}

#[test]
fn a_gap_and_a_late_packet_stay_what_they_are() {
    let mut f = forwarder();
    leg(&mut f, 1, 1, 0);
    leg(&mut f, 2, 0, 0);
    f.route(route(2, Medium::Voice, &[1], &[]), 0);
    let out: Vec<u64> = [100, 101, 104, 103, 99, 103]
        .into_iter()
        .flat_map(|n| speak(&mut f, 2, packet(n), 0).1)
        .map(|d| d.sequence)
        .collect();
    assert_eq!(out, [1, 2, 5, 4], "before the first one there is nothing, and a copy is dropped");
}

#[test]
fn a_console_with_a_new_leg_goes_on_for_nodes_and_places_alike() {
    let mut f = forwarder();
    leg(&mut f, 1, 1, 0);
    leg(&mut f, 2, 0, 0);
    f.route(route(2, Medium::Voice, &[1], &["usa-1"]), 0);
    let (before, _) = speak(&mut f, 2, packet(60_000), 0);
    f.leg_down(2, 0);
    assert!(f.leg_up(7, ConsoleKey(2), 0, 0, 0));
    f.leg_ready(7, 0);
    let (after, out) = speak(&mut f, 7, packet(3), 20);
    assert_eq!(after.unwrap().header.sequence, before.unwrap().header.sequence + 1);
    assert_eq!(out[0].sequence, 2);
}

#[test]
fn a_stranger_is_counted_and_dropped() {
    let mut f = forwarder();
    leg(&mut f, 1, 1, 0);
    leg(&mut f, 2, 1, 0);
    assert!(speak(&mut f, 2, packet(1), 0).0.is_none());
    assert!(hear(&mut f, 1, header(1, 5, 1), 0).0.is_none());
    assert!(hear(&mut f, 1, header(0, 4, 1), 0).0.is_none(), "nobody else speaks for this node's consoles");
    let c = f.counters();
    assert_eq!((c.not_in, c.unknown, c.malformed, c.to_legs), (1, 1, 1, 0));
    f.route(Route { source: Source::Links, ..route(2, Medium::Voice, &[1], &[]) }, 0);
    assert!(hear(&mut f, 1, header(0, 4, 1), 0).0.is_none(), "not even when a route says so");
}

#[test]
fn an_oversized_or_empty_packet_is_dropped() {
    let mut f = forwarder();
    leg(&mut f, 1, 1, 1);
    leg(&mut f, 2, 1, 1);
    f.route(route(2, Medium::Voice, &[1], &[]), 0);
    let mut out = Vec::new();
    for length in [0, 1_401, 60_000] {
        assert!(f.on_leg_packet(2, Medium::Voice, packet(length as u64), &vec![0; length], 0, &mut out).is_none());
    }
    assert!(f.on_leg_packet(2, Medium::Voice, packet(9), &[0; 1_400], 0, &mut out).is_some());
    assert_eq!((f.counters().malformed, out.len()), (3, 1));
}

#[test]
fn who_left_is_neither_heard_nor_hears() {
    let mut f = forwarder();
    leg(&mut f, 1, 2, 0);
    leg(&mut f, 2, 2, 0);
    f.route(route(1, Medium::Voice, &[2], &[]), 0);
    f.route(route(2, Medium::Voice, &[1], &[]), 0);
    f.route(route(1, Medium::Voice, &[], &[]), 0);
    f.route_end(0, 4, 0);
    assert!(speak(&mut f, 1, packet(1), 0).1.is_empty());
    assert!(speak(&mut f, 2, packet(1), 0).0.is_none());
}

#[test]
fn a_picture_begins_with_a_key_frame_and_has_no_gap_for_the_receiver() {
    let mut f = forwarder();
    leg(&mut f, 1, 0, 1);
    leg(&mut f, 2, 0, 0);
    f.route(route(2, Medium::Picture, &[1], &[]), 0);
    assert_eq!(wanted(&mut f), 1);
    assert!(show(&mut f, 2, 1, DELTA, 10).is_empty());
    assert_eq!(show(&mut f, 2, 2, KEY, 20)[0].sequence, 1);
    assert_eq!(show(&mut f, 2, 3, DELTA, 30)[0].sequence, 2);
    assert_eq!(f.counters().before_key_frame, 1);
    f.set_budget(1, Some(1), 40);
    assert!(show(&mut f, 2, 4, &[0x10; 400], 41).is_empty(), "no room");
    f.set_budget(1, None, 50);
    wanted(&mut f);
    assert!(show(&mut f, 2, 5, KEY, 60).is_empty(), "given up for two seconds");
    assert!(show(&mut f, 2, 6, DELTA, 2_050).is_empty(), "nothing of a torn picture");
    assert_eq!(wanted(&mut f), 1, "but it is tried again");
    assert_eq!(show(&mut f, 2, 7, KEY, 2_060)[0].sequence, 3, "and the receiver looks for nothing");
    assert_eq!(show(&mut f, 2, 8, DELTA, 2_070)[0].sequence, 4);
}

#[test]
fn who_waits_for_a_key_frame_in_vain_asks_again() {
    let mut f = forwarder();
    leg(&mut f, 1, 0, 1);
    leg(&mut f, 2, 0, 0);
    f.route(route(2, Medium::Picture, &[1], &[]), 0);
    assert_eq!(wanted(&mut f), 1);
    let asked = (1..=50).map(|n| {
        assert!(show(&mut f, 2, n, DELTA, n * 40).is_empty());
        wanted(&mut f)
    });
    assert_eq!(asked.sum::<usize>(), 3, "at 520, 1,040 and 1,560 ms");
    assert_eq!(show(&mut f, 2, 51, KEY, 2_010).len(), 1);
    assert_eq!(show(&mut f, 2, 52, DELTA, 2_600).len(), 1);
    assert_eq!(wanted(&mut f), 0);
}

#[test]
fn without_any_key_frame_patience_ends() {
    let mut f = forwarder();
    leg(&mut f, 1, 0, 1);
    leg(&mut f, 2, 0, 0);
    f.route(route(2, Medium::Picture, &[1], &[]), 0);
    assert!(show(&mut f, 2, 1, DELTA, 2_999).is_empty());
    assert_eq!(show(&mut f, 2, 2, DELTA, 3_000).len(), 1);
}

#[test]
fn key_frames_are_asked_for_at_most_every_300_ms_and_never_forgotten() {
    let mut f = forwarder();
    leg(&mut f, 1, 0, 1);
    f.route(remote(1, 5, Medium::Picture, &[1], &[]), 0);
    assert_eq!(wanted(&mut f), 1);
    for now in [10, 100, 200] {
        f.on_leg_key_frame_request(1, 0, now);
    }
    assert_eq!((wanted(&mut f), f.next_timeout()), (0, Some(300)));
    f.tick(299);
    assert_eq!(wanted(&mut f), 0);
    f.tick(300);
    assert_eq!((wanted(&mut f), f.next_timeout()), (1, None));
    f.on_leg_key_frame_request(1, 0, 400);
    let key = MediaHeader { key_frame: true, ..header(1, 5, 1) };
    assert_eq!(hear(&mut f, 1, key, 450).1.len(), 1);
    f.tick(600);
    assert_eq!(wanted(&mut f), 0, "it came by itself");
    f.on_leg_key_frame_request(1, 9, 700);
    assert_eq!(wanted(&mut f), 0, "nobody is at that place");
}

#[test]
fn under_shortage_every_voice_passes_and_the_last_picture_is_given_up_first() {
    let mut f = forwarder();
    leg(&mut f, 1, 2, 2);
    for from in [2, 3] {
        leg(&mut f, from, 0, 0);
        f.route(route(from.into(), Medium::Voice, &[1], &[]), 0);
        f.route(route(from.into(), Medium::Picture, &[1], &[]), 0);
    }
    // Room for both voices and one picture of 400 kbit/s.
    f.set_budget(1, Some(560), 0);
    let (mut voices, mut pictures) = (0, [0, 0]);
    for n in 0..1_000 {
        let now = n * 20;
        f.set_budget(1, Some(560), now);
        for (at, from) in [2, 3].into_iter().enumerate() {
            voices += speak(&mut f, from, packet(n), now).1.len();
            let payload = if n % 50 == 0 { [KEY, &[0; 995]].concat() } else { [DELTA, &[0; 995]].concat() };
            pictures[at] += show(&mut f, from, n, &payload, now).len();
        }
    }
    assert_eq!(voices, 2_000);
    assert_eq!(pictures[0], 1_000, "the first picture is whole");
    assert!((50..500).contains(&pictures[1]), "the second is tried now and then: {}", pictures[1]);
    f.set_budget(1, None, 20_000);
    let later: usize = (1_000..3_000).map(|n| show(&mut f, 3, n, &[KEY, &[0; 995]].concat(), n * 20).len()).sum();
    assert!(later > 300, "and comes back when there is room");
}

#[test]
fn a_measurement_limits_only_when_it_is_less_than_what_was_sent() {
    let mut f = forwarder();
    leg(&mut f, 1, 0, 1);
    leg(&mut f, 2, 0, 0);
    f.route(route(2, Medium::Picture, &[1], &[]), 0);
    // 400 kbit/s.
    let second = |f: &mut Forwarder, s: u64| -> usize {
        (0..50).map(|n| show(f, 2, s * 50 + n, &[KEY, &[0; 995]].concat(), s * 1_000 + n * 20).len()).sum()
    };
    f.on_leg_measured(1, 100, 0);
    assert_eq!(second(&mut f, 0), 50, "measured before anything was sent");
    f.on_leg_measured(1, 150, 1_000);
    assert_eq!(second(&mut f, 1), 50, "measured before the picture");
    assert_eq!(second(&mut f, 2) + second(&mut f, 3), 100);
    f.on_leg_measured(1, 390, 4_000);
    assert_eq!(second(&mut f, 4), 50, "nearly as much");
    f.on_leg_measured(1, 200, 5_000);
    assert!(second(&mut f, 5) < 40, "a shortage");
    f.on_leg_measured(1, 200, 6_000);
    let later: usize = (7..20).map(|s| second(&mut f, s)).sum();
    assert!(later > 400, "forgotten when it is not repeated: {later}");
}

#[test]
fn a_leg_before_it_is_ready_gets_nothing() {
    let mut f = forwarder();
    f.leg_up(1, ConsoleKey(1), 1, 0, 0);
    leg(&mut f, 2, 0, 0);
    f.route(route(2, Medium::Voice, &[1], &[]), 0);
    assert_eq!(placed(&mut f).len(), 1, "but knows who will be where");
    assert!(speak(&mut f, 2, packet(1), 0).1.is_empty());
    f.leg_ready(1, 0);
    assert_eq!(speak(&mut f, 2, packet(2), 0).1.len(), 1);
}

#[test]
fn a_relay_hands_on_what_came_from_the_source_and_nothing_that_came_by_a_relay() {
    let mut f = forwarder();
    leg(&mut f, 1, 1, 0);
    // USA (2) speaks; this node (JPN) hears it, and is a relay towards KOR (1), which USA reaches itself.
    let spare = vec![NodeId::new("kor-1").unwrap()];
    f.route(Route { spare, ..remote(2, 5, Medium::Voice, &[1], &[]) }, 0);
    let mut take = |from: u8, sequence: u32| {
        let mut out = Vec::new();
        let links = f.on_link_packet(from, header(2, 5, sequence), b"voice", 0, &mut out);
        (links.map(|f| f.links.iter().collect::<Vec<_>>()).unwrap_or_default(), out.len())
    };
    assert_eq!(take(2, 1), (vec![1], 1), "heard here and handed on");
    assert_eq!(take(2, 1), (vec![], 0), "the copy of the second path");
    assert_eq!(take(1, 1), (vec![], 0), "what KOR relays");
    // KOR is faster this time: it is heard, and goes back to nobody.
    assert_eq!(take(1, 2), (vec![], 1));
    assert_eq!(take(1, 2), (vec![], 0));
    assert_eq!(take(2, 2), (vec![1], 0), "the direct one goes on all the same, once");
    assert_eq!(take(2, 2), (vec![], 0));
    assert_eq!(take(1, 2), (vec![], 0));
}

#[test]
fn a_voice_of_this_node_goes_to_relays_too_and_a_picture_does_not() {
    let mut f = forwarder();
    leg(&mut f, 1, 1, 1);
    let spare = || vec![NodeId::new("kor-1").unwrap()];
    f.route(Route { spare: spare(), ..route(1, Medium::Voice, &[], &["usa-1"]) }, 0);
    f.route(route(1, Medium::Picture, &[], &["usa-1"]), 0);
    let mut out = Vec::new();
    let voice = f.on_leg_packet(1, Medium::Voice, packet(1), b"voice", 0, &mut out).unwrap();
    assert_eq!(voice.links.iter().collect::<Vec<_>>(), [1, 2]);
    let picture = f.on_leg_packet(1, Medium::Picture, packet(1), KEY, 0, &mut out).unwrap();
    assert_eq!(picture.links.iter().collect::<Vec<_>>(), [2]);
}
