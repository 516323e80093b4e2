//! Who may put how much onto this node and, through its journal, onto every other: devices of the own party, journals
//! of other nodes, links.
//!
//! Nothing that somebody is entitled to say is lost by a budget. A console is told when to try again. Entries of a
//! journal that is over its budget wait ([`Waiting`]), and what waits is not acknowledged, so that whoever sends it
//! stops sending more of that journal, and of no other. Only what nobody signed is dropped without being looked at,
//! once a link has brought too much of it.

mod budget;
mod level;

pub(crate) use budget::{Limits, Need};
pub(crate) use level::Limit;

use crate::bucket::Bucket;
use crate::limits::*;
use budget::Budget;
use std::collections::BTreeMap;
use trialogue_charter::{DeviceId, NodeId};

/// What one device of the own party has said lately, by whichever WebSocket.
struct OfDevice {
    statements: Bucket,
    messages: Bucket,
    stated: Budget,
    /// Bodies that it has asked for.
    wanted: Budget,
}

impl OfDevice {
    fn new(now_us: u64) -> Self {
        Self {
            statements: Bucket::new(STATEMENTS_BURST, STATEMENT_EVERY_US, now_us),
            messages: Bucket::new(MESSAGES_BURST, MESSAGE_EVERY_US, now_us),
            stated: Budget::new(DEVICE_STATES, now_us),
            wanted: Budget::new(DEVICE_WANTS, now_us),
        }
    }
}

/// One journal, the own one or another's.
struct OfJournal {
    budget: Budget,
    /// When an entry of it was taken last, or its node came into reach.
    taken_us: u64,
}

/// All of it.
pub(crate) struct Budgets {
    since_us: u64,
    devices: BTreeMap<DeviceId, OfDevice>,
    journals: BTreeMap<NodeId, OfJournal>,
    /// What each link has brought that nobody signed, that is another history, or that does not belong to the entry
    /// beside which it came.
    forged: BTreeMap<NodeId, Budget>,
    /// Bodies that each link has brought of entries that were held without them.
    late: BTreeMap<NodeId, Budget>,
    /// Entries that each link has brought again.
    again: BTreeMap<NodeId, Budget>,
}

impl Budgets {
    /// Of a machine that starts now: whatever journals it follows may catch up.
    pub(crate) fn new(now_us: u64) -> Self {
        Self {
            since_us: now_us,
            devices: BTreeMap::new(),
            journals: BTreeMap::new(),
            forged: BTreeMap::new(),
            late: BTreeMap::new(),
            again: BTreeMap::new(),
        }
    }

    fn device(&mut self, device: DeviceId, now_us: u64) -> &mut OfDevice {
        // Only enrolled devices come here, and a node has a bound of them.
        self.devices.entry(device).or_insert_with(|| OfDevice::new(now_us))
    }

    fn journal(&mut self, node: &NodeId) -> &mut OfJournal {
        let since_us = self.since_us;
        self.journals
            .entry(node.clone())
            .or_insert_with(|| OfJournal { budget: Budget::saved(JOURNAL, since_us), taken_us: since_us })
    }

    /// May a console say a message that is no statement?
    pub(crate) fn message(&mut self, device: DeviceId, now_us: u64) -> bool {
        self.device(device, now_us).messages.take(now_us)
    }

    /// May a console make one more statement now, whatever it is? Otherwise: in how many microseconds.
    pub(crate) fn statement(&mut self, device: DeviceId, now_us: u64) -> Result<(), u64> {
        if self.device(device, now_us).statements.take(now_us) { Ok(()) } else { Err(STATEMENT_EVERY_US) }
    }

    /// May this statement, with its bodies of so many bytes, go into the own journal now? Otherwise: in how many
    /// microseconds.
    pub(crate) fn state(
        &mut self,
        own: &NodeId,
        device: DeviceId,
        bytes: usize,
        need: Need,
        now_us: u64,
    ) -> Result<(), u64> {
        self.device(device, now_us).stated.ask(bytes, need, now_us)?;
        // The others follow this journal no faster than that: what matters less waits for it here, and not at them.
        let own = self.journal(own);
        own.budget.forgo(now_us);
        own.budget.ask(bytes, need, now_us)
    }

