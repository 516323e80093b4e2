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
