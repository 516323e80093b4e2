//! The written line at this console: its keys for it, what it writes, what it reads. Only where the platform keeps
//! things for the machine ([`crate::Console::keep_writings`]): whoever publishes a key that is gone after a start would
//! lose what others write to it.
//!
//! Nothing here is done in haste: a call and its keys come first.

mod archive;
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
mod save;
mod show;
mod shown;
mod stock;
pub(crate) mod words;

pub(crate) use words::{NewMessage, Saying, tongue};

use crate::acts::{How, Purpose, Settled, Speaker, is_of_occasion};
use crate::around::Around;
use crate::io::{ArchiveWord, Output};
use crate::limits::WRITTEN_AFTER_US;
use crate::now::Now;
use crate::outputs::Outputs;
use crate::revocations::KeptRevocations;
use crate::roster::Roster;
use crate::view::{Refusal, WrittenView};
use std::collections::BTreeSet;
use trialogue_charter::{DeviceId, Hash, LineId};
use trialogue_e2ee::Chance;
use trialogue_e2ee::writing::FileError;

/// What else this console does, which comes before what is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Busy {
    pub(crate) in_call: bool,
    /// A line rings here.
    pub(crate) ringing: bool,
    /// Keys of the call are only just on their way.
    pub(crate) awaits_keys: bool,
}

/// Everything about the written line.
#[derive(Default)]
pub(crate) struct Writer {
    /// The platform keeps things: there is a written line here.
    on: bool,
    keeping: keeping::Keeping,
    circles: circles::Circles,
    stock: stock::Stock,
    outbox: outbox::Outbox,
    drafts: drafts::Drafts,
    attaching: attach::Attaching,
    page: read::OpenLine,
    shown_here: shown::Shown,
    archive: archive::Archive,
    earlier: earlier::Earlier,
    /// Since when the node's entries are here.
    since_us: Option<u64>,
    /// What the page was told last.
    told: Option<WrittenView>,
}

impl Writer {
    /// There is a written line from now on. `kept`: what the platform kept of before; bytes of another version, or of
    /// another device than `me`, are as good as none. Returns what they say of revocations.
    pub(crate) fn turn_on(&mut self, kept: Option<&[u8]>, me: DeviceId) -> Option<KeptRevocations> {
        self.on = true;
        let kept = kept.and_then(kept::Kept::decode).filter(|kept| kept.device == me)?;
        self.circles =
            circles::Circles::recalled(ring::Ring::recalled(kept.stock), held::HeldCircles::recalled(kept.circles));
        self.outbox = outbox::Outbox::recalled(kept.outbox);
        self.drafts = drafts::Drafts::recalled(kept.drafts, kept.scratch);
        kept.revocations
    }

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

    /// Brings everything up to date, and tells the platform what to keep and the page what to show.
    pub(crate) fn settle(&mut self, busy: Busy, around: &mut Around<'_>) {
        let Some(charter) = around.at.charter().filter(|_| self.on) else { return };
        if around.is_up() {
            self.settle_up(busy, around);
        } else {
            self.since_us = None;
            self.outbox.stop_giving();
        }
        if let Some(version) = self.keeping.take_change() {
            let bytes = self.to_keep(around.at.id(), around.revocations.to_keep(charter, around.now));
            around.push(Output::Keep { version, bytes });
        }
        let view = self.view(around);
        if view != self.told {
            self.told = view.clone();
            around.push(Output::Written(view.map(Box::new)));
        }
    }

    fn settle_up(&mut self, busy: Busy, around: &mut Around<'_>) {
        let since = *self.since_us.get_or_insert(around.now.us);
        if around.now.us >= since + WRITTEN_AFTER_US && !busy.awaits_keys {
            self.stock.settle(self.circles.ring_mut(), &mut self.keeping, around);
            self.outbox.settle(&mut self.circles, &mut self.keeping, around);
        }
        self.shown_here.settle(around.at, &mut around.speaker);
        self.earlier.settle(self.page.is_open() || self.archive.is_on(), busy, around);
        self.page.settle(&mut self.circles, &mut self.keeping, around);
        self.page.settle_saving(around);
        self.archive.settle(&mut self.circles, &mut self.keeping, around);
    }

