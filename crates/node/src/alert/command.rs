//! The operator's own program.

use super::{Alarm, Failure};
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

    /// What happened is told in the environment: nothing of it is ever part of a command line.
    pub(super) async fn run(&self, alarm: &Alarm) -> Result<(), Failure> {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments);
        match alarm {
            Alarm::Ring(alert) => command
                .env("TRIALOGUE_CALL", alert.call.to_string())
                .env("TRIALOGUE_LINE", alert.line.as_str())
                .env("TRIALOGUE_FROM", alert.party.as_str())
                .env("TRIALOGUE_PRECEDENCE", alert.precedence.name())
                .env("TRIALOGUE_CONSOLES", alert.consoles.to_string()),
            Alarm::Writing(overdue) => command
                .env("TRIALOGUE_MESSAGE", "overdue")
                .env("TRIALOGUE_MESSAGES", overdue.messages.to_string())
                .env("TRIALOGUE_LINE", overdue.line.as_str())
                .env("TRIALOGUE_FROM", overdue.party.as_str())
                .env("TRIALOGUE_PRECEDENCE", overdue.precedence.name()),
            Alarm::Test { party, level } => {
                command.env("TRIALOGUE_TEST", level.name()).env("TRIALOGUE_FROM", party.as_str())
            }
        };
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn();
        let status = child.map_err(Failure::Start)?.wait().await.map_err(Failure::Lost)?;
        if status.success() { Ok(()) } else { Err(Failure::Exit(status)) }
    }
}
