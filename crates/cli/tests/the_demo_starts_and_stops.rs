//! `trialogue demo` with real processes: up, signed in by link, stopped without leftovers, started again with the same
//! keys.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use trialogue_charter::{DeviceSecret, EnrolmentLink, VerifiedCharter};

struct Demo {
    child: Child,
    base: u16,
}

impl Drop for Demo {
    fn drop(&mut self) {
        // The nodes go with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// 24 ports in a row that nobody uses now, below those that the system gives out by itself.
fn free_base() -> u16 {
    (0..50)
        .map(|_| 20_000 + TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() % 500 * 24)
        .find(|base| {
            let free =
                |port: u16| TcpListener::bind(("0.0.0.0", port)).is_ok() && UdpSocket::bind(("0.0.0.0", port)).is_ok();
            base.checked_add(24).is_some() && (*base..base + 24).all(free)
        })
        .unwrap()
}

fn demo(dir: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trialogue"));
    command.env_remove("TRIALOGUE_CONSOLE_DIR").arg("demo").arg("--dir").arg(dir).args(more);
    command
}

/// Starts the demo and waits until it says that it is up.
fn up(dir: &Path, base: u16, more: &[&str]) -> (Demo, String) {
    let mut child = demo(dir, more).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    while !said.contains("Ctrl-C stops everything.") {
        if out.read_line(&mut said).unwrap() == 0 {
            panic!("the demo ended: {said}");
        }
    }
    // Whoever stops reading would stop the demo.
    std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
    (Demo { child, base }, said)
}

fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

fn wait_until_gone(base: u16) {
    while (base..base + 4).any(|port| TcpStream::connect(("127.0.0.1", port)).is_ok()) {
        sleep(Duration::from_millis(20));
    }
}

fn signal(demo: &mut Demo, name: &str) {
    let id = demo.child.id().to_string();
    assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    let status = demo.child.wait().unwrap();
    assert!(name == "KILL" || status.success(), "{name}: {status}");
    wait_until_gone(demo.base);
}

#[test]
fn up_and_down_and_up_again() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("demo");
    let base = free_base();
    let (mut first, said) = up(&dir, base, &["--base-port", &base.to_string()]);
    for office in ["usa-president", "jpn-prime-minister", "kor-duty-officer"] {
        assert!(said.contains(&format!("http://127.0.0.1:{base}/{office}\n")), "{said}");
    }

    let charter = fs::read(dir.join("charter.cbor")).unwrap();
    let verified = VerifiedCharter::open(&charter, None).unwrap();
    // Each visit gives a link of its own, which enrols a device.
    let visit = || {
        let answer = get(base, "/jpn-duty-officer").unwrap();
        let target = answer.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap().to_owned();
        assert!(target.starts_with(&format!("http://localhost:{}/#enrol=", base + 2)), "{target}");
        EnrolmentLink::parse(&target).unwrap()
    };
    let device = DeviceSecret::generate([1; 32]);
    let voucher = visit().certify(&verified, &device, 0).unwrap().1.voucher_id;
    assert_ne!(visit().certify(&verified, &device, 0).unwrap().1.voucher_id, voucher);
    let links: std::collections::BTreeMap<String, String> =
        serde_json::from_str(&fs::read_to_string(dir.join("links.json")).unwrap()).unwrap();
    assert_eq!(links.len(), 15);
    EnrolmentLink::parse(&links["kor-president"]).unwrap();
    assert!(get(base, "/nobody").unwrap().starts_with("HTTP/1.1 404"));

    // A second demo says what is in its way, and disturbs nothing.
    let second = demo(&dir, &[]).output().unwrap();
    let why = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && why.contains(&format!("port {base} cannot be used")), "{why}");
    assert!(get(base + 1, "/healthz").unwrap().starts_with("HTTP/1.1 200"));

    signal(&mut first, "TERM");
    let (mut again, _) = up(&dir, base, &[]);
    assert_eq!(fs::read(dir.join("charter.cbor")).unwrap(), charter);
    // However the demo ends, no node stays behind.
    signal(&mut again, "KILL");
    let other = demo(&dir, &["--suite", "xwing"]).output().unwrap();
    let why = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(why.contains("has the suite cnsa2: name another --dir"), "{why}");
}
