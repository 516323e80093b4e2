//! The programs: built, and run for people.

use std::path::PathBuf;

use anyhow::Result;

use crate::step::Step;
use crate::{console, paths, system};

const PACKAGE: &str = "trialogue";

/// Three nodes on this machine, and links that enrol browsers as consoles.
pub fn run(args: &[String]) -> Result<()> {
    console::build()?;
    let binary = build_binary(false)?;
    Step::new("Start the demo (Ctrl-C stops it)", binary)
        .args(["demo", "--stations"])
        .args(args.iter().filter(|arg| *arg != "--stations"))
        .env("TRIALOGUE_CONSOLE_DIR", paths::console_dist())
        .become_it()
}

/// The program that people run; hands back where it is.
pub fn build_binary(release: bool) -> Result<PathBuf> {
    system::ensure(&system::NATIVE)?;
    let (profile, directory, usually) =
        if release { ("release", "release", "8 minutes") } else { ("dev", "debug", "4 minutes") };
    Step::cargo("Build the programs")
        .usually(usually)
        .args(["build", "--package", PACKAGE, "--profile", profile])
        .run()?;
    Ok(paths::target().join(directory).join(PACKAGE))
}

/// The simulator takes its own arguments; `--help` lists them.
pub fn simulate(args: &[String]) -> Result<()> {
    system::ensure(&system::NATIVE)?;
    Step::cargo("Simulate").args(["run", "--quiet", "--package", "trialogue-sim", "--"]).args(args).become_it()
}
