//! The console's WebAssembly, and its JavaScript bindings in `console/src/wasm/`.
//!
//! rustup's own target where it can be had; else Debian's Rust for the web, which builds the standard library from its
//! own source package. Some build hosts reach package registries and nothing else.
//!
//! `opt-level` 3 makes 3.4 MB (1.05 MB as gzip), "s" 2.6 MB; between three browsers on two cores the median from answer
//! to first opened voice is 304 ms with 3 and 376 ms with "s". `wasm-opt -Os` made it 12 % smaller on disk, 4 % larger
//! as gzip, and no faster: it is not used.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::paths;
use crate::stamp::Stamp;
use crate::step::{Step, probe};
use crate::system;

const TARGET: &str = "wasm32-unknown-unknown";
const PACKAGE: &str = "trialogue-console-wasm";
const MODULE: &str = "trialogue_console_wasm.wasm";
/// The profile of the root manifest for the browser.
const PROFILE: &str = "wasm";
/// Set to `debian` or `rustup` to decide which toolchain builds; by default the one that can be had.
const TOOLCHAIN: &str = "TRIALOGUE_WASM_TOOLCHAIN";

/// Brings `console/src/wasm/` up to date.
pub fn build() -> Result<()> {
    let module = compile()?;
    let out = paths::console().join("src/wasm");
    let stamp = Stamp::new("bindgen")
        .path(&module)?
        .path(&paths::root().join("xtask/bindgen"))?
        .path(&paths::root().join("Cargo.lock"))?;
    if stamp.is_fresh() && out.join("trialogue_console_wasm.js").exists() {
        return Ok(());
    }
    Step::cargo("Write the bindings of the WebAssembly")
        .usually("1 minute")
        // Beside the module, not in the common target directory: no other build waits for this one, nor it for them.
        .args(["run", "--quiet", "--package", "xtask-bindgen", "--target-dir"])
        .args([&paths::target().join("wasm"), &PathBuf::from("--"), &module, &out])
        .run()?;
    describe(&out)?;
    stamp.write()
}

/// cargo itself knows what has changed: nothing to do takes it a second.
fn compile() -> Result<PathBuf> {
    let target_dir = paths::target().join("wasm");
    let cargo = if has_rustup_target() {
        Step::cargo("Build the console's WebAssembly").usually("3 minutes")
    } else {
        system::ensure(&system::WASM)?;
        debian_cargo().usually("6 minutes")
    };
    cargo
        .args(["build", "--package", PACKAGE, "--profile", PROFILE, "--target", TARGET, "--lib", "--target-dir"])
        .args([&target_dir])
        .run()?;
    Ok(target_dir.join(TARGET).join(PROFILE).join(MODULE))
}

/// Debian's cargo, kept apart from whatever rustup has put into the environment.
fn debian_cargo() -> Step {
    let mut step = Step::new("Build the console's WebAssembly (with Debian's Rust)", "/usr/bin/cargo");
    for leaked in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTDOC", "RUSTFLAGS", "RUSTUP_HOME"] {
        step = step.without_env(leaked);
    }
    step.env("RUSTC", "/usr/bin/rustc")
        // Building the standard library is not stable yet; Debian's Rust for the web exists for just this.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-19")
        .args(["-Zbuild-std=std,panic_abort"])
}

fn has_rustup_target() -> bool {
    match std::env::var(TOOLCHAIN).as_deref() {
        Ok("debian") => return false,
        Ok("rustup") => return true,
        _ => {}
    }
    let refused = paths::notes().join("no-rustup-target");
    if is_installed() {
        return true;
    }
    if refused.exists() || probe("rustup", &["--version"]).is_none() {
        return false;
    }
    let added = Step::new("Ask rustup for the WebAssembly target", "timeout")
        .args(["60", "rustup", "target", "add", TARGET])
        .quiet()
        .run();
    if added.is_err() {
        eprintln!("  rustup cannot fetch it here; Debian's Rust will do");
        let _ = fs::create_dir_all(paths::notes()).and_then(|()| fs::write(refused, ""));
    }
    added.is_ok() && is_installed()
}

/// Asks the compiler where the target's library would be: true for any toolchain, with rustup or without.
fn is_installed() -> bool {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    probe(&rustc, &["--print", "target-libdir", "--target", TARGET])
        .is_some_and(|directory| Path::new(&directory).is_dir())
}

fn describe(out: &Path) -> Result<()> {
    let module = out.join("trialogue_console_wasm_bg.wasm");
    let size = fs::metadata(&module).with_context(|| format!("no {}", module.display()))?.len();
    eprintln!("  {}: {} kB", module.strip_prefix(paths::root()).unwrap_or(&module).display(), size / 1000);
    Ok(())
}
