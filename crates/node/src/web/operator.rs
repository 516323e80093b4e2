//! What an operator's monitoring asks: is the node well, and what has it counted. No names of people, no addresses.

use crate::counters::Counters;
use crate::media::MediaCounters;
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
    /// Paths that are up.
    pub paths_up: usize,
    /// Paths that there are.
    pub paths: usize,
    /// What was measured of each last, in an order that stays: for `/metrics`.
    #[serde(skip)]
    pub figures: Vec<PathFigures>,
}

/// One path of a link, without its address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathFigures {
    /// Packets pass.
    pub up: bool,
    /// Microseconds, while it is up.
    pub round_trip_us: Option<u32>,
    /// Microseconds.
    pub jitter_us: u32,
    /// Millionths.
    pub loss_ppm: u32,
}

impl LinkStatus {
    /// Of a link that nothing is known of.
    pub fn of(node: String) -> Self {
        Self { node, up: false, round_trip_us: None, paths_up: 0, paths: 0, figures: Vec::new() }
    }
}

/// How one test between two parties stands, as `/healthz` and `/metrics` show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestStatus {
    /// One party
    pub a: String,
    /// and the other.
    pub b: String,
    /// `path`, `station` or `human`.
    pub level: &'static str,
    /// `unset`, `unknown`, `good`, `amber` or `red`.
    pub grade: &'static str,
    /// When it was last good, milliseconds since 1970 UTC by this node's clock.
    pub good_ms: Option<u64>,
}

/// A node that does not speak yet: it takes its own journal back from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CatchingUpStatus {
    /// The last own entry that it holds.
    pub held: u64,
    /// The last one that another node says it holds; not above `held`: another node is waited for.
    pub known: u64,
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
    /// While the node does not speak yet.
    pub catching_up: Option<CatchingUpStatus>,
    /// Links to all other nodes, by id.
    pub links: Vec<LinkStatus>,
    /// How the tests of the line stand, of every two parties and each level.
    pub tests: Vec<TestStatus>,
}

impl Health {
    /// Why the node cannot do all of its work; empty: it can. Ids of the charter only.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.unrecorded {
            reasons.push("the journal cannot be written: free space on the disk or replace it".to_owned());
        }
        match self.catching_up {
            Some(CatchingUpStatus { held, known }) if known > held => {
                reasons.push(format!("the node takes its own journal back from the others: {held} of {known} entries; consoles are let in after that"));
            }
            Some(_) => reasons.push(
                "the node was restored and waits for another node to say how far it holds its journal; if none ever can, start it with --alone".to_owned(),
            ),
            None => {}
        }
        for link in self.links.iter().filter(|link| !link.up) {
            reasons.push(format!("there is no link to node {}", link.node));
        }
        for test in self.tests.iter().filter(|test| test.grade == "red") {
            reasons
                .push(format!("the {} test between {} and {} failed or stayed away twice", test.level, test.a, test.b));
        }
        reasons
    }
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
pub(super) fn metrics(status: &Status, counters: &Counters, media: &MediaCounters) -> String {
    let now = status.now();
    let mut text = String::new();
    for (name, value) in counters.all().into_iter().chain(of_media(media)) {
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            text,
            "# HELP trialogue_{name}_total How often since the start; docs/monitoring says more.\n# TYPE trialogue_{name}_total counter\ntrialogue_{name}_total {value}"
        );
    }
    let gauges = [
        ("consoles", now.consoles as u64),
        ("journal_head", now.journal_head),
        ("journal_on_disk", now.journal_on_disk),
        ("journal_unrecorded", u64::from(now.unrecorded)),
        ("catching_up", u64::from(now.catching_up.is_some())),
        ("legs", media.legs),
    ];
    for (name, value) in gauges {
        let _ = writeln!(text, "# TYPE trialogue_{name} gauge\ntrialogue_{name} {value}");
    }
    let ready = u64::from(now.reasons().is_empty());
    let _ = writeln!(
        text,
        "# HELP trialogue_ready The node can do all of its work; /healthz says what it cannot.\n# TYPE trialogue_ready gauge\ntrialogue_ready {ready}"
    );
    tests(&mut text, &now.tests);
    text.push_str("# HELP trialogue_link_up A link to the node is up.\n# TYPE trialogue_link_up gauge\n");
    for link in &now.links {
        let _ = writeln!(text, "trialogue_link_up{{node=\"{}\"}} {}", link.node, u8::from(link.up));
    }
    text.push_str("# HELP trialogue_link_round_trip_seconds Round trip of the link.\n# TYPE trialogue_link_round_trip_seconds gauge\n");
    for link in &now.links {
        if let Some(us) = link.round_trip_us {
            let _ =
                writeln!(text, "trialogue_link_round_trip_seconds{{node=\"{}\"}} {}", link.node, f64::from(us) / 1e6);
        }
    }
    paths(&mut text, &now.links);
    let stay = &media.residence;
    text.push_str("# HELP trialogue_media_residence_seconds How long packets stay in the node.\n# TYPE trialogue_media_residence_seconds gauge\n");
    for (quantile, us) in [("0.5", stay.p50_us), ("0.99", stay.p99_us), ("1", stay.max_us)] {
        let _ = writeln!(text, "trialogue_media_residence_seconds{{quantile=\"{quantile}\"}} {}", us as f64 / 1e6);
    }
    text
}

