//! Parties over paths that lose, delay, reorder, duplicate, and are narrow: the call comes up and voice is heard.
//! Whole nodes and endpoints in network namespaces, joined by seeded cables.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

mod bad_network;

use bad_network::talk;

#[test]
fn a_fifth_of_all_packets_is_lost() {
    // Each voice goes three times under such loss: eight in a thousand are lost for good, and a few more before the
    // loss is known.
    let Some(talk) = talk(3, "loss=20%", 500) else { return };
    talk.hears_everybody(0.94);
}

#[test]
fn bursts_of_half_a_second_are_lost() {
    // Half a second of every five and a half is gone, and nothing else is.
    let Some(talk) = talk(3, "burst=500/5000 delay=20", 500) else { return };
    talk.hears_everybody(0.80);
}

#[test]
fn a_round_trip_takes_600_ms_and_packets_overtake_each_other() {
    let Some(talk) = talk(3, "delay=300 jitter=10 reorder=10% duplicate=10%", 500) else { return };
    talk.hears_everybody(0.98);
}

#[test]
fn a_path_has_64_kbit_per_second() {
    // Two parties: the keys of three take more than a minute on such paths (docs/decisions/0022).
    let Some(talk) = talk(2, "rate=64 queue=500 delay=50", 300) else { return };
    talk.hears_everybody(0.95);
}

#[test]
fn a_path_takes_1280_bytes() {
    let Some(talk) = talk(3, "mtu=1280", 300) else { return };
    talk.hears_everybody(0.99);
    talk.sees_everybody();
}
