//! Whether both sides of a link stand under the same charter, and what they say to come to that.

use crate::bucket::Bucket;
use crate::limits::{CHARTER_EVERY_US, CHARTERS_BURST, HELLO_EVERY_US, HELLO_US, HELLOS_BURST, LEAVING_US};
use trialogue_charter::Hash;

/// Of one link.
pub(super) struct Agreement {
    /// Which charter is in force at the other side, as it says: hash and serial.
    theirs: Option<(Hash, u64)>,
    /// Until when hello must have come; of a link that is being left: until when it stays.
    hello_by_us: u64,
    /// Until when the two sides of a link that is up must have the same charter again.
    agree_by_us: Option<u64>,
    /// Its node is not in service any more: nothing that it says counts.
    leaving: bool,
    /// Serial of the last charter that it was given here.
    handed: u64,
    /// How many charters it may give.
    charters: Bucket,
    /// How often it may say hello.
    hellos: Bucket,
}

/// Both sides have the same charter in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Agreed {
    /// They had not for a while, or were still to say so.
    pub(super) apart: bool,
}

/// Why a link is closed that was waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Late {
    /// Its node is not in service any more, and has been told so.
    Left,
    /// It did not go on to the charter in force.
    Disagrees,
    /// It did not say hello.
    Mute,
}

impl Agreement {
    /// Of a link that begins.
    pub(super) fn new(now_us: u64) -> Self {
        Self {
            theirs: None,
            hello_by_us: now_us + HELLO_US,
            agree_by_us: None,
            leaving: false,
            handed: 0,
            charters: Bucket::new(CHARTERS_BURST, CHARTER_EVERY_US, now_us),
            hellos: Bucket::new(HELLOS_BURST, HELLO_EVERY_US, now_us),
        }
    }

    /// May the other side say hello once more?
    pub(super) fn may_greet(&mut self, now_us: u64) -> bool {
        self.hellos.take(now_us)
    }

    /// May it give one more charter?
    pub(super) fn may_give(&mut self, now_us: u64) -> bool {
        self.charters.take(now_us)
    }

    /// The other side has said hello, under this charter.
    pub(super) fn greeted(&mut self, charter: (Hash, u64)) {
        self.theirs = Some(charter);
    }

    pub(super) fn has_greeted(&self) -> bool {
        self.theirs.is_some()
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.leaving
    }

    /// Looks at what is in force on both sides; `own`: here. None: they have not agreed yet, and have a while for it.
    pub(super) fn settle(&mut self, own: Hash, now_us: u64) -> Option<Agreed> {
        let (theirs, _) = self.theirs?;
        if theirs != own {
            self.agree_by_us.get_or_insert(now_us + HELLO_US);
            return None;
        }
        Some(Agreed { apart: self.agree_by_us.take().is_some() })
    }

    /// The other side is given what it lacks up to `own`, the serial in force here. Returns the serial behind which
    /// that begins: each charter is given once, whatever it says that it has.
    pub(super) fn hand(&mut self, own: u64) -> Option<u64> {
        let (_, theirs) = self.theirs?;
        Some(std::mem::replace(&mut self.handed, own).max(theirs))
    }

    /// Its node is not in service any more: the link stays for as long as it takes to tell it so.
    pub(super) fn leave(&mut self, now_us: u64) {
        self.leaving = true;
        self.hello_by_us = now_us + LEAVING_US;
    }

    /// When the link is closed unless the other side says what is waited for; `up`: it is.
    pub(super) fn due_us(&self, up: bool) -> u64 {
        match self.agree_by_us {
            _ if self.leaving => self.hello_by_us,
            Some(agree_by_us) => agree_by_us,
            None if up => u64::MAX,
            None => self.hello_by_us,
        }
    }

    /// Why it is closed then.
    pub(super) fn late(&self) -> Late {
        match self.theirs {
            _ if self.leaving => Late::Left,
            Some(_) => Late::Disagrees,
            None => Late::Mute,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const OURS: Hash = Hash([1; 48]);
    const NEWER: Hash = Hash([2; 48]);

    #[test]
    fn a_link_has_a_while_to_say_hello_and_once_up_it_waits_for_nothing() {
        let mut agreement = Agreement::new(1_000);
        assert_eq!((agreement.due_us(false), agreement.late()), (1_000 + HELLO_US, Late::Mute));
        assert_eq!(agreement.settle(OURS, 2_000), None, "it has said nothing");
        agreement.greeted((OURS, 1));
        assert_eq!(agreement.settle(OURS, 2_000), Some(Agreed { apart: false }));
        assert_eq!(agreement.due_us(true), u64::MAX);
    }

    #[test]
    fn sides_that_come_apart_have_one_while_to_agree_again() {
        let mut agreement = Agreement::new(0);
        agreement.greeted((OURS, 1));
        assert_eq!(agreement.settle(NEWER, 1_000), None);
        assert_eq!(agreement.settle(NEWER, 2_000), None);
        assert_eq!(
            (agreement.due_us(true), agreement.late()),
            (1_000 + HELLO_US, Late::Disagrees),
            "not anew each time"
        );
        agreement.greeted((NEWER, 2));
        assert_eq!(agreement.settle(NEWER, 3_000), Some(Agreed { apart: true }));
        assert_eq!(agreement.settle(NEWER, 4_000), Some(Agreed { apart: false }));
    }

    #[test]
    fn each_charter_is_given_once_and_none_to_whom_nothing_is_known_of() {
        let mut agreement = Agreement::new(0);
        assert_eq!(agreement.hand(3), None);
        agreement.greeted((OURS, 2));
        assert_eq!(agreement.hand(3), Some(2));
        agreement.greeted((OURS, 1));
        assert_eq!(agreement.hand(3), Some(3), "whatever it says that it has");
        assert_eq!(agreement.hand(4), Some(3));
    }

    #[test]
    fn a_link_that_is_left_stays_for_a_moment() {
        let mut agreement = Agreement::new(0);
        agreement.greeted((OURS, 1));
        agreement.leave(5_000);
        assert!(agreement.is_leaving());
        assert_eq!((agreement.due_us(false), agreement.late()), (5_000 + LEAVING_US, Late::Left));
    }
}
