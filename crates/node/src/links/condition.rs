//! What a path can bear now, from counters that are read a few times a second. Pure.
//!
//! Loss without longer round trips is a bad line: voices are said again. Longer round trips are a full line: nothing is
//! said again, and the picture goes off. Little that arrives on a full line is a narrow one: voices wait for each other
//! and share a packet.

/// Share of loss, in thousandths, from which a voice is said again once, and twice.
const AGAIN: [u64; 2] = [10, 80];
/// Less than this many packets say nothing about loss.
const ENOUGH: u64 = 50;
/// How many of 20 parts of what was counted is kept at each reading: 2 s at ten readings a second.
const KEPT: u64 = 19;
/// Less than this arriving per second while the line is full is a narrow one, in kbit/s: two single voices do not fit.
const NARROW_KBIT: u64 = 130;
/// A path is held to be narrow for this long after it was full last, in microseconds: at first, and at most; it doubles
/// each time.
const NARROW_US: (u64, u64) = (30_000_000, 300_000_000);
/// A picture that found the line full stays off for this long, in microseconds: at first, and at most; it doubles while
/// that repeats.
const OFF_US: (u64, u64) = (2_000_000, 60_000_000);
/// Readings in a row that must find the line full: a moment's queue is none.
const FULL_FOR: u32 = 3;
/// For so long after a path that had fallen silent answers again, its round trips and losses tell of the cut, not of
/// the line.
const SETTLE_US: u64 = 2_000_000;
/// And so many to find it narrow, with a deep queue or with loss: a busy machine is slow as well.
const NARROW_FOR: u32 = 10;

/// What the transport has counted since the path came up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reading {
    pub now_us: u64,
    pub sent: u64,
    pub lost: u64,
    /// Bytes.
    pub delivered: u64,
    /// Something waits in a queue on the way.
    pub full: bool,
    /// For so long that a fast path would have to be very busy.
    pub deep: bool,
    /// A picture found no room here since the last reading.
    pub refused: bool,
    /// It is asked and nothing comes back at all: it is cut, not full.
    pub silent: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Condition {
    last: Reading,
    /// Packets sent and lost lately, in twentieths; bytes delivered per second, smoothed.
    sent: u64,
    lost: u64,
    kbit: u64,
    full_for: u32,
    settled_us: u64,
    again: u8,
    narrow_until_us: u64,
    narrow_for_us: u64,
    off_until_us: u64,
    off_for_us: u64,
}

impl Condition {
    /// Takes a reading.
    pub(super) fn take(&mut self, reading: Reading) {
        let Reading { now_us, .. } = reading;
        let passed_us = now_us.saturating_sub(self.last.now_us).max(1);
        self.sent = self.sent * KEPT / 20 + reading.sent.saturating_sub(self.last.sent) * 20;
        self.lost = self.lost * KEPT / 20 + reading.lost.saturating_sub(self.last.lost) * 20;
        let kbit = reading.delivered.saturating_sub(self.last.delivered) * 8_000 / passed_us;
        self.kbit = (self.kbit * 7 + kbit) / 8;
        if reading.silent {
            self.settled_us = now_us + SETTLE_US;
        }
        if now_us < self.settled_us {
            (self.sent, self.lost) = (0, 0);
        }
        let full = reading.full && now_us >= self.settled_us;
        self.full_for = if full { self.full_for.saturating_add(1) } else { 0 };
        self.last = reading;
        self.say_again();
        if self.full_for >= FULL_FOR {
            if self.kbit < NARROW_KBIT && self.full_for >= NARROW_FOR && (reading.deep || self.loses()) {
                if now_us >= self.narrow_until_us {
                    self.narrow_for_us = (self.narrow_for_us * 2).clamp(NARROW_US.0, NARROW_US.1);
                }
                self.narrow_until_us = now_us + self.narrow_for_us;
            }
            if now_us >= self.off_until_us && (reading.refused || self.is_narrow()) {
                let soon = now_us < self.off_until_us + OFF_US.1;
                self.off_for_us = if soon && self.off_for_us > 0 { self.off_for_us * 2 } else { 0 };
                self.off_for_us = self.off_for_us.clamp(OFF_US.0, OFF_US.1);
                self.off_until_us = now_us + self.off_for_us;
            }
        }
    }

