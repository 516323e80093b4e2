//! Where events go: standard output for people and scripts, a channel inside one process.

use crate::event::{Event, print};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;

/// An event with its time.
#[derive(Debug)]
pub struct Told {
    /// Wall clock, milliseconds since 1970 UTC.
    pub at_ms: u64,
    /// What happened.
    pub event: Event,
}

/// Where events go.
pub enum Report {
    /// One JSON object per line on standard output.
    Print,
    /// To whoever holds the other end. When it is full, events are dropped: a slow reader must not hold up a call.
    Channel(mpsc::Sender<Told>),
}

impl Report {
    /// Tells an event.
    pub fn say(&self, event: Event) {
        match self {
            Self::Print => print(wall_ms(), &event),
            Self::Channel(sender) => {
                let _ = sender.try_send(Told { at_ms: wall_ms(), event });
            }
        }
    }
}

/// Wall clock, milliseconds since 1970 UTC.
pub fn wall_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}
