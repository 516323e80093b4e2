//! What a node adds to a packet: processor time, delay, memory; 10 speakers heard by 20 consoles, 20 ms voice.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::samples::Samples;
use crate::paths;
use crate::step::Step;

/// Runs per case.
const RUNS: usize = 20;
/// Measured seconds per run.
const SECONDS: &str = "3";
/// The case that the goal is about.
const CASE: &str = "10:20";

/// Figures of the node's media process.
pub struct Forwarding {
    cases: Vec<Value>,
    cpu_us: Samples,
    /// Medians and 99th percentiles of the runs.
    delay_p50_ms: Samples,
    delay_p99_ms: Samples,
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
    let [mut cpu_us, mut delay_p50_ms, mut delay_p99_ms] = [const { Samples::new() }; 3];
    for run in 0..RUNS {
        let file = dir.join(format!("forward-{run}.json"));
        Step::new(format!("Measure forwarding, run {} of {RUNS}", run + 1), load)
            .args(["--runs", "1", "--seconds", SECONDS, "--json"])
            .args([&file])
            .args([CASE])
            .run()?;
        let one = read(&file)?;
        let one = one.first().context("no figure of the load")?;
        let figure = |key: &str| one[key].as_f64().with_context(|| format!("no {key}"));
        cpu_us.add(figure("cpu_us_per_packet")?);
        delay_p50_ms.add(figure("node_p50_ms")?);
        delay_p99_ms.add(figure("node_p99_ms")?);
    }
    let file = dir.join("forward-all.json");
    Step::new("Measure forwarding, all cases", load).args(["--json"]).args([&file]).run()?;
    Ok(Forwarding { cases: read(&file)?, cpu_us, delay_p50_ms, delay_p99_ms })
}

impl Forwarding {
    /// Median of the runs' medians, worst of their 99th percentiles.
    fn delay(&self) -> (f64, f64) {
        (self.delay_p50_ms.quantile(0.5), self.delay_p99_ms.quantile(1.0))
    }

    pub fn print(&self) {
        let (p50, p99) = self.delay();
        println!(
            "{:<26} {p50:>9.2} {p99:>9.2} {RUNS:>6}  arrival at a node to the last copy sent, {CASE}; p99: the worst run's (ms)",
            "node.added_delay_ms"
        );
        let what = format!("processor time per packet that a console got, {CASE} (µs)");
        super::print_row("node.cpu_us_per_packet", &self.cpu_us, &what);
        for case in &self.cases {
            println!("  {case}");
        }
    }

    pub fn json(&self) -> Value {
        let (p50, p99) = self.delay();
        json!({
            "added_delay_ms": { "p50": p50, "p99": p99, "runs": RUNS },
            "cpu_us_per_packet": self.cpu_us.json(),
            "cases": self.cases,
        })
    }
}
