//! A newer charter takes effect: here, at the consoles, on the links; without a gap in calls that it does not touch.
//!
//! What the journals say is folded anew from their beginning under the newest charter that is held. So the state
//! depends on that charter and the journals alone, not on what came first; see `docs/decisions/0014`.

use crate::io::Output;
use crate::journals::After;
use crate::machine::Machine;
use crate::note::{Count, Note};
use std::sync::Arc;
use trialogue_charter::{CharterError, HybridSecret, NodeId, UnverifiedCharter, VerifiedCharter};
use trialogue_journal::{Body, VerifiedEntry};
use trialogue_wire::console::{Refusal, ToConsole};

/// Why a charter does not take effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmendError {
    /// It is not one, or may not take the place of the one in force.
    #[error(transparent)]
    Charter(#[from] CharterError),
    /// The own party has another root there and has not agreed to that with the one that it has.
    #[error(
        "the charter names another root for this node's own party, which its root in force has not signed: check with its security officer, then set party_root and charter in the configuration and start the node again"
    )]
    OwnRoot,
    /// The node has another journal key there.
    #[error(
        "the charter names another key for this node: put its key file beside the present one, named as that with .next after it, and install the charter at this node"
    )]
    OwnKey,
    /// What it says of the end of a former journal key is not so: this node's own entries would count no more.
    #[error(
        "the charter names another last entry under a former key of this node than its journal has: draft it again with `--journals` and a record exported at this node now; of a key that it replaces itself, only while the node stands still"
    )]
    OwnJournal,
}

impl Machine {
    /// A charter on the operator's word. `next`: the journal key that it names for this node, if that is another one.
    /// What is to be done comes out of [`Machine::poll`], as after [`Machine::handle`].
    ///
    /// # Errors
    /// When it does not take effect; nothing has changed then. The charter in force, given again, is no error.
    pub fn amend(&mut self, now: crate::io::Now, bytes: &[u8], next: Option<HybridSecret>) -> Result<(), AmendError> {
        self.here.go_on(now);
        self.next_secret = next.or(self.next_secret.take());
        self.take_charter(bytes, None)?;
        self.settle();
        Ok(())
    }

    /// The charter in force.
    pub fn charter(&self) -> &Arc<VerifiedCharter> {
        &self.here.charter
    }

    /// The charter in force does not have this node in service: there is nothing left for it to do.
    pub fn is_retired(&self) -> bool {
        self.here.is_retired()
    }

    /// A neighbour gives a charter.
    pub(crate) fn charter_given(&mut self, from: &NodeId, bytes: &[u8]) {
        let outcome = self.take_charter(bytes, Some(from));
        if outcome == Err(AmendError::OwnKey) {
            self.push_out(Output::NextKey { charter: bytes.to_vec() });
        }
        if let Err(error) = outcome {
            self.count(Count::CharterRefused);
            // One that was overtaken on its way is nothing to look at.
            if !matches!(error, AmendError::Charter(CharterError::Older { .. })) {
                self.log(Note::CharterRefused { from: from.clone(), why: error.to_string() });
            }
        }
    }

    fn take_charter(&mut self, bytes: &[u8], from: Option<&NodeId>) -> Result<(), AmendError> {
        let offered = UnverifiedCharter::decode(bytes)?;
        if offered.hash() == self.here.charter.hash() {
            return Ok(());
        }
        // Before any signature is looked at: whoever sends old ones costs nothing.
        if offered.claims().serial < self.here.charter.serial {
            return Err(CharterError::Older { offered: offered.claims().serial, held: self.here.charter.serial }.into());
        }
        let charter = offered.verify(None)?;
        charter.supersedes(&self.here.charter)?;
        if charter.party(&self.here.party).is_some() && self.here.charter.awaits(&offered).contains(&self.here.party) {
            return Err(AmendError::OwnRoot);
        }
        if !self.has_ended_so(&charter) {
            return Err(AmendError::OwnJournal);
        }
        let own = charter.node(&self.here.node).filter(|own| !own.retired && own.journal != self.here.secret.public());
        if let Some(own) = own {
            match self.next_secret.take() {
                Some(next) if next.public() == own.journal => self.here.secret = next,
                other => {
                    self.next_secret = other;
                    return Err(AmendError::OwnKey);
                }
            }
        }
        self.take_effect(Arc::new(charter), from);
        Ok(())
    }

    /// Do the own entries around the ends that the charter names count under it?
    fn has_ended_so(&self, charter: &VerifiedCharter) -> bool {
        let head = self.journals.head(&self.here.node);
        let counts = |seq: u64| {
            let entry = self.journals.bundle(&self.here.node, seq);
            entry.is_some_and(|bundle| VerifiedEntry::open(&bundle.entry, charter).is_ok())
        };
        let keys = charter.node(&self.here.node).into_iter().flat_map(|own| own.journal_keys());
        let ends: Vec<u64> = keys.filter_map(|key| key.last()).map(|last| last.seq).collect();
        ends.iter().all(|seq| *seq <= head)
            && ends.iter().flat_map(|seq| [*seq, seq + 1]).filter(|seq| (1..=head).contains(seq)).all(counts)
    }

    fn take_effect(&mut self, charter: Arc<VerifiedCharter>, from: Option<&NodeId>) {
        self.count(Count::CharterTaken);
        self.log(Note::Charter { serial: charter.serial });
        self.push_out(Output::Charter(charter.clone()));
        let before = std::mem::replace(&mut self.here.charter, charter);
        self.lineage.remember(before);
        let charter = self.here.charter.clone();
        self.journals.keep_nodes(&charter);
        self.journals.fold_anew(&self.here);
        self.writings.amended();
        self.revocations.came(&self.here);
        let (media, at, _) = self.for_media();
        media.amended(at);
        if self.is_retired() {
            return self.retire();
        }
        if !self.is_opening() {
            let _ = self.append(Body::Opened { charter: charter.hash() }, Vec::new(), After::Nothing);
        }
        let changes = self.links.amended(from, &self.lineage, &self.here, &self.journals, &mut self.out);
        self.link_changed(changes);
        self.charter_to_consoles();
        // A line of before that named an office which is gone now counts for nothing.
        self.watch.forget();
        self.watch.changed(&self.here, &mut self.out);
        (self.out.changed.lines, self.out.changed.routes, self.out.changed.paths) = (true, true, true);
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
        self.log(Note::Retired { serial: self.here.charter.serial });
        self.opening = None;
        self.rings.retire();
        self.links.retire(&self.lineage, &self.here, &mut self.out);
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
}
