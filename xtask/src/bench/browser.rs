//! Answer to first opened voice frame and first shown picture, in Chromium: measured by the page itself.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::samples::Samples;
use crate::{console, paths, system};

/// (voice, picture), milliseconds; two answers per call.
pub fn measure(binary: &Path, assets: &Path, calls: usize) -> Result<(Samples, Samples)> {
    system::ensure(&system::BROWSER)?;
    let file = paths::target().join("bench/browser.json");
    std::fs::create_dir_all(paths::target().join("bench"))?;
    console::packages()?
        .step("Measure calls between browsers")
        .args(["run", "bench:call", "--", &calls.to_string()])
        .args([&file])
        .env("TRIALOGUE_BIN", binary)
        .env("TRIALOGUE_ASSETS", assets)
        .env("TRIALOGUE_CONSOLE_DIR", paths::console_dist())
        .run()?;
    let all: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
    let of = |key: &str| -> Result<Samples> {
        let mut samples = Samples::default();
        for value in all[key].as_array().with_context(|| format!("no {key} was measured"))? {
            samples.add(value.as_f64().context("a figure is a number")?);
        }
        Ok(samples)
    };
    Ok((of("voice_ms")?, of("picture_ms")?))
}
