//! Own writings on their way: kept first, then sealed for a circle, said, and forgotten once the journal has them.

use super::circles::{Chosen, NewCircle};
use super::kept::KeptOut;
use crate::acts::Purpose;
use crate::console::Console;
use crate::io::Event;
use crate::limits::{CIRCLE_TRIES, FOLLOWED_AHEAD_MS, READERS_WAIT_US, SENT_US};
use crate::view::Refusal;
use std::collections::BTreeSet;
use trialogue_charter::{Hash, LineId};
use trialogue_e2ee::writing::{CircleKey, Content, Part, Wrap, seal};
use trialogue_journal::{Act, BodyRef, GroupId, Kind, Wrapped, Written, chunk_list};

/// Most own writings that wait for a node.
const OUTBOX_MAX: usize = 64;

/// Where an own writing is.
pub(crate) enum Sending {
    /// It waits for key packages since then.
    Keys { since_us: u64 },
    /// It, and the circles made for it, wait until they are kept.
    Keeping { version: u64, circles: Vec<GroupId>, new: Vec<NewCircle> },
    /// What is attached to it goes to the node first.
    Giving,
    /// It was said in the statement of that number.
    Said { number: u64, since_us: u64 },
    /// The node refused it, or nobody can read it.
    Refused,
}

impl Console {
    /// Puts a writing into the outbox; false: it is no writing, or there are too many.
    pub(super) fn put_out(&mut self, part: Part, out: impl FnOnce(Vec<u8>) -> KeptOut) -> bool {
        let Ok(content) = Content::new(part, &mut self.chance) else {
            self.refuse(Refusal::Malformed);
            return false;
        };
        if self.writer.outbox.len() >= OUTBOX_MAX {
            self.refuse(Refusal::Busy);
            return false;
        }
        let mut out = out(content.encode());
        out.id = self.writer.outbox.iter().map(|held| held.id + 1).max().unwrap_or(self.now_ms);
        self.writer.outbox.push(out);
        self.writer.change();
        true
    }

    pub(super) fn settle_outbox(&mut self) {
        self.forget_taken();
        self.settle_giving();
        let ids: Vec<(u64, LineId)> = self.writer.outbox.iter().map(|out| (out.id, out.line.clone())).collect();
        let mut waits: Vec<LineId> = Vec::new();
        for (id, line) in ids {
            // In the order in which they were written, line by line.
            if !waits.contains(&line) && !self.send_one(id, &line) {
                waits.push(line);
            }
        }
    }

    /// Those that the journal has are no longer kept. What one acknowledged is said then.
    fn forget_taken(&mut self) {
        let Some(fold) = self.sites.fold() else { return };
        let own = |out: &KeptOut| {
            let digest = out.digest();
            let mut own = fold.writings(&out.line).into_iter().filter(|(_, _, writing)| writing.by == self.id);
            own.find(|(_, _, writing)| writing.written.digest == digest).map(|(id, _, _)| id)
        };
        let taken: Vec<(u64, Hash)> = self.writer.outbox.iter().filter_map(|out| Some((out.id, own(out)?))).collect();
        for (id, read_back) in taken {
            let Some(at) = self.writer.outbox.iter().position(|out| out.id == id) else { continue };
            let out = self.writer.outbox.remove(at);
            self.writer.sending.remove(&id);
            self.writer.given.remove(&id);
            self.writer.said_again.remove(&id);
            self.writer.put_off.remove(&id);
            self.writer.change();
            self.forget_chunks(out.chunks().copied().collect());
            if let Some(writing) = out.acknowledges {
                let act = Act::AcknowledgeWriting { writing, read_back: Some(read_back) };
                self.say(&out.line, Purpose::Standing, act, Vec::new());
            }
        }
    }

    /// One step; true: the next one of the line may go as well.
    fn send_one(&mut self, id: u64, line: &LineId) -> bool {
        match self.writer.sending.remove(&id) {
            None if !self.chunks_are_given(id) => true,
            // A long way for a hundred megabytes: what is written after it does not wait.
            Some(Sending::Giving) => {
                self.writer.sending.insert(id, Sending::Giving);
                true
            }
            None => self.begin_sending(id, line, self.now_us),
            Some(Sending::Keys { since_us }) => self.begin_sending(id, line, since_us),
            Some(Sending::Keeping { version, circles, new }) if self.writer.is_safe(version) => {
                self.say_writing(id, line, &circles, new)
            }
            Some(Sending::Said { number, since_us })
                if !self.acts.is_said(number) && self.now_us >= since_us + SENT_US =>
            {
                // Neither refused nor in the journal: lost on its way to a site that is gone.
                false
            }
            Some(said @ Sending::Said { .. }) => {
                self.writer.sending.insert(id, said);
                true
            }
            Some(other) => {
                let refused = matches!(other, Sending::Refused);
                self.writer.sending.insert(id, other);
                refused
            }
        }
    }

