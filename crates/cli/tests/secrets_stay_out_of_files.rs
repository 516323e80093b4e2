//! A process that holds secrets leaves no core dump, shows its memory to no other process of its account, and locks it
//! where it may: read in `/proc` of the real program, which waits for a file that nobody writes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Without rights on any machine.
const NOBODY: u32 = 65_534;

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    fn read(&self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{name}", self.0.id())).unwrap()
    }

    /// It waits in its first open of the file.
    fn until_it_waits(&mut self) {
        let limit = Instant::now() + Duration::from_secs(60);
        loop {
            assert!(self.0.try_wait().unwrap().is_none(), "it ended, and waits for nothing");
            // What a thread waits in when it opens a pipe that nobody writes.
            let waits = self.read("stat").rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('S'));
            if waits && self.read("cmdline").contains("trialogue") && self.is_closed() {
                return;
            }
            assert!(Instant::now() < limit, "core dumps are not off:\n{}", self.read("limits"));
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn is_closed(&self) -> bool {
        let limits = self.read("limits");
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        core.split_whitespace().filter(|word| *word == "0").count() == 2
    }
}

/// The program as one whom nothing but its own modes lets anywhere.
fn program(dir: &Path) -> PathBuf {
    let copy = dir.join("trialogue");
    fs::copy(env!("CARGO_BIN_EXE_trialogue"), &copy).unwrap();
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
    copy
}

#[test]
fn no_core_dump_and_no_look_into_memory() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = program(dir.path());
    let is_root = fs::metadata("/proc/self/stat").unwrap().uid() == 0;
    let identity = dir.path().join("identity");
    fs::create_dir(&identity).unwrap();
    for pipe in [dir.path().join("secret"), identity.join("device.secret")] {
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        if is_root {
            chown(&pipe, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    let commands: [&[&str]; 3] = [
        &["node", "--config", "secret"],
        &["charter", "sign", "--charter", "secret", "--root", "secret"],
        &["endpoint", "--identity", "identity", "--node", "https://localhost:1"],
    ];
    for words in commands {
        let mut command = Command::new(&program);
        command.args(words).current_dir(dir.path()).stdout(Stdio::null()).stderr(Stdio::null());
        if is_root {
            // Of root's processes every file in /proc is root's: it shows nothing.
            command.uid(NOBODY).gid(NOBODY);
        }
        let mut running = Running(command.spawn().unwrap());
        running.until_it_waits();
        // proc_pid_auxv(5) and others: what is not dumpable belongs to root there, and nobody else may trace it or read
        // its memory.
        let owner = fs::metadata(format!("/proc/{}/stat", running.0.id())).unwrap().uid();
        assert_eq!(owner, 0, "{words:?} can be looked into by its account");
        assert_eq!(is_locked(&running), may_lock(&running), "{words:?}");
    }
}

#[test]
fn memory_is_locked_where_that_is_allowed() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("secret");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut command = Command::new(env!("CARGO_BIN_EXE_trialogue"));
    command.args(["node", "--config", "secret"]).current_dir(dir.path());
    let mut running = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    running.until_it_waits();
    assert_eq!(is_locked(&running), may_lock(&running));
}

fn is_locked(running: &Running) -> bool {
    let status = running.read("status");
    let locked = status.lines().find_map(|line| line.strip_prefix("VmLck:")).unwrap();
    !locked.trim().starts_with("0 ")
}

/// No bound, or CAP_IPC_LOCK.
fn may_lock(running: &Running) -> bool {
    let limits = running.read("limits");
    let bound = limits.lines().find_map(|line| line.strip_prefix("Max locked memory")).unwrap();
    let status = running.read("status");
    let rights = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap();
    let rights = u64::from_str_radix(rights.trim(), 16).unwrap();
    bound.trim_start().starts_with("unlimited") || rights & 1 << 14 != 0
}