/// Every path of every link.
fn paths(text: &mut String, links: &[LinkStatus]) {
    type Figure = fn(&PathFigures) -> Option<f64>;
    let metrics: [(&str, &str, Figure); 4] = [
        ("up", "Packets pass on the path.", |path| Some(f64::from(u8::from(path.up)))),
        ("round_trip_seconds", "Round trip of the path.", |path| path.round_trip_us.map(|us| f64::from(us) / 1e6)),
        ("jitter_seconds", "Jitter of the path's round trips.", |path| {
            path.round_trip_us.map(|_| f64::from(path.jitter_us) / 1e6)
        }),
        ("loss_ratio", "Packets lost on the path, 0 to 1.", |path| {
            path.round_trip_us.map(|_| f64::from(path.loss_ppm) / 1e6)
        }),
    ];
    for (name, help, figure) in metrics {
        let _ = writeln!(text, "# HELP trialogue_path_{name} {help}\n# TYPE trialogue_path_{name} gauge");
        for link in links {
            for (number, path) in link.figures.iter().enumerate() {
                if let Some(value) = figure(path) {
                    let node = &link.node;
                    let _ = writeln!(text, "trialogue_path_{name}{{node=\"{node}\",path=\"{number}\"}} {value}");
                }
            }
        }
    }
}

/// How the tests of the line stand.
fn tests(text: &mut String, tests: &[TestStatus]) {
    text.push_str(
        "# HELP trialogue_test_grade Test of the line: 0 not scheduled, 1 no result yet, 2 good, 3 amber, 4 red.\n# TYPE trialogue_test_grade gauge\n",
    );
    for TestStatus { a, b, level, grade, .. } in tests {
        let value = ["unset", "unknown", "good", "amber", "red"].iter().position(|name| name == grade).unwrap_or(0);
        let _ = writeln!(text, "trialogue_test_grade{{a=\"{a}\",b=\"{b}\",level=\"{level}\"}} {value}");
    }
    text.push_str(
        "# HELP trialogue_test_good_timestamp_seconds When the test was last good, in seconds since 1970 UTC.\n# TYPE trialogue_test_good_timestamp_seconds gauge\n",
    );
    for TestStatus { a, b, level, good_ms, .. } in tests {
        if let Some(ms) = good_ms {
            let seconds = *ms as f64 / 1e3;
            let name = "trialogue_test_good_timestamp_seconds";
            let _ = writeln!(text, "{name}{{a=\"{a}\",b=\"{b}\",level=\"{level}\"}} {seconds}");
        }
    }
}

fn of_media(media: &MediaCounters) -> [(&'static str, u64); 21] {
    let forward = &media.forward;
    [
        ("media_datagrams_received", media.received),
        ("media_datagrams_sent", media.sent),
        ("media_datagrams_unsent", media.unsent),
        ("media_strangers", media.strangers),
        ("media_flooded", media.flooded),
        ("media_legs_broken", media.broken),
        ("media_link_full", media.link_full),
        ("forward_from_legs", forward.from_legs),
        ("forward_from_links", forward.from_links),
        ("forward_to_legs", forward.to_legs),
        ("forward_to_links", forward.to_links),
        ("forward_copies", forward.copies),
        ("forward_forged", forward.forged),
        ("forward_over_rate", forward.over_rate),
        ("forward_relays_barred", forward.relays_barred),
        ("forward_not_in", forward.not_in),
        ("forward_unknown", forward.unknown),
        ("forward_malformed", forward.malformed),
        ("forward_held_back", forward.held_back),
        ("forward_before_key_frame", forward.before_key_frame),
        ("forward_key_frames_wanted", forward.key_frames_wanted),
    ]
}