    /// The node has what is attached to it; otherwise it gets it from now on, one message after the other.
    fn chunks_are_given(&mut self, id: u64) -> bool {
        let out = self.writer.outbox.iter().find(|out| out.id == id);
        let chunks: Vec<Hash> = out.map(|out| out.chunks().copied().collect()).unwrap_or_default();
        if chunks.is_empty() || self.writer.given.contains(&id) {
            return true;
        }
        if self.writer.giving.is_none() {
            let sending = self.ask_lacking(id, chunks);
            self.writer.sending.insert(id, sending);
        }
        false
    }

    fn begin_sending(&mut self, id: u64, line: &LineId, since_us: u64) -> bool {
        let patient = self.now_us < since_us + READERS_WAIT_US;
        let sending = match self.choose_circles(line, patient) {
            Chosen::Wait => Sending::Keys { since_us },
            Chosen::Nobody => Sending::Refused,
            Chosen::Circles { circles, new } => {
                let version = self.writer.change();
                Sending::Keeping { version, circles, new }
            }
        };
        let refused = matches!(sending, Sending::Refused);
        self.writer.sending.insert(id, sending);
        refused
    }

    fn say_writing(&mut self, id: u64, line: &LineId, circles: &[GroupId], new: Vec<NewCircle>) -> bool {
        for NewCircle { circle, welcome, readers } in new {
            let Some(reference) = BodyRef::of(&welcome) else { continue };
            let act = Act::Circle { circle, welcome: reference, readers };
            self.say(line, Purpose::Circle(id), act, vec![welcome]);
        }
        self.writer.put_off.remove(&id);
        let number = self.speaker().next_number();
        let Some((written, bodies)) = self.seal_out(id, line, circles, number) else {
            self.log(Event::BadHandshake { step: "writing", why: "it cannot be sealed".to_owned() });
            self.writer.sending.insert(id, Sending::Refused);
            return true;
        };
        let said = self.say(line, Purpose::Write(id), Act::Write { written }, bodies);
        debug_assert_eq!(said, number);
        self.writer.sending.insert(id, Sending::Said { number, since_us: self.now_us });
        true
    }

    fn seal_out(
        &mut self,
        id: u64,
        line: &LineId,
        circles: &[GroupId],
        number: u64,
    ) -> Option<(Written, Vec<Vec<u8>>)> {
        let out = self.writer.outbox.iter().find(|out| out.id == id)?;
        let content = Content::decode(&out.content)?;
        let keys: Vec<(Wrap, CircleKey)> = circles
            .iter()
            .filter_map(|circle| {
                let held = self.writer.circles.get(circle, &self.id)?;
                Some((Wrap { by: self.id, number, circle: *circle }, CircleKey::from_kept(*held.key)))
            })
            .collect();
        let wraps: Vec<(Wrap, &CircleKey)> = keys.iter().map(|(wrap, key)| (*wrap, key)).collect();
        let sealed = seal(&content, &wraps, &mut self.chance).ok()?;
        let keys = keys.iter().zip(sealed.keys).map(|((wrap, _), key)| Wrapped { circle: wrap.circle, key });
        let newest = self.newest_followed(line)?;
        let list = out.attached.as_ref().map(|chunks| chunk_list(chunks));
        let written = Written {
            kind: out.kind,
            about: out.about,
            keys: keys.collect(),
            content: BodyRef::of(&sealed.content)?,
            digest: sealed.digest,
            at_ms: self.now_ms.max(newest.saturating_add(1)),
            traffic: out.traffic,
            precedence: out.precedence,
            answer_by_ms: out.answer_by_ms.filter(|by| *by > self.now_ms),
            attached: list.as_ref().and_then(|list| BodyRef::of(list)),
        };
        Some((written, [Some(sealed.content), list].into_iter().flatten().collect()))
    }

    /// When the newest writing was written of those that this one comes after; 0: there is none. One from further ahead is followed by nobody: a node that writes of
    /// years to come would have everybody sign times which their own nodes refuse.
    fn newest_followed(&self, line: &LineId) -> Option<u64> {
        let until_ms = self.sites.node_ms(self.now()).saturating_add(FOLLOWED_AHEAD_MS);
        let times = self.sites.fold()?.writings(line).into_iter().map(|(_, _, writing)| writing.written.at_ms);
        Some(times.filter(|at_ms| *at_ms <= until_ms).max().unwrap_or(0))
    }

