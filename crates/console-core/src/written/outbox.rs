//! Own writings on their way: kept first, then sealed for a circle, said, and forgotten once the journal has them.

use super::circles::{Chosen, Circles, NewCircle};
use super::giving::Giving;
use super::keeping::Keeping;
use super::kept::KeptOut;
use crate::acts::Purpose;
use crate::around::Around;
use crate::io::Event;
use crate::limits::{CIRCLE_TRIES, FOLLOWED_AHEAD_MS, READERS_WAIT_US, SENT_US};
use crate::repeats::Repeats;
use crate::view::{Refusal, Waiting};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{Hash, LineId};
use trialogue_e2ee::writing::{CircleKey, Content, Part, Wrap, seal};
use trialogue_journal::{Act, BodyRef, GroupId, Kind, Wrapped, Written, chunk_list};

/// Most own writings that wait for a node.
const OUTBOX_MAX: usize = 64;

/// Where an own writing is.
enum Sending {
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

/// Own writings that no journal has yet, in the order in which they were written.
#[derive(Default)]
pub(super) struct Outbox {
    outs: Vec<KeptOut>,
    sending: BTreeMap<u64, Sending>,
    giving: Giving,
    /// Those of which a node has refused the message: it is asked once more what it lacks.
    given_again: BTreeSet<u64>,
    /// Writings that a node refused because of its charter or clock: they are said anew once.
    said_again: BTreeSet<u64>,
    /// Writings of which the node took a circle no more for now, and for how long, in microseconds.
    put_off: BTreeMap<u64, u64>,
    /// How often each was put off.
    circle_tries: BTreeMap<u64, Repeats>,
}

impl Outbox {
    /// Those that were kept.
    pub(super) fn recalled(outs: Vec<KeptOut>) -> Self {
        Self { outs, ..Self::default() }
    }

    pub(super) fn outs(&self) -> &[KeptOut] {
        &self.outs
    }

    /// Puts a writing in, with the content that it is given.
    pub(super) fn put(
        &mut self,
        part: Part,
        empty: KeptOut,
        keeping: &mut Keeping,
        around: &mut Around<'_>,
    ) -> Result<(), Refusal> {
        let content = Content::new(part, around.chance).map_err(|_| Refusal::Malformed)?;
        if self.outs.len() >= OUTBOX_MAX {
            return Err(Refusal::Busy);
        }
        let mut out = empty;
        out.content = content.encode().into();
        out.id = self.outs.iter().map(|held| held.id + 1).max().unwrap_or(around.now.ms);
        self.outs.push(out);
        keeping.change();
        Ok(())
    }

    /// Brings all of them a step further.
    pub(super) fn settle(&mut self, circles: &mut Circles, keeping: &mut Keeping, around: &mut Around<'_>) {
        self.forget_taken(keeping, around);
        if let Some(id) = self.giving.settle(around) {
            self.sending.remove(&id);
        }
        let ids: Vec<(u64, LineId)> = self.outs.iter().map(|out| (out.id, out.line.clone())).collect();
        let mut waits: Vec<LineId> = Vec::new();
        for (id, line) in ids {
            // In the order in which they were written, line by line.
            if !waits.contains(&line) && !self.send_one((id, &line), circles, keeping, around) {
                waits.push(line);
            }
        }
    }

    /// Those that the journal has are no longer kept. What one acknowledged is said then.
    fn forget_taken(&mut self, keeping: &mut Keeping, around: &mut Around<'_>) {
        let (Some(fold), me) = (around.at.fold(), around.at.id()) else { return };
        let own = |out: &KeptOut| {
            let digest = out.digest();
            let mut own = fold.writings(&out.line).into_iter().filter(|(_, _, writing)| writing.by == me);
            own.find(|(_, _, writing)| writing.written.digest == digest).map(|(id, _, _)| id)
        };
        let taken: Vec<(u64, Hash)> = self.outs.iter().filter_map(|out| Some((out.id, own(out)?))).collect();
        for (id, read_back) in taken {
            let Some(at) = self.outs.iter().position(|out| out.id == id) else { continue };
            let out = self.outs.remove(at);
            self.sending.remove(&id);
            self.giving.forget(id);
            self.said_again.remove(&id);
            self.put_off.remove(&id);
            keeping.change();
            around.forget_chunks(out.chunks().copied().collect());
            if let Some(writing) = out.acknowledges {
                let act = Act::AcknowledgeWriting { writing, read_back: Some(read_back) };
                around.speaker.say(&out.line, Purpose::Standing, act, Vec::new());
            }
        }
    }

