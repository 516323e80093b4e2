//! What can be judged without running anything.

use anyhow::{Result, bail};

use crate::step::Step;
use crate::{audit, console, purity, sizes, spread, system, width};

/// Format, lints, purity, sizes, methods in few files, licences.
pub fn run() -> Result<()> {
    cheap()?;
    system::ensure(&system::NATIVE)?;
    lint(false)?;
    eprintln!("all checks passed");
    Ok(())
}

/// What clippy says of everything, tests and examples too. `yielding`: whatever else runs comes first.
pub fn lint(yielding: bool) -> Result<()> {
    Step::cargo("Lint")
        .usually("4 minutes")
        .args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"])
        .yielding(yielding)
        .run()
}

/// The public documentation: a reference that leads nowhere is a fault. `yielding`: whatever else runs comes first.
pub fn document(yielding: bool) -> Result<()> {
    Step::cargo("Check the documentation")
        .env("RUSTDOCFLAGS", "--deny warnings")
        .args(["doc", "--workspace", "--no-deps", "--quiet"])
        .yielding(yielding)
        .run()
}

/// The checks that compile nothing; all of them are made, so that one run names every fault.
pub fn cheap() -> Result<()> {
    let format = Step::cargo("Check the format (`cargo fmt --all` mends it)")
        .args(["fmt", "--all", "--check", "--", "-l"])
        .quiet();
    let faults: Vec<String> = [
        format.run(),
        console::format(),
        sizes::check(),
        width::check(),
        spread::check(),
        purity::check(),
        audit::licences(),
    ]
    .into_iter()
    .filter_map(Result::err)
    .map(|error| format!("{error:#}"))
    .collect();
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}
