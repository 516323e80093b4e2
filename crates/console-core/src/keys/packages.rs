//! Key packages for rings and answers, made ahead while nothing else happens: a post-quantum one costs tens of
//! milliseconds.

use crate::around::Around;
use crate::io::Event;
use crate::limits::STOCK_US;
use crate::roster::Roster;
use std::collections::VecDeque;
use trialogue_e2ee::Keyring;

#[derive(Default)]
pub(super) struct Packages {
    ready: VecDeque<Vec<u8>>,
    /// None can be made; said once.
    broken: bool,
}

impl Packages {
    /// One key package per node of the charter are held ready.
    fn wanted(at: Roster) -> usize {
        at.charter().map_or(0, |charter| charter.in_service().count())
    }

    /// Makes one, if some are missing.
    pub(super) fn make(&mut self, ring: &mut Keyring, around: &mut Around<'_>) {
        if self.ready.len() >= Self::wanted(around.at) {
            return;
        }
        match ring.key_package() {
            Ok(package) => self.ready.push_back(package),
            Err(error) => {
                self.broken = true;
                around.log(Event::BadHandshake { step: "key package", why: error.to_string() });
            }
        }
    }

    /// One that is ready, or else one that is made now.
    pub(super) fn take(&mut self, ring: &mut Keyring) -> Option<Vec<u8>> {
        self.ready.pop_front().or_else(|| ring.key_package().ok())
    }

    /// One package per tick, at once: the platform's other events come between ticks. In a call only when its keys have
    /// been complete for [`STOCK_US`]: another may just be coming in, and waits for this console's work. `complete_us`:
    /// since when they are.
    pub(super) fn next_us(&self, at: Roster, in_call: bool, complete_us: Option<u64>, now_us: u64) -> Option<u64> {
        if self.broken || self.ready.len() >= Self::wanted(at) {
            return None;
        }
        if in_call { complete_us.map(|since| now_us.max(since + STOCK_US)) } else { Some(now_us) }
    }
}
