//! Consoles whose network changes, is narrow, or who send what they should not.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod client;
mod house;

use client::Client;
use house::{House, route};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use trialogue_core::ConsoleKey;
use trialogue_wire::console::Medium;

#[test]
fn a_console_that_changes_its_network_is_heard_and_hears_on() {
    let mut house = House::new();
    house.add(1, Client::udp(1, 1));
    house.add(2, Client::udp(1, 1));
    house.media.route(route(1, Medium::Voice, &[2], &[]));
    house.media.route(route(2, Medium::Voice, &[1], &[]));
    house.until(|h| h.places.len() == 2);
    house.consoles.get_mut(&1).unwrap().move_away();
    // Both speak on; what is sent to the old address meanwhile is lost, nothing else.
    let mut n = 0;
    house.until_with(
        |h| {
            n += 1;
            for client in h.consoles.values_mut() {
                client.speak(n, n as u32 * 960, b"sealed");
            }
        },
        |h| h.consoles.values().all(|c| c.heard.len() > 20),
    );
}

#[test]
fn a_console_that_floods_is_held_back_and_the_others_are_heard() {
    let mut house = House::new();
    for key in 1..=3 {
        house.add(key, Client::udp(2, 1));
    }
    house.media.route(route(1, Medium::Voice, &[2], &[]));
    let node = SocketAddr::from(([127, 0, 0, 1], house.media.port()));
    // RTP, RTCP, DTLS and STUN of no sense, by somebody whose address is known.
    let mut n = 0;
    house.until_with(
        |h| {
            n += 1;
            for first in [0_u8, 22, 128, 144] {
                let bytes: Vec<u8> = (0..200).map(|at: u32| if at == 0 { first } else { (at * n) as u8 }).collect();
                (0..50).for_each(|_| h.consoles[&3].throw(node, &bytes));
            }
            h.consoles.get_mut(&1).unwrap().speak(n.into(), n * 960, b"sealed");
        },
        |h| h.media.counters().flooded > 1_000 && h.consoles[&2].heard.len() > 20,
    );
    assert_eq!(house.media.counters().broken, 0);
}

#[test]
fn a_console_with_little_room_keeps_its_voices() {
    let mut house = House::new();
    house.add(1, Client::udp(1, 1));
    house.add(2, Client::udp(1, 1));
    house.media.route(route(1, Medium::Voice, &[2], &[]));
    house.media.route(route(1, Medium::Picture, &[2], &[]));
    house.until(|h| h.places.len() == 2);
    let picture = [&[0x10, 0x00][..], &[0; 1_000]].concat();
    house.consoles.get_mut(&1).unwrap().show(0, 0, true, &picture);
    house.until(|h| h.consoles[&2].heard.len() == 1);
    let mid = house.consoles[&2].heard[0].mid.clone();
    let (mut n, mut voices, mut spoke) = (0, 0, Instant::now());
    house.until_with(
        |h| {
            n += 1;
            let client = h.consoles.get_mut(&1).unwrap();
            client.show(n, n as u32 * 3_000, true, &picture);
            // As fast as a voice may be at the most.
            if spoke.elapsed() >= Duration::from_millis(6) {
                (voices, spoke) = (voices + 1, Instant::now());
                client.speak(voices, voices as u32 * 960, b"sealed");
            }
            if n % 100 == 0 {
                h.consoles.get_mut(&2).unwrap().has_room(&mid, 64);
            }
        },
        |h| h.media.counters().forward.held_back > 20,
    );
    house.until(|h| h.consoles[&2].heard.iter().filter(|p| p.packet.payload.len() < 100).count() == voices as usize);
}

#[test]
fn legs_come_and_go_without_end() {
    let mut house = House::new();
    house.add(1, Client::udp(1, 1));
    for key in 2..300 {
        // Never comes up, and makes room at once.
        let (_, offer) = Client::udp(2, 2);
        house.media.leg(ConsoleKey(key), 1, offer);
        house.media.close_leg(ConsoleKey(key));
    }
    house.add(500, Client::udp(1, 1));
    house.media.route(route(1, Medium::Voice, &[500], &[]));
    house.until(|h| h.places.len() == 1);
    house.consoles.get_mut(&1).unwrap().speak(1, 960, b"sealed");
    house.until(|h| h.consoles[&500].heard.len() == 1 && h.media.counters().legs == 2);
    assert_eq!(house.refused, 0);
}

#[test]
fn mutilated_offers_are_answered_or_refused_and_disturb_nobody() {
    let mut house = House::new();
    house.add(1, Client::udp(1, 1));
    house.add(2, Client::udp(1, 1));
    house.media.route(route(1, Medium::Voice, &[2], &[]));
    house.until(|h| h.places.len() == 1);
    let (_, offer) = Client::udp(2, 2);
    let mut random = 7_u64;
    let mut draw = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    for key in 0..300 {
        let mut offer = offer.clone();
        for _ in 0..=draw(3) {
            let at = draw(offer.mids.len().max(1)).min(offer.mids.len().saturating_sub(1));
            match draw(9) {
                0 if !offer.mids.is_empty() => drop(offer.mids.remove(at)),
                1 if !offer.mids.is_empty() => offer.mids.push(offer.mids[at].clone()),
                2 if !offer.mids.is_empty() => offer.mids.swap(at, 0),
                3 => offer.mids.push(format!("m{}", draw(100))),
                4 => offer.voices = draw(6) as u8,
                5 => offer.numbers.voice = draw(160) as u8,
                6 => offer.numbers.again = None,
                7 => offer.numbers.sent_rate = Some(draw(20) as u8),
                _ => offer.end.fragment.push_str(["x", "\r\n", "xxxxxxxxxxxxxxxxxxxxxxxx"][draw(3)]),
            }
        }
        house.media.leg(ConsoleKey(1_000 + key), 1, offer);
        house.media.close_leg(ConsoleKey(1_000 + key));
    }
    house.consoles.get_mut(&1).unwrap().speak(1, 960, b"sealed");
    house.until(|h| h.answered + h.refused == 302 && h.consoles[&2].heard.len() == 1);
    assert!(house.refused > 50 && house.answered > 10, "{} {}", house.refused, house.answered);
}
