//! How far a relay may go while the source's own link lives.
//!
//! What comes over the source's own link says where the source is, and so does its word that it is quiet. A relay
//! brings nothing far ahead of that, nothing that was over before a silence, and nothing for one who is silent: a
//! number that the source will never use again is contradicted by nobody.

use super::pace::packets_in;
use super::window::WINDOW;
use trialogue_wire::console::Medium;

/// A direct path that brought something within this time is alive.
const ALIVE_MS: u64 = 1_000;
/// How far a relayed packet may be ahead of a living direct path, or behind the packet with which that goes on after a
/// silence: more than any difference of delays that a call can bear.
const APART: u32 = 64;
/// How long after the source's word that it is quiet a relay may still bring what was sent before. The word comes half
/// a second after the last packet; more gives a liar more time under numbers that the direct path lost, less loses what
/// only a slow relay had.
const UNDER_WAY_MS: u64 = 1_000;
/// How long relays may bring a picture of which nothing comes over a living link. No word says that a picture is off;
/// more lets a liar show something for longer under it, less loses what relays bring until this node, too, has found
/// that the link is dead.
const PICTURE_MS: u64 = 5_000;

/// May a relay bring this packet?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum May {
    /// Yes, and the source may even have begun again with it: no other way is known.
    Freely,
    /// Yes, where it goes on from what there is.
    InOrder,
    /// It is over: a copy, or too late.
    Late,
    /// The source cannot have sent it.
    Never,
}

/// What the source of one stream has shown by itself.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    medium: Medium,
    /// The newest packet, by the source's own link or its word.
    newest: Option<u32>,
    /// Nothing up to this one is new any more; none: nothing is known.
    floor: Option<u32>,
    /// When something came directly last.
    direct_ms: Option<u64>,
    /// Since when the source may be speaking without being heard directly.
    since_ms: u64,
    /// Since when its link lives.
    alive_since_ms: Option<u64>,
    quiet: Option<Quiet>,
}

#[derive(Debug, Clone, Copy)]
struct Quiet {
    /// The last packet before.
    after: u32,
    /// Until when relays may bring what was under way.
    until_ms: u64,
}

impl Reach {
    pub(crate) fn of(medium: Medium) -> Self {
        Self { medium, newest: None, floor: None, direct_ms: None, since_ms: 0, alive_since_ms: None, quiet: None }
    }

    /// As the route says: whether the source's link lives, and after which packet the source is quiet.
    pub(crate) fn told(&mut self, alive: bool, quiet_after: Option<u32>, now_ms: u64) {
        self.alive_since_ms = alive.then(|| self.alive_since_ms.unwrap_or(now_ms));
        let before = self.quiet.map(|quiet| quiet.after);
        if before == quiet_after {
            return;
        }
        if let Some(before) = before {
            self.floor = Some(self.floor.map_or(before, |floor| later(floor, before)));
            // How long it has been speaking again the word does not say: it may have been on its way for long, or told
            // elsewhere first. Where it was heard directly since, that says how far it is.
            self.newest = self.newest.filter(|newest| ahead(*newest, before) > 0);
        }
        self.quiet = quiet_after.map(|after| {
            // Of one that was never heard nothing can be under way.
            let (until_ms, floor) = if self.newest.is_some() || self.floor.is_some() {
                (now_ms + UNDER_WAY_MS, after.wrapping_sub(APART))
            } else {
                (now_ms, after)
            };
            self.show(after, floor);
            Quiet { after, until_ms }
        });
        // One that was heard directly since it was quiet has been speaking from then on, and not since this word came.
        if quiet_after.is_some() || self.newest.is_none() {
            self.since_ms = now_ms;
        }
    }

    /// A packet came over the source's own link.
    pub(crate) fn came_directly(&mut self, sequence: u32, now_ms: u64) {
        let passed = self.newest.map(|newest| (newest, ahead(sequence, newest)));
        let floor = match passed {
            Some((_, ahead)) if self.is_heard(now_ms) && (1..WINDOW as i32).contains(&ahead) => {
                sequence.wrapping_sub(WINDOW as u32)
            }
            // After a silence nothing from before it is new, and of what was lost meanwhile no more than can be under
            // way.
            Some((newest, ahead)) if (1..=APART as i32).contains(&ahead) => newest,
            _ => sequence.wrapping_sub(APART + 1),
        };
        self.show(sequence, floor);
        self.direct_ms = Some(now_ms);
        self.since_ms = now_ms;
    }

