//! Messages that this party was asked to acknowledge by a time, and has not: people beyond the consoles are told, once.
//! Of a party and line there is one alert in some minutes, which says how many are due: whoever writes without end has
//! nobody alerted without end.

use crate::here::Here;
use crate::io::Output;
use crate::limits::{ALERT_WRITINGS_EVERY_US, OVERDUE_MS};
use crate::out::Out;
use std::collections::BTreeMap;
use trialogue_charter::{Hash, LineId, PartyId, Precedence};
use trialogue_journal::{Act, State};

/// A message that waits for this party's acknowledgement.
struct Asked {
    by_ms: u64,
    line: LineId,
    party: PartyId,
    precedence: Precedence,
    told: bool,
}

/// The last alert about messages of one party on one line.
struct Last {
    at_us: u64,
    precedence: Precedence,
}

/// All of them. No more than writings are remembered, of each node and line.
pub(super) struct Overdue {
    asked: BTreeMap<Hash, Asked>,
    /// No more than parties and lines of the charter.
    last: BTreeMap<(LineId, PartyId), Last>,
    /// A message or an acknowledgement came: they are looked through again.
    changed: bool,
}

impl Overdue {
    /// Of a node that starts: it looks through all of them first.
    pub(super) fn new() -> Self {
        Self { asked: BTreeMap::new(), last: BTreeMap::new(), changed: true }
    }

    /// Somebody has said this.
    pub(super) fn note(&mut self, act: &Act) {
        self.changed |= matches!(act, Act::Write { .. } | Act::AcknowledgeWriting { .. });
    }

    /// Another charter is in force: it may ask others, or with other patience.
    pub(super) fn amended(&mut self) {
        self.changed = true;
    }

    /// Tells people of what has become overdue. Without means to tell them the consoles sound alone.
    pub(super) fn settle(&mut self, here: &Here, state: &State, out: &mut Out) {
        if std::mem::take(&mut self.changed) {
            self.look(here, state);
        }
        let now = here.now;
        self.last.retain(|_, last| now.us < last.at_us.saturating_add(ALERT_WRITINGS_EVERY_US));
        let mut due: BTreeMap<(LineId, PartyId), Vec<Hash>> = BTreeMap::new();
        for (id, at_us) in self.waiting(here, state).collect::<Vec<_>>() {
            let Some(asked) = self.asked.get_mut(&id).filter(|_| now.us >= at_us) else { continue };
            // One that was overdue long before this node started is on the boards; nobody is fetched for it again.
            if !here.alerts || now.wall_ms >= asked.by_ms.saturating_add(OVERDUE_MS) {
                asked.told = true;
            } else {
                due.entry((asked.line.clone(), asked.party.clone())).or_default().push(id);
            }
        }
        for (of, ids) in due {
            let Some(precedence) = ids.iter().filter_map(|id| Some(self.asked.get(id)?.precedence)).max() else {
                continue;
            };
            if self.waits_until_us(&of, precedence).is_some() {
                continue;
            }
            for id in &ids {
                self.asked.entry(*id).and_modify(|asked| asked.told = true);
            }
            self.last.insert(of.clone(), Last { at_us: now.us, precedence });
            let messages = u16::try_from(ids.len()).unwrap_or(u16::MAX);
            out.push(Output::AlertWriting { line: of.0, party: of.1, precedence, messages });
        }
    }

    /// Until when a message of so much precedence waits, because people were told of others of that party and line. An
    /// alert of a higher one follows at once: there are few.
    fn waits_until_us(&self, of: &(LineId, PartyId), precedence: Precedence) -> Option<u64> {
        let last = self.last.get(of).filter(|last| last.precedence >= precedence)?;
        Some(last.at_us.saturating_add(ALERT_WRITINGS_EVERY_US))
    }

    fn look(&mut self, here: &Here, state: &State) {
        let mut all = BTreeMap::new();
        for line in &here.charter.lines {
            for (id, node, writing) in state.writings(&line.id) {
                let Some(by_ms) = writing.written.answer_by_ms else { continue };
                let Some(party) = here.charter.party_of_node(node).filter(|party| party.id != here.party) else {
                    continue;
                };
                let own = |node: &_| here.charter.party_of_node(node).is_some_and(|party| party.id == here.party);
                let mut said = state.receipts(&id).filter(|(node, _)| own(node));
                if said.any(|(_, receipts)| !receipts.acknowledged.is_empty()) {
                    continue;
                }
                let told = self.asked.get(&id).is_some_and(|held| held.told);
                let (line, party) = (line.id.clone(), party.id.clone());
                all.insert(id, Asked { by_ms, line, party, precedence: writing.written.precedence, told });
            }
        }
        self.asked = all;
    }