    /// One step; true: the next one of the line may go as well.
    fn send_one(
        &mut self,
        (id, line): (u64, &LineId),
        circles: &mut Circles,
        keeping: &mut Keeping,
        around: &mut Around<'_>,
    ) -> bool {
        match self.sending.remove(&id) {
            None if !self.chunks_are_given(id, around) => true,
            // A long way for a hundred megabytes: what is written after it does not wait.
            Some(Sending::Giving) => {
                self.sending.insert(id, Sending::Giving);
                true
            }
            None => self.begin_sending((id, line), around.now.us, circles, keeping, around),
            Some(Sending::Keys { since_us }) => self.begin_sending((id, line), since_us, circles, keeping, around),
            Some(Sending::Keeping { version, circles: of, new }) if keeping.is_safe(version) => {
                self.say_writing((id, line), &of, new, circles, around)
            }
            Some(Sending::Said { number, since_us })
                if !around.speaker.acts.is_said(number) && around.now.us >= since_us + SENT_US =>
            {
                // Neither refused nor in the journal: lost on its way to a site that is gone.
                false
            }
            Some(said @ Sending::Said { .. }) => {
                self.sending.insert(id, said);
                true
            }
            Some(other) => {
                let refused = matches!(other, Sending::Refused);
                self.sending.insert(id, other);
                refused
            }
        }
    }

    /// The node has what is attached to it; otherwise it gets it from now on, one message after the other.
    fn chunks_are_given(&mut self, id: u64, around: &mut Around<'_>) -> bool {
        let out = self.outs.iter().find(|out| out.id == id);
        let chunks: Vec<Hash> = out.map(|out| out.chunks().copied().collect()).unwrap_or_default();
        if chunks.is_empty() || self.giving.has_all_of(id) {
            return true;
        }
        if !self.giving.is_on() {
            self.giving.begin(id, chunks, around);
            self.sending.insert(id, Sending::Giving);
        }
        false
    }

    fn begin_sending(
        &mut self,
        (id, line): (u64, &LineId),
        since_us: u64,
        circles: &mut Circles,
        keeping: &mut Keeping,
        around: &mut Around<'_>,
    ) -> bool {
        let patient = around.now.us < since_us + READERS_WAIT_US;
        let sending = match circles.choose(line, patient, around) {
            Chosen::Wait => Sending::Keys { since_us },
            Chosen::Nobody => Sending::Refused,
            Chosen::Circles { circles, new } => {
                let version = keeping.change();
                Sending::Keeping { version, circles, new }
            }
        };
        let refused = matches!(sending, Sending::Refused);
        self.sending.insert(id, sending);
        refused
    }

    fn say_writing(
        &mut self,
        (id, line): (u64, &LineId),
        of: &[GroupId],
        new: Vec<NewCircle>,
        circles: &Circles,
        around: &mut Around<'_>,
    ) -> bool {
        for NewCircle { circle, welcome, readers } in new {
            let Some(reference) = BodyRef::of(&welcome) else { continue };
            let act = Act::Circle { circle, welcome: reference, readers };
            around.speaker.say(line, Purpose::Circle(id), act, vec![welcome]);
        }
        self.put_off.remove(&id);
        let number = around.speaker.next_number();
        let Some((written, bodies)) = self.seal_out((id, line), of, number, circles, around) else {
            around.log(Event::BadHandshake { step: "writing", why: "it cannot be sealed".to_owned() });
            self.sending.insert(id, Sending::Refused);
            return true;
        };
        let said = around.speaker.say(line, Purpose::Write(id), Act::Write { written }, bodies);
        debug_assert_eq!(said, number);
        self.sending.insert(id, Sending::Said { number, since_us: around.now.us });
        true
    }

