//! Running other programs, with a line that says what, how long it usually takes, and that it is still alive.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, IsTerminal as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::paths;

/// How often a quiet step says that it still runs.
const STILL_RUNNING: Duration = Duration::from_secs(30);
/// Lines of a failed step's log that are shown; the whole log stays in `target/xtask/log`.
const LOG_TAIL: usize = 60;

/// A program to run as one named step.
pub struct Step {
    what: String,
    usually: Option<&'static str>,
    command: Command,
    log: Option<PathBuf>,
}

impl Step {
    pub fn new(what: impl Into<String>, program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        // cargo sets this for the program it runs; another toolchain started from here must not load our libraries.
        command.current_dir(paths::root()).stdin(Stdio::null()).env_remove("LD_LIBRARY_PATH");
        Self { what: what.into(), usually: None, command, log: None }
    }

    /// The cargo that runs us.
    pub fn cargo(what: impl Into<String>) -> Self {
        Self::new(what, std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// Says how long to expect, for people watching a first run.
    pub fn usually(mut self, duration: &'static str) -> Self {
        self.usually = Some(duration);
        self
    }

    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    pub fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    pub fn without_env(mut self, key: &str) -> Self {
        self.command.env_remove(key);
        self
    }

    pub fn dir(mut self, directory: impl AsRef<Path>) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Where nobody watches (`CI`), ends the program and all that it has started after so long.
    pub fn bounded_in_ci(self, minutes: u32) -> Self {
        if std::env::var_os("CI").is_none() {
            return self;
        }
        self.under(Command::new("timeout"), &["--kill-after=10".to_owned(), format!("{minutes}m")])
    }

    /// Lets whatever else runs on this machine come first.
    pub fn yielding(self, yielding: bool) -> Self {
        if !yielding {
            return self;
        }
        self.under(Command::new("nice"), &["-n".to_owned(), "10".to_owned()])
    }

    /// Has another program start this one.
    fn under(mut self, mut starter: Command, args: &[String]) -> Self {
        starter.args(args).arg(self.command.get_program()).args(self.command.get_args()).stdin(Stdio::null());
        if let Some(directory) = self.command.get_current_dir() {
            starter.current_dir(directory);
        }
        for (key, value) in self.command.get_envs() {
            match value {
                Some(value) => starter.env(key, value),
                None => starter.env_remove(key),
            };
        }
        self.command = starter;
        self
    }

    /// Becomes the program: a person's Ctrl-C and its exit code are its own. Comes back only if it cannot start.
    pub fn become_it(mut self) -> Result<()> {
        eprintln!("▸ {}", self.what);
        let error = self.command.stdin(Stdio::inherit()).exec();
        Err(error).with_context(|| format!("cannot start {}", shown(&self.command)))
    }

    /// Sends the output to a log, shown only on failure.
    pub fn quiet(mut self) -> Self {
        self.log = Some(Self::log(&self.what));
        self
    }

    /// Where a quiet step's output goes.
    pub fn log(what: &str) -> PathBuf {
        let name: String =
            what.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
        paths::notes().join("log").join(format!("{name}.log"))
    }

    /// Runs to the end; anything but success is an error that shows why.
    pub fn run(mut self) -> Result<()> {
        match self.usually {
            Some(usually) => eprintln!("▸ {} (the first time: about {usually})", self.what),
            None => eprintln!("▸ {}", self.what),
        }
        if let Some(log) = &self.log {
            if let Some(parent) = log.parent() {
                fs::create_dir_all(parent)?;
            }
            let file = File::create(log)?;
            self.command.stdout(file.try_clone()?).stderr(file);
        }
        let started = Instant::now();
        let (done, finished) = mpsc::channel::<()>();
        let heartbeat = {
            let what = self.what.clone();
            let wanted = self.log.is_some() || !std::io::stderr().is_terminal();
            thread::spawn(move || {
                while wanted && finished.recv_timeout(STILL_RUNNING) == Err(RecvTimeoutError::Timeout) {
                    eprintln!("  … {what}: {} so far", spoken(started.elapsed()));
                }
            })
        };
        let status = self.command.status();
        drop(done);
        let _ = heartbeat.join();
        let status = status.with_context(|| format!("cannot start {}", shown(&self.command)))?;
        if !status.success() {
            bail!("{} failed ({status}): {}{}", self.what, shown(&self.command), tail(self.log.as_deref()));
        }
        if started.elapsed() > Duration::from_secs(5) {
            eprintln!("  {}: {}", self.what, spoken(started.elapsed()));
        }
        Ok(())
    }

    /// Runs to the end, passing the output on, and counts the tests that `cargo test` reports.
    pub fn run_counting_tests(mut self) -> Result<Counted> {
        eprintln!("▸ {}", self.what);
        let started = Instant::now();
        let mut child = self
            .command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", shown(&self.command)))?;
        let mut counted = Counted::default();
        for line in child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).lines()) {
            let line = line?;
            println!("{line}");
            counted.add(&line);
        }
        let status = child.wait()?;
        eprintln!("  {}: {}", self.what, spoken(started.elapsed()));
        if !status.success() {
            bail!("{} failed ({status}): {} passed, {} failed", self.what, counted.passed, counted.failed);
        }
        Ok(counted)
    }

    /// Runs silently and hands back what it printed.
    pub fn output(mut self) -> Result<String> {
        let output = self.command.output().with_context(|| format!("cannot start {}", shown(&self.command)))?;
        if !output.status.success() {
            bail!("{} failed: {}\n{}", self.what, shown(&self.command), String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// Tests that ran.
#[derive(Default, Clone, Copy)]
pub struct Counted {
    pub passed: u64,
    pub failed: u64,
}

impl Counted {
    /// Reads one line such as `test result: ok. 12 passed; 0 failed; 3 ignored; …`.
    pub fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else {
            return;
        };
        let words: Vec<&str> = result.split([' ', ';', '.']).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            match (pair[0].parse::<u64>(), pair[1]) {
                (Ok(count), "passed") => self.passed += count,
                (Ok(count), "failed") => self.failed += count,
                _ => {}
            }
        }
    }
}

/// The first line that `program args` prints, or nothing where there is no such program.
pub fn probe(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).env_remove("LD_LIBRARY_PATH").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

pub fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min {:02} s", seconds / 60, seconds % 60) }
}

fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for arg in command.get_args() {
        let _ = write!(text, " {}", arg.to_string_lossy());
    }
    text
}

fn tail(log: Option<&Path>) -> String {
    let Some(log) = log else { return String::new() };
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LOG_TAIL);
    format!("\n{}\n(whole log: {})", lines[from..].join("\n"), log.display())
}
