//! Consultations as all journals together show them.

use super::consult::{Attendance, Proposal};
use super::duty::is_believed;
use super::line::LineView;
use super::node::NodeState;
use super::people::People;
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{CallId, Hash, LineId, NodeId, PartyId, VerifiedCharter};

/// A consultation that waits for its time, or for somebody to begin it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consultation {
    /// Its id; the call's, once it is begun.
    pub id: CallId,
    /// At which node it was proposed.
    pub node: NodeId,
    /// By which party.
    pub party: PartyId,
    /// What was proposed.
    pub proposal: Proposal,
    /// What each party that has an office on the line on which to meet has answered last; none: no word yet.
    pub answers: BTreeMap<PartyId, Option<Attendance>>,
}

/// Consultations, asked of all journals.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    charter: &'a VerifiedCharter,
    people: People<'a>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(charter: &'a VerifiedCharter, people: People<'a>) -> Self {
        Self { charter, people }
    }

    /// Consultations that wait, by their time: not withdrawn, not begun, not over, not of years to come, by nobody who
    /// was revoked since. `now_ms`: the reader's clock, milliseconds since 1970 UTC.
    pub(super) fn waiting(self, now_ms: u64) -> Vec<Consultation> {
        let mut all = Vec::new();
        for (node, state) in self.people.nodes() {
            let waits = |(id, proposal): &(&CallId, &Proposal)| {
                let begun = proposal.may_begin(now_ms) && self.is_begun(id, proposal);
                !begun
                    && !proposal.is_over(now_ms)
                    && proposal.is_asked(now_ms)
                    && !self.people.is_revoked(&proposal.by)
            };
            for (id, proposal) in state.proposals().filter(waits) {
                let parties = self.charter.parties_on_line(&proposal.level).map(|party| party.id.clone());
                let answers = parties.map(|party| (party.clone(), self.answer_to(proposal, &party, now_ms)));
                all.push(Consultation {
                    id: *id,
                    node: node.clone(),
                    party: state.party.clone(),
                    answers: answers.collect(),
                    proposal: proposal.clone(),
                });
            }
        }
        all.sort_by(|a, b| (a.proposal.at_ms, a.id, &a.node).cmp(&(b.proposal.at_ms, b.id, &b.node)));
        all
    }

    /// Somebody is in on the line on which to meet, for this consultation: of two parties, or of one whose ring is over
    /// for no other. Who rang with its id before its time and stays has not begun it. Where its own node knows of that,
    /// it waits no more at all.
    fn is_begun(self, id: &CallId, proposal: &Proposal) -> bool {
        let level = &proposal.level;
        let in_it = |node: &&NodeState| {
            node.present(level).any(|(_, there)| there.call == *id || there.ring.is_some_and(|ring| ring.call == *id))
        };
        let there: BTreeSet<&PartyId> = self.people.nodes().values().filter(in_it).map(|node| &node.party).collect();
        let level = LineView::new(self.charter, self.people, level);
        there.len() > 1 || (there.len() == 1 && !level.is_over_for_another(id, |party| there.contains(party)))
    }

    /// What a party has answered last, at any of its nodes, on a line of the consultation; what a node says of years to
    /// come comes after nothing.
    fn answer_to(self, proposal: &Proposal, party: &PartyId, now_ms: u64) -> Option<Attendance> {
        let nodes = self.people.nodes_of(party);
        let said = nodes.filter_map(|node| node.consultations.attendances().get(&proposal.hash));
        let meant = said.filter(|said| {
            said.level == proposal.level
                && (said.line == proposal.line || said.line == proposal.level)
                && !self.people.is_revoked(&said.by)
        });
        meant.max_by_key(|said| (is_believed(said.time_ms, now_ms), said.time_ms)).cloned()
    }

    /// Calls that the consultations to be held on a line become: what the parties did with a ring of that id says
    /// whether one is begun.
    pub(super) fn calls_on(self, line: &LineId) -> impl Iterator<Item = CallId> {
        let all = self.people.nodes().values().flat_map(|node| node.proposals());
        all.filter(move |(_, proposal)| proposal.level == *line).map(|(id, _)| *id)
    }

    /// Positions of the entries that propose what waits, and that answer what waits anywhere, with the devices'
    /// enrolments.
    pub(super) fn relevant(self, node: &NodeState, seqs: &mut BTreeSet<u64>) {
        let all = self.people.nodes().values().flat_map(|node| node.proposals());
        let waiting: BTreeSet<Hash> = all.map(|(_, proposal)| proposal.hash).collect();
        let proposed = node.proposals().map(|(_, proposal)| (proposal.by, proposal.seq));
        let answered = node.consultations.attendances().iter().filter(|(hash, _)| waiting.contains(hash));
        let answered = answered.map(|(_, said)| (said.by, said.seq));
        for (device, seq) in proposed.chain(answered) {
            seqs.insert(seq);
            seqs.extend(node.enrolled.get(&device).map(|known| known.seq));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{CHARTER, Console, Journals, answer, at, call, duty, party, ring};
    use super::*;
    use crate::statement::Act;
    use trialogue_charter::Precedence;

    const MEET_MS: u64 = 1_000_000;

    fn proposed() -> (Journals, Console, Console) {
        let (mut journals, usa, japan) = (Journals::new(), Console::new("usa-duty", 1), Console::new("jpn-duty", 1));
        journals.enrol(&usa, 1);
        journals.enrol(&japan, 1);
        let subject = CHARTER.subjects[0].id.clone();
        let act =
            Act::Propose { id: call(1), subject, level: duty(), at_ms: MEET_MS, precedence: Precedence::default() };
        let said = usa.says(2, &duty(), act);
        journals.node_of(&usa).consultations.take(&said, at(2));
        (journals, usa, japan)
    }

    fn waiting(journals: &Journals, now_ms: u64) -> Vec<Consultation> {
        Asked::new(&CHARTER, journals.people()).waiting(now_ms)
    }

    #[test]
    fn a_consultation_waits_with_what_each_party_has_answered() {
        let (mut journals, _, japan) = proposed();
        let [before] = &waiting(&journals, MEET_MS)[..] else { panic!("one waits") };
        assert_eq!(before.answers.get(&party("JPN")), Some(&None));
        let said = Act::Attend { proposal: before.proposal.hash, level: duty(), coming: None };
        journals.node_of(&japan).consultations.take(&japan.says(3, &duty(), said), at(3));
        let [after] = &waiting(&journals, MEET_MS)[..] else { panic!("one waits") };
        let answered = after.answers.get(&party("JPN")).and_then(Option::as_ref);
        assert_eq!(answered.map(|said| (said.by, said.seq)), Some((japan.id(), 3)));
        let mut seqs = BTreeSet::new();
        let people = journals.people();
        let [jpn, usa] = ["jpn-1", "usa-1"].map(super::super::scene::node);
        Asked::new(&CHARTER, people).relevant(&people.nodes()[&jpn], &mut seqs);
        assert_eq!(seqs, BTreeSet::from([1, 3]), "what was answered, and the device");
        seqs.clear();
        Asked::new(&CHARTER, people).relevant(&people.nodes()[&usa], &mut seqs);
        assert_eq!(seqs, BTreeSet::from([1, 2]));
    }

    #[test]
    fn it_is_begun_by_two_parties_that_meet_and_over_some_time_after() {
        let (mut journals, usa, japan) = proposed();
        assert!(waiting(&journals, u64::MAX).is_empty(), "over");
        assert!(waiting(&journals, 0).len() == 1);
        journals.says(&usa, &duty(), ring(1), 4);
        assert!(waiting(&journals, MEET_MS).is_empty(), "its ring is over for no other");
        assert_eq!(waiting(&journals, 0).len(), 1, "rung before its time it is any ring");
        journals.says(&japan, &duty(), answer(1), 4);
        assert!(waiting(&journals, MEET_MS).is_empty());
        assert_eq!(Asked::new(&CHARTER, journals.people()).calls_on(&duty()).collect::<Vec<_>>(), [call(1)]);
    }
}
