//! Measurements, always of a release build.

use anyhow::{Result, bail};

/// `bench call [--json FILE]`.
pub fn run(args: &[String]) -> Result<()> {
    match args.first().map(String::as_str) {
        Some("call") => bail!("nothing is measured yet"),
        _ => bail!("usage: cargo xtask bench call [--json FILE]"),
    }
}