    fn seal_out(
        &self,
        (id, line): (u64, &LineId),
        of: &[GroupId],
        number: u64,
        circles: &Circles,
        around: &mut Around<'_>,
    ) -> Option<(Written, Vec<Vec<u8>>)> {
        let out = self.outs.iter().find(|out| out.id == id)?;
        let content = Content::decode(&out.content)?;
        let me = around.at.id();
        let key = |circle: &GroupId| Some((Wrap { by: me, number, circle: *circle }, circles.own_key(circle, &me)?));
        let keys: Vec<(Wrap, CircleKey)> = of.iter().filter_map(key).collect();
        let wraps: Vec<(Wrap, &CircleKey)> = keys.iter().map(|(wrap, key)| (*wrap, key)).collect();
        let sealed = seal(&content, &wraps, around.chance).ok()?;
        let keys = keys.iter().zip(sealed.keys).map(|((wrap, _), key)| Wrapped { circle: wrap.circle, key });
        let newest = newest_followed(line, around)?;
        let list = out.attached.as_ref().map(|chunks| chunk_list(chunks));
        let written = Written {
            kind: out.kind,
            about: out.about,
            keys: keys.collect(),
            content: BodyRef::of(&sealed.content)?,
            digest: sealed.digest,
            at_ms: around.now.ms.max(newest.saturating_add(1)),
            traffic: out.traffic,
            precedence: out.precedence,
            answer_by_ms: out.answer_by_ms.filter(|by| *by > around.now.ms),
            attached: list.as_ref().and_then(|list| BodyRef::of(list)),
        };
        Some((written, [Some(sealed.content), list].into_iter().flatten().collect()))
    }

    /// The node says what it lacks of what is attached.
    pub(super) fn lacking(&mut self, hashes: &[Hash], now_us: u64) {
        self.giving.lacks(hashes, &self.outs, now_us);
    }

    /// The platform gives a chunk; none: it has lost it.
    pub(super) fn chunk_read(&mut self, hash: Hash, bytes: Option<Vec<u8>>, around: &mut Around<'_>) {
        if let Some(id) = self.giving.chunk_read(hash, bytes, around) {
            self.sending.insert(id, Sending::Refused);
        }
    }

    /// The node has a chunk.
    pub(super) fn chunk_stored(&mut self, hash: Hash, in_call: bool, now_us: u64) {
        self.giving.stored(hash, in_call, now_us);
    }

    /// The node is another one, or was away: what it has is asked anew.
    pub(super) fn stop_giving(&mut self) {
        if let Some(id) = self.giving.stop() {
            self.sending.remove(&id);
        }
    }

    /// What was said cannot stand at this node, under its charter, or any more: it is sealed and said anew.
    pub(super) fn past(&mut self, id: u64) {
        self.sending.remove(&id);
    }

    /// The node has refused it; `of_occasion`: since it was for another node, charter or time.
    pub(super) fn refused(&mut self, id: u64, number: u64, of_occasion: bool, now_us: u64) {
        if let Some(after_us) = self.put_off.remove(&id) {
            // The journal has no circle for it yet.
            return self.later(id, number, after_us, now_us);
        }
        if of_occasion && self.said_again.insert(id) {
            // Sealed anew, under another number, it may stand.
            return self.past(id);
        }
        let attached = self.outs.iter().any(|out| out.id == id && out.attached.is_some());
        if attached && self.given_again.insert(id) {
            // Perhaps it was the node of another site that got what is attached: once more from the beginning.
            self.giving.forget(id);
            self.sending.remove(&id);
            return;
        }
        self.sending.insert(id, Sending::Refused);
    }

