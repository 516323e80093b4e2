//! What is built in: licences, bans, sources, known vulnerabilities; the rules are in `deny.toml`.

use std::fs;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::licence;
use crate::paths;
use crate::step::{Step, probe};

const CARGO_DENY: &str = "0.20.2";
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Licences, bans and sources, judged from `cargo metadata` alone, so that no tool has to be built first.
pub fn licences() -> Result<()> {
    eprintln!("▸ Check licences, bans and sources");
    let rules = fs::read_to_string(paths::root().join("deny.toml")).context("cannot read deny.toml")?;
    let allowed = list(&rules, "[licenses]", "allow")?;
    let banned = list(&rules, "[bans]", "deny")?;
    let mut faults = Vec::new();
    for package in packages()? {
        let name = package["name"].as_str().unwrap_or_default();
        let shown = format!("{name} {}", package["version"].as_str().unwrap_or_default());
        match package["source"].as_str() {
            None => {}
            Some(CRATES_IO) => {}
            Some(other) => faults.push(format!("{shown} comes from {other}")),
        }
        if banned.contains(&name) {
            faults.push(format!("{shown} is banned"));
        }
        match package["license"].as_str() {
            Some(licence) if licence::is_allowed(licence, &allowed) => {}
            Some(licence) => faults.push(format!("{shown} has the licence {licence}")),
            None => faults.push(format!("{shown} names no licence")),
        }
    }
    if !faults.is_empty() {
        bail!("against deny.toml:\n  {}", faults.join("\n  "));
    }
    Ok(())
}

/// cargo-deny over everything, advisories too where their database can be reached.
pub fn run() -> Result<()> {
    licences()?;
    let deny = cargo_deny()?;
    Step::new("Judge bans, licences and sources with cargo-deny", &deny)
        .args(["check", "bans", "licenses", "sources"])
        .run()?;
    Step::new("Fetch the advisories", &deny).args(["fetch", "db"]).usually("a minute").quiet().run().context(
        "KNOWN VULNERABILITIES WERE NOT CHECKED: the advisory database cannot be reached from here; run this \
         command where it can be",
    )?;
    Step::new("Judge known vulnerabilities", &deny).args(["check", "advisories"]).run()
}

fn cargo_deny() -> Result<String> {
    if probe("cargo-deny", &["--version"]).is_some() {
        return Ok("cargo-deny".to_owned());
    }
    let root = paths::notes().join("tools");
    let binary = root.join("bin/cargo-deny");
    if !binary.exists() {
        Step::cargo("Build cargo-deny")
            .usually("6 minutes")
            .args(["install", "cargo-deny", "--locked", "--version", CARGO_DENY, "--root"])
            .args([&root])
            .quiet()
            .run()?;
    }
    Ok(binary.display().to_string())
}

/// The packages that are built on this machine, tests and tools included; not those that only stand in the lock file.
fn packages() -> Result<Vec<Value>> {
    let host = probe("rustc", &["--print", "host-tuple"]).context("cannot ask rustc for this machine's target")?;
    let metadata = Step::cargo("List dependencies")
        .args(["metadata", "--format-version", "1", "--filter-platform", &host, "--filter-platform"])
        .args(["wasm32-unknown-unknown"])
        // A lock file that does not match would let a build choose what nobody has looked at.
        .args(std::env::var_os("CI").map(|_| "--locked"))
        .output()?;
    let mut metadata: Value = serde_json::from_str(&metadata).context("cargo metadata")?;
    let nodes = metadata["resolve"]["nodes"].take();
    let reached: Vec<&str> = nodes.as_array().into_iter().flatten().filter_map(|node| node["id"].as_str()).collect();
    let packages = match metadata["packages"].take() {
        Value::Array(packages) => packages,
        _ => bail!("cargo metadata lists no packages"),
    };
    Ok(packages.into_iter().filter(|package| package["id"].as_str().is_some_and(|id| reached.contains(&id))).collect())
}

/// The strings of `key = […]` in one section of a TOML file.
fn list<'a>(toml: &'a str, section: &str, key: &str) -> Result<Vec<&'a str>> {
    let rest = toml.split_once(section).map(|(_, rest)| rest);
    let rest = rest.and_then(|rest| rest.split_once(&format!("\n{key} = ["))).map(|(_, rest)| rest);
    let (inside, _) = rest.and_then(|rest| rest.split_once(']')).with_context(|| format!("no {section} {key}"))?;
    Ok(inside.split('"').skip(1).step_by(2).collect())
}
