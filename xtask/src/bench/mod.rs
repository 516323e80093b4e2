//! Measurements, always of a release build; each prints a table, and with `--json FILE` the same figures as JSON.

mod browser;
mod endpoint;
mod failover;
mod forward;
mod frames;
mod hotline;
mod native;
mod record;
mod samples;

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};

use self::samples::Samples;
use crate::{assets, console, demo};

/// Calls per figure, unless `--calls N` says otherwise.
const CALLS: usize = 20;
const USAGE: &str = "usage: cargo xtask bench call [--calls N] [--json FILE] [--only native|browser|node], bench failover [--runs N] [--json FILE], bench frames [--json FILE], or bench record [--entries N] [--json FILE]";

/// What to measure.
struct Wanted {
    calls: usize,
    json: Option<PathBuf>,
    only: Option<String>,
}

impl Wanted {
    fn parse(args: &[String]) -> Result<Self> {
        let mut wanted = Self { calls: CALLS, json: None, only: None };
        for pair in args.chunks(2) {
            match pair {
                [flag, path] if flag == "--json" => wanted.json = Some(PathBuf::from(path)),
                [flag, number] if flag == "--calls" => {
                    wanted.calls = number.parse().context("--calls takes a number")?
                }
                [flag, part] if flag == "--only" && ["native", "browser", "node"].contains(&part.as_str()) => {
                    wanted.only = Some(part.clone());
                }
                _ => bail!("{USAGE}"),
            }
        }
        Ok(wanted)
    }

    fn part(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == name)
    }
}

/// `bench call …`.
pub fn run(args: &[String]) -> Result<()> {
    match args.split_first() {
        Some((what, rest)) if what == "call" => call(&Wanted::parse(rest)?),
        Some((what, rest)) if what == "failover" => failover::run(rest),
        Some((what, rest)) if what == "frames" => frames::run(rest),
        Some((what, rest)) if what == "record" => record::run(rest),
        _ => bail!("{USAGE}"),
    }
}

fn call(wanted: &Wanted) -> Result<()> {
    let assets = assets::prepare()?;
    console::build()?;
    let binary = demo::build_binary(true)?;
    let load = if wanted.part("node") { Some(forward::build()?) } else { None };

    let (mut rows, mut rss_mb) = (Vec::new(), None);
    if wanted.part("native") {
        let (voice, mb) = native::measure(&binary, &assets, wanted.calls)?;
        rss_mb = Some(mb);
        rows.push(("native.first_voice_ms", voice, "answer to first opened voice frame, native endpoints"));
    }
    if wanted.part("browser") {
        let (voice, picture) = browser::measure(&binary, &assets, wanted.calls)?;
        rows.push(("browser.first_voice_ms", voice, "answer to first opened voice frame, Chromium"));
        rows.push(("browser.first_video_ms", picture, "answer to first shown picture, Chromium"));
    }
    let forwarding = load.as_deref().map(forward::measure).transpose()?;

    println!("\nSuite 0x0907, release build, everything on this machine.");
    println!("{:<26} {:>9} {:>9} {:>6}  of", "figure", "p50", "p99", "runs");
    let mut all = Map::new();
    for (key, samples, what) in &rows {
        print_row(key, samples, &format!("{what} (ms)"));
        let (group, name) = key.split_once('.').context("a key has two parts")?;
        let group = all.entry(group).or_insert_with(|| json!({}));
        group[name] = samples.json();
    }
    if let Some(forwarding) = &forwarding {
        forwarding.print();
        all.insert("node".to_owned(), forwarding.json());
    }
    if let Some(mb) = rss_mb {
        println!(
            "{:<26} {mb:>9.1} {:>9} {:>6}  memory of the largest node after the native calls (MB)",
            "node.rss_mb", "", 1
        );
        all.entry("node").or_insert_with(|| json!({}))["rss_mb"] = json!(mb);
    }
    if let Some(file) = &wanted.json {
        let all = Value::Object(all);
        std::fs::write(file, format!("{all:#}\n")).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn print_row(key: &str, samples: &Samples, what: &str) {
    let (p50, p99) = (samples.quantile(0.5), samples.quantile(0.99));
    println!("{key:<26} {p50:>9.2} {p99:>9.2} {:>6}  {what}", samples.len());
}
