//! The cap of a carrier, shared by all links that have paths over it: pure.
//!
//! Each link has an equal share, however many paths it has: who dials decides how many those are. What a link does not
//! use of its share is everybody's.

use std::collections::BTreeMap;

/// So much of a second may be sent at once: less drops a voice whose packets come in pairs, more overfills a thin
/// line's queue.
const BURST_MS: i64 = 250;
/// A part of so many of a link's share is for its control alone. Without it, voices that together need more than the
/// cap keep a ring waiting for ever; more takes room from voices that fit.
const CONTROL_PART: i64 = 8;
/// Control takes no more than one part of so many of what is for voices too; the rest stays for a voice that comes a
/// moment later.
const VOICE_PART: i64 = 2;

/// Counted in thousandths of a bit: what a cap of 1 kbit/s gives in a microsecond.
const BYTE: i64 = 8_000;

#[derive(Default)]
struct Share {
    /// Paths of the link over this carrier.
    paths: usize,
    /// For its media, and for control as far as [`VOICE_PART`] lets it; below 0 after something larger than all of it.
    any: i64,
    /// For its control.
    control: i64,
}

/// Lets a number of kbit/s pass.
pub(super) struct Shares {
    kbit: i64,
    links: BTreeMap<u8, Share>,
    /// What no link has room for.
    spare: i64,
    /// Has come with time, and is too little to be divided.
    undealt: i64,
    filled_us: u64,
}

impl Shares {
    pub(super) fn new(kbit: u32, now_us: u64) -> Self {
        let kbit = i64::from(kbit.max(1));
        Self { kbit, links: BTreeMap::new(), spare: kbit * BURST_MS * 500, undealt: 0, filled_us: now_us }
    }

    /// A path of this link begins. A link that is new has nothing of its own yet: it would else gain by coming and
    /// going.
    pub(super) fn join(&mut self, link: u8, now_us: u64) {
        self.fill(now_us);
        self.links.entry(link).or_default().paths += 1;
    }

    /// A path of this link is over.
    pub(super) fn leave(&mut self, link: u8) {
        if let Some(share) = self.links.get_mut(&link) {
            share.paths = share.paths.saturating_sub(1);
            if share.paths == 0 {
                self.links.remove(&link);
            }
        }
    }

    /// What each link has for certain, in kbit/s.
    pub(super) fn each_kbit(&self) -> usize {
        usize::try_from(self.kbit).unwrap_or(usize::MAX) / self.links.len().max(1)
    }

    /// Half of what may pass at once is shared out, the other half is spare. Of one link: what its share holds, and
    /// what of it is control's.
    fn most(&self) -> (i64, i64) {
        let share = self.kbit * BURST_MS * 500 / i64::try_from(self.links.len().max(1)).unwrap_or(i64::MAX);
        (share - share / CONTROL_PART, share / CONTROL_PART)
    }

    fn fill(&mut self, now_us: u64) {
        // An hour fills whatever there is.
        let passed = now_us.saturating_sub(self.filled_us).min(3_600_000_000);
        self.filled_us = self.filled_us.max(now_us);
        self.undealt += i64::try_from(passed).unwrap_or(0) * self.kbit;
        let count = i64::try_from(self.links.len().max(1)).unwrap_or(i64::MAX);
        // In eighths, so that control has its part of what is little, too.
        let each = self.undealt / (count * CONTROL_PART) * CONTROL_PART;
        self.undealt -= each * count;
        let (any_most, control_most) = self.most();
        let mut over = if self.links.is_empty() { each } else { 0 };
        for share in self.links.values_mut() {
            share.control += each / CONTROL_PART;
            let beyond = (share.control - control_most).max(0);
            share.control -= beyond;
            share.any += each - each / CONTROL_PART + beyond;
            let beyond = (share.any - any_most).max(0);
            share.any -= beyond;
            over += beyond;
        }
        self.spare = (self.spare + over).min(self.kbit * BURST_MS * 500);
    }

    /// Takes room for so many bytes of media of a link.
    pub(super) fn media(&mut self, link: u8, bytes: usize, now_us: u64) -> bool {
        self.fill(now_us);
        let (most, _) = self.most();
        let wanted = wanted(bytes);
        let Some(share) = self.links.get_mut(&link) else { return false };
        if share.any.max(0) + self.spare >= wanted {
            let own = share.any.clamp(0, wanted);
            share.any -= own;
            self.spare -= wanted - own;
            return true;
        }
        // What is larger than a share passes when that is full, and is paid back.
        let may = share.any >= most.min(wanted);
        if may {
            share.any -= wanted;
        }
        may
    }

