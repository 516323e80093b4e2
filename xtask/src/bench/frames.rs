//! What sealing and opening a frame takes in the console's WebAssembly.

use std::path::Path;

use anyhow::{Result, bail};

use crate::{console, wasm};

const USAGE: &str = "usage: cargo xtask bench frames [--json FILE]";

/// `bench frames …`.
pub fn run(args: &[String]) -> Result<()> {
    let file = match args {
        [] => None,
        [flag, file] if flag == "--json" => Some(std::path::absolute(Path::new(file))?),
        _ => bail!("{USAGE}"),
    };
    wasm::build()?;
    console::packages()?.step("Measure frames in WebAssembly").args(["run", "bench:frames", "--"]).args(file).run()
}
