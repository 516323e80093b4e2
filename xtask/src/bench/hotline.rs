//! Three nodes in three processes, as `trialogue demo` starts them, in a directory of their own.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::paths;

/// A running demo; ends with this value.
pub struct Hotline {
    child: Child,
    pub dir: PathBuf,
    /// Sign-in link by office.
    pub links: BTreeMap<String, String>,
}

impl Hotline {
    pub fn start(binary: &Path, name: &str) -> Result<Self> {
        let dir = paths::target().join("bench").join(format!("{name}-{}", std::process::id()));
        if dir.exists() {
            std::fs::remove_dir_all(&dir)?;
        }
        std::fs::create_dir_all(&dir)?;
        let port = 20_000 + TcpListener::bind("127.0.0.1:0")?.local_addr()?.port() % 20_000;
        let mut child = Command::new(binary)
            .args(["demo", "--dir"])
            .arg(dir.join("house"))
            .args(["--base-port", &port.to_string()])
            .env("TRIALOGUE_CONSOLE_DIR", paths::console_dist())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(dir.join("demo.log"))?)
            .spawn()
            .context("cannot start the demo")?;
        let stdout = child.stdout.take().context("no output of the demo")?;
        let up =
            BufReader::new(stdout).lines().map_while(Result::ok).any(|line| line.contains("Ctrl-C stops everything"));
        let mut hotline = Self { child, links: BTreeMap::new(), dir };
        if !up {
            bail!("the demo did not come up: see {}", hotline.dir.join("demo.log").display());
        }
        hotline.links = serde_json::from_slice(&std::fs::read(hotline.dir.join("house/links.json"))?)?;
        Ok(hotline)
    }

    /// Memory of the largest node now, in MB (resident, /proc).
    pub fn largest_node_mb(&self) -> Result<f64> {
        let mut largest: Option<u64> = None;
        for process in std::fs::read_dir("/proc")?.flatten() {
            // A process that has ended meanwhile has no status.
            let Ok(status) = std::fs::read_to_string(process.path().join("status")) else { continue };
            let field = |name: &str| {
                let line = status.lines().find_map(|line| line.strip_prefix(name))?;
                line.split_whitespace().next()?.parse::<u64>().ok()
            };
            if field("PPid:") == Some(u64::from(self.child.id())) {
                largest = largest.max(field("VmRSS:"));
            }
        }
        largest.map(|kb| kb as f64 / 1_024.0).context("the demo has no nodes")
    }

    pub fn link(&self, office: &str) -> Result<&str> {
        self.links.get(office).map(String::as_str).with_context(|| format!("the demo has no office {office}"))
    }
}

impl Drop for Hotline {
    fn drop(&mut self) {
        let interrupted = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        if !interrupted.is_ok_and(|status| status.success()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}
