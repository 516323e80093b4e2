//! The number of a frame (RFC 9605 §4.3: the counter): when it was sealed, and in which order.

/// Milliseconds of one step of a frame's time.
pub const STEP_MS: u64 = 4;
/// Low bits of a number that count frames.
const COUNT_BITS: u32 = 8;
/// A number starts at 2²⁴, so that its encoding has four bytes from the first frame on: packets of one rung have one
/// size.
const FIRST_STEP: u64 = 1 << (24 - COUNT_BITS);
/// Highest number of one key. With four bytes a call lasts 18 hours, with the fifth half a year; far below what AES-GCM
/// allows (RFC 9605 §9.1, NIST SP 800-38D §8.3).
pub const NUMBER_MAX: u64 = (1 << 40) - 1;

/// A frame's number: 8 bits that count the sender's frames under a key, and above them its time in steps of 4 ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(u64);

impl Number {
    /// As it stands in a header; none: no sender gives such a number.
    #[must_use]
    pub fn from_u64(number: u64) -> Option<Self> {
        ((FIRST_STEP << COUNT_BITS)..=NUMBER_MAX).contains(&number).then_some(Self(number))
    }

    /// As it stands in a header.
    #[must_use]
    pub fn to_u64(self) -> u64 {
        self.0
    }

    /// When it was sealed by its sender's clock: milliseconds since the beginning of the generation, in steps of
    /// [`STEP_MS`].
    #[must_use]
    pub fn time_ms(self) -> u64 {
        ((self.0 >> COUNT_BITS) - FIRST_STEP) * STEP_MS
    }

    /// The frame's place among those under its key, modulo 256; the first has 0.
    #[must_use]
    pub fn count(self) -> u8 {
        self.0 as u8
    }
}

/// Gives numbers out, each once.
pub(super) struct Numbers {
    step: u64,
    /// Frames in this step so far.
    here: u16,
    count: u64,
}

impl Numbers {
    pub(super) fn new() -> Self {
        Self { step: FIRST_STEP, here: 0, count: 0 }
    }

    pub(super) fn given(&self) -> u64 {
        self.count
    }

    /// The next one, at `time_ms` since the beginning of the generation; none: all are used up. A clock that goes back
    /// counts as one that stands still.
    pub(super) fn next(&mut self, time_ms: u64) -> Option<Number> {
        let step = (FIRST_STEP + time_ms / STEP_MS).max(self.step);
        if step > NUMBER_MAX >> COUNT_BITS {
            return None;
        }
        if step > self.step {
            (self.step, self.here) = (step, 0);
        } else if self.here >= 1 << COUNT_BITS {
            // All 256 counts of this step are given.
            (self.step, self.here) = (self.step + 1, 0);
        }
        let number = self.step << COUNT_BITS | self.count & ((1 << COUNT_BITS) - 1);
        if number > NUMBER_MAX {
            // The last step was full.
            return None;
        }
        self.here += 1;
        self.count += 1;
        Some(Number(number))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_number_is_given_twice_whatever_the_clock_does() {
        let (mut numbers, mut seen) = (Numbers::new(), BTreeSet::new());
        for time in [0, 0, 7, 3, 1_000, 999, 1_000_000, 5].into_iter().cycle().take(4_000) {
            assert!(seen.insert(numbers.next(time).unwrap().to_u64()));
        }
        let mut numbers = Numbers::new();
        let given: BTreeSet<u64> = (0..2_000).map(|_| numbers.next(0).unwrap().to_u64()).collect();
        assert_eq!(given.len(), 2_000);
        assert_eq!(numbers.next(u64::MAX / 8), None);
    }

    #[test]
    fn a_number_says_when_and_has_four_bytes_from_the_first() {
        let mut numbers = Numbers::new();
        let first = numbers.next(0).unwrap();
        assert_eq!((first.to_u64(), first.time_ms(), first.count()), (1 << 24, 0, 0));
        let later = numbers.next(18 * 3_600_000).unwrap();
        assert_eq!((later.time_ms(), later.count()), (18 * 3_600_000, 1));
        assert!(later.to_u64() <= u64::from(u32::MAX));
        assert_eq!(Number::from_u64((1 << 24) - 1), None);
    }
}