    /// The node takes no more from this console for now, and so has no circle for a writing: that one cannot count
    /// either, and is said anew then, with another.
    pub(super) fn circle_later(&mut self, id: u64, after_us: u64, now_us: u64) {
        let kept: BTreeSet<u64> = self.outs.iter().map(|out| out.id).collect();
        self.circle_tries.retain(|id, _| kept.contains(id));
        if kept.contains(&id) {
            // Less and less often, lest circles that no journal has take the places of those by which one reads what
            // one wrote.
            let tries = self.circle_tries.entry(id).or_default();
            tries.note(&CIRCLE_TRIES, now_us);
            let least_us = tries.due_us(&CIRCLE_TRIES, now_us).saturating_sub(now_us);
            self.put_off.insert(id, after_us.max(least_us));
        }
    }

    /// The node takes no more from this console for now: it is said anew then.
    pub(super) fn later(&mut self, id: u64, number: u64, after_us: u64, now_us: u64) {
        self.put_off.remove(&id);
        let since_us = (now_us + after_us).saturating_sub(SENT_US);
        self.sending.insert(id, Sending::Said { number, since_us });
    }

    /// Takes an own writing back that no node has taken; none: there is none of that number.
    pub(super) fn take_back(&mut self, id: &str, keeping: &mut Keeping) -> Result<Option<KeptOut>, Refusal> {
        let Some(at) = self.outs.iter().position(|out| out.id.to_string() == id) else { return Ok(None) };
        let said = self.outs.get(at).and_then(|out| self.sending.get(&out.id));
        if matches!(said, Some(Sending::Said { .. })) {
            return Err(Refusal::NotNow);
        }
        let out = self.outs.remove(at);
        self.sending.remove(&out.id);
        self.giving.give_up(out.id);
        keeping.change();
        Ok(Some(out))
    }

    /// What one waits for.
    pub(super) fn waits(&self, out: &KeptOut, is_up: bool) -> Waiting {
        match self.sending.get(&out.id) {
            Some(Sending::Refused) => Waiting::Refused,
            _ if !is_up => Waiting::Node,
            Some(Sending::Said { .. }) => Waiting::Sent,
            Some(Sending::Giving) => Waiting::Attached,
            None if out.attached.is_some() && !self.giving.has_all_of(out.id) => Waiting::Attached,
            _ => Waiting::Keys,
        }
    }

    /// How much of what is attached to it the node has, while that is on its way.
    pub(super) fn share_given(&self, out: &KeptOut) -> Option<f64> {
        self.giving.share(out.id)
    }

