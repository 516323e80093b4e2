//! A native endpoint in a process of its own, obeying JSON lines.

use super::{LINE, PATIENCE, asset, end, line, sealed_for};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

pub struct Endpoint {
    office: String,
    child: Child,
    stdin: ChildStdin,
    events: Receiver<Value>,
    /// What it showed last.
    pub view: Value,
    /// The written line as it was shown last.
    pub written: Value,
    /// Which of its party's sites it speaks over; 0 is the main one.
    pub site: u64,
}

impl Endpoint {
    pub fn start(office: &str, identity: &Path, link: &str, clip: usize, records: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trialogue"));
        command
            .args(["endpoint", "--stdin", "--link", link, "--identity"])
            .arg(identity)
            .arg("--wav")
            .arg(asset(&format!("speech-{clip}.wav")))
            .arg("--video")
            .arg(asset(&format!("video-{clip}.ivf")))
            .arg("--record")
            .arg(records);
        Self::start_as(office, &mut command)
    }

    /// Whatever prints events and obeys commands as an endpoint does.
    pub fn start_as(office: &str, command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, events) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why} in {line}"));
                if sender.send(event).is_err() {
                    return;
                }
            }
        });
        Self { office: office.to_owned(), child, stdin, events, view: Value::Null, written: Value::Null, site: 0 }
    }

    /// Its device id; known once the node has been reached.
    pub fn device(&self) -> String {
        self.view["me"]["device"].as_str().unwrap().to_owned()
    }

    pub fn tell(&mut self, command: &Value) {
        writeln!(self.stdin, "{command}").unwrap_or_else(|why| panic!("{} has ended: {why}", self.office));
    }

    pub fn ring(&mut self) {
        self.tell(&json!({ "kind": "ring", "line": LINE }));
    }

    pub fn answer(&mut self) {
        self.tell(&json!({ "kind": "answer", "line": LINE }));
    }

    /// Answers when it rings here.
    pub fn answer_ring(&mut self) {
        self.until_view("a ring", |view| !line(view)["ring"].is_null());
        self.answer();
    }

    pub fn hang_up(&mut self) {
        self.tell(&json!({ "kind": "hangUp" }));
    }

    /// The first event from now on that is wanted. Views are kept on the way.
    pub fn until(&mut self, what: &str, mut wanted: impl FnMut(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        let mut last = Value::Null;
        loop {
            let Ok(event) = self.events.recv_timeout(end.saturating_duration_since(Instant::now())) else {
                panic!(
                    "{} never came to: {what}; last event: {last:#}; it shows: {:#} and {:#}",
                    self.office, self.view, self.written
                );
            };
            self.keep(&event);
            if wanted(&event) {
                return event;
            }
            last = event;
        }
    }

    /// What is told once, when it changes.
    fn keep(&mut self, event: &Value) {
        match event["event"].as_str() {
            Some("view") => self.view = event["view"].clone(),
            Some("written") => self.written = event["written"].clone(),
            Some("site") => self.site = event["slot"].as_u64().unwrap(),
            _ => {}
        }
    }

    /// Waits until it speaks over this site.
    pub fn until_site(&mut self, slot: u64) {
        if self.site != slot {
            self.until("the other site", |event| event["event"] == "site" && event["slot"] == slot);
        }
    }

    /// Waits until what it shows is as wanted.
    pub fn until_view(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) {
        while let Ok(event) = self.events.try_recv() {
            self.keep(&event);
        }
        if !wanted(&self.view) {
            self.until(what, |event| event["event"] == "view" && wanted(&event["view"]));
        }
    }

    /// Waits until every party of the line is reached and has a console on watch.
    pub fn until_staffed(&mut self) {
        let staffed = |party: &Value| party["onWatch"] != 0 && (party["own"] == true || party["reached"] == true);
        self.until_view("everybody staffed", |view| {
            line(view)["parties"].as_array().is_some_and(|parties| parties.len() == 3 && parties.iter().all(staffed))
        });
    }

    /// Waits until it seals for exactly these devices, and has their keys.
    pub fn until_sealed_for(&mut self, devices: &[String]) {
        self.until_view("sealed for everyone in the call, and nobody else", |view| sealed_for(view, devices));
    }

    /// Waits until it is in no call and sees none.
    pub fn until_quiet(&mut self) {
        self.until_view("no call", |view| view["call"].is_null() && line(view)["active"] == false);
    }

    /// Its figures, taken after this was called.
    pub fn figures(&mut self) -> Value {
        let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
        self.tell(&json!({ "do": "measure" }));
        // Some of the last seconds may not have been read yet.
        self.until("figures", |event| event["event"] == "figures" && event["at_ms"].as_u64() >= Some(now))
    }

    /// Media packets that have left its socket.
    pub fn sent(&mut self) -> u64 {
        self.figures()["media_packets_sent"].as_u64().unwrap()
    }

    /// Frames of a sender that it has opened.
    pub fn opened(&mut self, device: &str, medium: &str) -> u64 {
        opened(&self.figures(), device, medium)
    }

    /// Waits until it has opened so many frames of a sender in all.
    pub fn until_opened(&mut self, device: &str, medium: &str, frames: u64) -> Value {
        let what = format!("{frames} {medium} frames of {device} opened");
        self.until(&what, |event| event["event"] == "figures" && opened(event, device, medium) >= frames)
    }

    /// Waits until it has opened so many more voice frames of a sender.
    pub fn until_more_voice(&mut self, device: &str, frames: u64) {
        let before = self.opened(device, "voice");
        self.until_opened(device, "voice", before + frames);
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        if writeln!(self.stdin, r#"{{"do":"quit"}}"#).is_ok() {
            // SIGCONT does nothing to a running process: it has been asked already.
            end(&mut self.child, Signal::SIGCONT);
        } else {
            end(&mut self.child, Signal::SIGTERM);
        }
    }
}

/// What figures say of a sender; null if they do not name it.
pub fn heard<'a>(figures: &'a Value, device: &str, medium: &str) -> &'a Value {
    let all = figures["heard"].as_array();
    all.and_then(|all| all.iter().find(|h| h["device"] == device && h["medium"] == medium)).unwrap_or(&Value::Null)
}

fn opened(figures: &Value, device: &str, medium: &str) -> u64 {
    heard(figures, device, medium)["opened"].as_u64().unwrap_or_default()
}
