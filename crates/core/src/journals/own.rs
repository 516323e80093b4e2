//! The own journal: entries are made, written by the shell, and only then count.

use super::ledger::{Held, plain};
use super::{Journals, Pen};
use crate::here::Here;
use crate::io::{ConsoleKey, Output};
use crate::limits::{DISK_PATIENCE_US, UNRECORDED_MAX};
use crate::note::{Count, Note};
use crate::out::Out;
use crate::revocations::Errand;
use minicbor::bytes::ByteVec;
use trialogue_charter::{DeviceId, Hash, LineId};
use trialogue_journal::fold::NodeState;
use trialogue_journal::{Body, Journal, UnverifiedStatement, VerifiedEntry, VerifiedStatement};
use trialogue_wire::Bundle;

/// What happens once an entry is on disk.
pub(crate) enum After {
    /// Nothing beside its taking effect.
    Nothing,
    /// The console is told that its statement was taken.
    Statement { console: ConsoleKey, number: u64 },
    /// The console is let in.
    Enrolled(ConsoleKey),
    /// Whoever asked for it is told.
    Errand(Errand),
}

/// An own entry that the disk has not confirmed.
pub(super) struct Pending {
    seq: u64,
    since_us: u64,
    /// Serial of the charter under which it was made.
    serial: u64,
    entry: VerifiedEntry,
    after: After,
}

/// An own entry that has taken effect.
pub(crate) struct Released {
    pub(crate) entry: VerifiedEntry,
    /// What was to happen then.
    pub(crate) after: After,
    /// The entry with its bodies, for consoles.
    pub(crate) bundle: Option<Bundle>,
}

/// Too much waits for the disk.
pub(crate) struct Full;

impl Pen<'_> {
    /// Makes the next own entry and asks for it to be written. The caller has checked against [`Pen::ahead`] that it
    /// may be said.
    pub(crate) fn append(&mut self, body: Body, bodies: Vec<ByteVec>, after: After) -> Result<(), Full> {
        self.write(body, None, bodies, after)
    }

    /// The same of what a console has said and the caller has judged.
    pub(crate) fn append_said(
        &mut self,
        said: &VerifiedStatement,
        bodies: Vec<ByteVec>,
        after: After,
    ) -> Result<(), Full> {
        let said = said.read();
        self.write(Body::Stated { statement: said.bytes().to_vec() }, Some(&said), bodies, after)
    }

    fn write(
        &mut self,
        body: Body,
        said: Option<&UnverifiedStatement>,
        bodies: Vec<ByteVec>,
        after: After,
    ) -> Result<(), Full> {
        let (here, journals) = (self.here, &mut *self.journals);
        let head = journals.ledger.head(&here.node);
        if here.is_retired() || !self.open || head.saturating_sub(journals.recorded) >= UNRECORDED_MAX as u64 {
            self.out.count(Count::OverBound);
            return Err(Full);
        }
        let restarts = matches!(body, Body::Restarted {});
        let time_ms =
            if restarts { journals.pace.restarts_ms(here.now.us, here.now.wall_ms) } else { journals.time_ms(here) };
        let entry = journals.writer.append(time_ms, body);
        let signed = entry.sign(&here.secret).0;
        // Verified like anyone's: what others would refuse must not be written.
        let Ok(entry) = VerifiedEntry::open(&signed, &here.charter) else {
            journals.writer = Journal::resume(here.node.clone(), head, journals.chain.head(&here.node));
            self.out.log(Note::Fault { what: "an own entry does not verify and was not written" });
            return Err(Full);
        };
        let entry = match said {
            Some(said) => entry.carrying(said),
            None => entry,
        };
        if !self.append_signed(Bundle { entry: signed, bodies }, entry, after) {
            self.out.log(Note::Fault { what: "an own entry does not follow on the own journal" });
        }
        Ok(())
    }

    /// Takes the next own entry, made now or given back by a neighbour. False: it does not follow.
    pub(crate) fn append_signed(&mut self, bundle: Bundle, entry: VerifiedEntry, after: After) -> bool {
        let (here, journals) = (self.here, &mut *self.journals);
        let (node, seq) = (&here.node, entry.entry().seq);
        if journals.chain.accept(&entry).is_err() {
            return false;
        }
        journals.writer = Journal::resume(node.clone(), seq, entry.hash());
        let references = entry.bodies();
        let lasting = matches!(entry.entry().body, Body::Enrolled { .. });
        self.budgets.entry_taken(node, super::weight(&bundle), here.now.us);
        for body in &bundle.bodies {
            journals.keep_body(node, Hash::of(body), body.clone(), lasting);
        }
        journals.ledger.push(node, Held { entry: bundle.entry.clone(), bodies: references });
        journals.hold(&entry, here, self.out);
        if journals.ahead.apply(&entry, &plain(&bundle.bodies)).is_err() {
            self.out.log(Note::Fault { what: "an own entry does not fit the own journal" });
        }
        journals.pace.note(journals.ahead.node(node).map_or(0, NodeState::latest_ms), here.now.us);
        journals.pending.push_back(Pending { seq, since_us: here.now.us, serial: here.charter.serial, entry, after });
        self.out.push(Output::Append { seq, bundle });
        true
    }
}

