//! The written line at this console: its keys for it, what it writes, what it reads. Only where the platform keeps things for the machine
//! ([`Console::keep_writings`]): whoever publishes a key that is gone after a start would lose what others write to it.
//!
//! Nothing here is done in haste: a call and its keys come first.

mod archive;
mod around;
mod attach;
mod circles;
mod drafts;
mod earlier;
mod giving;
mod held;
mod keeping;
mod kept;
mod note;
mod outbox;
mod read;
mod readout;
mod ring;
mod routes;
mod save;
mod show;
mod shown;
mod stock;
mod words;

use crate::acts::{How, Purpose, Settled, is_of_occasion};
use crate::console::Console;
use crate::engage::Known;
use crate::io::Output;
use crate::limits::{MISSING_US, WRITTEN_AFTER_US};
use crate::now::Now;
use crate::view::WrittenView;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{Hash, LineId};
use trialogue_e2ee::Chance;
use trialogue_e2ee::writing::FileError;

pub(crate) use around::Around;
/// What became of a writing of the line that is open.
pub(crate) use read::Opened;
pub(crate) use words::{NewMessage, tongue};

/// Everything about the written line.
#[derive(Default)]
pub(crate) struct Writer {
    /// The platform keeps things: there is a written line here.
    pub(crate) on: bool,
    keeping: keeping::Keeping,
    circles: circles::Circles,
    stock: stock::Stock,
    outbox: outbox::Outbox,
    drafts: drafts::Drafts,
    attaching: attach::Attaching,
    /// Since when the node's entries are here.
    pub(crate) since_us: Option<u64>,
    /// The line that the page shows.
    pub(crate) open: Option<LineId>,
    pub(crate) opened: BTreeMap<Hash, Opened>,
    pub(crate) shown_here: shown::Shown,
    shown: Option<WrittenView>,
    pub(crate) archive: archive::Archive,
    /// Newest writings of each node and line that the node has told; 0: as many as it tells everybody.
    pub(crate) told: u16,
    /// As many as the officer wants, when that is more.
    wanted: u16,
    asked_us: Option<u64>,
    /// A file of a message on its way to the page.
    pub(crate) saving: Option<save::Saving>,
    /// What became of others, of the line that is open.
    pub(crate) saved: BTreeMap<(Hash, usize), crate::view::FileState>,
}

impl Writer {
    /// Something changed that must outlive this process, where there is a written line.
    pub(crate) fn change(&mut self) {
        if self.on {
            self.keeping.change();
        }
    }

    /// There is a written line here.
    pub(crate) fn is_on(&self) -> bool {
        self.on
    }

    /// The platform has the state of that number.
    pub(crate) fn kept(&mut self, version: u64) {
        self.keeping.kept(version);
    }

    /// A new input. `idle`: nothing came with it, so that nothing waits for what is done in it.
    pub(crate) fn begin(&mut self, idle: bool) {
        self.circles.ring_mut().begin(idle);
    }

    /// What became of a statement of the written line.
    pub(crate) fn settled(&mut self, Settled { purpose, number, how, .. }: &Settled, now_us: u64) {
        use How::{Later, Past, Refused};
        match (*purpose, *how) {
            (_, How::Counted | Refused(trialogue_wire::console::Refusal::Replayed)) => {}
            (Purpose::Circle(id), Later(after_us)) => self.outbox.circle_later(id, after_us, now_us),
            (Purpose::Write(id), Past) => self.outbox.past(id),
            (Purpose::Write(id), Later(after_us)) => self.outbox.later(id, *number, after_us, now_us),
            (Purpose::Write(id), Refused(reason)) => {
                self.outbox.refused(id, *number, is_of_occasion(reason), now_us);
            }
            _ => {}
        }
    }

    /// The node is another one: what it has of what is attached is asked anew.
    pub(crate) fn stop_giving(&mut self) {
        self.outbox.stop_giving();
    }

    /// The node says which chunks it lacks.
    pub(crate) fn lacking(&mut self, hashes: &[Hash], now: Now) {
        self.outbox.lacking(hashes, now.us);
    }

    /// The node has a chunk.
    pub(crate) fn chunk_stored(&mut self, hash: Hash, in_call: bool, now: Now) {
        self.outbox.chunk_stored(hash, in_call, now.us);
    }

    /// The platform gives a chunk; none: it has lost it.
    pub(crate) fn chunk_read(&mut self, hash: Hash, bytes: Option<Vec<u8>>, around: &mut Around<'_>) {
        self.outbox.chunk_read(hash, bytes, around);
    }

