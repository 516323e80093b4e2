//! Hundreds of worlds of three, four and five parties in which everything goes wrong; afterwards all see the same.

use trialogue_sim::World;

fn worlds(parties: usize, seeds: std::ops::Range<u64>, strokes: usize, bad_disks: bool) {
    for seed in seeds {
        let mut world = World::on_watch(parties, seed);
        world.bad_disks = bad_disks;
        world.suffer(strokes);
        world.check_converged();
        world.check_honest();
    }
}

#[test]
fn three_parties() {
    worlds(3, 0..60, 120, false);
}

#[test]
fn three_parties_with_failing_disks() {
    worlds(3, 1_000..1_060, 120, true);
}

#[test]
fn five_parties() {
    worlds(5, 2_000..2_008, 150, false);
}