impl Journals {
    /// The time that an entry would have now, milliseconds since 1970 UTC: by this consoles say how long their acts may
    /// stand.
    pub(crate) fn time_ms(&self, here: &Here) -> u64 {
        self.pace.now_ms(here.now.us, here.now.wall_ms)
    }

    /// What consoles are to be told of that time, where it is not what they reckon with.
    pub(crate) fn untold_ms(&mut self, here: &Here) -> Option<u64> {
        self.pace.untold(here.now.us, here.now.wall_ms)
    }

    /// The disk failed and has not caught up.
    pub(crate) fn is_failing(&self) -> bool {
        self.failing
    }

    /// Lines that a device of this node is in on, by the own journal as far as it is made.
    pub(crate) fn lines_of(&self, device: &DeviceId, here: &Here) -> Vec<LineId> {
        self.ahead.node(&here.node).map(|own| own.lines_of(device)).unwrap_or_default()
    }

    /// Is the own entry at this position on disk?
    pub(super) fn is_recorded(&self, seq: u64) -> bool {
        seq <= self.recorded
    }

    /// How many own entries of a kind wait for the disk?
    pub(super) fn under_way(&self, kind: impl Fn(&Body) -> bool) -> usize {
        self.pending.iter().filter(|pending| kind(&pending.entry.entry().body)).count()
    }

    /// The disk has the own journal up to here.
    pub(crate) fn recorded(&mut self, up_to: u64, here: &Here, out: &mut Out) {
        let head = self.ledger.head(&here.node);
        self.recorded = self.recorded.max(up_to.min(head));
        self.ledger.recorded(self.recorded);
        if self.failing && self.recorded == head {
            self.failing = false;
            out.log(Note::Recorded { seq: self.recorded });
        }
    }

    /// The disk could not take the own journal up to here.
    pub(crate) fn failed(&mut self, up_to: u64, out: &mut Out) {
        if !std::mem::replace(&mut self.failing, true) {
            out.log(Note::Unrecorded { seq: up_to });
        }
    }

    /// Up to which own entry the disk was silent for too long.
    pub(crate) fn overdue(&self, here: &Here) -> Option<u64> {
        let late = self.pending.iter().take_while(|p| here.now.us >= p.since_us + DISK_PATIENCE_US).last();
        late.map(|pending| pending.seq)
    }

    /// When it will have been, in microseconds.
    pub(crate) fn next_overdue_us(&self) -> Option<u64> {
        self.pending.front().map(|pending| pending.since_us + DISK_PATIENCE_US)
    }

