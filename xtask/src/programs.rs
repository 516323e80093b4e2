//! The test programs of the workspace, two at a time: those that only compute, and those that run nodes and
//! clocks, which wait for most of their time. Each one's output comes whole, when it is done.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};

use crate::paths;
use crate::step::{Counted, spoken};

/// Packages whose tests compute: they yield the processor to those that keep time.
const COMPUTE: [&str; 9] = ["charter", "console-core", "core", "e2ee", "hostile", "journal", "record", "sim", "wire"];
/// How long one program may take where nobody watches, in minutes: `sim real`, the longest, takes 14 beside the other
/// lane on two cores, all others less than 8. Lower fails on busy machines; higher lets a test that hangs hide the
/// others' results longer.
const MINUTES: u32 = 25;
/// Programs that took longest, as named at the end.
const SLOWEST: usize = 20;

/// One test program.
#[derive(Debug, PartialEq, Eq)]
pub struct Program {
    /// The directory's name, for whoever reads.
    package: String,
    /// The name by which cargo knows it.
    cargo: String,
    /// `lib`, or the name of the test or the binary.
    target: String,
    file: PathBuf,
    /// Its package's directory, in which it runs.
    directory: PathBuf,
}

/// Those that `cargo test --no-run --message-format=json` names.
pub fn named(messages: &str) -> Result<Vec<Program>> {
    let mut programs: Vec<Program> = Vec::new();
    for line in messages.lines().filter(|line| line.starts_with('{')) {
        let message: serde_json::Value = serde_json::from_str(line).context("cargo wrote a line that is no JSON")?;
        let text = |at: &str| message.pointer(at).and_then(serde_json::Value::as_str);
        let is_test = message.pointer("/profile/test").and_then(serde_json::Value::as_bool) == Some(true);
        let (true, Some(file)) = (is_test, text("/executable")) else { continue };
        let manifest = text("/manifest_path").ok_or_else(|| anyhow!("cargo named no manifest of {file}"))?;
        let directory = Path::new(manifest).parent().map(Path::to_path_buf).unwrap_or_default();
        let package = directory.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // `path+file:///DIRECTORY#NAME@VERSION`, the name only where the directory has another one.
        let id = text("/package_id").and_then(|id| id.rsplit_once('#')).map_or("", |(_, id)| id);
        let cargo = id.rsplit_once('@').map_or(package.as_str(), |(name, _)| name).to_owned();
        let kind = text("/target/kind/0").unwrap_or_default();
        let target = if kind == "lib" { "lib" } else { text("/target/name").unwrap_or_default() }.to_owned();
        programs.push(Program { package, cargo, target, file: file.into(), directory });
    }
    if programs.is_empty() {
        bail!("cargo named no test program");
    }
    Ok(programs)
}

impl Program {
    pub fn computes(&self) -> bool {
        COMPUTE.contains(&self.package.as_str())
    }

    fn name(&self) -> String {
        format!("{} {}", self.package, self.target)
    }
}

/// What all programs are given.
pub struct Runner {
    env: Vec<(&'static str, PathBuf)>,
}

/// What came of some of them.
#[derive(Default)]
pub struct Outcome {
    pub counted: Counted,
    took: Vec<(Duration, String)>,
    failed: Vec<String>,
}

impl Outcome {
    /// Adds another one's.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.counted.passed += other.counted.passed;
        self.counted.failed += other.counted.failed;
        self.took.extend(other.took);
        self.failed.extend(other.failed);
        self
    }

    /// Says which took longest, and fails where one failed.
    pub fn conclude(mut self) -> Result<Counted> {
        self.took.sort();
        println!("\nThe programs that took longest:");
        for (took, name) in self.took.iter().rev().take(SLOWEST) {
            println!("  {:>6.1} s  {name}", took.as_secs_f64());
        }
        if !self.failed.is_empty() {
            let Counted { passed, failed } = self.counted;
            bail!("Rust tests failed ({passed} passed, {failed} failed):\n  {}", self.failed.join("\n  "));
        }
        Ok(self.counted)
    }
}