    fn say_again(&mut self) {
        if self.last.full {
            self.again = 0;
            return;
        }
        if self.sent < ENOUGH * 20 {
            return;
        }
        let share = self.lost * 1_000 / self.sent.max(1);
        let more = AGAIN.iter().filter(|least| share >= **least).count() as u8;
        // Once begun it goes on until loss is half of what began it.
        let less = AGAIN.iter().filter(|least| share * 2 >= **least).count() as u8;
        self.again = self.again.clamp(more, less);
    }

    fn loses(&self) -> bool {
        self.sent >= ENOUGH * 20 && self.lost * 1_000 / self.sent >= AGAIN[0]
    }

    /// How many times a voice is said again.
    pub(super) fn again(&self) -> u8 {
        self.again
    }

    /// Voices are to share packets, and control to go slowly.
    pub(super) fn is_narrow(&self) -> bool {
        self.last.now_us < self.narrow_until_us
    }

    /// Pictures may pass.
    pub(super) fn pictures(&self) -> bool {
        !self.is_narrow() && self.last.now_us >= self.off_until_us
    }
}

#[cfg(test)]
mod tests {
    use super::{Condition, Reading};

    /// Ten readings a second: packets sent, lost of a hundred, kbit/s delivered, full, refused.
    fn seconds(condition: &mut Condition, count: u64, rate: (u64, u64, u64), full: bool, refused: bool) {
        for _ in 0..count * 10 {
            let last = condition.last;
            condition.take(Reading {
                now_us: last.now_us + 100_000,
                sent: last.sent + rate.0,
                lost: last.lost + rate.0 * rate.1 / 100,
                delivered: last.delivered + rate.2 * 1_000 / 80,
                full,
                deep: full && rate.2 < 130,
                refused,
                silent: false,
            });
        }
    }

    #[test]
    fn voices_are_said_again_on_a_bad_line_and_never_on_a_full_one() {
        let mut condition = Condition::default();
        seconds(&mut condition, 5, (100, 0, 5_000), false, false);
        assert_eq!(condition.again(), 0);
        seconds(&mut condition, 5, (100, 3, 5_000), false, false);
        assert_eq!(condition.again(), 1);
        seconds(&mut condition, 5, (100, 20, 5_000), false, false);
        assert_eq!(condition.again(), 2);
        seconds(&mut condition, 1, (100, 20, 5_000), true, false);
        assert_eq!(condition.again(), 0);
        assert!(condition.pictures() && !condition.is_narrow());
    }

    #[test]
    fn a_narrow_line_has_no_picture_and_is_tried_again_less_and_less_often() {
        let mut condition = Condition::default();
        seconds(&mut condition, 3, (10, 0, 64), false, false);
        assert!(condition.pictures() && !condition.is_narrow());
        seconds(&mut condition, 2, (10, 0, 64), true, false);
        assert!(!condition.pictures() && condition.is_narrow());
        seconds(&mut condition, 31, (10, 0, 64), false, false);
        assert!(!condition.is_narrow());
        seconds(&mut condition, 2, (10, 0, 64), true, false);
        seconds(&mut condition, 31, (10, 0, 64), false, false);
        assert!(condition.is_narrow());
    }

    #[test]
    fn a_path_that_was_cut_for_a_moment_is_neither_full_nor_bad_afterwards() {
        let mut condition = Condition::default();
        seconds(&mut condition, 5, (100, 0, 5_000), false, false);
        for turn in 0..20 {
            let last = condition.last;
            let late = turn > 10;
            condition.take(Reading {
                now_us: last.now_us + 100_000,
                sent: last.sent + 10,
                lost: last.lost + 10,
                full: late,
                deep: late,
                refused: true,
                silent: !late,
                ..last
            });
        }
        seconds(&mut condition, 1, (100, 0, 100), true, true);
        assert!(condition.pictures() && !condition.is_narrow() && condition.again() == 0);
        // What is still so then is true.
        seconds(&mut condition, 3, (100, 0, 100), true, true);
        assert!(condition.is_narrow());
    }

    #[test]
    fn a_picture_that_fills_the_line_goes_off_for_longer_each_time() {
        let mut condition = Condition::default();
        let mut off = Vec::new();
        for _ in 0..3 {
            seconds(&mut condition, 1, (100, 0, 1_000), true, true);
            assert!(!condition.pictures() && !condition.is_narrow());
            let mut waited = 0;
            while !condition.pictures() {
                seconds(&mut condition, 1, (100, 0, 1_000), false, false);
                waited += 1;
            }
            off.push(waited);
        }
        assert!(off.is_sorted() && off[0] < off[2], "{off:?}");
    }
}
