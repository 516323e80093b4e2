//! Media packets of hostile consoles and nodes at the forwarder.

use crate::parts::{join, parts};
use crate::vectors;
use crate::world::{line, node};
use trialogue_charter::DeviceId;
use trialogue_core::forward::{Destination, Forwarder, LEGS_MAX, LegPacket};
use trialogue_core::{ConsoleKey, Route, Source};
use trialogue_wire::console::Medium;
use trialogue_wire::media::{HEADER, MediaHeader};

/// Legs here: one and two speak, all three hear.
const LEGS: u32 = 3;
const OWN: u8 = 0;

fn route(from: u8, number: u16, source: Source, medium: Medium) -> Route {
    let device = DeviceId([from << 4 | number as u8; 32]);
    let links = ["kor-1", "usa-1"].map(node).to_vec();
    let legs = (0..u64::from(LEGS)).map(ConsoleKey).filter(|leg| source != Source::Leg(*leg)).collect();
    let relays = ["kor-1", "usa-1"].map(node).to_vec();
    Route {
        node: from,
        number,
        source,
        device,
        line: line(),
        medium,
        legs,
        links,
        spare: vec![],
        relays,
        alive: true,
        quiet_after: None,
    }
}

fn forwarder() -> Forwarder {
    let mut forwarder =
        Forwarder::new(OWN, ["jpn-1", "kor-1", "usa-1"].map(node).into_iter().zip(0..).collect(), [1_000; 3]);
    for leg in 0..LEGS {
        assert!(forwarder.leg_up(leg, ConsoleKey(leg.into()), 4, 2, 0));
        forwarder.leg_ready(leg, 0);
    }
    for (number, medium) in [(0, Medium::Voice), (1, Medium::Picture)] {
        for leg in [0, 1] {
            forwarder.route(route(OWN, number + 2 * leg as u16, Source::Leg(ConsoleKey(leg)), medium), 0);
        }
        for from in [1, 2] {
            forwarder.route(route(from, number, Source::Links, medium), 0);
        }
    }
    forwarder
}

/// Pieces: the two low bits of who say by which link (1, 2) a datagram came, or from which leg (0, 3) a packet whose
/// numbers and mark are read as a datagram's are. The other bits let time pass, 20 ms each. Taken: one was forwarded.
pub fn forward(data: &[u8]) -> bool {
    let mut forwarder = forwarder();
    let (mut now_ms, mut taken, mut out) = (0, false, Vec::new());
    for (who, bytes) in parts(data).take(256) {
        now_ms += u64::from(who >> 2) * 20;
        out.clear();
        let from = who & 3;
        let forwarded = match from {
            1 | 2 => MediaHeader::parse(bytes)
                .and_then(|(header, payload)| forwarder.on_link_packet(from, header, payload, now_ms, &mut out)),
            _ => leg_packet(&mut forwarder, u32::from(from), bytes, now_ms, &mut out),
        };
        if let Some(forwarded) = forwarded {
            taken = true;
            assert!(!forwarded.links.has(OWN), "sent to itself");
            assert!(!matches!(from, 1 | 2) || !forwarded.links.has(from), "sent back where it came from");
        } else {
            assert!(out.is_empty());
        }
        assert!(out.len() <= LEGS as usize, "one packet, twice at a leg");
        assert!(out.iter().all(|to| to.leg < LEGS));
        if forwarder.next_timeout().is_some_and(|at| at <= now_ms) {
            forwarder.tick(now_ms);
        }
        let events = std::iter::from_fn(|| forwarder.poll()).take(LEGS_MAX).count();
        assert!(events < LEGS_MAX, "one packet, events without end");
    }
    taken
}

fn leg_packet(
    forwarder: &mut Forwarder,
    leg: u32,
    bytes: &[u8],
    now_ms: u64,
    out: &mut Vec<Destination>,
) -> Option<trialogue_core::forward::Forwarded> {
    let (head, payload) = bytes.split_first_chunk::<HEADER>()?;
    let [flags, ssrc, s0, s1, q0, q1, q2, q3, t0, t1, t2, t3] = *head;
    let packet = LegPacket {
        ssrc: ssrc.into(),
        sequence: u64::from_be_bytes([0, 0, s0, s1, q0, q1, q2, q3]),
        time: u32::from_be_bytes([t0, t1, t2, t3]),
        marker: flags & 1 != 0,
    };
    let medium = if flags & 2 == 0 { Medium::Voice } else { Medium::Picture };
    forwarder.on_leg_packet(leg.min(LEGS - 1), medium, packet, payload, now_ms, out)
}

/// Voices and pictures, from a leg and from links.
pub fn seeds() -> Vec<Vec<u8>> {
    let packet = |flags: u8, node: u8, stream: u8, sequence: u8, payload: &[u8]| {
        [&[flags, node, 0, stream, 0, 0, 1, sequence, 0, 0, sequence, 0], payload].concat()
    };
    let (key, delta) = ([0x10, 0x00, 1, 2, 3], [0x10, 0x01, 1, 2, 3]);
    let extended = [0x90, 0xf0, 0x81, 2, 3, 4, 0x00, 1, 2];
    let voices = |who: u8, node| (0..5).map(|n| (who, packet(0, node, 0, n, b"sealed"))).collect::<Vec<_>>();
    let picture = |who: u8, node| {
        let all: [&[u8]; 4] = [&key, &delta, &extended, &delta];
        (0..4)
            .zip(all)
            .map(|(n, payload)| (who | 4, packet(if n == 0 { 2 } else { 3 }, node, 1, n, payload)))
            .collect::<Vec<_>>()
    };
    let once = vectors::wire("/media").into_iter().map(|datagram| (1, datagram)).collect::<Vec<_>>();
    let mixed = [voices(1, 1), voices(2, 1), picture(0, 0), picture(1, 1), voices(0, 0), picture(2, 2), once].concat();
    vec![join(&voices(1, 1)), join(&picture(1, 1)), join(&voices(0, 0)), join(&picture(0, 0)), join(&mixed)]
}
