//! Devices that are accepted no more: revoked by their party's root, through whatever node; suspended by this node alone.

use crate::append::After;
use crate::bucket::Bucket;
use crate::io::Output;
use crate::limits::{LIST_EVERY_US, LISTED_SETTLE_US, LISTS_BURST};
use crate::machine::Machine;
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, ListName, PartyId, RevocationError, RevocationList};
use trialogue_journal::{Body, BodyRef, Entry, PartyList};
use trialogue_wire::console::Refusal;

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
        "the node was restored from a backup and writes nothing before it has its journal back from the others; nothing was done, ask at another node, or again when `health` says that it has caught up"
    )]
    Restored,
    /// The charter does not have it in service.
    #[error("the node is retired in the charter and writes nothing more; nothing was done, ask at another node")]
    Retired,
    /// The disk does not keep up.
    #[error("too much waits for the node's disk; nothing was done, ask again")]
    Busy,
    /// Another party's root signs without end.
    #[error(
        "this node has taken many lists of that party lately and takes one more in ten minutes; nothing was done, hand it to a node of its own party"
    )]
    Often,
    /// It is on its way to the disk already.
    #[error("this is being written already; ask again in a moment to know that it is done")]
    UnderWay,
    /// Not the root's word.
    #[error(transparent)]
    List(#[from] RevocationError),
    /// The device cannot be suspended, or is not.
    #[error("no such device is enrolled at a node of this party; `trialogue device list` shows those that are")]
    NoSuchDevice,
    /// It is revoked for good.
    #[error("the party's root has revoked the device: that is for good")]
    Revoked,
}

/// What this node has to say about revocation lists.
#[derive(Default)]
pub(crate) struct Lists {
    /// A list may stand in another journal and not in the own one.
    to_copy: bool,
    /// How many lists of each other party may go into the own journal.
    of_party: BTreeMap<PartyId, Bucket>,
    /// When the word of the lists that are held is due again; none: nothing was written in this run.
    word_us: Option<u64>,
}

impl Lists {
    /// May one more list of this party go into the own journal now? The own party's root fills its own store alone.
    fn may_take(&mut self, own: &PartyId, of: &PartyId, now_us: u64) -> bool {
        let bucket = || Bucket::new(LISTS_BURST, LIST_EVERY_US, now_us);
        own == of || self.of_party.entry(of.clone()).or_insert_with(bucket).take(now_us)
    }
}

impl Machine {
    /// A revocation list of any party, on nobody's word but that of its root. It takes effect when it is written.
    pub(crate) fn revoke(&mut self, list: Vec<u8>, errand: Errand) {
        match self.hand_in(list, errand) {
            Ok(true) => {}
            Ok(false) => self.push_out(Output::Errand { errand, fate: Fate::Written }),
            Err(why) => self.push_out(Output::Errand { errand, fate: Fate::Refused(why) }),
        }
    }

    /// The certificate of a device of the own party, as a journal has it.
    pub fn certificate(&self, device: &DeviceId) -> Option<Vec<u8>> {
        let at = self.state.nodes().find_map(|(id, node)| Some((id, node.devices().get(device)?.seq)));
        let (node, seq) = at?;
        let bundle = self.ledger.bundle(node, seq)?;
        bundle.bodies.first().map(|body| body.to_vec())
    }

    /// A signed revocation list that counts here.
    pub fn list(&self, name: &ListName) -> Option<Vec<u8>> {
        self.ledger.body(&name.hash).map(|body| body.to_vec())
    }

    /// True: the answer comes when it is written.
    fn hand_in(&mut self, bytes: Vec<u8>, errand: Errand) -> Result<bool, NotDone> {
        self.may_write()?;
        let list = RevocationList::open(&self.charter, &bytes)?;
        let name = list.name(&bytes);
        if self.has_list(&self.state, &list.party, &name) || self.says_already(&list, &name) {
            return Ok(false);
        }
        if self.has_list(&self.ahead, &list.party, &name) {
            return Err(NotDone::UnderWay);
        }
        if !self.lists.may_take(&self.party, &list.party, self.now.us) {
            return Err(NotDone::Often);
        }
        let reference = BodyRef::of(&bytes).ok_or(RevocationError::Unsound)?;
        let body = Body::Revoked { list: reference };
        self.append(body, vec![bytes.into()], After::Errand(errand)).map_err(|_| NotDone::Busy)?;
        Ok(true)
    }

    fn has_list(&self, state: &trialogue_journal::State, party: &PartyId, name: &ListName) -> bool {
        state.node(&self.node).is_some_and(|own| own.list_at(party, name).is_some())
    }

    /// A newer list that stands in the own journal names all of them.
    fn says_already(&self, list: &RevocationList, name: &ListName) -> bool {
        let revocations = self.state.revocations();
        let newest = revocations.newest(&list.party).map(|(newest, _)| newest);
        let written = newest.filter(|newest| newest > name && self.has_list(&self.state, &list.party, newest));
        written.is_some() && list.devices.iter().all(|device| revocations.names(&list.party, device))
    }