impl Runner {
    pub fn new(env: Vec<(&'static str, PathBuf)>) -> Self {
        Self { env }
    }

    /// Runs them one after another. `yielding`: whatever else runs comes first.
    pub fn run(&self, programs: &[Program], yielding: bool) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        for program in programs {
            let name = program.name();
            let (status, output, took) = self.one(program, yielding).with_context(|| format!("cannot run {name}"))?;
            // In one piece, whatever the other half prints meanwhile.
            print!("\n▸ {name}: {}, {status}\n{output}", spoken(took));
            let mut counted = Counted::default();
            output.lines().for_each(|line| counted.add(line));
            if !status.success() {
                let target = match program.target.as_str() {
                    "lib" => "--lib".to_owned(),
                    test => format!("--test {test}"),
                };
                outcome.failed.push(format!("{name} ({status}): cargo test -p {} {target}", program.cargo));
                // One that was ended before it could count.
                counted.failed = counted.failed.max(1);
            }
            outcome = outcome.and(Outcome { counted, took: vec![(took, name)], failed: Vec::new() });
        }
        Ok(outcome)
    }

    fn one(&self, program: &Program, yielding: bool) -> Result<(ExitStatus, String, Duration)> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let log = paths::notes().join("log").join(format!("test-{number}.log"));
        fs::create_dir_all(log.parent().unwrap_or(&log))?;
        let mut words: Vec<String> = Vec::new();
        if yielding {
            words.extend(["nice", "-n", "10"].map(str::to_owned));
        }
        if std::env::var_os("CI").is_some() {
            words.extend(["timeout".to_owned(), "--kill-after=10".to_owned(), format!("{MINUTES}m")]);
        }
        words.push(program.file.to_string_lossy().into_owned());
        let (first, rest) = words.split_first().ok_or_else(|| anyhow!("nothing to run"))?;
        let mut command = Command::new(first);
        command.args(rest).current_dir(&program.directory).stdin(Stdio::null()).env_remove("LD_LIBRARY_PATH");
        command.env("CARGO_MANIFEST_DIR", &program.directory).envs(self.env.iter().map(|(key, value)| (key, value)));
        let file = File::create(&log)?;
        command.stdout(file.try_clone()?).stderr(file);
        let started = Instant::now();
        let status = command.status()?;
        let output = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        fs::remove_file(&log)?;
        Ok((status, output, started.elapsed()))
    }
}

/// Runs those that compute beside the others.
pub fn run(runner: &Runner, compute: &[Program], others: &[Program]) -> Result<Outcome> {
    thread::scope(|scope| {
        let beside = scope.spawn(|| runner.run(compute, true));
        let others = runner.run(others, false);
        let compute = beside.join().unwrap_or_else(|_| Err(anyhow!("the half that computes ended in a panic")));
        Ok(others?.and(compute?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_read_from_what_cargo_says() {
        let line = |kind: &str, name: &str, test: bool, file: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"path+file:///here/crates/sim#trialogue-sim@0.1.0","manifest_path":"/here/crates/sim/Cargo.toml","target":{{"kind":["{kind}"],"name":"{name}"}},"profile":{{"test":{test}}},"executable":{file}}}"#
            )
        };
        let messages = [
            line("lib", "trialogue_sim", false, "null"),
            line("bin", "trialogue-sim", false, "\"/t/sim\""),
            line("lib", "trialogue_sim", true, "\"/t/sim-1\""),
            line("test", "all", true, "\"/t/all-2\""),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ];
        let programs = named(&messages.join("\n")).expect("well formed");
        let names: Vec<String> = programs.iter().map(Program::name).collect();
        assert_eq!(names, ["sim lib", "sim all"]);
        assert!(programs.iter().all(|program| program.cargo == "trialogue-sim"));
        assert!(programs.iter().all(Program::computes) && programs[0].directory == Path::new("/here/crates/sim"));
        assert!(named("").is_err());
    }
}
