//! Every target, for a moment: what is valid is taken, and whatever is made of it breaks nothing.
//!
//! `TRIALOGUE_FUZZ_ROUNDS=50` tries fifty times as much. A failure says how to try its input again:
//! `TRIALOGUE_FUZZ_INPUT=<target>:<hexadecimal>`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

mod alter;

use alter::Alter;
use std::panic::catch_unwind;
use std::thread;
use std::time::{Duration, Instant};
use trialogue_hostile::{TARGETS, Target};

/// Inputs tried, and how many of them the outermost decoder took.
struct Count {
    tried: u32,
    taken: u32,
    took: Duration,
}

/// Runs one input; a panic becomes what a person needs to try it again.
fn run(target: &Target, what: &str, data: &[u8]) -> Result<bool, String> {
    let run = target.run;
    let input = data.to_vec();
    catch_unwind(move || run(&input)).map_err(|_| {
        format!(
            "{}, {what}: try it again with\nTRIALOGUE_FUZZ_INPUT={}:{}",
            target.name,
            target.name,
            hex::encode(data)
        )
    })
}

fn explore(target: &Target, factor: f64) -> Result<Count, String> {
    let seeds = (target.seeds)();
    assert!(!seeds.is_empty(), "{}: nothing to begin with", target.name);
    for (number, seed) in seeds.iter().enumerate() {
        if !run(target, &format!("seed {number}, unaltered"), seed)? {
            return Err(format!("{}: seed {number} is valid, yet not taken; what is tested then?", target.name));
        }
    }
    let rounds = (f64::from(target.rounds) * factor) as u32;
    let mut count = Count { tried: 0, taken: 0, took: Duration::ZERO };
    let begun = Instant::now();
    for round in 0..rounds {
        let (number, data) = Alter::new(round.into()).altered(&seeds);
        count.taken += u32::from(run(target, &format!("seed {number}, round {round}"), &data)?);
        count.tried += 1;
    }
    count.took = begun.elapsed();
    Ok(count)
}

#[test]
fn no_bytes_of_a_stranger_break_anything() {
    if let Some(input) = std::env::var_os("TRIALOGUE_FUZZ_INPUT") {
        let input = input.into_string().unwrap();
        let (name, data) = input.split_once(':').expect("<target>:<hexadecimal>");
        let target = TARGETS.iter().find(|target| target.name == name).expect("a target's name");
        let taken = (target.run)(&hex::decode(data).expect("hexadecimal"));
        println!("{name}: nothing broke; taken: {taken}");
        return;
    }
    let factor = std::env::var("TRIALOGUE_FUZZ_ROUNDS").map_or(1.0, |factor| factor.parse().expect("a number"));
    let all: Vec<Result<Count, String>> = thread::scope(|scope| {
        let running: Vec<_> = TARGETS.iter().map(|target| scope.spawn(move || explore(target, factor))).collect();
        running.into_iter().map(|running| running.join().unwrap()).collect()
    });
    for (target, count) in TARGETS.iter().zip(&all) {
        if let Ok(Count { tried, taken, took }) = count {
            println!("{:20} {tried:7} tried, {taken:7} taken, {:5} ms", target.name, took.as_millis());
        }
    }
    let broken: Vec<String> = all.into_iter().filter_map(Result::err).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n\n"));
}

#[test]
fn every_target_is_also_searched_with_coverage() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/fuzz_targets");
    let mut files: Vec<String> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let mut names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    files.sort();
    names.sort();
    assert_eq!(files, names, "fuzz/fuzz_targets and TARGETS of crates/hostile");
}
