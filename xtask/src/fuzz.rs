//! Every decoder of outside bytes under bytes that a search guided by coverage finds (`crates/hostile`, `fuzz/`).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::paths;
use crate::step::{Step, probe};

const CARGO_FUZZ: &str = "0.13.2";
/// Of each target, where nothing else is asked for.
const SECONDS: u32 = 60;
/// A target that takes longer for one input, or more memory, has a fault: all of them are bounded.
const LONGEST_SECONDS: u32 = 10;
const MOST_MEGABYTES: u32 = 2_048;

/// `fuzz [SECONDS] [TARGET]`.
pub fn run(args: &[String]) -> Result<()> {
    let seconds = args.first().map_or(Ok(SECONDS), |text| text.parse()).context("fuzz [SECONDS] [TARGET]")?;
    let cargo_fuzz = cargo_fuzz()?;
    let names = targets()?;
    let chosen: Vec<&String> = names.iter().filter(|name| args.get(1).is_none_or(|only| only == *name)).collect();
    if chosen.is_empty() {
        bail!("no such target; there are {}", names.join(", "));
    }
    let corpora = paths::target().join("fuzz-corpus");
    Step::cargo("Write the seeds")
        .usually("2 minutes")
        .args(["run", "--quiet", "--package", "trialogue-hostile", "--example", "write_seeds", "--"])
        .args([&corpora])
        .run()?;
    // The stable compiler, allowed to instrument. Address sanitizer is on: the libraries below are not all free of
    // `unsafe`.
    let products = paths::target().join("fuzz");
    Step::new("Build the targets", &cargo_fuzz)
        .usually("6 minutes")
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["build", "--fuzz-dir", "fuzz", "--codegen-units", "16", "--target-dir"])
        .args([&products])
        .quiet()
        .run()?;
    let host = probe("rustc", &["--print", "host-tuple"]).context("cannot ask rustc for this machine's target")?;
    let programs = products.join(host).join("release");
    let faults: Vec<String> = chosen
        .into_iter()
        .filter_map(|name| search(&programs, name, seconds).err())
        .map(|e| format!("{e:#}"))
        .collect();
    if !faults.is_empty() {
        bail!("{}", faults.join("\n\n"));
    }
    Ok(())
}

fn search(programs: &Path, name: &str, seconds: u32) -> Result<()> {
    let artifacts = paths::target().join("fuzz-artifacts").join(name);
    fs::create_dir_all(&artifacts)?;
    let what = format!("Fuzz {name}");
    Step::new(&what, programs.join(name))
        .args([paths::target().join("fuzz-corpus").join(name)])
        .args([
            "-print_final_stats=1".to_owned(),
            format!("-max_total_time={seconds}"),
            format!("-timeout={LONGEST_SECONDS}"),
            format!("-rss_limit_mb={MOST_MEGABYTES}"),
            format!("-artifact_prefix={}/", artifacts.display()),
        ])
        .quiet()
        .run()
        .with_context(|| format!("{name} broke; if an input did it, it is in {}", artifacts.display()))?;
    let log = fs::read_to_string(Step::log(&what)).unwrap_or_default();
    let executed = log.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    let covered = log.lines().rev().find_map(|line| line.split_once(" cov: ")?.1.split(' ').next());
    eprintln!("  {} inputs, {} places reached", executed.unwrap_or("?").trim(), covered.unwrap_or("?"));
    Ok(())
}

fn targets() -> Result<Vec<String>> {
    let directory = fs::read_dir(paths::root().join("fuzz/fuzz_targets")).context("cannot read fuzz/fuzz_targets")?;
    let mut names = Vec::new();
    for entry in directory {
        names.extend(entry?.path().file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

fn cargo_fuzz() -> Result<String> {
    if probe("cargo-fuzz", &["--version"]).is_some() {
        return Ok("cargo-fuzz".to_owned());
    }
    let root: PathBuf = paths::notes().join("cargo-fuzz");
    let binary = root.join("bin/cargo-fuzz");
    if !binary.exists() {
        Step::cargo("Build cargo-fuzz")
            .usually("2 minutes")
            .args(["install", "cargo-fuzz", "--locked", "--version", CARGO_FUZZ, "--root"])
            .args([&root])
            .quiet()
            .run()?;
    }
    Ok(binary.display().to_string())
}
