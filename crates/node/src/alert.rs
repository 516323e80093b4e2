//! Alerts people beyond the consoles: runs the operator's command for a ring that nobody has answered.
//!
//! A pager, a telephone system, a mail: whatever the party has is one command away, and none of it is in this program.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Command;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};
use trialogue_charter::{CallId, LineId, PartyId, Precedence};

/// Longest that the command may run; then it is killed and counts as failed.
const PATIENCE: Duration = Duration::from_secs(20);
/// Commands at once. A flood of rings is bounded before; more than these wait.
const AT_ONCE: usize = 4;
/// Alerts under way or waiting; beyond that they count as failed.
const WAITING: usize = 64;

/// One ring to tell people of.
pub(crate) struct Alert {
    pub(crate) call: CallId,
    pub(crate) line: LineId,
    pub(crate) party: PartyId,
    pub(crate) precedence: Precedence,
    pub(crate) consoles: u16,
}

/// What became of one.
pub(crate) struct Alerted {
    pub(crate) call: CallId,
    pub(crate) line: LineId,
    pub(crate) done: bool,
}

/// Runs the command.
pub(crate) struct Alerter {
    command: Arc<[String]>,
    places: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    told: mpsc::Sender<Alerted>,
    /// Where the command is waited for: the control task's own runtime knows time and messages only.
    runtime: Handle,
}

impl Alerter {
    /// None: the operator has no such command. Must be called inside a Tokio runtime with I/O, which runs the commands.
    pub(crate) fn new(command: &[String]) -> (Option<Self>, mpsc::Receiver<Alerted>) {
        let (told, results) = mpsc::channel(WAITING + 1);
        let alerter = (!command.is_empty()).then(|| Self {
            command: command.into(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Arc::new(Semaphore::new(WAITING)),
            told,
            runtime: Handle::current(),
        });
        (alerter, results)
    }

    /// Starts it; the result comes on the channel. False: too many are under way.
    pub(crate) fn alert(&self, alert: Alert) -> bool {
        let Ok(waiting) = self.waiting.clone().try_acquire_owned() else { return false };
        let (command, places, told) = (self.command.clone(), self.places.clone(), self.told.clone());
        self.runtime.spawn(async move {
            let place = places.acquire_owned().await;
            let done = place.is_ok() && run(&command, &alert).await;
            drop(waiting);
            let _ = told.send(Alerted { call: alert.call, line: alert.line, done }).await;
        });
        true
    }
}

/// The ring is told in the environment: nothing of it is ever part of a command line.
async fn run(command: &[String], alert: &Alert) -> bool {
    let Some((program, arguments)) = command.split_first() else { return false };
    let child = Command::new(PathBuf::from(program))
        .args(arguments)
        .env("TRIALOGUE_CALL", alert.call.to_string())
        .env("TRIALOGUE_LINE", alert.line.as_str())
        .env("TRIALOGUE_FROM", alert.party.as_str())
        .env("TRIALOGUE_PRECEDENCE", alert.precedence.name())
        .env("TRIALOGUE_CONSOLES", alert.consoles.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            tracing::error!(%error, "the alert command cannot be started; correct `alert` in node.toml");
            return false;
        }
    };
    match tokio::time::timeout(PATIENCE, child.wait()).await {
        Ok(Ok(status)) if status.success() => true,
        Ok(Ok(status)) => {
            tracing::error!(%status, "the alert command failed: nobody beyond the consoles knows of the ring");
            false
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "the alert command was lost");
            false
        }
        Err(_) => {
            tracing::error!("the alert command took longer than 20 s and was ended");
            false
        }
    }
}
