//! Worlds of three, four and five parties in which everything goes wrong; afterwards all see the same.
//! `TRIALOGUE_WORLDS=20` makes twenty times as many.

#![allow(clippy::unwrap_used)]

use trialogue_sim::World;

fn worlds(parties: usize, first: u64, count: u64, bad_disks: bool) {
    let times = std::env::var("TRIALOGUE_WORLDS").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    for seed in first..first + count * times {
        let mut world = World::on_watch(parties, seed);
        world.let_disks_fail(bad_disks);
        world.suffer(120);
        world.check_converged();
        world.check_honest();
    }
}

#[test]
fn three_parties() {
    worlds(3, 1_000_000, 30, false);
}

#[test]
fn three_parties_with_failing_disks() {
    worlds(3, 2_000_000, 30, true);
}

#[test]
fn five_parties() {
    worlds(5, 3_000_000, 4, false);
}