    /// Takes room for so many bytes of control of a link.
    pub(super) fn control(&mut self, link: u8, bytes: usize, now_us: u64) -> bool {
        self.fill(now_us);
        let (any_most, control_most) = self.most();
        let wanted = wanted(bytes);
        let spare = (self.spare - self.kbit * BURST_MS * 500 / VOICE_PART).max(0);
        let Some(share) = self.links.get_mut(&link) else { return false };
        let any = (share.any - any_most / VOICE_PART).max(0);
        if share.control.max(0) + any + spare >= wanted {
            let first = share.control.clamp(0, wanted);
            let second = any.min(wanted - first);
            share.control -= first;
            share.any -= second;
            self.spare -= wanted - first - second;
            return true;
        }
        let may = share.control >= control_most.min(wanted);
        if may {
            share.control -= wanted;
        }
        may
    }

    /// Is more than half left of what is spare, or of what the link has for itself? Pictures wait otherwise.
    pub(super) fn has_room(&mut self, link: u8, now_us: u64) -> bool {
        self.fill(now_us);
        let (most, _) = self.most();
        let spare = self.spare > self.kbit * BURST_MS * 500 / VOICE_PART;
        spare || self.links.get(&link).is_some_and(|share| share.any > most / VOICE_PART)
    }
}

fn wanted(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX / BYTE).saturating_mul(BYTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECONDS: u64 = 20;

    /// What passes of each link in kbit/s, voices and control: a voice of 120 bytes for each that speaks, 50 a second,
    /// and control of 600 bytes at once for each that floods, 100 five times a second for the others.
    fn pass(cap: u32, speaks: &[bool], floods: &[bool], paths: &[usize]) -> Vec<(u64, u64)> {
        let mut shares = Shares::new(cap, 0);
        for (link, paths) in (0u8..).zip(paths) {
            (0..*paths).for_each(|_| shares.join(link, 0));
        }
        let mut passed = vec![(0, 0); speaks.len()];
        for turn in 0..SECONDS * 100 {
            let now = turn * 10_000;
            for (link, passed) in (0u8..).zip(&mut passed) {
                let at = usize::from(link);
                // Every path has its copy.
                for _ in 0..paths[at] {
                    if speaks[at] && turn % 2 == 0 && shares.media(link, 120, now) {
                        passed.0 += 120;
                    }
                    let piece = if floods[at] { 600 } else { 100 };
                    while (floods[at] || turn % 20 == 0) && shares.control(link, piece, now) {
                        passed.1 += piece;
                        if !floods[at] {
                            break;
                        }
                    }
                }
            }
        }
        let kbit = |bytes: usize| bytes as u64 * 8 / 1_000 / SECONDS;
        passed.into_iter().map(|(voice, control)| (kbit(voice), kbit(control))).collect()
    }

    fn total(passed: &[(u64, u64)]) -> u64 {
        passed.iter().map(|(voice, control)| voice + control).sum()
    }

    #[test]
    fn no_more_than_the_cap_passes_and_a_voice_that_fits_goes_first() {
        let passed = pass(64, &[true], &[true], &[1]);
        assert!((46..=48).contains(&passed[0].0), "{passed:?}");
        assert!((60..=65).contains(&total(&passed)), "{passed:?}");
    }

    #[test]
    fn a_link_with_many_paths_takes_nothing_from_one_with_one() {
        let passed = pass(64, &[true, true], &[true, false], &[8, 1]);
        assert!((60..=65).contains(&total(&passed)), "{passed:?}");
        assert!(passed[1].0 >= 26 && passed[1].1 >= 2, "{passed:?}");
    }

    #[test]
    fn sixteen_that_flood_leave_the_seventeenth_its_share() {
        let (mut floods, mut paths) = ([true; 17], [8; 17]);
        (floods[16], paths[16]) = (false, 1);
        let passed = pass(170, &[true; 17], &floods, &paths);
        assert!(total(&passed) <= 173, "{passed:?}");
        assert!(passed[16].0 >= 7 && passed[16].1 >= 1, "{passed:?}");
    }

    #[test]
    fn what_a_link_does_not_use_is_anothers() {
        let passed = pass(64, &[true, false, false], &[false; 3], &[1; 3]);
        assert!(passed[0].0 >= 44, "{passed:?}");
        let mut shares = Shares::new(64, 0);
        shares.join(1, 0);
        (0..16).for_each(|link| shares.join(2 + link, 0));
        (0..16).for_each(|link| shares.leave(2 + link));
        assert_eq!(shares.links.len(), 1);
    }

    #[test]
    fn a_packet_larger_than_the_burst_passes_when_the_share_is_full_and_is_paid_back() {
        let mut shares = Shares::new(8, 0);
        shares.join(0, 0);
        assert!(shares.media(0, 10_000, 1_000_000));
        assert!(!shares.media(0, 200, 1_000_000));
        assert!(!shares.media(0, 200, 9_000_000), "8 kbit/s are 1,000 bytes a second");
        assert!(shares.media(0, 100, 12_000_000));
        assert!(!shares.media(1, 1, 12_000_000), "no path of that link");
    }
}