    /// What was said cannot stand at this node, under its charter, or any more: it is sealed and said anew.
    pub(crate) fn writing_past(&mut self, id: u64) {
        self.writer.sending.remove(&id);
    }

    /// The node has refused it; `of_occasion`: since it was for another node, charter or time.
    pub(crate) fn writing_refused(&mut self, id: u64, number: u64, of_occasion: bool) {
        if let Some(after_us) = self.writer.put_off.remove(&id) {
            // The journal has no circle for it yet.
            return self.writing_later(id, number, after_us);
        }
        if of_occasion && self.writer.said_again.insert(id) {
            // Sealed anew, under another number, it may stand.
            return self.writing_past(id);
        }
        let attached = self.writer.outbox.iter().any(|out| out.id == id && out.attached.is_some());
        if attached && self.writer.given_again.insert(id) {
            // Perhaps it was the node of another site that got what is attached: once more from the beginning.
            self.writer.given.remove(&id);
            self.writer.sending.remove(&id);
            return;
        }
        self.writer.sending.insert(id, Sending::Refused);
    }

    /// The node takes no more from this console for now, and so has no circle for a writing: that one cannot count
    /// either, and is said anew then, with another.
    pub(crate) fn circle_later(&mut self, id: u64, after_us: u64) {
        let kept: BTreeSet<u64> = self.writer.outbox.iter().map(|out| out.id).collect();
        self.writer.circle_tries.retain(|id, _| kept.contains(id));
        if kept.contains(&id) {
            // Less and less often, lest circles that no journal has take the places of those by which one reads what one wrote.
            let tries = self.writer.circle_tries.entry(id).or_default();
            tries.note(&CIRCLE_TRIES, self.now_us);
            let least_us = tries.due_us(&CIRCLE_TRIES, self.now_us).saturating_sub(self.now_us);
            self.writer.put_off.insert(id, after_us.max(least_us));
        }
    }

    /// The node takes no more from this console for now: it is said anew then.
    pub(crate) fn writing_later(&mut self, id: u64, number: u64, after_us: u64) {
        self.writer.put_off.remove(&id);
        let since_us = (self.now_us + after_us).saturating_sub(SENT_US);
        self.writer.sending.insert(id, Sending::Said { number, since_us });
    }

    /// Takes an own writing back that no node has taken. What it said becomes the draft, if there is none.
    pub(crate) fn unsend(&mut self, id: &str) {
        let Some(at) = self.writer.outbox.iter().position(|out| out.id.to_string() == id) else { return };
        let said = matches!(self.writer.sending.get(&self.writer.outbox[at].id), Some(Sending::Said { .. }));
        if said {
            return self.refuse(Refusal::NotNow);
        }
        let out = self.writer.outbox.remove(at);
        self.writer.sending.remove(&out.id);
        if self.writer.giving.as_ref().is_some_and(|giving| giving.is_of(out.id)) {
            self.writer.giving = None;
        }
        self.writer.change();
        let none = self.writer.drafts.of(&out.line).is_none();
        let chunks: Vec<Hash> = out.chunks().copied().collect();
        match Content::decode(&out.content).map(|content| content.part) {
            Some(Part::Message { text, files, .. }) if none => {
                let draft = crate::view::Draft { language: text.language.into(), text: text.text };
                self.keep_draft(out.line.as_str(), Some(draft));
                let files = files.unwrap_or_default();
                let gone = self.writer.drafts.attach_again(&out.line, files, chunks, &mut self.writer.keeping);
                self.forget_chunks(gone);
            }
            _ => self.forget_chunks(chunks),
        }
    }

    pub(super) fn outbox_next_us(&self) -> Option<u64> {
        let due = |sending: &Sending| match sending {
            Sending::Keys { since_us } => Some(since_us + READERS_WAIT_US),
            Sending::Said { since_us, .. } => Some(since_us + SENT_US),
            Sending::Keeping { .. } | Sending::Giving | Sending::Refused => None,
        };
        self.writer.sending.values().filter_map(due).chain(self.giving_next_us()).filter(|at| *at > self.now_us).min()
    }

    /// An empty outgoing writing of a kind.
    pub(super) fn out(&self, line: &LineId, kind: Kind, about: Option<Hash>, content: Vec<u8>) -> KeptOut {
        KeptOut {
            id: 0,
            line: line.clone(),
            content: content.into(),
            kind,
            about,
            traffic: trialogue_journal::Traffic::Service,
            precedence: trialogue_charter::Precedence::Routine,
            answer_by_ms: None,
            acknowledges: None,
            attached: None,
        }
    }
}
