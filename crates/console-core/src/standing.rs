//! Which ring takes over the screen, which waits beside a call, and from when one can be answered.

use crate::console::Console;
use crate::limits::TONE_MS;
use crate::view::{CallView, LineView, RingView, Standing};
use trialogue_charter::LineId;

/// Sorts the rings of a board: the most urgent one that is due takes over, if this console is in no call or in a less urgent one.
pub(crate) fn sort(lines: &mut [LineView], call: Option<&CallView>, now_ms: u64) {
    let mut foremost: Option<(usize, &RingView)> = None;
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| !line.joined) {
        let Some(ring) = line.ring.as_ref().filter(|ring| is_due(ring, now_ms)) else { continue };
        let above_call = call.is_none_or(|call| ring.precedence > call.precedence);
        if above_call && foremost.is_none_or(|(_, other)| ring.precedence > other.precedence) {
            foremost = Some((at, ring));
        }
    }
    let foremost = foremost.map(|(at, _)| at);
    for (at, line) in lines.iter_mut().enumerate() {
        let Some(ring) = &mut line.ring else { continue };
        ring.standing = if foremost == Some(at) {
            Standing::TakesOver
        } else if is_due(ring, now_ms) {
            Standing::Waits
        } else {
            Standing::Promised
        };
        let tears_away = call.is_some() && ring.standing == Standing::TakesOver;
        ring.answer_from_ms = tears_away.then_some(ring.since_ms + TONE_MS as f64);
    }
}

fn is_due(ring: &RingView, now_ms: u64) -> bool {
    ring.ready_ms.is_none_or(|ready| now_ms as f64 >= ready)
}

impl Console {
    /// Who is in a call has not heard the tone of a more urgent ring for long enough: nobody is torn away by a slip of a finger.
    pub(crate) fn is_too_early(&self, line: &LineId) -> bool {
        let ring =
            self.view().lines.iter().find(|shown| shown.id == line.as_str()).and_then(|shown| shown.ring.as_ref());
        ring.and_then(|ring| ring.answer_from_ms).is_some_and(|from| (self.now_ms as f64) < from)
    }

    /// When a promise to answer is due.
    pub(crate) fn standing_next_us(&self) -> Option<u64> {
        let rings = self.view().lines.iter().filter_map(|line| line.ring.as_ref()?.ready_ms);
        let next = rings.filter(|ready| *ready > self.now_ms as f64).min_by(f64::total_cmp)?;
        Some(self.now().us_at(next as u64))
    }
}
