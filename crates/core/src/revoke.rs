//! Devices that are accepted no more: revoked by the root of their party, or suspended here by the operator. Whoever asked for it is told once it stands
//! in the journal, or why nothing was done. A revocation that stands in any journal is copied into the own one, so that it spreads by every path.

use crate::append::After;
use crate::io::Output;
use crate::limits::{COPIES_UNDER_WAY, LISTED_SETTLE_US, LISTED_US};
use crate::machine::Machine;
use crate::note::Note;
use trialogue_charter::{DeviceId, Revocation, RevocationError};
use trialogue_journal::{Body, State, UnverifiedEntry};
use trialogue_wire::console::Refusal;

/// What is still to be copied, and to be told of.
#[derive(Default)]
pub(crate) struct Copies {
    /// Nothing new has come since all was copied.
    done: bool,
    /// Until then the journal has no room for what can wait.
    until_us: Option<u64>,
    /// When the node is to tell next of the revocations in its journal; none: it has just started.
    tell_us: Option<u64>,
}

/// Something that a person asked of this node, named by the shell. It is answered once, with what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Errand(pub u64);

/// What became of an errand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It stands in this node's journal, on the disk.
    Written,
    /// It took effect here, and the disk could not take it.
    Unrecorded,
    /// Nothing was done.
    Refused(NotDone),
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// The node has just started.
    #[error(
        "the node has just started and writes nothing before it has heard what others hold of its journal; nothing was done, ask again in ten seconds"
    )]
    Opening,
    /// The node was restored from a backup.
    #[error(
        "the node was restored from a backup and writes nothing before it has its journal back from the others; nothing was done, ask again when `health` says that it has caught up"
    )]
    Restored,
    /// The charter does not have it in service.
    #[error(
        "the node is retired in the charter and writes nothing more; nothing was done, use another node of the party"
    )]
    Retired,
    /// The disk does not keep up.
    #[error("too much waits for the node's disk; nothing was done, ask again")]
    Busy,
    /// It is on its way to the disk already.
    #[error("this is being written already; ask again in a moment to know that it is done")]
    UnderWay,
    /// Nobody here has that device.
    #[error(
        "no such device of the party is enrolled anywhere; `trialogue device list` at the node where it was enrolled shows it"
    )]
    NoSuchDevice,
    /// The root has said so, which is for good.
    #[error(
        "the party's root has revoked the device, which is for good; nothing was done: its holder needs a new enrolment link"
    )]
    Revoked,
    /// There is nothing to lift.
    #[error("the device was never suspended at this node; nothing was done, `trialogue device list` shows what is")]
    NotSuspended,
    /// Not the root's word.
    #[error("{0}; nothing was done")]
    Unproven(#[from] RevocationError),
    /// The journal has no room for more of that party.
    #[error(
        "this journal has as many revocations of that party as it takes; nothing was done: have the party take a new root, under which all devices enrol anew"
    )]
    Full,
}

impl Machine {
    /// The root of a party, any party, accepts a device no more; what follows from it follows when it is written.
    pub(crate) fn revoke(&mut self, revocation: Vec<u8>, errand: Errand) {
        let done = self.try_revoke(revocation, errand);
        self.answer(errand, done);
    }

    /// The operator lets a device in no more at this node, or does again.
    pub(crate) fn suspend(&mut self, device: DeviceId, on: bool, errand: Errand) {
        let done = self.try_suspend(device, on, errand);
        self.answer(errand, done);
    }

    fn answer(&mut self, errand: Errand, done: Result<Option<Fate>, NotDone>) {
        match done {
            Ok(None) => {}
            Ok(Some(fate)) => self.push_out(Output::Errand { errand, fate }),
            Err(why) => self.push_out(Output::Errand { errand, fate: Fate::Refused(why) }),
        }
    }

    /// None: the answer comes when it is written.
    fn try_revoke(&mut self, revocation: Vec<u8>, errand: Errand) -> Result<Option<Fate>, NotDone> {
        self.may_write()?;
        let Revocation { party, device } = Revocation::open(&self.here.charter, &revocation)?;
        if let Some(seq) = self.state.node(&self.here.node).and_then(|own| own.revoked_at(&party, &device)) {
            return Ok(Some(self.fate_of(seq)));
        }
        let ahead = self.ahead.node(&self.here.node).ok_or(NotDone::Retired)?;
        if ahead.revoked_at(&party, &device).is_some() {
            return Err(NotDone::UnderWay);
        }
        if ahead.has_no_room_for(&party) {
            return Err(NotDone::Full);
        }
        self.write_for(Body::Revoked { revocation }, errand)
    }

