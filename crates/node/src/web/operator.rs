//! What an operator's monitoring asks: is the node well, and what has it counted. No names of people, no addresses.

use crate::counters::Counters;
use serde::Serialize;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

/// One link, as `/healthz` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LinkStatus {
    /// The other node.
    pub node: String,
    /// Connected.
    pub up: bool,
    /// Round trip in microseconds.
    pub round_trip_us: Option<u32>,
}

/// What `/healthz` shows. Clones show the same.
#[derive(Clone, Default)]
pub struct Status(Arc<Mutex<Health>>);

/// See [`Status`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The node.
    pub node: String,
    /// Consoles with a WebSocket.
    pub consoles: usize,
    /// Position of the last own entry.
    pub journal_head: u64,
    /// Position of the last own entry that is on disk.
    pub journal_on_disk: u64,
    /// True while the journal cannot be written.
    pub unrecorded: bool,
    /// Links to all other nodes, by id.
    pub links: Vec<LinkStatus>,
}

impl Status {
    /// Changes what is shown.
    pub fn change(&self, how: impl FnOnce(&mut Health)) {
        how(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What is shown now.
    pub fn now(&self) -> Health {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Prometheus text format 0.0.4.
pub(super) fn metrics(status: &Status, counters: &Counters) -> String {
    let now = status.now();
    let mut text = String::new();
    for (name, value) in counters.all() {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "# TYPE trialogue_{name}_total counter\ntrialogue_{name}_total {value}");
    }
    let gauges = [
        ("consoles", now.consoles as u64),
        ("journal_head", now.journal_head),
        ("journal_on_disk", now.journal_on_disk),
        ("journal_unrecorded", u64::from(now.unrecorded)),
    ];
    for (name, value) in gauges {
        let _ = writeln!(text, "# TYPE trialogue_{name} gauge\ntrialogue_{name} {value}");
    }
    text.push_str("# TYPE trialogue_link_up gauge\n");
    for link in &now.links {
        let _ = writeln!(text, "trialogue_link_up{{node=\"{}\"}} {}", link.node, u8::from(link.up));
    }
    text.push_str("# TYPE trialogue_link_round_trip_seconds gauge\n");
    for link in &now.links {
        if let Some(us) = link.round_trip_us {
            let _ =
                writeln!(text, "trialogue_link_round_trip_seconds{{node=\"{}\"}} {}", link.node, f64::from(us) / 1e6);
        }
    }
    text
}
