//! Consoles on real sockets against the media thread.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod client;
mod house;

use bytes::Bytes;
use client::Client;
use house::{House, device, route};
use std::sync::mpsc::channel;
use trialogue_core::{ConsoleKey, Route, Source};
use trialogue_node::media::LinkSender;
use trialogue_wire::console::Medium;
use trialogue_wire::leg::LegOffer;
use trialogue_wire::media::{HEADER, Half, MediaHeader};

#[test]
fn three_consoles_hear_each_other_at_the_places_they_were_told() {
    let mut house = House::new();
    for key in 1..=3 {
        house.add(key, Client::udp(3, 2));
    }
    for from in 1..=3 {
        let others: Vec<u64> = (1..=3).filter(|to| *to != from).collect();
        house.media.route(route(from, Medium::Voice, &others, &[]));
    }
    house.until(|h| h.places.len() == 6);
    for n in 0..20 {
        for (key, client) in &mut house.consoles {
            client.speak(1_000 * key + n, n as u32 * 960, &[*key as u8; 80]);
        }
    }
    house.until(|h| h.consoles.values().all(|c| c.heard.len() == 40));
    for (key, client) in &house.consoles {
        for heard in &client.heard {
            let sender = house.places[&(*key, heard.mid.clone())];
            assert_eq!(heard.packet.payload[..], [sender.0[0]; 80]);
        }
    }
}

#[test]
fn a_console_behind_a_wall_comes_over_tcp() {
    let mut house = House::new();
    let port = house.media.port();
    house.add(1, Client::tcp(port, 2, 2));
    house.add(2, Client::udp(2, 2));
    house.media.route(route(1, Medium::Voice, &[2], &[]));
    house.media.route(route(2, Medium::Voice, &[1], &[]));
    house.until(|h| h.places.len() == 2);
    for n in 0..10 {
        for client in house.consoles.values_mut() {
            client.speak(n, n as u32 * 960, b"sealed");
        }
    }
    house.until(|h| h.consoles.values().all(|c| c.heard.len() == 10));
}

#[test]
fn a_picture_begins_with_a_key_frame_that_was_asked_for() {
    let mut house = House::new();
    house.add(1, Client::udp(1, 1));
    house.add(2, Client::udp(1, 1));
    house.media.route(route(1, Medium::Picture, &[2], &[]));
    house.until(|h| h.wanted == [device(1)]);
    house.media.request_key_frame(ConsoleKey(1));
    // S=1, PID=0, then P=1 (delta) or P=0 (key).
    house.consoles.get_mut(&1).unwrap().show(0, 0, true, &[0x10, 0x01, 7, 7]);
    // A request reaches the console only once the node knows its stream.
    house.until(|h| h.media.counters().forward.from_legs == 1);
    house.media.request_key_frame(ConsoleKey(1));
    house.until(|h| h.consoles[&1].asked > 0);
    house.consoles.get_mut(&1).unwrap().show(1, 3_000, true, &[0x10, 0x00, 8, 8]);
    house.consoles.get_mut(&1).unwrap().show(2, 6_000, true, &[0x10, 0x01, 9, 9]);
    house.until(|h| h.consoles[&2].heard.len() == 2);
    let seen: Vec<u8> = house.consoles[&2].heard.iter().map(|h| h.packet.payload[2]).collect();
    assert_eq!(seen, [8, 9]);
    let mid = house.mid(2, 1, 0);
    house.wanted.clear();
    house.consoles.get_mut(&2).unwrap().ask_key_frame(&mid);
    house.until(|h| h.wanted == [device(1)]);
}

/// A link that keeps what is sent and lets through only small datagrams.
struct Narrow(std::sync::mpsc::Sender<Bytes>);

impl LinkSender for Narrow {
    fn send(&self, _: Medium, datagram: Bytes) -> bool {
        self.0.send(datagram).is_ok()
    }
    fn max_size(&self, _: Medium) -> usize {
        1_000
    }
    fn has_room(&self) -> bool {
        true
    }
    fn is_narrow(&self) -> bool {
        false
    }
}

