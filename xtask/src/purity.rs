//! The promises of the architecture that a machine can hold: pure crates touch no world, nodes cannot read.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::paths;
use crate::step::Step;

/// Crates without input, output or clock.
const PURE: [&str; 7] = ["charter", "journal", "record", "wire", "e2ee", "core", "console-core"];
/// Pure crates that draw no randomness either: it comes to them as input, so that one seed replays a whole network.
const DETERMINISTIC: [&str; 6] = ["journal", "record", "wire", "e2ee", "core", "console-core"];
/// Dependencies that would let the world in.
const WORLDLY: [&str; 18] = [
    "cryptoki",
    "tokio",
    "mio",
    "async-std",
    "smol",
    "polling",
    "quinn",
    "quinn-udp",
    "socket2",
    "hyper",
    "reqwest",
    "axum",
    "str0m",
    "rusqlite",
    "libsqlite3-sys",
    "rustls",
    "native-tls",
    "chrono",
];
/// What can open media or messages: no node has it, not even through another crate.
const OPENERS: [&str; 5] = ["trialogue-e2ee", "trialogue-console-core", "openmls", "openmls_rust_crypto", "sframe"];
/// What reaches a party's root: no node has it.
const ROOTS: [&str; 2] = ["trialogue-token", "cryptoki"];
/// Words in pure sources that reach for the world, and what to write instead.
const WORDS: [(&str, &str); 12] = [
    ("std::fs", "files belong to crates/node"),
    ("std::net", "core::net has the address types without the sockets"),
    ("std::process", "processes belong to the programs"),
    ("std::env", "settings come in as arguments"),
    ("std::thread", "threads belong to crates/node"),
    ("thread::spawn", "threads belong to crates/node"),
    ("thread::sleep", "nothing pure waits"),
    ("Instant::now", "time comes in as `now`"),
    ("SystemTime::now", "time comes in as `now`"),
    ("UNIX_EPOCH", "time comes in as `now`"),
    ("println!", "say it in an output or a trace"),
    ("tokio::", "runtimes belong to crates/node"),
];
const CHANCE: [(&str, &str); 4] = [
    ("getrandom", "randomness comes in as input"),
    ("OsRng", "randomness comes in as input"),
    ("thread_rng", "randomness comes in as input"),
    ("rand::random", "randomness comes in as input"),
];

pub fn check() -> Result<()> {
    eprintln!("▸ Check that pure crates are pure and nodes are blind");
    let mut faults = Vec::new();
    for name in PURE {
        forbid(&format!("trialogue-{name}"), &WORLDLY, "is pure", &mut faults)?;
        let sources = paths::root().join("crates").join(name).join("src");
        let chance: &[_] = if DETERMINISTIC.contains(&name) { &CHANCE } else { &[] };
        for file in rust_files(&sources)? {
            read(&file, chance, &mut faults)?;
        }
    }
    forbid("trialogue-node", &OPENERS, "is blind", &mut faults)?;
    forbid("trialogue-node", &ROOTS, "holds no root", &mut faults)?;
    if !faults.is_empty() {
        bail!("the architecture does not hold:\n  {}", faults.join("\n  "));
    }
    Ok(())
}

/// Everything that a crate is built from, itself left out.
fn forbid(package: &str, names: &[&str], why: &str, faults: &mut Vec<String>) -> Result<()> {
    let tree = Step::cargo("List dependencies")
        .args(["tree", "--package", package, "--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .output()?;
    let mut found: Vec<&str> = tree.lines().skip(1).filter_map(|line| line.split(' ').next()).collect();
    found.sort_unstable();
    found.dedup();
    faults.extend(
        found
            .iter()
            .filter(|name| names.contains(name))
            .map(|name| format!("{package} {why}, yet depends on {name} (`cargo tree -p {package} -i {name}`)")),
    );
    Ok(())
}

fn read(file: &Path, chance: &[(&str, &str)], faults: &mut Vec<String>) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let shown = file.strip_prefix(paths::root()).unwrap_or(file).display();
    for (number, line) in code(&text) {
        for (word, instead) in WORDS.iter().chain(chance).filter(|(word, _)| line.contains(word)) {
            faults.push(format!("{shown}:{number}: `{word}`: {instead}"));
        }
    }
    Ok(())
}

/// Lines of code outside comments; a module of tests at the end of a file is free to touch the world.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .enumerate()
        .map(|(index, line)| (index + 1, line.split("//").next().unwrap_or_default()))
}

pub fn rust_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
