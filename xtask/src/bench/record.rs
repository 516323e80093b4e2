//! What a long record costs a node: a program of its own that makes one and gives it to nodes in processes
//! (`crates/node/examples/record`).

use anyhow::{Result, bail};

use crate::step::Step;
use crate::{demo, paths};

const USAGE: &str = "usage: cargo xtask bench record [--entries N] [--json FILE]";

/// `bench record …`.
pub fn run(args: &[String]) -> Result<()> {
    let known = |pair: &[String]| pair.len() == 2 && ["--entries", "--json"].contains(&pair[0].as_str());
    if !args.chunks(2).all(known) {
        bail!("{USAGE}");
    }
    let binary = demo::build_binary(true)?;
    Step::cargo("Build the record")
        .usually("3 minutes")
        .args(["build", "--package", "trialogue-node", "--release", "--example", "record"])
        .run()?;
    let dir = paths::target().join("bench/record");
    Step::new("Measure the record", paths::target().join("release/examples/record"))
        .usually("5 minutes with 1,000,000 entries")
        .args(["--binary"])
        .args([&binary])
        .args(["--dir"])
        .args([&dir])
        .args(args)
        .run()
}
