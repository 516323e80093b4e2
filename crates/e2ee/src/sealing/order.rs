//! What was said cannot be said again, nor in another order, nor much later: the numbers that a key has opened, and how
//! a source's time goes by.

use super::number::Number;
use super::tag::Medium;
use std::collections::BTreeSet;

/// How far behind the newest frame of its source and medium a frame may be, in milliseconds. A copy over a satellite
/// that is later than this is of no use to a jitter buffer; more lets a node change the order of words.
pub const ORDER_MS: u64 = 400;
/// How much later than usual a frame of a source may come, in milliseconds: from a fibre to a satellite. More lets a
/// node keep a word for a better moment.
pub const LATE_MS: u64 = 900;
/// After so long with nothing but frames that come too late, in their order, their way has become longer: they are
/// taken as they come, and the caller says so to the officer. Less helps a node that holds words back, more is silence
/// after a network changed.
pub const LATE_FOR_MS: u64 = 2_000;
/// The shortest way of a source is forgotten at this rate, in nanoseconds a millisecond: the clocks of two machines
/// drift apart by at most 100 millionths each. More lets a node lengthen the way unseen, a little in each second; less
/// takes frames of a clock that drifts for late.
const DRIFT_NS: i64 = 200;
/// Of a silence no more than this counts for that, in milliseconds; what drifts meanwhile is 300 ms. More lets a node
/// keep the first words after a long silence back for longer; less takes them for late where a clock drifts that fast
/// and nobody spoke for hours.
const SILENCE_MS: u64 = 1_500_000;
const MS_NS: i64 = 1_000_000;
/// Most numbers remembered of one key: what half a second holds of the busiest source, eight times over.
const NUMBERS_MAX: usize = 512;

/// Why a frame comes at the wrong time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Untimely {
    /// Opened before, or too far behind what was opened.
    Again,
    /// It comes much later than what its source sent before.
    Late,
}

/// Which numbers of a key were opened. It lives as long as the key can be derived, whether the key itself is here or
/// not.
#[derive(Default)]
pub(super) struct Opened {
    numbers: BTreeSet<Number>,
    /// Below this, all count as opened.
    floor: u64,
}

impl Opened {
    /// Whatever has a lower time than this was opened, or could have been, before this process knew of it.
    pub(super) fn start_above(&mut self, floor: u64) {
        self.floor = self.floor.max(floor);
    }

    pub(super) fn may(&self, number: Number) -> Result<(), Untimely> {
        if number.to_u64() < self.floor || self.numbers.contains(&number) { Err(Untimely::Again) } else { Ok(()) }
    }

    /// Call it once the frame is proven.
    pub(super) fn note(&mut self, number: Number) {
        self.numbers.insert(number);
        if self.numbers.len() > NUMBERS_MAX
            && let Some(lowest) = self.numbers.pop_first()
        {
            self.floor = self.floor.max(lowest.to_u64() + 1);
        }
    }

    /// Highest number opened.
    pub(super) fn highest(&self) -> Option<Number> {
        self.numbers.last().copied()
    }
}

/// One medium of one source in one generation of its keys.
#[derive(Default)]
struct Track {
    newest_ms: Option<u64>,
    /// Arrival less the source's time, the least seen, in nanoseconds, and when a frame came last, in milliseconds; the
    /// zero of both clocks is anywhere.
    least: Option<(i64, u64)>,
    /// Nothing but late frames since, and the newest of them.
    late_since: Option<(u64, u64)>,
}

/// How the time of one source goes by, over all of its keys of one generation.
#[derive(Default)]
pub(super) struct Pace {
    voice: Track,
    picture: Track,
}

impl Pace {
    fn track(&mut self, medium: Medium) -> &mut Track {
        match medium {
            Medium::Voice => &mut self.voice,
            Medium::Picture => &mut self.picture,
        }
    }

