//! Which path carries pictures: pure.

/// A path with less than this cap never carries pictures, in kbit/s: a picture of any use needs more.
pub(super) const PICTURE_LEAST_KBIT: u32 = 512;
/// Another path must be so much faster before pictures move to it: a part of eight of the round trip, and this many
/// microseconds.
const BETTER_EIGHTHS: u64 = 5;
const BETTER_US: u64 = 5_000;
/// And that for so long.
const BETTER_FOR_US: u64 = 5_000_000;
/// A path that was left because it died or starved is not taken again for so long, unless there is no other.
const AWAY_US: u64 = 10_000_000;
/// Pictures that find no room for so long are starving.
const STARVED_US: u64 = 400_000;

/// One path, as far as the choice goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub id: u64,
    pub round_trip_us: u64,
    /// Nothing has come back for longer than it should take.
    pub silent: bool,
    /// Pictures found no room since the last look.
    pub full: bool,
    pub cap_kbit: Option<u32>,
}

impl Seen {
    pub(super) fn may_carry_pictures(&self) -> bool {
        self.cap_kbit.is_none_or(|cap| cap >= PICTURE_LEAST_KBIT)
    }
}

/// Keeps the choice steady.
#[derive(Debug, Default)]
pub(super) struct Choice {
    best: Option<u64>,
    /// Since when pictures find no room.
    full_since_us: Option<u64>,
    /// Which path is much faster, and since when.
    better: Option<(u64, u64)>,
    /// Which one was left, and when.
    left: Option<(u64, u64)>,
}

impl Choice {
    /// Looks at all paths that are up and says which one carries pictures; none: none can. Call it several times a
    /// second.
    pub(super) fn look(&mut self, now_us: u64, paths: &[Seen]) -> Option<u64> {
        let able = || paths.iter().filter(|path| path.may_carry_pictures());
        let fastest = |among: &dyn Fn(&Seen) -> bool| {
            able().filter(|path| among(path)).min_by_key(|path| (path.silent, path.round_trip_us, path.id))
        };
        let left = self.left.filter(|(_, at)| now_us < at + AWAY_US).map(|(id, _)| id);
        let other = |not: Option<u64>| {
            fastest(&|path| Some(path.id) != left && Some(path.id) != not && !path.silent)
                .or_else(|| fastest(&|path| Some(path.id) != not && !path.silent))
        };
        let Some(current) = able().find(|path| Some(path.id) == self.best).copied() else {
            let first = other(None).or_else(|| fastest(&|_| true));
            self.go(first.map(|path| path.id));
            return self.best;
        };
        self.full_since_us = current.full.then(|| self.full_since_us.unwrap_or(now_us));
        let starved = self.full_since_us.is_some_and(|since| now_us >= since + STARVED_US);
        if current.silent || starved {
            if let Some(next) = other(Some(current.id)).filter(|next| current.silent || !next.full) {
                self.left = Some((current.id, now_us));
                self.go(Some(next.id));
            }
            return self.best;
        }
        let much = current.round_trip_us * BETTER_EIGHTHS / 8;
        let better = other(Some(current.id)).filter(|next| {
            Some(next.id) != left && next.round_trip_us < much && next.round_trip_us + BETTER_US < current.round_trip_us
        });
        self.better = match (better, self.better) {
            (Some(next), Some((id, since))) if id == next.id => Some((id, since)),
            (Some(next), _) => Some((next.id, now_us)),
            (None, _) => None,
        };
        if let Some((id, since)) = self.better
            && now_us >= since + BETTER_FOR_US
        {
            self.go(Some(id));
        }
        self.best
    }

    fn go(&mut self, to: Option<u64>) {
        (self.best, self.full_since_us, self.better) = (to, None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(id: u64, round_trip_us: u64) -> Seen {
        Seen { id, round_trip_us, silent: false, full: false, cap_kbit: None }
    }

    #[test]
    fn the_fastest_that_may_is_taken_and_kept_while_others_are_hardly_faster() {
        let mut choice = Choice::default();
        let thin = Seen { cap_kbit: Some(64), ..path(1, 1_000) };
        assert_eq!(choice.look(0, &[thin]), None, "a thin path carries no picture, not even alone");
        assert_eq!(choice.look(0, &[thin, path(2, 20_000), path(3, 30_000)]), Some(2));
        for turn in 0..200 {
            assert_eq!(choice.look(turn * 100_000, &[thin, path(2, 20_000), path(3, 15_000)]), Some(2));
        }
        assert_eq!(choice.look(20_100_000, &[path(2, 20_000), path(3, 5_000)]), Some(2), "not at once");
        assert_eq!(choice.look(25_200_000, &[path(2, 20_000), path(3, 5_000)]), Some(3));
    }

    #[test]
    fn pictures_leave_a_path_that_dies_or_starves_and_do_not_run_back() {
        let mut choice = Choice::default();
        assert_eq!(choice.look(0, &[path(1, 10_000), path(2, 90_000)]), Some(1));
        let silent = Seen { silent: true, ..path(1, 10_000) };
        assert_eq!(choice.look(100_000, &[silent, path(2, 90_000)]), Some(2));
        for turn in 2..95 {
            assert_eq!(choice.look(turn * 100_000, &[path(1, 10_000), path(2, 90_000)]), Some(2));
        }
        let mut choice = Choice::default();
        assert_eq!(choice.look(0, &[path(1, 10_000), path(2, 90_000)]), Some(1));
        let full = Seen { full: true, ..path(1, 10_000) };
        assert_eq!(choice.look(100_000, &[full, path(2, 90_000)]), Some(1));
        assert_eq!(choice.look(500_000, &[full, path(2, 90_000)]), Some(2));
        assert_eq!(choice.look(600_000, &[full]), Some(1), "gone: the one that is left is better than none");
    }

    #[test]
    fn the_only_path_is_kept_whatever_it_is_like() {
        let mut choice = Choice::default();
        let bad = Seen { silent: true, full: true, ..path(1, 10_000) };
        for turn in 0..20 {
            assert_eq!(choice.look(turn * 100_000, &[bad]), Some(1));
        }
        assert_eq!(choice.look(2_000_000, &[]), None);
    }
}
