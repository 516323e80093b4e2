//! The simulator: `cargo xtask sim --help`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use trialogue_sim::runner::{Caught, Consoles, Life, Outcome, Until, catch, many_with, run_with};
use trialogue_sim::{Mutation, Trace};

const HELP: &str = "\
cargo xtask sim [what] [--threads N]

  --seed N           replays one network and tells everything that happens in it
  --seeds A..B       runs the networks of these seeds
  --hashes A..B      runs them and prints, in the order of the seeds, the number that is the same whenever the same happened
  --for 10m          runs networks of new seeds for so long (s, m, h); the soak
  --from N           the seed with which --for begins, instead of a random one
  --timers           with --seed: also tells each time that a node is called from time alone, and why
  --mutation NAME    with --seed: takes a safeguard away
  --mutations        takes each safeguard away, and shows in which network which promise breaks
  --real             with any of the above: real consoles with keys in the place of models; many times slower.
                     Two runs of a seed tell the same: when what happened, by whom. Bytes of commits, welcomes and
                     tags differ (HPKE draws by itself), and so do hashes of entries that name them; no decision rests on either
  --short            with --real: networks with a fifth of the trouble, for many seeds
";

/// In these networks the loss of a safeguard must be noticed.
const CATCH_WITHIN: Range<u64> = 0..60;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match begin(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}\n\n{HELP}");
            ExitCode::FAILURE
        }
    }
}

fn begin(args: &[String]) -> Result<bool, String> {
    let mut threads = std::thread::available_parallelism().map_or(2, usize::from);
    let (mut seed, mut seeds, mut time, mut from, mut mutation, mut hashes) = (None, None, None, None, None, None);
    let (mut timers, mut real, mut life) = (false, false, Life::Long);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--seed" => seed = Some(number(value()?)?),
            "--seeds" => seeds = Some(range(value()?)?),
            "--hashes" => hashes = Some(range(value()?)?),
            "--for" => time = Some(duration(value()?)?),
            "--from" => from = Some(number(value()?)?),
            "--real" => real = true,
            "--short" => life = Life::Short,
            "--timers" => timers = true,
            "--threads" => threads = number(value()?)? as usize,
            "--mutation" => mutation = Some(named(value()?)?),
            "--mutations" => return Ok(catch_all()),
            "--help" | "-h" => {
                print!("{HELP}");
                return Ok(true);
            }
            other => return Err(format!("no such option: {other}")),
        }
    }
    if life == Life::Short && !real {
        return Err("--short is for --real: networks of models live as long as they do".to_owned());
    }
    let consoles = if real { Consoles::Real(life) } else { Consoles::Modelled };
    if let Some(seed) = seed {
        let trace = if timers { Trace::told_with_timers() } else { Trace::told() };
        return Ok(tell(&run_with(consoles, seed, trace, mutation)));
    }
    if let Some(seeds) = hashes {
        return Ok(print_hashes(consoles, seeds, threads));
    }
    let until = match (seeds, time) {
        (Some(seeds), _) => Until::Seeds(seeds),
        (None, Some(time)) => Until::For(time, from.unwrap_or_else(random)),
        (None, None) => Until::Seeds(0..2_000),
    };
    Ok(soak(consoles, &until, threads))
}

/// One network, line by line.
fn tell(outcome: &Outcome) -> bool {
    for (at_us, line) in &outcome.trace.lines {
        println!("{:>11.6} s  {line}", *at_us as f64 / 1e6);
    }
    println!("\nafter {:.1} s:", outcome.lived_us as f64 / 1e6);
    outcome.ends.iter().for_each(|line| println!("  {line}"));
    println!("  {} packets heard, trace {:016x}", outcome.heard, outcome.trace.hash());
    match &outcome.broken {
        Some(broken) => println!("\nseed {} fails: {broken}", outcome.seed),
        None => println!("\nseed {}: everything held", outcome.seed),
    }
    outcome.broken.is_none()
}

/// Many networks.
fn soak(consoles: Consoles, until: &Until, threads: usize) -> bool {
    match until {
        Until::Seeds(seeds) => eprintln!("seeds {} to {} on {threads} threads", seeds.start, seeds.end),
        Until::For(time, first) => eprintln!("seeds from {first} on, for {} s, on {threads} threads", time.as_secs()),
    }
    let tally = many_with(consoles, until, threads, &|outcome, ran| {
        if let Some(broken) = &outcome.broken {
            println!("{}", consoles.failed(outcome.seed, broken));
        }
        if ran % 500 == 0 {
            eprintln!("  … {ran} networks");
        }
    });
    let seconds = tally.took.as_secs_f64().max(0.001);
    println!(
        "{} networks in {seconds:.1} s: {:.1} seeds/s, {} s simulated, {} packets heard, {} failed",
        tally.ran,
        tally.ran as f64 / seconds,
        tally.lived_s,
        tally.heard,
        tally.failed.len()
    );
    if consoles != Consoles::Modelled {
        let whole_s = tally.whole_us as f64 / 1e6;
        println!("at most {whole_s:.2} s until everybody had everybody's keys, {} messages written", tally.written);
    }
    for seed in tally.failed.keys() {
        println!("  {}", consoles.replay(*seed));
    }
    tally.failed.is_empty()
}

/// Every safeguard, taken away.
fn catch_all() -> bool {
    let mut all = true;
    for mutation in Mutation::ALL {
        match catch(mutation, CATCH_WITHIN) {
            Ok(Caught { seed, broken }) => {
                let replay = mutation.consoles().replay(seed);
                println!("{mutation:?}: {broken}\n  {replay} --mutation {mutation:?}");
            }
            Err(why) => {
                println!("{why}");
                all = false;
            }
        }
    }
    all
}

/// What happened in many networks, as a number each: a change that should change nothing leaves all of them as they
/// were.
fn print_hashes(consoles: Consoles, seeds: Range<u64>, threads: usize) -> bool {
    let hashes = Mutex::new(BTreeMap::new());
    let tally = many_with(consoles, &Until::Seeds(seeds), threads, &|outcome, _| {
        hashes.lock().unwrap_or_else(PoisonError::into_inner).insert(outcome.seed, outcome.trace.hash());
    });
    for (seed, hash) in hashes.into_inner().unwrap_or_else(PoisonError::into_inner) {
        println!("{seed} {hash:016x}");
    }
    if !tally.failed.is_empty() {
        eprintln!("{}", tally.failures(consoles));
    }
    tally.failed.is_empty()
}

fn number(text: &str) -> Result<u64, String> {
    text.replace('_', "").parse().map_err(|_| format!("`{text}` is no number"))
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let (first, last) = text.split_once("..").ok_or(format!("`{text}` is no range such as 0..2000"))?;
    Ok(number(first)?..number(last)?)
}

fn duration(text: &str) -> Result<Duration, String> {
    let unit = text.chars().last().ok_or("how long?")?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        _ => return Err(format!("`{text}`: write 90s, 10m or 1h")),
    };
    Ok(Duration::from_secs(number(&text[..text.len() - 1])? * seconds))
}

fn named(text: &str) -> Result<Mutation, String> {
    Mutation::named(text).ok_or(format!("no mutation `{text}`: {:?}", Mutation::ALL))
}

/// Another one each time; printed, so that it can be repeated.
fn random() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_nanos() as u64 % 1_000_000_000_000
}