    /// May a proven frame of this number be used, which arrived at `now_ms` of this console's steady clock? True: it
    /// may, and its way has become longer.
    pub(super) fn take(&mut self, medium: Medium, number: Number, now_ms: u64) -> Result<bool, Untimely> {
        let track = self.track(medium);
        let time = number.time_ms();
        if track.newest_ms.is_some_and(|newest| time + ORDER_MS < newest) {
            return Err(Untimely::Again);
        }
        let way = i64::try_from(now_ms).unwrap_or(i64::MAX).saturating_sub_unsigned(time).saturating_mul(MS_NS);
        let (least, since) = track.least.unwrap_or((way, now_ms));
        let silence = i64::try_from(now_ms.saturating_sub(since).min(SILENCE_MS)).unwrap_or(i64::MAX);
        let usual = least.saturating_add(silence.saturating_mul(DRIFT_NS));
        track.least = Some((usual.min(way), now_ms));
        let mut longer = false;
        if way > usual.saturating_add_unsigned(LATE_MS * MS_NS.unsigned_abs()) {
            let (since, newest) = track.late_since.get_or_insert((now_ms, time));
            if now_ms.saturating_sub(*since) < LATE_FOR_MS {
                *newest = time.max(*newest);
                return Err(Untimely::Late);
            }
            longer = true;
            track.least = Some((way, now_ms));
        }
        track.late_since = None;
        track.newest_ms = Some(track.newest_ms.map_or(time, |newest| newest.max(time)));
        Ok(longer)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::number::Numbers;
    use super::*;

    fn at(ms: u64) -> Number {
        Numbers::new().next(ms).unwrap()
    }

    #[test]
    fn a_sentence_is_not_cut_anew() {
        let mut pace = Pace::default();
        assert_eq!(pace.take(Medium::Voice, at(1_000), 5_000), Ok(false));
        assert_eq!(pace.take(Medium::Voice, at(1_600), 5_600), Ok(false));
        assert_eq!(pace.take(Medium::Voice, at(1_240), 5_610), Ok(false), "a copy by a longer path");
        assert_eq!(pace.take(Medium::Voice, at(1_196), 5_620), Err(Untimely::Again));
        assert_eq!(pace.take(Medium::Picture, at(1_000), 5_620), Ok(false), "pictures have an order of their own");
    }

    #[test]
    fn a_word_is_not_kept_for_a_better_moment() {
        let mut pace = Pace::default();
        assert_eq!(pace.take(Medium::Voice, at(1_000), 5_000), Ok(false));
        assert_eq!(pace.take(Medium::Voice, at(1_020), 5_020 + LATE_MS), Ok(false), "a satellite");
        assert_eq!(pace.take(Medium::Voice, at(1_040), 17_000), Err(Untimely::Late));
        assert_eq!(pace.take(Medium::Voice, at(13_000), 17_000), Ok(false), "what is said now passes");
        assert_eq!(pace.take(Medium::Voice, at(1_060), 17_010), Err(Untimely::Again));
    }

    #[test]
    fn a_way_that_became_longer_is_heard_again_and_told() {
        let mut pace = Pace::default();
        assert_eq!(pace.take(Medium::Voice, at(0), 0), Ok(false));
        let mut told = None;
        for step in 1..200 {
            let (time, now) = (step * 20, step * 20 + 3_000);
            if pace.take(Medium::Voice, at(time), now) == Ok(true) {
                told.get_or_insert(now);
            }
        }
        assert_eq!(told, Some(5_020), "after two seconds of nothing else, once");
    }

    #[test]
    fn clocks_may_drift() {
        let mut pace = Pace::default();
        for minute in 0..6_000 {
            // The source's clock is slow by 100 millionths: after 100 hours 36 s.
            let (time, now) = (minute * 60_000 - minute * 6, minute * 60_000);
            assert_eq!(pace.take(Medium::Voice, at(time), now), Ok(false), "{minute}");
        }
    }

    /// After how long a node that adds so many microseconds to the way in each second is found out, in seconds; it has
    /// added the second by then, in milliseconds.
    fn found_out(added_us: u64, seconds: u64) -> Option<(u64, u64)> {
        let mut pace = Pace::default();
        (0..seconds).map(|second| (second, second * added_us / 1_000)).find(|(second, added)| {
            let time = second * 1_000;
            pace.take(Medium::Voice, at(time), time + added) != Ok(false)
        })
    }

    #[test]
    fn a_way_that_a_node_lengthens_little_by_little_is_found_out_unless_a_clock_could_do_it() {
        assert_eq!(found_out(200, 36_000), None, "two clocks, as far apart as they may be");
        for added_us in [400, 1_000, 5_000] {
            let (_, added) = found_out(added_us, 36_000).unwrap();
            // What it added beyond what clocks do.
            assert!(
                added * (added_us - 200) / added_us <= LATE_MS + added_us.div_ceil(1_000),
                "{added_us}: {added} ms"
            );
        }
    }

    #[test]
    fn the_first_word_after_a_long_silence_is_not_kept_back() {
        for hours in 1..=8 {
            let mut pace = Pace::default();
            let silence = hours * 3_600_000;
            assert_eq!(pace.take(Medium::Voice, at(0), 100), Ok(false));
            let kept = LATE_MS + SILENCE_MS / 5_000;
            assert_eq!(pace.take(Medium::Voice, at(silence), silence + 100 + kept + 1), Err(Untimely::Late));
            assert_eq!(pace.take(Medium::Voice, at(silence + 20), silence + 120 + kept), Ok(false));
        }
    }

    #[test]
    fn pictures_in_many_packets_forget_no_faster() {
        let mut pace = Pace::default();
        for ms in 0..600_000 {
            assert_eq!(pace.take(Medium::Picture, at(ms / 4 * 4), ms), Ok(false));
        }
        assert_eq!(pace.take(Medium::Picture, at(600_000), 600_000 + LATE_MS + 5), Err(Untimely::Late));
    }

    #[test]
    fn a_number_opens_once() {
        let mut opened = Opened::default();
        assert_eq!(opened.may(at(40)), Ok(()));
        opened.note(at(40));
        assert_eq!(opened.may(at(40)), Err(Untimely::Again));
        assert_eq!(opened.may(at(36)), Ok(()));
        for step in 0..NUMBERS_MAX as u64 {
            opened.note(at(100 + step * 4));
        }
        assert_eq!(opened.may(at(40)), Err(Untimely::Again), "forgotten ones stay opened");
        opened.start_above(at(10_000).to_u64());
        assert_eq!(opened.may(at(9_996)), Err(Untimely::Again));
        assert_eq!(opened.may(at(10_000)), Ok(()));
    }
}
