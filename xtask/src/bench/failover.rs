//! What each fault costs those who talk: a program of its own in network namespaces (`crates/impair/src/bin/failover`).

use anyhow::{Result, bail};

use crate::step::Step;
use crate::{assets, console, demo, paths, system};

const USAGE: &str = "usage: cargo xtask bench failover [--runs N] [--json FILE] [--only PART-OF-A-NAME]";

/// `bench failover …`.
pub fn run(args: &[String]) -> Result<()> {
    let known = |pair: &[String]| pair.len() == 2 && ["--runs", "--json", "--only"].contains(&pair[0].as_str());
    if !args.chunks(2).all(known) {
        bail!("{USAGE}");
    }
    system::ensure(&system::NAMESPACES)?;
    let assets = assets::prepare()?;
    console::build()?;
    let binary = demo::build_binary(true)?;
    Step::cargo("Build the faults")
        .args(["build", "--package", "trialogue-impair", "--release", "--bin", "failover"])
        .run()?;
    Step::new("Measure failover", paths::target().join("release/failover"))
        .usually("25 minutes with 20 runs")
        .args(["--binary"])
        .args([&binary])
        .args(["--assets"])
        .args([&assets])
        .args(args)
        .run()
}
