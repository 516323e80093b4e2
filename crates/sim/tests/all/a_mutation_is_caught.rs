//! A safeguard is taken away, and the simulator notices within a few seeds; the same seed with it in place keeps every
//! promise.

#![allow(clippy::unwrap_used)]

use std::ops::Range;
use trialogue_sim::Mutation;
use trialogue_sim::runner::catch;

/// These networks must be enough to notice.
const SEEDS: Range<u64> = 0..60;

fn caught(mutation: Mutation) {
    let caught = catch(mutation, SEEDS).unwrap();
    println!("{mutation:?}: seed {}: {}", caught.seed, caught.broken);
    println!("  cargo xtask sim --seed {} --mutation {mutation:?}", caught.seed);
}

#[test]
fn copies_that_are_not_told_apart() {
    caught(Mutation::NoDedupe);
}

#[test]
fn an_fsync_that_is_forgotten() {
    caught(Mutation::ForgottenFsync);
}

#[test]
fn a_signature_that_nobody_checks() {
    caught(Mutation::NoSignatureCheck);
}

#[test]
fn an_entry_that_counts_before_it_is_written() {
    caught(Mutation::AckBeforeAppend);
}

#[test]
fn a_ring_that_runs_by_the_ringers_clock() {
    caught(Mutation::ExpiryByRingersClock);
}

#[test]
fn a_relay_that_passes_everything_on() {
    caught(Mutation::RelayLoop);
}

#[test]
fn pictures_that_go_before_voices() {
    caught(Mutation::PicturesFirst);
}
