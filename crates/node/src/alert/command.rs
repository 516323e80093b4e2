//! The operator's own program.

use super::{Alert, Failure};
use std::path::PathBuf;
use std::process::Stdio;
use tokio::process::Command;

pub(super) struct Program {
    path: PathBuf,
    arguments: Vec<String>,
}

impl Program {
    pub(super) fn new(command: &[String]) -> Option<Self> {
        let (program, arguments) = command.split_first()?;
        Some(Self { path: PathBuf::from(program), arguments: arguments.to_vec() })
    }

    /// The ring is told in the environment: nothing of it is ever part of a command line.
    pub(super) async fn run(&self, alert: &Alert) -> Result<(), Failure> {
        let child = Command::new(&self.path)
            .args(&self.arguments)
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
        let status = child.map_err(|_| Failure::Start)?.wait().await.map_err(|_| Failure::Exit)?;
        if status.success() { Ok(()) } else { Err(Failure::Exit) }
    }
}
