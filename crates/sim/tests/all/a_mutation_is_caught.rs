//! A safeguard is taken away, and the simulator notices within a few seeds; the same seed with it in place keeps every
//! promise.

#![allow(clippy::unwrap_used)]

use trialogue_sim::runner::run;
use trialogue_sim::{Mutation, Trace};

/// So many networks must be enough to notice.
const SEEDS: u64 = 60;

/// The first seed whose network breaks a promise without the safeguard. `words`: what the broken promise speaks of.
fn caught(mutation: Mutation, words: &[&str]) {
    for seed in 0..SEEDS {
        let Some(broken) = run(seed, Trace::default(), Some(mutation)).broken else { continue };
        println!("{mutation:?}: seed {seed}: {broken}");
        println!("  cargo xtask sim --seed {seed} --mutation {mutation:?}");
        if !words.iter().any(|word| broken.contains(word)) {
            // It broke something else first. What it is about must be noticed as well.
            continue;
        }
        assert_eq!(run(seed, Trace::default(), None).broken, None, "without the mutation");
        return;
    }
    panic!("what {mutation:?} is about went unnoticed in {SEEDS} networks");
}

#[test]
fn copies_that_are_not_told_apart() {
    caught(Mutation::NoDedupe, &["twice"]);
}

#[test]
fn an_fsync_that_is_forgotten() {
    caught(Mutation::ForgottenFsync, &["on disk", "had acknowledged"]);
}

#[test]
fn a_signature_that_nobody_checks() {
    caught(Mutation::NoSignatureCheck, &["never signed"]);
}

#[test]
fn an_entry_that_counts_before_it_is_written() {
    caught(Mutation::AckBeforeAppend, &["on disk", "had acknowledged"]);
}

#[test]
fn a_ring_that_runs_by_the_ringers_clock() {
    caught(Mutation::ExpiryByRingersClock, &["expire", "sounds", "has not come"]);
}

#[test]
fn a_relay_that_passes_everything_on() {
    caught(Mutation::RelayLoop, &["datagrams"]);
}

#[test]
fn pictures_that_go_before_voices() {
    caught(Mutation::PicturesFirst, &["reached", "has not heard"]);
}
