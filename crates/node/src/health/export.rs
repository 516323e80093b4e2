//! What is on the page, for other programs.

use super::{Series, Window};
use std::fmt::Write as _;

/// RFC 4180, one line per step of each subject. Times in milliseconds since 1970 UTC; a field is empty where nothing
/// was measured.
#[must_use]
pub fn csv(series: &[Series]) -> String {
    let mut text = String::from(
        "subject,at_ms,watched_seconds,down_seconds,availability,round_trip_ms,jitter_ms,loss,quality\r\n",
    );
    let figure = |value: Option<f64>| value.map(|value| format!("{value:.6}")).unwrap_or_default();
    for one in series {
        for point in &one.points {
            let f = &point.figures;
            // Subjects are ids of the charter: no commas and no quotes. Writing to a `String` cannot fail.
            let _ = write!(
                text,
                "{},{},{},{},{},{},{},{},{}\r\n",
                one.subject,
                point.at_ms,
                f.watched_seconds,
                f.down_seconds,
                figure(f.availability),
                figure(f.round_trip_ms),
                figure(f.jitter_ms),
                figure(f.loss),
                figure(f.quality)
            );
        }
    }
    text
}

/// All of it.
#[must_use]
pub fn json(node: &str, window: Window, now_ms: u64, series: &[Series]) -> serde_json::Value {
    serde_json::json!({
        "node": node,
        "window": window,
        "now_ms": now_ms,
        "budget_seconds": window.budget_seconds(),
        "series": series,
    })
}
