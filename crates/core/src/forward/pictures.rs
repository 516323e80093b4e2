//! Whether a picture is shown to a console now: from a key frame on, and as long as there is room.

use super::{Counters, Leg};

/// After this long a place shows what comes even without a key frame: better a torn picture than none, should the clear
/// header ever be read wrongly.
const KEY_FRAME_PATIENCE_MS: u64 = 3_000;
/// A place that still gets none asks again: browsers ignore a request within 300 ms of another, and packets get lost.
/// Less asks for pictures that are under way from the other side of the world.
const ASK_AGAIN_MS: u64 = 500;

/// Pictures that differ by less than this part of the larger one took as much as each other: one may have had a packet
/// more, or a key frame. Less gives up the first picture for a packet, more lets one take more than others before it is
/// given up.
const AS_MUCH: u64 = 8;

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
            let given_up = self.takes_most(now_ms).unwrap_or(at);
            self.places[1][given_up].paused_until_ms = Some(self.budget.pause(now_ms));
            if given_up == at || !self.budget.picture(length, now_ms) {
                counters.held_back += 1;
                return (false, false);
            }
        }
        if let Some(slot) = self.places[1].get_mut(at) {
            slot.taken.count(length, now_ms);
            if slot.waits_since_ms.take().is_some() {
                slot.numbers.close_gap(0);
            }
        }
        (true, ask)
    }

    /// The place whose picture took most in the last second; of several that took about as much, the last one. So who
    /// sends more than others is given up before they are, wherever it is seen.
    fn takes_most(&self, now_ms: u64) -> Option<usize> {
        let seen =
            || self.places[1].iter().enumerate().filter(|(_, p)| p.sender.is_some() && p.paused_until_ms.is_none());
        let most = seen().map(|(_, place)| place.taken.in_last_second(now_ms)).max()?;
        let as_much = most - most / AS_MUCH;
        seen().rfind(|(_, place)| place.taken.in_last_second(now_ms) >= as_much).map(|(at, _)| at)
    }
}

/// Bytes that a picture took in the last second: counted by whole seconds, of which the one before counts as much as it
/// is still within the last.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Taken {
    second: u64,
    now: u64,
    before: u64,
}

impl Taken {
    fn count(&mut self, bytes: usize, now_ms: u64) {
        *self = self.at(now_ms);
        self.now += bytes as u64;
    }

    fn in_last_second(&self, now_ms: u64) -> u64 {
        let Self { now, before, .. } = self.at(now_ms);
        now + before * (1_000 - now_ms % 1_000) / 1_000
    }

    fn at(self, now_ms: u64) -> Self {
        let second = now_ms / 1_000;
        match second.saturating_sub(self.second) {
            0 => self,
            1 => Self { second, now: 0, before: self.now },
            _ => Self { second, ..Self::default() },
        }
    }
}
