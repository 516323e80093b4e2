//! What the endpoint prints: one JSON object per line on standard output.

use crate::gaps::{Picture, Voice};
use serde::Serialize;
use std::io::Write;
use trialogue_console_core::view::{View, WrittenView};

/// One event. `at_ms` (wall clock, milliseconds since 1970 UTC) is added to each.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The device was enrolled and its identity stored.
    Enrolled,
    /// What a console would show; whenever it changes.
    View {
        /// All of it.
        view: Box<View>,
    },
    /// The leg is up, or gone.
    Leg {
        /// It is up.
        up: bool,
        /// To which site: 0 the one of `--node`, 1 the other one.
        slot: usize,
    },
    /// What is said and heard goes over the WebSocket and leg of this slot from now on: 0 the party's site, 1 its other
    /// one.
    Site {
        /// Which.
        slot: u8,
    },
    /// The endpoint answered, or rang: times are counted from here.
    Joined {
        /// Line id.
        line: String,
    },
    /// Sealing with a new key from now on; or, with none, not at all.
    Seal {
        /// Key id, hexadecimal.
        key_id: Option<String>,
    },
    /// The first frame of a sender was opened since this endpoint joined.
    First {
        /// Sender, hex.
        device: String,
        /// voice or picture.
        medium: &'static str,
        /// Milliseconds since `joined`.
        after_ms: f64,
    },
    /// Once a second in a call, and on the command `measure`.
    Figures {
        /// Frames sealed and sent: voice.
        voice_sent: u64,
        /// Frames sealed and sent: picture.
        picture_sent: u64,
        /// Media packets that left the socket (RTP of both media; no keep-alives).
        media_packets_sent: u64,
        /// Per sender and medium.
        heard: Vec<Heard>,
        /// Gaps in the voice of each sender since the command `reset_voice`, or since it was first heard.
        voice: Vec<Voice>,
        /// The same of pictures.
        pictures: Vec<Picture>,
    },
    /// A station has tested the line.
    Tested {
        /// Of every other party.
        results: Vec<Tested>,
    },
    /// The written line that was opened (command `openWritten`), whenever it changes; null: none.
    Written {
        /// All of it.
        written: Option<Box<WrittenView>>,
    },
    /// A writing was put into the party's archive.
    Archived {
        /// Line id.
        line: String,
        /// Which: its id in the record.
        writing: String,
        /// What it says is in the archive; not: the records office was not among its readers.
        readable: bool,
    },
    /// A file is attached to what is written next.
    Attached {
        /// Line id.
        line: String,
        /// The file.
        path: String,
    },
    /// A file was fetched: it is whole, and what was attached.
    Saved {
        /// Where it lies.
        path: String,
    },
    /// Contents were destroyed, as the archive's policy says.
    Destroyed {
        /// How many.
        writings: usize,
    },
    /// Something of the console machine, for the log.
    Log {
        /// One line.
        line: String,
    },
    /// A command on standard input was not understood.
    Refused {
        /// Why.
        why: String,
    },
}

/// What a station has heard of another party's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tested {
    /// Party id.
    pub party: String,
    /// Its speech was opened and heard.
    pub ok: bool,
    /// From mouth to ear and back, in milliseconds.
    pub round_trip_ms: Option<f64>,
    /// 1 to 5.
    pub quality: Option<f64>,
    /// Voice frames that did not come in time, in millionths.
    pub loss_ppm: Option<u32>,
}

/// What came of one sender.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Heard {
    /// Sender, hex.
    pub device: String,
    /// voice or picture.
    pub medium: &'static str,
    /// Frames opened.
    pub opened: u64,
    /// Frames that could not be opened.
    pub unopened: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Voice frames that were concealed instead.
    pub concealed: u64,
    /// Bytes before opening.
    pub bytes: u64,
    /// Jitter (RFC 3550 §6.4.1), milliseconds.
    pub jitter_ms: f64,
    /// Mean loudness of what was decoded (voice), root mean square, 0 to 1.
    pub loudness: f64,
}

/// Prints an event. A reader that went away stops nothing.
pub fn print(at_ms: u64, event: &Event) {
    #[derive(Serialize)]
    struct Line<'a> {
        at_ms: u64,
        #[serde(flatten)]
        event: &'a Event,
    }
    if let Ok(line) = serde_json::to_string(&Line { at_ms, event }) {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{line}");
        let _ = out.flush();
    }
}
