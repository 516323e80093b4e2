//! What is known of one path: from counters that are read a few times a second, pure.

/// Round trips differ by chance: this much longer than one and a half of them without an answer is silence.
const SILENCE_US: u64 = 200_000;
/// A round trip may be so much longer than twice the shortest one; more is no measure for silence.
const LONGER_US: u64 = 50_000;
/// So much longer yet, and so many more unanswered: it is dead, whatever the transport still hopes for.
const DEAD_US: u64 = 3_000_000;
const DEAD_UNANSWERED: u64 = 10;
/// A packet or two may be lost with their answers; more unanswered ones are silence.
const UNANSWERED: u64 = 3;

/// What the transport has counted since the path came up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub round_trip_us: u64,
    /// The shortest that was ever measured; 0: not known.
    pub shortest_us: u64,
    pub sent: u64,
    pub lost: u64,
    pub udp_out: u64,
    pub udp_in: u64,
    pub bytes_out: u64,
    pub bytes_in: u64,
    /// Datagrams wait here: as much is unanswered as the transport lets be under way.
    pub waiting: bool,
}

/// One path over time.
#[derive(Debug, Default)]
pub(super) struct Meter {
    last: Counted,
    /// What had been counted when the second began.
    began: Counted,
    past: Second,
    jitter_sixteenths: u64,
    heard_us: u64,
    /// Packets that had been sent when something came last.
    heard_at_out: u64,
}

/// One second of a path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Second {
    pub loss_ppm: u32,
    pub bytes_out: u32,
    pub bytes_in: u32,
}

impl Meter {
    pub(super) fn new(now_us: u64) -> Self {
        Self { heard_us: now_us, ..Self::default() }
    }

    /// Takes a reading.
    pub(super) fn read(&mut self, now_us: u64, counted: Counted) {
        if counted.udp_in != self.last.udp_in {
            (self.heard_us, self.heard_at_out) = (now_us, counted.udp_out);
        }
        if self.last.round_trip_us > 0 {
            // RFC 3550 §6.4.1, of round trips.
            let differs = counted.round_trip_us.abs_diff(self.last.round_trip_us);
            self.jitter_sixteenths += differs;
            self.jitter_sixteenths -= (self.jitter_sixteenths / 16).min(self.jitter_sixteenths);
        }
        self.last = counted;
    }

    /// Has it been asked several times, and said nothing for longer than an answer takes?
    pub(super) fn is_silent(&self, now_us: u64) -> bool {
        let unanswered = self.last.udp_out.saturating_sub(self.heard_at_out);
        // After a cut the mean is long for a while: it counts what waited for the mending.
        let usual = match self.last.shortest_us {
            0 => self.last.round_trip_us,
            shortest => self.last.round_trip_us.min(shortest * 2 + LONGER_US),
        };
        let patience = SILENCE_US + usual * 3 / 2;
        (unanswered >= UNANSWERED || self.last.waiting) && now_us.saturating_sub(self.heard_us) > patience
    }

    /// Is it over? A path that was not asked much ends by the transport's own idle time.
    pub(super) fn is_dead(&self, now_us: u64) -> bool {
        let unanswered = self.last.udp_out.saturating_sub(self.heard_at_out);
        let patience = DEAD_US + self.last.round_trip_us * 3;
        (unanswered >= DEAD_UNANSWERED || self.last.waiting) && now_us.saturating_sub(self.heard_us) > patience
    }

    pub(super) fn round_trip_us(&self) -> u64 {
        self.last.round_trip_us
    }

    pub(super) fn jitter_us(&self) -> u32 {
        small(self.jitter_sixteenths / 16)
    }

    /// What was in the last whole second.
    pub(super) fn past(&self) -> Second {
        self.past
    }

    /// Ends a second.
    pub(super) fn end_second(&mut self) {
        let (before, now) = (std::mem::replace(&mut self.began, self.last), self.last);
        let sent = now.sent.saturating_sub(before.sent);
        let lost = now.lost.saturating_sub(before.lost).min(sent);
        self.past = Second {
            loss_ppm: small((lost * 1_000_000).checked_div(sent).unwrap_or(0)),
            bytes_out: small(now.bytes_out.saturating_sub(before.bytes_out)),
            bytes_in: small(now.bytes_in.saturating_sub(before.bytes_in)),
        };
    }
}

pub(super) fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_silent_when_it_is_asked_and_does_not_answer() {
        let mut meter = Meter::new(0);
        let mut counted = Counted { round_trip_us: 20_000, udp_out: 5, udp_in: 5, ..Counted::default() };
        meter.read(0, counted);
        assert!(!meter.is_silent(60_000_000), "nothing was asked");
        counted.udp_out += 2;
        meter.read(100_000, counted);
        assert!(!meter.is_silent(5_000_000), "two may be lost");
        counted.udp_out += 20;
        meter.read(200_000, counted);
        assert!(!meter.is_silent(200_000));
        assert!(meter.is_silent(231_000));
        assert!(!meter.is_dead(3_060_000));
        assert!(meter.is_dead(3_061_000));
        counted.udp_in += 1;
        meter.read(240_000, counted);
        assert!(!meter.is_silent(240_000));
        // What waited for the mending of a cut came two seconds late; then it is cut again.
        counted = Counted { round_trip_us: 500_000, shortest_us: 20_000, udp_out: counted.udp_out + 20, ..counted };
        meter.read(300_000, counted);
        assert!(!meter.is_silent(570_000) && meter.is_silent(576_000));
        // Nothing more is let out until something is answered.
        counted = Counted { udp_in: counted.udp_in + 1, waiting: true, ..counted };
        meter.read(600_000, counted);
        assert!(!meter.is_silent(600_000) && meter.is_silent(976_000));
    }

    #[test]
    fn a_second_has_its_own_loss_and_jitter_follows_slowly() {
        let mut meter = Meter::new(0);
        meter.read(0, Counted { round_trip_us: 10_000, sent: 100, lost: 0, ..Counted::default() });
        meter.end_second();
        for turn in 0..200 {
            let round_trip_us = if turn % 2 == 0 { 12_000 } else { 10_000 };
            meter.read(turn, Counted { round_trip_us, sent: 200, lost: 20, bytes_out: 5, ..Counted::default() });
        }
        meter.end_second();
        assert_eq!(meter.past(), Second { loss_ppm: 200_000, bytes_out: 5, bytes_in: 0 });
        meter.end_second();
        assert_eq!(meter.past(), Second::default());
        assert!((1_800..=2_000).contains(&meter.jitter_us()), "{}", meter.jitter_us());
    }
}