    /// It went.
    pub(crate) fn stated(&mut self, device: DeviceId, bytes: usize, now_us: u64) {
        self.device(device, now_us).stated.spend(bytes);
    }

    /// May a console be given a body of so many bytes?
    pub(crate) fn want(&mut self, device: DeviceId, bytes: usize, now_us: u64) -> bool {
        let wanted = &mut self.device(device, now_us).wanted;
        let may = wanted.ask(bytes, Need::Urgent, now_us).is_ok();
        if may {
            wanted.spend(bytes);
        }
        may
    }

    /// May the own journal take so many bytes now that can wait? Otherwise: in how many microseconds. A part of it is
    /// left for what cannot.
    pub(crate) fn copy(&mut self, own: &NodeId, bytes: usize, now_us: u64) -> Result<(), u64> {
        let own = self.journal(own);
        own.budget.forgo(now_us);
        own.budget.ask(bytes, Need::Ordinary, now_us)
    }

    /// May an entry of so many bytes be taken into a journal now? Otherwise: in how many microseconds.
    pub(crate) fn entry(&mut self, node: &NodeId, bytes: usize, now_us: u64) -> Result<(), u64> {
        self.journal(node).budget.ask(bytes, Need::Urgent, now_us)
    }

    /// It was.
    pub(crate) fn entry_taken(&mut self, node: &NodeId, bytes: usize, now_us: u64) {
        let journal = self.journal(node);
        journal.budget.spend(bytes);
        journal.taken_us = now_us;
    }

    /// A link has brought bodies of an entry that is held without them: may they be taken now? Otherwise: in how many
    /// microseconds. Nothing waits for that: whoever misses them asks again later.
    pub(crate) fn late(&mut self, link: &NodeId, bytes: usize, now_us: u64) -> Result<(), u64> {
        let budget = self.late.entry(link.clone()).or_insert_with(|| Budget::new(LATE_BODIES, now_us));
        budget.ask(bytes, Need::Urgent, now_us)?;
        budget.spend(bytes);
        Ok(())
    }

    /// A link to this node came up: what it has written since may be caught up with.
    pub(crate) fn in_reach(&mut self, node: &NodeId, now_us: u64) {
        self.journal(node).taken_us = now_us;
    }

    /// The node itself says how far its journal goes, on its own link. Where nothing is missing, or nothing has come
    /// for a while, there is nothing to catch up with: what it writes from now on is new.
    pub(crate) fn told(&mut self, node: &NodeId, all_here: bool, now_us: u64) {
        let journal = self.journal(node);
        if all_here || now_us >= journal.taken_us + CATCH_UP_US {
            journal.budget.forgo(now_us);
        }
    }

    /// May an entry of so many bytes be looked at that is held already?
    pub(crate) fn again(&mut self, link: &NodeId, bytes: usize, now_us: u64) -> bool {
        let budget = self.again.entry(link.clone()).or_insert_with(|| Budget::new(REPEATS, now_us));
        let may = budget.ask(bytes, Need::Urgent, now_us).is_ok();
        if may {
            budget.spend(bytes);
        }
        may
    }

    /// Has a link brought so much that nobody signed that no more is looked at for now? Counted in entries alone: were
    /// it counted in bytes too, what a neighbour puts beside another's entries would keep these out sooner, and hashing
    /// a megabyte fifty times a second costs a tenth of a processor.
    pub(crate) fn is_forger(&mut self, link: &NodeId, now_us: u64) -> bool {
        self.forged.get_mut(link).is_some_and(|budget| budget.ask(0, Need::Urgent, now_us).is_err())
    }

    /// A link has brought an entry that nobody signed, or bodies that do not belong to it.
    pub(crate) fn forged(&mut self, link: &NodeId, bytes: usize, now_us: u64) {
        let budget = self.forged.entry(link.clone()).or_insert_with(|| Budget::new(FORGED, now_us));
        // Asked first, so that what time has given back is there to be spent.
        let _ = budget.ask(bytes, Need::Urgent, now_us);
        budget.spend(bytes);
    }
}