    /// Those of which people beyond the consoles were not told, and when each is due, on the clock of
    /// [`crate::Now::us`]: as of a ring, so long after it began to sound, or at once where nobody is on watch to hear
    /// it.
    fn waiting(&self, here: &Here, state: &State) -> impl Iterator<Item = (Hash, u64)> {
        let patience_ms = u64::from(here.charter.policy.alert_seconds) * 1_000;
        self.asked.iter().filter(|(_, asked)| !asked.told).map(move |(id, asked)| {
            let heard = state.on_watch(&here.party, &asked.line) > 0;
            let at_ms = asked.by_ms.saturating_add(if heard { patience_ms } else { 0 });
            let until_us = at_ms.saturating_sub(here.now.wall_ms).saturating_mul(1_000);
            (*id, here.now.us.saturating_add(until_us))
        })
    }

    /// When something is due next, on the clock of [`crate::Now::us`].
    pub(super) fn next_us(&self, here: &Here, state: &State) -> Option<u64> {
        let next = self.waiting(here, state).map(|(id, at_us)| {
            let asked = self.asked.get(&id);
            let waits = asked.and_then(|a| self.waits_until_us(&(a.line.clone(), a.party.clone()), a.precedence));
            at_us.max(waits.unwrap_or(0))
        });
        next.min()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::{self, Enrolled, START_MS, Scene, node_id};
    use trialogue_journal::{Body, Written};

    /// After so many milliseconds an answer is asked for.
    const ASKED_MS: u64 = 120_000;

    struct Bench {
        scene: Scene,
        usa: Enrolled,
        jpn: Enrolled,
        writing: Hash,
        overdue: Overdue,
        out: Out,
    }

    /// The one of this number, to be acknowledged so long after the start.
    fn message(number: u8, precedence: Precedence, by_ms: u64) -> Act {
        let answer_by_ms = Some(START_MS + by_ms);
        Act::Write { written: Written { precedence, answer_by_ms, ..scene::message(number) } }
    }

    /// At Japan's node: the United States have written, and ask for an answer.
    fn bench() -> Bench {
        let mut scene = Scene::at("jpn-1");
        let (usa, jpn) = (scene.enrol("usa-duty", 1), scene.enrol("jpn-duty", 1));
        scene.reads(&jpn, &usa);
        let writing = scene.says(&usa, "duty", message(0, Precedence::Immediate, ASKED_MS));
        Bench { scene, usa, jpn, writing, overdue: Overdue::new(), out: Out::new() }
    }

    impl Bench {
        /// How often people are told of it now.
        fn told(&mut self) -> usize {
            self.alerts().iter().filter(|alert| **alert == (Precedence::Immediate, 1)).count()
        }

        /// What people are told now: how urgent, and of how many.
        fn alerts(&mut self) -> Vec<(Precedence, u16)> {
            self.overdue.settle(&self.scene.here, &self.scene.state, &mut self.out);
            let alert = |output: Output| {
                let Output::AlertWriting { line, party, precedence, messages } = output else { return None };
                assert_eq!((line.as_str(), party.as_str()), ("duty", "USA"));
                Some((precedence, messages))
            };
            std::iter::from_fn(|| self.out.poll()).filter_map(alert).collect()
        }

        /// The United States write once more.
        fn writes(&mut self, number: u8, precedence: Precedence, by_ms: u64) {
            let act = message(number, precedence, by_ms);
            self.overdue.note(&act);
            self.scene.says(&self.usa, "duty", act);
        }

        /// As the machine does it: whenever something is due.
        fn pass_until(&mut self, ms: u64) -> Vec<(u64, Precedence, u16)> {
            let mut told = Vec::new();
            loop {
                let now_ms = self.scene.here.now.wall_ms - START_MS;
                told.extend(self.alerts().into_iter().map(|(precedence, messages)| (now_ms, precedence, messages)));
                let next_us = self.overdue.next_us(&self.scene.here, &self.scene.state);
                let Some(next_us) = next_us.filter(|_| now_ms < ms) else { return told };
                assert!(next_us > self.scene.here.now.us, "nothing that is due stays so");
                self.scene.pass(((next_us - self.scene.here.now.us) / 1_000).min(ms - now_ms));
            }
        }

        fn patience_ms(&self) -> u64 {
            u64::from(self.scene.here.charter.policy.alert_seconds) * 1_000
        }

        /// Somebody is at a console of Japan's duty office.
        fn staffed(&mut self) {
            let offices = vec![(self.jpn.device.office.clone(), 1)];
            self.scene.entry(&node_id("jpn-1"), Body::Staffed { offices }, &[]);
        }
    }

    #[test]
    fn where_nobody_is_on_watch_people_are_told_at_once_and_once() {
        let mut bench = bench();
        assert_eq!(bench.told(), 0);
        let due = bench.overdue.next_us(&bench.scene.here, &bench.scene.state).unwrap();
        assert_eq!(due, bench.scene.here.now.us + ASKED_MS * 1_000);
        bench.scene.pass(ASKED_MS);
        assert_eq!((bench.told(), bench.told()), (1, 0));
        bench.overdue.note(&Act::AcknowledgeWriting { writing: Hash([9; 48]), read_back: None });
        assert_eq!(bench.told(), 0, "looked through again");
        assert_eq!(bench.overdue.next_us(&bench.scene.here, &bench.scene.state), None);
    }

    #[test]
    fn where_somebody_hears_it_the_consoles_have_their_time_first() {
        let mut bench = bench();
        bench.staffed();
        bench.scene.pass(ASKED_MS + bench.patience_ms() - 1);
        assert_eq!(bench.told(), 0);
        bench.scene.pass(1);
        assert_eq!(bench.told(), 1);
    }

    #[test]
    fn an_acknowledgement_of_the_own_party_ends_it() {
        let mut bench = bench();
        assert_eq!(bench.told(), 0);
        let act = Act::AcknowledgeWriting { writing: bench.writing, read_back: None };
        bench.overdue.note(&act);
        bench.scene.says(&bench.jpn, "duty", act);
        bench.scene.pass(ASKED_MS);
        assert_eq!(bench.told(), 0);
    }

    #[test]
    fn a_party_that_writes_without_end_has_people_paged_once_in_a_while_and_told_how_many() {
        let mut bench = bench();
        for number in 1..=60 {
            bench.writes(number, Precedence::Immediate, ASKED_MS + u64::from(number) * 20_000);
        }
        let every_ms = ALERT_WRITINGS_EVERY_US / 1_000;
        let told = bench.pass_until(2 * every_ms + ASKED_MS);
        let immediate = |n: u64, messages| (ASKED_MS + n * every_ms, Precedence::Immediate, messages);
        assert_eq!(told, [immediate(0, 1), immediate(1, 30), immediate(2, 30)]);
        assert_eq!(bench.overdue.next_us(&bench.scene.here, &bench.scene.state), None);
    }

    #[test]
    fn one_of_a_higher_precedence_waits_for_no_other() {
        let mut bench = bench();
        bench.writes(1, Precedence::Routine, 30_000);
        bench.writes(2, Precedence::Routine, 60_000);
        bench.writes(3, Precedence::Immediate, ASKED_MS + 30_000);
        let every_ms = ALERT_WRITINGS_EVERY_US / 1_000;
        let told = bench.pass_until(ASKED_MS + 2 * every_ms);
        // With the urgent one people are told of all that is due.
        let [routine, immediate] = [Precedence::Routine, Precedence::Immediate];
        assert_eq!(told, [(30_000, routine, 1), (ASKED_MS, immediate, 2), (ASKED_MS + every_ms, immediate, 1)]);
    }

    #[test]
    fn one_that_was_overdue_long_before_the_start_fetches_nobody() {
        let mut bench = bench();
        bench.scene.pass(ASKED_MS + OVERDUE_MS);
        assert_eq!(bench.told(), 0);
    }

    #[test]
    fn without_means_to_tell_people_nothing_is_asked_of_the_shell() {
        let mut bench = bench();
        bench.scene.here.alerts = false;
        bench.scene.pass(ASKED_MS);
        assert_eq!(bench.told(), 0);
    }
}