    /// The operator lets a device of the own party in no more at this node, or does again.
    pub(crate) fn suspend(&mut self, device: DeviceId, on: bool, errand: Errand) {
        let fate = match self.try_suspend(device, on, errand) {
            Ok(true) => return,
            Ok(false) => Fate::Written,
            Err(why) => Fate::Refused(why),
        };
        self.push_out(Output::Errand { errand, fate });
    }

    fn try_suspend(&mut self, device: DeviceId, on: bool, errand: Errand) -> Result<bool, NotDone> {
        self.may_write()?;
        if self.ahead.revocations().names(&self.party, &device) {
            return Err(NotDone::Revoked);
        }
        let party = self.ahead.nodes().filter(|(_, node)| *node.party() == self.party);
        if !party.into_iter().any(|(_, node)| node.devices().contains_key(&device) || node.suspends(&device)) {
            return Err(NotDone::NoSuchDevice);
        }
        let suspended = |state: &trialogue_journal::State| state.node(&self.node).map(|own| own.suspends(&device));
        if suspended(&self.state) == Some(on) && suspended(&self.ahead) == Some(on) {
            return Ok(false);
        }
        if suspended(&self.ahead) == Some(on) {
            return Err(NotDone::UnderWay);
        }
        let body = Body::Suspended { device, on };
        self.append(body, Vec::new(), After::Errand(errand)).map_err(|_| NotDone::Busy)?;
        Ok(true)
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

    /// The own journal goes on, or all journals were folded anew.
    pub(crate) fn begin_lists(&mut self) {
        self.lists.to_copy = true;
        // Whoever was away for long is missed already.
        let said_ms = self.ahead.node(&self.node).and_then(|own| own.listed()).map(|listed| listed.time_ms);
        let missed = said_ms.is_some_and(|said| self.now.wall_ms >= said + self.listed_every_us() / 1_000);
        let settle = if missed { 0 } else { LISTED_SETTLE_US };
        self.lists.word_us.get_or_insert(self.now.us + settle);
    }

    /// An entry has taken effect that says who is accepted no more: such a device is out at once.
    pub(crate) fn barred(&mut self, entry: &Entry) {
        let refusal = match entry.body {
            // The voucher of whoever is enrolled may have made another device as well.
            Body::Revoked { .. } | Body::Enrolled { .. } => Refusal::Revoked,
            Body::Suspended { on: true, .. } if entry.node == self.node => Refusal::Suspended,
            _ => return,
        };
        self.lists.to_copy |= matches!(entry.body, Body::Revoked { .. });
        let own = self.state.node(&self.node);
        let is_out = |device: &DeviceId| {
            self.state.revocations().names(&self.party, device)
                || self.state.is_doubled(device)
                || own.is_some_and(|own| own.suspends(device))
        };
        let here = self.devices.keys().chain(self.legs.keys()).copied();
        let mut out: Vec<DeviceId> = here.filter(is_out).collect();
        out.sort_unstable();
        out.dedup();
        for device in out {
            if let Some(console) = self.devices.get(&device).copied() {
                self.refuse_console(console, refusal);
            }
            self.close_leg(&device);
        }
    }

    /// Every journal has every list: so each says from where on nothing of such a device counts in it, and no node can keep a list from the others.
    pub(crate) fn copy_lists(&mut self) {
        if !std::mem::take(&mut self.lists.to_copy) {
            return;
        }
        let all: Vec<(PartyId, ListName)> =
            self.ahead.revocations().all().map(|(party, name)| (party.clone(), *name)).collect();
        // The newest first: it names all whom the others name.
        for (party, name) in all.into_iter().rev() {
            if self.has_list(&self.ahead, &party, &name) {
                continue;
            }
            let Some(bytes) = self.ledger.body(&name.hash) else { continue };
            let Some(list) = BodyRef::of(&bytes) else { continue };
            if !self.lists.may_take(&self.party, &party, self.now.us) {
                // It counts here all the same; only the copy waits.
                self.lists.to_copy = true;
                continue;
            }
            if self.append(Body::Revoked { list }, vec![bytes], After::Nothing).is_err() {
                self.lists.to_copy = true;
                return;
            }
        }
    }

    /// Says which lists this node holds: when that changes, and again and again.
    pub(crate) fn write_listed(&mut self) {
        let Some(due_us) = self.lists.word_us else { return };
        let Some(own) = self.ahead.node(&self.node) else { return };
        let written = |said: &PartyList| own.list_at(&said.party, &said.list).is_some();
        let lists: Vec<PartyList> = self.ahead.revocations().heads().into_iter().filter(written).collect();
        let said = own.listed().map(|listed| listed.lists.as_slice()).unwrap_or_default();
        if self.now.us < due_us && lists == said {
            return;
        }
        if self.append(Body::Listed { lists }, Vec::new(), After::Nothing).is_ok() {
            self.lists.word_us = Some(self.now.us + self.listed_every_us());
        }
    }

    /// Eight times within the time after which consoles would miss it.
    fn listed_every_us(&self) -> u64 {
        u64::from(self.charter.policy.revocation_hours) * 3_600_000_000 / 8
    }

    /// When [`Machine::write_listed`] is due.
    pub(crate) fn next_listed_us(&self) -> Option<u64> {
        self.lists.word_us
    }
}
