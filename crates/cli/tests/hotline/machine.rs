//! What a machine does to the node that runs on it. Needs root, as a machine of one's own gives it.

use super::{Hotline, Node, children, end, runs_with};
use nix::sys::signal::Signal;
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// True, with a word, where this machine does not let a test do such things.
pub fn is_not_ours(what: &str) -> bool {
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if !root {
        eprintln!("skipped: {what} needs root");
    }
    !root
}

fn obeyed(command: &mut Command) {
    let done = command.output().unwrap_or_else(|why| panic!("{command:?}: {why}"));
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A small disk of its own under a directory, with what was in it.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    pub fn under(dir: &Path, kib: u32) -> Self {
        let aside = dir.with_extension("aside");
        fs::rename(dir, &aside).unwrap();
        fs::create_dir(dir).unwrap();
        obeyed(Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={kib}k,mode=700"), "none"]).arg(dir));
        for file in fs::read_dir(&aside).unwrap().map(Result::unwrap).filter(|file| file.path().is_file()) {
            fs::copy(file.path(), dir.join(file.file_name())).unwrap();
        }
        Self(dir.to_owned())
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    /// Not one byte more goes on it.
    pub fn fill(&self) {
        let mut filler = fs::File::create(self.filler()).unwrap();
        while filler.write_all(&[7; 4_096]).is_ok() {}
        while filler.write_all(&[7]).is_ok() {}
    }

    pub fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a node may still have files open there.
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

/// Makes system calls of a running process fail, until it is dropped.
pub struct Failing(Child);

impl Failing {
    /// `calls`: as `strace -e inject=` takes them, for example `fsync,fdatasync:error=EIO`.
    pub fn calls(of: i32, calls: &str) -> Self {
        let trace = calls.split(':').next().unwrap_or(calls);
        let child = Command::new("strace")
            .args(["-f", "-q", "-o", "/dev/null", "-e", &format!("trace={trace}"), "-e", &format!("inject={calls}")])
            .args(["-p", &of.to_string()])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let tracer = format!("TracerPid:\t{}", child.id());
        super::wait_for("the process is traced", || {
            fs::read_to_string(format!("/proc/{of}/status")).is_ok_and(|status| status.contains(&tracer))
        });
        Self(child)
    }
}

impl Drop for Failing {
    fn drop(&mut self) {
        end(&mut self.0, Signal::SIGTERM);
    }
}

/// Programs that want all of every processor.
pub struct Busy(Vec<Child>);

impl Busy {
    /// `times` as many as there are processors.
    pub fn machine(times: usize) -> Self {
        let count = times * std::thread::available_parallelism().map_or(2, usize::from);
        let spin = || Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        Self((0..count).map(|_| spin()).collect())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The clock of one process.
pub struct WrongClock {
    library: PathBuf,
    offset: PathBuf,
}

impl WrongClock {
    pub fn new(dir: &Path, seconds: i64) -> Self {
        let found = ["x86_64", "aarch64"].map(|cpu| format!("/usr/lib/{cpu}-linux-gnu/faketime/libfaketime.so.1"));
        let library = found.iter().map(PathBuf::from).find(|path| path.exists());
        let library = library.unwrap_or_else(|| panic!("libfaketime is missing: cargo xtask test installs it"));
        let clock = Self { library, offset: dir.join("clock.offset") };
        clock.set(seconds);
        clock
    }

    /// From now on it is wrong by so much.
    pub fn set(&self, seconds: i64) {
        // In one step: a half-written file would be another time.
        let new = self.offset.with_extension("new");
        fs::write(&new, format!("{seconds:+}s\n")).unwrap();
        fs::rename(new, &self.offset).unwrap();
    }

    fn of(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.library).env("FAKETIME_TIMESTAMP_FILE", &self.offset);
        command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("DONT_FAKE_MONOTONIC", "1");
    }
}

impl Hotline {
    /// Process of a party's node.
    pub fn pid(&self, party: &str) -> i32 {
        let config = self.house().join(party).join("node.toml");
        children(self.child.id()).into_iter().find(|pid| runs_with(*pid, &config)).unwrap()
    }

    /// Where consoles of a party's node come.
    pub fn web(&self, party: &str) -> SocketAddr {
        self.listens(party, "listen_web")
    }

    /// Where other nodes come.
    pub fn link(&self, party: &str) -> SocketAddr {
        self.listens(party, "listen_link")
    }

    fn listens(&self, party: &str, setting: &str) -> SocketAddr {
        let text = fs::read_to_string(self.house().join(party).join("node.toml")).unwrap();
        let line = text.lines().find(|line| line.starts_with(setting)).unwrap();
        line.split('"').nth(1).unwrap().parse().unwrap()
    }

    /// Starts a party's node that was killed, by a clock that is wrong.
    pub fn restart_node_by(&self, party: &str, clock: &WrongClock) -> Node {
        let node = self.restart(party, |command| clock.of(command));
        // A loader that cannot find the library says so and goes on without it.
        super::wait_for("the node runs by the wrong clock", || {
            fs::read_to_string(format!("/proc/{}/maps", node.pid())).is_ok_and(|maps| maps.contains("libfaketime"))
        });
        node
    }
}

/// From now on a process has no more than so many files open.
pub fn limit_files(pid: i32, most: usize) {
    obeyed(Command::new("prlimit").args(["--pid", &pid.to_string(), &format!("--nofile={most}:{most}")]));
}

/// How many files a process has open.
pub fn open_files(pid: i32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

/// A process has ended with all its threads; who started it may not have heard of it yet.
pub fn is_gone(pid: i32) -> bool {
    // The name in brackets may have any letter.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let ended = |stat: &str| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with(['Z', 'X']));
    let threads = fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
    stat.is_empty() || (ended(&stat) && threads <= 1)
}

/// Memory that a process holds, in KiB.
pub fn resident_kib(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
