//! Running a program and taking its failure seriously.

use crate::LabError;
use std::process::{Command, Stdio};

/// Runs it to its end; gives what it printed.
pub(crate) fn run(command: &mut Command) -> Result<String, LabError> {
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).collect();
    let text = words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let output = command.stdin(Stdio::null()).output().map_err(|why| LabError::Missing(text.clone(), why))?;
    if !output.status.success() {
        return Err(LabError::Command(text, String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The same from words between spaces.
pub(crate) fn words(line: &str) -> Result<String, LabError> {
    let mut words = line.split_whitespace();
    run(Command::new(words.next().unwrap_or_default()).args(words))
}
