//! Everything that must hold, in the order in which a failure is cheapest.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, anyhow, bail};

use crate::programs::{self, Outcome, Program, Runner};
use crate::stamp::Stamp;
use crate::step::{Counted, Step};
use crate::{assets, check, console, paths, system};

/// How long a run of the tests may take where nobody watches: several times what it takes on a quiet machine with two
/// cores (all of the page's scenarios about 12 minutes, the calls 6, beside the other lane). Lower fails on busy
/// machines; higher lets a test that hangs hide the others' results longer.
const RUST_MINUTES: u32 = 30;
const BROWSER_MINUTES: u32 = 30;
/// What a first build leaves in the target directory, with room for what the tests write. Measured: 8.5 GB.
const FIRST_BUILD_MEGABYTES: u64 = 10_000;
/// Names the test programs and runs none.
const LISTED: [&str; 3] = ["--no-run", "--message-format=json", "--quiet"];
/// Everything but this tool, which is built already, with features of its own.
const PRODUCT: [&str; 5] = ["--workspace", "--exclude", "xtask", "--exclude", "xtask-bindgen"];

/// `test`, `test rust [args of cargo test]`, `test browser [args]`.
pub fn run(args: &[String]) -> Result<()> {
    match args.split_first() {
        None => everything(),
        Some((what, rest)) if what == "rust" => {
            let counted = rust(rest)?;
            conclude(counted)
        }
        Some((what, rest)) if what == "browser" => browser(rest),
        Some((what, _)) => bail!("no part `{what}`: test, test rust [args], test browser [args]"),
    }
}

fn everything() -> Result<()> {
    check::cheap()?;
    Step::cargo("Test this tool").args(["test", "--quiet", "--package", "xtask"]).quiet().run()?;
    Stamp::new("types").path(&paths::console().join("src/generated"))?.write()?;
    built()?;
    system::ensure(&system::BROWSER)?;
    console::packages()?;
    let (compute, others) = listed()?;
    // What keeps time waits for most of it, and what only computes takes that time, at a lower priority: two lanes side
    // by side. In each one a part that fails does not hide what the others say.
    let ((others, then), (compute, rest)) = std::thread::scope(|scope| {
        let computing = scope.spawn(|| {
            let compute = runner().run(&compute, true);
            (compute, [examples(), console::check(), scenarios("page-3", &[])])
        });
        let others = runner().run(&others, false);
        let browser = [scenarios("calls", &[]), scenarios("page-1", &[]), scenarios("page-2", &[])];
        let then = browser.into_iter().chain([check::document(true), check::lint(true)]).collect::<Vec<_>>();
        let keeping_time = (others, then);
        let failed = || (Err(anyhow!("the lane that computes ended in a panic")), [const { Ok(()) }; 3]);
        (keeping_time, computing.join().unwrap_or_else(|_| failed()))
    });
    let mut counted = Counted::default();
    let programs = others.and_then(|others| Ok(others.and(compute?))).and_then(Outcome::conclude);
    let programs = programs.map(|all| counted = all);
    let failed: Vec<String> = [programs, types()]
        .into_iter()
        .chain(then)
        .chain(rest)
        .filter_map(Result::err)
        .map(|why| format!("{why:#}"))
        .collect();
    if !failed.is_empty() {
        bail!("{}", failed.join("\n       "));
    }
    conclude(counted)
}

/// Whether the types of the console were what the Rust ones are, which the tests have just written.
fn types() -> Result<()> {
    if !Stamp::new("types").path(&paths::console().join("src/generated"))?.is_fresh() {
        bail!(
            "console/src/generated was older than the Rust types; the tests have renewed it: commit it, and run again"
        );
    }
    Ok(())
}

/// Everything that the tests need, and the tests.
fn built() -> Result<()> {
    system::ensure(&system::TOKEN)?;
    system::ensure(&system::NAMESPACES)?;
    system::ensure(&system::MACHINE)?;
    system::ensure(&system::DOCUMENTS)?;
    room()?;
    // Beside each other: the WebAssembly is linked by one processor alone, in a target directory of its own.
    std::thread::scope(|scope| {
        let console = scope.spawn(prepare);
        // One command builds the tests and the programs that they start, with the same features: nothing is built
        // twice.
        let programs = build("Build the programs and the tests").usually("15 minutes").run();
        let console = console.join().unwrap_or_else(|_| Err(anyhow!("preparing the console ended in a panic")));
        programs.and(console)
    })
}

