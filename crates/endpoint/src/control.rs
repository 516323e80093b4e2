//! Commands on standard input: those of a console's officer, and a few of its platform.

use serde::Deserialize;
use std::path::PathBuf;
use trialogue_console_core::view::Command;

/// Longest command line in bytes.
pub const LINE_MAX: usize = 4 << 10;

/// One command.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Control {
    /// `{"kind":"ring","line":"duty"}` and so on, as in the web console.
    Officer(Command),
    /// `{"do":"mute"}` and so on.
    Platform(Platform),
}

impl Control {
    /// Hang up and stop.
    pub(crate) fn quit() -> Self {
        Self::Platform(Platform::Quit)
    }
}

/// What a person does at the device itself.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Platform {
    /// No voice packets from now on.
    Mute,
    /// Voice again.
    Unmute,
    /// No picture packets from now on.
    CameraOff,
    /// Picture again.
    CameraOn,
    /// Print `figures` now.
    Measure,
    /// Count gaps and losses of voice from now on.
    ResetVoice,
    /// Drop the leg and make a new one.
    RestartLeg,
    /// Attach a file of this machine to what is written next on a line.
    Attach {
        /// Line id.
        line: String,
        /// The file.
        path: PathBuf,
    },
    /// Fetch a file of a message of the line that is open.
    Save {
        /// Id of the message.
        id: String,
        /// Which of its files, from 0.
        at: u32,
        /// Where to; nothing may be there.
        to: PathBuf,
    },
    /// Hang up and stop.
    Quit,
}

/// Puts commands together from what a stream brings, however it is cut. A line that is too long is passed over to its
/// end, and takes no memory.
#[derive(Debug, Default)]
pub struct Lines {
    line: Vec<u8>,
    over: bool,
}

impl Lines {
    /// Takes of `bytes` up to the end of a line: how many, and the command if that line is over.
    pub fn take(&mut self, bytes: &[u8]) -> (usize, Option<Result<Control, String>>) {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let piece = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        if self.line.len() + piece.len() > LINE_MAX {
            self.over = true;
            self.line.clear();
        } else if !self.over {
            self.line.extend_from_slice(piece);
        }
        match end {
            Some(end) => (end + 1, Some(self.end())),
            None => (bytes.len(), None),
        }
    }

    /// What came since the last line, as one: the stream has ended. None: nothing.
    pub fn rest(&mut self) -> Option<Result<Control, String>> {
        (self.over || !self.line.is_empty()).then(|| self.end())
    }

    fn end(&mut self) -> Result<Control, String> {
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.over) {
            return Err(format!("the line is too long: a command has {LINE_MAX} bytes at most"));
        }
        serde_json::from_slice(&line).map_err(|why| why.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<Result<Control, String>> {
        let (mut lines, mut rest, mut found) = (Lines::default(), text, Vec::new());
        while !rest.is_empty() {
            let (taken, line) = lines.take(rest);
            found.extend(line);
            rest = &rest[taken..];
        }
        found.extend(lines.rest());
        found
    }

    #[test]
    fn a_line_that_is_no_command_ends_nothing() {
        let long = vec![b'x'; 3 * LINE_MAX];
        let text = [&b"{\"do\":\"mute\"}\n\xff\xfe\n"[..], &long, b"\n{\"do\":\"quit\"}"].concat();
        let found = all(&text);
        assert_eq!(found[0], Ok(Control::Platform(Platform::Mute)));
        assert!(found[1].is_err() && found[2].as_ref().is_err_and(|why| why.contains("4096")));
        assert_eq!(found[3..], [Ok(Control::Platform(Platform::Quit))]);
        assert!(all(b"").is_empty());
    }
}