    pub(super) fn next_us(&self, now_us: u64) -> Option<u64> {
        let due = |sending: &Sending| match sending {
            Sending::Keys { since_us } => Some(since_us + READERS_WAIT_US),
            Sending::Said { since_us, .. } => Some(since_us + SENT_US),
            Sending::Keeping { .. } | Sending::Giving | Sending::Refused => None,
        };
        self.sending.values().filter_map(due).chain(self.giving.next_us(now_us)).filter(|at| *at > now_us).min()
    }
}

/// When the newest writing was written of those that this one comes after; 0: there is none. One from further ahead is
/// followed by nobody: a node that writes of years to come would have everybody sign times which their own nodes
/// refuse.
fn newest_followed(line: &LineId, around: &Around<'_>) -> Option<u64> {
    let until_ms = around.node_ms.saturating_add(FOLLOWED_AHEAD_MS);
    let times = around.at.fold()?.writings(line).into_iter().map(|(_, _, writing)| writing.written.at_ms);
    Some(times.filter(|at_ms| *at_ms <= until_ms).max().unwrap_or(0))
}

impl KeptOut {
    /// An empty outgoing writing of a kind.
    pub(super) fn empty(line: &LineId, kind: Kind, about: Option<Hash>) -> Self {
        Self {
            id: 0,
            line: line.clone(),
            content: Vec::new().into(),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::bench::Bench;
    use crate::scene::{Scene, line_id};
    use trialogue_e2ee::writing::Tongue;

    const NOW_US: u64 = 9_000_000;

    fn text(text: &str) -> Part {
        let text = Tongue { language: trialogue_journal::Language::En, text: text.to_owned() };
        Part::Message { text, marking: String::new(), files: None }
    }

    /// One that was said in the statement of number 5.
    fn said() -> (Outbox, KeptOut) {
        let mut out = KeptOut::empty(&line_id("duty"), Kind::Message, None);
        out.id = 1;
        let mut outbox = Outbox::recalled(vec![out]);
        let mut out = KeptOut::empty(&line_id("duty"), Kind::Message, None);
        out.id = 1;
        outbox.sending.insert(1, Sending::Said { number: 5, since_us: NOW_US });
        (outbox, out)
    }

    #[test]
    fn there_is_a_bound_and_each_has_a_number_of_its_own() {
        let mut scene = Scene::new();
        let mut bench = Bench::of(scene.enrol("usa-duty", 1));
        let (mut outbox, mut keeping) = (Outbox::default(), Keeping::default());
        let mut put = |part| {
            let out = KeptOut::empty(&line_id("duty"), Kind::Message, None);
            outbox.put(part, out, &mut keeping, &mut bench.around(&scene))
        };
        assert_eq!(put(text("")), Err(Refusal::Malformed));
        for _ in 0..OUTBOX_MAX {
            assert_eq!(put(text("a")), Ok(()));
        }
        assert_eq!(put(text("a")), Err(Refusal::Busy));
        let ids: BTreeSet<u64> = outbox.outs().iter().map(|out| out.id).collect();
        assert_eq!((ids.len(), keeping.take_change()), (OUTBOX_MAX, Some(1)));
    }

    #[test]
    fn what_was_for_another_time_is_said_anew_once() {
        let (mut outbox, out) = said();
        assert_eq!((outbox.waits(&out, true), outbox.waits(&out, false)), (Waiting::Sent, Waiting::Node));
        outbox.refused(1, 5, true, NOW_US);
        assert_eq!(outbox.waits(&out, true), Waiting::Keys, "it is sealed anew");
        outbox.refused(1, 6, true, NOW_US);
        assert_eq!(outbox.waits(&out, true), Waiting::Refused);
    }

    #[test]
    fn one_whose_circle_the_node_did_not_take_is_said_later_and_less_and_less_often() {
        let (mut outbox, out) = said();
        outbox.circle_later(2, 1_000_000, NOW_US);
        assert!(outbox.put_off.is_empty(), "it is no writing of the outbox");
        let mut waits = Vec::new();
        for _ in 0..6 {
            outbox.circle_later(1, 1_000_000, NOW_US);
            outbox.refused(1, 5, false, NOW_US);
            assert_eq!(outbox.waits(&out, true), Waiting::Sent, "it is not refused for that");
            waits.push(outbox.next_us(NOW_US).unwrap() - NOW_US);
        }
        assert_eq!(waits[0], 1_000_000);
        assert!(waits.is_sorted() && waits.last() > waits.first(), "{waits:?}");
    }

    #[test]
    fn of_one_with_files_the_node_is_asked_once_more_what_it_lacks() {
        let (mut outbox, mut out) = said();
        out.attached = Some(vec![Hash([1; 48])]);
        outbox.outs[0].attached = out.attached.clone();
        outbox.refused(1, 5, false, NOW_US);
        assert_eq!(outbox.waits(&out, true), Waiting::Attached);
        outbox.refused(1, 6, false, NOW_US);
        assert_eq!(outbox.waits(&out, true), Waiting::Refused);
    }

    #[test]
    fn what_was_said_is_not_taken_back() {
        let (mut outbox, mut keeping) = (said().0, Keeping::default());
        assert!(matches!(outbox.take_back("1", &mut keeping), Err(Refusal::NotNow)));
        outbox.refused(1, 5, false, NOW_US);
        assert!(matches!(outbox.take_back("2", &mut keeping), Ok(None)));
        assert!(matches!(outbox.take_back("1", &mut keeping), Ok(Some(_))));
        assert!(outbox.outs().is_empty() && outbox.sending.is_empty());
    }
}