    /// The page will read a file, to be attached to what is being written on a line.
    pub(crate) fn attach(&mut self, line: &str, name: &str, size: u64, chance: &mut Chance) -> Result<(), FileError> {
        let line = LineId::new(line).ok().filter(|_| self.on).ok_or(FileError::Form)?;
        let before: Vec<_> = self.drafts.files(&line).map(|kept| kept.file.clone()).collect();
        self.attaching.begin(line, name, size, before, chance)
    }

    /// How long the next piece of that file must be.
    pub(crate) fn attach_next(&self) -> usize {
        self.attaching.next()
    }

    /// Seals the next piece of that file.
    pub(crate) fn attach_piece(&mut self, piece: &[u8], out: &mut Around<'_>) -> Result<(Hash, Vec<u8>), FileError> {
        let sealed = self.attaching.piece(piece);
        if sealed.is_err() {
            self.stop_attaching(out);
        }
        sealed
    }

    /// All of that file was read: it is attached.
    pub(crate) fn finish_attaching(&mut self, around: &mut Around<'_>) -> Result<(), FileError> {
        match self.attaching.finish() {
            Ok((line, file)) => {
                around.forget_chunks(self.drafts.add_file(line, file, &mut self.keeping));
                Ok(())
            }
            Err((error, chunks)) => {
                around.forget_chunks(chunks);
                Err(error)
            }
        }
    }

    /// The page reads no more of that file.
    pub(crate) fn stop_attaching(&mut self, around: &mut Around<'_>) {
        around.forget_chunks(self.attaching.stop());
    }

    /// The officer takes a file off what is being written.
    pub(crate) fn detach(&mut self, line: &str, at: u32, around: &mut Around<'_>) {
        around.forget_chunks(self.drafts.detach(line, at, &mut self.keeping));
    }

    /// Chunks that the platform has to keep.
    pub(crate) fn chunks_needed(&self) -> BTreeSet<Hash> {
        let outs = self.outbox.outs().iter().flat_map(kept::KeptOut::chunks);
        self.drafts.chunks().chain(outs).copied().collect()
    }
}

impl Console {
    /// Turns the written line on. `kept`: the bytes that [`Output::Keep`] gave last, if there are any; bytes of another version, or of another device,
    /// are as good as none. Say it once, before the first input.
    pub fn keep_writings(&mut self, kept: Option<&[u8]>) {
        self.writer.on = true;
        if let Some(kept) = kept.and_then(kept::Kept::decode).filter(|kept| kept.device == self.id) {
            let (ring, held) = (ring::Ring::recalled(kept.stock), held::HeldCircles::recalled(kept.circles));
            self.writer.circles = circles::Circles::recalled(ring, held);
            self.writer.outbox = outbox::Outbox::recalled(kept.outbox);
            self.writer.drafts = drafts::Drafts::recalled(kept.drafts, kept.scratch);
            self.revocations.recall(kept.revocations);
        }
    }

    /// The seal of the platform has changed: everything is kept anew.
    pub fn keep_again(&mut self) {
        self.writer.change();
    }

    /// Brings the written line up to date.
    pub(crate) fn settle_written(&mut self) {
        if !self.writer.on || self.charter.is_none() {
            return;
        }
        if !self.sites.is_up() {
            self.writer.since_us = None;
            self.writer.stop_giving();
        } else {
            let since = *self.writer.since_us.get_or_insert(self.now_us);
            if self.now_us >= since + WRITTEN_AFTER_US && self.call_has_keys() {
                let (writer, mut around) = self.written();
                writer.stock.settle(writer.circles.ring_mut(), &mut writer.keeping, &mut around);
                writer.outbox.settle(&mut writer.circles, &mut writer.keeping, &mut around);
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
            (kept.stock, kept.circles) = (self.writer.circles.ring().stock(), self.writer.circles.held().all());
            kept.outbox = self.writer.outbox.outs();
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
        self.writer.on
            && (self.writer.open.is_some() || self.writer.archive.is_on() || !self.writer.outbox.outs().is_empty())
    }

    /// When the written line needs attention.
    pub(crate) fn written_next_us(&self) -> Option<u64> {
        if !self.writer.on || !self.sites.is_up() {
            return None;
        }
        let first = self.writer.since_us.map(|since| since + WRITTEN_AFTER_US).filter(|at| *at > self.now_us);
        let late_ms = self.next_due_ms().map(|ms| self.now().us_at(ms));
        let join = self.writer.circles.ring().next_us(self.now_us);
        let shown = self.writer.shown_here.next_us().filter(|at| *at > self.now_us);
        let stock = self.writer.stock.next_us(self.writer.circles.ring(), self.roster(), self.now());
        let outbox = self.writer.outbox.next_us(self.now_us);
        let all = [first, late_ms, join, shown, stock, outbox, self.archive_next_us()];
        all.into_iter().flatten().min()
    }
}

#[cfg(test)]
mod bench;
