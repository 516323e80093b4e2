//! No file becomes a gravity well: sources stay short, or say why not.

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::paths;
use crate::step::Step;

/// Lines of one source file. Raising it lets wells grow under the central nouns; lowering it splits single thoughts.
const LONGEST: usize = 500;
/// Files that may be longer, one a line: path, then the reason.
const EXCEPTIONS: &str = include_str!("../long-files.txt");

pub fn check() -> Result<()> {
    eprintln!("▸ Check the length of files");
    let listed = Step::new("List the sources", "git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "--"])
        .args(["*.rs", "*.ts", "*.svelte", "*.js", "*.mjs", "*.css"])
        .output()?;
    let mut wells = Vec::new();
    for path in listed.lines() {
        let Ok(text) = fs::read_to_string(paths::root().join(path)) else {
            continue;
        };
        let lines = text.lines().count();
        if lines > LONGEST && !excepted(path)? {
            wells.push(format!("  {path}: {lines} lines"));
        }
    }
    if !wells.is_empty() {
        bail!(
            "longer than {LONGEST} lines: split by verb, or give a reason in xtask/long-files.txt\n{}",
            wells.join("\n")
        );
    }
    Ok(())
}

fn excepted(path: &str) -> Result<bool> {
    for line in EXCEPTIONS.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (name, reason) = line.split_once(' ').context("xtask/long-files.txt: a path without a reason")?;
        if name == path && !reason.trim().is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
