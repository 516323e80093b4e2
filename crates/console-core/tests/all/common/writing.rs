//! What is written on a line.

use trialogue_console_core::view::*;

/// A routine message of a principal, to which nobody has to react.
pub fn message(line: &str, text: &str, language: Language) -> Command {
    Command::Write {
        line: line.into(),
        language,
        text: text.into(),
        traffic: Traffic::Principal,
        precedence: Precedence::Routine,
        marking: String::new(),
        answer_by_ms: None,
        answers: None,
    }
}
