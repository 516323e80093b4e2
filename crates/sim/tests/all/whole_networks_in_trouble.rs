//! Networks of three and four parties, some with two nodes, in which everything goes wrong: nothing acknowledged is
//! lost, nothing is shown that nobody signed, whoever can reach another hears it, once. `cargo xtask sim` runs as many
//! as one likes; what it finds is kept here.

use trialogue_sim::Trace;
use trialogue_sim::runner::{Consoles, Until, many, run};

/// How many run with the tests.
const NETWORKS: u64 = 2_000;
/// Seeds that have found something, and what: a change of the simulator makes another world of a seed, so each also has
/// a scenario where it matters.
const FOUND: [u64; 11] = [2, 50, 125, 219, 515, 836, 954, 91_544, 912_299_116_605, 912_299_118_062, 912_299_119_148];

#[test]
fn two_thousand_networks_keep_every_promise() {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let tally = many(&Until::Seeds(0..NETWORKS), threads, &|_, _| {});
    let seconds = tally.took.as_secs_f64();
    println!("{} networks in {seconds:.1} s: {:.1} seeds/s", tally.ran, tally.ran as f64 / seconds);
    assert!(tally.heard > 100 * NETWORKS, "there is something to hear");
    assert!(tally.failed.is_empty(), "{}", tally.failures(Consoles::Modelled));
    assert_eq!(tally.ran, NETWORKS);
}

#[test]
fn a_seed_is_the_same_network_every_time() {
    for seed in FOUND {
        let (quiet, told) = (run(seed, Trace::default(), None), run(seed, Trace::default(), None));
        assert_eq!(quiet.broken, None, "cargo xtask sim --seed {seed}");
        assert_eq!((quiet.trace.hash(), quiet.lived_us), (told.trace.hash(), told.lived_us));
    }
    assert_ne!(run(1, Trace::default(), None).trace.hash(), run(2, Trace::default(), None).trace.hash());
}

#[test]
fn what_is_told_changes_nothing() {
    let (quiet, told) = (run(7, Trace::default(), None), run(7, Trace::told(), None));
    assert_eq!((quiet.trace.hash(), quiet.lived_us), (told.trace.hash(), told.lived_us));
    assert!(quiet.trace.lines.is_empty() && told.trace.lines.len() > 50);
    let timers = run(7, Trace::told_with_timers(), None);
    assert_eq!((quiet.trace.hash(), quiet.lived_us), (timers.trace.hash(), timers.lived_us));
    assert!(timers.trace.lines.iter().any(|(_, line)| line.ends_with("is due: Heads")));
}
