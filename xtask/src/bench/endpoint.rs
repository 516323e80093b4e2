//! A native endpoint in a process of its own, obeying JSON lines.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// Longest wait for anything: far beyond what is measured, so that a hang ends with a message.
const PATIENCE: Duration = Duration::from_secs(60);

/// One endpoint.
pub struct Endpoint {
    child: Child,
    stdin: ChildStdin,
    events: Receiver<Value>,
    /// What it showed last.
    pub view: Value,
}

impl Endpoint {
    pub fn start(binary: &Path, dir: &Path, link: &str, wav: &Path) -> Result<Self> {
        let mut child = Command::new(binary)
            .args(["endpoint", "--stdin", "--identity"])
            .arg(dir)
            .args(["--link", link, "--wav"])
            .arg(wav)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start an endpoint")?;
        let stdin = child.stdin.take().context("no input of the endpoint")?;
        let stdout = child.stdout.take().context("no output of the endpoint")?;
        let (sender, events) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Ok(event) = serde_json::from_str(&line)
                    && sender.send(event).is_err()
                {
                    return;
                }
            }
        });
        Ok(Self { child, stdin, events, view: Value::Null })
    }

    pub fn tell(&mut self, command: &Value) -> Result<()> {
        writeln!(self.stdin, "{command}").context("the endpoint has ended")
    }

    /// The first event from now on that is wanted. Views are kept on the way.
    pub fn until(&mut self, what: &str, mut wanted: impl FnMut(&Value) -> bool) -> Result<Value> {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(event) = self.events.recv_timeout(left) else {
                bail!("an endpoint never came to: {what}; it showed {:#}", self.view);
            };
            if event["event"] == "view" {
                self.view = event["view"].clone();
            }
            if wanted(&event) {
                return Ok(event);
            }
        }
    }

    /// Waits until what it shows is as wanted.
    pub fn until_view(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<()> {
        if wanted(&self.view) {
            return Ok(());
        }
        self.until(what, |event| event["event"] == "view" && wanted(&event["view"])).map(drop)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        let _ = writeln!(self.stdin, r#"{{"do":"quit"}}"#);
        let _ = self.child.wait();
    }
}

/// The line of that name in a view.
pub fn line<'a>(view: &'a Value, name: &str) -> &'a Value {
    view["lines"].as_array().and_then(|lines| lines.iter().find(|line| line["id"] == name)).unwrap_or(&Value::Null)
}