    fn to_keep(&self, me: DeviceId, revocations: KeptRevocations) -> zeroize::Zeroizing<Vec<u8>> {
        let mut kept = kept::ToKeep::of(me);
        (kept.stock, kept.circles) = (self.circles.ring().stock(), self.circles.held().all());
        kept.outbox = self.outbox.outs();
        (kept.drafts, kept.scratch) = (self.drafts.drafts(), self.drafts.scratch());
        kept.revocations = Some(revocations);
        kept.encode()
    }

    fn view(&self, around: &Around<'_>) -> Option<WrittenView> {
        let line = self.page.line(around.at)?;
        let (at, bodies, is_up) = (around.at, &*around.bodies, around.is_up());
        show::Page { writer: self, line: &self.page, at, bodies, is_up }.view(line)
    }

    /// What became of a statement of the written line.
    pub(crate) fn settled(&mut self, Settled { purpose, number, how, .. }: &Settled, now_us: u64, out: &mut Outputs) {
        use How::{Later, Past, Refused};
        match (*purpose, *how) {
            (Purpose::Archive, how) => self.archive.settled(*number, how == How::Counted, now_us, out),
            (_, How::Counted | Refused(trialogue_wire::console::Refusal::Replayed)) => {}
            (Purpose::Shown, Later(after_us)) => self.shown_here.not_said(*number, after_us, now_us),
            (Purpose::Shown, _) => self.shown_here.not_said(*number, 0, now_us),
            (Purpose::Circle(id), Later(after_us)) => self.outbox.circle_later(id, after_us, now_us),
            (Purpose::Write(id), Past) => self.outbox.past(id),
            (Purpose::Write(id), Later(after_us)) => self.outbox.later(id, *number, after_us, now_us),
            (Purpose::Write(id), Refused(reason)) => {
                self.outbox.refused(id, *number, is_of_occasion(reason), now_us);
            }
            _ => {}
        }
    }

    /// The page shows this line from now on, or none.
    pub(crate) fn open(&mut self, line: Option<String>) {
        self.page.open(line.and_then(|line| LineId::new(line).ok()));
    }

    /// The officer wants a file of a message of the line that is open.
    pub(crate) fn save_file(&mut self, id: &str, at: u32) -> Result<(), Refusal> {
        self.page.save_file(id, at)
    }

    pub(crate) fn stop_saving(&mut self) {
        self.page.stop_saving();
    }

    /// The officer wants to see further back.
    pub(crate) fn want_earlier(&mut self) {
        if self.on {
            self.earlier.want_more();
        }
    }

    /// The node, perhaps another one than before, tells as many writings as everybody hears.
    pub(crate) fn told_as_usual(&mut self) {
        self.earlier.told_as_usual();
    }

    /// The node tells everything once more, with so many writings of each node.
    pub(crate) fn told_anew(&mut self, writings: u16) {
        self.earlier.told_anew(writings);
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

    /// Everything is handed to the archive, but for what it has.
    pub(crate) fn archive(&mut self, has: BTreeSet<Hash>) {
        self.archive.turn_on(has);
        // After an absence everything that a node still remembers is taken up.
        self.earlier.want_all();
    }

    /// Can something be said of the archive now?
    pub(crate) fn archive_may_say(&self, is_up: bool, now: Now) -> bool {
        self.archive.may_say(is_up, now.us)
    }

    pub(crate) fn archive_say(&mut self, word: ArchiveWord, speaker: &mut Speaker<'_>) {
        self.archive.say(word, speaker);
    }

    /// Something is read or written: bodies are asked for.
    pub(crate) fn needs_bodies(&self) -> bool {
        self.on && (self.page.is_open() || self.archive.is_on() || !self.outbox.outs().is_empty())
    }

    /// When something is due next, microseconds of the monotonic clock.
    pub(crate) fn next_timeout(&self, at: Roster, is_up: bool, now: Now) -> Option<u64> {
        if !self.on || !is_up {
            return None;
        }
        let due = [
            self.since_us.map(|since| since + WRITTEN_AFTER_US).filter(|at| *at > now.us),
            note::next_due_ms(at, now).map(|ms| now.us_at(ms)),
            self.circles.ring().next_us(now.us),
            self.shown_here.next_us().filter(|at| *at > now.us),
            self.stock.next_us(self.circles.ring(), at, now),
            self.outbox.next_us(now.us),
            self.archive.next_us(now.us),
        ];
        due.into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests;
