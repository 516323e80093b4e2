//! Where a console has too little room for all pictures, who takes most gives way, wherever it is seen.
#![allow(clippy::unwrap_used, missing_docs)]

use trialogue_charter::{DeviceId, LineId, NodeId};
use trialogue_core::forward::{Forwarder, LegPacket};
use trialogue_core::{ConsoleKey, Route, Source};
use trialogue_wire::console::Medium;

const KEY: &[u8] = &[0x10, 0x00, 1, 2, 3];
const DELTA: &[u8] = &[0x10, 0x01, 1, 2, 3];
/// The console that sees the others.
const SEES: u32 = 1;
/// Those that show a picture, as they came: how often a packet of it comes, in milliseconds, and how many bytes it has.
/// 3.9 Mbit/s, and twice 0.7.
const SHOWN: [(u32, u64, usize); 3] = [(2, 2, 975), (3, 10, 875), (4, 10, 875)];

fn picture(from: u32, number: u16) -> Route {
    Route {
        node: 0,
        number,
        source: Source::Leg(ConsoleKey(from.into())),
        device: DeviceId([from as u8; 32]),
        line: LineId::new("leaders").unwrap(),
        medium: Medium::Picture,
        legs: vec![ConsoleKey(SEES.into())],
        links: Vec::new(),
        spare: Vec::new(),
        relays: Vec::new(),
        alive: false,
        quiet_after: None,
    }
}

/// What a console that measures 4,500 kbit/s gets in 20 s: of each picture how many hundredths. At the beginning of
/// each second `every_second` happens.
fn seen(mut every_second: impl FnMut(&mut Forwarder, u64)) -> [usize; 3] {
    let mut f = Forwarder::new(0, [(NodeId::new("jpn-1").unwrap(), 0)].into(), [1_000; 3]);
    for leg in [SEES, 2, 3, 4] {
        assert!(f.leg_up(leg, ConsoleKey(leg.into()), 0, SHOWN.len(), 0));
        f.leg_ready(leg, 0);
    }
    for (from, ..) in SHOWN {
        f.route(picture(from, from as u16), 0);
    }
    let (mut sent, mut seen) = ([0; 3], [0; 3]);
    for now in 0..20_000 {
        if now % 1_000 == 0 {
            f.on_leg_measured(SEES, 4_500, now);
            every_second(&mut f, now);
        }
        for (at, (from, every_ms, length)) in SHOWN.into_iter().enumerate() {
            if now % every_ms == 0 {
                let begin = if now % 500 == 0 { KEY } else { DELTA };
                let payload = [begin, &vec![0; length - begin.len()]].concat();
                let packet = LegPacket { ssrc: 7, sequence: now / every_ms, time: now as u32 * 90, marker: false };
                let mut out = Vec::new();
                f.on_leg_packet(from, Medium::Picture, packet, &payload, now, &mut out);
                sent[at] += 1;
                seen[at] += out.len();
            }
        }
    }
    [0, 1, 2].map(|at| seen[at] * 100 / sent[at])
}

#[test]
fn who_takes_most_is_given_up_wherever_it_is_seen() {
    let [first, second, third] = seen(|_, _| ());
    assert_eq!((second, third), (100, 100), "whole");
    assert!((20..80).contains(&first), "paused, and tried now and then: {first}");
}

#[test]
fn who_was_given_up_does_not_come_back_under_another_number() {
    let mut number = 2;
    let [first, second, third] = seen(|f, _| {
        f.route_end(0, number, 0);
        number += 100;
        f.route(picture(2, number), 0);
    });
    assert_eq!((second, third), (100, 100));
    assert!((20..80).contains(&first), "{first}");
}
