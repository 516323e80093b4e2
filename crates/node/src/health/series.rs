//! A window of time, and what is known of one path, party or line in it.

use super::Sums;
use serde::Serialize;

/// The last hour, day, or 90 days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Window {
    /// By the minute.
    #[default]
    Hour,
    /// By ten minutes.
    Day,
    /// 90 days, by six hours.
    Quarter,
}

/// Share of the time for which nothing may be down: 99.999 %.
const DOWN: f64 = 1e-5;

impl Window {
    /// All.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Quarter];

    /// `hour`, `day` or `quarter`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Quarter => "quarter",
        }
    }

    /// The one of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|window| window.name() == name)
    }

    /// Its length in minutes.
    #[must_use]
    pub fn minutes(self) -> u64 {
        match self {
            Self::Hour => 60,
            Self::Day => 24 * 60,
            Self::Quarter => 90 * 24 * 60,
        }
    }

    /// Minutes in one point.
    #[must_use]
    pub fn step(self) -> u64 {
        match self {
            Self::Hour => 1,
            Self::Day => 10,
            Self::Quarter => 360,
        }
    }

    /// Seconds that may be down in it for 99.999 %: 77.8 s in 90 days.
    #[must_use]
    pub fn budget_seconds(self) -> f64 {
        self.minutes() as f64 * 60.0 * DOWN
    }
}

/// One step of a window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// Its beginning, milliseconds since 1970 UTC.
    pub at_ms: u64,
    /// Means over it.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Means over a time; none: not measured in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Seconds that were watched.
    pub watched_seconds: u64,
    /// Of them, down.
    pub down_seconds: u64,
    /// Share that was up, 0 to 1.
    pub availability: Option<f64>,
    /// Round trip in milliseconds.
    pub round_trip_ms: Option<f64>,
    /// Jitter in milliseconds.
    pub jitter_ms: Option<f64>,
    /// Loss, 0 to 1.
    pub loss: Option<f64>,
    /// Speech quality of test calls, 1 to 5.
    pub quality: Option<f64>,
}

impl From<Sums> for Figures {
    fn from(sums: Sums) -> Self {
        let mean = |sum: u64, count: u64, unit: f64| (count > 0).then(|| sum as f64 / count as f64 / unit);
        Self {
            watched_seconds: sums.total,
            down_seconds: sums.total.saturating_sub(sums.up),
            availability: mean(sums.up, sums.total, 1.0),
            round_trip_ms: mean(sums.delay, sums.count, 1e3),
            jitter_ms: mean(sums.jitter, sums.count, 1e3),
            loss: mean(sums.loss, sums.count, 1e6),
            quality: mean(sums.quality, sums.heard, 100.0),
        }
    }
}

/// One path, party or line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Series {
    /// `path/<node>/<number>`, `party/<id>` or `line/<id>`.
    pub subject: String,
    /// Over the whole window.
    pub whole: Figures,
    /// Share of the five-nines budget of the window that is used; above 1: broken.
    pub budget_used: f64,
    /// By its steps, the oldest first; steps in which nothing was watched are left out.
    pub points: Vec<Point>,
}

impl Series {
    /// From the sums of its steps: minute at which each begins, counted from 1970.
    pub(super) fn new(subject: String, window: Window, steps: impl Iterator<Item = (u64, Sums)>) -> Self {
        let (mut whole, mut points) = (Sums::default(), Vec::new());
        for (minute, sums) in steps {
            whole.add(&sums);
            points.push(Point { at_ms: minute * 60_000, figures: sums.into() });
        }
        let whole: Figures = whole.into();
        let budget_used = whole.down_seconds as f64 / window.budget_seconds();
        Self { subject, whole, budget_used, points }
    }
}
