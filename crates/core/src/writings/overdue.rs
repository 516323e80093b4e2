//! Messages that this party was asked to acknowledge by a time, and has not: people beyond the consoles are told, once.

use crate::here::Here;
use crate::io::Output;
use crate::limits::OVERDUE_MS;
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

/// All of them. No more than writings are remembered, of each node and line.
pub(crate) struct Overdue {
    asked: BTreeMap<Hash, Asked>,
    /// A message or an acknowledgement came: they are looked through again.
    changed: bool,
}

impl Overdue {
    /// Of a node that starts: it looks through all of them first.
    pub(crate) fn new() -> Self {
        Self { asked: BTreeMap::new(), changed: true }
    }

    /// Somebody has said this.
    pub(crate) fn note(&mut self, act: &Act) {
        self.changed |= matches!(act, Act::Write { .. } | Act::AcknowledgeWriting { .. });
    }

    /// Another charter is in force: it may ask others, or with other patience.
    pub(crate) fn amended(&mut self) {
        self.changed = true;
    }

    /// Tells people of what has become overdue. Without means to tell them the consoles sound alone.
    pub(crate) fn settle(&mut self, here: &Here, state: &State, out: &mut Out) {
        if std::mem::take(&mut self.changed) {
            self.look(here, state);
        }
        let now_ms = here.now.wall_ms;
        let late: Vec<Hash> =
            self.waiting(here, state).filter(|(_, at_ms)| now_ms >= *at_ms).map(|(id, _)| *id).collect();
        for id in late {
            let Some(asked) = self.asked.get_mut(&id) else { continue };
            asked.told = true;
            // One that was overdue long before this node started is on the boards; nobody is fetched for it again.
            if here.alerts && now_ms < asked.by_ms.saturating_add(OVERDUE_MS) {
                let (line, party, precedence) = (asked.line.clone(), asked.party.clone(), asked.precedence);
                out.push(Output::AlertWriting { line, party, precedence });
            }
        }
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

    /// Those of which people beyond the consoles were not told, and when they are, milliseconds since 1970 UTC: as of a ring, so long after it began to
    /// sound, or at once where nobody is on watch to hear it.
    fn waiting<'a>(&'a self, here: &'a Here, state: &'a State) -> impl Iterator<Item = (&'a Hash, u64)> {
        let patience_ms = u64::from(here.charter.policy.alert_seconds) * 1_000;
        self.asked.iter().filter(|(_, asked)| !asked.told).map(move |(id, asked)| {
            let heard = state.on_watch(&here.party, &asked.line) > 0;
            (id, asked.by_ms.saturating_add(if heard { patience_ms } else { 0 }))
        })
    }

    /// When something is due next, on the clock of [`crate::Now::us`].
    pub(crate) fn next_us(&self, here: &Here, state: &State) -> Option<u64> {
        let next = self.waiting(here, state).map(|(_, at_ms)| at_ms).min();
        let until_us = |at_ms: u64| at_ms.saturating_sub(here.now.wall_ms).saturating_mul(1_000);
        next.map(|at_ms| here.now.us.saturating_add(until_us(at_ms)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::{Enrolled, START_MS, Scene, node_id};
    use trialogue_journal::{Body, BodyRef, GroupId, Kind, Traffic, Wrapped, Written};

    const CIRCLE: GroupId = GroupId([7; 16]);
    /// After so many milliseconds an answer is asked for.
    const ASKED_MS: u64 = 120_000;

    struct Bench {
        scene: Scene,
        jpn: Enrolled,
        writing: Hash,
        overdue: Overdue,
        out: Out,
    }

    /// At Japan's node: the United States have written, and ask for an answer.
    fn bench() -> Bench {
        let mut scene = Scene::at("jpn-1");
        let (usa, jpn) = (scene.enrol("usa-duty", 1), scene.enrol("jpn-duty", 1));
        let body = |bytes: &[u8]| BodyRef::of(bytes).unwrap();
        scene.says(&usa, "duty", Act::Stock { package: body(b"usa") });
        scene.says(&jpn, "duty", Act::Stock { package: body(b"jpn") });
        let readers = vec![jpn.device.id];
        scene.says(&usa, "duty", Act::Circle { circle: CIRCLE, welcome: body(b"welcome"), readers });
        let written = Written {
            kind: Kind::Message,
            about: None,
            keys: vec![Wrapped { circle: CIRCLE, key: [1; 48] }],
            content: body(b"content"),
            digest: Hash([2; 48]),
            at_ms: START_MS,
            traffic: Traffic::Principal,
            precedence: Precedence::Immediate,
            answer_by_ms: Some(START_MS + ASKED_MS),
            attached: None,
        };
        let writing = scene.says(&usa, "duty", Act::Write { written });
        Bench { scene, jpn, writing, overdue: Overdue::new(), out: Out::new() }
    }

    impl Bench {
        /// How often people are told of it now.
        fn told(&mut self) -> usize {
            self.overdue.settle(&self.scene.here, &self.scene.state, &mut self.out);
            let alert = |output: &Output| {
                let Output::AlertWriting { line, party, precedence } = output else { return false };
                (line.as_str(), party.as_str(), *precedence) == ("duty", "USA", Precedence::Immediate)
            };
            std::iter::from_fn(|| self.out.poll()).filter(alert).count()
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