/// All of them, two programs at a time; or those that the arguments of `cargo test` name.
fn rust(args: &[String]) -> Result<Counted> {
    built()?;
    if args.is_empty() {
        let (compute, others) = listed()?;
        let counted = programs::run(&runner(), &compute, &others).and_then(Outcome::conclude)?;
        return examples().map(|()| counted);
    }
    with_products(tests("Test", &["--no-fail-fast"]).args(args)).bounded_in_ci(RUST_MINUTES).run_counting_tests()
}

/// The test programs that compute, and those that keep time.
fn listed() -> Result<(Vec<Program>, Vec<Program>)> {
    let programs = programs::named(&tests("List the tests", &LISTED).output()?)?;
    Ok(programs.into_iter().partition(Program::computes))
}

fn runner() -> Runner {
    Runner::new(products())
}

fn examples() -> Result<()> {
    tests("Test the examples in the documentation", &["--doc", "--quiet"]).quiet().run()
}

/// `cargo test` with the features with which everything was built.
fn tests(what: &str, how: &[&str]) -> Step {
    whole(Step::cargo(what).args(["test"]).args(PRODUCT).args(how))
}

/// Those of the page with made-up data, and those of whole calls.
fn browser(args: &[String]) -> Result<()> {
    prepare()?;
    system::ensure(&system::BROWSER)?;
    build("Build the programs").run()?;
    let parts = [scenarios("page", args), scenarios("calls", args)];
    let failed: Vec<String> = parts.into_iter().filter_map(Result::err).map(|why| format!("{why:#}")).collect();
    if failed.is_empty() { Ok(()) } else { bail!("{}", failed.join("\n       ")) }
}

/// `calls`, `page`, or a part of the page's, `page-1` to `page-3` (a quarter, a half, a quarter of its files); all that
/// they start is built.
fn scenarios(which: &str, args: &[String]) -> Result<()> {
    let npm = console::packages()?;
    let script = format!("test:{which}");
    with_products(npm.step(&format!("Test in the browser: {which}")).args(["run", &script, "--"]).args(args))
        .bounded_in_ci(BROWSER_MINUTES)
        .run()
}

fn build(what: &str) -> Step {
    whole(Step::cargo(what).args(["build", "--bins", "--tests"]).args(PRODUCT))
}

/// Without parts for the next change: two hundred test programs would leave 4 GB of them.
fn whole(step: Step) -> Step {
    step.env("CARGO_INCREMENTAL", "0")
}

/// A disk that fills up in the middle ends the build with an error of the linker, which nobody reads as that.
fn room() -> Result<()> {
    if binary().exists() {
        return Ok(());
    }
    let target = paths::target();
    std::fs::create_dir_all(&target)?;
    let shown = Command::new("df").args(["--output=avail", "--block-size=1000000"]).arg(&target).output()?;
    let free = String::from_utf8_lossy(&shown.stdout).lines().last().and_then(|line| line.trim().parse::<u64>().ok());
    match free {
        Some(free) if free < FIRST_BUILD_MEGABYTES => bail!(
            "{} has {free} MB free; a first build of the tests takes {FIRST_BUILD_MEGABYTES} MB: make room, or name a directory on another disk in CARGO_TARGET_DIR",
            target.display()
        ),
        _ => Ok(()),
    }
}

fn prepare() -> Result<()> {
    system::ensure(&system::NATIVE)?;
    assets::prepare()?;
    console::build()
}

/// Where tests find what was built for them.
fn products() -> Vec<(&'static str, PathBuf)> {
    vec![
        ("TRIALOGUE_BIN", binary()),
        ("TRIALOGUE_ASSETS", paths::assets()),
        ("TRIALOGUE_CONSOLE_DIR", paths::console_dist()),
    ]
}

fn with_products(step: Step) -> Step {
    products().into_iter().fold(step, |step, (key, path)| step.env(key, path))
}

fn binary() -> PathBuf {
    paths::target().join("debug/trialogue")
}

/// The closing line of the whole run, counting the Rust tests.
fn conclude(counted: Counted) -> Result<()> {
    println!("\n{} passed, {} failed", counted.passed, counted.failed);
    Ok(())
}
