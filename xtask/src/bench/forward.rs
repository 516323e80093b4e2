//! What a node adds to a packet: processor time, delay, memory; 10 speakers heard by 20 consoles, 20 ms voice.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::samples::Samples;
use crate::paths;
use crate::step::Step;

/// Runs per case.
const RUNS: usize = 5;
/// The case that the goal is about.
const CASE: &str = "10:20";

/// Figures of the node's media process.
pub struct Forwarding {
    cases: Vec<Value>,
    cpu_us: Samples,
    delay_p50_ms: f64,
    delay_p99_ms: f64,
    rss_mb: f64,
}

pub fn build() -> Result<PathBuf> {
    Step::cargo("Build the load")
        .usually("3 minutes")
        .args(["build", "--package", "trialogue-node", "--release", "--example", "forward_load"])
        .run()?;
    Ok(paths::target().join("release/examples/forward_load"))
}

pub fn measure(load: &Path) -> Result<Forwarding> {
    let dir = paths::target().join("bench");
    std::fs::create_dir_all(&dir)?;
    let read = |file: &Path| -> Result<Vec<Value>> { Ok(serde_json::from_slice(&std::fs::read(file)?)?) };
    let mut cpu_us = Samples::default();
    for run in 0..RUNS {
        let file = dir.join(format!("forward-{run}.json"));
        Step::new(format!("Measure forwarding, run {} of {RUNS}", run + 1), load)
            .args(["--runs", "1", "--json"])
            .args([&file])
            .args([CASE])
            .run()?;
        let one = read(&file)?;
        cpu_us.add(one.first().and_then(|case| case["cpu_us_per_packet"].as_f64()).context("no figure of the load")?);
    }
    let file = dir.join("forward-all.json");
    Step::new("Measure forwarding, all cases", load).args(["--json"]).args([&file]).run()?;
    let cases = read(&file)?;
    let case = cases.iter().find(|case| case["case"] == CASE).or(cases.first()).context("no case was measured")?;
    let figure = |key: &str| case[key].as_f64().with_context(|| format!("no {key}"));
    Ok(Forwarding {
        delay_p50_ms: figure("p50_ms")?,
        delay_p99_ms: figure("p99_ms")?,
        rss_mb: figure("rss_mb")?,
        cases,
        cpu_us,
    })
}

impl Forwarding {
    pub fn print(&self) {
        println!(
            "{:<26} {:>9.2} {:>9.2} {:>6}  added by one node, {CASE} (ms)",
            "node.added_delay_ms", self.delay_p50_ms, self.delay_p99_ms, RUNS
        );
        let (p50, p99) = (self.cpu_us.quantile(0.5), self.cpu_us.quantile(0.99));
        println!(
            "{:<26} {p50:>9.2} {p99:>9.2} {:>6}  processor time per received packet, {CASE} (µs)",
            "node.cpu_us_per_packet", RUNS
        );
        println!("{:<26} {:>9.1} {:>9} {:>6}  memory of the media process (MB)", "node.rss_mb", self.rss_mb, "", 1);
        for case in &self.cases {
            println!("  {case}");
        }
    }

    pub fn json(&self) -> Value {
        json!({
            "added_delay_ms": { "p50": self.delay_p50_ms, "p99": self.delay_p99_ms, "runs": RUNS },
            "cpu_us_per_packet": self.cpu_us.json(),
            "rss_mb": self.rss_mb,
            "cases": self.cases,
        })
    }
}