    /// The stream begins anew with what came directly: of what was before nothing is new.
    pub(crate) fn began(&mut self) {
        self.floor = self.newest.or(self.floor);
    }

    /// The same packets come by several paths: the slowest of them does not say how far the source is. But one that is
    /// far behind is a new beginning.
    fn show(&mut self, sequence: u32, floor: u32) {
        let shown = self.newest.map_or(i32::MAX, |newest| ahead(sequence, newest));
        if shown > -(WINDOW as i32) && shown <= 0 {
            return;
        }
        let last = self.newest.or(self.floor);
        let goes_on = last.is_some_and(|last| (1..WINDOW as i32).contains(&ahead(sequence, last)));
        self.floor = Some(self.floor.filter(|_| goes_on).map_or(floor, |held| later(held, floor)));
        self.newest = Some(sequence);
    }

    /// Is it the newest one that the source has shown?
    pub(crate) fn is_newest(&self, sequence: u32) -> bool {
        self.newest == Some(sequence)
    }

    /// May a relay bring it?
    pub(crate) fn may(&self, sequence: u32, now_ms: u64) -> May {
        if self.alive_since_ms.is_none() && !self.is_heard(now_ms) {
            return May::Freely;
        }
        if self.is_silent(sequence, now_ms) || self.newest.is_some_and(|n| ahead(sequence, n) > self.ahead_most(now_ms))
        {
            return May::Never;
        }
        let over = self.floor.is_some_and(|floor| ahead(sequence, floor) <= 0);
        if over || self.alive_since_ms.is_some() && self.quiet.is_some_and(|quiet| quiet.is_over(sequence, now_ms)) {
            return May::Late;
        }
        May::InOrder
    }

    /// Does the source, whose link lives, send nothing now, or not yet this?
    fn is_silent(&self, sequence: u32, now_ms: u64) -> bool {
        let Some(alive_since) = self.alive_since_ms else { return false };
        let heard = self.direct_ms.unwrap_or(0).max(alive_since);
        let off = self.medium == Medium::Picture && now_ms.saturating_sub(heard) >= PICTURE_MS;
        off || self.quiet.is_some_and(|quiet| ahead(sequence, quiet.after) > 0)
    }

    /// How far ahead of the newest one a relay may be: while nothing comes directly, by as much as no source sends
    /// more.
    fn ahead_most(&self, now_ms: u64) -> i32 {
        let silent_ms = now_ms.saturating_sub(self.since_ms + ALIVE_MS);
        i32::try_from(packets_in(self.medium, silent_ms).saturating_add(APART.into())).unwrap_or(i32::MAX)
    }

    fn is_heard(&self, now_ms: u64) -> bool {
        self.direct_ms.is_some_and(|at| now_ms.saturating_sub(at) < ALIVE_MS)
    }
}

impl Quiet {
    /// Is it too late for this packet of before?
    fn is_over(&self, sequence: u32, now_ms: u64) -> bool {
        now_ms >= self.until_ms || ahead(self.after, sequence) >= APART as i32
    }
}

/// By how much the one is ahead of the other.
fn ahead(sequence: u32, of: u32) -> i32 {
    sequence.wrapping_sub(of) as i32
}

fn later(one: u32, other: u32) -> u32 {
    if ahead(other, one) > 0 { other } else { one }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The word that a source is quiet was out of date when its link died, and is taken back when that lives again.
    #[test]
    fn one_who_was_heard_after_the_word_quiet_has_been_speaking_since() {
        let mut reach = Reach::of(Medium::Voice);
        reach.told(true, Some(80), 1_000);
        reach.came_directly(81, 1_200);
        reach.told(false, Some(80), 2_000);
        reach.told(true, Some(80), 14_000);
        reach.told(true, None, 14_100);
        assert_eq!(reach.may(81 + 79, 14_200), May::InOrder, "thirteen seconds of voice may have come by a relay");
        assert_eq!(reach.may(81 + 64 + 200 * 13, 14_200), May::Never, "and no more");
        // Of one who was not, the word does not say how long ago it began.
        let mut unheard = Reach::of(Medium::Voice);
        unheard.told(true, Some(80), 1_000);
        unheard.told(true, None, 14_100);
        assert_eq!(unheard.may(3_000, 14_200), May::InOrder);
    }
}
