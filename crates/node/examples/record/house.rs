//! Keys, charter and configurations of nodes in processes of their own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use trialogue_charter::fixture::{self, Trilateral};
use trialogue_charter::keyfile::NodeSecret;
use trialogue_charter::{NodeId, Suite, UnverifiedCharter, VerifiedCharter};

/// Longest wait for a node.
const PATIENCE: Duration = Duration::from_secs(3_600);

pub struct House {
    pub keys: Trilateral,
    pub charter: VerifiedCharter,
    dir: PathBuf,
}

pub fn id(text: &str) -> NodeId {
    NodeId::new(text).unwrap()
}

impl House {
    pub fn new(dir: &Path) -> Self {
        let mut draft = fixture::charter(Suite::XWing);
        for node in &mut draft.nodes {
            let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            node.addresses = vec![free.to_string()];
        }
        let parties: Vec<_> = draft.parties.iter().map(|p| p.id.clone()).collect();
        let mut signed = UnverifiedCharter::draft(draft).unwrap();
        for party in &parties {
            signed.sign(party, &fixture::root(party.as_str())).unwrap();
        }
        let charter = signed.verify(None).unwrap();
        std::fs::write(dir.join("charter.cbor"), charter.bytes()).unwrap();
        let house = Self { keys: Trilateral::new(Suite::XWing), charter, dir: dir.to_owned() };
        for node in &house.charter.nodes {
            house.furnish(&node.id);
        }
        house
    }

    pub fn config(&self, node: &str) -> PathBuf {
        self.dir.join(node).join("node.toml")
    }

    pub fn data(&self, node: &str) -> PathBuf {
        self.dir.join(node).join("data")
    }

    fn furnish(&self, node: &NodeId) {
        let dir = self.dir.join(node.as_str());
        std::fs::create_dir_all(&dir).unwrap();
        let secret =
            NodeSecret { node: node.clone(), journal: self.keys.journal(node).clone(), link: self.keys.link(node) };
        std::fs::write(dir.join("node.key"), secret.to_text().as_bytes()).unwrap();
        let listen = &self.charter.node(node).unwrap().addresses[0];
        let root = self.charter.party_of_node(node).unwrap().root.fingerprint();
        let text = format!(
            "node = \"{node}\"\ndata_dir = \"data\"\ncharter = \"../charter.cbor\"\nparty_root = \"{root}\"\n\
             node_key = \"node.key\"\nlisten_web = \"127.0.0.1:0\"\nlisten_media = \"127.0.0.1:0\"\nlisten_link = \"{listen}\"\n"
        );
        std::fs::write(dir.join("node.toml"), text).unwrap();
    }
}

/// A node in a process of its own.
pub struct Running {
    child: Child,
    web: String,
    /// From its start until it was ready.
    pub ready: Duration,
}

impl Running {
    pub fn start(binary: &Path, config: &Path) -> Self {
        let log = std::fs::File::options().create(true).append(true).open(config.with_extension("log")).unwrap();
        let begun = Instant::now();
        let mut child = Command::new(binary)
            .args(["node", "--with-parent", "--config"])
            .arg(config)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let ready = begun.elapsed();
        let web = line.split("http://").nth(1).unwrap_or_else(|| panic!("the node did not start: {line}"));
        let web = web.trim().trim_end_matches('/').to_owned();
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        Self { child, web, ready }
    }

    /// Resident memory in MB.
    pub fn rss_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1_024.0
    }

    /// A counter of `/metrics`; 0 while there is none.
    pub fn counter(&self, name: &str) -> u64 {
        let Ok(mut stream) = TcpStream::connect(&self.web) else { return 0 };
        let asked = format!("GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.web);
        let mut text = String::new();
        if stream.write_all(asked.as_bytes()).is_err() || stream.read_to_string(&mut text).is_err() {
            return 0;
        }
        text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or(0)
    }

    /// Waits until a counter is as high.
    pub fn until(&self, name: &str, value: u64) {
        let begun = Instant::now();
        while self.counter(name) < value {
            assert!(begun.elapsed() < PATIENCE, "{name} stays below {value}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn stop(mut self) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
