//! Revocations in the own journal: what stands in any other one is copied into it, so that it spreads by every path,
//! and the node tells of all that it has.

mod errand;

pub use errand::{Errand, Fate, NotDone};
pub(crate) use errand::{answer, may_write};

use crate::here::Here;
use crate::journals::{After, Pen};
use crate::limits::{COPIES_UNDER_WAY, LISTED_SETTLE_US, LISTED_US};
use crate::note::Note;
use trialogue_journal::{Body, UnverifiedEntry};

/// What is still to be copied, and to be told of.
#[derive(Default)]
pub(crate) struct Revocations {
    /// Nothing new has come since all was copied.
    done: bool,
    /// Until then the journal has no room for what can wait.
    until_us: Option<u64>,
    /// When the node is to tell next of the revocations in its journal; none: it has just started.
    tell_us: Option<u64>,
}

fn copying(body: &Body) -> bool {
    matches!(body, Body::Revoked { .. })
}

impl Revocations {
    /// Something may have to be copied: a revocation has come, or another charter has taken effect.
    pub(crate) fn came(&mut self, here: &Here) {
        self.done = false;
        let soon = here.now.us + LISTED_SETTLE_US;
        self.tell_us = self.tell_us.map(|due| due.min(soon));
    }

    /// When it goes on with copies, in microseconds.
    pub(crate) fn next_copy_us(&self) -> Option<u64> {
        self.until_us
    }

    /// Copies what stands in other journals into the own one, a few at a time: by this it reaches whoever has a link to
    /// this node alone, and no node can keep it to itself.
    pub(crate) fn copy(&mut self, pen: &mut Pen<'_>) {
        let now_us = pen.here().now.us;
        if self.done || self.until_us.is_some_and(|until| now_us < until) {
            return;
        }
        self.until_us = None;
        let room = COPIES_UNDER_WAY.saturating_sub(pen.under_way(copying));
        let Some(own) = pen.ahead().node(&pen.here().node) else { return };
        let missing = pen.ahead().revocations_to_copy(own).map(|(.., node, seq)| (node.clone(), seq));
        let missing: Vec<_> = missing.take(room + 1).collect();
        self.done = missing.len() <= room;
        for (node, seq) in missing.into_iter().take(room) {
            let entry = pen.entry(&node, seq).and_then(|bytes| UnverifiedEntry::decode(&bytes).ok());
            let Some(Body::Revoked { revocation }) = entry.map(|entry| entry.claim().body.clone()) else {
                pen.out.log(Note::Fault { what: "a revocation that counts is not in the journal where it stands" });
                continue;
            };
            if let Err(wait_us) = pen.may_copy(revocation.len()) {
                (self.done, self.until_us) = (false, Some(now_us + wait_us));
                return;
            }
            if pen.append(Body::Revoked { revocation }, Vec::new(), After::Nothing).is_err() {
                self.done = false;
                return;
            }
        }
    }

    /// When the node tells next of the revocations in its journal, in microseconds.
    pub(crate) fn next_listed_us(&self) -> Option<u64> {
        self.tell_us
    }

    /// Tells of the revocations in its journal: a while after there are others, and again and again.
    pub(crate) fn write_listed(&mut self, pen: &mut Pen<'_>) {
        let here = pen.here();
        let soon = here.now.us + LISTED_SETTLE_US;
        if here.now.us < *self.tell_us.get_or_insert(soon) {
            return;
        }
        let Some(sets) = pen.ahead().node(&here.node).map(|own| own.revoked_sets()) else { return };
        self.tell_us = Some(here.now.us + LISTED_US);
        if pen.append(Body::Listed { sets }, Vec::new(), After::Nothing).is_err() {
            self.tell_us = Some(soon);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::{OwnNode, node_id};
    use trialogue_charter::fixture;

    fn settle(own: &mut OwnNode, revocations: &mut Revocations, now_us: u64) -> Vec<Body> {
        own.goes_on_to(now_us);
        let mut pen = own.pen();
        revocations.copy(&mut pen);
        revocations.write_listed(&mut pen);
        own.written()
    }

    #[test]
    fn a_revocation_of_any_journal_is_copied_once_and_told_of() {
        let (mut own, mut revocations) = (OwnNode::at("usa-1"), Revocations::default());
        let start_us = own.scene.here.now.us;
        let japan = own.scene.enrol("jpn-duty", 1);
        assert!(settle(&mut own, &mut revocations, start_us).is_empty());
        let revocation = fixture::revocation("JPN", &japan.device.id);
        own.scene.entry(&node_id("jpn-1"), Body::Revoked { revocation: revocation.clone() }, &[]);
        own.take();
        revocations.came(&own.scene.here);
        let written = settle(&mut own, &mut revocations, start_us + 1);
        assert!(matches!(&written[..], [Body::Revoked { revocation: copy }] if *copy == revocation));
        assert!(settle(&mut own, &mut revocations, start_us + 2).is_empty(), "it stands there");
        let listed_us = revocations.next_listed_us().unwrap();
        assert!(listed_us <= start_us + LISTED_SETTLE_US);
        assert!(matches!(&settle(&mut own, &mut revocations, listed_us)[..], [Body::Listed { .. }]));
        assert_eq!(revocations.next_listed_us(), Some(listed_us + LISTED_US), "again and again");
    }
}
