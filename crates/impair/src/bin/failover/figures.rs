//! What one fault cost, and what it costs over many runs.

use serde_json::{Value, json};

/// One run: the worst of all voices and pictures that were expected to go on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Longest time without a voice frame of a sender at a listener, ms.
    pub voice_gap_ms: f64,
    /// Voice frames that were sealed and never opened, the most of any sender at any listener.
    pub voice_frames_lost: f64,
    /// Longest time without a picture of a sender at a listener, ms.
    pub video_freeze_ms: f64,
    /// From the fault until every voice that is expected comes without a gap of more than 60 ms, and goes on so for a
    /// second, ms.
    pub steady_ms: f64,
}

/// All runs of one fault.
pub struct Figures {
    name: String,
    runs: Vec<Cost>,
}

impl Figures {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), runs: Vec::new() }
    }

    pub fn add(&mut self, cost: Cost) {
        self.runs.push(cost);
    }

    /// Median (nearest rank) and worst.
    fn of(&self, what: impl Fn(&Cost) -> f64) -> (f64, f64) {
        let mut all: Vec<f64> = self.runs.iter().map(what).collect();
        all.sort_by(f64::total_cmp);
        let median = all.get(all.len().div_ceil(2).saturating_sub(1)).copied().unwrap_or(f64::NAN);
        (median, all.last().copied().unwrap_or(f64::NAN))
    }

    fn columns(&self) -> [(&'static str, (f64, f64)); 4] {
        [
            ("voice_gap_ms", self.of(|cost| cost.voice_gap_ms)),
            ("voice_frames_lost", self.of(|cost| cost.voice_frames_lost)),
            ("video_freeze_ms", self.of(|cost| cost.video_freeze_ms)),
            ("steady_ms", self.of(|cost| cost.steady_ms)),
        ]
    }

    pub fn print(&self) {
        let columns = self.columns().map(|(_, (median, worst))| format!("{median:.0} / {worst:.0}"));
        let [gap, lost, freeze, steady] = columns;
        println!("{:<34} {:>5} {gap:>15} {lost:>15} {freeze:>15} {steady:>15}", self.name, self.runs.len());
    }

    pub fn json(&self) -> Value {
        let mut all = json!({ "name": self.name, "runs": self.runs.len() });
        for (key, (median, worst)) in self.columns() {
            let rounded = |value: f64| (value * 10.0).round() / 10.0;
            all[key] = json!({ "p50": rounded(median), "worst": rounded(worst) });
        }
        all
    }
}
