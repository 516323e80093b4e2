//! Whether a picture is shown to a console now: from a key frame on, and as long as there is room.

use super::{Counters, Leg};

/// After this long a place shows what comes even without a key frame: better a torn picture than none, should the clear header ever
/// be read wrongly.
const KEY_FRAME_PATIENCE_MS: u64 = 3_000;
/// A place that still gets none asks again: browsers ignore a request within 300 ms of another, and packets get lost. Less asks for
/// pictures that are under way from the other side of the world.
const ASK_AGAIN_MS: u64 = 500;

impl Leg {
    /// May a packet of the picture at `place` be sent, and is a key frame needed to go on?
    pub(super) fn may_see(
        &mut self,
        place: u8,
        key_frame: bool,
        length: usize,
        now_ms: u64,
        counters: &mut Counters,
    ) -> (bool, bool) {
        let at = usize::from(place);
        let Some(slot) = self.places[1].get_mut(at) else { return (false, false) };
        let mut ask = false;
        if let Some(until) = slot.paused_until_ms {
            if now_ms < until {
                counters.held_back += 1;
                return (false, false);
            }
            slot.paused_until_ms = None;
            slot.waits_since_ms = Some(now_ms);
            self.budget.try_again();
            ask = true;
        }
        let patient = slot.waits_since_ms.is_some_and(|since| now_ms < since + KEY_FRAME_PATIENCE_MS);
        if patient && !key_frame {
            counters.before_key_frame += 1;
            let last = slot.waits_since_ms.unwrap_or(0).max(slot.asked_again_ms);
            if now_ms >= last + ASK_AGAIN_MS {
                slot.asked_again_ms = now_ms;
                ask = true;
            }
            return (false, ask);
        }
        if !self.budget.picture(length, now_ms) {
            let last = self.places[1].iter().rposition(|p| p.sender.is_some() && p.paused_until_ms.is_none());
            let last = last.unwrap_or(at);
            self.places[1][last].paused_until_ms = Some(self.budget.pause(now_ms));
            if last == at || !self.budget.picture(length, now_ms) {
                counters.held_back += 1;
                return (false, false);
            }
        }
        if let Some(slot) = self.places[1].get_mut(at)
            && slot.waits_since_ms.take().is_some()
        {
            slot.numbers.close_gap();
        }
        (true, ask)
    }
}
