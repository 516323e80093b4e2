//! Three nodes in three processes, as `trialogue demo` starts them, and native endpoints at them.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

pub mod document;
pub mod endpoint;
pub mod machine;
pub mod recording;
pub mod writing;

use endpoint::Endpoint;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Longest wait for anything: far beyond what is usual, so that a hang ends with a message.
pub const PATIENCE: Duration = Duration::from_secs(90);
/// How long a process may take to end when it was asked to.
const END_MAX: Duration = Duration::from_secs(10);
/// The line that the scenarios are about, and an office of each party on it.
pub const LINE: &str = "duty";
pub const DUTY: [&str; 3] = ["usa-duty-officer", "jpn-duty-officer", "kor-duty-officer"];

/// A running demo; its nodes end with it.
pub struct Hotline {
    child: Child,
    /// Enrolment link by office.
    links: BTreeMap<String, String>,
    /// Removed last, when everything that writes there has ended.
    dir: tempfile::TempDir,
}

impl Hotline {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// With a test line, and a station beside every node.
    pub fn with_stations() -> Self {
        Self::start_with(&["--stations"])
    }

    /// With further arguments of the demo.
    pub fn start_with(more: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("demo.log");
        let mut child = Command::new(env!("CARGO_BIN_EXE_trialogue"))
            .env_remove("TRIALOGUE_CONSOLE_DIR")
            .args(["demo", "--base-port", &free_base().to_string(), "--dir"])
            .arg(dir.path().join("house"))
            .args(more)
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut hotline = Self { child, links: BTreeMap::new(), dir };
        let mut said = String::new();
        while !said.contains("Ctrl-C stops everything") {
            if out.read_line(&mut said).unwrap() == 0 {
                panic!("the demo ended: {said}{}", fs::read_to_string(&log).unwrap_or_default());
            }
        }
        // Whoever stops reading would stop the demo.
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        hotline.links = serde_json::from_slice(&fs::read(hotline.house().join("links.json")).unwrap()).unwrap();
        hotline
    }

    /// The demo's directory: charter, and keys, configuration and data of each party.
    pub fn house(&self) -> PathBuf {
        self.dir.path().join("house")
    }

    /// Where the endpoint of an office keeps its identity.
    pub fn identity(&self, office: &str) -> PathBuf {
        self.dir.path().join(office).join("identity")
    }

    /// Where the endpoint of an office records.
    pub fn records(&self, office: &str) -> PathBuf {
        self.dir.path().join(office).join("heard")
    }

    /// An endpoint of an office, which speaks and shows clip 1, 2 or 3.
    pub fn endpoint(&self, office: &str, clip: usize) -> Endpoint {
        Endpoint::start(office, &self.identity(office), &self.links[office], clip, &self.records(office))
    }

    /// Enrolment link of an office.
    pub fn enrolment(&self, office: &str) -> &str {
        &self.links[office]
    }

    /// A duty officer's endpoint at every node, each seeing all the others staffed and reached.
    pub fn duty_officers(&self) -> [Endpoint; 3] {
        let mut clip = 0;
        let mut endpoints = DUTY.map(|office| {
            clip += 1;
            self.endpoint(office, clip)
        });
        endpoints.iter_mut().for_each(Endpoint::until_staffed);
        endpoints
    }

    /// Kills a party's node, as a power cut would.
    pub fn kill_node(&self, party: &str) {
        let pid = self.pid(party);
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
        // One of its threads may still be in a write, and until then it has its locks and ports.
        wait_for("the node is gone", || machine::is_gone(pid));
    }

    /// Starts a party's node that was killed.
    pub fn restart_node(&self, party: &str) -> Node {
        self.restart(party, |_| {})
    }

    fn restart(&self, party: &str, change: impl FnOnce(&mut Command)) -> Node {
        let dir = self.house().join(party);
        let log = fs::File::options().append(true).open(dir.join("node.log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_trialogue"));
        command.args(["node", "--config"]).arg(dir.join("node.toml"));
        change(&mut command);
        Node(command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap())
    }
}

impl Drop for Hotline {
    fn drop(&mut self) {
        end(&mut self.child, Signal::SIGINT);
    }
}

/// A node that a scenario started itself.
pub struct Node(Child);

impl Node {
    pub fn pid(&self) -> i32 {
        self.0.id().try_into().unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        end(&mut self.0, Signal::SIGTERM);
    }
}

/// Waits for what says nothing when it happens.
pub fn wait_for(what: &str, met: impl Fn() -> bool) {
    wait_longer(PATIENCE, met, || what.to_owned());
}

/// The same with a patience of its own; says in the end what was there instead.
pub fn wait_longer(patience: Duration, met: impl Fn() -> bool, what: impl Fn() -> String) {
    let until = Instant::now() + patience;
    while !met() {
        assert!(Instant::now() < until, "never: {}", what());
        sleep(Duration::from_millis(10));
    }
}

/// Asks a child to end, and ends it when it does not.
pub fn end(child: &mut Child, signal: Signal) {
    if let Ok(pid) = i32::try_from(child.id()) {
        let _ = kill(Pid::from_raw(pid), signal);
    }
    let until = Instant::now() + END_MAX;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < until {
        sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// The line that the scenarios are about, in a view.
pub fn line(view: &Value) -> &Value {
    view["lines"].as_array().and_then(|lines| lines.iter().find(|line| line["id"] == LINE)).unwrap_or(&Value::Null)
}

/// What a party is shown to do on that line.
pub fn party<'a>(view: &'a Value, id: &str) -> &'a Value {
    let parties = line(view)["parties"].as_array();
    parties.and_then(|parties| parties.iter().find(|party| party["id"] == id)).unwrap_or(&Value::Null)
}

/// Devices on the roster of the call, sorted.
pub fn roster(view: &Value) -> Vec<String> {
    let members = view["call"]["members"].as_array().cloned().unwrap_or_default();
    let mut devices: Vec<_> = members.iter().map(|m| m["person"]["device"].as_str().unwrap().to_owned()).collect();
    devices.sort();
    devices
}

/// Sealed for exactly these devices, with keys in both directions.
pub fn sealed_for(view: &Value, devices: &[String]) -> bool {
    let mut devices = devices.to_vec();
    devices.sort();
    let ready = |member: &Value| member["keys"] == "ready";
    roster(view) == devices
        && view["call"]["sealing"]["kind"] == "sealed"
        && view["call"]["members"].as_array().is_some_and(|members| members.iter().all(ready))
}

/// A clip of the media tests.
pub fn asset(name: &str) -> PathBuf {
    let target = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/assets");
    let path = std::env::var_os("TRIALOGUE_ASSETS").map_or_else(target, PathBuf::from).join(name);
    assert!(path.exists(), "{} is missing: run `cargo xtask assets`", path.display());
    path
}

/// 24 ports in a row that nobody uses now, below those that the system gives out by itself.
fn free_base() -> u16 {
    let free = |port: u16| TcpListener::bind(("0.0.0.0", port)).is_ok() && UdpSocket::bind(("0.0.0.0", port)).is_ok();
    (0..50)
        .map(|_| 20_000 + TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() % 500 * 24)
        .find(|base| (*base..base + 24).all(free))
        .unwrap()
}

fn children(of: u32) -> Vec<i32> {
    let parent = format!("PPid:\t{of}");
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &i32| {
        fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|status| status.lines().any(|line| line == parent))
    })
    .collect()
}

fn runs_with(pid: i32, config: &Path) -> bool {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    words.split(|byte| *byte == 0).any(|word| word == config.as_os_str().as_encoded_bytes())
}
