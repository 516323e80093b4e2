//! Measurements, always of a release build; each prints a table, and with `--json FILE` the same figures as JSON.

mod browser;
mod endpoint;
mod forward;
mod hotline;
mod native;
mod samples;

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};

use crate::{assets, console, demo};

/// Calls per figure, unless `--calls N` says otherwise.
const CALLS: usize = 20;

/// `bench call [--calls N] [--json FILE]`.
pub fn run(args: &[String]) -> Result<()> {
    let Some((what, rest)) = args.split_first() else { bail!("{USAGE}") };
    if what != "call" {
        bail!("{USAGE}");
    }
    let (mut file, mut calls) = (None, CALLS);
    let mut rest = rest.iter();
    while let Some(arg) = rest.next() {
        match (arg.as_str(), rest.next()) {
            ("--json", Some(path)) => file = Some(PathBuf::from(path)),
            ("--calls", Some(number)) => calls = number.parse().context("--calls takes a number")?,
            _ => bail!("{USAGE}"),
        }
    }
    call(calls, file)
}

const USAGE: &str = "usage: cargo xtask bench call [--calls N] [--json FILE]";

fn call(calls: usize, file: Option<PathBuf>) -> Result<()> {
    let assets = assets::prepare()?;
    console::build()?;
    let binary = demo::build_binary(true)?;
    let load = forward::build()?;

    let voice = native::measure(&binary, &assets, calls)?;
    let (browser_voice, browser_picture) = browser::measure(&binary, &assets, calls)?;
    let forwarding = forward::measure(&load)?;

    let rows = [
        ("native.first_voice_ms", &voice, "answer to first opened voice frame, native endpoints, suite 0x0907", "ms"),
        ("browser.first_voice_ms", &browser_voice, "answer to first opened voice frame, Chromium", "ms"),
        ("browser.first_video_ms", &browser_picture, "answer to first shown picture, Chromium", "ms"),
    ];
    println!("\n{:<26} {:>9} {:>9} {:>6}  of", "figure", "p50", "p99", "runs");
    let (mut native, mut browser) = (Map::new(), Map::new());
    for (key, samples, what, unit) in rows {
        println!(
            "{key:<26} {:>9.1} {:>9.1} {:>6}  {what} ({unit})",
            samples.quantile(0.5),
            samples.quantile(0.99),
            samples.len()
        );
        let (group, name) = key.split_once('.').context("a key has two parts")?;
        let target = if group == "native" { &mut native } else { &mut browser };
        target.insert(name.to_owned(), samples.json());
    }
    forwarding.print();
    if let Some(file) = file {
        let all: Value = json!({ "native": native, "browser": browser, "node": forwarding.json() });
        std::fs::write(&file, format!("{all:#}\n")).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
