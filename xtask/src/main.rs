//! The one tool of this repository: what a person runs, and exactly what continuous integration runs.
//!
//! `cargo xtask help` lists the commands. Everything made lands in `target/`, `console/dist/`, `console/node_modules/`.

mod assets;
mod audit;
mod bench;
mod check;
mod console;
mod demo;
mod fuzz;
mod licence;
mod node;
mod paths;
mod programs;
mod purity;
mod sizes;
mod spread;
mod stamp;
mod step;
mod system;
mod test;
mod wasm;
mod width;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask <command>

  demo    [args]             three nodes on this machine, and consoles to open in a browser
  test    [filter]           everything that must hold: purity, build, tests, browser tests
  check                      format, lints, purity, sizes, methods in few files, licences (fast)
  build   [--release]        WebAssembly, console, programs
  wasm                       only the console's WebAssembly
  console                    only the console (with its WebAssembly)
  assets                     speech and video for the media tests, in target/assets
  sim     [args]             whole networks in trouble, each from one seed: --seed N, --seeds A..B, --for 10m
  bench   call [--json FILE] cost per forwarded packet, latency
  bench   failover [--json FILE]  what each fault costs those who talk (needs root)
  bench   record [--entries N] [--json FILE]  what a long record costs a node
  fuzz    [SECONDS] [TARGET] bytes of strangers at every decoder, guided by coverage; 60 seconds each
  audit                      licences, sources, known vulnerabilities
  setup                      install what the steps above need (needs root)
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> Result<()> {
    let Some((command, rest)) = args.split_first() else {
        print!("{HELP}");
        return Ok(());
    };
    match command.as_str() {
        "demo" => demo::run(rest),
        "test" => test::run(rest),
        "check" => check::run(),
        "build" => build(rest),
        "wasm" => wasm::build(),
        "console" => console::build(),
        "assets" => {
            let directory = assets::prepare()?;
            println!("{}", directory.display());
            Ok(())
        }
        "sim" => demo::simulate(rest),
        "bench" => bench::run(rest),
        "fuzz" => fuzz::run(rest),
        "audit" => audit::run(),
        "setup" => system::ensure(&system::ALL),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        unknown => bail!("no command `{unknown}`; `cargo xtask help` lists them"),
    }
}

fn build(args: &[String]) -> Result<()> {
    console::build()?;
    let release = args.iter().any(|arg| arg == "--release");
    demo::build_binary(release).map(drop)
}