    fn try_suspend(&mut self, device: DeviceId, on: bool, errand: Errand) -> Result<Option<Fate>, NotDone> {
        self.may_write()?;
        if self.ahead.known_device(&device).is_none_or(|known| known.party != self.here.party) {
            return Err(NotDone::NoSuchDevice);
        }
        if self.ahead.is_revoked(&device) {
            return Err(NotDone::Revoked);
        }
        let said = |state: &State| state.node(&self.here.node).and_then(|own| own.suspended_at(&device));
        match (said(&self.state), said(&self.ahead)) {
            (_, None) if !on => Err(NotDone::NotSuspended),
            (Some((now, seq)), Some((soon, _))) if now == on && soon == on => Ok(Some(self.fate_of(seq))),
            (_, Some((soon, _))) if soon == on => Err(NotDone::UnderWay),
            _ => self.write_for(Body::Suspended { device, on }, errand),
        }
    }

    fn fate_of(&self, seq: u64) -> Fate {
        if seq <= self.recorded { Fate::Written } else { Fate::Unrecorded }
    }

    fn write_for(&mut self, body: Body, errand: Errand) -> Result<Option<Fate>, NotDone> {
        self.append(body, Vec::new(), After::Errand(errand)).map(|()| None).map_err(|_| NotDone::Busy)
    }

    /// When it goes on with that.
    pub(crate) fn next_copy_us(&self) -> Option<u64> {
        self.copies.until_us
    }

    /// Something may have to be copied: a revocation has come, or another charter has taken effect.
    pub(crate) fn copies_due(&mut self) {
        self.copies.done = false;
        let soon = self.here.now.us + LISTED_SETTLE_US;
        self.copies.tell_us = self.copies.tell_us.map(|due| due.min(soon));
    }

    /// Copies what stands in other journals into the own one, a few at a time: by this it reaches whoever has a link to this node alone, and no node
    /// can keep it to itself.
    pub(crate) fn copy_revocations(&mut self) {
        if self.copies.done || self.copies.until_us.is_some_and(|until| self.here.now.us < until) {
            return;
        }
        self.copies.until_us = None;
        let copying = |body: &Body| matches!(body, Body::Revoked { .. });
        let under_way = self.pending.iter().filter(|pending| copying(pending.body())).count();
        let room = COPIES_UNDER_WAY.saturating_sub(under_way);
        let Some(own) = self.ahead.node(&self.here.node) else { return };
        let missing = self.ahead.revocations_to_copy(own).map(|(.., node, seq)| (node.clone(), seq));
        let missing: Vec<_> = missing.take(room + 1).collect();
        self.copies.done = missing.len() <= room;
        for (node, seq) in missing.into_iter().take(room) {
            let entry = self.ledger.entry(&node, seq).and_then(|bytes| UnverifiedEntry::decode(&bytes).ok());
            let Some(Body::Revoked { revocation }) = entry.map(|entry| entry.claim().body.clone()) else {
                self.log(Note::Fault { what: "a revocation that counts is not in the journal where it stands" });
                continue;
            };
            if let Err(wait_us) = self.budgets.copy(&self.here.node, revocation.len(), self.here.now.us) {
                (self.copies.done, self.copies.until_us) = (false, Some(self.here.now.us + wait_us));
                return;
            }
            if self.append(Body::Revoked { revocation }, Vec::new(), After::Nothing).is_err() {
                self.copies.done = false;
                return;
            }
        }
    }

    /// When it tells next of the revocations in its journal.
    pub(crate) fn next_listed_us(&self) -> Option<u64> {
        self.copies.tell_us
    }

    /// Tells of the revocations in its journal: a while after there are others, and again and again.
    pub(crate) fn write_listed(&mut self) {
        let now_us = self.here.now.us;
        let soon = now_us + LISTED_SETTLE_US;
        if now_us < *self.copies.tell_us.get_or_insert(soon) {
            return;
        }
        let Some(sets) = self.ahead.node(&self.here.node).map(|own| own.revoked_sets()) else { return };
        self.copies.tell_us = Some(now_us + LISTED_US);
        if self.append(Body::Listed { sets }, Vec::new(), After::Nothing).is_err() {
            self.copies.tell_us = Some(soon);
        }
    }

    /// Who is accepted no more goes at once.
    pub(crate) fn put_out(&mut self) {
        let out = self.devices.iter().filter_map(|(device, console)| {
            let suspended = || self.state.node(&self.here.node).is_some_and(|own| own.suspends(device));
            let reason = if self.state.is_revoked(device) {
                Refusal::Revoked
            } else if suspended() {
                Refusal::Suspended
            } else {
                return None;
            };
            Some((*device, *console, reason))
        });
        for (device, console, reason) in out.collect::<Vec<_>>() {
            self.refuse_console(console, reason);
            self.close_leg(&device);
        }
    }

    /// What is asked for is done at once or not at all: who asks is told so.
    fn may_write(&self) -> Result<(), NotDone> {
        if self.is_retired() {
            return Err(NotDone::Retired);
        }
        if self.waits_restored() {
            return Err(NotDone::Restored);
        }
        if self.is_opening() { Err(NotDone::Opening) } else { Ok(()) }
    }
}
