//! Numbers that go on without a break while the sender behind them changes.
//!
//! A place of a leg is one RTP stream for the console (one SSRC), whoever is heard there. Sequence and time are moved
//! so that they go on. A sequence is never given out twice: it is part of the SRTP nonce (RFC 7714 §8.1).

/// A jump larger than this is a new beginning. A receiver that loses some in a row must not take them for a roll-over
/// (RFC 3711 appendix A: half of 65,536).
const JUMP: u64 = 2_048;
/// What came from the source itself may be so far behind what a relay brought before it, as may be under way at once;
/// more is dropped by receivers as old: libwebrtc looks for no more than 1,024 behind, others for 100.
const BEHIND: u64 = 64;
/// A packet whose time is so far from what the clock says, in milliseconds, moves nobody's clock: more lets a liar move
/// the time of a place by so much, less takes a sender that catches up for one.
const TIME_OFF_MS: u32 = 3_000;

/// Moves the numbers of changing senders onto one line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rebase {
    /// What the anchor belongs to; another one begins anew.
    generation: u32,
    base_in: u64,
    base_out: u64,
    shift_time: u32,
    /// Highest sequence given out; the first one is 1, far below the first roll-over.
    last_out: u64,
    last_time: u32,
    last_ms: u64,
    /// A packet has gone out: the two say something.
    timed: bool,
    /// The next packet follows the last one sent, whatever lay between; but for so many that it may have overtaken.
    gap: Option<u64>,
    /// The next packet begins anew.
    anew: bool,
}

impl Rebase {
    /// Gives out `after + 1` first.
    pub(crate) fn after(after: u64) -> Self {
        Self { last_out: after, ..Self::default() }
    }

    /// The numbers to send for a packet with these numbers, or none if it is older than the beginning of this sender
    /// here. `clock_khz` is the RTP clock (48 for voice, 90 for pictures). `generation` is never 0.
    pub(crate) fn map(
        &mut self,
        generation: u32,
        sequence: u64,
        time: u32,
        clock_khz: u32,
        now_ms: u64,
    ) -> Option<(u64, u32)> {
        if self.generation != generation || std::mem::take(&mut self.anew) {
            self.anchor(generation, sequence, time, clock_khz, now_ms);
        } else if let Some(room) = self.gap {
            // No more than were left out: where none was, nothing of the gap stays.
            let next = self.base_in + (self.last_out + 1 - self.base_out);
            self.base_in = sequence - room.min(sequence.saturating_sub(next));
            self.base_out = self.last_out + 1;
        }
        self.gap = None;
        let mut out = self.base_out + sequence.checked_sub(self.base_in)?;
        if out > self.last_out + JUMP {
            self.anchor(generation, sequence, time, clock_khz, now_ms);
            out = self.base_out;
        }
        let out_time = time.wrapping_add(self.shift_time);
        if out > self.last_out {
            let since_ms = now_ms.saturating_sub(self.last_ms).min(3_600_000) as u32;
            let expected = self.last_time.wrapping_add(since_ms.wrapping_mul(clock_khz));
            let off = out_time.wrapping_sub(expected) as i32;
            let plausible = !std::mem::replace(&mut self.timed, true) || off.unsigned_abs() <= TIME_OFF_MS * clock_khz;
            self.last_out = out;
            self.last_time = if plausible { out_time } else { expected };
            self.last_ms = now_ms;
        }
        Some((out, out_time))
    }

    /// This packet is the newest that came from the source itself. If what began here before it was further on, or what
    /// was given out is too far on for whoever receives it, that was a relay's, and perhaps made up: what comes from
    /// here on begins anew.
    pub(crate) fn is_newest(&mut self, sequence: u64) {
        let out = sequence.checked_sub(self.base_in).map(|further| self.base_out + further);
        self.anew |= out.is_none_or(|out| out + BEHIND < self.last_out);
    }

    /// This packet is the newest that came from the source itself, and a relay brought a copy of it before. If that was
    /// so far behind what this begins with, or what was given out, that no receiver took it, a relay made that up: what
    /// comes after it goes on from here. Less far behind the beginning it does not: the first packets of a voice that
    /// overtake each other would move its clock.
    pub(crate) fn copy_of_the_source(
        &mut self,
        generation: u32,
        sequence: u64,
        time: u32,
        clock_khz: u32,
        now_ms: u64,
    ) {
        let far = match sequence.checked_sub(self.base_in) {
            Some(further) => self.base_out + further + BEHIND < self.last_out,
            None => self.base_in - sequence > BEHIND,
        };
        if far && self.generation == generation {
            self.anchor(generation, sequence, time, clock_khz, now_ms);
        }
    }

