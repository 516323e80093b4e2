//! The written line at this console: its keys for it, what it writes, what it reads. Only where the platform keeps things for the machine
//! ([`Console::keep_writings`]): whoever publishes a key that is gone after a start would lose what others write to it.
//!
//! Nothing here is done in haste: a call and its keys come first.

mod archive;
mod attach;
mod circles;
mod drafts;
mod earlier;
mod held;
mod keeping;
mod kept;
mod note;
mod outbox;
mod read;
mod readout;
mod save;
mod show;
mod shown;
mod stock;
mod words;

use crate::console::Console;
use crate::engage::Known;
use crate::io::Output;
use crate::limits::{MISSING_US, WRITTEN_AFTER_US};
use crate::repeats::Repeats;
use crate::view::WrittenView;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{DeviceId, Hash, LineId, Suite};
use trialogue_e2ee::writing::WritingKeys;

/// Where an own writing is on its way.
pub(crate) use outbox::Sending;
/// What became of a writing of the line that is open.
pub(crate) use read::Opened;
/// A key package on its way.
pub(crate) use stock::Making;
pub(crate) use words::{NewMessage, tongue};

/// Everything about the written line.
#[derive(Default)]
pub(crate) struct Writer {
    /// The platform keeps things: there is a written line here.
    pub(crate) on: bool,
    keeping: keeping::Keeping,
    /// Secrets of the key packages with which others write to this device, the oldest first.
    stock: Vec<kept::KeptStock>,
    circles: held::HeldCircles,
    outbox: Vec<kept::KeptOut>,
    drafts: drafts::Drafts,
    /// Its keys, with the suite that they are of.
    pub(crate) ring: Option<(Suite, WritingKeys)>,
    pub(crate) making: Making,
    /// Since when the node's entries are here.
    pub(crate) since_us: Option<u64>,
    /// The line that the page shows.
    pub(crate) open: Option<LineId>,
    pub(crate) opened: BTreeMap<Hash, Opened>,
    /// Circles of others, joined one at a time.
    pub(crate) joins: circles::Joins,
    /// The last key package of each device that did not verify: it cannot be written to until another one comes.
    pub(crate) bad_stock: BTreeMap<DeviceId, Hash>,
    /// Key packages that the last writing did not wait for any longer.
    lacking: BTreeSet<Hash>,
    pub(crate) sending: BTreeMap<u64, Sending>,
    pub(crate) shown_here: shown::Shown,
    shown: Option<WrittenView>,
    pub(crate) archive: archive::Archive,
    /// Newest writings of each node and line that the node has told; 0: as many as it tells everybody.
    pub(crate) told: u16,
    /// As many as the officer wants, when that is more.
    wanted: u16,
    asked_us: Option<u64>,
    /// A file that the page is reading, to attach it.
    pub(crate) attaching: Option<attach::Reading>,
    /// Chunks on their way to the node.
    pub(crate) giving: Option<attach::Giving>,
    /// Messages of the outbox whose chunks the node has.
    pub(crate) given: BTreeSet<u64>,
    /// Those of which a node has refused the message: it is asked once more what it lacks.
    pub(crate) given_again: BTreeSet<u64>,
    /// Writings that a node refused because of its charter or clock: they are said anew once.
    pub(crate) said_again: BTreeSet<u64>,
    /// Writings of which the node took a circle no more for now, and for how long, in microseconds.
    pub(crate) put_off: BTreeMap<u64, u64>,
    /// How often each was put off.
    pub(crate) circle_tries: BTreeMap<u64, Repeats>,
    /// A file of a message on its way to the page.
    pub(crate) saving: Option<save::Saving>,
    /// What became of others, of the line that is open.
    pub(crate) saved: BTreeMap<(Hash, usize), crate::view::FileState>,
}

impl Writer {
    /// Something changed that must outlive this process; returns the number under which it will be kept.
    pub(crate) fn change(&mut self) -> u64 {
        self.keeping.change()
    }

