//! Whole networks with real consoles in trouble, one after the other. With `TRIALOGUE_REAL_NETWORKS=100` so many; for
//! hours: `cargo xtask sim --real --for 8h`.

#![allow(clippy::unwrap_used)]

use std::ops::Range;
use trialogue_sim::runner::{Consoles, Life, Outcome, Until, catch, many_with, run_with};
use trialogue_sim::{Mutation, Trace};

/// How many run with the tests: each takes 0.5 s of a processor in the dev profile.
const NETWORKS: u64 = 2_000;
/// How many of those that live long: each takes 1.3 s.
const LONG: u64 = 24;
/// These networks must be enough to notice that a safeguard is missing.
const SEEDS: Range<u64> = 0..12;
/// The same, of a safeguard of staged calls: the first of them begins with one.
const STAGED: Range<u64> = 14..26;

fn run(seed: u64, mutation: Option<Mutation>) -> Outcome {
    run_with(Consoles::Real(Life::Long), seed, Trace::default(), mutation)
}

/// All promises hold in so many networks; each has seen so many keys and messages at least.
fn hold(life: Life, networks: u64, keys: u64, messages: u64) {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let consoles = Consoles::Real(life);
    let tally = many_with(consoles, &Until::Seeds(0..networks), threads, &|_, _| {});
    let (seconds, whole_s) = (tally.took.as_secs_f64(), tally.whole_us as f64 / 1e6);
    println!("{} networks ({life:?}) in {seconds:.1} s, all keys after {whole_s:.1} s at most", tally.ran);
    println!("{} keys given, {} messages written", tally.heard, tally.written);
    assert!(tally.failed.is_empty(), "{}", tally.failures(consoles));
    assert_eq!(tally.ran, networks);
    assert!(tally.heard > keys * networks, "there are keys to judge by");
    assert!(tally.written > messages * networks, "there are messages to judge by");
}

#[test]
fn two_thousand_networks_of_real_consoles_keep_every_promise() {
    let networks = std::env::var("TRIALOGUE_REAL_NETWORKS").ok().and_then(|n| n.parse().ok()).unwrap_or(NETWORKS);
    hold(Life::Short, networks, 5, 1);
}

#[test]
fn real_consoles_keep_every_promise_in_long_trouble() {
    hold(Life::Long, LONG, 10, 3);
}

/// 107: somebody who came over on hold, and was taken off hold there, for a console that is loaded anew. 15: a console
/// that went to the other site while the first one was letting it in was on watch at both.
#[test]
fn what_seeds_have_found_holds() {
    for seed in [107, 15] {
        assert_eq!(run(seed, None).broken, None, "cargo xtask sim --real --seed {seed}");
    }
}

#[test]
fn a_seed_tells_the_same_every_time() {
    let told = |seed| {
        let outcome = run_with(Consoles::Real(Life::Long), seed, Trace::told(), None);
        (outcome.trace.hash(), outcome.lived_us, outcome.trace.lines)
    };
    let (first, again) = (told(3), told(3));
    assert!(first.2.len() > 50);
    for (first, again) in first.2.iter().zip(&again.2) {
        assert_eq!(first, again);
    }
    assert_eq!(first, again);
}

fn caught(mutation: Mutation, seeds: Range<u64>) {
    let caught = catch(mutation, seeds).unwrap();
    println!("{mutation:?}: seed {}: {}", caught.seed, caught.broken);
}

#[test]
fn a_worker_that_goes_on_sealing_under_its_first_key_is_caught() {
    caught(Mutation::KeepsSealing, SEEDS);
}

#[test]
fn keys_of_those_who_are_out_that_are_kept_are_caught() {
    caught(Mutation::ForgottenForget, SEEDS);
}

#[test]
fn a_new_worker_that_goes_on_under_the_old_key_is_caught() {
    caught(Mutation::UntoldWorker, SEEDS);
}

#[test]
fn a_platform_that_forgets_what_it_was_to_keep_is_caught() {
    caught(Mutation::ForgottenKeep, SEEDS);
}

#[test]
fn a_release_from_hold_that_some_are_not_told_of_is_caught() {
    caught(Mutation::UntoldRelease, SEEDS);
}

#[test]
fn consoles_without_sound_that_some_are_not_told_of_are_caught() {
    caught(Mutation::UntoldSoundless, SEEDS);
}

#[test]
fn missed_rings_that_some_are_not_told_of_are_caught() {
    caught(Mutation::UntoldMissed, SEEDS);
}

#[test]
fn readiness_that_some_are_not_told_of_is_caught() {
    caught(Mutation::UntoldReady, STAGED);
}
