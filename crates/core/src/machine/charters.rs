//! What all parts do when a newer charter takes effect, without a gap in calls that it does not touch, and when the own
//! journal goes on.
//!
//! What the journals say is folded anew from their beginning under the newest charter that is held. So the state
//! depends on that charter and the journals alone, not on what came first; see `docs/decisions/0014`.

use super::Machine;
use crate::amendment::AmendError;
use crate::catch_up::Opens;
use crate::io::{Now, Output};
use crate::journals::After;
use crate::note::{Count, Note};
use std::sync::Arc;
use trialogue_charter::{CharterError, HybridSecret, NodeId, VerifiedCharter};
use trialogue_journal::Body;
use trialogue_wire::console::{Refusal, ToConsole};

impl Machine {
    /// A charter on the operator's word. `next`: the journal key that it names for this node, if that is another one.
    /// What is to be done comes out of [`Machine::poll`], as after [`Machine::handle`].
    ///
    /// # Errors
    /// When it does not take effect; nothing has changed then. The charter in force, given again, is no error.
    pub fn amend(&mut self, now: Now, bytes: &[u8], next: Option<HybridSecret>) -> Result<(), AmendError> {
        self.here.go_on(now);
        self.amendment.has_key(next);
        self.take_charter(bytes, None)?;
        self.settle();
        Ok(())
    }

    /// A neighbour gives a charter.
    pub(super) fn charter_given(&mut self, from: &NodeId, bytes: &[u8]) {
        let outcome = self.take_charter(bytes, Some(from));
        if outcome == Err(AmendError::OwnKey) {
            self.out.push(Output::NextKey { charter: bytes.to_vec() });
        }
        if let Err(error) = outcome {
            self.out.count(Count::CharterRefused);
            // One that was overtaken on its way is nothing to look at.
            if !matches!(error, AmendError::Charter(CharterError::Older { .. })) {
                self.out.log(Note::CharterRefused { from: from.clone(), why: error.to_string() });
            }
        }
    }

    fn take_charter(&mut self, bytes: &[u8], from: Option<&NodeId>) -> Result<(), AmendError> {
        if let Some(charter) = self.amendment.take(bytes, &mut self.here, &self.journals)? {
            self.take_effect(charter, from);
        }
        Ok(())
    }

    fn take_effect(&mut self, charter: Arc<VerifiedCharter>, from: Option<&NodeId>) {
        self.out.count(Count::CharterTaken);
        self.out.log(Note::Charter { serial: charter.serial });
        self.out.push(Output::Charter(charter.clone()));
        self.journals.keep_nodes(&charter);
        self.journals.fold_anew(&self.here);
        self.writings.amended();
        self.revocations.came(&self.here);
        let (media, at, _) = self.for_media();
        media.amended(at);
        if self.is_retired() {
            return self.retire();
        }
        if !self.catch_up.is_opening() {
            let _ = self.pen().append(Body::Opened { charter: charter.hash() }, Vec::new(), After::Nothing);
        }
        let lineage = self.amendment.lineage();
        let changes = self.links.amended(from, lineage, &self.here, &self.journals, &mut self.out);
        self.links_changed(changes);
        self.charter_to_consoles();
        // A line of before that named an office which is gone now counts for nothing.
        self.watch.forget();
        self.watch.changed(&self.here, &mut self.out);
        let changed = &mut self.out.changed;
        (changed.lines, changed.routes, changed.paths) = (true, true, true);
    }

    /// Everyone who is let in goes on under the new charter, or out.
    fn charter_to_consoles(&mut self) {
        let charter = ToConsole::Charter { charter: self.here.charter.bytes().to_vec() };
        for key in self.consoles.keys() {
            let Some(device) = self.consoles.device(key) else {
                // It was challenged with the charter of before: it comes again at once.
                let gone = self.consoles.drop(key, &mut self.out);
                self.consoles_gone(gone);
                continue;
            };
            self.out.console(key, &charter);
            if self.journals.state().node(&self.here.node).is_some_and(|own| own.devices().contains_key(&device)) {
                let (consoles, around, _, out) = self.for_consoles();
                consoles.tell_state(key, around, out);
            } else {
                self.refuse_console(key, Refusal::Certificate);
                self.media.is_not_lost(&device);
                self.close_leg(&device);
            }
        }
        // Legs of those who are out of touch and no longer accepted.
        let own = self.journals.state().node(&self.here.node);
        let gone = self.media.with_legs().filter(|device| own.is_none_or(|own| !own.devices().contains_key(*device)));
        for device in gone.copied().collect::<Vec<_>>() {
            self.media.is_not_lost(&device);
            self.close_leg(&device);
        }
    }

    /// This node is not in service any more: its consoles see why, its neighbours get the charter, and it falls silent.
    fn retire(&mut self) {
        self.out.log(Note::Retired { serial: self.here.charter.serial });
        self.catch_up.retire();
        self.rings.retire();
        self.links.retire(self.amendment.lineage(), &self.here, &mut self.out);
        let charter = ToConsole::Charter { charter: self.here.charter.bytes().to_vec() };
        for key in self.consoles.keys() {
            if self.consoles.device(key).is_some() {
                self.out.console(key, &charter);
            }
            let gone = self.consoles.drop(key, &mut self.out);
            self.consoles_gone(gone);
        }
        for device in self.media.with_legs().copied().collect::<Vec<_>>() {
            self.media.is_not_lost(&device);
            self.close_leg(&device);
        }
        self.media.retire();
        self.watch.retire();
        self.out.changed.routes = true;
    }

    /// Goes on writing, once nobody can be expected to give back more of the own journal.
    pub(super) fn open_journal(&mut self) {
        let head = self.head();
        match self.catch_up.settle(head, &self.here, &mut self.out) {
            None => {}
            Some(Opens::AsBefore) => self.said_meanwhile(),
            Some(Opens::Anew) => self.go_on(head),
        }
    }

    /// The own journal goes on after its last entry.
    fn go_on(&mut self, head: u64) {
        self.media.begin(head);
        let charter = self.here.charter.hash();
        let opened = Body::Opened { charter };
        let body = if head == 0 { opened.clone() } else { Body::Restarted {} };
        let mut pen = self.pen();
        let _ = pen.append(body, Vec::new(), After::Nothing);
        if head > 0 && pen.ahead().node(&pen.here().node).and_then(|own| own.opened()) != Some(charter) {
            let _ = pen.append(opened, Vec::new(), After::Nothing);
        }
        self.out.changed.lines = true;
        self.watch.forget();
        self.watch.changed(&self.here, &mut self.out);
        self.trials.begin(&self.here);
        self.journals.compare_again(&self.here, &mut self.out);
        self.writings.note_all(&self.here, &self.journals, &mut self.chunks, &mut self.out);
        self.admit_early();
        self.said_meanwhile();
    }
}