    /// Lets the next own entry take effect in the state, if it is one of those up to here.
    pub(crate) fn release_next(
        &mut self,
        up_to: u64,
        unrecorded: bool,
        here: &Here,
        out: &mut Out,
    ) -> Option<Released> {
        let Pending { seq, serial, entry, after, .. } = self.pending.pop_front_if(|pending| pending.seq <= up_to)?;
        let bundle = self.ledger.bundle(&here.node, seq);
        let bodies = bundle.as_ref().map_or(&[][..], |bundle| &bundle.bodies);
        // An amendment that came between may have made it void.
        if self.state.apply(&entry, &plain(bodies)).is_err() && serial == here.charter.serial {
            out.log(Note::Fault { what: "a released entry does not fit the own journal" });
        }
        self.released = seq;
        if unrecorded {
            out.count(Count::Unrecorded);
        }
        Some(Released { entry, after, bundle })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::OwnNode;

    fn append(own: &mut OwnNode) -> bool {
        let body = Body::Opened { charter: own.scene.here.charter.hash() };
        own.pen().append(body, Vec::new(), After::Nothing).is_ok()
    }

    /// Lets own entries take effect; returns their positions.
    fn release(own: &mut OwnNode, up_to: u64, unrecorded: bool) -> Vec<u64> {
        let (journals, here, out) = (&mut own.journals, &own.scene.here, &mut own.out);
        let next = || journals.release_next(up_to, unrecorded, here, out).map(|one| one.entry.entry().seq);
        std::iter::from_fn(next).collect()
    }

    fn logged(own: &mut OwnNode) -> Vec<Note> {
        let note = |output| if let Output::Log(note) = output { Some(note) } else { None };
        own.outputs().into_iter().filter_map(note).collect()
    }

    #[test]
    fn an_entry_counts_for_the_next_one_at_once_and_for_others_when_it_is_on_disk() {
        let mut own = OwnNode::at("usa-1");
        let id = own.scene.here.node.clone();
        assert!(append(&mut own) && append(&mut own));
        assert_eq!((own.journals.head(&id), own.journals.shown_head(&id, &own.scene.here)), (2, 0));
        assert!(own.journals.ahead().node(&id).unwrap().opened().is_some());
        assert!(own.journals.state().node(&id).is_none_or(|own| own.opened().is_none()));
        assert_eq!(release(&mut own, 1, false), [1]);
        assert_eq!(own.journals.shown_head(&id, &own.scene.here), 1);
        assert_eq!(release(&mut own, 9, false), [2]);
        assert!(release(&mut own, 9, false).is_empty());
    }

    #[test]
    fn a_disk_that_fails_or_is_silent_holds_nothing_up_and_is_told_of_once() {
        let mut own = OwnNode::at("usa-1");
        assert!(append(&mut own));
        let late_us = own.scene.here.now.us + DISK_PATIENCE_US;
        assert_eq!((own.journals.next_overdue_us(), own.journals.overdue(&own.scene.here)), (Some(late_us), None));
        own.goes_on_to(late_us);
        assert_eq!(own.journals.overdue(&own.scene.here), Some(1));
        own.journals.failed(1, &mut own.out);
        own.journals.failed(1, &mut own.out);
        assert!(own.journals.is_failing() && !own.journals.is_recorded(1));
        assert_eq!(release(&mut own, 1, true), [1]);
        assert!(matches!(logged(&mut own)[..], [Note::Unrecorded { seq: 1 }]));
        own.journals.recorded(1, &own.scene.here, &mut own.out);
        assert!(!own.journals.is_failing() && own.journals.is_recorded(1));
        assert!(matches!(logged(&mut own)[..], [Note::Recorded { seq: 1 }]));
    }

    #[test]
    fn what_cannot_be_written_now_is_not_made() {
        let mut own = OwnNode::at("usa-1");
        own.open = false;
        assert!(!append(&mut own));
        own.open = true;
        let made = (0..2 * UNRECORDED_MAX).filter(|_| append(&mut own)).count();
        assert_eq!(made, UNRECORDED_MAX, "more than the disk may owe");
        own.journals.recorded(u64::MAX, &own.scene.here, &mut own.out);
        assert!(append(&mut own));
    }
}
