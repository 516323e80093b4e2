//! A native endpoint in a process of its own, obeying JSON lines.

use crate::{LINE, LabError};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// Longest wait for anything: far beyond what is usual, so that a hang ends with a message.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long a process may take to end when it was asked to.
const END_MAX: Duration = Duration::from_secs(10);

/// One endpoint.
pub struct Endpoint {
    who: String,
    child: Child,
    stdin: ChildStdin,
    events: Receiver<Value>,
    /// What it showed last.
    pub view: Value,
}

impl Endpoint {
    /// Starts what `command` says; `who` is for messages.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(who: &str, mut command: Command) -> Result<Self, LabError> {
        let missing = |why| LabError::Missing(format!("the endpoint of {who}"), why);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(missing)?;
        let ended = || LabError::Ended(who.to_owned());
        let (stdin, stdout) = (child.stdin.take().ok_or_else(ended)?, child.stdout.take().ok_or_else(ended)?);
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
        Ok(Self { who: who.to_owned(), child, stdin, events, view: Value::Null })
    }

    /// Says a command (`docs/endpoint.md`).
    ///
    /// # Errors
    /// When it has ended.
    pub fn tell(&mut self, command: &Value) -> Result<(), LabError> {
        writeln!(self.stdin, "{command}").map_err(|_| LabError::Ended(self.who.clone()))
    }

    /// The first event from now on that is wanted. Views are kept on the way.
    ///
    /// # Errors
    /// When it does not come.
    pub fn until(&mut self, what: &str, mut wanted: impl FnMut(&Value) -> bool) -> Result<Value, LabError> {
        let end = Instant::now() + PATIENCE;
        loop {
            let Ok(event) = self.events.recv_timeout(end.saturating_duration_since(Instant::now())) else {
                let (who, what) = (self.who.clone(), what.to_owned());
                return Err(LabError::Never { who, what, shown: format!("{:#}", self.view) });
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
    ///
    /// # Errors
    /// When it does not come to that.
    pub fn until_view(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<(), LabError> {
        while let Ok(event) = self.events.try_recv() {
            if event["event"] == "view" {
                self.view = event["view"].clone();
            }
        }
        if wanted(&self.view) {
            return Ok(());
        }
        self.until(what, |event| event["event"] == "view" && wanted(&event["view"])).map(drop)
    }

    /// Its device id; known once its node has been reached.
    pub fn device(&self) -> String {
        self.view["me"]["device"].as_str().unwrap_or_default().to_owned()
    }

    /// Rings the line.
    ///
    /// # Errors
    /// When it has ended.
    pub fn ring(&mut self) -> Result<(), LabError> {
        self.tell(&json!({ "kind": "ring", "line": LINE }))
    }

    /// Answers when it rings here.
    ///
    /// # Errors
    /// When it does not ring.
    pub fn answer_ring(&mut self) -> Result<(), LabError> {
        self.until_view("a ring", |view| !line(view)["ring"].is_null())?;
        self.tell(&json!({ "kind": "answer", "line": LINE }))
    }

    /// Leaves the call, and waits until it has.
    ///
    /// # Errors
    /// When it does not.
    pub fn hang_up(&mut self) -> Result<(), LabError> {
        self.tell(&json!({ "kind": "hangUp" }))?;
        self.until_view("out of the call", |view| view["call"].is_null())
    }

    /// Waits until exactly these other parties are reached with somebody on watch, and all others are not reached.
    ///
    /// # Errors
    /// When it does not come to that.
    pub fn until_reaches(&mut self, others: &[&str]) -> Result<(), LabError> {
        self.until_view(&format!("{others:?} reached and nobody else"), |view| {
            let parties = line(view)["parties"].as_array();
            let right = |party: &Value| match others.iter().any(|other| party["id"] == *other) {
                true => party["reached"] == true && party["onWatch"] != 0,
                false => party["own"] == true || party["reached"] == false,
            };
            parties.is_some_and(|parties| !parties.is_empty() && parties.iter().all(right))
        })
    }

    /// Waits until every path to every other party is up.
    ///
    /// # Errors
    /// When one does not come.
    pub fn until_all_paths(&mut self) -> Result<(), LabError> {
        self.until_view("every path up", |view| {
            let whole =
                |party: &Value| party["own"] == true || party["paths"] != 0 && party["pathsUp"] == party["paths"];
            line(view)["parties"].as_array().is_some_and(|parties| parties.iter().all(whole))
        })
    }

    /// Waits until it seals for exactly these devices, and has their keys.
    ///
    /// # Errors
    /// When it does not come to that.
    pub fn until_sealed_for(&mut self, devices: &[String]) -> Result<(), LabError> {
        let mut wanted = devices.to_vec();
        wanted.sort();
        self.until_view(&format!("sealed for {wanted:?} and nobody else"), |view| {
            let members = view["call"]["members"].as_array().map(Vec::as_slice).unwrap_or_default();
            let device = |member: &Value| member["person"]["device"].as_str().unwrap_or_default().to_owned();
            let mut roster: Vec<_> = members.iter().map(device).collect();
            roster.sort();
            roster == wanted
                && view["call"]["sealing"]["kind"] == "sealed"
                && members.iter().all(|member| member["keys"] == "ready")
        })
    }

    /// Its figures, taken after this was called.
    ///
    /// # Errors
    /// When it has ended.
    pub fn figures(&mut self) -> Result<Value, LabError> {
        // The figures of every second that nobody has read yet go first.
        while let Ok(event) = self.events.try_recv() {
            if event["event"] == "view" {
                self.view = event["view"].clone();
            }
        }
        self.tell(&json!({ "do": "measure" }))?;
        self.until("figures", |event| event["event"] == "figures")
    }

    /// Frames of a sender that it has opened so far: `voice` or `picture`.
    ///
    /// # Errors
    /// When it has ended.
    pub fn opened(&mut self, device: &str, medium: &str) -> Result<u64, LabError> {
        Ok(heard(&self.figures()?, device, medium)["opened"].as_u64().unwrap_or_default())
    }

    /// Waits until it has opened so many more frames of a sender.
    ///
    /// # Errors
    /// When they do not come.
    pub fn until_more(&mut self, device: &str, medium: &str, frames: u64) -> Result<Value, LabError> {
        let wanted = self.opened(device, medium)? + frames;
        let what = format!("{frames} more {medium} frames of {device}");
        self.until(&what, |event| {
            event["event"] == "figures" && heard(event, device, medium)["opened"].as_u64() >= Some(wanted)
        })
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        let _ = writeln!(self.stdin, r#"{{"do":"quit"}}"#);
        end(&mut self.child, END_MAX);
    }
}

/// Waits for a child that was asked to end, and ends it when it does not.
pub(crate) fn end(child: &mut Child, most: Duration) {
    let until = Instant::now() + most;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// What figures say of a sender; null if they do not name it.
fn heard<'a>(figures: &'a Value, device: &str, medium: &str) -> &'a Value {
    let all = figures["heard"].as_array();
    all.and_then(|all| all.iter().find(|heard| heard["device"] == device && heard["medium"] == medium))
        .unwrap_or(&Value::Null)
}

/// The line of the lab in a view.
fn line(view: &Value) -> &Value {
    view["lines"].as_array().and_then(|lines| lines.iter().find(|line| line["id"] == LINE)).unwrap_or(&Value::Null)
}