#[test]
fn packets_cross_a_narrow_link_in_halves_and_copies_are_dropped() {
    let mut house = House::new();
    house.add(1, Client::udp(1, 1));
    house.add(2, Client::udp(2, 2));
    let (tx, link) = channel();
    house.media.link(2, Some(Box::new(Narrow(tx))));
    house.media.route(route(1, Medium::Voice, &[], &["usa-1"]));
    let remote = Route {
        node: 2,
        number: 9,
        source: Source::Links,
        device: device(77),
        legs: vec![ConsoleKey(2)],
        ..route(1, Medium::Voice, &[], &[])
    };
    house.media.route(remote);
    house.until(|h| h.places.len() == 1);
    house.consoles.get_mut(&1).unwrap().speak(5, 960, &[1; 1_100]);
    house.consoles.get_mut(&1).unwrap().speak(6, 1_920, &[2; 100]);
    let mut came = Vec::new();
    while came.len() < 3 {
        house.turn();
        came.extend(link.try_iter());
    }
    let read = |d: &Bytes| MediaHeader::parse(d).map(|(h, p)| (h, p.to_vec())).unwrap();
    let (first, second, whole) = (read(&came[0]), read(&came[1]), read(&came[2]));
    assert_eq!((first.0.half, second.0.half, whole.0.half), (Half::First, Half::Second, Half::Whole));
    assert_eq!([first.1, second.1].concat(), vec![1; 1_100]);
    assert_eq!(whole.0.sequence, first.0.sequence + 1);
    // Back as if it came from usa-1, halves in the wrong order, and everything twice.
    for datagram in [&came[1], &came[0], &came[2], &came[1], &came[0], &came[2]] {
        let mut bytes = datagram.to_vec();
        bytes[1] = 2;
        bytes[2..4].copy_from_slice(&9_u16.to_be_bytes());
        house.media.link_packet(2, bytes.into());
    }
    house.media.link_packet(2, Bytes::from_static(&[0; HEADER]));
    house.until(|h| h.consoles[&2].heard.len() == 2 && h.media.counters().forward.copies == 2);
    let sizes: Vec<usize> = house.consoles[&2].heard.iter().map(|h| h.packet.payload.len()).collect();
    assert_eq!(sizes, [1_100, 100]);
    assert_eq!(house.media.counters().forward.malformed, 1);
}

#[test]
fn a_malformed_offer_and_garbage_datagrams_disturb_nobody() {
    let mut house = House::new();
    house.add(1, Client::udp(1, 1));
    house.add(2, Client::udp(1, 1));
    house.media.route(route(1, Medium::Voice, &[2], &[]));
    let (_, offer) = Client::udp(1, 1);
    // What the wire's decoder refuses is refused here too, whoever calls.
    let breaks: [fn(&mut LegOffer); 9] = [
        |o| o.mids.clear(),
        |o| o.mids.truncate(1),
        |o| o.mids = vec!["x".to_owned(); 4],
        |o| o.mids[2] = "1\r\na=ice-lite".to_owned(),
        |o| o.voices = 200,
        |o| o.end.fragment = "x".repeat(33),
        |o| o.end.password = "short".to_owned(),
        |o| o.numbers.picture = o.numbers.voice,
        |o| o.numbers.mid = 15,
    ];
    for change in breaks {
        let mut broken = offer.clone();
        change(&mut broken);
        house.media.leg(ConsoleKey(99), 1, broken);
    }
    let count = breaks.len();
    let port = house.media.port();
    let stranger = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    for length in [0, 1, 12, 20, 100, 1_500, 9_000] {
        for first in [0_u8, 1, 22, 63, 128, 144, 255] {
            stranger.send_to(&vec![first; length], ("127.0.0.1", port)).unwrap();
        }
    }
    let mut pushy = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    std::io::Write::write_all(&mut pushy, &[0xff; 5_000]).unwrap();
    house.until(|h| h.refused == count && h.media.counters().strangers > 20);
    for n in 0..10 {
        house.consoles.get_mut(&1).unwrap().speak(n, n as u32 * 960, b"sealed");
    }
    house.until(|h| h.consoles[&2].heard.len() == 10);
}

#[test]
fn a_console_that_is_in_no_call_is_not_forwarded() {
    let mut house = House::new();
    house.add(1, Client::udp(1, 1));
    house.add(2, Client::udp(1, 1));
    house.media.route(route(1, Medium::Voice, &[2], &[]));
    house.consoles.get_mut(&2).unwrap().speak(1, 960, b"sealed");
    house.until(|h| h.media.counters().forward.not_in == 1);
    house.consoles.get_mut(&1).unwrap().speak(1, 960, b"sealed");
    house.until(|h| h.consoles[&2].heard.len() == 1);
    assert!(house.consoles[&1].heard.is_empty());
    house.media.route_end(0, 2);
    house.until(|h| h.places.is_empty());
}

#[test]
fn a_console_that_makes_its_leg_anew_is_heard_on() {
    let mut house = House::new();
    house.add(1, Client::udp(1, 1));
    house.add(2, Client::udp(1, 1));
    house.media.route(route(1, Medium::Voice, &[2], &[]));
    house.until(|h| h.places.len() == 1);
    for n in 0..5 {
        house.consoles.get_mut(&1).unwrap().speak(60_000 + n, n as u32 * 960, b"before");
    }
    house.until(|h| h.consoles[&2].heard.len() == 5);
    house.up.clear();
    house.add(1, Client::udp(1, 1));
    for n in 0..5 {
        house.consoles.get_mut(&1).unwrap().speak(10 + n, n as u32 * 960, b"after");
    }
    house.until(|h| h.consoles[&2].heard.len() == 10);
    let sequences: Vec<u64> = house.consoles[&2].heard.iter().map(|h| *h.packet.seq_no).collect();
    assert!(sequences.windows(2).all(|w| w[1] == w[0] + 1), "{sequences:?}");
}
