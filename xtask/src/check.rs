//! What can be judged without running anything.

use anyhow::Result;

use crate::step::Step;
use crate::{audit, purity, sizes};

/// Format, lints, purity, sizes, licences.
pub fn run() -> Result<()> {
    cheap()?;
    Step::cargo("Lint")
        .usually("4 minutes")
        .args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"])
        .run()?;
    eprintln!("all checks passed");
    Ok(())
}

/// The checks that compile nothing.
pub fn cheap() -> Result<()> {
    Step::cargo("Check the format (`cargo fmt --all` mends it)").args(["fmt", "--all", "--check"]).run()?;
    sizes::check()?;
    purity::check()?;
    audit::licences()
}