    /// What was left out since the last packet was left out on purpose: the receiver must not look for it. `room`: for
    /// so many that the next packet may have overtaken.
    pub(crate) fn close_gap(&mut self, room: u64) {
        self.gap = Some(room);
    }

    fn anchor(&mut self, generation: u32, sequence: u64, time: u32, clock_khz: u32, now_ms: u64) {
        let first = self.generation == 0;
        self.anew = false;
        self.generation = generation;
        self.base_in = sequence;
        self.base_out = self.last_out + 1;
        self.shift_time = if first {
            0
        } else {
            let gap_ms = now_ms.saturating_sub(self.last_ms).clamp(1, 3_600_000) as u32;
            self.last_time.wrapping_add(gap_ms.wrapping_mul(clock_khz)).wrapping_sub(time)
        };
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const KHZ: u32 = 48;

    /// A voice packet every 20 ms.
    fn voice(numbers: &mut Rebase, generation: u32, sequence: u64) -> Option<(u64, u32)> {
        numbers.map(generation, sequence, (sequence as u32).wrapping_mul(960), KHZ, sequence * 20)
    }

    #[test]
    fn what_a_relay_put_far_ahead_is_left_behind_by_the_next_that_came_directly() {
        let mut numbers = Rebase::default();
        for sequence in 100..110 {
            voice(&mut numbers, 1, sequence).unwrap();
        }
        let far = numbers.map(1, 2_140, 110 * 960, KHZ, 2_200).unwrap().0;
        assert_eq!(far, 2_041);
        for sequence in 110..200 {
            numbers.is_newest(sequence);
            let (out, _) = voice(&mut numbers, 1, sequence).unwrap();
            assert!(out + BEHIND > numbers.last_out, "{out} beside {}", numbers.last_out);
        }
    }

    #[test]
    fn a_copy_that_begins_anew_may_come_beside_a_gap_that_was_left_on_purpose() {
        for gap_first in [true, false] {
            let mut numbers = Rebase::default();
            voice(&mut numbers, 1, 1_100).unwrap();
            if gap_first {
                numbers.close_gap(0);
            }
            numbers.copy_of_the_source(1, 1_000, 1_000 * 960, KHZ, 2_000);
            if !gap_first {
                numbers.close_gap(0);
            }
            let given: Vec<u64> = (1_001..1_004).map(|n| voice(&mut numbers, 1, n).unwrap().0).collect();
            assert!(given.windows(2).all(|two| two[1] == two[0] + 1) && given[0] > 1, "{gap_first}: {given:?}");
        }
    }

    #[test]
    fn packets_that_overtake_each_other_begin_nothing() {
        let mut numbers = Rebase::default();
        voice(&mut numbers, 1, 100).unwrap();
        let ahead = voice(&mut numbers, 1, 150).unwrap().0;
        numbers.is_newest(101);
        assert_eq!((voice(&mut numbers, 1, 101).unwrap().0, numbers.last_out), (2, ahead));
    }

    #[test]
    fn one_packet_with_another_time_moves_no_clock() {
        for lie in [0_u32.wrapping_sub(5 * 48_000), 1 << 31, 600 * 48_000] {
            let mut numbers = Rebase::after(1_000);
            let mut last = 0;
            for sequence in 100..150 {
                last = voice(&mut numbers, 1, sequence).unwrap().1;
            }
            numbers.map(1, 150, (150 * 960_u32).wrapping_add(lie), KHZ, 3_000).unwrap();
            // It is found out, and the source begins anew here.
            let (_, time) = voice(&mut numbers, 2, 150).unwrap();
            let moved = time.wrapping_sub(last) as i32;
            assert!((0..=48_000).contains(&moved), "{moved}");
        }
    }

    #[test]
    fn a_jump_that_a_receiver_could_take_for_a_roll_over_is_none_for_it() {
        let mut numbers = Rebase::default();
        let mut last = 0;
        for n in 0..400 {
            let (out, _) = voice(&mut numbers, 1, 1 + n * 16_383).unwrap();
            assert!(out <= last + JUMP);
            last = out;
        }
        // Ten in a row may be lost.
        const { assert!(10 * JUMP < 1 << 15) };
    }
}