    /// The platform has the state of that number.
    pub(crate) fn is_safe(&self, version: u64) -> bool {
        self.keeping.is_safe(version)
    }
}

impl Console {
    /// Turns the written line on. `kept`: the bytes that [`Output::Keep`] gave last, if there are any; bytes of another version, or of another device,
    /// are as good as none. Say it once, before the first input.
    pub fn keep_writings(&mut self, kept: Option<&[u8]>) {
        self.writer.on = true;
        if let Some(kept) = kept.and_then(kept::Kept::decode).filter(|kept| kept.device == self.id) {
            (self.writer.stock, self.writer.outbox) = (kept.stock, kept.outbox);
            self.writer.circles = held::HeldCircles::recalled(kept.circles);
            self.writer.drafts = drafts::Drafts::recalled(kept.drafts, kept.scratch);
            self.revocations.recall(kept.revocations);
        }
    }

    /// The seal of the platform has changed: everything is kept anew.
    pub fn keep_again(&mut self) {
        if self.writer.on {
            self.writer.change();
        }
    }

    pub(crate) fn writings_kept(&mut self, version: u64) {
        self.writer.keeping.kept(version);
    }

    /// Brings the written line up to date.
    pub(crate) fn settle_written(&mut self) {
        if !self.writer.on || self.charter.is_none() {
            return;
        }
        if !self.sites.is_up() {
            self.writer.since_us = None;
            self.stop_giving();
        } else {
            let since = *self.writer.since_us.get_or_insert(self.now_us);
            if self.now_us >= since + WRITTEN_AFTER_US && self.call_has_keys() {
                self.settle_stock();
                self.settle_outbox();
            }
            self.settle_shown();
            self.settle_earlier();
            self.read_open_line();
            self.settle_saving();
            self.archive_new();
        }
        self.keep_now();
        self.show_written();
    }

    /// In no call, or in one in which nobody's keys are only just on their way: there is time for other things. Whose keys do not come holds nothing up.
    fn call_has_keys(&self) -> bool {
        let awaited = |known: &Known| known.without_keys_us.is_some_and(|since| self.now_us < since + MISSING_US);
        self.call.as_ref().is_none_or(|call| !call.members.values().any(awaited))
    }

    fn keep_now(&mut self) {
        if let Some(version) = self.writer.keeping.take_change() {
            let mut kept = kept::ToKeep::of(self.id);
            (kept.stock, kept.circles) = (&self.writer.stock, self.writer.circles.all());
            kept.outbox = &self.writer.outbox;
            (kept.drafts, kept.scratch) = (self.writer.drafts.drafts(), self.writer.drafts.scratch());
            let charter = self.charter.as_ref();
            kept.revocations = charter.map(|charter| self.revocations.to_keep(charter, self.now()));
            let bytes = kept.encode();
            self.push(Output::Keep { version, bytes });
        }
    }

    fn show_written(&mut self) {
        let view = self.open_line().and_then(|line| self.written_view(&line));
        if view != self.writer.shown {
            self.writer.shown = view.clone();
            self.push(Output::Written(view.map(Box::new)));
        }
    }

    /// Something is read or written: bodies are asked for.
    pub(crate) fn needs_bodies(&self) -> bool {
        self.writer.on && (self.writer.open.is_some() || self.writer.archive.is_on() || !self.writer.outbox.is_empty())
    }

    /// When the written line needs attention.
    pub(crate) fn written_next_us(&self) -> Option<u64> {
        if !self.writer.on || !self.sites.is_up() {
            return None;
        }
        let first = self.writer.since_us.map(|since| since + WRITTEN_AFTER_US).filter(|at| *at > self.now_us);
        let late_ms = self.next_due_ms().map(|ms| self.now().us_at(ms));
        let join = self.writer.joins.next_us(self.now_us);
        let shown = self.writer.shown_here.next_us().filter(|at| *at > self.now_us);
        let all = [first, late_ms, join, shown, self.stock_due_us(), self.outbox_next_us(), self.archive_next_us()];
        all.into_iter().flatten().min()
    }
}
